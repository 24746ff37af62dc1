//! The two kinds of stored password that are measured.

use std::num::NonZeroU32;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::pbkdf2;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Whether `password` is the one that is `stored` in Django's form.
pub fn check(password: &str, stored: &str) -> bool {
    if let Some(hash) = stored.strip_prefix("bcrypt_sha256$") {
        let digest: String =
            digest(&SHA256, password.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        return bcrypt::verify(digest, hash).unwrap_or(false);
    }
    pbkdf2_sha256(password, stored).unwrap_or(false)
}

fn pbkdf2_sha256(password: &str, stored: &str) -> Option<bool> {
    let mut parts = stored.strip_prefix("pbkdf2_sha256$")?.split('$');
    let iterations: NonZeroU32 = parts.next()?.parse().ok()?;
    let salt = parts.next()?;
    let hash = STANDARD.decode(parts.next()?).ok()?;
    let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
    Some(pbkdf2::verify(algorithm, iterations, salt.as_bytes(), password.as_bytes(), &hash).is_ok())
}
