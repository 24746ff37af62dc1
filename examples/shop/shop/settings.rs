//! The settings of this app, in the environment or in `.env`.

use actix_simplejwt::conf::{settings, values};

settings! {
    section "Shop", app "shop", prefix "SHOP_";

    /// What customers may order.
    #[derive(Clone, Debug)]
    pub struct ShopSettings {
        /// How many unpaid orders a customer may have.
        ///
        /// **With `0`, customers cannot order.**
        pub max_unpaid_orders: i64 = SHOP_MAX_UNPAID_ORDERS("10", values::number_in(0..=1_000));
    }
}
