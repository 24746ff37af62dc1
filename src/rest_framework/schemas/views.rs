//! The view that serves the document. Python counterpart: `rest_framework.schemas.get_schema_view` and
//! `drf_spectacular.views.SpectacularAPIView`.

use std::cell::OnceCell;
use std::rc::Rc;

use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};

use super::openapi::{Info, document};
use crate::apps::Apps;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::renderers::Renderer;
use crate::rest_framework::views::{ApiView, Route};

/// `GET`: the description of `urlpatterns`, without a login.
///
/// Each worker builds the document at the first request and keeps it: it depends only on the settings.
#[must_use]
pub fn get_schema_view(info: Info, urlpatterns: fn() -> Vec<Route>) -> ApiView {
    let made = Rc::new(OnceCell::<Bytes>::new());
    let serve = move |req: HttpRequest| {
        let made = Rc::clone(&made);
        async move {
            let text = match made.get() {
                Some(text) => text.clone(),
                None => {
                    let apps = Apps::of(&req).map_err(ApiError::internal)?;
                    let mut routes = urlpatterns();
                    routes.retain(|route| route.is_installed(apps));
                    let text = document(info, &routes, &req)?.to_string();
                    made.get_or_init(|| text.into()).clone()
                }
            };
            Ok::<_, ApiError>(
                HttpResponse::Ok()
                    .content_type("application/json")
                    .insert_header((header::CONTENT_DISPOSITION, "inline; filename=\"openapi.json\""))
                    .body(text),
            )
        }
    };
    ApiView::new("Open Api Schema")
        .description("The description of this API, in OpenAPI 3.1.")
        .unauthenticated(|_| None)
        .unthrottled()
        .renderers(&[Renderer::Json])
        .get(serve)
}
