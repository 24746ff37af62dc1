//! Introspection and revocation of tokens for API gateways (RFC 7662, RFC 7009). Python counterpart: `oauth2_provider.views` of
//! django-oauth-toolkit. The bodies of the responses are the same.
//!
//! `OAUTH2_CLIENTS` names the clients. Without clients the two endpoints do not exist.
//!
//! It is a part of the app `rest_framework_simplejwt` and not an app: it has no tables and ends no tokens of other apps, and the
//! setting turns it on. So there is no `oauth2_provider` in `INSTALLED_APPS`.

pub mod clients;
mod forms;
#[cfg(feature = "server")]
pub(super) mod management;
mod serializers;
pub mod settings;
pub mod urls;
pub mod views;

pub use self::clients::OAuth2Clients;
