//! Host applications: the programs in `examples/`, and other uses of the library.

mod admin_for_your_model;
mod classes;
mod custom_claims;
mod custom_user;
mod default_deny;
mod embed_login;
mod failures;
mod lockout;
mod log_in_view;
mod manual_tokens;
mod permissions;
mod protect_a_view;
mod readme;
mod set_up;
mod shop;
mod test_kit;

use actix_simplejwt::conf::Environment;
use actix_simplejwt::contrib::auth::models::User;
use actix_simplejwt::contrib::auth::{AuthState, UserId};
use actix_simplejwt::db::schema::token_blacklist_outstandingtoken;
use actix_simplejwt::db::{Database, DatabaseError, DbConnection};
use actix_simplejwt::rest_framework::test::ApiClient;
use actix_simplejwt::simplejwt::tokens::AccessToken;
use actix_simplejwt::{Apps, AppsBuilder, Settings};
use actix_web::App;
use actix_web::web::ServiceConfig;
use diesel::prelude::*;

use crate::support::TestDatabase;

/// The environment of a host application, with the cheapest hasher.
fn env() -> Environment {
    let pairs = [
        ("SECRET_KEY", "a-test-secret-key-of-more-than-fifty-characters-0123456789"),
        ("PASSWORD_HASHERS", "MD5PasswordHasher"),
    ];
    pairs.into_iter().collect()
}

/// The settings of a host whose database is `db`.
fn settings(db: &TestDatabase) -> Settings {
    settings_from(db, &env())
}

fn settings_from(db: &TestDatabase, env: &Environment) -> Settings {
    let mut settings = Settings::from_env(env).unwrap();
    settings.database = db.settings.clone();
    settings
}

/// A host application of `builder` and `routes`, and a client of it.
async fn host(builder: AppsBuilder, routes: fn(&mut ServiceConfig, &Apps)) -> (Apps, ApiClient) {
    let apps = builder.build().unwrap();
    let app = App::new().configure(|cfg| {
        apps.configure(cfg);
        routes(cfg, &apps);
    });
    let client = ApiClient::new(app).await;
    (apps, client)
}

fn auth(apps: &Apps) -> (&AuthState, &Database) {
    (apps.auth().unwrap(), apps.database().unwrap())
}

async fn create_user(apps: &Apps, username: &str) -> User {
    let (auth, db) = auth(apps);
    let user = auth.create_user(db, username, &format!("{username}@example.com"), "correct-horse").await.unwrap();
    user.downcast::<User>().unwrap().as_ref().clone()
}

async fn create_superuser(apps: &Apps, username: &str) -> User {
    let (auth, db) = auth(apps);
    let user = auth.create_superuser(db, username, "", "correct-horse").await.unwrap();
    user.downcast::<User>().unwrap().as_ref().clone()
}

/// The header of an access token of `user`.
fn bearer(apps: &Apps, user: &User) -> String {
    format!("Bearer {}", AccessToken::for_user(user, apps.jwt().unwrap()).encode(apps.jwt().unwrap()).unwrap())
}

/// The users of the issued refresh tokens, in order.
fn owners(conn: &mut DbConnection) -> Result<Vec<Option<UserId>>, DatabaseError> {
    let table = token_blacklist_outstandingtoken::table.order(token_blacklist_outstandingtoken::id);
    Ok(table.select(token_blacklist_outstandingtoken::user_id).load(conn)?)
}
