//! The API of orders.

use actix_web::HttpResponse;

use super::models::Order;
use super::serializers::OrderSerializer;
use super::settings::ShopSettings;
use actix_simplejwt::apps::Apps;
use actix_simplejwt::db::{Database, DatabaseError};
use actix_simplejwt::rest_framework::exceptions::ApiError;
use actix_simplejwt::rest_framework::request::{Authenticated, RequestData};
use actix_simplejwt::rest_framework::views::ApiView;

/// `GET`: the caller's orders. `POST`: a new one.
pub fn orders() -> ApiView {
    ApiView::new("Orders").app("shop").serializer::<OrderSerializer>().get(list).post(create)
}

async fn list(caller: Authenticated, apps: Apps) -> Result<HttpResponse, ApiError> {
    let database: &Database = apps.database().map_err(ApiError::internal)?;
    let customer = caller.user.pk().ok_or_else(ApiError::permission_denied)?;
    let orders = move |conn: &mut _| Order::of_customer(conn, customer).map_err(DatabaseError::from);
    Ok(HttpResponse::Ok().json(database.query(orders).await?))
}

async fn create(
    caller: Authenticated,
    data: RequestData<OrderSerializer>,
    apps: Apps,
) -> Result<HttpResponse, ApiError> {
    let database: &Database = apps.database().map_err(ApiError::internal)?;
    let settings: ShopSettings = apps.get::<ShopSettings>().map_err(ApiError::internal)?.clone();
    let customer = caller.user.pk().ok_or_else(ApiError::permission_denied)?;
    let order = database.write(move |conn| data.into_inner().save(conn, customer, &settings)).await?;
    Ok(HttpResponse::Created().json(order))
}
