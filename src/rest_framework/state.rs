//! The framework's settings with their class names resolved: the defaults of every view. Python counterpart:
//! `rest_framework.settings.api_settings`.

use std::sync::Arc;

use actix_web::HttpRequest;

pub use super::app_data::app_data;
use super::authentication::AuthenticationClass;
use super::exceptions::ApiError;
use super::permissions::{AllowAny, IsAdminUser, IsAuthenticated, IsAuthenticatedOrReadOnly, PermissionClass};
#[cfg(feature = "database")]
use super::permissions::{DjangoModelPermissions, DjangoModelPermissionsOrAnonReadOnly};
use super::settings::RestFrameworkSettings;
use super::throttling::{AnonRateThrottle, ScopedRateThrottle, ThrottleCache, ThrottleClass, UserRateThrottle};
use crate::conf::SettingsError;
use crate::core::clock::Clock;
use crate::http::body::BodyBudget;

/// Application data of every application that has an [`ApiView`](super::views::ApiView).
#[derive(Clone, Debug)]
pub struct RestFramework {
    /// The settings as read.
    pub settings: RestFrameworkSettings,
    /// `DEFAULT_AUTHENTICATION_CLASSES`, resolved.
    pub authentication_classes: Vec<AuthenticationClass>,
    /// `DEFAULT_PERMISSION_CLASSES`, resolved.
    pub permission_classes: Vec<PermissionClass>,
    /// `DEFAULT_THROTTLE_CLASSES`, resolved.
    pub throttle_classes: Vec<ThrottleClass>,
    /// The requests that were counted. All clones share it.
    pub throttle_cache: Arc<ThrottleCache>,
    /// The memory of all bodies that are being read. All clones share it, and so do the forms of the admin site.
    pub body_budget: Arc<BodyBudget>,
    /// The clock for counting requests.
    pub clock: Clock,
}

impl RestFramework {
    /// Resolves the class names of `settings` among `authentication`, `permissions` and `throttles`. DRF's own
    /// permission classes and three throttle classes are always known. Requests are counted by the system's clock.
    ///
    /// # Errors
    /// Returns an error for an unknown name. The text lists the known names.
    pub fn new(
        settings: RestFrameworkSettings,
        authentication: &[AuthenticationClass],
        permissions: &[PermissionClass],
        throttles: &[ThrottleClass],
    ) -> Result<Self, SettingsError> {
        let mut known_permissions = vec![
            PermissionClass::new(AllowAny),
            PermissionClass::new(IsAuthenticated),
            PermissionClass::new(IsAdminUser),
            PermissionClass::new(IsAuthenticatedOrReadOnly),
            #[cfg(feature = "database")]
            PermissionClass::new(DjangoModelPermissions),
            #[cfg(feature = "database")]
            PermissionClass::new(DjangoModelPermissionsOrAnonReadOnly),
        ];
        known_permissions.extend_from_slice(permissions);
        let mut known_throttles = vec![
            ThrottleClass::new(AnonRateThrottle),
            ThrottleClass::new(UserRateThrottle),
            ThrottleClass::new(ScopedRateThrottle),
        ];
        known_throttles.extend_from_slice(throttles);
        let authentication_classes = resolve(
            "REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES",
            &settings.default_authentication_classes,
            authentication,
            |class| class.name().to_owned(),
        )?;
        let permission_classes = resolve(
            "REST_FRAMEWORK_DEFAULT_PERMISSION_CLASSES",
            &settings.default_permission_classes,
            &known_permissions,
            |class| class.name().into_owned(),
        )?;
        let throttle_classes = resolve(
            "REST_FRAMEWORK_DEFAULT_THROTTLE_CLASSES",
            &settings.default_throttle_classes,
            &known_throttles,
            |class| class.name().into_owned(),
        )?;
        let throttle_cache = Arc::new(ThrottleCache::new(&settings.cache)?);
        let body_budget = Arc::new(BodyBudget::new(settings.limits.total));
        let clock = Clock::system();
        Ok(Self {
            settings,
            authentication_classes,
            permission_classes,
            throttle_classes,
            throttle_cache,
            body_budget,
            clock,
        })
    }

    /// Counts requests by `clock` in place of the system's.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The framework of the application that `req` belongs to.
    ///
    /// # Errors
    /// 500 when the application was put together without one.
    pub fn of(req: &HttpRequest) -> Result<&Self, ApiError> {
        app_data(req)
    }
}

fn resolve<C: Clone>(
    key: &str,
    names: &[String],
    known: &[C],
    name_of: impl Fn(&C) -> String,
) -> Result<Vec<C>, SettingsError> {
    let find = |name: &String| known.iter().find(|class| name_of(class) == *name).cloned();
    let resolve_one = |name: &String| {
        find(name).ok_or_else(|| {
            let known: Vec<_> = known.iter().map(&name_of).collect();
            SettingsError::expected(key, name, &format!("one of {}", known.join(", ")))
        })
    };
    names.iter().map(resolve_one).collect()
}
