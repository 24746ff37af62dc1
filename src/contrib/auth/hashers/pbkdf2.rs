//! PBKDF2. Python counterpart: `PBKDF2PasswordHasher` and `PBKDF2SHA1PasswordHasher`.
//!
//! `pbkdf2_sha256$<iterations>$<salt>$<base64>`.

use std::num::NonZeroU32;

use aws_lc_rs::digest::{SHA1_OUTPUT_LEN, SHA256_OUTPUT_LEN};
use aws_lc_rs::pbkdf2;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::hasher::{HasherError, PasswordHasher, canonical_number, part_of, salt, salt_is_short};
use crate::core::crypto::constant_time_eq;

// A zero is an error of the compiler and not of the server.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(1_000_000).unwrap();

/// PBKDF2 with HMAC-SHA256, Django's default, or with HMAC-SHA1.
#[derive(Clone, Copy, Debug)]
pub struct Pbkdf2PasswordHasher {
    digest: Digest,
    iterations: NonZeroU32,
}

#[derive(Clone, Copy, Debug)]
enum Digest {
    Sha1,
    Sha256,
}

/// The parts of a stored text.
struct Decoded<'a> {
    iterations: NonZeroU32,
    salt: &'a str,
    hash: &'a str,
}

impl Pbkdf2PasswordHasher {
    /// `pbkdf2_sha256` with the iterations of Django 5.2.
    pub const SHA256: Self = Self { digest: Digest::Sha256, iterations: ITERATIONS };

    /// `pbkdf2_sha1` with the iterations of Django 5.2.
    pub const SHA1: Self = Self { digest: Digest::Sha1, iterations: ITERATIONS };

    /// A text that asks for more iterations than this, twenty times the default, is refused.
    pub const MAX_ITERATIONS: u32 = 20_000_000;

    /// `pbkdf2_sha256` with this number of iterations.
    ///
    /// # Errors
    /// Returns an error for no iterations, or more than [`Pbkdf2PasswordHasher::MAX_ITERATIONS`].
    pub fn sha256(iterations: u32) -> Result<Self, HasherError> {
        Ok(Self { digest: Digest::Sha256, iterations: allowed(iterations)? })
    }

    /// `pbkdf2_sha1` with this number of iterations.
    ///
    /// # Errors
    /// Same as [`Pbkdf2PasswordHasher::sha256`].
    pub fn sha1(iterations: u32) -> Result<Self, HasherError> {
        Ok(Self { digest: Digest::Sha1, iterations: allowed(iterations)? })
    }

    fn decode<'a>(&self, encoded: &'a str) -> Result<Decoded<'a>, HasherError> {
        let mut parts = encoded.splitn(4, '$');
        let mut next = || parts.next().ok_or(HasherError::Malformed);
        let (algorithm, iterations, salt, hash) = (next()?, next()?, next()?, next()?);
        if algorithm != self.algorithm() || salt.is_empty() {
            return Err(HasherError::Malformed);
        }
        Ok(Decoded { iterations: allowed(canonical_number(iterations)?)?, salt, hash })
    }

    /// The last part of the text.
    fn hash(&self, password: &str, salt: &str, iterations: NonZeroU32) -> String {
        let mut output = [0; SHA256_OUTPUT_LEN];
        let (algorithm, length) = match self.digest {
            Digest::Sha1 => (pbkdf2::PBKDF2_HMAC_SHA1, SHA1_OUTPUT_LEN),
            Digest::Sha256 => (pbkdf2::PBKDF2_HMAC_SHA256, SHA256_OUTPUT_LEN),
        };
        let output = &mut output[..length];
        pbkdf2::derive(algorithm, iterations, salt.as_bytes(), password.as_bytes(), output);
        STANDARD.encode(output)
    }
}

fn allowed(iterations: u32) -> Result<NonZeroU32, HasherError> {
    if iterations > Pbkdf2PasswordHasher::MAX_ITERATIONS {
        return Err(HasherError::TooMuchWork);
    }
    NonZeroU32::new(iterations).ok_or(HasherError::Malformed)
}

impl PasswordHasher for Pbkdf2PasswordHasher {
    fn algorithm(&self) -> &'static str {
        match self.digest {
            Digest::Sha1 => "pbkdf2_sha1",
            Digest::Sha256 => "pbkdf2_sha256",
        }
    }

    fn encode(&self, password: &str) -> Result<String, HasherError> {
        let salt = salt();
        let hash = self.hash(password, &salt, self.iterations);
        Ok(format!("{}${}${salt}${hash}", self.algorithm(), self.iterations))
    }

    fn verify(&self, password: &str, encoded: &str) -> Result<bool, HasherError> {
        let Decoded { iterations, salt, hash } = self.decode(encoded)?;
        Ok(constant_time_eq(self.hash(password, salt, iterations).as_bytes(), hash.as_bytes()))
    }

    fn must_update(&self, encoded: &str) -> Result<bool, HasherError> {
        let Decoded { iterations, salt, .. } = self.decode(encoded)?;
        Ok(iterations != self.iterations || salt_is_short(salt.chars().count()))
    }

    fn relative_work(&self, encoded: &str) -> Result<Option<f64>, HasherError> {
        Ok(Some(f64::from(self.decode(encoded)?.iterations.get()) / f64::from(self.iterations.get())))
    }

    fn harden_runtime(&self, password: &str, share: f64) {
        if let Some(iterations) = NonZeroU32::new(part_of(self.iterations.get(), share)) {
            self.hash(password, "0123456789012345678901", iterations);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_hash_has_the_format_and_cost_of_django() {
        let hasher = Pbkdf2PasswordHasher::SHA256;
        let encoded = hasher.encode("correct horse").unwrap();
        let parts: Vec<&str> = encoded.split('$').collect();
        assert_eq!(parts[..2], ["pbkdf2_sha256", "1000000"]);
        assert_eq!((parts[2].len(), parts[3].len(), parts.len()), (22, 44, 4));
        assert_eq!(hasher.verify("correct horse", &encoded), Ok(true));
        assert_eq!(hasher.must_update(&encoded), Ok(false));
    }

    #[test]
    fn the_work_of_a_hash_is_its_iterations() {
        let hasher = Pbkdf2PasswordHasher::sha1(1000).unwrap();
        assert_eq!(hasher.relative_work("pbkdf2_sha1$250$salt$hash"), Ok(Some(0.25)));
        assert_eq!(hasher.relative_work("pbkdf2_sha256$250$salt$hash"), Err(HasherError::Malformed));
    }

    #[test]
    fn absurd_iterations_are_refused_at_once() {
        let hasher = Pbkdf2PasswordHasher::sha256(1000).unwrap();
        for iterations in ["20000001", "4294967295", "1000000000000"] {
            let encoded = format!("pbkdf2_sha256${iterations}$salt$hash");
            assert_eq!(hasher.verify("x", &encoded), Err(HasherError::TooMuchWork), "{iterations}");
        }
        assert_eq!(Pbkdf2PasswordHasher::sha256(20_000_001).unwrap_err(), HasherError::TooMuchWork);
        assert_eq!(Pbkdf2PasswordHasher::sha256(0).unwrap_err(), HasherError::Malformed);
    }
}
