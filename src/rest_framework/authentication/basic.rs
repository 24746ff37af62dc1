//! `Authorization: Basic <user:password in base64>` (RFC 7617). Python counterpart:
//! `rest_framework.authentication.BasicAuthentication`.
//!
//! Every request checks the password, which takes as long as a login. Use it for tests, and over TLS between machines.

use actix_web::HttpRequest;
use serde_json::{Value, json};

use super::base::{Authentication, Found, authorization};
use crate::contrib::auth::{AuthState, SharedUser};
use crate::core::crypto::SecretString;
use crate::core::python::b64decode;
use crate::db::Database;
use crate::http::headers::words;
use crate::rest_framework::app_data::app_data;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::throttling::client_address;

/// Finds the user by name and password. The user must be active.
#[derive(Clone, Copy, Debug, Default)]
pub struct BasicAuthentication;

const NO_CREDENTIALS: &str = "Invalid basic header. No credentials provided.";
const SPACES: &str = "Invalid basic header. Credentials string should not contain spaces.";
const NOT_BASE64: &str = "Invalid basic header. Credentials not correctly base64 encoded.";
const WRONG: &str = "Invalid username/password.";
const INACTIVE: &str = "User inactive or deleted.";

impl Authentication for BasicAuthentication {
    type User = SharedUser;
    /// `request.auth` is `None` in DRF.
    type Credential = ();

    async fn authenticate(&self, req: &HttpRequest) -> Result<Found<Self>, ApiError> {
        let Some((username, password)) = get_credentials(req)? else { return Ok(None) };
        let (auth, db) = (app_data::<AuthState>(req)?, app_data::<Database>(req)?);
        let user = auth.authenticate(db, &client_address(req), &username, password.expose()).await?;
        let user = user.ok_or_else(|| ApiError::authentication_failed(WRONG))?;
        if !user.is_active() {
            return Err(ApiError::authentication_failed(INACTIVE));
        }
        Ok(Some((user, ())))
    }

    fn challenge(&self, _req: &HttpRequest) -> Option<String> {
        Some("Basic realm=\"api\"".to_owned())
    }

    fn force(&self, _req: &HttpRequest, user: &SharedUser) -> Found<Self> {
        Some((user.clone(), ()))
    }

    fn security_definition(&self, _req: &HttpRequest) -> Option<(&'static str, Value)> {
        Some(("basicAuth", json!({ "type": "http", "scheme": "basic" })))
    }

    fn refusals(&self, req: &HttpRequest) -> Vec<ApiError> {
        let refused = [NO_CREDENTIALS, SPACES, NOT_BASE64, WRONG, INACTIVE].map(ApiError::authentication_failed);
        refused.into_iter().chain(ApiError::locked_out(req)).collect()
    }
}

/// The user name and the password in the header. `None` if there is no header of this kind.
fn get_credentials(req: &HttpRequest) -> Result<Option<(String, SecretString)>, ApiError> {
    let header = authorization(req).unwrap_or_default();
    let mut words = words(&header);
    if !words.next().is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"basic")) {
        return Ok(None);
    }
    match (words.next(), words.next()) {
        (None, _) => Err(ApiError::authentication_failed(NO_CREDENTIALS)),
        (Some(_), Some(_)) => Err(ApiError::authentication_failed(SPACES)),
        (Some(encoded), None) => decode(encoded).map(Some).ok_or_else(|| ApiError::authentication_failed(NOT_BASE64)),
    }
}

/// UTF-8 or, failing that, Latin-1, as in DRF.
fn decode(encoded: &[u8]) -> Option<(String, SecretString)> {
    let bytes = b64decode(encoded)?;
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => error.as_bytes().iter().map(|b| char::from(*b)).collect(),
    };
    let text = SecretString::new(text);
    let (username, password) = text.expose().split_once(':')?;
    Some((username.to_owned(), password.into()))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn credentials(header: &str) -> Result<Option<(String, String)>, String> {
        let request = TestRequest::default().insert_header(("Authorization", header)).to_http_request();
        let found = get_credentials(&request).map_err(|error| error.body()["detail"].as_str().unwrap().to_owned())?;
        Ok(found.map(|(username, password)| (username, password.expose().to_owned())))
    }

    #[test]
    fn name_and_password_are_split_at_the_first_colon() {
        let pair = |name: &str, password: &str| Ok(Some((name.to_owned(), password.to_owned())));
        assert_eq!(credentials("Basic ZGF2ZTpkNHZlJGQ0dmUkZDR2ZQ=="), pair("dave", "d4ve$d4ve$d4ve"));
        // Python skips characters that are not base64.
        assert_eq!(credentials("Basic ZGF2ZTp4!"), pair("dave", "x"));
        assert_eq!(credentials(&format!("bAsIc {}", STANDARD.encode("a:b:c"))), pair("a", "b:c"));
        assert_eq!(credentials(&format!("Basic {}", STANDARD.encode("ü:é"))), pair("ü", "é"));
        assert_eq!(credentials(&format!("Basic {}", STANDARD.encode(b"\xfc:\xe9"))), pair("ü", "é"));
    }

    #[test]
    fn another_scheme_is_ignored_and_a_malformed_header_has_its_message() {
        assert_eq!(credentials("Bearer x"), Ok(None));
        assert_eq!(credentials("Basicx"), Ok(None));
        let refused = |header: &str| credentials(header).unwrap_err();
        assert_eq!(refused("Basic"), "Invalid basic header. No credentials provided.");
        assert_eq!(refused("Basic a b"), "Invalid basic header. Credentials string should not contain spaces.");
        for encoded in ["!!!", "ZGF2ZQ==", "a"] {
            assert_eq!(
                refused(&format!("Basic {encoded}")),
                "Invalid basic header. Credentials not correctly base64 encoded.",
                "{encoded}"
            );
        }
    }
}
