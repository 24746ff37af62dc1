//! The rules of the views of this module. Python counterpart: `IntrospectTokenView.get_token_response` of django-oauth-toolkit, and
//! `RevocationEndpoint` of oauthlib.

use serde_json::{Map, Value};

use crate::contrib::auth::SharedUser;
use crate::rest_framework::exceptions::ApiError;
use crate::simplejwt::authentication::{get_user, get_validated_token};
use crate::simplejwt::exceptions::TokenError;
use crate::simplejwt::models::ValidatedToken;
use crate::simplejwt::serializers::Context;
use crate::simplejwt::settings::SimpleJwtSettings;
use crate::simplejwt::token_family::claims::FamilyClaims;
use crate::simplejwt::token_family::serializers::log_out;
use crate::simplejwt::tokens::{AccessToken, RefreshToken, SlidingToken};

/// The answer for a token that protected views accept. `None` if they do not accept it.
///
/// # Errors
/// Returns an error if it is unknown whether the token is active, because the database does not answer.
pub(super) async fn introspect(context: &Context<'_>, raw: &str) -> Result<Option<Value>, ApiError> {
    let (req, jwt) = (context.request, context.state);
    let found = match get_validated_token(req, raw, jwt).await {
        Ok(token) => get_user(req, &token, jwt).await.map(|user| description(&token, &user, &jwt.settings)),
        Err(error) => Err(error),
    };
    match found {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.status() == 401 => Ok(None),
        Err(error) => Err(error),
    }
}

/// The answer for an active token: the members of django-oauth-toolkit, and `sub`, by which services identify a user.
fn description(token: &ValidatedToken, user: &SharedUser, settings: &SimpleJwtSettings) -> Value {
    let claims = token.claims();
    let mut body = Map::new();
    body.insert("active".to_owned(), true.into());
    let scope = claims.get("scope").and_then(Value::as_str).unwrap_or_default();
    body.insert("scope".to_owned(), scope.into());
    if let Some(exp) = claims.get("exp") {
        #[expect(clippy::cast_possible_truncation, reason = "a time that has been checked is far below the limit")]
        let whole = exp.as_i64().or_else(|| exp.as_f64().map(|seconds| seconds as i64));
        body.insert("exp".to_owned(), whole.into());
    }
    if let Some(client) = claims.get("client_id").filter(|client| client.is_string()) {
        body.insert("client_id".to_owned(), client.clone());
    }
    body.insert("username".to_owned(), user.username().into());
    match claims.get(&settings.user_id_claim) {
        Some(Value::String(id)) => drop(body.insert("sub".to_owned(), id.as_str().into())),
        Some(id) => drop(body.insert("sub".to_owned(), id.to_string().into())),
        None => {}
    }
    Value::Object(body)
}

/// The reason why a token is not blacklisted.
pub(super) enum NotRevoked {
    /// It is an access token.
    AccessToken,
    /// It is unknown whether the token is valid.
    Other(TokenError),
}

/// Blacklists a token. Ignores an invalid token (RFC 7009, section 2.2).
pub(super) async fn revoke(context: &Context<'_>, raw: &str) -> Result<(), NotRevoked> {
    match context.token_to_end(raw).await {
        Ok(token) => return log_out_or_blacklist(context, token).await.or_else(already_invalid),
        Err(error) => already_invalid(error)?,
    }
    match SlidingToken::from_raw_unrevoked(raw, context.state, context.db).await {
        Ok(token) => return context.blacklist(token).await.or_else(already_invalid),
        Err(error) => already_invalid(error)?,
    }
    match AccessToken::from_raw(raw, context.state) {
        Ok(_) => Err(NotRevoked::AccessToken),
        Err(error) => already_invalid(error),
    }
}

/// Blacklists a refresh token. With token families it ends the family, so that access tokens of the same login end as well, as
/// far as they can be revoked (RFC 7009, section 2.1).
async fn log_out_or_blacklist(context: &Context<'_>, token: RefreshToken) -> Result<(), TokenError> {
    match context.state.families().map(|families| FamilyClaims::of(&token, families)).transpose()?.flatten() {
        Some(family) => log_out(context, token, family).await,
        None => context.blacklist(token).await,
    }
}

/// A refused token needs no revocation.
fn already_invalid(error: TokenError) -> Result<(), NotRevoked> {
    match error {
        TokenError::Invalid { .. } | TokenError::AuthenticationFailed { .. } => Ok(()),
        other => Err(NotRevoked::Other(other)),
    }
}
