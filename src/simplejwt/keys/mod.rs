//! The keys of tokens: one signs, and all verify. Python counterpart: the key of
//! `rest_framework_simplejwt.backends.TokenBackend`.
//!
//! A key may be in a file that all instances read (`SIMPLE_JWT_SIGNING_KEY=file:PATH`). Every instance reads it again every
//! quarter of a second, so `manage rotatekey` changes the keys of all instances without a restart. If a file cannot be used, the
//! last good keys stay, and the log has the reason. A change counts when it has been read twice, because a file may be
//! half-written.

mod files;
mod jwks;
mod known;
mod listed;
mod ring;
mod rotation;
mod spec;
#[cfg(test)]
mod tests;

use self::files::KeyFiles;
pub use self::files::{POLL_INTERVAL, read_file};
pub use self::jwks::Jwks;
pub use self::listed::{KeyMark, KeyStage, ListedKey, listed_keys};
pub use self::ring::{Decode, KeyRing};
pub use self::rotation::{CurrentKey, KeyRotation, Moment, RotationError, RotationStep};
use self::spec::KeySpec;
pub use self::spec::{key_file, signing_position};
use super::settings::SimpleJwtSettings;
use crate::conf::SettingsError;
use crate::core::crypto::SecretString;

/// The current keys.
#[derive(Debug)]
pub struct Keys(KeyStore);

/// Where the keys are.
#[derive(Debug)]
enum KeyStore {
    /// Keys that never change.
    Fixed(Box<KeyRing>),
    /// Keys in files.
    Files(KeyFiles),
}

impl Keys {
    /// The keys that `settings` name. `secret_key` and `fallbacks` are the project's.
    ///
    /// # Errors
    /// Returns an error for every key and file that cannot be used, which names the setting.
    pub fn new(
        settings: &SimpleJwtSettings,
        secret_key: &SecretString,
        fallbacks: &[SecretString],
    ) -> Result<Self, Vec<SettingsError>> {
        let spec = KeySpec::new(settings, secret_key, fallbacks);
        let has_files = spec.files().next().is_some();
        Ok(Self(match has_files {
            true => KeyStore::Files(KeyFiles::new(spec)?),
            false => KeyStore::Fixed(Box::new(spec.key_ring(&spec::Contents::new(), None)?)),
        }))
    }

    /// The result of `look` for the current keys.
    pub fn with<T>(&self, look: impl FnOnce(&KeyRing) -> T) -> T {
        match &self.0 {
            KeyStore::Fixed(ring) => look(ring),
            KeyStore::Files(files) => look(&files.current()),
        }
    }

    /// Reads the key files again. A change counts when it has been read twice. A thread calls this every quarter of a second.
    pub fn reload(&self) {
        if let KeyStore::Files(files) = &self.0 {
            files.reload();
        }
    }
}
