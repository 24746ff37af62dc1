//! The claims of a token about its family. Python counterpart: `FamilyMixin` of simplejwt's proposal.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::settings::TokenFamilySettings;
use crate::core::crypto::hex;
use crate::core::jwt::{Claims, decode_unverified};
use crate::http::log_data::RefusalKind;
use crate::simplejwt::exceptions::{FAMILY_EXPIRED, INVALID, TokenError};

/// The family that a token names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FamilyClaims {
    /// The claim `family_id`.
    pub id: String,
    /// When it ends.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Length of the column, in characters.
const MAX_LENGTH: usize = 255;
/// `datetime.max`, in seconds.
const END_OF_TIME: f64 = 253_402_300_799.0;

impl FamilyClaims {
    /// A family that starts at `now`.
    #[must_use]
    pub fn new(settings: &TokenFamilySettings, now: DateTime<Utc>) -> Self {
        // In whole seconds, like the claim.
        let expires_at =
            settings.lifetime.and_then(|lifetime| DateTime::from_timestamp((now + lifetime).timestamp(), 0));
        Self { id: hex(Uuid::new_v4().as_bytes()), expires_at }
    }

    /// The family that `claims` name. `None` if the token was made without a family. It stays valid.
    ///
    /// # Errors
    /// `Token is invalid` for an id that cannot be stored, and for an end that is not a time.
    pub fn of(claims: &Claims, settings: &TokenFamilySettings) -> Result<Option<Self>, TokenError> {
        let invalid = || TokenError::invalid(INVALID);
        let id = match claims.get(&settings.claim) {
            // These values are false in Python.
            None | Some(Value::Null | Value::Bool(false)) => return Ok(None),
            Some(Value::String(text)) if text.is_empty() => return Ok(None),
            Some(Value::String(text)) if !text.contains('\0') && text.chars().count() <= MAX_LENGTH => text.clone(),
            Some(_) => return Err(invalid()),
        };
        let expires_at = match claims.get(&settings.expiration_claim) {
            None | Some(Value::Null) => None,
            Some(value) => {
                let seconds = value.as_f64().filter(|seconds| seconds.abs() <= END_OF_TIME).ok_or_else(invalid)?;
                #[expect(clippy::cast_possible_truncation, reason = "bounded just above")]
                let moment = DateTime::from_timestamp_micros((seconds * 1e6) as i64);
                Some(moment.ok_or_else(invalid)?)
            }
        };
        Ok(Some(Self { id, expires_at }))
    }

    /// Writes the family into `claims`.
    pub fn write(&self, claims: &mut Claims, settings: &TokenFamilySettings) {
        claims.insert(settings.claim.clone(), self.id.as_str().into());
        if let Some(end) = self.expires_at {
            claims.insert(settings.expiration_claim.clone(), end.timestamp().into());
        }
    }

    /// Refuses a family that has expired.
    ///
    /// # Errors
    /// `Token family has expired`.
    pub fn check_expiration(&self, now: DateTime<Utc>) -> Result<(), TokenError> {
        match self.expires_at {
            Some(end) if end <= now => Err(TokenError::refused(FAMILY_EXPIRED, RefusalKind::Expired)),
            _ => Ok(()),
        }
    }
}

/// The id of the family in the text of a token. The signature is not checked, because the token comes from the database.
pub(super) fn family_id(token: &str, settings: &TokenFamilySettings) -> Option<String> {
    let claims = decode_unverified(token).ok()?;
    claims.get(&settings.claim).and_then(Value::as_str).filter(|id| !id.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(claims: Value) -> Result<Option<FamilyClaims>, String> {
        let claims: Claims = serde_json::from_value(claims).unwrap();
        FamilyClaims::of(&claims, &TokenFamilySettings::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_false_in_python_is_no_family() {
        for claims in [json!({}), json!({ "family_id": null }), json!({ "family_id": "" }), json!({ "family_exp": 7 })]
        {
            assert_eq!(of(claims), Ok(None));
        }
    }

    #[test]
    fn a_family_has_an_id_and_perhaps_an_end() {
        let family = of(json!({ "family_id": "abc", "family_exp": 7 })).unwrap().unwrap();
        assert_eq!((family.id.as_str(), family.expires_at.unwrap().timestamp()), ("abc", 7));
        assert!(family.check_expiration(DateTime::from_timestamp(6, 999_999_999).unwrap()).is_ok());
        let error = family.check_expiration(DateTime::from_timestamp(7, 0).unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "Token family has expired");
        assert_eq!(of(json!({ "family_id": "abc" })).unwrap().unwrap().expires_at, None);
    }

    #[test]
    fn odd_claims_are_an_invalid_token() {
        for claims in [
            json!({ "family_id": 7 }),
            json!({ "family_id": ["abc"] }),
            json!({ "family_id": "a\0b" }),
            json!({ "family_id": "x".repeat(256) }),
            json!({ "family_id": "abc", "family_exp": "7" }),
            json!({ "family_id": "abc", "family_exp": true }),
            json!({ "family_id": "abc", "family_exp": 1e300 }),
        ] {
            assert_eq!(of(claims), Err("Token is invalid".to_owned()));
        }
    }

    #[test]
    fn a_new_family_is_read_as_it_was_written() {
        let settings = TokenFamilySettings::default();
        let now = DateTime::from_timestamp_micros(1_800_000_000_123_456).unwrap();
        let family = FamilyClaims::new(&settings, now);
        let mut claims = Claims::new();
        family.write(&mut claims, &settings);
        assert_eq!(claims["family_exp"], 1_802_592_000);
        assert!(family.id.len() == 32 && family.id.bytes().all(|b| b.is_ascii_hexdigit()));
        assert_eq!(FamilyClaims::of(&claims, &settings).unwrap(), Some(family));
    }
}
