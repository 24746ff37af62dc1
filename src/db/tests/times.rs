//! Times, booleans and NULL, written as Django writes them and read as Django wrote them.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::super::DbConnection;
use super::super::schema::auth_user;
use super::super::types::{from_db, to_db};
use super::support::{TestDatabase, text};

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn add_user(conn: &mut DbConnection, username: &str, last_login: Option<&str>, date_joined: &str) {
    diesel::insert_into(auth_user::table)
        .values((
            auth_user::username.eq(username),
            auth_user::password.eq("!"),
            auth_user::first_name.eq(""),
            auth_user::last_name.eq(""),
            auth_user::email.eq(""),
            auth_user::is_superuser.eq(false),
            auth_user::is_staff.eq(true),
            auth_user::is_active.eq(true),
            auth_user::last_login.eq(last_login.map(|text| to_db(moment(text)))),
            auth_user::date_joined.eq(to_db(moment(date_joined))),
        ))
        .execute(conn)
        .unwrap();
}

/// A value of the only row as the database itself shows it.
fn shown(conn: &mut DbConnection, column: &str) -> String {
    let value = match conn.vendor() {
        "sqlite" => format!("typeof({column}) || ' ' || coalesce({column}, '')"),
        _ => format!("coalesce(to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), 'null')"),
    };
    text(conn, &format!("SELECT {value} AS value FROM auth_user"))
}

#[test]
fn times_are_written_in_the_format_of_django() {
    for test in TestDatabase::each() {
        let database = test.open_migrated();
        let mut conn = database.connection().unwrap();
        for (written, sqlite, postgres) in [
            ("2024-03-01T12:30:15.123456Z", "2024-03-01 12:30:15.123456", "2024-03-01 12:30:15.123456"),
            ("2024-03-01T12:30:15.120Z", "2024-03-01 12:30:15.120000", "2024-03-01 12:30:15.120000"),
            ("2024-03-01T12:30:15Z", "2024-03-01 12:30:15", "2024-03-01 12:30:15.000000"),
        ] {
            add_user(&mut conn, "ann", None, written);
            let (joined, login) = (shown(&mut conn, "date_joined"), shown(&mut conn, "last_login"));
            match conn.vendor() {
                "sqlite" => assert_eq!((joined, login), (format!("text {sqlite}"), "null ".to_owned())),
                _ => assert_eq!((joined, login), (postgres.to_owned(), "null".to_owned())),
            }
            diesel::delete(auth_user::table).execute(&mut *conn).unwrap();
        }
        add_user(&mut conn, "ann", None, "2024-03-01T12:30:15Z");
        let flags = "SELECT CAST(count(*) AS text) AS value FROM auth_user WHERE ";
        let django = match conn.vendor() {
            "sqlite" => "is_staff = 1 AND is_superuser = 0 AND typeof(is_staff) = 'integer'",
            _ => "is_staff AND NOT is_superuser",
        };
        assert_eq!(text(&mut conn, &format!("{flags}{django}")), "1");
    }
}

#[test]
fn what_django_wrote_is_read() {
    for test in TestDatabase::each() {
        let database = test.open_migrated();
        let mut conn = database.connection().unwrap();
        add_user(&mut conn, "ann", None, "2000-01-01T00:00:00Z");
        // Django on SQLite writes `str()` of a time in UTC; on PostgreSQL the offset does not matter.
        let written = match conn.vendor() {
            "sqlite" => [
                ("2024-03-01 12:30:15.100000", "2024-03-01T12:30:15.100Z"),
                ("2024-03-01 12:30:15", "2024-03-01T12:30:15Z"),
            ],
            _ => [
                ("2024-03-01 21:30:15.1+09", "2024-03-01T12:30:15.100Z"),
                ("2024-03-01 12:30:15+00", "2024-03-01T12:30:15Z"),
            ],
        };
        for (django, expected) in written {
            let update = format!("UPDATE auth_user SET last_login = '{django}', is_active = false");
            conn.batch_execute(&update).unwrap();
            let row: (Option<NaiveDateTime>, bool, bool) = auth_user::table
                .select((auth_user::last_login, auth_user::is_active, auth_user::is_staff))
                .get_result(&mut *conn)
                .unwrap();
            assert_eq!(row, (Some(moment(expected).naive_utc()), false, true));
            assert_eq!(from_db(row.0.unwrap()), moment(expected));
        }
    }
}

#[test]
fn the_time_zone_of_the_server_does_not_matter() {
    for mut test in TestDatabase::each() {
        test.open_migrated();
        if test.url.starts_with("postgres") {
            test.url.push_str("%20-cTimeZone%3DAsia/Tokyo");
        }
        let database = test.open();
        let mut conn = database.connection().unwrap();
        add_user(&mut conn, "ann", Some("2024-03-01T23:59:59.5Z"), "2024-03-01T12:30:15Z");
        assert!(shown(&mut conn, "last_login").ends_with("2024-03-01 23:59:59.500000"));
        let same = auth_user::table
            .filter(auth_user::date_joined.eq(to_db(moment("2024-03-01T12:30:15Z"))))
            .filter(auth_user::last_login.gt(to_db(moment("2024-03-01T23:59:59.4Z"))))
            .filter(auth_user::last_login.lt(to_db(moment("2024-03-01T23:59:59.6Z"))));
        assert_eq!(same.count().get_result::<i64>(&mut *conn).unwrap(), 1);
    }
}
