//! `Authorization: JWT <token>`: the older package for tokens in DRF. Python counterpart: `rest_framework_jwt`
//! (djangorestframework-jwt 1.11.0).
//!
//! One kind of token, which a client that still has a good one may exchange for a fresh one until the first login is
//! [`refresh_expiration_delta`](settings::LegacyJwtSettings::refresh_expiration_delta) ago. Nothing is stored, so nothing
//! can be revoked but the user. It is here for the clients that have it; new ones are better off with
//! `simplejwt`.

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
