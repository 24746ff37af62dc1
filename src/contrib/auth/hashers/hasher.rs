//! The interface of all hashers. Python counterpart: `BasePasswordHasher` of `django.contrib.auth.hashers`.

use std::fmt;

use crate::core::crypto::{ALPHANUMERIC, random_string};

/// One way of turning a password into the text of `auth_user.password`, and of comparing with it.
///
/// The hashers of Django are in this module; another one is used through
/// [`PasswordHashers::new`](super::PasswordHashers::new), as a dotted name in Django's `PASSWORD_HASHERS` is.
pub trait PasswordHasher: fmt::Debug + Send + Sync {
    /// The text before the first `$` of every hash that this hasher writes.
    fn algorithm(&self) -> &'static str;

    /// The text to store for `password`, with a fresh salt.
    ///
    /// # Errors
    /// Returns an error if this hasher cannot hash the password, or if there is not enough memory.
    fn encode(&self, password: &str) -> Result<String, HasherError>;

    /// Whether `encoded`, a text of this hasher's algorithm, was made from `password`. Compares in constant time.
    ///
    /// # Errors
    /// Returns an error if the password was not compared and no work was done: the text is malformed or asks for too much work,
    /// or this hasher cannot take the password.
    fn verify(&self, password: &str, encoded: &str) -> Result<bool, HasherError>;

    /// Whether `encoded` was made with other parameters than this hasher's, or with a salt that is too short.
    ///
    /// # Errors
    /// Returns an error when the text is malformed.
    fn must_update(&self, encoded: &str) -> Result<bool, HasherError>;

    /// The work that went into `encoded` as a share of the work of [`PasswordHasher::encode`]: 0.25 is a quarter.
    /// `None` if only a measurement shows the difference in time.
    ///
    /// # Errors
    /// Returns an error when the text is malformed.
    fn relative_work(&self, encoded: &str) -> Result<Option<f64>, HasherError>;

    /// An estimate of [`PasswordHasher::relative_work`], for texts of which only a measurement shows the exact work. Default:
    /// `relative_work`, and 1 where it is `None`.
    ///
    /// # Errors
    /// Returns an error when the text is malformed.
    fn estimated_work(&self, encoded: &str) -> Result<f64, HasherError> {
        Ok(self.relative_work(encoded)?.unwrap_or(1.0))
    }

    /// Does `share` (0 to 1) of the work of [`PasswordHasher::encode`] and forgets the result. Takes any password.
    ///
    /// It is what Django's `harden_runtime` does for some of its hashers.
    fn harden_runtime(&self, password: &str, share: f64);
}

/// Why a hasher could not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HasherError {
    /// bcrypt reads 72 bytes; further bytes would not count.
    #[error("password cannot be longer than 72 bytes, truncate manually if necessary (e.g. my_password[:72])")]
    PasswordTooLong,
    /// bcrypt ends and repeats a password at a NUL: `a`, `a\0a` and `a\0a\0a` would be one password.
    #[error("password may not contain NUL bytes")]
    PasswordHasNul,
    /// The stored text is not one that this hasher writes.
    #[error("the stored password is malformed")]
    Malformed,
    /// The parameters are far beyond what anyone uses; following them could stop the server.
    #[error("the stored password asks for more work than is allowed")]
    TooMuchWork,
    /// There is not enough memory for the hasher.
    #[error("there is not enough memory to hash a password")]
    OutOfMemory,
}

/// Length of Django's salts: the minimum number of letters and digits for 128 bits.
const SALT_LENGTH: usize = 22;

/// A fresh salt, as Django's `BasePasswordHasher.salt`.
pub(super) fn salt() -> String {
    random_string(SALT_LENGTH, ALPHANUMERIC)
}

/// Whether a salt of this number of characters has less than 128 bits. Django's `must_update_salt`.
pub(super) const fn salt_is_short(characters: usize) -> bool {
    characters < SALT_LENGTH
}

/// A number above zero as Python writes it: only digits, without a leading zero.
///
/// Python reads more (`+5`, `0_5`, ` 5`), but then writes it in this form and finds the texts unequal.
pub(super) fn canonical_number(text: &str) -> Result<u32, HasherError> {
    let is_canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0') && !text.is_empty();
    if !is_canonical {
        return Err(HasherError::Malformed);
    }
    // A number that does not fit is above every limit.
    text.parse().map_err(|_| HasherError::TooMuchWork)
}

/// `share` of `total`, to the nearest whole.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and total")]
pub(super) fn part_of(total: u32, share: f64) -> u32 {
    (f64::from(total) * share.clamp(0.0, 1.0)).round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_only_as_python_writes_them() {
        assert_eq!(canonical_number("1000000"), Ok(1_000_000));
        for text in ["", "0", "01", "+1", " 1", "1_0", "-1", "1.0", "١"] {
            assert_eq!(canonical_number(text), Err(HasherError::Malformed), "{text:?}");
        }
        assert_eq!(canonical_number("1000000000000"), Err(HasherError::TooMuchWork));
    }

    #[test]
    fn a_part_is_rounded_and_never_more_than_the_whole() {
        assert_eq!(part_of(1000, 0.2504), 250);
        assert_eq!(part_of(1000, 7.0), 1000);
        assert_eq!(part_of(1000, -1.0), 0);
        assert_eq!(part_of(1000, f64::NAN), 0);
    }

    #[test]
    fn a_fresh_salt_is_long_enough() {
        assert!(!salt_is_short(salt().len()));
        assert!(salt_is_short(21));
    }
}
