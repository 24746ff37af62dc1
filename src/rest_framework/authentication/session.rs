//! The cookie of a session. Python counterpart: `rest_framework.authentication.SessionAuthentication`.
//!
//! For the scripts of this site's own pages. A browser sends the cookie with requests that pages of other sites have started as
//! well, so an unsafe method needs the CSRF token too: in the header `X-CSRFToken`, or in the field `csrfmiddlewaretoken` of
//! a form.

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpRequest};
use futures_util::stream;
use serde_json::{Value, json};

use super::base::{Authentication, Found};
use super::class::AuthenticationClass;
use crate::contrib::auth::{SharedUser, get_user};
use crate::contrib::sessions::{SessionError, SessionStore};
use crate::http::csrf::{self, CsrfFailure};
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::parsers::{self, Data, ParsedData};
use crate::rest_framework::state::RestFramework;
use crate::rest_framework::views::ApiView;

/// Finds the user who is logged in to the session. The user must be active. Without such a user the request has no credential of
/// this kind.
///
/// A request with a user and without a CSRF token is refused (403), before its method is checked. If this is the first class of a
/// view, a request without a user is a 403 instead of a 401.
///
/// Inside an [`ApiView`] the token may be in a form. On a plain actix route it has to be
/// in the header, because the body is not read yet.
#[derive(Clone, Copy, Debug, Default)]
pub struct SessionAuthentication;

const FAILED: &str = "CSRF Failed: ";

impl Authentication for SessionAuthentication {
    type User = SharedUser;
    /// `request.auth` is `None` in DRF.
    type Credential = ();

    async fn authenticate(&self, req: &HttpRequest) -> Result<Found<Self>, ApiError> {
        let Some(user) = get_user(req).await?.filter(|user| user.is_active()) else { return Ok(None) };
        let form_token = req.extensions_mut().remove::<FormToken>().map_or(Ok(None), |FormToken(token)| token);
        if let Ok(token) = &form_token {
            // An extractor of the view may authenticate the request again.
            req.extensions_mut().insert(FormToken(Ok(token.clone())));
        }
        let checked = csrf::check(req, form_token.as_ref().ok().and_then(Option::as_deref));
        match (checked, form_token) {
            // As in DRF, the body is parsed before the tokens are compared, so this error comes first.
            (Ok(()) | Err(CsrfFailure::TokenMissing | CsrfFailure::BadToken { .. }), Err(unreadable)) => {
                Err(unreadable)
            }
            (Ok(()), Ok(_)) => Ok(Some((user, ()))),
            (Err(failure), _) => Err(ApiError::permission_denied_with(format!("{FAILED}{failure}"))),
        }
    }

    fn challenge(&self, _req: &HttpRequest) -> Option<String> {
        None
    }

    fn trusts_cookies(&self) -> bool {
        true
    }

    fn force(&self, _req: &HttpRequest, user: &SharedUser) -> Found<Self> {
        Some((user.clone(), ()))
    }

    fn security_definition(&self, req: &HttpRequest) -> Option<(&'static str, Value)> {
        let name = SessionStore::of(req).ok()?.cookie_name();
        Some(("cookieAuth", json!({ "type": "apiKey", "in": "cookie", "name": name })))
    }

    fn refusals(&self, _req: &HttpRequest) -> Vec<ApiError> {
        vec![ApiError::permission_denied_with(format!("{FAILED}{}", csrf::CsrfFailure::TokenMissing))]
    }
}

impl From<SessionError> for ApiError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Database(error) => error.into(),
            error => Self::internal(error),
        }
    }
}

/// The CSRF token in the form of the request, or the error of a body that cannot be parsed, for [`SessionAuthentication`].
struct FormToken(Result<Option<String>, ApiError>);

/// Reads the body for the CSRF token in its form, and hands the body on for the view, with its data if it could be parsed.
///
/// # Errors
/// Returns the errors of the parsers for a body that is too large or too slow.
pub(in crate::rest_framework) async fn read_form_token(
    req: &HttpRequest,
    payload: Payload,
    framework: &RestFramework,
    view: &ApiView,
) -> Result<Payload, ApiError> {
    let (limits, budget) = (framework.settings.limits, &framework.body_budget);
    let body = parsers::read_body(req.headers(), payload, limits, view.body_limit, budget).await?;
    let data = parsers::parse_body(req.headers(), &body, view.parser_classes(framework), limits.fields);
    let token = data.map(|data| {
        let token = match &data {
            Data::Form(fields) => fields.get(csrf::FIELD).and_then(|token| token.as_str().map(str::to_owned)),
            Data::Json(_) => None,
        };
        req.extensions_mut().insert(ParsedData(data));
        token
    });
    req.extensions_mut().insert(FormToken(token));
    Ok(payload_of(body))
}

/// Whether [`read_form_token`] has to be called. This is rare, because most requests have no cookie.
pub(in crate::rest_framework) fn needs_form_token(req: &HttpRequest, classes: &[AuthenticationClass]) -> bool {
    *req.method() == Method::POST
        && req.headers().contains_key(header::COOKIE)
        && classes.iter().any(AuthenticationClass::trusts_cookies)
}

fn payload_of(body: Bytes) -> Payload {
    Payload::Stream { payload: Box::pin(stream::iter([Ok(body)])) }
}
