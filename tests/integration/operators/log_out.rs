//! "Log out everywhere", while others log in.

use std::sync::atomic::{AtomicUsize, Ordering};

use actix_simplejwt::AppsBuilder;
use actix_simplejwt::contrib::auth::UserId;
use actix_simplejwt::contrib::auth::signals::{LoginSearch, SearchedLogins};
use actix_simplejwt::db::{DatabaseError, DbConnection};
use diesel::connection::SimpleConnection;
use diesel::{Connection, RunQueryDsl};
use serde_json::json;

use super::{browser, id, limited, log_in, operator, submit};
use crate::support::process::manage_in;
use crate::support::{Browser, TestApp, TestDatabase, alice, bob};

/// Another server, on which the session in the table `test_session` begins after the sessions of a user were searched for the
/// first time. It could not begin while the search holds the lock on a SQLite file.
#[derive(Default)]
struct Meanwhile(AtomicUsize);

impl LoginSearch for Meanwhile {
    fn find(&self, conn: &mut DbConnection, _user: UserId) -> Result<Vec<String>, DatabaseError> {
        if self.0.fetch_add(1, Ordering::Relaxed) != 1 {
            return Ok(Vec::new());
        }
        let begin = "INSERT INTO django_session SELECT * FROM test_session; DELETE FROM test_session";
        match conn {
            DbConnection::Sqlite(conn) => {
                let file =
                    diesel::sql_query("SELECT file AS name FROM pragma_database_list").get_result::<Name>(conn)?;
                diesel::SqliteConnection::establish(&file.name).unwrap().batch_execute(begin)?;
            }
            DbConnection::Postgres(conn) => conn.batch_execute(begin)?,
        }
        Ok(Vec::new())
    }

    fn end(&self, _conn: &mut DbConnection, _keys: &[String]) -> Result<(), DatabaseError> {
        Ok(())
    }
}

#[derive(diesel::QueryableByName)]
struct Name {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

fn with_others(builder: AppsBuilder) -> AppsBuilder {
    builder.contribute(SearchedLogins::new(Meanwhile::default()))
}

per_database! {
    async fn a_user_who_is_logged_out_everywhere_has_no_session_and_no_token(db: TestDatabase) {
        let app = TestApp::build_site(db, actix_simplejwt::urls::configure, limited, with_others).await;
        app.add_user(operator()).await;
        app.sql("UPDATE auth_user SET is_superuser = true WHERE username = 'op'").await;
        app.sql("UPDATE auth_user SET is_staff = true WHERE username = 'alice'").await;
        let (op, first, second): (Browser, _, _) = (browser(&app), browser(&app), browser(&app));
        for (browser, user) in [(&op, operator()), (&first, alice()), (&second, alice())] {
            assert_eq!(log_in(browser, &user).await.status, 302);
        }
        let refresh = app.login(&alice()).await["refresh"].clone();
        // The session of the second browser begins only when the first one was found.
        let key = second.cookie("sessionid").unwrap();
        app.sql(&format!("CREATE TABLE test_session AS SELECT * FROM django_session WHERE session_key = '{key}'")).await;
        app.sql(&format!("DELETE FROM django_session WHERE session_key = '{key}'")).await;

        let to = format!("/admin/auth/user/{}/logins/", id(&app, "alice"));
        let done = submit(&op, "/admin/", &to, &[("do", "end_all")]).await;
        let back = format!("/admin/auth/user/{}/change/#logins", id(&app, "alice"));
        assert_eq!((done.status, done.header("Location")), (302, &*back));
        let page = op.get("/admin/").await.body;
        assert!(page.contains("Alice was logged out everywhere."), "{page}");
        assert_eq!(app.count("test_session").await, 0);
        for browser in [first, second] {
            assert_eq!(browser.get("/admin/").await.status, 302);
        }
        assert_eq!(app.count("django_session").await, 1);
        let refused = app.anonymous().post("/api/token/refresh/", json!({ "refresh": refresh })).await;
        assert_eq!(refused.status, 401);
        assert_eq!(app.count("django_admin_log WHERE change_message LIKE '%all sessions and tokens%'").await, 1);
    }

    async fn the_command_ends_sessions_as_well(db: TestDatabase) {
        let app = TestApp::build_undescribed(db, limited).await;
        app.sql("UPDATE auth_user SET is_staff = true").await;
        for user in [alice(), bob()] {
            assert_eq!(log_in(&browser(&app), &user).await.status, 302);
        }
        let folder = tempfile::tempdir().unwrap();
        let secret = ("SECRET_KEY", "a-test-secret-key-of-more-than-fifty-characters-0123456789");
        let done = manage_in(folder.path(), &["logoutall", "alice"], &[secret, ("DATABASE_URL", &app.tables().url)]);
        assert_eq!((done.code, done.stdout.as_str()), (0, "Ended all logins of user 'alice'\n"), "{done:?}");
        assert_eq!(app.count("django_session").await, 1);
    }
}
