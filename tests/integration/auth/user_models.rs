//! User models of a project's own, in databases that a real Django made: `tests/fixtures/django/user_models`.

use actix_simplejwt::conf::Environment;
use actix_simplejwt::contrib::auth::models::UserModelError;
use actix_simplejwt::db::Database;
use actix_simplejwt::rest_framework::test::ApiClient;
use actix_simplejwt::server::{Application, Site};
use actix_simplejwt::{AccessToken, Apps, Settings, urls};
use actix_web::App;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;
use serde_json::{Value, json};

use crate::support::TestDatabase;

/// Settings with their values.
type Pairs = &'static [(&'static str, &'static str)];

/// A model of the fixtures.
struct Fixture {
    sqlite: &'static str,
    postgres: &'static str,
    settings: Pairs,
    /// The user whom Django made, by name and by `SIMPLE_JWT_USER_ID_FIELD`.
    ann: &'static str,
    id: &'static str,
    /// The key for the user name in requests.
    field: &'static str,
}

macro_rules! fixture {
    ($app:literal, $settings:expr, $field:literal, $ann:literal, $id:literal) => {
        Fixture {
            sqlite: include_str!(concat!("../../fixtures/django/user_models/", $app, "/sqlite.sql")),
            postgres: include_str!(concat!("../../fixtures/django/user_models/", $app, "/postgres.sql")),
            settings: $settings,
            ann: $ann,
            id: $id,
            field: $field,
        }
    };
}

/// A bigint, log-in by e-mail, `PermissionsMixin`.
const ACCOUNTS: Fixture = fixture!(
    "accounts",
    &[
        ("AUTH_USER_MODEL", "accounts.User"),
        ("USERNAME_FIELD", "email"),
        ("REQUIRED_FIELDS", "full_name,tenant,credit"),
    ],
    "email",
    "ann@example.com",
    "3000000001"
);

/// A UUID.
const PEOPLE: Fixture = fixture!(
    "people",
    &[("AUTH_USER_MODEL", "people.Person"), ("USERNAME_FIELD", "email"), ("REQUIRED_FIELDS", "full_name")],
    "email",
    "ann@example.com",
    "0b9e2c8a-1d58-4a3a-9f4e-3c5f6a7b8c9d"
);

/// `AbstractBaseUser` without flags, and a key that is not called `id`.
const MINIMAL: Fixture = fixture!(
    "minimal",
    &[("AUTH_USER_MODEL", "minimal.Member"), ("USERNAME_FIELD", "handle"), ("SIMPLE_JWT_USER_ID_FIELD", "number"),],
    "handle",
    "ann",
    "1"
);

/// A table and columns with names of their own.
const RENAMED: Fixture = fixture!(
    "renamed",
    &[
        ("AUTH_USER_MODEL", "renamed.Customer"),
        ("AUTH_USER_TABLE", "crm customers"),
        ("AUTH_USER_COLUMNS", "id=customer_no,email=mail address,password=secret,is_active=enabled,level=lvl"),
        ("USERNAME_FIELD", "email"),
        ("REQUIRED_FIELDS", "username"),
    ],
    "email",
    "ann@example.com",
    "7"
);

const ALL: [&Fixture; 4] = [&ACCOUNTS, &PEOPLE, &MINIMAL, &RENAMED];

impl Fixture {
    /// A database with the tables that Django made for this model.
    fn database(&self, db: &TestDatabase) -> TestDatabase {
        let db = db.empty();
        let mut conn = db.connect();
        if db.url.starts_with("sqlite") {
            // The dump fills tables before it makes those that they refer to.
            conn.batch_execute("PRAGMA foreign_keys = OFF").unwrap();
            conn.batch_execute(self.sqlite).unwrap();
        } else {
            conn.batch_execute(self.postgres).unwrap();
        }
        db
    }

    fn env(&self, more: &[(&str, &str)]) -> Environment {
        let usual = [
            ("SECRET_KEY", "the secret key of the user model fixtures"),
            ("PASSWORD_HASHERS", "MD5PasswordHasher,PBKDF2PasswordHasher"),
            ("SIMPLE_JWT_ROTATE_REFRESH_TOKENS", "True"),
            ("SIMPLE_JWT_BLACKLIST_AFTER_ROTATION", "True"),
            ("SIMPLE_JWT_UPDATE_LAST_LOGIN", "True"),
        ];
        usual.iter().chain(self.settings).chain(more).copied().collect()
    }

    /// The project on such a database.
    fn apps(&self, db: &TestDatabase, more: &[(&str, &str)]) -> Result<Apps, String> {
        let mut settings = Settings::from_env(&self.env(more)).map_err(|error| error.to_string())?;
        settings.database = db.settings.clone();
        settings.builder().build().map_err(|error| error.to_string())
    }

    async fn client(&self, apps: &Apps) -> ApiClient {
        ApiClient::new(App::new().configure(|cfg| {
            apps.configure(cfg);
            urls::configure(cfg, apps);
        }))
        .await
    }

    fn credentials(&self) -> Value {
        json!({ self.field: self.ann, "password": "correct-horse" })
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    value: String,
}

/// The texts of a query whose column is called `value`.
fn texts(database: &Database, query: &str) -> Vec<String> {
    let conn = &mut *database.connection().unwrap();
    sql_query(query).load::<Row>(conn).unwrap().into_iter().map(|row| row.value).collect()
}

const REFRESH_TOKENS: &str = "SELECT token AS value FROM token_blacklist_outstandingtoken ORDER BY id";
const OWNERS: &str = "SELECT DISTINCT CAST(user_id AS text) AS value FROM token_blacklist_outstandingtoken";

per_database! {
    async fn a_user_of_django_logs_in_and_refreshes(db: TestDatabase) {
        for fixture in ALL {
            let db = fixture.database(&db);
            let apps = fixture.apps(&db, &[]).unwrap();
            let database = apps.database().unwrap();
            apps.migrations().run(database).unwrap();
            let mut client = fixture.client(&apps).await;
            let refusal = json!({ "detail": "No active account found with the given credentials" });
            for (name, password) in [(fixture.ann, "wrong"), ("nowhere@example.com", "correct-horse"), ("gone@example.com", "correct-horse")] {
                let response = client.post("/api/token/", json!({ fixture.field: name, "password": password })).await;
                assert_eq!((response.status, response.json()), (401, refusal.clone()));
            }
            let required = json!(["This field is required."]);
            let response = client.post("/api/token/", json!({ "password": "x" })).await;
            assert_eq!((response.status, response.json()), (400, json!({ fixture.field: required })));
            // Twice: the first login stores the password again by the preferred hasher.
            assert_eq!(client.post("/api/token/", fixture.credentials()).await.status, 200);
            let response = client.post("/api/token/", fixture.credentials()).await;
            assert_eq!(response.status, 200);
            let tokens = response.json();
            let access = tokens["access"].as_str().unwrap();
            let claims = AccessToken::from_raw(access, apps.jwt().unwrap()).unwrap();
            assert_eq!(claims["user_id"], fixture.id);
            client.credentials("Authorization", format!("Bearer {access}"));
            let greeting = json!({ "message": "Hello, authenticated user!", "user": fixture.ann });
            let response = client.get("/api/protected/").await;
            assert_eq!((response.status, response.json()), (200, greeting.clone()));

            let refresh = json!({ "refresh": tokens["refresh"] });
            assert_eq!(client.post("/api/token/refresh/", refresh.clone()).await.status, 200);
            let response = client.post("/api/token/refresh/", refresh).await;
            let blacklisted = json!({ "detail": "Token is blacklisted", "code": "token_not_valid" });
            assert_eq!((response.status, response.json()), (401, blacklisted.clone()));

            // The refresh tokens that Django issued: the first is valid, the second was blacklisted.
            let issued = texts(database, REFRESH_TOKENS);
            let response = client.post("/api/token/refresh/", json!({ "refresh": issued[1] })).await;
            assert_eq!((response.status, response.json()), (401, blacklisted));
            let response = client.post("/api/token/refresh/", json!({ "refresh": issued[0] })).await;
            assert_eq!(response.status, 200);
            let bearer = format!("Bearer {}", response.json()["access"].as_str().unwrap());
            client.credentials("Authorization", bearer);
            assert_eq!(client.get("/api/protected/").await.json(), greeting);
            // All are of the same user.
            assert_eq!(texts(database, OWNERS).len(), 1);
        }
    }

    async fn the_other_apps_know_the_user(db: TestDatabase) {
        for fixture in ALL {
            let db = fixture.database(&db);
            let apps = fixture.apps(&db, &[]).unwrap();
            let mut client = fixture.client(&apps).await;
            client.credentials("Authorization", "Token 0123456789abcdef0123456789abcdef01234567");
            let response = client.get("/api/hello/token/").await;
            let greeting = format!("Hello, {}! You are authenticated with Token.", fixture.ann);
            assert_eq!((response.status, response.json()), (200, json!({ "message": greeting })));
        }
    }

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
            (&ACCOUNTS, &[("AUTH_USER_MODEL", "auth.User")], "USERNAME_FIELD: belongs to a user model of your own; set AUTH_USER_MODEL as well"),
        ];
        for (fixture, changed, expected) in cases {
            let error = fixture.apps(&fixture.database(&db), changed).err().unwrap();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    async fn a_table_that_is_not_there_is_noticed(db: TestDatabase) {
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
            // Before anything is written.
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
        // The model is known by another table.
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
        // The statement that finds out fails, and the next one knows the new columns.
        assert_eq!(client.post("/api/token/", ACCOUNTS.credentials()).await.status, 500);
        assert_eq!(client.post("/api/token/", ACCOUNTS.credentials()).await.status, 200);
        db.connect().batch_execute("ALTER TABLE accounts_user RENAME TO accounts_customer").unwrap();
        assert_eq!(client.get("/readyz").await.status, 503);
        db.connect().batch_execute("ALTER TABLE accounts_customer RENAME TO accounts_user").unwrap();
        assert_eq!(client.get("/readyz").await.status, 200);
    }
}
