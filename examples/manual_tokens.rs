//! Makes and reads tokens in code: after another kind of login, for a link in an e-mail, in a test.
//!
//! `cargo run --example manual_tokens`

use std::sync::Arc;

use actix_simplejwt::contrib::auth::{AuthState, SharedUser};
use actix_simplejwt::db::Database;
use actix_simplejwt::simplejwt::exceptions::TokenError;
use actix_simplejwt::simplejwt::settings::SimpleJwtSettings;
use actix_simplejwt::simplejwt::state::JwtState;
use actix_simplejwt::simplejwt::token_family::client::Client;
use actix_simplejwt::simplejwt::tokens::{Stateless, Token, TokenClass};
use actix_simplejwt::{AccessToken, Apps, RefreshToken, Settings};
use chrono::Duration;

/// A custom token type: an invitation. It is valid for a week and only for joining.
#[derive(Clone, Debug)]
pub enum Invite {}

impl TokenClass for Invite {
    const TOKEN_TYPE: &'static str = "invite";

    fn lifetime(_settings: &SimpleJwtSettings) -> Duration {
        Duration::weeks(1)
    }
}

/// It is not recorded in a table, so it cannot be revoked before it expires.
impl Stateless for Invite {}

pub type InviteToken = Token<Invite>;

/// An invitation, to be put into a link.
pub fn invite(email: &str, jwt: &JwtState) -> Result<String, TokenError> {
    let mut token = InviteToken::new(jwt);
    token["email"] = email.into();
    token.encode(jwt)
}

/// The address in a valid invitation. An access token or an expired invitation is an error.
pub fn accept(raw: &str, jwt: &JwtState) -> Result<String, TokenError> {
    let token = InviteToken::from_raw(raw, jwt)?;
    Ok(token["email"].as_str().unwrap_or_default().to_owned())
}

/// The pair that `POST /api/token/` would return, for a user who has logged in another way.
pub async fn tokens_for(
    user: SharedUser,
    auth: &AuthState,
    jwt: &Arc<JwtState>,
    db: &Database,
) -> Result<(String, String), TokenError> {
    let (users, jwt) = (Arc::clone(auth.users()), Arc::clone(jwt));
    db.write(move |conn| {
        let (mut refresh, _user) = RefreshToken::for_login(&*user, &Client::default(), &*users, &jwt, conn)?;
        refresh["via"] = "single sign-on".into();
        // The access token copies the claims of its refresh token.
        Ok((refresh.encode(&jwt)?, refresh.access_token(&jwt).encode(&jwt)?))
    })
    .await
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::new("not a secret: take yours from the environment");
    let apps = Apps::builder(settings.database_url("sqlite://manual_tokens.sqlite3")?).build()?;
    let (jwt, auth, database) = (apps.jwt()?, apps.auth()?, apps.database()?);
    apps.migrations().run(database)?;

    let user = match auth.authenticate(database, "", "alice", "correct-horse").await? {
        Some(user) => user,
        None => auth.create_user(database, "alice", "", "correct-horse").await?,
    };
    let (refresh, access) = tokens_for(user, auth, jwt, database).await?;
    println!("refresh: {refresh}\naccess: {access}");
    let access = AccessToken::from_raw(&access, jwt)?;
    println!("user {} came by {}, until {}", access["user_id"], access["via"], access["exp"]);

    let link = invite("bob@example.com", jwt)?;
    println!("https://shop.example/join?invite={link}\ninvited: {}", accept(&link, jwt)?);
    Ok(())
}
