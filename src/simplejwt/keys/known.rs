//! A key that verifies, with its names.

use aws_lc_rs::digest::{SHA256, digest};

use crate::core::crypto::SecretString;
use crate::core::jwt::VerifyingKey;

/// A key that verifies.
#[derive(Clone, Debug)]
pub(super) struct KnownKey {
    pub(super) key: VerifyingKey,
    /// Its name in tokens. `None` for an HMAC key.
    pub(super) kid: Option<String>,
    /// The second name of every asymmetric key, because tokens may be older than the name `kid`.
    pub(super) thumbprint: Option<String>,
    /// Identifies the key: its thumbprint, or the digest of its secret.
    pub(super) identity: Vec<u8>,
}

impl KnownKey {
    /// `text` is the secret of an HMAC key.
    pub(super) fn new(key: VerifyingKey, text: &SecretString, kid: Option<String>) -> Self {
        let thumbprint = key.thumbprint();
        let identity = match &thumbprint {
            Some(thumbprint) => thumbprint.clone().into_bytes(),
            None => digest(&SHA256, text.expose().as_bytes()).as_ref().to_vec(),
        };
        let kid = kid.filter(|_| thumbprint.is_some()).or_else(|| thumbprint.clone());
        Self { key, kid, thumbprint, identity }
    }

    /// Its names, as tokens may have them.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        [&self.kid, &self.thumbprint].into_iter().flatten().map(String::as_str)
    }

    /// Whether `kid` is one of its names.
    pub(super) fn is_called(&self, kid: &str) -> bool {
        self.names().any(|name| name == kid)
    }
}
