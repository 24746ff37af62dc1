//! The rules of the views of this app. Python counterpart: `rest_framework_jwt.serializers`.

use std::future::Future;
use std::sync::Arc;

use super::exceptions::LegacyJwtError;
use super::state::LegacyJwtState;
use super::tokens::get_user;
use crate::contrib::auth::{AuthState, SharedUser};
use crate::core::crypto::SecretString;
use crate::core::jwt::Claims;
use crate::http::outcome::TokenEvent;
use crate::rest_framework::context;
use crate::rest_framework::fields::CharField;
use crate::rest_framework::serializers::{Fields, Serializer};
use crate::rest_framework::state::app_data;

/// The context of the serializers of this app.
pub type Context<'a> = context::Context<'a, LegacyJwtState>;

impl Context<'_> {
    /// The user and the claims of a valid token.
    async fn check(&self, token: &SecretString) -> Result<(SharedUser, Arc<Claims>), LegacyJwtError> {
        let payload = self.state.decode(token.expose())?;
        let (users, claims) = (Arc::clone(self.auth.users()), Arc::clone(&payload));
        let user = self.db.read(move |conn| get_user(conn, users.as_ref(), &claims)).await?;
        Ok((user, payload))
    }
}

/// A serializer of this app.
pub trait TokenSerializer: Serializer {
    /// The event that the metrics count for a success.
    const EVENT: TokenEvent;

    /// Checks the request and returns a token.
    ///
    /// # Errors
    /// Returns the reason why the request is refused.
    fn validate(self, context: &Context<'_>) -> impl Future<Output = Result<String, LegacyJwtError>>;
}

/// `JSONWebTokenSerializer`: a user name and a password. White space around them is removed.
#[derive(Debug)]
pub struct JsonWebTokenSerializer {
    username: String,
    password: SecretString,
}

impl Serializer for JsonWebTokenSerializer {
    fn read(fields: &mut Fields<'_>) -> Self {
        let auth = app_data::<AuthState>(fields.request());
        let field = auth.map_or_else(|_| "username".to_owned(), |auth| auth.users().username_field().to_owned());
        let username = fields.read(CharField::new(field));
        Self { username, password: fields.read(CharField::new("password")).into() }
    }
}

impl TokenSerializer for JsonWebTokenSerializer {
    const EVENT: TokenEvent = TokenEvent::Issued;

    async fn validate(self, context: &Context<'_>) -> Result<String, LegacyJwtError> {
        let auth = context.auth;
        let user = auth.authenticate(context.db, &context.address, &self.username, self.password.expose());
        let user = user.await?.ok_or(LegacyJwtError::WrongCredentials)?;
        if !user.is_active() {
            return Err(LegacyJwtError::UserIsDisabled);
        }
        Ok(context.state.encode(&context.state.payload(&user, auth.users().username_field()))?)
    }
}

/// `VerifyJSONWebTokenSerializer`: a token, which is also the answer if it is valid.
#[derive(Debug)]
pub struct VerifyJsonWebTokenSerializer {
    token: SecretString,
}

impl Serializer for VerifyJsonWebTokenSerializer {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { token: fields.read(CharField::new("token")).into() }
    }
}

impl TokenSerializer for VerifyJsonWebTokenSerializer {
    const EVENT: TokenEvent = TokenEvent::Verified;

    async fn validate(self, context: &Context<'_>) -> Result<String, LegacyJwtError> {
        context.check(&self.token).await?;
        Ok(self.token.expose().to_owned())
    }
}

/// `RefreshJSONWebTokenSerializer`: exchanges a token for a new one of the same user. Only `orig_iat` is copied.
#[derive(Debug)]
pub struct RefreshJsonWebTokenSerializer {
    token: SecretString,
}

impl Serializer for RefreshJsonWebTokenSerializer {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { token: fields.read(CharField::new("token")).into() }
    }
}

impl TokenSerializer for RefreshJsonWebTokenSerializer {
    const EVENT: TokenEvent = TokenEvent::Refreshed;

    async fn validate(self, context: &Context<'_>) -> Result<String, LegacyJwtError> {
        let (user, old) = context.check(&self.token).await?;
        let payload = context.state.refreshed_payload(&old, &user, context.auth.users().username_field())?;
        Ok(context.state.encode(&payload)?)
    }
}
