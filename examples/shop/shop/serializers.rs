//! What clients send.

use super::models::Order;
use super::settings::ShopSettings;
use actix_simplejwt::contrib::auth::UserId;
use actix_simplejwt::db::{DbConnection, advisory_lock, is_unique_violation};
use actix_simplejwt::rest_framework::exceptions::ApiError;
use actix_simplejwt::rest_framework::fields::CharField;
use actix_simplejwt::rest_framework::serializers::{Fields, Serializer, non_field_error};

/// The body of a new order.
pub struct OrderSerializer {
    number: String,
}

impl Serializer for OrderSerializer {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { number: fields.read(CharField::new("number")) }
    }
}

impl OrderSerializer {
    /// `validate()` and `create()`
    pub fn save(self, conn: &mut DbConnection, customer: UserId, settings: &ShopSettings) -> Result<Order, ApiError> {
        if self.number.chars().count() > Order::NUMBER_MAX_LENGTH {
            let message = format!("Ensure this field has no more than {} characters.", Order::NUMBER_MAX_LENGTH);
            return Err(non_field_error("number", &message));
        }
        // Two requests of one customer must not both count before one of them inserts.
        advisory_lock(conn, &format!("orders of user {customer}"))?;
        if Order::count_unpaid_of(conn, customer)? >= settings.max_unpaid_orders {
            return Err(non_field_error("non_field_errors", "Pay your orders first."));
        }
        match Order::create(conn, &self.number, customer) {
            // The column is UNIQUE. A query before the insert would miss a concurrent request.
            Err(error) if is_unique_violation(&error) => {
                Err(non_field_error("number", "order with this number already exists."))
            }
            created => Ok(created?),
        }
    }
}
