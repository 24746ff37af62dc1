//! `rest_framework_jwt` as an app: the tokens of the older package.

use super::authentication::JsonWebTokenAuthentication;
use super::checks;
use super::settings::LegacyJwtSettings;
use super::state::LegacyJwtState;
use crate::apps::{AppConfig, Check, Registry};
use crate::conf::SettingsError;
use crate::core::jwt::TokenTypeClaim;
use crate::rest_framework::authentication::AuthenticationClass;

/// `rest_framework_jwt`.
#[derive(Clone, Copy, Debug)]
pub struct LegacyJwtConfig;

impl AppConfig for LegacyJwtConfig {
    fn name(&self) -> &'static str {
        "rest_framework_jwt"
    }

    fn requires(&self) -> &'static [&'static str] {
        &["django.contrib.auth", "rest_framework"]
    }

    fn checks(&self) -> &'static [Check] {
        checks::CHECKS
    }

    fn register(&self, registry: &mut Registry) -> Result<(), SettingsError> {
        registry.push(AuthenticationClass::new(JsonWebTokenAuthentication));
        Ok(())
    }

    /// Other apps may sign with the same key. Their tokens have a claim with their type, and are refused here.
    fn ready(&self, registry: &mut Registry) -> Result<(), SettingsError> {
        let settings = registry.settings::<LegacyJwtSettings>();
        let (key, fallbacks) = (registry.secret_key(), registry.secret_key_fallbacks());
        let mut state = LegacyJwtState::new(settings, key, fallbacks, registry.clock().clone())?;
        state.foreign_claims.extend(registry.list().iter().map(|TokenTypeClaim(claim)| claim.clone()));
        registry.insert(state);
        Ok(())
    }
}
