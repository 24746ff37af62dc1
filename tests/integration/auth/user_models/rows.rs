//! Users as rows: attributes, look-ups and permissions.

use actix_simplejwt::contrib::auth::SharedUser;
use actix_simplejwt::contrib::auth::models::UserPermissions;
use actix_simplejwt::db::DbConnection;
use actix_simplejwt::{AccessToken, Settings};
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

use super::{ACCOUNTS, ALL, MINIMAL, PEOPLE, RENAMED};
use crate::support::TestDatabase;

per_database! {
    async fn all_stored_passwords_are_read_in_the_order_of_the_keys(db: TestDatabase) {
        for fixture in ALL {
            let db = fixture.database(&db);
            let apps = fixture.apps(&db, &[]).unwrap();
            let users = apps.auth().unwrap().users().clone();
            let conn = &mut *apps.database().unwrap().connection().unwrap();
            let all = users.stored_passwords(conn, None, 1000).unwrap();
            assert!(all.len() > 1, "{}", fixture.field);
            let (mut one_by_one, mut after) = (Vec::new(), None);
            while let Some(user) = users.stored_passwords(conn, after, 1).unwrap().pop() {
                after = Some(user.0);
                one_by_one.push(user);
            }
            assert_eq!(one_by_one, all);
            let ann = users.get_by_natural_key(conn, fixture.ann).unwrap().unwrap();
            assert!(all.contains(&(ann.pk().unwrap(), ann.password().to_owned())));
        }
    }

    async fn every_column_is_an_attribute_and_may_become_a_claim(db: TestDatabase) {
        let db = ACCOUNTS.database(&db);
        let mut settings = Settings::from_env(&ACCOUNTS.env(&[])).unwrap();
        settings.database = db.settings.clone();
        let apps = settings
            .builder()
            .claims(|user, claims| {
                for name in ["tenant_id", "preferences"] {
                    claims.insert(name.to_owned(), user.attribute(name).unwrap_or_default());
                }
            })
            .build()
            .unwrap();
        let client = ACCOUNTS.client(&apps).await;
        let tokens = client.post("/api/token/", ACCOUNTS.credentials()).await.json();
        let decode = |token: &Value| AccessToken::from_raw(token.as_str().unwrap(), apps.jwt().unwrap()).unwrap();
        db.connect().batch_execute("UPDATE accounts_user SET preferences = '[1]'").unwrap();
        let claims = decode(&tokens["access"]);
        assert_eq!((&claims["tenant_id"], &claims["preferences"]), (&json!(5), &json!({ "theme": "dark" })));
        let tokens = client.post("/api/token/refresh/", json!({ "refresh": tokens["refresh"] })).await.json();
        assert_eq!(decode(&tokens["access"])["preferences"], json!([1]));

        let users = apps.auth().unwrap().users().clone();
        let conn = &mut *apps.database().unwrap().connection().unwrap();
        let gone = users.get_by_natural_key(conn, "gone@example.com").unwrap().unwrap();
        for (name, value) in [
            ("id", Some(json!(3_000_000_002_i64))),
            ("pk", Some(json!(3_000_000_002_i64))),
            ("email", Some(json!("gone@example.com"))),
            ("tenant", Some(json!(5))),
            ("member_number", Some(Value::Null)),
            ("is_active", Some(json!(false))),
            ("credit", Some(json!(if db.url.starts_with("sqlite") { "1.5" } else { "1.50" }))),
            ("last_login", Some(Value::Null)),
            ("password", None),
            ("nonsense", None),
        ] {
            assert_eq!(gone.attribute(name), value, "{name}");
        }
        let joined = gone.attribute("date_joined").unwrap();
        let joined = joined.as_str().unwrap();
        assert!(joined.ends_with('Z') && joined.parse::<chrono::DateTime<chrono::Utc>>().is_ok(), "{joined}");
        assert_eq!(format!("{gone:?}"), "SharedUser(CustomUser(3000000002))");
    }

    async fn users_are_looked_up_one_by_one_and_together(db: TestDatabase) {
        for fixture in ALL {
            let db = fixture.database(&db);
            let apps = fixture.apps(&db, &[]).unwrap();
            let users = apps.auth().unwrap().users().clone();
            let conn = &mut *apps.database().unwrap().connection().unwrap();
            let id: Value = fixture.id.parse::<i64>().map_or_else(|_| fixture.id.into(), Value::from);
            let ann = users.get_by_natural_key(conn, fixture.ann).unwrap().unwrap().pk().unwrap();
            assert_eq!(Value::from(ann), id);
            assert_eq!(users.get_by_pk(conn, ann).unwrap().unwrap().username(), fixture.ann);
            let wrong = ["", "x", "1' OR '1'='1", "3000000009", "\0", "9223372036854775807", "99999999999999999999", "é"].map(Value::from);
            let others = [json!(null), json!(true), json!([1]), json!({}), json!(1.5e300), json!(-1), json!("00000000-0000-0000-0000-000000000000")];
            let values: Vec<&Value> = [&id].into_iter().chain(&wrong).chain(&others).chain([&id]).collect();
            for name in ["pk", users.username_field()] {
                let one_by_one: Vec<_> = values.iter().map(|value| users.get_by_attribute(conn, name, value).unwrap()).collect();
                let together = users.get_many_by_attribute(conn, name, &values).unwrap();
                let pks = |found: &[Option<SharedUser>]| found.iter().map(|user| user.as_ref()?.pk()).collect::<Vec<_>>();
                assert_eq!(pks(&one_by_one), pks(&together), "{name}");
                if name == "pk" {
                    assert_eq!(together.iter().filter(|user| user.is_some()).count(), 2);
                }
            }
            assert!(users.get_many_by_attribute(conn, "nonsense", &values).unwrap().iter().all(Option::is_none));
            let name = Value::from(fixture.ann);
            let found = users.get_many_by_attribute(conn, users.username_field(), &[&name, &id, &name]).unwrap();
            assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
            // Names are compared exactly, as in Django.
            assert!(users.get_by_natural_key(conn, &fixture.ann.to_uppercase()).unwrap().is_none());
        }
    }

    async fn a_name_of_fixed_length_is_compared_as_a_whole(db: TestDatabase) {
        let db = db.empty();
        let is_sqlite = db.url.starts_with("sqlite");
        let table = "(id integer PRIMARY KEY, username char(30) NOT NULL UNIQUE, password varchar(128) NOT NULL)";
        let domains = "CREATE DOMAIN handle AS char(30); \
                       CREATE TABLE clubs_fan (id integer PRIMARY KEY, username handle NOT NULL UNIQUE, password varchar(128) NOT NULL);";
        let rows = |table: &str| format!("INSERT INTO {table} VALUES (1, 'a', ''), (2, 'alice', '')");
        db.connect().batch_execute(&format!("CREATE TABLE clubs_member {table}; {}", rows("clubs_member"))).unwrap();
        if !is_sqlite {
            db.connect().batch_execute(&format!("{domains} {}", rows("clubs_fan"))).unwrap();
        }
        for model in if is_sqlite { &["clubs.Member"][..] } else { &["clubs.Member", "clubs.Fan"] } {
            let env = [("SECRET_KEY", "the secret key of the user model fixtures"), ("AUTH_USER_MODEL", model)];
            let mut settings = Settings::from_env(&env.into_iter().collect()).unwrap();
            settings.database = db.settings.clone();
            let apps = settings.builder().build().unwrap();
            let users = &**apps.auth().unwrap().users();
            let conn = &mut *apps.database().unwrap().connection().unwrap();
            let alice = users.get_by_natural_key(conn, "alice").unwrap().unwrap();
            // PostgreSQL pads such a text with spaces, and Django shows them.
            let shown = if is_sqlite { "alice".to_owned() } else { format!("{:30}", "alice") };
            assert_eq!((alice.pk(), alice.username()), (Some(2.into()), shown.as_str()), "{model}");
            assert_eq!(users.get_by_natural_key(conn, &shown).unwrap().unwrap().pk(), alice.pk());
            assert!(users.get_by_natural_key(conn, "al").unwrap().is_none());
            let names = ["alice", "al", "a"].map(Value::from);
            let found = users.get_many_by_attribute(conn, "username", &names.each_ref()).unwrap();
            let pks: Vec<_> = found.iter().map(|user| user.as_ref()?.pk()).collect();
            assert_eq!(pks, [Some(2.into()), None, Some(1.into())], "{model}");
        }
    }

    async fn permissions_are_those_of_the_user_and_of_the_groups(db: TestDatabase) {
        for (fixture, table, model) in [
            (&ACCOUNTS, "accounts_user", "accounts.add_user"),
            (&PEOPLE, "people_person", "people.add_person"),
            (&RENAMED, "\"crm customers\"", "renamed.add_customer"),
        ] {
            let db = fixture.database(&db);
            let apps = fixture.apps(&db, &[]).unwrap();
            let users = &**apps.auth().unwrap().users();
            let conn = &mut *apps.database().unwrap().connection().unwrap();
            let ann = |conn: &mut DbConnection| users.get_by_natural_key(conn, fixture.ann).unwrap().unwrap();
            let user = ann(conn);
            let own = [model.to_owned(), "sessions.view_session".to_owned()].into();
            assert_eq!(users.permissions(conn, &*user).unwrap(), UserPermissions::These(own));
            conn.batch_execute(&format!("UPDATE {table} SET is_superuser = TRUE")).unwrap();
            let user = ann(conn);
            assert_eq!(users.permissions(conn, &*user).unwrap(), UserPermissions::Every);
            let column = if table.contains("crm") { "enabled" } else { "is_active" };
            conn.batch_execute(&format!("UPDATE {table} SET {column} = FALSE")).unwrap();
            let user = ann(conn);
            assert_eq!(users.permissions(conn, &*user).unwrap(), UserPermissions::none());
        }
        // A model without PermissionsMixin has no permissions.
        let db = MINIMAL.database(&db);
        let apps = MINIMAL.apps(&db, &[]).unwrap();
        let users = &**apps.auth().unwrap().users();
        let conn = &mut *apps.database().unwrap().connection().unwrap();
        let user = users.get_by_natural_key(conn, "ann").unwrap().unwrap();
        assert_eq!(users.permissions(conn, &*user).unwrap(), UserPermissions::none());
        assert_eq!((user.is_active(), user.is_staff(), user.is_superuser()), (true, false, false));
    }
}
