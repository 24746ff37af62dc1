//! The data that the rules of a serializer use. Python counterpart: `self.context` of a serializer.

use actix_web::HttpRequest;

use super::exceptions::ApiError;
use super::state::{RestFramework, app_data};
use super::throttling::client_address;
use crate::contrib::auth::AuthState;
use crate::db::Database;

/// The application data for a request to log in or about a token, and the client's address.
#[derive(Debug)]
pub struct Context<'a, S> {
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
        Ok(Self { state: app_data(req)?, auth: app_data(req)?, db: app_data(req)?, address, non_field_errors_key })
    }
}
