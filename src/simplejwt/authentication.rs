//! `Authorization: Bearer <token>`. Python counterpart: `rest_framework_simplejwt.authentication`, function by function.

use std::borrow::Cow;
use std::sync::Arc;

use actix_web::HttpRequest;
use serde_json::Value;

#[cfg(feature = "database")]
use super::exceptions::{self, failed};
use super::exceptions::{TokenError, bad_header, no_user_id, not_valid};
use super::models::{TokenUser, ValidatedToken};
use super::schemas;
use super::settings::SimpleJwtSettings;
use super::state::JwtState;
use super::tokens::{AccessToken, AuthToken, verify};
#[cfg(feature = "database")]
use super::tokens::{
    blacklist_mixin::{check_family, check_revoked},
    password_digest,
};
use crate::contrib::auth::{SharedUser, UserId};
use crate::core::jwt::{self, Claims};
#[cfg(feature = "database")]
use crate::db::Database;
use crate::http::headers::{header_bytes, words};
use crate::http::log_data::RefusalKind;
use crate::rest_framework::authentication::{Authentication, Found, authorization};
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::state::app_data;

/// Detail and code of the other 401s about the user of a valid token.
#[cfg(feature = "database")]
const USER_NOT_FOUND: (&str, &str) = ("User not found", "user_not_found");
#[cfg(feature = "database")]
const USER_INACTIVE: (&str, &str) = ("User is inactive", "user_inactive");
#[cfg(feature = "database")]
const PASSWORD_CHANGED: (&str, &str) = (exceptions::PASSWORD_CHANGED, "password_changed");

/// Finds the user of the token in the database.
#[cfg(feature = "database")]
#[derive(Clone, Copy, Debug, Default)]
pub struct JwtAuthentication;

/// Makes a [`TokenUser`] from the token. It uses the database only if `AUTH_TOKEN_CLASSES` has a class that can be blacklisted.
#[derive(Clone, Copy, Debug, Default)]
pub struct JwtStatelessUserAuthentication;

/// The older name of [`JwtStatelessUserAuthentication`].
pub use self::JwtStatelessUserAuthentication as JwtTokenUserAuthentication;

#[cfg(feature = "database")]
impl Authentication for JwtAuthentication {
    type User = SharedUser;
    type Credential = ValidatedToken;

    fn name(&self) -> Cow<'static, str> {
        "JWTAuthentication".into()
    }

    async fn authenticate(&self, req: &HttpRequest) -> Result<Found<Self>, ApiError> {
        let jwt = app_data::<Arc<JwtState>>(req)?;
        let Some(token) = find_token(req, jwt).await? else { return Ok(None) };
        Ok(Some((get_user(req, &token, jwt).await?, token)))
    }

    fn challenge(&self, req: &HttpRequest) -> Option<String> {
        challenge(req)
    }

    fn claims(credential: &ValidatedToken) -> Option<&Claims> {
        Some(credential.claims())
    }

    fn force(&self, req: &HttpRequest, user: &SharedUser) -> Found<Self> {
        Some((user.clone(), forced_token(req, user)?))
    }

    fn security_definition(&self, req: &HttpRequest) -> Option<(&'static str, Value)> {
        schemas::security_definition(req)
    }

    fn refusals(&self, req: &HttpRequest) -> Vec<ApiError> {
        let Ok(jwt) = app_data::<Arc<JwtState>>(req) else { return Vec::new() };
        let settings = &jwt.settings;
        let mut about_users = vec![USER_NOT_FOUND];
        about_users.extend(settings.check_user_is_active.then_some(USER_INACTIVE));
        about_users.extend(settings.check_revoke_token.then_some(PASSWORD_CHANGED));
        let mut errors = schemas::credential_refusals(req);
        errors.extend(about_users.into_iter().map(|(detail, code)| failed(detail, code)));
        errors
    }
}

impl Authentication for JwtStatelessUserAuthentication {
    type User = TokenUser;
    type Credential = ValidatedToken;

    fn name(&self) -> Cow<'static, str> {
        "JWTStatelessUserAuthentication".into()
    }

    async fn authenticate(&self, req: &HttpRequest) -> Result<Found<Self>, ApiError> {
        let jwt = app_data::<Arc<JwtState>>(req)?;
        let Some(token) = find_token(req, jwt).await? else { return Ok(None) };
        Ok(Some((token_user(&token, jwt)?, token)))
    }

    fn challenge(&self, req: &HttpRequest) -> Option<String> {
        challenge(req)
    }

    fn claims(credential: &ValidatedToken) -> Option<&Claims> {
        Some(credential.claims())
    }

    fn force(&self, req: &HttpRequest, user: &SharedUser) -> Found<Self> {
        let token = forced_token(req, user)?;
        Some((token_user(&token, app_data::<Arc<JwtState>>(req).ok()?).ok()?, token))
    }

    fn security_definition(&self, req: &HttpRequest) -> Option<(&'static str, Value)> {
        schemas::security_definition(req)
    }

    fn refusals(&self, req: &HttpRequest) -> Vec<ApiError> {
        schemas::credential_refusals(req)
    }
}

/// `Bearer realm="api"`: the challenge of this app.
pub fn challenge(req: &HttpRequest) -> Option<String> {
    let types = &app_data::<Arc<JwtState>>(req).ok()?.settings.auth_header_types;
    types.first().map(|word| format!("{word} realm=\"api\""))
}

/// The validated token of `req`, if there is a token.
async fn find_token(req: &HttpRequest, jwt: &JwtState) -> Result<Option<ValidatedToken>, ApiError> {
    let Some(header) = get_header(req, &jwt.settings) else { return Ok(None) };
    let Some(raw_token) = get_raw_token(&header, &jwt.settings)? else { return Ok(None) };
    get_validated_token(req, &raw_token, jwt).await.map(Some)
}

fn get_header<'r>(req: &'r HttpRequest, settings: &SimpleJwtSettings) -> Option<Cow<'r, [u8]>> {
    match settings.auth_header_name.as_str() {
        // The usual name is a constant, because a name given as text is checked at each request.
        "authorization" => authorization(req),
        name => header_bytes(req, name),
    }
}

/// The token in the header. `None` for a header of another scheme.
fn get_raw_token<'h>(header: &'h [u8], settings: &SimpleJwtSettings) -> Result<Option<Cow<'h, str>>, ApiError> {
    let schemes = &settings.auth_header_types;
    // Nearly every header is the first scheme, a space and a token. Checking for that is faster than splitting.
    let usual = schemes.first().and_then(|scheme| header.strip_prefix(scheme.as_bytes())?.strip_prefix(b" "));
    if let Some(token) = usual.filter(|token| is_graphic(token)).and_then(|token| str::from_utf8(token).ok()) {
        return Ok(Some(token.into()));
    }
    let mut parts = words(header);
    // The scheme is case-sensitive, unlike in DRF's own classes and in RFC 9110.
    if !parts.next().is_some_and(|word| schemes.iter().any(|scheme| scheme.as_bytes() == word)) {
        return Ok(None);
    }
    match (parts.next(), parts.next()) {
        // A token that is not UTF-8 is decoded with replacement characters, so it gets the error of an invalid token.
        (Some(token), None) => Ok(Some(String::from_utf8_lossy(token))),
        _ => Err(bad_header()),
    }
}

/// Whether `text` has only visible ASCII characters, and at least one. There is no early return, so that the processor compares
/// many bytes at a time.
fn is_graphic(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().fold(true, |all, byte| all & byte.is_ascii_graphic())
}

/// The token, validated by the first of `AUTH_TOKEN_CLASSES` that accepts it.
#[cfg_attr(not(feature = "database"), expect(unused_variables, reason = "only the database knows the blacklist"))]
pub(super) async fn get_validated_token(
    req: &HttpRequest,
    raw_token: &str,
    jwt: &JwtState,
) -> Result<ValidatedToken, ApiError> {
    jwt.prepare(raw_token).await;
    let (classes, now) = (&jwt.settings.auth_token_classes, jwt.clock.now());
    let claims = match jwt.decode(raw_token, now, jwt::decode_repeated) {
        Ok(claims) => claims,
        // A token with a wrong signature does not reach the database, because anyone can send thousands of such tokens.
        Err(TokenError::Invalid { message, cause, refusal }) => {
            let error = not_valid(classes.iter().map(|class| (*class, &*message))).refused(refusal);
            return Err(error.because(cause.map_or(message, |cause| cause.to_string().into())));
        }
        Err(other) => return Err(other.into()),
    };
    let (mut messages, mut kind) = (Vec::new(), RefusalKind::Other);
    for class in classes {
        let verified = verify(&claims, class.required_type(), &jwt.settings);
        // Without the feature `database` the settings refuse a class whose tokens can be blacklisted.
        #[cfg(feature = "database")]
        let verified = match class {
            AuthToken::Refresh | AuthToken::Sliding => {
                let has_family = *class == AuthToken::Refresh;
                check_revoked(&claims, has_family, now, jwt, app_data(req)?).await.and(verified)
            }
            AuthToken::Access if verified.is_ok() && jwt.families().is_some_and(|f| f.check_on_access) => {
                check_family(&claims, now, jwt, app_data(req)?).await
            }
            AuthToken::Access | AuthToken::Untyped => verified,
        };
        match verified {
            Ok(()) => return Ok(ValidatedToken { class: *class, claims }),
            Err(TokenError::Invalid { message, refusal, .. }) => {
                messages.push((*class, message));
                kind = refusal;
            }
            Err(other) => return Err(other.into()),
        }
    }
    let error = not_valid(messages.iter().map(|(class, message)| (*class, &**message)));
    Err(error.because(format_args!("{messages:?}")).refused(kind))
}

/// The user that the token names.
#[cfg(feature = "database")]
pub(super) async fn get_user(
    req: &HttpRequest,
    token: &ValidatedToken,
    jwt: &JwtState,
) -> Result<SharedUser, ApiError> {
    let settings = &jwt.settings;
    let id = user_id(token, jwt)?;
    let refused = |(detail, code): (&str, &str)| {
        failed(detail, code).because(format_args!("{code}, user {id}")).refused(RefusalKind::User)
    };
    let lookup = jwt.user_lookup(app_data(req)?, id);
    let user = app_data::<Database>(req)?.look_up(lookup).await?.ok_or_else(|| refused(USER_NOT_FOUND))?;
    if settings.check_user_is_active && !user.is_active() {
        return Err(refused(USER_INACTIVE));
    }
    if settings.check_revoke_token && token.claims[&settings.revoke_token_claim] != password_digest(&*user) {
        return Err(refused(PASSWORD_CHANGED));
    }
    Ok(user)
}

/// The user that the token describes.
fn token_user(token: &ValidatedToken, jwt: &JwtState) -> Result<TokenUser, ApiError> {
    let id = user_id(token, jwt)?;
    let is_key = matches!(jwt.settings.user_id_field.as_str(), "id" | "pk");
    let pk = UserId::from_claim(id).filter(|_| is_key);
    Ok(TokenUser { id: id.clone(), pk, token: token.clone() })
}

fn user_id<'t>(token: &'t ValidatedToken, jwt: &JwtState) -> Result<&'t Value, ApiError> {
    token.get(&jwt.settings.user_id_claim).ok_or_else(no_user_id)
}

/// The access token of `user`, for tests.
fn forced_token(req: &HttpRequest, user: &SharedUser) -> Option<ValidatedToken> {
    let token = AccessToken::for_user(&**user, app_data::<Arc<JwtState>>(req).ok()?);
    Some(ValidatedToken { class: AuthToken::Access, claims: Arc::new(Claims::clone(&token)) })
}
