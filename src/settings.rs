//! The settings of the project. Python counterpart: `settings.py`.
//!
//! Settings have Django's names, in the environment or in the file `.env`. `.env.example` lists all of them with their
//! defaults, and `docs/SETTINGS.md` explains them. Settings are values: nothing is global, and two configurations can be
//! used in one process.

use crate::apps::{AppConfig, Apps, AppsBuilder, Project, Registry, parse_installed_apps};
use crate::conf::{Environment, SettingsError, settings, values};
use crate::core::crypto::SecretString;
#[cfg(feature = "database")]
use crate::{authtoken, contrib::admin, contrib::auth, contrib::contenttypes, contrib::sessions, db, legacy_jwt};
#[cfg(feature = "server")]
use crate::{contrib::messages, http, http::middleware::Middleware, server, server::health::PROBES, urls};
use crate::{rest_framework, simplejwt};

/// The apps that `INSTALLED_APPS` can name, in the order in which they are installed by default.
pub const APPS: &[&dyn AppConfig] = &[
    #[cfg(feature = "database")]
    &admin::apps::AdminConfig,
    #[cfg(feature = "database")]
    &auth::apps::AuthConfig,
    #[cfg(feature = "database")]
    &contenttypes::ContentTypesConfig,
    #[cfg(feature = "database")]
    &sessions::apps::SessionsConfig,
    #[cfg(feature = "server")]
    &messages::apps::MessagesConfig,
    &rest_framework::apps::RestFrameworkConfig,
    #[cfg(feature = "database")]
    &authtoken::apps::AuthTokenConfig,
    &simplejwt::apps::SimpleJwtConfig,
    #[cfg(feature = "database")]
    &simplejwt::token_blacklist::apps::TokenBlacklistConfig,
    #[cfg(feature = "database")]
    &simplejwt::token_family::apps::TokenFamilyConfig,
    #[cfg(feature = "database")]
    &legacy_jwt::apps::LegacyJwtConfig,
];

impl Settings {
    /// The set-up of this project. It has the values that Django's settings name by a Python path:
    ///
    /// ```ignore
    /// Apps::builder(self)
    ///     // What overriding `get_token` does in Python: claims, at login and at each refresh. With `AUTH_USER_MODEL` an
    ///     // attribute is any column of the table.
    ///     .claims(|user, claims| {
    ///         claims.insert("name", user.username().into());
    ///         claims.insert("tenant", user.attribute("tenant_id").unwrap_or_default());
    ///     })
    ///     // Claims that need queries, here of a table of your own:
    ///     .claims_from_database(|user, claims, conn| {
    ///         claims.insert("plan", Plan::of(conn, user.username())?.into());
    ///         Ok(())
    ///     })
    ///     // USER_AUTHENTICATION_RULE, and your own classes:
    ///     .user_authentication_rule(|user| user.is_active() && user.is_staff())
    ///     .authentication_class(ApiKeyAuthentication)
    ///     .permission_class(IsOwner)
    ///     // A user model in Rust, and a table that `manage migrate` makes:
    ///     .users(Customers)
    ///     .migration(CUSTOMERS)
    /// ```
    ///
    /// The server and every command of `manage` use it.
    pub fn builder(self) -> AppsBuilder {
        Apps::builder(self)
        // OWN CODE: claims, the user rule, classes and tables go here, as in the lines above.
    }

    /// `MIDDLEWARE`: a request passes these from top to bottom, its response from bottom to top.
    #[cfg(feature = "server")]
    fn middleware(&self) -> Result<Vec<Box<dyn Middleware>>, SettingsError> {
        Ok(vec![
            Box::new(http::request_log::RequestLogMiddleware::new()),
            Box::new(http::host::HostMiddleware::new(
                http::host::AllowedHosts::new(&self.http.allowed_hosts, self.http.debug),
                &PROBES,
            )),
            Box::new(http::cors::CorsMiddleware::new(&self.cors)?),
            Box::new(http::security::SecurityMiddleware::new(&self.security, &PROBES)?),
            Box::new(sessions::SessionMiddleware),
            Box::new(http::clickjacking::XFrameOptionsMiddleware::new(&self.security.x_frame_options)?),
            Box::new(http::common::CommonMiddleware::new(self.http.append_slash)),
            Box::new(http::csrf::CsrfViewMiddleware),
            Box::new(messages::MessageMiddleware),
        ])
    }
}

settings! {
    section "Project";

    /// Everything that can be configured.
    #[derive(Clone, Debug)]
    #[non_exhaustive]
    pub struct Settings {
        #[cfg(feature = "server")] group http: http::settings::HttpSettings;
        #[cfg(feature = "server")] group security: http::security::SecuritySettings;
        #[cfg(feature = "server")] group cors: http::cors::CorsSettings;
        #[cfg(feature = "server")] group server: server::settings::ServerSettings;
        #[cfg(feature = "database")] group database: db::DatabaseSettings;
        #[cfg(feature = "database")] group auth: auth::settings::AuthSettings;
        #[cfg(feature = "server")] group sessions: sessions::settings::SessionSettings;
        #[cfg(feature = "server")] group csrf: http::csrf::CsrfSettings;
        #[cfg(feature = "server")] group messages: messages::settings::MessageSettings;
        #[cfg(feature = "server")] group admin: admin::settings::AdminSettings;
        group rest_framework: rest_framework::settings::RestFrameworkSettings;
        group simple_jwt: simplejwt::settings::SimpleJwtSettings;
        #[cfg(feature = "database")] group oauth2: simplejwt::oauth2::settings::OAuth2Settings;
        #[cfg(feature = "database")] group legacy_jwt: legacy_jwt::settings::LegacyJwtSettings;
        /// Signs tokens that have no separate key. **With this key, an attacker can log in as any user.**
        ///
        /// Required, except in development: with a debug build (`cargo run`), a SQLite database, a loopback address and no
        /// deployment setting (such as `ALLOWED_HOSTS`, `SECURE_…`, `SIMPLE_JWT_SIGNING_KEY`), each start without a key makes a
        /// random one.
        pub secret_key: SecretString = SECRET_KEY("", |text| Ok(SecretString::from(text)), secret);
        /// Former values of `SECRET_KEY`, separated by commas. They verify existing signatures and make no new ones.
        ///
        /// So a new `SECRET_KEY` does not log users out: move the old key here, and remove it when the longest lifetime of a
        /// token has passed. If a key contains a comma, separate the keys by line breaks. If there is none, `\n` counts as one.
        pub secret_key_fallbacks: Vec<SecretString> = SECRET_KEY_FALLBACKS("", values::secrets, secret);
        /// The apps of the project. An app that is left out has no routes, tables, settings, checks or commands.
        ///
        /// The names are Django's. If the setting is empty, all apps are installed: `django.contrib.admin`,
        /// `django.contrib.auth`, `django.contrib.contenttypes`, `django.contrib.sessions`, `django.contrib.messages`,
        /// `rest_framework`, `rest_framework.authtoken`, `rest_framework_simplejwt`,
        /// `rest_framework_simplejwt.token_blacklist`, `rest_framework_simplejwt.token_family`, `rest_framework_jwt`.
        /// `django.contrib.staticfiles` and `corsheaders` may be listed and change nothing.
        pub installed_apps: Vec<&'static dyn AppConfig> = INSTALLED_APPS("", |text| parse_installed_apps(text, APPS));
        /// Publish the OpenAPI description at `/api/schema/` and Swagger UI at `/api/docs/`.
        ///
        /// Both are open to everyone. If it is not set, it has the value of `DEBUG`, and is `true` in development.
        pub api_docs: Option<bool> = API_DOCS("", values::optional(values::boolean));
        /// Ids of checks whose messages are not reported, such as `security.W020`.
        pub silenced_system_checks: Vec<String> = SILENCED_SYSTEM_CHECKS("", values::list);
    }
}

impl Settings {
    /// The default settings with this `SECRET_KEY`.
    pub fn new(secret_key: impl Into<SecretString>) -> Self {
        Self { secret_key: secret_key.into(), ..Self::default() }
    }

    /// Same as `from_env`, for a project that has more apps than [`APPS`]. They are installed after these, unless `INSTALLED_APPS`
    /// leaves them out. Their own settings are read by their own `from_env`: see [`settings!`](crate::conf::settings).
    ///
    /// # Errors
    /// Returns an error if a value is invalid or a name is unknown.
    pub fn from_env_with_apps(env: &Environment, own: &[&'static dyn AppConfig]) -> Result<Self, SettingsError> {
        let text = env.get("INSTALLED_APPS").unwrap_or_default();
        let installed_apps = parse_installed_apps(text, &[APPS, own].concat())
            .map_err(|expected| SettingsError::new("INSTALLED_APPS", format!("{text:?} is not {expected}")))?;
        let is_own = |name: &str| own.iter().any(|app| app.name() == name);
        // An empty list would be all apps, so it has one that adds nothing.
        let mut others = vec!["django.contrib.staticfiles"];
        others.extend(installed_apps.iter().map(|app| app.name()).filter(|name| !is_own(name)));
        let env = env.clone().with("INSTALLED_APPS", others.join(","));
        Ok(Self { installed_apps, ..Self::from_env(&env)? })
    }

    /// Sets `DATABASE_URL`.
    ///
    /// # Errors
    /// Returns an error if `url` is not a URL of SQLite or PostgreSQL.
    #[cfg(feature = "database")]
    pub fn database_url(mut self, url: &str) -> Result<Self, SettingsError> {
        self.database.url = db::DatabaseSettings::new(url)?.url;
        Ok(self)
    }

    /// The settings of a service that only reads the tokens of another service. It has no database: users are
    /// [`TokenUser`](crate::TokenUser)s, and views use `JWTStatelessUserAuthentication` by default.
    #[must_use]
    pub fn stateless(mut self) -> Self {
        self.installed_apps = vec![&rest_framework::apps::RestFrameworkConfig, &simplejwt::apps::SimpleJwtConfig];
        if self.rest_framework.default_authentication_classes == ["JWTAuthentication"] {
            self.rest_framework.default_authentication_classes = vec!["JWTStatelessUserAuthentication".to_owned()];
        }
        self
    }
}

impl Project for Settings {
    fn from_env(env: &Environment) -> Result<Self, SettingsError> {
        Self::from_env(env)
    }

    fn installed_apps(&self) -> Vec<&'static dyn AppConfig> {
        self.installed_apps.clone()
    }

    #[cfg(feature = "server")]
    fn settings(&self) -> Vec<crate::conf::Setting> {
        let is_installed = |name: &&str| self.installed_apps.iter().any(|app| app.name() == *name);
        Self::declared().into_iter().filter(|setting| setting.apps.iter().all(is_installed)).collect()
    }

    #[cfg(feature = "server")]
    fn checks(&self) -> Vec<crate::apps::Check> {
        [http::CHECKS, server::CHECKS].concat()
    }

    fn register(&self, registry: &mut Registry) -> Result<(), SettingsError> {
        self.groups().into_iter().for_each(|group| registry.insert_boxed(group));
        registry.set_secret_key(self.secret_key.clone());
        registry.set_secret_key_fallbacks(self.secret_key_fallbacks.clone());
        registry.silence_checks(self.silenced_system_checks.clone());
        registry.insert(self.rest_framework.limits);
        #[cfg(feature = "server")]
        {
            registry.insert(rest_framework::schemas::ApiDocs(self.api_docs.unwrap_or(self.http.debug)));
            registry.insert(http::csrf::Csrf::new(&self.csrf)?);
            registry.insert(http::middleware::MiddlewareStack::new(self.middleware()?));
        }
        Ok(())
    }

    fn builder(self) -> AppsBuilder {
        self.builder()
    }

    #[cfg(feature = "server")]
    fn urls(cfg: &mut actix_web::web::ServiceConfig, apps: &Apps) {
        urls::configure(cfg, apps);
    }
}

/// The migrations of all apps, for unit tests.
#[cfg(all(test, feature = "database"))]
pub(crate) fn all_migrations() -> db::migrations::MigrationPlan {
    db::migrations::MigrationPlan::new(APPS.iter().flat_map(|app| app.migrations()))
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;

    #[test]
    fn two_configurations_can_be_used_in_one_process() {
        let first = Settings::from_env(&[("DEBUG", "true"), ("ALLOWED_HOSTS", "a.org, .b.org")].into_iter().collect());
        let second = Settings::from_env(&Environment::default());
        let (first, second) = (first.unwrap(), second.unwrap());
        assert!(first.http.debug && !second.http.debug);
        assert_eq!(first.http.allowed_hosts, ["a.org", ".b.org"]);
        assert_eq!(second.http.allowed_hosts, ["*"]);
    }

    #[test]
    fn a_misspelt_key_of_an_app_stops_the_start() {
        let env = Environment::default().with("SIMPLE_JWT_ACESS_TOKEN_LIFETIME", "5m");
        assert_eq!(
            Settings::from_env(&env).unwrap_err().to_string(),
            "SIMPLE_JWT_ACESS_TOKEN_LIFETIME: there is no such setting; did you mean SIMPLE_JWT_ACCESS_TOKEN_LIFETIME?"
        );
    }

    #[test]
    fn secrets_are_not_in_the_debug_output() {
        let env = Environment::default().with("SECRET_KEY", "hunter2").with("DATABASE_URL", "postgres://u:hunter2@h/n");
        assert!(!format!("{:?}", Settings::from_env(&env).unwrap()).contains("hunter2"));
    }

    #[test]
    fn installed_apps_replaces_the_default_list() {
        let read = |text: &str| {
            let settings = Settings::from_env(&Environment::default().with("INSTALLED_APPS", text));
            settings.map(|settings| settings.installed_apps.iter().map(|app| app.name()).collect::<Vec<_>>())
        };
        assert_eq!(read("").unwrap().len(), APPS.len());
        assert_eq!(read("rest_framework, django.contrib.staticfiles").unwrap(), ["rest_framework"]);
        assert_eq!(read(" , ").unwrap_err().to_string(), "INSTALLED_APPS: \" , \" is not a list of apps");
        assert!(read("none").unwrap_err().to_string().contains("\"none\" is not one of "));
        assert!(read("rest_framework,shop").unwrap_err().to_string().contains("\"shop\" is not one of "));
        assert!(read("rest_framework,rest_framework").unwrap_err().to_string().ends_with("is listed twice"));
    }

    #[test]
    fn the_settings_of_an_app_that_is_left_out_are_not_read() {
        let env = Environment::default().with("SIMPLE_JWT_LEEWAY", "nonsense").with("INSTALLED_APPS", "rest_framework");
        let settings = Settings::from_env(&env).unwrap();
        assert!(!settings.settings().iter().any(|setting| setting.key.starts_with("SIMPLE_JWT_")));
    }
}
