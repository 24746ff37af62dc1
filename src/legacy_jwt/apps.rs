//! `rest_framework_jwt` as an app: the tokens of the older package.

use super::authentication::JsonWebTokenAuthentication;
use super::checks;
use super::settings::LegacyJwtSettings;
use super::state::LegacyJwtState;
use crate::apps::{AppConfig, Check, Registry};
use crate::conf::{Setting, SettingsError};
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

    fn settings(&self) -> &'static [Setting] {
        LegacyJwtSettings::SETTINGS
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
        let mut settings = registry.settings::<LegacyJwtSettings>();
        for TokenTypeClaim(claim) in registry.list() {
            if !settings.foreign_claims.contains(claim) {
                settings.foreign_claims.push(claim.clone());
            }
        }
        let state = LegacyJwtState::new(
            settings,
            registry.secret_key(),
            registry.secret_key_fallbacks(),
            registry.clock().clone(),
        )?;
        registry.insert(state);
        Ok(())
    }
}
