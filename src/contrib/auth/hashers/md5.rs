//! Salted MD5. Python counterpart: `MD5PasswordHasher`.
//!
//! `md5$<salt>$<hex>`. It does not protect passwords. It is for reading old tables, and for tests, because it is fast.

use md5::{Digest, Md5};

use super::hasher::{HasherError, PasswordHasher, salt, salt_is_short};
use crate::core::crypto::{constant_time_eq, hex};

/// MD5 of salt and password.
#[derive(Clone, Copy, Debug, Default)]
pub struct Md5PasswordHasher;

/// Salt and hash of a stored text.
fn decode(encoded: &str) -> Result<(&str, &str), HasherError> {
    match encoded.strip_prefix("md5$").and_then(|rest| rest.split_once('$')) {
        Some((salt, hash)) if !salt.is_empty() => Ok((salt, hash)),
        _ => Err(HasherError::Malformed),
    }
}

fn hash(password: &str, salt: &str) -> String {
    hex(&Md5::new().chain_update(salt).chain_update(password).finalize())
}

impl PasswordHasher for Md5PasswordHasher {
    fn algorithm(&self) -> &'static str {
        "md5"
    }

    fn encode(&self, password: &str) -> Result<String, HasherError> {
        let salt = salt();
        Ok(format!("md5${salt}${}", hash(password, &salt)))
    }

    fn verify(&self, password: &str, encoded: &str) -> Result<bool, HasherError> {
        let (salt, stored) = decode(encoded)?;
        Ok(constant_time_eq(hash(password, salt).as_bytes(), stored.as_bytes()))
    }

    fn must_update(&self, encoded: &str) -> Result<bool, HasherError> {
        Ok(salt_is_short(decode(encoded)?.0.chars().count()))
    }

    fn relative_work(&self, encoded: &str) -> Result<Option<f64>, HasherError> {
        decode(encoded).map(|_| Some(1.0))
    }

    fn harden_runtime(&self, password: &str, share: f64) {
        if share > 0.0 {
            hash(password, "");
        }
    }
}
