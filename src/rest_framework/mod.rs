//! The HTTP code that all apps of the project share. Python counterpart: `rest_framework`.
//!
//! [`views::ApiView`] runs a request through the steps of DRF's `APIView.dispatch`: content negotiation, authentication,
//! permissions, throttles and the handler. Every error becomes a response in [`exceptions`]. The extractors of [`request`]
//! give the caller and the body to a handler as arguments.
//!
//! Authentication, permission and throttle classes are values that implement a trait: [`authentication::Authentication`],
//! [`permissions::Permission`] and [`throttling::Throttle`].

mod app_data;
pub mod apps;
pub mod authentication;
#[cfg(feature = "server")]
pub mod browsable;
mod checked;
mod checks;
#[cfg(feature = "database")]
pub mod context;
pub mod exceptions;
pub mod fields;
pub mod mediatypes;
pub mod metadata;
pub mod middleware;
pub mod negotiation;
pub mod parsers;
pub mod permissions;
pub mod renderers;
pub mod request;
pub mod schemas;
pub mod serializers;
pub mod settings;
pub mod state;
pub mod test;
pub mod throttling;
pub mod views;

use std::borrow::Cow;

/// The name of the type `T` without its path and its parameters: the default name of a class.
fn class_name<T: ?Sized>() -> Cow<'static, str> {
    let path = std::any::type_name::<T>();
    let path = path.split('<').next().unwrap_or(path);
    path.rsplit("::").next().unwrap_or(path).into()
}
