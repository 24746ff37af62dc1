//! `Authorization: Token <key>`. Python counterpart: `rest_framework.authentication.TokenAuthentication`.

use std::any::Any;
use std::sync::Arc;

use actix_web::HttpRequest;
use chrono::DateTime;
use serde_json::{Value, json};

use super::models::{MAX_KEY_LENGTH, Token};
use crate::contrib::auth::models::{DjangoUsers, UserModel};
use crate::contrib::auth::{AuthState, SharedUser};
use crate::db::{Database, DatabaseError, DbConnection};
use crate::http::headers::words;
use crate::http::log_data::RefusalKind;
use crate::rest_framework::authentication::{Authentication, Found, authorization};
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::state::app_data;

/// Finds the user of the key. The user must be active.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokenAuthentication;

/// First word of the header, in any case, and the challenge.
pub(super) const KEYWORD: &str = "Token";
/// The name in the API's description.
pub(super) const SECURITY_SCHEME: &str = "tokenAuth";

const NO_CREDENTIALS: &str = "Invalid token header. No credentials provided.";
const SPACES: &str = "Invalid token header. Token string should not contain spaces.";
const INVALID_CHARACTERS: &str = "Invalid token header. Token string should not contain invalid characters.";
const INVALID: &str = "Invalid token.";
const INACTIVE: &str = "User inactive or deleted.";

impl Authentication for TokenAuthentication {
    type User = SharedUser;
    type Credential = Token;

    async fn authenticate(&self, req: &HttpRequest) -> Result<Found<Self>, ApiError> {
        let Some(key) = get_key(req)? else { return Ok(None) };
        let users = Arc::clone(app_data::<AuthState>(req)?.users());
        let find = move |conn: &mut DbConnection| find_user(conn, users.as_ref(), &key);
        let (token, user) = app_data::<Database>(req)?.read(find).await?.ok_or_else(invalid_token)?;
        match user {
            Some(user) if user.is_active() => Ok(Some((user, token))),
            _ => Err(ApiError::authentication_failed(INACTIVE)
                .because(format_args!("user {}", token.user_id))
                .refused(RefusalKind::User)),
        }
    }

    fn challenge(&self, _req: &HttpRequest) -> Option<String> {
        Some(KEYWORD.to_owned())
    }

    fn force(&self, _req: &HttpRequest, user: &SharedUser) -> Found<Self> {
        let created = DateTime::UNIX_EPOCH.naive_utc();
        Some((user.clone(), Token { key: String::new(), created, user_id: user.pk()? }))
    }

    fn security_definition(&self, _req: &HttpRequest) -> Option<(&'static str, Value)> {
        let description = format!("Token-based authentication with required prefix \"{KEYWORD}\"");
        let definition =
            json!({ "type": "apiKey", "in": "header", "name": "Authorization", "description": description });
        Some((SECURITY_SCHEME, definition))
    }

    fn refusals(&self, _req: &HttpRequest) -> Vec<ApiError> {
        [NO_CREDENTIALS, SPACES, INVALID_CHARACTERS, INVALID, INACTIVE].map(ApiError::authentication_failed).into()
    }
}

fn invalid_token() -> ApiError {
    ApiError::authentication_failed(INVALID)
}

/// The key in the header. `None` if there is no header of this kind.
fn get_key(req: &HttpRequest) -> Result<Option<String>, ApiError> {
    let header = authorization(req).unwrap_or_default();
    let mut words = words(&header);
    if !words.next().is_some_and(|scheme| scheme.eq_ignore_ascii_case(KEYWORD.as_bytes())) {
        return Ok(None);
    }
    match (words.next(), words.next()) {
        (None, _) => Err(ApiError::authentication_failed(NO_CREDENTIALS)),
        (Some(_), Some(_)) => Err(ApiError::authentication_failed(SPACES)),
        (Some(key), None) => match std::str::from_utf8(key) {
            Ok(key) if key.len() > MAX_KEY_LENGTH * 4 => Err(invalid_token()),
            Ok(key) => Ok(Some(key.to_owned())),
            Err(_) => Err(ApiError::authentication_failed(INVALID_CHARACTERS)),
        },
    }
}

/// The row of `key` and its user: one statement for Django's user table, two for another one.
fn find_user(
    conn: &mut DbConnection,
    users: &dyn UserModel,
    key: &str,
) -> Result<Option<(Token, Option<SharedUser>)>, DatabaseError> {
    if (users as &dyn Any).is::<DjangoUsers>() {
        let found = Token::find_with_user(conn, key)?;
        return Ok(found.map(|(token, user)| (token, Some(SharedUser::new(user)))));
    }
    let Some(token) = Token::find(conn, key)? else { return Ok(None) };
    let user = users.get_by_pk(conn, token.user_id)?;
    Ok(Some((token, user)))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use actix_web::test::TestRequest;

    use super::*;

    fn key(header: impl AsRef<[u8]>) -> Result<Option<String>, String> {
        let header = HeaderValue::from_bytes(header.as_ref()).unwrap();
        let request = TestRequest::default().insert_header(("Authorization", header)).to_http_request();
        get_key(&request).map_err(|error| error.body()["detail"].as_str().unwrap().to_owned())
    }

    #[test]
    fn the_keyword_may_be_in_any_case() {
        for header in ["Token abc", "token abc", "TOKEN \t abc "] {
            assert_eq!(key(header).unwrap().as_deref(), Some("abc"), "{header}");
        }
        for header in ["", "Bearer abc", "Tokenabc", "abc"] {
            assert_eq!(key(header).unwrap(), None, "{header}");
        }
    }

    #[test]
    fn a_malformed_header_has_its_message() {
        assert_eq!(key("Token").unwrap_err(), "Invalid token header. No credentials provided.");
        assert_eq!(key("Token a b").unwrap_err(), "Invalid token header. Token string should not contain spaces.");
        assert_eq!(
            key(b"Token t\xf6k").unwrap_err(),
            "Invalid token header. Token string should not contain invalid characters."
        );
        assert_eq!(key(format!("Token {}", "a".repeat(200))).unwrap_err(), "Invalid token.");
    }
}
