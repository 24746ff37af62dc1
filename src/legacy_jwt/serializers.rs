//! The rules of the views of this app. Python counterpart: `rest_framework_jwt.serializers`.

use std::sync::Arc;

use serde_json::json;

use super::exceptions::LegacyJwtError;
use super::state::LegacyJwtState;
use super::tokens::get_user;
use crate::contrib::auth::{AuthState, SharedUser};
use crate::core::crypto::SecretString;
use crate::core::jwt::Claims;
use crate::http::log_data::TokenEvent;
use crate::rest_framework::context::{self, TokenData, TokenSerializer};
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

/// The answer of every view: a token.
fn answer(event: TokenEvent, token: &str) -> TokenData {
    TokenData { event, body: json!({ "token": token }) }
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
    type State = LegacyJwtState;
    type Error = LegacyJwtError;

    async fn validate(self, context: &Context<'_>) -> Result<TokenData, LegacyJwtError> {
        let auth = context.auth;
        let user = auth.authenticate(context.db, &context.address, &self.username, self.password.expose());
        let user = user.await?.ok_or(LegacyJwtError::WrongCredentials)?;
        if !user.is_active() {
            return Err(LegacyJwtError::UserIsDisabled);
        }
        let token = context.state.encode(&context.state.payload(&user, auth.users().username_field()))?;
        Ok(answer(TokenEvent::Issued, &token))
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
    type State = LegacyJwtState;
    type Error = LegacyJwtError;

    async fn validate(self, context: &Context<'_>) -> Result<TokenData, LegacyJwtError> {
        context.check(&self.token).await?;
        Ok(answer(TokenEvent::Verified, self.token.expose()))
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
    type State = LegacyJwtState;
    type Error = LegacyJwtError;

    async fn validate(self, context: &Context<'_>) -> Result<TokenData, LegacyJwtError> {
        let (user, old) = context.check(&self.token).await?;
        let payload = context.state.refreshed_payload(&old, &user, context.auth.users().username_field())?;
        Ok(answer(TokenEvent::Refreshed, &context.state.encode(&payload)?))
    }
}
