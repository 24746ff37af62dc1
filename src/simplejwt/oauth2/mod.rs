//! Introspection and revocation of tokens for API gateways (RFC 7662, RFC 7009). Python counterpart: `oauth2_provider.views` of
//! django-oauth-toolkit. The bodies of the responses are the same.
//!
//! `OAUTH2_CLIENTS` names the clients. Without clients the two endpoints do not exist.

pub mod clients;
#[cfg(feature = "server")]
pub(super) mod management;
pub mod settings;
pub mod urls;
pub mod views;

pub use self::clients::OAuth2Clients;
