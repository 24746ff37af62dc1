//! The authentication that asks the database. Python counterpart: `rest_framework_simplejwt.authentication.JWTAuthentication`.

use actix_web::HttpRequest;
use serde_json::Value;

use super::{challenge, forced_token, raw_token, user_id, validate};
use crate::auth::{AuthState, SharedUser};
use crate::core::jwt::Claims;
use crate::db::{Database, DbConnection};
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
            let claims = match jwt.backend().decode(&raw, jwt.clock().now()) {
                // Refused without a visit to the database: anybody can send forged tokens by the thousand.
                refused @ Err(_) => return validate(refused, jwt, |_| Ok(())).map(|_| None),
                claims => claims,
            };
            let (jwt, users) = (jwt.clone(), app_data::<AuthState>(&req)?.users().clone());
            // One visit to the database for both questions: is the token revoked, and who is the user.
            let found = app_data::<Database>(&req)?.read(move |conn| {
                let token = validate(claims, &jwt, |claims| check_blacklist(claims, jwt.settings(), conn))?;
                let id = user_id(&token, &jwt)?;
                let user = users.get_by_attribute(conn, &jwt.settings().user_id_field, id)?;
                let user = user.ok_or_else(|| refused(&token, &jwt, USER_NOT_FOUND))?;
                if jwt.settings().check_user_is_active && !user.is_active() {
                    return Err(refused(&token, &jwt, USER_INACTIVE));
                }
                if jwt.settings().check_revoke_token {
                    let digest = token.get(&jwt.settings().revoke_token_claim).and_then(Value::as_str);
                    if digest != Some(&password_digest(&*user)) {
                        return Err(refused(&token, &jwt, PASSWORD_CHANGED));
                    }
                }
                Ok((user, token))
            });
            found.await.map(Some)
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

/// [`validate`] for a caller that has no other question to the database, which is asked only for classes that can be
/// revoked.
pub(super) async fn validate_alone(
    req: &HttpRequest,
    jwt: &JwtState,
    decoded: Result<Claims, TokenError>,
) -> Result<ValidatedToken, ApiError> {
    if decoded.is_err() || !jwt.settings().auth_token_classes.iter().any(|class| class.is_revocable()) {
        return validate(decoded, jwt, |_| Ok(()));
    }
    let jwt = jwt.clone();
    let ask =
        move |conn: &mut DbConnection| validate(decoded, &jwt, |claims| check_blacklist(claims, jwt.settings(), conn));
    app_data::<Database>(req)?.read(ask).await
}

fn refused(token: &ValidatedToken, jwt: &JwtState, (detail, code): (&str, &str)) -> ApiError {
    let id = token.get(&jwt.settings().user_id_claim).unwrap_or(&Value::Null);
    failed(detail, code).because(format_args!("{code}, user {id}"))
}
