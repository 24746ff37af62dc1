//! The description of a project. Python counterpart: the settings module.

#[cfg(feature = "server")]
use actix_web::web::ServiceConfig;

#[cfg(feature = "server")]
use super::command::Context;
use super::{AppConfig, Apps, AppsBuilder, Check, Registry};
#[cfg(feature = "server")]
use crate::conf::Setting;
use crate::conf::{Environment, SettingsError};
use crate::core::clock::Clock;

/// The description of a project: its `INSTALLED_APPS` and the settings of its apps.
///
/// [`Settings`](crate::Settings) describes this project. A program with a type of its own around them implements
/// [`Project::base`] and what differs:
///
#[cfg_attr(feature = "server", doc = "```")]
#[cfg_attr(not(feature = "server"), doc = "```ignore")]
/// use actix_simplejwt::apps::Project;
/// use actix_simplejwt::conf::{Environment, SettingsError};
/// use actix_simplejwt::{Apps, AppsBuilder, Settings, urls};
/// use actix_web::web::ServiceConfig;
///
/// #[derive(Default)]
/// struct Site(Settings);
///
/// impl Project for Site {
///     fn from_env(env: &Environment) -> Result<Self, SettingsError> {
///         Settings::from_env(env).map(Self)
///     }
///
///     fn base(&self) -> Option<&dyn Project> {
///         Some(&self.0)
///     }
///
///     fn builder(self) -> AppsBuilder {
///         Apps::builder(self).user_authentication_rule(|user| user.is_staff())
///     }
///
///     fn urls(cfg: &mut ServiceConfig, apps: &Apps) {
///         urls::configure(cfg, apps);
///     }
/// }
/// ```
pub trait Project: 'static {
    /// Reads the settings.
    ///
    /// # Errors
    /// Returns an error if a value is invalid.
    fn from_env(env: &Environment) -> Result<Self, SettingsError>
    where
        Self: Sized;

    /// The project inside of this one, whose apps, settings and checks this one has as well. Default: none.
    fn base(&self) -> Option<&dyn Project> {
        None
    }

    /// The installed apps, in the order in which they are set up. Default: those of [`Project::base`].
    fn installed_apps(&self) -> Vec<&'static dyn AppConfig> {
        self.base().map(Project::installed_apps).unwrap_or_default()
    }

    /// All settings of the project and of the installed apps. Default: those of [`Project::base`].
    #[cfg(feature = "server")]
    fn settings(&self) -> Vec<Setting> {
        self.base().map(Project::settings).unwrap_or_default()
    }

    /// Checks of the project itself. Default: those of [`Project::base`].
    fn checks(&self) -> Vec<Check> {
        self.base().map(Project::checks).unwrap_or_default()
    }

    /// Inserts the settings of every app, and the values that belong to no app. Default: what [`Project::base`] inserts.
    ///
    /// # Errors
    /// Returns an error if a setting cannot be used.
    fn register(&self, registry: &mut Registry) -> Result<(), SettingsError> {
        self.base().map_or(Ok(()), |base| base.register(registry))
    }

    /// The set-up with the project's hooks. Default: without hooks.
    fn builder(self) -> AppsBuilder
    where
        Self: Sized,
    {
        Apps::builder(self)
    }

    /// Mounts the project's URLs: `ROOT_URLCONF`.
    #[cfg(feature = "server")]
    fn urls(cfg: &mut ServiceConfig, apps: &Apps)
    where
        Self: Sized;
}

impl Apps {
    /// Starts the set-up of the project that `settings` describe.
    pub fn builder(settings: impl Project) -> AppsBuilder {
        let mut registry = Registry::new(Clock::system());
        registry.install(settings.installed_apps());
        registry.add_checks(&settings.checks());
        if let Err(error) = settings.register(&mut registry) {
            registry.add_error(error);
        }
        AppsBuilder::new(registry)
    }
}

#[cfg(feature = "server")]
impl Context {
    /// The context of the project `P`, whose settings are in `env`.
    #[must_use]
    pub fn new<P: Project + Default>(env: Environment, verbosity: u8) -> Self {
        let read = |env: &Environment| P::from_env(env).map(P::builder);
        let project = || {
            let project = P::default();
            (project.settings(), project.installed_apps().iter().map(|app| app.name()).collect())
        };
        Self::from_parts(env, verbosity, P::urls, read, project)
    }
}
