//! Everything that tokens need, in one value. Python counterpart: `rest_framework_simplejwt.state`.

use std::sync::Arc;

use super::backends::TokenBackend;
use super::settings::SimpleJwtSettings;
use crate::conf::SettingsError;
use crate::contrib::auth::AbstractUser;
use crate::core::clock::Clock;
use crate::core::crypto::SecretString;
use crate::core::jwt::Claims;

/// Adds claims about a user to a token: what one overrides `get_token` for in Python.
pub type ClaimsHook = dyn Fn(&dyn AbstractUser, &mut Claims) + Send + Sync;
/// Whether a user may have tokens: Python's `USER_AUTHENTICATION_RULE`.
pub type UserRule = dyn Fn(&dyn AbstractUser) -> bool + Send + Sync;

/// Settings, keys and clock of the JWT app; application data. Cheap to clone.
#[derive(Clone)]
pub struct JwtState(Arc<Inner>);

struct Inner {
    settings: SimpleJwtSettings,
    backend: TokenBackend,
    clock: Clock,
    claims_hook: Option<Arc<ClaimsHook>>,
    user_rule: Option<Arc<UserRule>>,
    has_blacklist: bool,
}

impl JwtState {
    /// Parses the keys; `secret_key` signs when the settings name no other.
    ///
    /// # Errors
    /// For settings that would start but not work.
    pub fn new(settings: SimpleJwtSettings, secret_key: &SecretString, clock: Clock) -> Result<Self, SettingsError> {
        settings.validate()?;
        #[cfg(not(feature = "database"))]
        if let Some(class) = settings.auth_token_classes.iter().find(|class| class.is_revocable()) {
            let problem = format!("{} can be revoked, which only a build with a database can know", class.name());
            return Err(SettingsError::new("SIMPLE_JWT_AUTH_TOKEN_CLASSES", problem));
        }
        let backend = TokenBackend::new(&settings, secret_key, clock.clone())?;
        Ok(Self(Arc::new(Inner { settings, backend, clock, claims_hook: None, user_rule: None, has_blacklist: true })))
    }

    /// Claims of your own: `hook` runs on every refresh and sliding token that is made, at login *and* at each refresh,
    /// so that what it says about the user does not go stale. Access tokens copy them.
    #[must_use]
    pub fn with_claims(self, hook: impl Fn(&dyn AbstractUser, &mut Claims) + Send + Sync + 'static) -> Self {
        self.rebuilt(|inner| inner.claims_hook = Some(Arc::new(hook)))
    }

    /// `USER_AUTHENTICATION_RULE`: who may have tokens, in place of "active users".
    #[must_use]
    pub fn with_user_authentication_rule(
        self,
        rule: impl Fn(&dyn AbstractUser) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.rebuilt(|inner| inner.user_rule = Some(Arc::new(rule)))
    }

    /// Whether the app `rest_framework_simplejwt.token_blacklist` is installed. Default: yes.
    ///
    /// Without it no token is recorded or blacklisted and none is looked up: a refresh token stays valid until it
    /// expires, also after rotation and after a request to `token_blacklist`, as in simplejwt.
    #[must_use]
    pub fn with_blacklist(self, is_installed: bool) -> Self {
        self.rebuilt(|inner| inner.has_blacklist = is_installed)
    }

    /// Changes a state that is not shared yet. A shared state stays as it is, with an error in the log.
    fn rebuilt(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            change(inner);
        } else {
            log::error!("a JwtState that is already in use cannot be changed; configure it before cloning");
        }
        self
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &SimpleJwtSettings {
        &self.0.settings
    }

    /// Keys and rules.
    #[must_use]
    pub fn backend(&self) -> &TokenBackend {
        &self.0.backend
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Whether the app `rest_framework_simplejwt.token_blacklist` is installed.
    #[must_use]
    pub fn has_blacklist(&self) -> bool {
        self.0.has_blacklist
    }

    /// Whether `user` may have tokens.
    #[must_use]
    pub fn user_may_have_tokens(&self, user: &dyn AbstractUser) -> bool {
        match &self.0.user_rule {
            Some(rule) => rule(user),
            None => !self.0.settings.check_user_is_active || user.is_active(),
        }
    }

    /// Runs the claims hook, when there is one.
    pub(super) fn add_claims(&self, user: &dyn AbstractUser, claims: &mut Claims) {
        if let Some(hook) = &self.0.claims_hook {
            hook(user, claims);
        }
    }
}

impl std::fmt::Debug for JwtState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JwtState").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}
