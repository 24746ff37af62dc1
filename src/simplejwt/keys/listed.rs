//! Lists of keys in settings and key files. Python counterpart: none; simplejwt has one key.
//!
//! Public and private keys are PEM blocks one after the other. A line before a block may name the key: `kid: 2026-a`. HMAC
//! secrets are lines. In both kinds of list, `# ` begins a comment. The comments of `manage rotatekey` say what a key is for.

use chrono::{DateTime, SecondsFormat, Utc};

use super::ring::KeyListError;
use crate::core::crypto::SecretString;
use crate::core::jwt::{Algorithm, KeyError, pem_blocks};
use crate::simplejwt::settings::is_kid;

/// A key of a list. It has not been checked whether it fits the algorithm.
#[derive(Clone, Debug)]
pub struct ListedKey {
    /// The PEM block, or the secret.
    pub text: SecretString,
    /// The `kid` that the list gives it.
    pub kid: Option<String>,
    /// The comment of `manage rotatekey` about it.
    pub mark: Option<KeyMark>,
}

/// What a key is for, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyMark {
    /// What the key is for.
    pub stage: KeyStage,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// The three stages of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStage {
    /// It is published and verifies, and will sign later.
    Next,
    /// It signs.
    Signing,
    /// It has signed, and still verifies those tokens.
    Retired,
}

impl KeyStage {
    const ALL: [Self; 3] = [Self::Next, Self::Signing, Self::Retired];

    /// The word in a key file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Signing => "signing",
            Self::Retired => "retired",
        }
    }
}

impl KeyMark {
    /// The comment in a key file: `# signing since 2026-11-26T18:00:00.000Z`.
    #[must_use]
    pub fn comment(self) -> String {
        format!("# {} since {}", self.stage.as_str(), self.since.to_rfc3339_opts(SecondsFormat::Millis, true))
    }

    fn parse(comment: &str) -> Option<Self> {
        let (word, since) = comment.split_once(" since ")?;
        let stage = KeyStage::ALL.into_iter().find(|stage| stage.as_str() == word.trim())?;
        Some(Self { stage, since: DateTime::parse_from_rfc3339(since.trim()).ok()?.to_utc() })
    }
}

impl ListedKey {
    /// The `kid` of its tokens. `number` is the place of the key, from 1.
    ///
    /// # Errors
    /// Returns an error if it is too long or has characters that `SIMPLE_JWT_KEY_ID` must not have.
    pub(super) fn checked_kid(&self, number: usize) -> Result<Option<String>, KeyListError> {
        match &self.kid {
            Some(kid) if !is_kid(kid) => Err(KeyListError::OddKid(number)),
            kid => Ok(kid.clone()),
        }
    }
}

/// The keys of `text`, in the same order.
///
/// # Errors
/// Returns an error if a PEM block has no end, or if there is no PEM block although the algorithm needs one.
pub fn listed_keys(algorithm: Algorithm, text: &str) -> Result<Vec<ListedKey>, KeyError> {
    let mut keys = Vec::new();
    if algorithm.is_hmac() {
        let mut mark = None;
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            match line.strip_prefix("# ") {
                Some(comment) => mark = KeyMark::parse(comment).or(mark),
                None => keys.push(ListedKey { text: line.into(), kid: None, mark: mark.take() }),
            }
        }
        return Ok(keys);
    }
    for block in pem_blocks(text)? {
        let mut key = ListedKey { text: block.text.into(), kid: None, mark: None };
        for line in block.preamble.lines().map(str::trim) {
            if let Some(kid) = line.strip_prefix("kid:").map(str::trim).filter(|kid| !kid.is_empty()) {
                key.kid = Some(kid.to_owned());
            }
            key.mark = line.strip_prefix("# ").and_then(KeyMark::parse).or(key.mark);
        }
        keys.push(key);
    }
    if keys.is_empty() && !text.trim().is_empty() { Err(KeyError::NotPem) } else { Ok(keys) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(keys: &[ListedKey]) -> Vec<&str> {
        keys.iter().map(|key| key.text.expose()).collect()
    }

    #[test]
    fn secrets_are_lines_and_a_comment_begins_with_a_space() {
        let since = "2026-11-26T18:00:00.250Z".parse().unwrap();
        let mark = KeyMark { stage: KeyStage::Next, since };
        let text = format!("#secret, with a comma\r\n\n# made for a test\n{}\nanother one\nlast", mark.comment());
        let keys = listed_keys(Algorithm::HS256, &text).unwrap();
        assert_eq!(texts(&keys), ["#secret, with a comma", "another one", "last"]);
        assert_eq!(keys.iter().map(|key| key.mark).collect::<Vec<_>>(), [None, Some(mark), None]);
        assert!(listed_keys(Algorithm::HS256, "\n# \n").unwrap().is_empty());
    }

    #[test]
    fn blocks_have_their_names_and_marks_before_them() {
        let block = "-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----";
        let text = format!(
            "# Keys\nkid: 2026-a\n# retired since 2026-11-26T19:00:00+01:00\n{block}\nkid:\n# next since x\n{block}"
        );
        let keys = listed_keys(Algorithm::ES256, &text).unwrap();
        assert_eq!(texts(&keys), [block, block]);
        let retired = KeyMark { stage: KeyStage::Retired, since: "2026-11-26T18:00:00Z".parse().unwrap() };
        assert_eq!((keys[0].kid.as_deref(), keys[0].mark), (Some("2026-a"), Some(retired)));
        assert_eq!((keys[1].kid.as_deref(), keys[1].mark), (None, None));
        assert_eq!(retired.comment(), "# retired since 2026-11-26T18:00:00.000Z");
    }

    #[test]
    fn a_text_that_is_cut_off_or_is_no_key_is_an_error() {
        let cut = "-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n-----BEGIN PUBLIC KEY-----\nA";
        assert_eq!(listed_keys(Algorithm::ES256, cut).unwrap_err(), KeyError::Unfinished);
        assert_eq!(listed_keys(Algorithm::ES256, "a secret").unwrap_err(), KeyError::NotPem);
        assert!(listed_keys(Algorithm::ES256, " \n").unwrap().is_empty());
    }
}
