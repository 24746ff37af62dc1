//! Secrets, random text and comparison in constant time. Python counterpart: `django.utils.crypto`.

use std::fmt;

use aws_lc_rs::constant_time;
use rand::TryRng;
use rand::rngs::SysRng;
use zeroize::Zeroizing;

/// Letters and digits, the alphabet of Django's salts, keys and one-time passwords.
pub const ALPHANUMERIC: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Text that must not reach a log: a key, a password, a connection string. Wiped from memory when dropped.
///
/// `Debug` prints no part of it; reading it is a visible [`SecretString::expose`].
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SecretString(Zeroizing<String>);

impl SecretString {
    /// Wraps a secret.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(Zeroizing::new(secret.into()))
    }

    /// The secret itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretString(…)")
    }
}

impl From<&str> for SecretString {
    fn from(secret: &str) -> Self {
        Self::new(secret)
    }
}

impl From<String> for SecretString {
    fn from(secret: String) -> Self {
        Self::new(secret)
    }
}

/// Whether both are the same, in a time that depends on their lengths only.
#[must_use]
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// Bytes from the operating system's random generator. That of aws-lc measures the jitter of the processor's clock before
/// it gives the first ones, which takes longer than all else that a start does.
///
/// # Panics
/// When the operating system has no randomness to give: going on would mean guessable keys.
#[must_use]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// `length` characters drawn evenly from the ASCII `alphabet`, as Django's `get_random_string`.
#[must_use]
pub fn random_string(length: usize, alphabet: &str) -> String {
    let alphabet = alphabet.as_bytes();
    // Bytes from this bound up would favour the first characters, so they are drawn again.
    let bound = 256 - 256 % alphabet.len();
    let mut text = String::with_capacity(length);
    while text.len() < length {
        for byte in random_bytes::<32>() {
            if usize::from(byte) < bound && text.len() < length {
                text.push(char::from(alphabet[usize::from(byte) % alphabet.len()]));
            }
        }
    }
    text
}

/// Lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    push_hex(&mut text, bytes);
    text
}

/// Appends lower-case hexadecimal digits to `text`.
pub fn push_hex(text: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        assert_eq!(format!("{:?}", SecretString::new("hunter2")), "SecretString(…)");
    }

    #[test]
    fn random_text_has_the_length_and_the_alphabet_asked_for() {
        let text = random_string(1000, "abc");
        assert_eq!(text.len(), 1000);
        assert!(text.chars().all(|c| "abc".contains(c)));
        assert_ne!(random_string(22, ALPHANUMERIC), random_string(22, ALPHANUMERIC));
    }

    #[test]
    fn hexadecimal_is_lower_case_and_padded() {
        assert_eq!(hex(&[0, 15, 255]), "000fff");
    }
}
