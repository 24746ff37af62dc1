//! How orders are shown in the admin site.

use super::models::shop_order;
use actix_simplejwt::contrib::admin::ModelAdmin;
use actix_simplejwt::contrib::admin::models::{Field, Model, Row};

/// `class OrderAdmin(ModelAdmin)`
pub struct OrderAdmin;

impl ModelAdmin for OrderAdmin {
    fn model(&self) -> Model {
        Model::new("shop", "Order", shop_order::table)
            .field(Field::of(shop_order::number).max_length(20).unique())
            .field(Field::foreign_key(shop_order::customer_id, "auth.User"))
            .field(Field::of(shop_order::is_paid).verbose_name("paid"))
    }

    fn to_string(&self, order: &Row) -> String {
        format!("Order {}", order.text("number"))
    }

    fn list_display(&self) -> &[&str] {
        &["number", "customer", "is_paid"]
    }
}
