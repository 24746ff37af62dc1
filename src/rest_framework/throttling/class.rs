//! Throttle classes of any type in one list, such as `DEFAULT_THROTTLE_CLASSES`.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use actix_web::HttpRequest;

use super::base::Throttle;
use super::rates::{Rate, ThrottleRates};
use crate::rest_framework::authentication::Caller;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::settings::RestFrameworkSettings;

/// A [`Throttle`] of any type. Cheap to clone.
#[derive(Clone)]
pub struct ThrottleClass(Arc<dyn Throttle>);

impl ThrottleClass {
    /// Wraps `throttle`.
    pub fn new(throttle: impl Throttle) -> Self {
        Self(Arc::new(throttle))
    }

    /// The name for `DEFAULT_THROTTLE_CLASSES` and the log.
    #[must_use]
    pub fn name(&self) -> Cow<'static, str> {
        self.0.name()
    }

    pub(super) fn ident(
        &self,
        req: &HttpRequest,
        caller: Option<&Caller>,
        settings: &RestFrameworkSettings,
    ) -> Option<String> {
        self.0.ident(req, caller, settings)
    }

    /// The scope and the rate for a view with that `throttle_scope`, out of `rates` if the class has none. `None` if there is no limit.
    pub(super) fn limit(
        &self,
        view_scope: Option<&'static str>,
        rates: &ThrottleRates,
    ) -> Result<Option<(&str, Rate)>, ApiError> {
        let Some(scope) = self.0.scope(view_scope) else { return Ok(None) };
        let rate = match self.0.rate() {
            Some(rate) => Some(rate),
            None => rates
                .get(scope)
                .ok_or_else(|| ApiError::internal(format_args!("No default throttle rate set for '{scope}' scope")))?,
        };
        Ok(rate.map(|rate| (scope, rate)))
    }

    /// Whether there is a limit for a view with that `throttle_scope`.
    pub(in crate::rest_framework) fn has_rate(&self, view_scope: Option<&'static str>, rates: &ThrottleRates) -> bool {
        matches!(self.limit(view_scope, rates), Ok(Some(_)))
    }
}

impl fmt::Debug for ThrottleClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}
