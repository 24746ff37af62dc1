//! The apps of a host application, put together once at start. Python counterpart: `django.setup()`, `INSTALLED_APPS`.
//!
//! [`SimpleJwt`] holds what extractors and views look for: keys, settings, users and the database. The host builds it
//! before the server starts, where whatever is missing or wrong becomes an error that names the setting, and every worker
//! hands it to its `App`.
#![cfg_attr(
    feature = "database",
    doc = r#"
```
use actix_simplejwt::db::{Database, DatabaseSettings};
use actix_simplejwt::{SimpleJwt, simplejwt};
use actix_web::{App, web};

# let folder = tempfile::tempdir()?;
# let url = format!("sqlite://{}/db.sqlite3", folder.path().display());
let database = Database::open(&DatabaseSettings::new(&url)?)?;
let apps = SimpleJwt::builder(database).secret_key("a secret of at least thirty-two bytes").build()?;

// In the closure of `HttpServer::new`:
let app = App::new()
    .configure(|cfg| apps.configure(cfg))
    .service(web::scope("/api").configure(simplejwt::urls::configure));
# drop(app);
# Ok::<(), Box<dyn std::error::Error>>(())
```
"#
)]

#[cfg(feature = "database")]
mod stored;
#[cfg(not(feature = "database"))]
#[path = "apps/without_database.rs"]
mod stored;

use actix_web::web::{Data, ServiceConfig};

use self::stored::{Stored, StoredSettings};
use crate::conf::{Environment, SettingsError};
use crate::contrib::auth::AbstractUser;
use crate::core::clock::Clock;
use crate::core::crypto::SecretString;
use crate::core::jwt::Claims;
use crate::rest_framework::authentication::{Authentication, AuthenticationClass};
use crate::rest_framework::permissions::{Permission, PermissionClass};
use crate::rest_framework::settings::RestFrameworkSettings;
use crate::rest_framework::state::RestFramework;
use crate::simplejwt::authentication::JwtStatelessUserAuthentication;
use crate::simplejwt::settings::SimpleJwtSettings;
use crate::simplejwt::state::JwtState;

/// Everything that views and extractors need, as application data. Cheap to clone: make one and move it into the closure
/// of `HttpServer::new`.
#[derive(Clone, Debug)]
pub struct SimpleJwt {
    rest_framework: Data<RestFramework>,
    jwt: Data<JwtState>,
    stored: Option<Stored>,
}

impl SimpleJwt {
    /// Begins the set-up of a service that only reads tokens which another one has signed. It asks no database: users are
    /// [`TokenUser`](crate::simplejwt::models::TokenUser)s, and a view that does not say how to log in has
    /// `JWTStatelessUserAuthentication`.
    pub fn stateless() -> SimpleJwtBuilder {
        let mut builder = SimpleJwtBuilder::default();
        builder.rest_framework.default_authentication_classes =
            vec![JwtStatelessUserAuthentication.name().into_owned()];
        builder
    }

    /// Hands all of it to an `App`. Do this at the `App`, so that every scope has it.
    pub fn configure(&self, cfg: &mut ServiceConfig) {
        cfg.app_data(self.rest_framework.clone());
        cfg.app_data(self.jwt.clone());
        if let Some(stored) = &self.stored {
            stored.configure(cfg);
        }
    }

    /// Keys and settings of tokens, for making and reading them in code.
    #[must_use]
    pub fn jwt(&self) -> &JwtState {
        &self.jwt
    }
}

type ClaimsHook = Box<dyn Fn(&dyn AbstractUser, &mut Claims) + Send + Sync>;
type UserRule = Box<dyn Fn(&dyn AbstractUser) -> bool + Send + Sync>;

/// The set-up of a [`SimpleJwt`]. What is not said has Django's defaults.
#[derive(Default)]
#[must_use = "nothing happens before `build`"]
pub struct SimpleJwtBuilder {
    secret_key: SecretString,
    clock: Clock,
    simple_jwt: SimpleJwtSettings,
    rest_framework: RestFrameworkSettings,
    authentication: Vec<AuthenticationClass>,
    permissions: Vec<PermissionClass>,
    claims: Option<ClaimsHook>,
    user_rule: Option<UserRule>,
    stored: StoredSettings,
}

impl SimpleJwtBuilder {
    /// `SECRET_KEY`: signs tokens where the settings name no other key. **Whoever knows it can log in as anybody.**
    pub fn secret_key(mut self, key: impl Into<SecretString>) -> Self {
        self.secret_key = key.into();
        self
    }

    /// `SIMPLE_JWT`: lifetimes, algorithm, rotation.
    pub fn simple_jwt(mut self, settings: SimpleJwtSettings) -> Self {
        self.simple_jwt = settings;
        self
    }

    /// `REST_FRAMEWORK`: default classes, parsers, throttles.
    pub fn rest_framework(mut self, settings: RestFrameworkSettings) -> Self {
        self.rest_framework = settings;
        self
    }

    /// Reads `SECRET_KEY` and the settings of all apps from `env`, by the names of the server's settings.
    ///
    /// # Errors
    /// For an unknown key under the prefix of an app, and for a value that is none.
    pub fn from_env(mut self, env: &Environment) -> Result<Self, SettingsError> {
        if let Some(key) = env.get("SECRET_KEY") {
            self.secret_key = key.into();
        }
        self.simple_jwt = SimpleJwtSettings::from_env(env)?;
        let classes = std::mem::take(&mut self.rest_framework.default_authentication_classes);
        self.rest_framework = RestFrameworkSettings::from_env(env)?;
        if env.get("REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES").is_none() {
            self.rest_framework.default_authentication_classes = classes;
        }
        self.stored.read(env)?;
        Ok(self)
    }

    /// Claims of your own; see [`JwtState::with_claims`].
    pub fn claims(mut self, hook: impl Fn(&dyn AbstractUser, &mut Claims) + Send + Sync + 'static) -> Self {
        self.claims = Some(Box::new(hook));
        self
    }

    /// `USER_AUTHENTICATION_RULE`: who may have tokens, in place of "active users".
    pub fn user_authentication_rule(
        mut self,
        rule: impl Fn(&dyn AbstractUser) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.user_rule = Some(Box::new(rule));
        self
    }

    /// An authentication class of your own that `DEFAULT_AUTHENTICATION_CLASSES` may name.
    pub fn authentication_class(mut self, class: impl Authentication) -> Self {
        self.authentication.push(AuthenticationClass::new(class));
        self
    }

    /// A permission class of your own that `DEFAULT_PERMISSION_CLASSES` may name.
    pub fn permission_class(mut self, permission: impl Permission) -> Self {
        self.permissions.push(PermissionClass::new(permission));
        self
    }

    /// Another clock than the system's, for tests.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Parses the keys and resolves the class names.
    ///
    /// # Errors
    /// For a key that is missing or does not fit the algorithm, and for a class that does not exist here, such as
    /// `JWTAuthentication` after [`SimpleJwt::stateless`]. The text names the setting.
    pub fn build(mut self) -> Result<SimpleJwt, SettingsError> {
        self.authentication.extend([
            AuthenticationClass::new(JwtStatelessUserAuthentication),
            AuthenticationClass::new(JwtStatelessUserAuthentication).named("JWTTokenUserAuthentication"),
        ]);
        let mut jwt = JwtState::new(self.simple_jwt, &self.secret_key, self.clock.clone())?;
        let stored = self.stored.build(&jwt, &self.secret_key, &mut self.authentication)?;
        let framework = RestFramework::new(self.rest_framework, &self.authentication, &self.permissions)?;
        if let Some(hook) = self.claims {
            jwt = jwt.with_claims(hook);
        }
        if let Some(rule) = self.user_rule {
            jwt = jwt.with_user_authentication_rule(rule);
        }
        Ok(SimpleJwt { rest_framework: Data::new(framework.with_clock(self.clock)), jwt: Data::new(jwt), stored })
    }
}

impl std::fmt::Debug for SimpleJwtBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimpleJwtBuilder").field("simple_jwt", &self.simple_jwt).finish_non_exhaustive()
    }
}
