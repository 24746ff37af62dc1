//! A view: one URL, its methods, and who may use them. Python counterpart: `rest_framework.views.APIView`.
//!
//! ```
//! use actix_simplejwt::Authenticated;
//! use actix_simplejwt::rest_framework::views::{ApiView, path};
//! use actix_web::web::ServiceConfig;
//!
//! async fn greet(auth: Authenticated) -> String {
//!     format!("Hello, {}!", auth.user.username())
//! }
//!
//! fn configure(cfg: &mut ServiceConfig) {
//!     cfg.service(path("/api/protected/", ApiView::new("Protected").get(greet)));
//! }
//! # let _ = actix_web::App::new().configure(configure);
//! ```
//!
//! A view that says nothing about access has `DEFAULT_PERMISSION_CLASSES`. A public view must say so: [`ApiView::public`].

mod dispatch;
mod mounted;
mod route;
mod view;

pub(super) use self::dispatch::vary;
pub(super) use self::mounted::MountedView;
pub use self::route::{Route, include, mount, path};
pub use self::view::ApiView;
pub(super) use self::view::METHODS;
