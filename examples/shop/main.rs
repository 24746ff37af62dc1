//! A project with its own app: the folder `shop/` next to this file has everything that an app can have. `docs/DJANGO_MAP.md`
//! says how to put such a folder into a copy of this project, which needs no type `Site` around its settings.
//!
//! `cargo run --example shop -- migrate`, then `-- createsuperuser`, then `-- runserver`

pub mod shop;

use std::process::ExitCode;

use actix_simplejwt::apps::{Project, Registry};
use actix_simplejwt::conf::{Environment, Setting, SettingsError};
use actix_simplejwt::management::execute_from_command_line;
use actix_simplejwt::rest_framework::views::{mount, path};
use actix_simplejwt::{Apps, Settings, urls};
use actix_web::web::ServiceConfig;

/// The project: the settings of `src/settings.rs`, and those of the app.
pub struct Site(Settings, shop::settings::ShopSettings);

impl Default for Site {
    fn default() -> Self {
        Self::from_env(&Environment::default()).expect("the default settings are valid")
    }
}

impl Project for Site {
    fn urls(cfg: &mut ServiceConfig, apps: &Apps) {
        mount(cfg, apps, vec![path("/api/orders/", shop::views::orders())]);
        urls::configure(cfg, apps);
    }

    fn from_env(env: &Environment) -> Result<Self, SettingsError> {
        let settings = Settings::from_env_with_apps(env, &[&shop::apps::ShopConfig])?;
        Ok(Self(settings, shop::settings::ShopSettings::from_env(env)?))
    }

    fn base(&self) -> Option<&dyn Project> {
        Some(&self.0)
    }

    fn settings(&self) -> Vec<Setting> {
        [self.0.settings(), shop::settings::ShopSettings::declared()].concat()
    }

    fn register(&self, registry: &mut Registry) -> Result<(), SettingsError> {
        registry.insert(self.1.clone());
        self.0.register(registry)
    }
}

fn main() -> ExitCode {
    execute_from_command_line::<Site>()
}
