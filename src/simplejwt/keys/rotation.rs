//! The steps of a rotation, as changes of the text of a key file. Python counterpart: none.
//!
//! A new key is published, and signs after some time. Its predecessor is removed when all tokens that it has signed have expired.
//! Every service that verifies tokens has a key before the key signs, so no token is refused because of a rotation.

use chrono::{DateTime, Duration, Utc};

use super::listed::{KeyMark, KeyStage, ListedKey, listed_keys};
use super::ring::KeyListError;
use super::spec::signing_position;
use crate::core::crypto::SecretString;
use crate::core::jwt::{Algorithm, KeyError, SigningError, SigningKey, VerifyingKey, generate_key};

/// The data that the next step depends on.
#[derive(Debug)]
pub struct KeyRotation {
    /// The algorithm of the keys.
    pub algorithm: Algorithm,
    /// The key that signs now, if the file does not say which one does.
    pub current: Option<CurrentKey>,
    /// Whether the settings name the file. If not, no server reads it yet, so its keys are not published.
    pub is_named: bool,
    /// How long a key is published before it signs.
    pub publish_for: Duration,
    /// How long a key verifies after it has signed.
    pub retire_after: Duration,
    /// Begin a rotation although keys of an earlier one are still needed.
    pub wants_new: bool,
    /// The time of the step.
    pub now: DateTime<Utc>,
}

/// A key that signs and is not in the file.
#[derive(Clone, Debug)]
pub struct CurrentKey {
    /// The private key or the secret.
    pub text: SecretString,
    /// The name that its tokens have, if it is not the thumbprint.
    pub kid: Option<String>,
}

/// The step that was done. A `kid` is `None` for HMAC keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RotationStep {
    /// The file has the key that signs now.
    Made,
    /// A new key is published.
    Published {
        /// The name of the new key.
        kid: Option<String>,
        /// When it may sign.
        may_sign: DateTime<Utc>,
    },
    /// The new key signs.
    Signs {
        /// The name of the new key.
        kid: Option<String>,
        /// When its predecessor can be removed.
        retires: DateTime<Utc>,
    },
    /// This number of keys was removed.
    Removed(usize),
}

/// The reason why there is no next step.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RotationError {
    /// The file cannot be used.
    #[error(transparent)]
    List(#[from] KeyListError),
    /// No setting names the file, and `rotatekey` has not written it. It may be another file such as `.env`, whose lines would be
    /// lost or become secrets.
    #[error(
        "The file has something else in it already, and no setting names it. Choose a name that does not exist, or set \
         SIMPLE_JWT_SIGNING_KEY=file:FILE first."
    )]
    Foreign,
    /// A key could not be made.
    #[error("no key could be made: there is no memory or no randomness")]
    Generate(#[from] SigningError),
    /// The new key has not been published for long enough.
    #[error(
        "The new key was published at {since}. Services may cache the key list for SIMPLE_JWT_JWKS_MAX_AGE, so the new key must \
         not sign before {may_sign}. Run the command again then."
    )]
    TooEarly {
        /// When it was published.
        since: Moment,
        /// When it may sign.
        may_sign: Moment,
    },
    /// Keys of the last rotation are still needed.
    #[error(
        "There is nothing to do before {retires}: tokens that the old key has signed are valid until then. With --new, a new \
         rotation starts anyway."
    )]
    StillNeeded {
        /// When the next key can be removed.
        retires: Moment,
    },
}

/// A time in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(pub DateTime<Utc>);

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Rounded up to a second, so that waiting until this time is long enough.
        let whole = self.0 + Duration::nanoseconds(999_999_999);
        write!(f, "{}", whole.format("%Y-%m-%d %H:%M:%S UTC"))
    }
}

impl KeyRotation {
    /// The text of the file after the next step, and what the step was.
    ///
    /// # Errors
    /// Returns an error if the file cannot be used, or if it is too early for the next step.
    pub fn next(&self, text: &str) -> Result<(SecretString, RotationStep), RotationError> {
        let mut keys = listed_keys(self.algorithm, text).map_err(KeyListError::List)?;
        if !self.is_named && !keys.is_empty() && keys.iter().all(|key| key.mark.is_none()) {
            return Err(RotationError::Foreign);
        }
        self.mark_all(&mut keys)?;
        self.check(&keys)?;
        let step = self.step(&mut keys)?;
        Ok((write(&keys), step))
    }

    fn step(&self, keys: &mut Vec<ListedKey>) -> Result<RotationStep, RotationError> {
        if !self.is_named {
            return Ok(RotationStep::Made);
        }
        let is = |key: &ListedKey, stage| key.mark.is_some_and(|mark| mark.stage == stage);
        if let Some(next) = keys.iter().position(|key| is(key, KeyStage::Next)) {
            return self.sign(keys, next);
        }
        let since = |key: &ListedKey| key.mark.map_or(self.now, |mark| mark.since);
        let may_be_removed = |key: &ListedKey| is(key, KeyStage::Retired) && since(key) + self.retire_after <= self.now;
        let before = keys.len();
        keys.retain(|key| !may_be_removed(key));
        let removed = before - keys.len();
        let needed =
            keys.iter().filter(|key| is(key, KeyStage::Retired)).map(|key| since(key) + self.retire_after).min();
        match needed {
            _ if self.wants_new => {}
            _ if removed > 0 => return Ok(RotationStep::Removed(removed)),
            Some(retires) => return Err(RotationError::StillNeeded { retires: Moment(retires) }),
            None => {}
        }
        let new = ListedKey { text: generate_key(self.algorithm)?, kid: None, mark: self.mark(KeyStage::Next) };
        let kid = self.kid(&new);
        keys.push(new);
        Ok(RotationStep::Published { kid, may_sign: self.now + self.publish_for })
    }

    /// Lets the key at `next` sign, if it has been published for long enough. Only the public half of its predecessor stays.
    fn sign(&self, keys: &mut [ListedKey], next: usize) -> Result<RotationStep, RotationError> {
        let since = keys.get(next).and_then(|key| key.mark).map_or(self.now, |mark| mark.since);
        let may_sign = since + self.publish_for;
        if self.now < may_sign {
            return Err(RotationError::TooEarly { since: Moment(since), may_sign: Moment(may_sign) });
        }
        let mut kid = None;
        for (place, key) in keys.iter_mut().enumerate() {
            match key.mark.map(|mark| mark.stage) {
                _ if place == next => {
                    key.mark = self.mark(KeyStage::Signing);
                    kid = self.kid(key);
                }
                Some(KeyStage::Signing) => {
                    key.mark = self.mark(KeyStage::Retired);
                    if let Some(public) = self.verifying(key).ok().and_then(|key| key.public_pem()) {
                        key.text = public.into();
                    }
                }
                _ => {}
            }
        }
        Ok(RotationStep::Signs { kid, retires: self.now + self.retire_after })
    }

    /// Gives a mark to every key, and a key to an empty file.
    fn mark_all(&self, keys: &mut Vec<ListedKey>) -> Result<(), RotationError> {
        let has_signing = keys.iter().any(|key| key.mark.is_some_and(|mark| mark.stage == KeyStage::Signing));
        if !has_signing {
            match &self.current {
                Some(current) => {
                    let signing = ListedKey {
                        text: current.text.clone(),
                        kid: current.kid.clone(),
                        mark: self.mark(KeyStage::Signing),
                    };
                    keys.retain(|key| !self.is_same(key, &signing));
                    keys.insert(0, signing);
                }
                None if keys.is_empty() => {
                    let text = generate_key(self.algorithm)?;
                    keys.push(ListedKey { text, kid: None, mark: self.mark(KeyStage::Signing) });
                }
                None => {
                    let position = signing_position(keys)?;
                    if let Some(key) = keys.get_mut(position) {
                        key.mark = self.mark(KeyStage::Signing);
                    }
                }
            }
        }
        for key in keys.iter_mut().filter(|key| key.mark.is_none()) {
            key.mark = self.mark(KeyStage::Retired);
        }
        Ok(())
    }

    /// Refuses keys with which a server would not start.
    fn check(&self, keys: &[ListedKey]) -> Result<(), KeyListError> {
        let position = signing_position(keys)?;
        for (place, key) in keys.iter().enumerate() {
            let signs = place == position || key.mark.is_some_and(|mark| mark.stage == KeyStage::Next);
            let parsed = match signs {
                true => SigningKey::new(self.algorithm, &key.text).map(drop),
                false => self.verifying(key).map(drop),
            };
            parsed.map_err(|error| KeyListError::Key(place + 1, error))?;
            key.checked_kid(place + 1)?;
            if self.algorithm.is_hmac()
                && (key.text.expose().contains(['\n', '\r']) || key.text.expose().starts_with("# "))
            {
                return Err(KeyListError::NotALine(place + 1));
            }
        }
        Ok(())
    }

    fn mark(&self, stage: KeyStage) -> Option<KeyMark> {
        Some(KeyMark { stage, since: self.now })
    }

    fn verifying(&self, key: &ListedKey) -> Result<VerifyingKey, KeyError> {
        VerifyingKey::new(self.algorithm, &key.text)
    }

    fn kid(&self, key: &ListedKey) -> Option<String> {
        key.kid.clone().or_else(|| self.verifying(key).ok()?.thumbprint())
    }

    fn is_same(&self, a: &ListedKey, b: &ListedKey) -> bool {
        match (
            self.verifying(a).ok().and_then(|key| key.thumbprint()),
            self.verifying(b).ok().and_then(|key| key.thumbprint()),
        ) {
            (Some(a), Some(b)) => a == b,
            _ => a.text == b.text,
        }
    }
}

/// The text of a file with these keys.
fn write(keys: &[ListedKey]) -> SecretString {
    let mut text = "# Keys of tokens, written by `manage rotatekey`. Keep this file secret.\n".to_owned();
    for key in keys {
        if let Some(mark) = key.mark {
            text.push_str(&format!("{}\n", mark.comment()));
        }
        if let Some(kid) = &key.kid {
            text.push_str(&format!("kid: {kid}\n"));
        }
        text.push_str(key.text.expose().trim_end_matches('\n'));
        text.push('\n');
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rotation(algorithm: Algorithm, seconds: i64) -> KeyRotation {
        KeyRotation {
            algorithm,
            current: None,
            is_named: true,
            publish_for: Duration::seconds(600),
            retire_after: Duration::days(1),
            wants_new: false,
            now: DateTime::from_timestamp(2_000_000_000 + seconds, 0).unwrap(),
        }
    }

    fn stages(algorithm: Algorithm, text: &SecretString) -> Vec<&'static str> {
        let keys = listed_keys(algorithm, text.expose()).unwrap();
        keys.iter().map(|key| key.mark.unwrap().stage.as_str()).collect()
    }

    #[test]
    fn a_rotation_has_four_steps_and_waits_before_two_of_them() {
        for algorithm in [Algorithm::ES256, Algorithm::HS256] {
            let first = generate_key(algorithm).unwrap();
            let (text, step) = rotation(algorithm, 0).next(first.expose()).unwrap();
            assert!(
                matches!(&step, RotationStep::Published { kid, .. } if kid.is_some() != algorithm.is_hmac()),
                "{step:?}"
            );
            assert_eq!(stages(algorithm, &text), ["signing", "next"]);

            let early = rotation(algorithm, 599).next(text.expose()).unwrap_err();
            assert_eq!(
                early.to_string(),
                "The new key was published at 2033-05-18 03:33:20 UTC. Services may cache the key list for \
                 SIMPLE_JWT_JWKS_MAX_AGE, so the new key must not sign before 2033-05-18 03:43:20 UTC. Run the command again then."
            );
            let eager = KeyRotation { wants_new: true, ..rotation(algorithm, 599) };
            assert_eq!(eager.next(text.expose()).unwrap_err(), early);

            let (text, step) = rotation(algorithm, 600).next(text.expose()).unwrap();
            assert!(matches!(step, RotationStep::Signs { .. }), "{step:?}");
            assert_eq!(stages(algorithm, &text), ["retired", "signing"]);
            // Only the public half of the old key is left.
            assert_eq!(text.expose().matches("PRIVATE KEY").count(), if algorithm.is_hmac() { 0 } else { 2 });

            let early = rotation(algorithm, 700).next(text.expose()).unwrap_err();
            assert!(early.to_string().starts_with("There is nothing to do before 2033-05-19 03:43:20 UTC"), "{early}");
            let (_, step) = KeyRotation { wants_new: true, ..rotation(algorithm, 700) }.next(text.expose()).unwrap();
            assert!(matches!(step, RotationStep::Published { .. }));

            let (text, step) = rotation(algorithm, 600 + 86_400).next(text.expose()).unwrap();
            assert_eq!((step, stages(algorithm, &text)), (RotationStep::Removed(1), vec!["signing"]));
            let (_, step) = rotation(algorithm, 700 + 86_400).next(text.expose()).unwrap();
            assert!(matches!(step, RotationStep::Published { .. }));
        }
    }

    #[test]
    fn a_file_begins_with_the_key_that_signs() {
        let key = generate_key(Algorithm::ES256).unwrap();
        let current = Some(CurrentKey { text: key.clone(), kid: Some("2026-a".to_owned()) });
        let unread = KeyRotation { current, is_named: false, ..rotation(Algorithm::ES256, 0) };
        let (text, step) = unread.next("").unwrap();
        assert_eq!(step, RotationStep::Made);
        let keys = listed_keys(Algorithm::ES256, text.expose()).unwrap();
        assert_eq!((keys.len(), keys[0].kid.as_deref()), (1, Some("2026-a")));
        assert_eq!(keys[0].text.expose().trim(), key.expose().trim());
        // The key is not written twice, and replaces its public half.
        let public = SigningKey::new(Algorithm::ES256, &key).unwrap().verifying_key().public_pem().unwrap();
        let public = format!("{}\n{public}", KeyMark { stage: KeyStage::Retired, since: unread.now }.comment());
        for there in [text.expose(), &public] {
            let (text, _) = unread.next(there).unwrap();
            assert_eq!(stages(Algorithm::ES256, &text), ["signing"]);
        }
        // Without a current key, a new key signs at once, because there are no older tokens.
        let (text, step) = KeyRotation { is_named: false, ..rotation(Algorithm::EdDSA, 0) }.next("").unwrap();
        assert_eq!((step, stages(Algorithm::EdDSA, &text)), (RotationStep::Made, vec!["signing"]));
    }

    #[test]
    fn a_file_that_no_server_would_start_with_stays_as_it_is() {
        let key = generate_key(Algorithm::ES256).unwrap();
        let cut = &key.expose()[..100];
        let error = rotation(Algorithm::ES256, 0).next(cut).unwrap_err().to_string();
        assert_eq!(error, "a key is incomplete: its -----END … KEY----- is missing");
        let error = rotation(Algorithm::ES384, 0).next(key.expose()).unwrap_err().to_string();
        assert_eq!(error, "key 1: the key is damaged or does not fit: ES384 needs an EC key on the curve P-384");
        let error =
            rotation(Algorithm::ES256, 0).next(&format!("kid: two words\n{}", key.expose())).unwrap_err().to_string();
        assert_eq!(error, "key 1: its kid has to be up to 255 letters, digits and signs");
        let current = Some(CurrentKey { text: "two\nlines".into(), kid: None });
        let error = KeyRotation { current, ..rotation(Algorithm::HS256, 0) }.next("").unwrap_err().to_string();
        assert_eq!(error, "key 1: the secret cannot be a line of a file: it has a line break or begins with \"# \"");
    }
    /// A `.env` with a key in it, or with lines that would become secrets.
    #[test]
    fn a_file_of_something_else_stays_as_it_is() {
        let key = generate_key(Algorithm::ES256).unwrap();
        for (algorithm, text) in [
            (Algorithm::ES256, format!("DEBUG=true\nSIMPLE_JWT_SIGNING_KEY='{}'\n", key.expose())),
            (Algorithm::HS256, "DEBUG=true\n".to_owned()),
        ] {
            let current = (!algorithm.is_hmac()).then(|| CurrentKey { text: key.clone(), kid: None });
            let unread = KeyRotation { current, is_named: false, ..rotation(algorithm, 0) };
            assert_eq!(unread.next(&text).unwrap_err(), RotationError::Foreign, "{algorithm}");
        }
    }
}
