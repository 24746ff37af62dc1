//! The keys of tokens: one that signs, and all that verify. Python counterpart: the keys of
//! `rest_framework_simplejwt.backends.TokenBackend`, which has one.
//!
//! A key may be in a file that all instances read (`SIMPLE_JWT_SIGNING_KEY=file:PATH`). Each of them reads it again every
//! quarter of a second, so `manage rotatekey` changes the keys of all of them without a restart. A file that cannot be used
//! changes nothing: the last good keys stay, and the log says why. Nor does a file that is just being written: what it has counts
//! when it has been read twice.

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
pub use self::listed::{ListedKey, Mark, State, listed_keys};
pub use self::ring::{Decode, KeyRing};
pub use self::rotation::{CurrentKey, Moment, Rotation, RotationError, Step};
use self::spec::KeySpec;
pub use self::spec::{key_file, signing_position};
use super::settings::SimpleJwtSettings;
use crate::conf::SettingsError;
use crate::core::crypto::SecretString;

/// The keys, as they are now.
#[derive(Debug)]
pub struct Keys(Held);

#[derive(Debug)]
enum Held {
    /// Keys that never change.
    Fixed(Box<KeyRing>),
    /// Keys of files.
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
            true => Held::Files(KeyFiles::new(spec)?),
            false => Held::Fixed(Box::new(spec.ring(&spec::Contents::new(), None)?)),
        }))
    }

    /// What `look` finds in the keys of this moment.
    pub fn with<T>(&self, look: impl FnOnce(&KeyRing) -> T) -> T {
        match &self.0 {
            Held::Fixed(ring) => look(ring),
            Held::Files(files) => look(&files.current()),
        }
    }

    /// Reads the key files again now. A change counts when it has been read twice. Every quarter of a second this happens by itself.
    pub fn reload(&self) {
        if let Held::Files(files) = &self.0 {
            files.reload();
        }
    }
}
