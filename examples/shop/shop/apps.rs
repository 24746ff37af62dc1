//! `shop` as an app.

use super::admin::OrderAdmin;
use super::{checks, management, models};
use actix_simplejwt::apps::command::Command;
use actix_simplejwt::apps::{AppConfig, Check, Registry};
use actix_simplejwt::conf::SettingsError;
use actix_simplejwt::db::migrations::Step;

/// `class ShopConfig(AppConfig)`
pub struct ShopConfig;

impl AppConfig for ShopConfig {
    fn name(&self) -> &'static str {
        "shop"
    }

    fn migrations(&self) -> &'static [Step] {
        models::MIGRATIONS
    }

    fn checks(&self) -> &'static [Check] {
        checks::CHECKS
    }

    fn commands(&self) -> Vec<Command> {
        management::commands()
    }

    fn register(&self, registry: &mut Registry) -> Result<(), SettingsError> {
        registry.admin().register(OrderAdmin);
        Ok(())
    }
}
