//! Makes a [`KeyRing`] of the keys that the settings name.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::jwks::Jwks;
use super::known::KnownKey;
use super::listed::{KeyStage, ListedKey, listed_keys};
use super::ring::{KeyListError, KeyRing};
use crate::conf::{SettingsError, values};
use crate::core::crypto::SecretString;
use crate::core::jwt::{Algorithm, KeyError, SigningKey, VerifyingKey};
use crate::simplejwt::settings::{KeyId, SimpleJwtSettings};

const SIGNING_KEY: &str = "SIMPLE_JWT_SIGNING_KEY";
const VERIFYING_KEY: &str = "SIMPLE_JWT_VERIFYING_KEY";
const INACTIVE: &str = "SIMPLE_JWT_SIGNING_KEYS_INACTIVE";
const KEY_ID: &str = "SIMPLE_JWT_KEY_ID";

/// The keys that the settings name.
#[derive(Clone, Debug)]
pub(super) struct KeySpec {
    algorithm: Algorithm,
    signing: Option<KeySource>,
    verifying: Option<SecretString>,
    inactive: Option<KeySource>,
    secret_key: SecretString,
    fallbacks: Vec<SecretString>,
    key_id: KeyId,
    has_jwk_url: bool,
}

/// The place of the keys of a setting: the setting itself or a file.
#[derive(Clone, Debug)]
enum KeySource {
    Text(SecretString),
    File(PathBuf),
}

/// The texts of the key files, by their paths.
pub(super) type Contents = HashMap<PathBuf, SecretString>;

impl KeySource {
    fn new(setting: &SecretString) -> Self {
        match key_file(setting) {
            Some(path) => Self::File(path),
            None => Self::Text(setting.clone()),
        }
    }

    fn path(&self) -> Option<&Path> {
        match self {
            Self::Text(_) => None,
            Self::File(path) => Some(path),
        }
    }

    fn listed(&self, algorithm: Algorithm, contents: &Contents) -> Result<Vec<ListedKey>, KeyError> {
        match self {
            Self::Text(text) => listed_keys(algorithm, text.expose()),
            Self::File(path) => {
                let text = contents.get(path).map_or("", SecretString::expose);
                listed_keys(algorithm, values::pem(text).unwrap_or_default().expose())
            }
        }
    }

    /// The error of a setting with this source.
    fn error(&self, name: &'static str, problem: impl ToString) -> SettingsError {
        match self {
            Self::Text(_) => SettingsError::new(name, problem.to_string()),
            Self::File(path) => SettingsError::new(name, format!("{}: {}", path.display(), problem.to_string())),
        }
    }
}

/// The path in `file:PATH`.
pub fn key_file(setting: &SecretString) -> Option<PathBuf> {
    setting.expose().trim().strip_prefix("file:").map(|path| path.trim().into())
}

impl KeySpec {
    pub(super) fn new(settings: &SimpleJwtSettings, secret_key: &SecretString, fallbacks: &[SecretString]) -> Self {
        let algorithm = settings.algorithm;
        Self {
            algorithm,
            signing: settings.signing_key.as_ref().map(KeySource::new),
            verifying: settings.verifying_key.clone().filter(|_| !algorithm.is_hmac()),
            inactive: settings.signing_keys_inactive.as_ref().map(KeySource::new),
            secret_key: secret_key.clone(),
            fallbacks: fallbacks.to_vec(),
            key_id: settings.key_id.clone(),
            has_jwk_url: settings.jwk_url.is_some() && !algorithm.is_hmac(),
        }
    }

    /// The key files, with the setting that names each.
    pub(super) fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let named = [(SIGNING_KEY, self.signing.as_ref()), (INACTIVE, self.inactive.as_ref())];
        named.into_iter().filter_map(|(name, source)| Some((name, source?.path()?)))
    }

    /// The key files, each with the setting that names it, for messages.
    pub(super) fn names(&self) -> String {
        self.files().map(|(name, path)| format!("{name}: {}", path.display())).collect::<Vec<_>>().join(" and ")
    }

    /// Refuses a file of secrets that has none of the current secrets, unless `manage rotatekey` has written it. Every text is a
    /// list of secrets, so a wrong file would be used as keys, and anyone who knows its text could sign tokens. `used` are the
    /// contents that the current keys were read from.
    ///
    /// # Errors
    /// Returns an error that names the setting and the file.
    pub(super) fn check_replaced(&self, used: &Contents, contents: &Contents) -> Result<(), SettingsError> {
        if !self.algorithm.is_hmac() {
            return Ok(());
        }
        let named = [(SIGNING_KEY, self.signing.as_ref()), (INACTIVE, self.inactive.as_ref())];
        for (name, source) in named.into_iter().filter_map(|(name, source)| Some((name, source?))) {
            // Reading a list of secrets never fails.
            let list = |contents| source.listed(self.algorithm, contents).unwrap_or_default();
            let (before, after) = (list(used), list(contents));
            let is_kept = |key: &ListedKey| key.mark.is_some() || before.iter().any(|old| old.text == key.text);
            if !before.is_empty() && !after.is_empty() && !after.iter().any(is_kept) {
                let problem = "none of its secrets was in it before. Keep one of them for the time of a change, or restart the \
                               server if the file is right";
                return Err(source.error(name, problem));
            }
        }
        Ok(())
    }

    /// The keys of the settings and of the files, whose texts are in `contents`. `previous` are the keys that they replace.
    ///
    /// # Errors
    /// Returns an error for every key that cannot be used, which names the setting.
    pub(super) fn key_ring(
        &self,
        contents: &Contents,
        previous: Option<&KeyRing>,
    ) -> Result<KeyRing, Vec<SettingsError>> {
        let mut errors = Vec::new();
        let chosen = self.signing_list(contents);
        let (signing, mut inactive) = match chosen {
            Some(list) => self.listed_signing_key(list, contents, &mut errors),
            None => (ok_or_collect(self.single_signing_key(), &mut errors).flatten(), Vec::new()),
        };
        let is_replaced = chosen.is_some_and(|(name, _)| name == INACTIVE);
        if chosen.is_some() && !is_replaced {
            ok_or_collect(self.check_combination(), &mut errors);
        }
        let inactive_source = self.inactive.as_ref().filter(|inactive| {
            // The same file in both settings is read once.
            inactive.path().is_none() || inactive.path() != chosen.and_then(|(_, source)| source.path())
        });
        if let Some(source) = inactive_source {
            let keys = source.listed(self.algorithm, contents).map_err(|error| source.error(INACTIVE, error));
            let keys = ok_or_collect(keys, &mut errors).unwrap_or_default().into_iter().enumerate();
            inactive.extend(keys.map(|(index, key)| Inactive { name: INACTIVE, number: index + 1, source, key }));
        }

        let mut ring = KeyRing { by_kid: self.by_kid(!inactive.is_empty()), ..KeyRing::default() };
        if let Some(signing) = &signing {
            ring.kid = match &self.key_id {
                _ if self.algorithm.is_hmac() => None,
                KeyId::Auto if inactive.is_empty() => None,
                KeyId::Auto | KeyId::Thumbprint => signing.name(),
                // In a file the name is written before the key.
                KeyId::Text(_) if is_replaced => signing.name(),
                KeyId::Text(text) => Some(text.clone()),
                KeyId::None => None,
            };
        }
        let public = self.verifying.as_ref().filter(|_| !self.has_jwk_url && !is_replaced);
        let first = ok_or_collect(self.first_key(public, signing.as_ref(), ring.kid.clone()), &mut errors);
        if let Some(first) = first.flatten() {
            // The ring is empty, so the name cannot be taken.
            let _ = ring.add(first, previous);
        }
        let signing = signing.map(|signing| signing.key);
        for listed in &inactive {
            ok_or_collect(listed.add_to(&mut ring, self.algorithm, previous), &mut errors);
        }
        if self.signing.is_none() && !is_replaced && self.algorithm.is_hmac() {
            for (index, fallback) in self.fallbacks.iter().enumerate() {
                let unfit =
                    |error| SettingsError::new("SECRET_KEY_FALLBACKS", KeyListError::Key(index + 1, error).to_string());
                if let Some(key) =
                    ok_or_collect(VerifyingKey::new(self.algorithm, fallback).map_err(unfit), &mut errors)
                {
                    // The result does not matter: a key that is there already verifies, and HMAC keys have no name.
                    let _ = ring.add(KnownKey::new(key, fallback, None), previous);
                }
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        ring.signing = signing;
        ring.jwks = jwks(&ring);
        Ok(ring)
    }

    /// The file with the key that signs, and the setting that names the file. It is the file of `SIGNING_KEY`, or the file of
    /// `SIGNING_KEYS_INACTIVE` if `manage rotatekey` has marked a key in it. In the second case the key of `SIGNING_KEY` is no
    /// longer used, unless the file has it as well.
    fn signing_list(&self, contents: &Contents) -> Option<(&'static str, &KeySource)> {
        match (&self.signing, &self.inactive) {
            (Some(file @ KeySource::File(_)), _) => Some((SIGNING_KEY, file)),
            (_, Some(file @ KeySource::File(_))) => {
                // An error is reported when the keys of the list are read.
                let keys = file.listed(self.algorithm, contents).unwrap_or_default();
                let is_marked = |key: &ListedKey| key.mark.is_some_and(|mark| mark.stage == KeyStage::Signing);
                keys.iter().any(is_marked).then_some((INACTIVE, file))
            }
            _ => None,
        }
    }

    /// The key that signs, if it is not in a file.
    fn single_signing_key(&self) -> Result<Option<Signing>, SettingsError> {
        let algorithm = self.algorithm;
        match &self.signing {
            Some(KeySource::Text(text)) => Signing::new(algorithm, SIGNING_KEY, text).map(Some),
            None if algorithm.is_hmac() => Signing::new(algorithm, "SECRET_KEY", &self.secret_key).map(Some),
            // A service that only reads tokens has only the public key.
            None if self.has_jwk_url || self.verifying.is_some() => Ok(None),
            _ => {
                let problem = format!("a private key in PEM form is required for {algorithm}");
                Err(SettingsError::new(SIGNING_KEY, problem))
            }
        }
    }

    /// The key that signs in a file, and the other keys of the file.
    fn listed_signing_key<'a>(
        &self,
        (name, source): (&'static str, &'a KeySource),
        contents: &Contents,
        errors: &mut Vec<SettingsError>,
    ) -> (Option<Signing>, Vec<Inactive<'a>>) {
        let algorithm = self.algorithm;
        let error = |error: KeyListError| source.error(name, error);
        let listed = source.listed(algorithm, contents).map_err(|list| error(list.into()));
        let Some(listed) = ok_or_collect(listed, errors) else { return (None, Vec::new()) };
        let position = ok_or_collect(signing_position(&listed).map_err(error), errors);
        let mut signing = None;
        let mut others = Vec::new();
        for (index, key) in listed.into_iter().enumerate() {
            let number = index + 1;
            if Some(index) == position {
                let parsed = SigningKey::new(algorithm, &key.text).map_err(|unfit| KeyListError::Key(number, unfit));
                let parsed = parsed.and_then(|parsed| Ok((parsed, key.checked_kid(number)?)));
                if let Some((parsed, kid)) = ok_or_collect(parsed.map_err(error), errors) {
                    signing = Some(Signing { key: parsed, text: key.text, kid });
                }
            } else {
                others.push(Inactive { name, number, source, key });
            }
        }
        (signing, others)
    }

    /// Refuses settings that apply to a single key.
    fn check_combination(&self) -> Result<(), SettingsError> {
        let path = self.signing.as_ref().and_then(KeySource::path).unwrap_or(Path::new("")).display();
        if self.verifying.is_some() {
            let problem = format!("has to be empty if {SIGNING_KEY} is a file ({path}): the keys of the file verify");
            return Err(SettingsError::new(VERIFYING_KEY, problem));
        }
        if matches!(self.key_id, KeyId::Text(_)) {
            let problem = format!(
                "has to be thumbprint or none if {SIGNING_KEY} is a file ({path}): every key of the file needs a name of its own"
            );
            return Err(SettingsError::new(KEY_ID, problem));
        }
        Ok(())
    }

    /// Whether the `kid` of a token chooses the key. `SECRET_KEY_FALLBACKS` do not change this.
    fn by_kid(&self, has_inactive: bool) -> bool {
        let has_key_id = matches!(self.key_id, KeyId::Thumbprint | KeyId::Text(_)) && !self.algorithm.is_hmac();
        has_inactive || has_key_id
    }

    /// The key that verifies the signatures of the signing key: its public half, or `VERIFYING_KEY`. `kid` is the name of the key
    /// that signs.
    fn first_key(
        &self,
        public: Option<&SecretString>,
        signing: Option<&Signing>,
        kid: Option<String>,
    ) -> Result<Option<KnownKey>, SettingsError> {
        let own = signing.map(|signing| KnownKey::new(signing.key.verifying_key().clone(), &signing.text, kid));
        let Some(text) = public else { return Ok(own) };
        let key = VerifyingKey::new(self.algorithm, text);
        let key = key.map_err(|error| SettingsError::new(VERIFYING_KEY, error.to_string()))?;
        let kid = match (&own, &self.key_id) {
            (None, KeyId::Text(text)) => Some(text.clone()),
            (Some(own), _) if own.thumbprint == key.thumbprint() => own.kid.clone(),
            _ => None,
        };
        Ok(Some(KnownKey::new(key, text, kid)))
    }
}

/// The value of `result`. Adds an error to `errors`.
fn ok_or_collect<T>(result: Result<T, SettingsError>, errors: &mut Vec<SettingsError>) -> Option<T> {
    result.map_err(|error| errors.push(error)).ok()
}

/// The document with the public keys of `ring`.
fn jwks(ring: &KeyRing) -> Option<Jwks> {
    let own = ring.signing.as_ref().filter(|signing| !signing.algorithm().is_hmac());
    let own =
        own.map(|signing| KnownKey::new(signing.verifying_key().clone(), &SecretString::default(), ring.kid.clone()));
    // `VERIFYING_KEY` may belong to another key than the one that signs.
    let own = own.filter(|own| ring.verifying.iter().all(|known| known.identity != own.identity));
    Jwks::new(own.iter().chain(&ring.verifying))
}

/// The key that signs.
struct Signing {
    key: SigningKey,
    text: SecretString,
    /// The name that its file gives it.
    kid: Option<String>,
}

impl Signing {
    /// `text` as the key that signs. `setting` is the setting that has it.
    fn new(algorithm: Algorithm, setting: &'static str, text: &SecretString) -> Result<Self, SettingsError> {
        let key = SigningKey::new(algorithm, text).map_err(|error| SettingsError::new(setting, error.to_string()))?;
        Ok(Self { key, text: text.clone(), kid: None })
    }

    fn name(&self) -> Option<String> {
        self.kid.clone().or_else(|| self.key.verifying_key().thumbprint())
    }
}

/// A key of a list that does not sign.
struct Inactive<'a> {
    /// The setting.
    name: &'static str,
    /// Its place in the list, from 1.
    number: usize,
    source: &'a KeySource,
    key: ListedKey,
}

impl Inactive<'_> {
    fn add_to(
        &self,
        ring: &mut KeyRing,
        algorithm: Algorithm,
        previous: Option<&KeyRing>,
    ) -> Result<(), SettingsError> {
        let error = |error: KeyListError| self.source.error(self.name, error);
        let key = VerifyingKey::new(algorithm, &self.key.text);
        let key = key.map_err(|unfit| error(KeyListError::Key(self.number, unfit)))?;
        let kid = self.key.checked_kid(self.number).map_err(error)?;
        let known = KnownKey::new(key, &self.key.text, kid);
        if !ring.add(known, previous).map_err(|kid| error(kid.into()))? {
            let file = self.source.path().map_or_else(String::new, |path| format!(" ({})", path.display()));
            ring.repeated.push(format!("key {} of {}{file}", self.number, self.name));
        }
        Ok(())
    }
}

/// The place of the key that signs: the one with that mark or, if no key has a mark, the first.
///
/// # Errors
/// Returns an error if no key signs, or several do.
pub fn signing_position(keys: &[ListedKey]) -> Result<usize, KeyListError> {
    let is_signing = |key: &ListedKey| key.mark.is_some_and(|mark| mark.stage == KeyStage::Signing);
    let mut marked = keys.iter().enumerate().filter(|(_, key)| is_signing(key));
    match (marked.next(), marked.next()) {
        (Some((position, _)), None) => Ok(position),
        (Some(_), Some(_)) => Err(KeyListError::SeveralSigningKeys),
        (None, _) => keys.iter().position(|key| key.mark.is_none()).ok_or(KeyListError::NoSigningKey),
    }
}
