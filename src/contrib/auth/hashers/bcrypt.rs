//! bcrypt. Python counterpart: `BCryptSHA256PasswordHasher` and `BCryptPasswordHasher`.
//!
//! `bcrypt_sha256$$2b$12$<salt><hash>` hashes the hexadecimal SHA-256 of the password; `bcrypt$$2b$12$…` hashes the password
//! itself. bcrypt reads 72 bytes of it, and treats it as a text that ends at a NUL and then begins again.

use std::borrow::Cow;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use bcrypt::{HashParts, Version};

use super::hasher::{HasherError, PasswordHasher, part_of};
use crate::core::crypto::{constant_time_eq, hex, random_bytes};

/// bcrypt of the password or of its SHA-256.
#[derive(Clone, Copy, Debug)]
pub struct BcryptPasswordHasher {
    prehash: bool,
    /// The binary logarithm of the number of key expansions, Django's `rounds`.
    cost: u32,
}

impl BcryptPasswordHasher {
    /// `bcrypt_sha256` with the cost of Django 5.2.
    pub const SHA256: Self = Self { prehash: true, cost: 12 };

    /// `bcrypt` with the cost of Django 5.2.
    pub const PLAIN: Self = Self { prehash: false, cost: 12 };

    /// A text of a higher cost than this, sixteen times the work of the default, is refused.
    pub const MAX_COST: u32 = 16;

    /// The lowest cost of bcrypt.
    pub const MIN_COST: u32 = 4;

    /// Bytes that bcrypt reads of a password.
    const MAX_BYTES: usize = 72;

    /// `bcrypt_sha256`, which takes passwords of any length.
    ///
    /// # Errors
    /// Returns an error for a cost outside of [`BcryptPasswordHasher::MIN_COST`] to [`BcryptPasswordHasher::MAX_COST`].
    pub fn sha256(cost: u32) -> Result<Self, HasherError> {
        Ok(Self { prehash: true, cost: allowed(cost)? })
    }

    /// `bcrypt`. It refuses passwords of more than 72 bytes, as the `bcrypt` library of Python does from version 5 on. It also
    /// refuses passwords with a NUL, for which that library makes the same hash as for other passwords.
    ///
    /// # Errors
    /// Same as [`BcryptPasswordHasher::sha256`].
    pub fn plain(cost: u32) -> Result<Self, HasherError> {
        Ok(Self { prehash: false, cost: allowed(cost)? })
    }

    fn decode(&self, encoded: &str) -> Result<(HashParts, Version), HasherError> {
        let rest = encoded.strip_prefix(self.algorithm()).and_then(|rest| rest.strip_prefix('$'));
        let rest = rest.ok_or(HasherError::Malformed)?;
        let version = match rest.get(..4) {
            Some("$2a$") => Version::TwoA,
            Some("$2b$") => Version::TwoB,
            Some("$2x$") => Version::TwoX,
            Some("$2y$") => Version::TwoY,
            _ => return Err(HasherError::Malformed),
        };
        let parts = HashParts::from_str(rest).map_err(|_| HasherError::Malformed)?;
        allowed(parts.get_cost())?;
        Ok((parts, version))
    }

    /// The bytes that bcrypt hashes.
    fn key<'a>(&self, password: &'a str) -> Result<Cow<'a, [u8]>, HasherError> {
        if self.prehash {
            Ok(Cow::Owned(hex(digest(&SHA256, password.as_bytes()).as_ref()).into_bytes()))
        } else if password.len() > Self::MAX_BYTES {
            Err(HasherError::PasswordTooLong)
        } else if password.contains('\0') {
            Err(HasherError::PasswordHasNul)
        } else {
            Ok(Cow::Borrowed(password.as_bytes()))
        }
    }
}

fn allowed(cost: u32) -> Result<u32, HasherError> {
    match cost {
        ..BcryptPasswordHasher::MIN_COST => Err(HasherError::Malformed),
        BcryptPasswordHasher::MIN_COST..=BcryptPasswordHasher::MAX_COST => Ok(cost),
        _ => Err(HasherError::TooMuchWork),
    }
}

fn hash(key: &[u8], cost: u32, salt: [u8; 16]) -> Result<HashParts, HasherError> {
    // bcrypt refuses only costs, and these are checked.
    bcrypt::hash_with_salt(key, cost, salt).map_err(|_| HasherError::Malformed)
}

/// Costs that together make `share` of the work of `cost`: each is half the work of the next, so they are the binary
/// digits of the number of expansions.
fn costs_of(cost: u32, share: f64) -> impl Iterator<Item = u32> {
    let expansions = part_of(1 << cost, share);
    (BcryptPasswordHasher::MIN_COST..=cost).filter(move |bit| expansions & (1 << bit) != 0)
}

impl PasswordHasher for BcryptPasswordHasher {
    fn algorithm(&self) -> &'static str {
        if self.prehash { "bcrypt_sha256" } else { "bcrypt" }
    }

    fn encode(&self, password: &str) -> Result<String, HasherError> {
        let parts = hash(&self.key(password)?, self.cost, random_bytes())?;
        Ok(format!("{}${}", self.algorithm(), parts.format_for_version(Version::TwoB)))
    }

    fn verify(&self, password: &str, encoded: &str) -> Result<bool, HasherError> {
        let (parts, version) = self.decode(encoded)?;
        let again = hash(&self.key(password)?, parts.get_cost(), parts.get_salt_raw())?;
        let again = format!("{}${}", self.algorithm(), again.format_for_version(version));
        Ok(constant_time_eq(again.as_bytes(), encoded.as_bytes()))
    }

    fn must_update(&self, encoded: &str) -> Result<bool, HasherError> {
        Ok(self.decode(encoded)?.0.get_cost() != self.cost)
    }

    fn relative_work(&self, encoded: &str) -> Result<Option<f64>, HasherError> {
        Ok(Some(f64::from(1_u32 << self.decode(encoded)?.0.get_cost()) / f64::from(1_u32 << self.cost)))
    }

    fn harden_runtime(&self, password: &str, share: f64) {
        // A password that `encode` refuses takes the same time as one that it accepts.
        let key = self.key(password).unwrap_or_default();
        for cost in costs_of(self.cost, share) {
            // The result and a failure are ignored.
            let _ = hash(&key, cost, [0; 16]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_hashes_have_the_format_and_cost_of_django() {
        let hasher = BcryptPasswordHasher::SHA256;
        let encoded = hasher.encode("correct horse").unwrap();
        assert_eq!((&encoded[..21], encoded.len()), ("bcrypt_sha256$$2b$12$", 74));
        assert_eq!(hasher.verify("correct horse", &encoded), Ok(true));
        assert_eq!(hasher.must_update(&encoded), Ok(false));

        let encoded = BcryptPasswordHasher::plain(4).unwrap().encode("x").unwrap();
        assert_eq!((&encoded[..14], encoded.len()), ("bcrypt$$2b$04$", 67));
    }

    #[test]
    fn plain_bcrypt_refuses_passwords_that_it_would_cut_or_repeat() {
        let hasher = BcryptPasswordHasher::plain(4).unwrap();
        let longest = "x".repeat(72);
        let encoded = hasher.encode(&longest).unwrap();
        assert_eq!(hasher.verify(&longest, &encoded), Ok(true));
        assert_eq!(hasher.verify(&"x".repeat(73), &encoded), Err(HasherError::PasswordTooLong));
        assert_eq!(hasher.encode(&"x".repeat(73)), Err(HasherError::PasswordTooLong));

        let encoded = hasher.encode("abc").unwrap();
        assert_eq!(hasher.verify("abc\0abc", &encoded), Err(HasherError::PasswordHasNul));
        assert_eq!(hasher.encode("abc\0"), Err(HasherError::PasswordHasNul));
    }

    #[test]
    fn missing_work_is_done_with_fewer_rounds() {
        let costs = |share| costs_of(12, share).collect::<Vec<_>>();
        assert_eq!(costs(1.0), [12]);
        assert_eq!(costs(0.5), [11]);
        // A text of cost 9 has an eighth of the work.
        assert_eq!(costs(0.875), [9, 10, 11]);
        assert_eq!(costs(0.0), [0; 0]);
        assert_eq!(BcryptPasswordHasher::PLAIN.relative_work(&text("09")), Ok(Some(0.125)));
    }

    #[test]
    fn absurd_costs_are_refused_at_once() {
        let hasher = BcryptPasswordHasher::plain(4).unwrap();
        assert_eq!(hasher.verify("x", &text("17")), Err(HasherError::TooMuchWork));
        assert_eq!(hasher.verify("x", &text("31")), Err(HasherError::TooMuchWork));
        assert_eq!(hasher.verify("x", &text("99")), Err(HasherError::TooMuchWork));
        assert_eq!(hasher.verify("x", &text("03")), Err(HasherError::Malformed));
    }

    fn text(cost: &str) -> String {
        format!("bcrypt$$2b${cost}$......................SZFhVdUK5wGKY4lx/QrgUMHG0XsWjbi")
    }
}
