//! `examples/custom_user.rs`, on a database that Django made with such a user model and on an empty one.

use actix_simplejwt::apps::Project;
use actix_simplejwt::apps::command::{CommandError, Context};
use actix_simplejwt::authtoken::management::drf_create_token;
use actix_simplejwt::authtoken::models::Token;
use actix_simplejwt::conf::{Environment, SettingsError};
use actix_simplejwt::contrib::auth::UserId;
use actix_simplejwt::contrib::auth::models::NewUser;
use actix_simplejwt::db::types::to_db;
use actix_simplejwt::db::{Database, DatabaseError, DbConnection};
use actix_simplejwt::simplejwt::token_blacklist::models::{NewOutstandingToken, OutstandingToken};
use actix_simplejwt::simplejwt::token_family::claims::FamilyClaims;
use actix_simplejwt::simplejwt::token_family::client::Client;
use actix_simplejwt::simplejwt::token_family::models::{FamilyStep, NewTokenFamily, advance};
use actix_simplejwt::{Apps, AppsBuilder, Settings};
use actix_web::web::ServiceConfig;
use diesel::connection::SimpleConnection;
use serde_json::json;

use super::{env, host, owners, settings, settings_from};
use crate::support::TestDatabase;

#[path = "../../../examples/custom_user.rs"]
#[allow(dead_code, reason = "its main")]
mod example;

/// The key of the user that Django made.
const ANN: &str = "0b9e2c8a-1d58-4a3a-9f4e-3c5f6a7b8c9d";

/// Fills an empty database with the rows that Django wrote; see `tests/fixtures/django/user_models/make.py`.
fn django(database: &Database) {
    let mut conn = database.connection().unwrap();
    let sqlite = include_str!("../../fixtures/django/user_models/people/sqlite.sql");
    let postgres = include_str!("../../fixtures/django/user_models/people/postgres.sql");
    match conn.vendor() {
        // The dump fills tables before it makes the tables that they refer to.
        "sqlite" => {
            conn.batch_execute("PRAGMA foreign_keys = OFF").unwrap();
            conn.batch_execute(sqlite).unwrap();
            conn.batch_execute("PRAGMA foreign_keys = ON").unwrap();
        }
        _ => conn.batch_execute(postgres).unwrap(),
    }
}

/// The project of a host with this user model, as `manage` sees it.
#[derive(Default)]
struct Host(Settings);

impl Project for Host {
    fn from_env(env: &Environment) -> Result<Self, SettingsError> {
        Settings::from_env(env).map(Self)
    }

    fn base(&self) -> Option<&dyn Project> {
        Some(&self.0)
    }

    fn builder(self) -> AppsBuilder {
        example::set_up(self.0)
    }

    fn urls(cfg: &mut ServiceConfig, apps: &Apps) {
        example::configure(cfg, apps);
    }
}

/// Runs a command of `manage` for that project.
fn manage(context: &Context, name: &str, arguments: &[&str]) -> Result<(), CommandError> {
    let apps = context.apps()?;
    let commands = apps.installed().iter().flat_map(|app| app.commands());
    let command = commands.into_iter().find(|command| command.name() == name).unwrap();
    let matches = command.clap().clone().get_matches_from([&[name], arguments].concat());
    command.run(context, &matches)
}

per_database! {
    async fn the_commands_use_the_user_model(db: TestDatabase) {
        let db = db.empty();
        django(&Database::open(&db.settings).unwrap());
        let env = env().with("DATABASE_URL", db.url.as_str()).with("DJANGO_SUPERUSER_PASSWORD", "correct-horse");
        let context = Context::new::<Host>(env, 0);
        let root = ["--noinput", "--email", "root@example.com", "--field", "full_name=Root"];
        manage(&context, "createsuperuser", &root).unwrap();
        let taken = manage(&context, "createsuperuser", &root).unwrap_err();
        assert_eq!(taken.to_string(), "CommandError: Error: That email is already taken.");

        let apps = context.apps().unwrap();
        let (auth, database) = (apps.auth().unwrap(), apps.database().unwrap());
        let root = auth.authenticate(database, "", "root@example.com", "correct-horse").await.unwrap().unwrap();
        assert!(matches!(root.pk(), Some(UserId::Uuid(_))));
        assert_eq!((root.is_staff(), root.is_superuser()), (true, true));
        assert_eq!(root.attribute("full_name"), Some(json!("Root")));

        manage(&context, "drf_create_token", &["root@example.com"]).unwrap();
        let conn = &mut *database.connection().unwrap();
        assert!(Token::find_by_user(conn, root.pk().unwrap()).unwrap().is_some());
        manage(&context, "flushexpiredtokens", &[]).unwrap();
    }

    async fn a_user_of_django_logs_in_and_refreshes(db: TestDatabase) {
        let db = db.empty();
        let database = Database::open(&db.settings).unwrap();
        django(&database);
        let env = env()
            .with("PASSWORD_HASHERS", "MD5PasswordHasher,PBKDF2PasswordHasher")
            .with("SIMPLE_JWT_ROTATE_REFRESH_TOKENS", "True")
            .with("SIMPLE_JWT_BLACKLIST_AFTER_ROTATION", "True")
            .with("SIMPLE_JWT_UPDATE_LAST_LOGIN", "True");
        let (apps, mut client) = host(example::set_up(settings_from(&db, &env)).database(database), example::configure).await;
        let database = apps.database().unwrap();
        let applied = apps.migrations().run(database).unwrap();
        assert_eq!(
            applied.iter().map(ToString::to_string).collect::<Vec<_>>(),
            [
                "actix_admin.0001_event_counts",
                "actix_auth.0001_login_failures",
                "actix_auth.0002_login_failures_since",
                "actix_auth.0003_login_failure_origins",
                "token_family.0001_initial",
                "actix_token_family.0001_family_activity",
            ]
        );

        let required = json!(["This field is required."]);
        let response = client.post("/api/token/", json!({ "username": "ann@example.com" })).await;
        assert_eq!((response.status, response.json()), (400, json!({ "email": required, "password": required })));
        let refusal = json!({ "detail": "No active account found with the given credentials" });
        for (email, password) in [("ann@example.com", "wrong"), ("gone@example.com", "correct-horse")] {
            let response = client.post("/api/token/", json!({ "email": email, "password": password })).await;
            assert_eq!((response.status, response.json()), (401, refusal.clone()));
        }
        let credentials = json!({ "email": "ann@example.com", "password": "correct-horse" });
        // Twice, because the first login hashes the password again with the preferred hasher.
        assert_eq!(client.post("/api/token/", credentials.clone()).await.status, 200);
        let tokens = client.post("/api/token/", credentials).await.json();
        client.credentials("Authorization", format!("Bearer {}", tokens["access"].as_str().unwrap()));
        let whoami = json!({ "email": "ann@example.com", "full_name": "Ann Arbor" });
        assert_eq!(client.get("/whoami").await.json(), whoami);

        let refresh = json!({ "refresh": tokens["refresh"] });
        assert_eq!(client.post("/api/token/refresh/", refresh.clone()).await.status, 200);
        let again = client.post("/api/token/refresh/", refresh).await;
        assert_eq!((again.status, again.json()["detail"].clone()), (401, json!("Token is blacklisted")));
        // Two tokens of Django, two of the logins, and the successor.
        let ann: UserId = ANN.parse().unwrap();
        assert_eq!(database.read(owners).await.unwrap(), [Some(ann); 5]);
    }

    async fn keys_and_passwords_of_a_user_of_django(db: TestDatabase) {
        let db = db.empty();
        let database = Database::open(&db.settings).unwrap();
        django(&database);
        let apps = example::set_up(settings(&db)).database(database).build().unwrap();
        let (database, auth) = (apps.database().unwrap(), apps.auth().unwrap());
        let ann: UserId = ANN.parse().unwrap();

        let (users, now) = (auth.users().clone(), apps.clock().now());
        let create = move |conn: &mut DbConnection, name: &str| drf_create_token(conn, &*users, name, false, now);
        let conn = &mut *database.connection().unwrap();
        assert_eq!(
            create(conn, "ann@example.com").unwrap(),
            "Generated token 0123456789abcdef0123456789abcdef01234567 for user ann@example.com"
        );
        assert_eq!(Token::find_by_user(conn, ann).unwrap().unwrap().user_id, ann);
        assert!(create(conn, "gone@example.com").unwrap().starts_with("Generated token "));

        let eve = NewUser {
            username: "eve@example.com",
            is_staff: true,
            extra_fields: &[("full_name", "Eve")],
            ..NewUser::default()
        };
        let eve = auth.create(database, &eve, "secret").await.unwrap();
        assert!(matches!(eve.pk(), Some(UserId::Uuid(_))));
        assert_eq!((eve.is_staff(), eve.is_superuser()), (true, false));
        assert_eq!(eve.attribute("full_name"), Some(json!("Eve")));
        let root = auth.create_superuser(database, "root@example.com", "", "secret").await.unwrap();
        assert_eq!((root.is_staff(), root.is_superuser()), (true, true));
        assert!(auth.authenticate(database, "", "eve@example.com", "secret").await.unwrap().is_some());

        let encoded = auth.hashers().encode("another").unwrap();
        let set = |conn: &mut DbConnection| auth.users().set_password(conn, &*eve, &encoded);
        assert_eq!(set(conn), Ok(true));
        // `eve` was read before the change.
        assert_eq!(set(conn), Ok(false));
        assert!(auth.authenticate(database, "", "eve@example.com", "another").await.unwrap().is_some());
    }

    async fn an_empty_database_gets_the_tables_of_the_example(db: TestDatabase) {
        let db = db.empty();
        let apps = example::set_up(settings(&db)).build().unwrap();
        let database = apps.database().unwrap();
        let applied = apps.migrations().run(database).unwrap();
        assert!(applied.iter().any(|migration| migration.to_string() == "people.0001_initial"));
        let ann = NewUser { username: "ann@example.com", ..NewUser::default() };
        let ann = apps.auth().unwrap().create(database, &ann, "secret").await.unwrap().pk().unwrap();
        let now = apps.clock().now();
        let token = database.write(move |conn| Token::get_or_create(conn, ann, now).map_err(DatabaseError::from)).await.unwrap();
        assert_eq!(token.user_id, ann);
        // The foreign keys are valid.
        let no_user = UserId::Uuid("5a0f7e52-93b4-4d0c-8f0e-2f7d1b7a6c11".parse().unwrap());
        let orphan: Result<Token, DatabaseError> = database.write(move |conn| Token::get_or_create(conn, no_user, now).map_err(DatabaseError::from)).await;
        assert!(orphan.is_err());
    }

    async fn a_family_goes_on_for_its_user_only(db: TestDatabase) {
        let db = db.empty();
        let apps = example::set_up(settings(&db)).build().unwrap();
        let database = apps.database().unwrap();
        apps.migrations().run(database).unwrap();
        let ann = NewUser { username: "ann@example.com", ..NewUser::default() };
        let ann = apps.auth().unwrap().create(database, &ann, "secret").await.unwrap().pk().unwrap();
        let no_user = UserId::Uuid("5a0f7e52-93b4-4d0c-8f0e-2f7d1b7a6c11".parse().unwrap());
        let now = apps.clock().now();
        let rotate = move |conn: &mut DbConnection, user_id: UserId| {
            let (claims, client) = (FamilyClaims { id: "ab".repeat(16), expires_at: None }, Client::default());
            let family = NewTokenFamily { claims: &claims, user_id: Some(ann), jti: "old", client: &client, now };
            let token = NewOutstandingToken {
                user_id: Some(ann), jti: "old", token: "", created_at: to_db(now), expires_at: to_db(now),
            };
            OutstandingToken::get_or_create(conn, &token)?;
            family.get_or_create(conn)?;
            let (family_id, user_id) = (&claims.id, Some(user_id));
            let step = FamilyStep { family_id, user_id, old: "old", new: "new", client: &client, now, blacklist: true };
            advance(conn, &step).map_err(DatabaseError::from)
        };
        assert!(!database.write(move |conn| rotate(conn, no_user)).await.unwrap());
        assert!(database.write(move |conn| rotate(conn, ann)).await.unwrap());
    }

    async fn a_user_id_that_cannot_be_looked_up_stops_the_start(db: TestDatabase) {
        let env = env().with("SIMPLE_JWT_USER_ID_FIELD", "email");
        let error = example::set_up(settings_from(&db, &env)).build().unwrap_err();
        assert_eq!(error.to_string(), "SIMPLE_JWT_USER_ID_FIELD: users cannot be looked up by \"email\"");
    }
}
