//! The authentication that asks the database. Python counterpart: `rest_framework_simplejwt.authentication.JWTAuthentication`.

use std::sync::Arc;

use actix_web::HttpRequest;
use serde_json::Value;

use super::{challenge, forced_token, raw_token, user_id, validate};
use crate::contrib::auth::models::UserLookup;
use crate::contrib::auth::{AuthState, SharedUser};
use crate::core::jwt::Claims;
use crate::db::Database;
use crate::http::outcome::Refusal;
use crate::rest_framework::authentication::{Authenticating, Authentication};
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::state::app_data;
use crate::simplejwt::exceptions::{TokenError, failed};
use crate::simplejwt::models::ValidatedToken;
use crate::simplejwt::schemas;
use crate::simplejwt::state::JwtState;
use crate::simplejwt::tokens::{check_blacklist, password_digest};

/// Details and codes of a 401 about the user of a good token.
const USER_NOT_FOUND: (&str, &str) = ("User not found", "user_not_found");
const USER_INACTIVE: (&str, &str) = ("User is inactive", "user_inactive");
const PASSWORD_CHANGED: (&str, &str) = ("The user's password has been changed.", "password_changed");

/// A token in the header, and the user that it names out of the database.
#[derive(Debug)]
pub struct JwtAuthentication;

impl Authentication for JwtAuthentication {
    const NAME: &'static str = "JWTAuthentication";
    type User = SharedUser;
    type Credential = ValidatedToken;

    fn authenticate(req: &HttpRequest) -> Authenticating<SharedUser, ValidatedToken> {
        let req = req.clone();
        Box::pin(async move {
            let jwt = app_data::<JwtState>(&req)?;
            let Some(raw) = raw_token(&req, jwt)? else { return Ok(None) };
            jwt.backend().prepare(&raw).await;
            let claims = jwt.backend().decode_repeated(&raw, jwt.clock().now());
            let token = validate_alone(&req, jwt, claims).await?;
            let user = find_user(&req, jwt, &token).await?.ok_or_else(|| refused(&token, jwt, USER_NOT_FOUND))?;
            let settings = jwt.settings();
            if settings.check_user_is_active && !user.is_active() {
                return Err(refused(&token, jwt, USER_INACTIVE));
            }
            if settings.check_revoke_token {
                let digest = token.get(&settings.revoke_token_claim).and_then(Value::as_str);
                if digest != Some(&password_digest(&*user)) {
                    return Err(refused(&token, jwt, PASSWORD_CHANGED));
                }
            }
            Ok(Some((user, token)))
        })
    }

    fn challenge(req: &HttpRequest) -> Option<String> {
        challenge(req)
    }

    fn force(req: &HttpRequest, user: &SharedUser) -> Option<(SharedUser, ValidatedToken)> {
        Some((user.clone(), forced_token(req, user)?))
    }

    fn security_definition(req: &HttpRequest) -> Option<(&'static str, Value)> {
        schemas::security_definition(req)
    }

    fn refusals(req: &HttpRequest) -> Vec<ApiError> {
        let Ok(jwt) = app_data::<JwtState>(req) else { return Vec::new() };
        let mut errors = schemas::credential_refusals(req);
        errors.push(failed(USER_NOT_FOUND.0, USER_NOT_FOUND.1));
        if jwt.settings().check_user_is_active {
            errors.push(failed(USER_INACTIVE.0, USER_INACTIVE.1));
        }
        if jwt.settings().check_revoke_token {
            errors.push(failed(PASSWORD_CHANGED.0, PASSWORD_CHANGED.1));
        }
        errors
    }
}

async fn find_user(req: &HttpRequest, jwt: &JwtState, token: &ValidatedToken) -> Result<Option<SharedUser>, ApiError> {
    let lookup = UserLookup {
        users: Arc::clone(app_data::<AuthState>(req)?.users()),
        name: jwt.settings().user_id_field.clone(),
        value: user_id(token, jwt)?.clone(),
    };
    Ok(app_data::<Database>(req)?.look_up(lookup).await?)
}

/// [`validate`], with the blacklist asked where that matters. A token that is not genuine costs the database nothing:
/// anybody can send those by the thousand.
pub(super) async fn validate_alone(
    req: &HttpRequest,
    jwt: &JwtState,
    decoded: Result<Arc<Claims>, TokenError>,
) -> Result<ValidatedToken, ApiError> {
    let settings = jwt.settings();
    let classes = &settings.auth_token_classes;
    let claims = match &decoded {
        Ok(claims) if classes.iter().any(|class| class.is_revocable()) => claims,
        _ => return validate(decoded, jwt, None),
    };
    let decisive = classes.iter().find(|class| class.is_revocable() || class.verify(claims, settings).is_ok());
    if !decisive.is_some_and(|class| class.is_revocable()) {
        return validate(decoded, jwt, None);
    }
    match check_blacklist(claims, jwt, app_data(req)?).await {
        Ok(()) => validate(decoded, jwt, None),
        Err(TokenError::Invalid { message, refusal, .. }) => validate(decoded, jwt, Some((&message, refusal))),
        Err(other) => Err(other.into()),
    }
}

fn refused(token: &ValidatedToken, jwt: &JwtState, (detail, code): (&str, &str)) -> ApiError {
    let id = token.get(&jwt.settings().user_id_claim).unwrap_or(&Value::Null);
    failed(detail, code).because(format_args!("{code}, user {id}")).refused(Refusal::User)
}
