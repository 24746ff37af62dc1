//! Secrets, random text and comparison in constant time. Python counterpart: `django.utils.crypto`.

use std::fmt;

use aws_lc_rs::{constant_time, digest, hmac};
use rand::TryRng;
use rand::rngs::SysRng;
use zeroize::Zeroizing;

/// Letters and digits, the alphabet of Django's salts, keys and one-time passwords.
pub const ALPHANUMERIC: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Text that must not reach a log: a key, a password, a connection string. It is wiped from memory when dropped.
///
/// `Debug` prints no part of it, `==` takes a time that depends on the lengths only, and reading it takes an explicit
/// [`SecretString::expose`].
#[derive(Clone, Default, Eq)]
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

impl PartialEq for SecretString {
    fn eq(&self, other: &Self) -> bool {
        constant_time_eq(self.expose().as_bytes(), other.expose().as_bytes())
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

/// Whether `a` and `b` are equal. The time depends only on their lengths.
#[must_use]
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// HMAC-SHA256 with a key that is made of a salt and a secret: `salted_hmac(…, algorithm="sha256")` of Django. The salt says
/// what a digest is for, so that one secret has several uses.
#[derive(Clone)]
pub struct SaltedHmac(hmac::Key);

impl SaltedHmac {
    /// The key for `salt` and `secret`.
    #[must_use]
    pub fn new(salt: &str, secret: &str) -> Self {
        let text = Zeroizing::new([salt.as_bytes(), secret.as_bytes()].concat());
        let key = digest::digest(&digest::SHA256, &text);
        Self(hmac::Key::new(hmac::HMAC_SHA256, key.as_ref()))
    }

    /// The digest of `value`, 32 bytes.
    #[must_use]
    pub fn digest(&self, value: &[u8]) -> impl AsRef<[u8]> + use<> {
        hmac::sign(&self.0, value)
    }
}

impl fmt::Debug for SaltedHmac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SaltedHmac(…)")
    }
}

/// Bytes from the random generator of the operating system. The generator of AWS-LC needs tens of milliseconds before its
/// first byte, which is longer than the rest of the start.
///
/// # Panics
/// If the operating system cannot give random bytes: without them keys would be guessable.
#[must_use]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes).expect("the operating system must give random bytes");
    bytes
}

/// `length` characters drawn uniformly from the ASCII `alphabet`, as Django's `get_random_string`.
///
/// # Panics
/// If `alphabet` is empty, or as [`random_bytes`].
#[must_use]
pub fn random_string(length: usize, alphabet: &str) -> String {
    let alphabet = alphabet.as_bytes();
    // Larger bytes would make the first characters more likely, so they are drawn again.
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
    fn debug_output_shows_no_secret() {
        assert_eq!(format!("{:?}", SecretString::new("hunter2")), "SecretString(…)");
    }

    #[test]
    fn secrets_are_equal_if_all_their_bytes_are() {
        let secret = SecretString::new("hunter2");
        assert_eq!(secret, SecretString::new("hunter2"));
        for other in ["", "hunter", "hunter22", "Hunter2", "hunter3"] {
            assert_ne!(secret, SecretString::new(other), "{other}");
        }
    }

    /// Every comparison of secrets has to go through [`SecretString`] or [`constant_time_eq`].
    #[test]
    fn no_source_file_compares_an_exposed_secret() {
        fn check(folder: &std::path::Path) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    check(&path);
                } else if path.extension().is_some_and(|extension| extension == "rs")
                    && !path.ends_with("core/crypto.rs")
                {
                    let source = std::fs::read_to_string(&path).unwrap();
                    for operator in ["==", "!="] {
                        for comparison in [format!("expose() {operator}"), format!("{operator} secret.expose()")] {
                            assert!(!source.contains(&comparison), "{}: {comparison}", path.display());
                        }
                    }
                }
            }
        }
        check(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    }

    #[test]
    fn random_text_has_the_given_length_and_alphabet() {
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
