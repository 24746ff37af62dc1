//! Introspection and revocation of tokens for API gateways (RFC 7662, RFC 7009). Python counterpart:
//! `oauth2_provider.views` of django-oauth-toolkit, whose bodies the answers have.
//!
//! The callers are named in `OAUTH2_CLIENTS`. Without any, there is neither of the two endpoints.

pub mod clients;
#[cfg(feature = "server")]
pub(super) mod management;
pub mod settings;
pub mod urls;
pub mod views;

pub use self::clients::OAuth2Clients;
