//! Signatures over text. Python counterpart: `django.core.signing.Signer`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::core::crypto::{SaltedHmac, SecretString, constant_time_eq};

/// Signs text with HMAC-SHA256: `value:signature`.
///
/// A signature says that the text comes from a holder of the key. It does not hide the text. Each use needs a different
/// salt, so that a signature for one use is invalid for another.
#[derive(Clone, Debug)]
pub struct Signer {
    key: SaltedHmac,
    fallback_keys: Vec<SaltedHmac>,
}

/// Why signed text was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    /// There is no signature in it.
    #[error("no signature found")]
    Missing,
    /// No key has made this signature.
    #[error("the signature does not match")]
    Mismatch,
    /// The signature is older than the caller accepts.
    #[error("the signature has expired")]
    Expired,
    /// The signature is right, but the content cannot be read.
    #[error("the signed content cannot be read")]
    Content,
}

impl Signer {
    /// Signs with `key`, and verifies with `key` and `fallback_keys`: `SECRET_KEY` and `SECRET_KEY_FALLBACKS`.
    #[must_use]
    pub fn new(key: &SecretString, fallback_keys: &[SecretString], salt: &str) -> Self {
        let salt = format!("{salt}signer");
        let salted = |key: &SecretString| SaltedHmac::new(&salt, key.expose());
        Self { key: salted(key), fallback_keys: fallback_keys.iter().map(salted).collect() }
    }

    /// `value:signature`.
    #[must_use]
    pub fn sign(&self, value: &str) -> String {
        format!("{value}:{}", signature(&self.key, value))
    }

    /// The value in signed text.
    ///
    /// # Errors
    /// Returns an error if there is no signature, or if none of the keys has made it.
    pub fn unsign<'a>(&self, signed: &'a str) -> Result<&'a str, BadSignature> {
        let (value, found) = signed.rsplit_once(':').ok_or(BadSignature::Missing)?;
        let is_by = |key: &SaltedHmac| constant_time_eq(found.as_bytes(), signature(key, value).as_bytes());
        let is_known = std::iter::once(&self.key).chain(&self.fallback_keys).any(is_by);
        if is_known { Ok(value) } else { Err(BadSignature::Mismatch) }
    }
}

fn signature(key: &SaltedHmac, value: &str) -> String {
    URL_SAFE_NO_PAD.encode(key.digest(value.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(key: &str, fallback_keys: &[&str], salt: &str) -> Signer {
        let fallback_keys: Vec<_> = fallback_keys.iter().copied().map(SecretString::from).collect();
        Signer::new(&key.into(), &fallback_keys, salt)
    }

    /// Made by `Signer(key="predictable-secret", salt="extra-salt").sign("hello")` of Django 5.2.
    const BY_DJANGO: &str = "hello:g8YZrsJ1xXg4hGFgU2uc4ff9ZZRKt3ReprMkjND8TfM";

    #[test]
    fn a_signature_is_djangos() {
        let signer = signer("predictable-secret", &[], "extra-salt");
        assert_eq!(signer.sign("hello"), BY_DJANGO);
        assert_eq!(signer.unsign(BY_DJANGO), Ok("hello"));
    }

    #[test]
    fn text_that_was_changed_is_refused() {
        let signer = signer("a", &[], "s");
        let signed = signer.sign("a:b");
        assert_eq!(signer.unsign(&signed), Ok("a:b"));
        assert_eq!(signer.unsign("ab"), Err(BadSignature::Missing));
        for changed in [signed.replacen('a', "c", 1), format!("{signed}="), signed[..signed.len() - 1].to_owned()] {
            assert_eq!(signer.unsign(&changed), Err(BadSignature::Mismatch), "{changed}");
        }
    }

    #[test]
    fn another_key_or_salt_is_another_signature() {
        let signed = signer("old", &[], "s").sign("x");
        assert_eq!(signer("new", &[], "s").unsign(&signed), Err(BadSignature::Mismatch));
        assert_eq!(signer("old", &[], "t").unsign(&signed), Err(BadSignature::Mismatch));
        let with_fallbacks = signer("new", &["older", "old"], "s");
        assert_eq!(with_fallbacks.unsign(&signed), Ok("x"));
        assert_eq!(with_fallbacks.sign("x"), signer("new", &[], "s").sign("x"));
    }
}
