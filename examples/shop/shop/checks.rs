//! The system checks of this app.

use super::settings::ShopSettings;
use actix_simplejwt::apps::{Check, Registry, When};
use actix_simplejwt::core::checks::CheckMessage;

/// The checks that `ShopConfig` brings.
pub const CHECKS: &[Check] = &[Check { ids: &["shop.W001"], when: When::Always, run: limits }];

fn limits(registry: &Registry) -> Vec<CheckMessage> {
    if registry.settings::<ShopSettings>().max_unpaid_orders > 0 {
        return Vec::new();
    }
    let message = CheckMessage::warning("shop.W001", "SHOP_MAX_UNPAID_ORDERS is 0, so customers cannot order.");
    vec![message.hint("Set it to 1 or more.")]
}
