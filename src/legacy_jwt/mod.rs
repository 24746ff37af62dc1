//! `Authorization: JWT <token>`: the older package for tokens in DRF. Python counterpart: `rest_framework_jwt`
//! (djangorestframework-jwt 1.11.0).
//!
//! There is one kind of token. A client can exchange a valid token for a new one, until the login is
//! [`refresh_expiration_delta`](settings::LegacyJwtSettings::refresh_expiration_delta) ago. Nothing is stored, so a token cannot
//! be revoked; only its user can be deactivated. This app is for existing clients; use `simplejwt` for new ones.

pub mod apps;
pub mod authentication;
mod checks;
pub mod exceptions;
pub mod serializers;
pub mod settings;
pub mod state;
pub mod tokens;
pub mod urls;
pub mod views;
