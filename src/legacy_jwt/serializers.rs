//! The three bodies and what is made of them. Python counterpart: `rest_framework_jwt.serializers`.

use std::sync::Arc;

use super::exceptions::LegacyJwtError;
use super::state::LegacyJwtState;
use super::tokens::get_user;
use crate::contrib::auth::{AuthState, SharedUser};
use crate::core::crypto::SecretString;
use crate::core::jwt::Claims;
use crate::db::Database;
use crate::rest_framework::fields::CharField;
use crate::rest_framework::serializers::{Fields, Serializer};
use crate::rest_framework::state::app_data;

/// What a view of this app works with.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    /// Keys and settings.
    pub state: &'a LegacyJwtState,
    /// Users and passwords.
    pub auth: &'a AuthState,
    /// The database.
    pub db: &'a Database,
    /// Where the request comes from.
    pub address: String,
}

/// `JSONWebTokenSerializer`: a user name and a password. White space around either is dropped.
#[derive(Debug)]
pub struct JsonWebTokenSerializer {
    username: String,
    password: SecretString,
}

impl Serializer for JsonWebTokenSerializer {
    fn read(fields: &mut Fields<'_>) -> Self {
        let users = app_data::<AuthState>(fields.request()).map(AuthState::users);
        let username = fields.read(CharField::new(users.map_or("username", |users| users.username_field())));
        Self { username, password: fields.read(CharField::new("password")).into() }
    }
}

impl JsonWebTokenSerializer {
    /// A token for the user, when the password is right.
    ///
    /// # Errors
    /// When it is not, or the user may not log in.
    pub async fn validate(self, context: Context<'_>) -> Result<String, LegacyJwtError> {
        let user = context
            .auth
            .authenticate_from(context.db, &context.address, &self.username, self.password.expose())
            .await?;
        let user = user.ok_or(LegacyJwtError::WrongCredentials)?;
        if !user.is_active() {
            return Err(LegacyJwtError::UserIsDisabled);
        }
        let payload = context.state.payload(&user, context.auth.users().username_field());
        Ok(context.state.encode(&payload)?)
    }
}

/// `VerifyJSONWebTokenSerializer`: a token.
#[derive(Debug)]
pub struct VerifyJsonWebTokenSerializer {
    token: SecretString,
}

/// `RefreshJSONWebTokenSerializer`: a token.
#[derive(Debug)]
pub struct RefreshJsonWebTokenSerializer {
    token: SecretString,
}

impl Serializer for VerifyJsonWebTokenSerializer {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { token: fields.read(CharField::new("token")).into() }
    }
}

impl Serializer for RefreshJsonWebTokenSerializer {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { token: fields.read(CharField::new("token")).into() }
    }
}

impl VerifyJsonWebTokenSerializer {
    /// The same token, when it is good and its user is active.
    ///
    /// # Errors
    /// When one of these is not so.
    pub async fn validate(self, context: Context<'_>) -> Result<String, LegacyJwtError> {
        check(self.token.expose(), &context).await?;
        Ok(self.token.expose().to_owned())
    }
}

impl RefreshJsonWebTokenSerializer {
    /// A new token for the user of a good one, made anew from the user; only `orig_iat` is taken over.
    ///
    /// # Errors
    /// When the token is not good, was not made to be refreshed, or the login was too long ago.
    pub async fn validate(self, context: Context<'_>) -> Result<String, LegacyJwtError> {
        let (user, old) = check(self.token.expose(), &context).await?;
        let payload = context.state.refreshed_payload(&old, &user, context.auth.users().username_field())?;
        Ok(context.state.encode(&payload)?)
    }
}

async fn check(token: &str, context: &Context<'_>) -> Result<(SharedUser, Arc<Claims>), LegacyJwtError> {
    let payload = context.state.decode(token)?;
    let claims = Arc::clone(&payload);
    let users = Arc::clone(context.auth.users());
    let user = context.db.read(move |conn| get_user(conn, users.as_ref(), &claims)).await?;
    Ok((user, payload))
}
