//! A project with its own app: the folder `shop/` next to this file has a model, its migration, pages in the admin site, a view
//! and a command. `docs/DJANGO_MAP.md` says how to put such a folder into a copy of this project, which needs no type `Site`
//! around its settings.
//!
//! `cargo run --example shop -- migrate`, then `-- createsuperuser`, then `-- runserver`

pub mod shop;

use std::process::ExitCode;

use actix_simplejwt::apps::{AppConfig, Project};
use actix_simplejwt::conf::{Environment, SettingsError};
use actix_simplejwt::management::execute_from_command_line;
use actix_simplejwt::rest_framework::views::{mount, path};
use actix_simplejwt::{Apps, Settings, urls};
use actix_web::web::ServiceConfig;

/// The project.
#[derive(Default)]
pub struct Site(Settings);

impl Project for Site {
    fn installed_apps(&self) -> Vec<&'static dyn AppConfig> {
        let mut apps = Project::installed_apps(&self.0);
        apps.push(&shop::apps::ShopConfig);
        apps
    }

    fn urls(cfg: &mut ServiceConfig, apps: &Apps) {
        mount(cfg, apps, vec![path("/api/orders/", shop::views::orders())]);
        urls::configure(cfg, apps);
    }

    fn from_env(env: &Environment) -> Result<Self, SettingsError> {
        Settings::from_env(env).map(Self)
    }

    fn base(&self) -> Option<&dyn Project> {
        Some(&self.0)
    }
}

fn main() -> ExitCode {
    execute_from_command_line::<Site>()
}
