//! `rest_framework` as an app: what every view shares.

use std::sync::Arc;

#[cfg(feature = "server")]
use futures_util::future::LocalBoxFuture;

#[cfg(feature = "database")]
use super::authentication::basic::BasicAuthentication;
#[cfg(feature = "server")]
use super::authentication::session::SessionAuthentication;
use super::authentication::{Authentication, AuthenticationClass};
use super::checks;
use super::permissions::{Permission, PermissionClass};
use super::settings::RestFrameworkSettings;
use super::state::RestFramework;
#[cfg(feature = "database")]
use super::throttling::ThrottledLogins;
use super::throttling::{Throttle, ThrottleClass};
#[cfg(feature = "server")]
use crate::apps::Apps;
use crate::apps::{AppConfig, AppsBuilder, Check, Registry};
use crate::conf::SettingsError;
#[cfg(feature = "database")]
use crate::contrib::auth::LoginLimits;
#[cfg(feature = "server")]
use crate::contrib::sessions;

/// `rest_framework`.
#[derive(Clone, Copy, Debug)]
pub struct RestFrameworkConfig;

impl AppConfig for RestFrameworkConfig {
    fn name(&self) -> &'static str {
        "rest_framework"
    }

    fn checks(&self) -> &'static [Check] {
        checks::CHECKS
    }

    #[cfg(feature = "database")]
    fn register(&self, registry: &mut Registry) -> Result<(), SettingsError> {
        if registry.is_installed("django.contrib.auth") {
            registry.push(AuthenticationClass::new(BasicAuthentication));
            #[cfg(feature = "server")]
            if registry.is_installed(sessions::apps::NAME) {
                registry.push(AuthenticationClass::new(SessionAuthentication));
            }
            registry.insert(LoginLimits::new(ThrottledLogins));
        }
        Ok(())
    }

    /// A server starts without its cache: views without a throttle rate do not need it, and it may start later than the server.
    #[cfg(feature = "server")]
    fn background_task(&self, apps: &Apps, _stop: LocalBoxFuture<'static, ()>) -> Option<LocalBoxFuture<'static, ()>> {
        let cache = Arc::clone(&apps.get::<RestFramework>().ok()?.throttle_cache);
        // The server does not wait for it when it stops.
        actix_web::rt::spawn(async move {
            if let Err(reason) = cache.ping().await {
                log::warn!("CACHE_URL: {reason}. Until it answers, requests with a limit are answered 503");
            }
        });
        None
    }

    /// Resolves the class names of the settings among the classes that apps and the host have added.
    fn ready(&self, registry: &mut Registry) -> Result<(), SettingsError> {
        let settings = registry.settings::<RestFrameworkSettings>();
        let framework = RestFramework::new(settings, registry.list(), registry.list(), registry.list())?;
        let framework = framework.with_clock(registry.clock().clone());
        registry.insert(Arc::clone(&framework.body_budget));
        registry.insert(framework);
        Ok(())
    }
}

impl AppsBuilder {
    /// Adds your own authentication class, which `DEFAULT_AUTHENTICATION_CLASSES` can name.
    pub fn authentication_class(self, class: impl Authentication) -> Self {
        self.contribute(AuthenticationClass::new(class))
    }

    /// Adds your own permission class, which `DEFAULT_PERMISSION_CLASSES` can name.
    pub fn permission_class(self, permission: impl Permission) -> Self {
        self.contribute(PermissionClass::new(permission))
    }

    /// Adds your own throttle class, which `DEFAULT_THROTTLE_CLASSES` can name.
    pub fn throttle_class(self, throttle: impl Throttle) -> Self {
        self.contribute(ThrottleClass::new(throttle))
    }
}
