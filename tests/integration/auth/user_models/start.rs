//! The errors that stop the start, and the errors of `migrate` and `/readyz`.

use std::process::Command;

use actix_simplejwt::contrib::auth::models::UserModelError;
use actix_simplejwt::server::{Application, Site};
use actix_simplejwt::urls;
use diesel::connection::SimpleConnection;
use serde_json::json;

use super::{ACCOUNTS, Fixture, MINIMAL, Pairs, RENAMED};
use crate::support::TestDatabase;

per_database! {
    async fn a_wrong_setting_stops_the_start_and_is_named(db: TestDatabase) {
        let cases: [(&Fixture, Pairs, &str); 11] = [
            (&ACCOUNTS, &[("USERNAME_FIELD", "login")], "USERNAME_FIELD: the table \"accounts_user\" has no column \"login\", only "),
            (&ACCOUNTS, &[("USERNAME_FIELD", "full_name"), ("REQUIRED_FIELDS", "none")], "USERNAME_FIELD: the column \"full_name\" of \"accounts_user\" is not unique"),
            (&ACCOUNTS, &[("EMAIL_FIELD", "mail")], "EMAIL_FIELD: the table \"accounts_user\" has no column \"mail\", only "),
            (&ACCOUNTS, &[("REQUIRED_FIELDS", "full_name,groups")], "REQUIRED_FIELDS: the table \"accounts_user\" has no column \"groups\", only "),
            (&ACCOUNTS, &[("REQUIRED_FIELDS", "email")], "REQUIRED_FIELDS: must not contain \"email\", which is USERNAME_FIELD"),
            (&ACCOUNTS, &[("AUTH_USER_COLUMNS", "password=secret")], "AUTH_USER_COLUMNS: the table \"accounts_user\" has no column \"secret\", only "),
            (&ACCOUNTS, &[("SIMPLE_JWT_USER_ID_FIELD", "full_name")], "SIMPLE_JWT_USER_ID_FIELD: users cannot be looked up by \"full_name\": expected a unique column of numbers, texts or UUIDs"),
            (&ACCOUNTS, &[("AUTH_USER_TABLE", "accounts_tenant"), ("USERNAME_FIELD", "id")], "AUTH_USER_MODEL: the table \"accounts_tenant\" has no column \"password\", only id, name;"),
            (&RENAMED, &[("AUTH_USER_COLUMNS", "id=customer_no,email=mail address")], "AUTH_USER_MODEL: the table \"crm customers\" has no column \"password\", only "),
            (&MINIMAL, &[("SIMPLE_JWT_USER_ID_FIELD", "id")], "SIMPLE_JWT_USER_ID_FIELD: users cannot be looked up by \"id\": expected a unique column of numbers, texts or UUIDs"),
            (&ACCOUNTS, &[("AUTH_USER_MODEL", "auth.User")], "USERNAME_FIELD: belongs to your own user model; set AUTH_USER_MODEL as well"),
        ];
        for (fixture, changed, expected) in cases {
            let error = fixture.apps(&fixture.database(&db), changed).err().unwrap();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    async fn a_missing_table_is_reported(db: TestDatabase) {
        let no_table = |table: &str| format!("the database has no table {table:?}");
        let accounts = ACCOUNTS.database(&db);
        let candidate = ". Tables with passwords: \"accounts_user\" (AUTH_USER_MODEL=accounts.user)";
        for (more, expected) in [
            (
                &[("AUTH_USER_MODEL", "auth.User"), ("USERNAME_FIELD", ""), ("REQUIRED_FIELDS", "")][..],
                format!("AUTH_USER_MODEL: {}{candidate}", no_table("auth_user")),
            ),
            (&[("AUTH_USER_MODEL", "accounts.Person")], format!("AUTH_USER_MODEL: {}{candidate}", no_table("accounts_person"))),
            (&[("AUTH_USER_TABLE", "people")], format!("AUTH_USER_TABLE: {}{candidate}", no_table("people"))),
        ] {
            let apps = ACCOUNTS.apps(&accounts, more).unwrap();
            let database = apps.database().unwrap();
            // The check runs before anything is written.
            let error = apps.migrations().run(database).unwrap_err().to_string();
            assert!(error.starts_with("AUTH_USER_MODEL: the database has no table "), "{error}");
            let conn = &mut *database.connection().unwrap();
            for migration in apps.migrations().unapplied(conn).unwrap() {
                let row = format!("INSERT INTO django_migrations (app, name, applied) VALUES ('{}', '{}', CURRENT_TIMESTAMP)", migration.app, migration.name);
                conn.batch_execute(&row).unwrap();
            }
            assert!(matches!(apps.check_users(conn), Err(UserModelError::NoTable(error)) if error.to_string() == expected));
            assert_eq!(Application::build(Site::new(apps.clone(), urls::configure)).unwrap_err().to_string(), expected);
            let response = ACCOUNTS.client(&apps).await.get("/readyz").await;
            assert_eq!((response.status, response.json()), (503, json!({ "detail": "Service temporarily unavailable, try again later." })));
            conn.batch_execute("DELETE FROM django_migrations WHERE app = 'actix_auth'").unwrap();
        }
        // The model has another table.
        let renamed = RENAMED.database(&db);
        let apps = RENAMED.apps(&renamed, &[("AUTH_USER_TABLE", "")]).unwrap();
        let error = apps.check_users(&mut apps.database().unwrap().connection().unwrap()).unwrap_err().to_string();
        let expected = "AUTH_USER_MODEL: the database has no table \"renamed_customer\", but django_content_type has the model; set \
                        AUTH_USER_TABLE to the name of its table";
        assert!(error.starts_with(expected), "{error}");
    }

    async fn columns_that_change_while_the_server_runs_are_read_again(db: TestDatabase) {
        let db = ACCOUNTS.database(&db);
        let apps = ACCOUNTS.apps(&db, &[]).unwrap();
        apps.migrations().run(apps.database().unwrap()).unwrap();
        let client = ACCOUNTS.client(&apps).await;
        assert_eq!(client.post("/api/token/", ACCOUNTS.credentials()).await.status, 200);
        assert_eq!(client.get("/readyz").await.status, 200);
        db.connect().batch_execute("ALTER TABLE accounts_user DROP COLUMN preferences").unwrap();
        // The first statement after the change fails, and the next one uses the new columns.
        assert_eq!(client.post("/api/token/", ACCOUNTS.credentials()).await.status, 500);
        assert_eq!(client.post("/api/token/", ACCOUNTS.credentials()).await.status, 200);
        db.connect().batch_execute("ALTER TABLE accounts_user RENAME TO accounts_customer").unwrap();
        assert_eq!(client.get("/readyz").await.status, 503);
        db.connect().batch_execute("ALTER TABLE accounts_customer RENAME TO accounts_user").unwrap();
        assert_eq!(client.get("/readyz").await.status, 200);
    }

    async fn manage_check_compares_the_settings_with_the_database(db: TestDatabase) {
        let db = ACCOUNTS.database(&db);
        let apps = ACCOUNTS.apps(&db, &[]).unwrap();
        apps.migrations().run(apps.database().unwrap()).unwrap();
        for (model, problem) in [
            ("accounts.User", None),
            ("accounts.Person", Some("(database.E901) AUTH_USER_MODEL: the database has no table \"accounts_person\"")),
        ] {
            let output = Command::new(env!("CARGO_BIN_EXE_manage"))
                .arg("check")
                .env_clear()
                .env("DATABASE_URL", &db.url)
                .env("SECRET_KEY", "the secret key of the user model fixtures")
                .envs(ACCOUNTS.settings.iter().copied())
                .env("AUTH_USER_MODEL", model)
                .current_dir("/")
                .output()
                .unwrap();
            let text = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(i32::from(problem.is_some())), "{text}");
            assert!(text.contains(problem.unwrap_or_default()), "{text}");
        }
    }
}
