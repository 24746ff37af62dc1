//! The keys at one time: one signs, and all verify. Python counterpart: none; simplejwt has one key.

use chrono::{DateTime, Utc};

use super::jwks::Jwks;
use super::known::KnownKey;
use crate::core::jwt::{self, Claims, JwtError, KeyError, Rules, SigningError, SigningKey, VerifyingKey};
use crate::simplejwt::settings::KID_CHARACTERS;

/// A function of [`jwt`] that reads a token.
pub type Decode<T> = fn(&str, &VerifyingKey, &Rules, DateTime<Utc>) -> Result<T, JwtError>;

/// The key that signs, and all keys that verify.
#[derive(Debug, Default)]
pub struct KeyRing {
    pub(super) signing: Option<SigningKey>,
    /// The `kid` of new tokens.
    pub(super) kid: Option<String>,
    pub(super) verifying: Vec<KnownKey>,
    /// Whether the `kid` of a token chooses the key. If not, it is ignored, as in simplejwt.
    pub(super) by_kid: bool,
    /// Keys that are listed twice, for the checks.
    pub(super) repeated: Vec<String>,
    pub(super) jwks: Option<Jwks>,
}

impl KeyRing {
    /// Signs `claims`. `None` if there is no key that signs.
    pub fn encode(&self, claims: &Claims) -> Option<Result<String, SigningError>> {
        let key = self.signing.as_ref()?;
        Some(match &self.kid {
            None => jwt::encode(claims, key),
            Some(kid) => jwt::encode_with_headers(claims, key, &[("kid", kid)]),
        })
    }

    /// Reads a token with the key that its `kid` names. A token without a `kid` is checked with all keys. They have the same
    /// algorithm.
    ///
    /// # Errors
    /// Returns the errors of `decode`, and one for an unknown `kid`.
    pub fn decode<T>(&self, token: &str, rules: &Rules, now: DateTime<Utc>, decode: Decode<T>) -> Result<T, JwtError> {
        if let ([only], false) = (self.verifying.as_slice(), self.by_kid) {
            return decode(token, &only.key, rules, now);
        }
        if self.by_kid
            && let Some(kid) = jwt::key_id(token)?
        {
            let named = self.verifying.iter().find(|known| known.is_called(&kid));
            let named = named.ok_or(JwtError::InvalidHeader("Unable to find a signing key that matches"))?;
            return decode(token, &named.key, rules, now);
        }
        // Otherwise the other keys would check the signature of such a token at every request.
        if let Some(known) = self.verifying.iter().find(|known| known.key.remembers(token)) {
            return decode(token, &known.key, rules, now);
        }
        for known in &self.verifying {
            match decode(token, &known.key, rules, now) {
                Err(JwtError::InvalidSignature) => {}
                outcome => return outcome,
            }
        }
        Err(JwtError::InvalidSignature)
    }

    /// The public keys, to be published. `None` if there are none.
    #[must_use]
    pub fn jwks(&self) -> Option<&Jwks> {
        self.jwks.as_ref()
    }

    /// Keys that are listed twice, described for the checks.
    #[must_use]
    pub fn repeated(&self) -> &[String] {
        &self.repeated
    }

    /// The `kid` of new tokens.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The number of keys that verify.
    #[must_use]
    pub fn len(&self) -> usize {
        self.verifying.len()
    }

    /// Whether there is no key that verifies.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.verifying.is_empty()
    }

    /// Adds a key that verifies. Returns `false` if it is there already. If `previous` has the key, that value is used, because it remembers
    /// the tokens that it has verified.
    ///
    /// # Errors
    /// Returns an error if another key has this `kid`.
    pub(super) fn add(&mut self, mut new: KnownKey, previous: Option<&Self>) -> Result<bool, DuplicateKid> {
        if self.verifying.iter().any(|known| known.identity == new.identity) {
            return Ok(false);
        }
        if let Some(kid) = self.verifying.iter().flat_map(KnownKey::names).find(|kid| new.is_called(kid)) {
            return Err(DuplicateKid(kid.to_owned()));
        }
        let same = previous.and_then(|ring| ring.verifying.iter().find(|known| known.identity == new.identity));
        if let Some(same) = same {
            new.key = same.key.clone();
        }
        self.verifying.push(new);
        Ok(true)
    }
}

/// Two keys have the same `kid`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("two keys have the kid {0:?}")]
pub struct DuplicateKid(String);

/// The reason why a list of keys cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyListError {
    /// The text is not a list of keys.
    #[error(transparent)]
    List(#[from] KeyError),
    /// The key at this place, from 1, cannot be used.
    #[error("key {0}: {1}")]
    Key(usize, KeyError),
    /// Two keys have the same name.
    #[error(transparent)]
    Kid(#[from] DuplicateKid),
    /// The name of the key at this place, from 1, cannot be a `kid`.
    #[error("key {0}: its kid has to be {KID_CHARACTERS}")]
    OddKid(usize),
    /// There is no key that signs.
    #[error("no signing key: one must be a private key without a mark or with the mark `signing`")]
    NoSigningKey,
    /// The secret at this place, from 1, cannot be a line of a file.
    #[error("key {0}: the secret cannot be a line of a file: it has a line break or begins with \"# \"")]
    NotALine(usize),
    /// There is more than one key that signs.
    #[error("several keys have the mark of the one that signs")]
    SeveralSigningKeys,
}
