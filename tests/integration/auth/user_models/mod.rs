//! Custom user models, in databases that a real Django made: `tests/fixtures/django/user_models`.

mod commands;
mod log_in;
mod rows;
mod start;

use actix_simplejwt::conf::Environment;
use actix_simplejwt::db::Database;
use actix_simplejwt::rest_framework::test::ApiClient;
use actix_simplejwt::{Apps, Settings, urls};
use actix_web::App;
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
    /// The user that Django made, by name and by `SIMPLE_JWT_USER_ID_FIELD`.
    ann: &'static str,
    id: &'static str,
    /// The key for the user name in requests.
    field: &'static str,
}

macro_rules! fixture {
    ($app:literal, $settings:expr, $field:literal, $ann:literal, $id:literal) => {
        Fixture {
            sqlite: include_str!(concat!("../../../fixtures/django/user_models/", $app, "/sqlite.sql")),
            postgres: include_str!(concat!("../../../fixtures/django/user_models/", $app, "/postgres.sql")),
            settings: $settings,
            ann: $ann,
            id: $id,
            field: $field,
        }
    };
}

/// A bigint, login by e-mail, `PermissionsMixin`.
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

/// A table and columns with other names.
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
            // The dump fills tables before it makes the tables that they refer to.
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
