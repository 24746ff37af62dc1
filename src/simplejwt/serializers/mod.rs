//! What the views of tokens do, one file each. Python counterpart: `rest_framework_simplejwt.serializers`.
//!
//! Every rule about who gets a token for what is in here; a view only takes the request apart. `race.rs` is how two
//! requests about one token are kept apart, `user.rs` what is asked about the user whom a token names.

mod blacklist;
mod obtain;
mod race;
mod refresh;
mod sliding;
mod user;
mod verify;

use std::sync::Arc;

use actix_web::HttpRequest;

pub use self::blacklist::TokenBlacklist;
pub use self::obtain::{OneToken, TokenObtain, TokenPair};
pub use self::refresh::{Refreshed, TokenRefresh};
pub use self::sliding::TokenRefreshSliding;
pub use self::verify::TokenVerify;
use super::state::JwtState;
use crate::contrib::auth::AuthState;
use crate::contrib::auth::models::UserModel;
use crate::db::Database;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::state::{RestFramework, app_data};
use crate::rest_framework::throttling::client_address;

pub(super) const NO_ACCOUNT_FOR_CREDENTIALS: &str = "No active account found with the given credentials";
pub(super) const NO_ACCOUNT_FOR_TOKEN: &str = "No active account found for the given token.";
pub(super) const PASSWORD_CHANGED: &str = "The user's password has been changed.";
/// What the serializers work with: the application data of this app.
#[derive(Clone, Debug)]
pub struct Context {
    /// Settings and keys.
    pub jwt: JwtState,
    /// Users and passwords.
    pub auth: AuthState,
    /// The database.
    pub db: Database,
    /// Where the request comes from.
    pub address: String,
    /// `NON_FIELD_ERRORS_KEY`.
    pub non_field_errors_key: Arc<str>,
}

impl Context {
    /// The context of the application that `req` belongs to.
    ///
    /// # Errors
    /// 500 when a piece of it is missing.
    pub fn of(req: &HttpRequest) -> Result<Self, ApiError> {
        let framework = app_data::<RestFramework>(req)?;
        Ok(Self {
            jwt: app_data::<JwtState>(req)?.clone(),
            auth: app_data::<AuthState>(req)?.clone(),
            db: app_data::<Database>(req)?.clone(),
            address: client_address(req),
            non_field_errors_key: framework.settings.non_field_errors_key.as_str().into(),
        })
    }

    pub(super) fn users(&self) -> &dyn UserModel {
        self.auth.users().as_ref()
    }
}
