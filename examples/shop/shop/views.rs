//! The API of orders.

use actix_web::HttpResponse;

use super::models::Order;
use actix_simplejwt::apps::Apps;
use actix_simplejwt::db::{Database, DatabaseError};
use actix_simplejwt::rest_framework::exceptions::ApiError;
use actix_simplejwt::rest_framework::request::Authenticated;
use actix_simplejwt::rest_framework::views::ApiView;

/// `GET`: the caller's orders.
pub fn orders() -> ApiView {
    ApiView::new("Orders").app("shop").get(list)
}

async fn list(caller: Authenticated, apps: Apps) -> Result<HttpResponse, ApiError> {
    let database: &Database = apps.database().map_err(ApiError::internal)?;
    let customer = caller.user.pk().ok_or_else(ApiError::permission_denied)?;
    let orders = move |conn: &mut _| Order::of_customer(conn, customer).map_err(DatabaseError::from);
    Ok(HttpResponse::Ok().json(database.query(orders).await?))
}
