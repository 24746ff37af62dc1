//! What a build without a database has in place of `stored.rs`: nothing.

use actix_web::web::ServiceConfig;

use crate::conf::{Environment, SettingsError};
use crate::core::crypto::SecretString;
use crate::rest_framework::authentication::AuthenticationClass;
use crate::simplejwt::state::JwtState;

/// No settings.
#[derive(Default)]
pub(super) struct StoredSettings;

/// No parts.
#[derive(Clone, Debug)]
pub(super) enum Stored {}

impl StoredSettings {
    pub(super) fn read(&mut self, _env: &Environment) -> Result<(), SettingsError> {
        Ok(())
    }

    pub(super) fn build(
        self,
        _jwt: &JwtState,
        _secret_key: &SecretString,
        _authentication: &mut Vec<AuthenticationClass>,
    ) -> Result<Option<Stored>, SettingsError> {
        Ok(None)
    }
}

impl Stored {
    pub(super) fn configure(&self, _cfg: &mut ServiceConfig) {}
}
