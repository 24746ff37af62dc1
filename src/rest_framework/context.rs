//! Serializers that answer with tokens, and the data that their rules use. Python counterpart: `validate` and `self.context` of a
//! serializer.

use std::future::Future;

use actix_web::http::header::USER_AGENT;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use super::exceptions::ApiError;
use super::request::RequestData;
use super::serializers::Serializer;
use super::state::{RestFramework, app_data};
use super::throttling::client_address;
use crate::contrib::auth::AuthState;
use crate::db::Database;
use crate::http::client_address::{get_ident, parse};
use crate::http::headers::header_bytes;
use crate::http::log_data::TokenEvent;

/// A serializer whose answer is tokens, or a statement about a token.
pub trait TokenSerializer: Serializer {
    /// The state of its app, which is in the [`Context`].
    type State: 'static;
    /// Why a request is refused.
    type Error;

    /// Validates the request and makes the answer.
    ///
    /// # Errors
    /// Returns the reason why the request is refused.
    fn validate(self, context: &Context<'_, Self::State>) -> impl Future<Output = Result<TokenData, Self::Error>>;
}

/// The answer to a request about tokens.
#[derive(Debug)]
pub struct TokenData {
    /// The event that the metrics count.
    pub event: TokenEvent,
    /// The body: the tokens by name.
    pub body: Value,
}

/// The handler of a view about tokens: `post` in Python.
///
/// # Errors
/// Returns the error of the serializer.
pub async fn post<S: TokenSerializer<Error: Into<ApiError>>>(
    req: HttpRequest,
    data: RequestData<S>,
) -> Result<HttpResponse, ApiError> {
    let answer = data.into_inner().validate(&Context::of(&req)?).await.map_err(Into::into)?;
    Ok(answer.event.on(HttpResponse::Ok().json(answer.body)))
}

/// The application data for a request to log in or about a token, and the client's address.
#[derive(Debug)]
pub struct Context<'a, S> {
    /// The request.
    pub request: &'a HttpRequest,
    /// The state of the app: its settings and keys.
    pub state: &'a S,
    /// Users and passwords.
    pub auth: &'a AuthState,
    /// The database.
    pub db: &'a Database,
    /// The client's address.
    pub address: String,
    /// `NON_FIELD_ERRORS_KEY`.
    pub non_field_errors_key: &'a str,
}

impl<'a, S: 'static> Context<'a, S> {
    /// The context of a request.
    ///
    /// # Errors
    /// 500 if a part is missing in the application.
    pub fn of(req: &'a HttpRequest) -> Result<Self, ApiError> {
        let non_field_errors_key = &RestFramework::of(req)?.settings.non_field_errors_key;
        let address = client_address(req);
        let (state, auth, db) = (app_data(req)?, app_data(req)?, app_data(req)?);
        Ok(Self { request: req, state, auth, db, address, non_field_errors_key })
    }
}

impl<S> Context<'_, S> {
    /// The address of the client in its one spelling, as `NUM_PROXIES` says. `None` if it is not known.
    ///
    /// Without `NUM_PROXIES` it is that of the connection: any client can write `X-Forwarded-For`.
    #[must_use]
    pub fn ip_address(&self) -> Option<String> {
        let proxies = RestFramework::of(self.request).ok().and_then(|framework| framework.settings.num_proxies);
        parse(&get_ident(self.request, Some(proxies.unwrap_or(0)))).map(|address| address.to_string())
    }

    /// The header `User-Agent`, or an empty text.
    #[must_use]
    pub fn user_agent(&self) -> String {
        String::from_utf8_lossy(&header_bytes(self.request, USER_AGENT).unwrap_or_default()).into_owned()
    }
}
