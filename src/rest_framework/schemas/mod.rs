//! A description of the API that is generated from the views. Python counterpart: `rest_framework.schemas`, and
//! `drf-spectacular`, which most projects use in its place.
//!
//! It follows the [`ApiView`](super::views::ApiView)s and the settings: methods, fields, parsers, renderers,
//! authentication classes, permissions, throttles. The body of a successful answer is declared next to the handler:
//!
//! ```ignore
//! ApiView::new("Protected").get(greet).answers(|_| object([("message", text("A greeting."))]))
//! ```

/// `API_DOCS`: whether the API describes itself, at `/api/schema/` and `/api/docs/`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ApiDocs(pub bool);

mod components;
pub mod login;
pub mod openapi;
mod responses;
pub mod shapes;
#[cfg(feature = "swagger-ui")]
pub mod swagger_ui;
pub mod views;
