//! What every app of the project shares when it talks HTTP. Python counterpart: `rest_framework`.
//!
//! [`views::ApiView`] runs a request through the steps of DRF's `APIView.dispatch`: content negotiation,
//! authentication, permissions, the handler, and one way out for errors ([`exceptions`]). The extractors of [`request`]
//! hand the outcome to a handler as arguments.

pub mod authentication;
pub mod exceptions;
pub mod fields;
pub mod metadata;
pub mod middleware;
pub mod model_permissions;
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
