//! `Authorization: JWT <token>`, or a cookie. Python counterpart: `rest_framework_jwt.authentication`.

use std::borrow::Cow;
use std::sync::Arc;

use actix_web::HttpRequest;
use serde_json::{Value, json};

use super::exceptions::LegacyJwtError;
use super::state::LegacyJwtState;
use super::tokens::get_user;
use crate::contrib::auth::{AuthState, SharedUser};
use crate::core::crypto::SecretString;
use crate::core::jwt::{Claims, JwtError};
use crate::db::{Database, DbConnection};
use crate::http::cookies;
use crate::http::headers::words;
use crate::rest_framework::authentication::{Authentication, Found, authorization};
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::state::app_data;

/// Finds the user of a signed token. The user must be active.
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonWebTokenAuthentication;

/// `request.auth`: a valid token.
#[derive(Clone, Debug)]
pub struct JsonWebToken {
    /// The token as it was sent.
    pub raw: SecretString,
    /// Its claims.
    pub payload: Arc<Claims>,
}

/// The name in the API's description.
pub(super) const SECURITY_SCHEME: &str = "legacyJwtAuth";

const NO_CREDENTIALS: &str = "Invalid Authorization header. No credentials provided.";
const SPACES: &str = "Invalid Authorization header. Credentials string should not contain spaces.";

impl Authentication for JsonWebTokenAuthentication {
    type User = SharedUser;
    type Credential = JsonWebToken;

    fn name(&self) -> Cow<'static, str> {
        "JSONWebTokenAuthentication".into()
    }

    async fn authenticate(&self, req: &HttpRequest) -> Result<Found<Self>, ApiError> {
        let state = app_data::<LegacyJwtState>(req)?;
        let Some(value) = get_jwt_value(req, state)? else { return Ok(None) };
        let payload = state.decode(&value)?;
        let users = Arc::clone(app_data::<AuthState>(req)?.users());
        let claims = Arc::clone(&payload);
        let find = move |conn: &mut DbConnection| get_user(conn, users.as_ref(), &claims);
        let user = app_data::<Database>(req)?.read(find).await?;
        Ok(Some((user, JsonWebToken { raw: value.into(), payload })))
    }

    fn challenge(&self, req: &HttpRequest) -> Option<String> {
        let state = app_data::<LegacyJwtState>(req).ok()?;
        Some(format!("{} realm=\"api\"", state.settings.auth_header_prefix))
    }

    fn claims(credential: &JsonWebToken) -> Option<&Claims> {
        Some(&credential.payload)
    }

    fn force(&self, _req: &HttpRequest, user: &SharedUser) -> Found<Self> {
        Some((user.clone(), JsonWebToken { raw: SecretString::default(), payload: Arc::default() }))
    }

    fn security_definition(&self, req: &HttpRequest) -> Option<(&'static str, Value)> {
        let settings = &app_data::<LegacyJwtState>(req).ok()?.settings;
        let mut description =
            format!("Token-based authentication with required prefix \"{}\"", settings.auth_header_prefix);
        if let Some(cookie) = &settings.auth_cookie {
            description.push_str(&format!("; without the header, the token in the cookie \"{cookie}\""));
        }
        let definition =
            json!({ "type": "apiKey", "in": "header", "name": "Authorization", "description": description });
        Some((SECURITY_SCHEME, definition))
    }

    fn refusals(&self, _req: &HttpRequest) -> Vec<ApiError> {
        let mut errors: Vec<_> = [NO_CREDENTIALS, SPACES].map(ApiError::authentication_failed).into();
        errors.extend(LegacyJwtError::about_tokens().map(ApiError::from));
        errors
    }
}

/// The token in the header or the cookie. `None` if there is no header of this kind.
fn get_jwt_value(req: &HttpRequest, state: &LegacyJwtState) -> Result<Option<String>, ApiError> {
    let settings = &state.settings;
    let header = authorization(req).unwrap_or_default();
    let mut words = words(&header);
    let Some(scheme) = words.next() else {
        // The cookie is ignored if there is a header of another scheme, but not if the header is empty.
        return Ok(settings.auth_cookie.as_deref().and_then(|name| cookies::get(req, name)));
    };
    if !scheme.eq_ignore_ascii_case(settings.auth_header_prefix.as_bytes()) {
        return Ok(None);
    }
    match (words.next(), words.next()) {
        (None, _) => Err(ApiError::authentication_failed(NO_CREDENTIALS)),
        (Some(token), None) => match std::str::from_utf8(token) {
            Ok(token) => Ok(Some(token.to_owned())),
            Err(_) => Err(LegacyJwtError::Decode(JwtError::Decode("Token is not UTF-8")).into()),
        },
        (Some(_), Some(_)) => Err(ApiError::authentication_failed(SPACES)),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use chrono::DateTime;

    use super::super::settings::LegacyJwtSettings;
    use super::*;
    use crate::core::clock::Clock;

    fn found(cookie_name: Option<&str>, headers: &[(&str, &str)]) -> Result<Option<String>, String> {
        let settings =
            LegacyJwtSettings { auth_cookie: cookie_name.map(str::to_owned), ..LegacyJwtSettings::default() };
        let state = LegacyJwtState::new(settings, &"secret".into(), &[], Clock::manual(DateTime::UNIX_EPOCH)).unwrap();
        let request = headers.iter().fold(TestRequest::default(), |req, header| req.append_header(*header));
        get_jwt_value(&request.to_http_request(), &state).map_err(|error| error.body()["detail"].to_string())
    }

    #[test]
    fn the_header_has_two_words() {
        let header = |value| found(None, &[("Authorization", value)]);
        assert_eq!(header("JWT abc").unwrap().as_deref(), Some("abc"));
        assert_eq!(header("jwt  abc ").unwrap().as_deref(), Some("abc"));
        for other in ["", "Bearer abc", "JWTabc", "abc"] {
            assert_eq!(header(other).unwrap(), None, "{other}");
        }
        assert_eq!(header("JWT").unwrap_err(), "\"Invalid Authorization header. No credentials provided.\"");
        assert_eq!(
            header("JWT a b").unwrap_err(),
            "\"Invalid Authorization header. Credentials string should not contain spaces.\""
        );
    }

    #[test]
    fn the_cookie_counts_when_there_is_no_header() {
        let cookies = ("Cookie", "a=1; token=first;token = \"last\" ; b");
        assert_eq!(found(Some("token"), &[cookies]).unwrap().as_deref(), Some("last"));
        assert_eq!(found(Some("b"), &[cookies]).unwrap(), None);
        assert_eq!(found(None, &[cookies]).unwrap(), None);
        assert_eq!(found(Some("token"), &[cookies, ("Authorization", "Bearer x")]).unwrap(), None);
        assert_eq!(found(Some("token"), &[cookies, ("Authorization", "JWT x")]).unwrap().as_deref(), Some("x"));
    }
}
