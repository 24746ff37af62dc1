//! What every worker shares, made once from the settings. Python counterpart: `django.setup()`.

use std::sync::Arc;

use actix_web::web;

use super::connections::WatchedConnections;
use super::metrics::Metrics;
use crate::authtoken::authentication::TokenAuthentication;
use crate::conf::SettingsError;
use crate::contrib::auth::{AuthState, lockout};
use crate::core::clock::Clock;
use crate::db::{Database, DatabaseError};
use crate::http::middleware::MiddlewareStack;
use crate::legacy_jwt::authentication::JsonWebTokenAuthentication;
use crate::legacy_jwt::state::LegacyJwtState;
use crate::rest_framework::authentication::AuthenticationClass;
use crate::rest_framework::authentication::basic::BasicAuthentication;
use crate::rest_framework::state::RestFramework;
use crate::rest_framework::throttling::ThrottleCache;
use crate::settings::{self, Settings};
use crate::simplejwt::authentication::{JwtAuthentication, JwtStatelessUserAuthentication};
use crate::simplejwt::state::JwtState;

/// The settings turned into keys, pools and class lists. Cheap to clone.
///
/// A test makes one with a clock of its own; a host application makes one and hands it to
/// [`configure`](super::configure).
#[derive(Clone)]
pub struct AppState {
    /// The database.
    pub database: web::Data<Database>,
    /// The clock that all deadlines are measured by.
    pub clock: web::Data<Clock>,
    auth: web::Data<AuthState>,
    rest_framework: web::Data<RestFramework>,
    jwt: web::Data<JwtState>,
    legacy_jwt: web::Data<LegacyJwtState>,
    metrics: Option<Metrics>,
    middleware: MiddlewareStack,
    pub(super) api_docs: bool,
}

/// Why the parts of the server could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// A setting cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The database cannot be opened.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl AppState {
    /// Opens the database and parses every key.
    ///
    /// # Errors
    /// When a setting names something that is not there, a key cannot be read, or the database cannot be opened.
    pub fn new(settings: &Settings, clock: Clock) -> Result<Self, StateError> {
        let (rest_framework, jwt, legacy_jwt) = parts(settings, &clock)?;
        let database = Database::open(&settings.database)?;
        if settings.auth.login_failure_limit.is_some() {
            lockout::create_table(&mut *database.connection()?)?;
        }
        let database = web::Data::new(database);
        let auth = web::Data::new(AuthState::new(&settings.auth, clock.clone()));
        let metrics = settings.server.metrics_address.map(|_| Metrics::new(database.clone(), auth.clone()));
        let mut middleware = settings::middleware(settings)?;
        if let Some(metrics) = metrics.clone() {
            middleware.insert(0, Box::new(metrics));
        }
        middleware.insert(0, Box::new(WatchedConnections));
        Ok(Self {
            database,
            auth,
            clock: web::Data::new(clock),
            rest_framework: web::Data::new(rest_framework),
            jwt: web::Data::new(jwt),
            legacy_jwt: web::Data::new(legacy_jwt),
            metrics,
            middleware: MiddlewareStack::new(middleware),
            api_docs: settings.has_api_docs(),
        })
    }

    /// Whether the settings can be used, as far as that can be told without the database.
    ///
    /// # Errors
    /// When one of them names something that is not there, or a key cannot be read.
    pub fn check(settings: &Settings) -> Result<(), SettingsError> {
        parts(settings, &Clock::system()).map(drop)
    }

    /// Hands every part to the application that `cfg` belongs to, as application data.
    pub fn provide(&self, cfg: &mut web::ServiceConfig) {
        cfg.app_data(self.database.clone());
        cfg.app_data(self.clock.clone());
        cfg.app_data(self.auth.clone());
        cfg.app_data(self.rest_framework.clone());
        cfg.app_data(self.jwt.clone());
        cfg.app_data(self.legacy_jwt.clone());
    }

    /// Where requests are counted.
    pub(super) fn throttle_cache(&self) -> Arc<ThrottleCache> {
        Arc::clone(&self.rest_framework.throttle_cache)
    }

    /// What every request passes.
    pub(super) fn middleware(&self) -> MiddlewareStack {
        self.middleware.clone()
    }

    /// The metrics, if they are on.
    pub(super) fn metrics(&self) -> Option<Metrics> {
        self.metrics.clone()
    }
}

impl std::fmt::Debug for AppState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppState").field("database", &self.database).finish_non_exhaustive()
    }
}

/// What is made of the settings alone.
fn parts(settings: &Settings, clock: &Clock) -> Result<(RestFramework, JwtState, LegacyJwtState), SettingsError> {
    let mut rest_framework = RestFramework::new(settings.rest_framework.clone(), &authentication_classes(), &[])?;
    rest_framework.clock = clock.clone();
    let jwt = JwtState::new(settings.simple_jwt.clone(), &settings.secret_key, clock.clone())?;
    let legacy_jwt = settings.legacy_jwt.clone().beside(settings.simple_jwt.token_type_claim.as_deref());
    let legacy_jwt = LegacyJwtState::new(&legacy_jwt, &settings.secret_key, clock.clone())?;
    Ok((rest_framework, jwt, legacy_jwt))
}

/// What `DEFAULT_AUTHENTICATION_CLASSES` may name.
fn authentication_classes() -> [AuthenticationClass; 6] {
    [
        AuthenticationClass::new(JwtAuthentication),
        AuthenticationClass::new(JwtStatelessUserAuthentication),
        AuthenticationClass::new(JwtStatelessUserAuthentication).named("JWTTokenUserAuthentication"),
        AuthenticationClass::new(TokenAuthentication),
        AuthenticationClass::new(BasicAuthentication),
        AuthenticationClass::new(JsonWebTokenAuthentication),
    ]
}
