//! `Authorization: Bearer <token>`. Python counterpart: `rest_framework_simplejwt.authentication`.

#[cfg(feature = "database")]
mod stored;

use std::borrow::Cow;
use std::sync::Arc;

use actix_web::HttpRequest;
use serde_json::{Value, json};

#[cfg(feature = "database")]
pub use self::stored::JwtAuthentication;
#[cfg(feature = "database")]
use self::stored::validate_alone;
use super::exceptions::{TokenError, failed};
use super::models::{TokenUser, ValidatedToken};
use super::schemas;
use super::state::JwtState;
use super::tokens::{AccessToken, AuthToken};
use crate::contrib::auth::SharedUser;
use crate::core::jwt::Claims;
use crate::http::headers::{header_bytes, words};
use crate::http::outcome::Refusal;
use crate::rest_framework::authentication::{Authenticating, Authentication, authorization};
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::state::app_data;

/// Detail and code of a 401 about a token that names nobody.
pub(super) const NO_USER_ID: (&str, &str) = ("Token contained no recognizable user identification", "token_not_valid");

/// A token in the header, and a [`TokenUser`] made of it. Where `AUTH_TOKEN_CLASSES` has only classes that cannot be
/// revoked, the database is not asked at all.
#[derive(Debug)]
pub struct JwtStatelessUserAuthentication;

/// The older name of [`JwtStatelessUserAuthentication`].
#[derive(Debug)]
pub struct JwtTokenUserAuthentication;

impl Authentication for JwtStatelessUserAuthentication {
    const NAME: &'static str = "JWTStatelessUserAuthentication";
    type User = TokenUser;
    type Credential = ValidatedToken;

    fn authenticate(req: &HttpRequest) -> Authenticating<TokenUser, ValidatedToken> {
        let req = req.clone();
        Box::pin(async move {
            let jwt = app_data::<JwtState>(&req)?;
            let Some(raw) = raw_token(&req, jwt)? else { return Ok(None) };
            jwt.backend().prepare(&raw).await;
            let claims = jwt.backend().decode_repeated(&raw, jwt.clock().now());
            let token = validate_alone(&req, jwt, claims).await?;
            let id = user_id(&token, jwt)?.clone();
            Ok(Some((TokenUser::new(id, token.clone()), token)))
        })
    }

    fn challenge(req: &HttpRequest) -> Option<String> {
        challenge(req)
    }

    fn force(req: &HttpRequest, user: &SharedUser) -> Option<(TokenUser, ValidatedToken)> {
        let token = forced_token(req, user)?;
        Some((TokenUser::new(user_id(&token, app_data(req).ok()?).ok()?.clone(), token.clone()), token))
    }

    fn security_definition(req: &HttpRequest) -> Option<(&'static str, Value)> {
        schemas::security_definition(req)
    }

    fn refusals(req: &HttpRequest) -> Vec<ApiError> {
        schemas::credential_refusals(req)
    }
}

impl Authentication for JwtTokenUserAuthentication {
    const NAME: &'static str = "JWTTokenUserAuthentication";
    type User = TokenUser;
    type Credential = ValidatedToken;

    fn authenticate(req: &HttpRequest) -> Authenticating<TokenUser, ValidatedToken> {
        JwtStatelessUserAuthentication::authenticate(req)
    }

    fn challenge(req: &HttpRequest) -> Option<String> {
        challenge(req)
    }

    fn force(req: &HttpRequest, user: &SharedUser) -> Option<(TokenUser, ValidatedToken)> {
        JwtStatelessUserAuthentication::force(req, user)
    }

    fn security_definition(req: &HttpRequest) -> Option<(&'static str, Value)> {
        schemas::security_definition(req)
    }

    fn refusals(req: &HttpRequest) -> Vec<ApiError> {
        schemas::credential_refusals(req)
    }
}

/// `Bearer realm="api"`: what a 401 of this app asks for.
#[must_use]
pub fn challenge(req: &HttpRequest) -> Option<String> {
    let types = &app_data::<JwtState>(req).ok()?.settings().auth_header_types;
    types.first().map(|word| format!("{word} realm=\"api\""))
}

/// The token in the header. `None` when there is no header, or one of another scheme.
fn raw_token<'a>(req: &'a HttpRequest, jwt: &JwtState) -> Result<Option<Cow<'a, str>>, ApiError> {
    let settings = jwt.settings();
    let header = match settings.auth_header_name.as_str() {
        // A name in the form of text is read letter by letter at each request.
        "authorization" => authorization(req),
        name => header_bytes(req, name),
    };
    match header {
        None => Ok(None),
        Some(Cow::Borrowed(header)) => token_in(header, &settings.auth_header_types),
        Some(Cow::Owned(header)) => {
            Ok(token_in(&header, &settings.auth_header_types)?.map(|token| Cow::Owned(token.into_owned())))
        }
    }
}

fn token_in<'a>(header: &'a [u8], schemes: &[String]) -> Result<Option<Cow<'a, str>>, ApiError> {
    // Nearly every header is the first word, a space and a token, which is seen faster than it is taken apart.
    let usual = schemes.first().and_then(|scheme| header.strip_prefix(scheme.as_bytes())?.strip_prefix(b" "));
    if let Some(token) = usual.filter(|token| is_graphic(token)).and_then(|token| str::from_utf8(token).ok()) {
        return Ok(Some(token.into()));
    }
    let mut parts = words(header);
    let Some(scheme) = parts.next() else { return Ok(None) };
    // Case matters here, unlike in DRF's own classes and in RFC 9110.
    if !schemes.iter().any(|word| word.as_bytes() == scheme) {
        return Ok(None);
    }
    match (parts.next(), parts.next()) {
        // What is not ASCII is no token; it is turned into one that is invalid rather than refused in other words.
        (Some(token), None) => {
            Ok(Some(str::from_utf8(token).map_or_else(|_| String::from_utf8_lossy(token), Cow::from)))
        }
        _ => Err(bad_header()),
    }
}

/// Whether there are only visible ASCII characters, and some. Every byte is looked at: without a way out of the loop the
/// processor takes many at a time.
fn is_graphic(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().fold(true, |all, byte| all & byte.is_ascii_graphic())
}

/// The access token that `user` would have got.
fn forced_token(req: &HttpRequest, user: &SharedUser) -> Option<ValidatedToken> {
    let token = AccessToken::for_user(&**user, app_data(req).ok()?);
    Some(ValidatedToken::new(AuthToken::Access, Arc::new(token.claims().clone())))
}

/// What is said about a header that is not a word and a token.
pub(super) fn bad_header() -> ApiError {
    failed("Authorization header must contain two space-delimited values", "bad_authorization_header")
}

/// The first of `AUTH_TOKEN_CLASSES` that takes the token. `revoked` is what classes that can be revoked say about it.
fn validate(
    decoded: Result<Arc<Claims>, TokenError>,
    jwt: &JwtState,
    revoked: Option<(&str, Refusal)>,
) -> Result<ValidatedToken, ApiError> {
    let settings = jwt.settings();
    let mut messages = Vec::new();
    let mut refuse = |class: AuthToken, message: &str| messages.push(message_of(class, message));
    let (mut reason, mut kind) = (None, Refusal::Other);
    match decoded {
        Ok(claims) => {
            for class in &settings.auth_token_classes {
                if let Some((message, refusal)) = revoked.filter(|_| class.is_revocable()) {
                    refuse(*class, message);
                    kind = refusal;
                    continue;
                }
                match class.verify(&claims, settings) {
                    Ok(()) => return Ok(ValidatedToken::new(*class, claims)),
                    Err(TokenError::Invalid { message, refusal, .. }) => {
                        refuse(*class, &message);
                        kind = refusal;
                    }
                    Err(other) => return Err(other.into()),
                }
            }
        }
        Err(TokenError::Invalid { message, cause, refusal }) => {
            settings.auth_token_classes.iter().for_each(|class| refuse(*class, &message));
            (reason, kind) = (cause, refusal);
        }
        Err(other) => return Err(other.into()),
    }
    let reason = reason.map_or_else(|| format!("{messages:?}"), |cause| cause.to_string());
    Err(not_valid(messages).because(reason).refused(kind))
}

/// What one class says about a token.
pub(super) fn message_of(class: AuthToken, message: &str) -> Value {
    json!({ "token_class": class.name(), "token_type": class.token_type(), "message": message })
}

/// What is said about a token that no class takes.
pub(super) fn not_valid(messages: Vec<Value>) -> ApiError {
    ApiError::authentication_failed_with(json!({
        "detail": "Given token not valid for any token type",
        "code": "token_not_valid",
        "messages": messages,
    }))
}

/// Without a database nothing can be revoked, and [`JwtState::new`] has refused the classes for which that matters.
#[cfg(not(feature = "database"))]
async fn validate_alone(
    _req: &HttpRequest,
    jwt: &JwtState,
    decoded: Result<Arc<Claims>, TokenError>,
) -> Result<ValidatedToken, ApiError> {
    validate(decoded, jwt, None)
}

fn user_id<'a>(token: &'a ValidatedToken, jwt: &JwtState) -> Result<&'a Value, ApiError> {
    token.get(&jwt.settings().user_id_claim).ok_or_else(|| failed(NO_USER_ID.0, NO_USER_ID.1))
}
