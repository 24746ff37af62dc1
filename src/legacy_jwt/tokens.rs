//! Makes and reads tokens. Python counterpart: `rest_framework_jwt.utils` and the `_check_…` methods of its serializers.

use std::sync::Arc;

use serde_json::Value;

use super::exceptions::LegacyJwtError;
use super::state::LegacyJwtState;
use crate::contrib::auth::SharedUser;
use crate::contrib::auth::models::UserModel;
use crate::core::jwt::{self, Claims, JwtError, SigningError};
use crate::db::{DatabaseError, DbConnection};

impl LegacyJwtState {
    /// The claims of a new token for `user`: `jwt_payload_handler`. `username_field` is the user model's.
    #[must_use]
    pub fn payload(&self, user: &SharedUser, username_field: &str) -> Claims {
        let settings = &self.settings;
        let now = self.clock.now();
        let mut payload = Claims::new();
        let user_id = user.pk().map(Value::from).or_else(|| user.attribute("id"));
        payload.insert("user_id".to_owned(), user_id.unwrap_or_default());
        payload.insert("username".to_owned(), user.username().into());
        payload.insert("exp".to_owned(), (now + settings.expiration_delta).timestamp().into());
        if let Some(email) = user.attribute("email") {
            payload.insert("email".to_owned(), email);
        }
        payload.insert(username_field.to_owned(), user.username().into());
        if settings.allow_refresh {
            payload.insert("orig_iat".to_owned(), now.timestamp().into());
        }
        for (name, value) in [("aud", &settings.audience), ("iss", &settings.issuer)] {
            if let Some(value) = value {
                payload.insert(name.to_owned(), value.as_str().into());
            }
        }
        payload
    }

    /// `jwt_encode_handler`.
    ///
    /// # Errors
    /// Returns an error when the token cannot be signed.
    pub fn encode(&self, payload: &Claims) -> Result<String, SigningError> {
        jwt::encode(payload, &self.signing_key)
    }

    /// The claims of a valid token: `jwt_decode_handler`.
    ///
    /// # Errors
    /// Returns an error when it has expired, has another signature, or may not be used.
    pub fn decode(&self, token: &str) -> Result<Arc<Claims>, LegacyJwtError> {
        let claims = if self.settings.verify {
            self.verified(token).map_err(|error| decode_error_first(token, error))?
        } else {
            Arc::new(jwt::decode_unverified(token)?)
        };
        if self.foreign_claims.iter().any(|name| claims.contains_key(name)) {
            return Err(LegacyJwtError::InvalidPayload);
        }
        Ok(claims)
    }

    /// The claims of a token with the signature of one of the keys.
    fn verified(&self, token: &str) -> Result<Arc<Claims>, JwtError> {
        let read = |key| jwt::decode_repeated(token, key, &self.rules, self.clock.now());
        let mut outcome = read(&self.verifying_key);
        for key in &self.fallback_keys {
            if !matches!(outcome, Err(JwtError::InvalidSignature)) {
                break;
            }
            outcome = read(key);
        }
        outcome
    }

    /// The claims of the token that replaces one with the claims `old`: `RefreshJSONWebTokenSerializer.validate`.
    /// `user` is the old token's.
    ///
    /// # Errors
    /// Returns an error when the old token was not made to be refreshed, or the login was too long ago.
    pub fn refreshed_payload(
        &self,
        old: &Claims,
        user: &SharedUser,
        username_field: &str,
    ) -> Result<Claims, LegacyJwtError> {
        // Python treats 0 as missing, and crashes if it is neither a number nor a boolean. True is 1, which has long passed.
        if old.get("orig_iat") == Some(&Value::Bool(true)) {
            return Err(LegacyJwtError::RefreshExpired);
        }
        let orig_iat = old.get("orig_iat").and_then(Value::as_number).filter(|number| number.as_f64() != Some(0.0));
        let orig_iat = orig_iat.ok_or(LegacyJwtError::OrigIatRequired)?;
        let window = self.settings.refresh_expiration_delta.num_seconds();
        let now = self.clock.now().timestamp();
        let has_expired = match (orig_iat.as_i64(), orig_iat.as_f64()) {
            (Some(login), _) => now > login.saturating_add(window),
            #[expect(clippy::cast_precision_loss, reason = "seconds of this era are exact in a float")]
            (None, Some(login)) => now as f64 > login + window as f64,
            (None, None) => true,
        };
        if has_expired {
            return Err(LegacyJwtError::RefreshExpired);
        }
        let mut payload = self.payload(user, username_field);
        payload.insert("orig_iat".to_owned(), orig_iat.clone().into());
        Ok(payload)
    }
}

/// The package decodes a token without verification first. So a broken payload is a decode error even if the algorithm is
/// wrong.
fn decode_error_first(token: &str, error: JwtError) -> JwtError {
    if error.is_decode_error() {
        return error;
    }
    jwt::decode_unverified(token).err().filter(JwtError::is_decode_error).unwrap_or(error)
}

/// The active user of a token: `_check_user`. Only `username` counts, not `user_id` or `email`.
///
/// # Errors
/// Returns an error when the token has no username, or the user does not exist or is disabled.
pub fn get_user(conn: &mut DbConnection, users: &dyn UserModel, claims: &Claims) -> Result<SharedUser, LegacyJwtError> {
    let username = match claims.get("username") {
        Some(Value::String(name)) if !name.is_empty() => name.clone(),
        Some(Value::Number(number)) if number.as_f64() != Some(0.0) => number.to_string(),
        Some(Value::Bool(true)) => "True".to_owned(),
        // Python looks for the `repr` of a list or dict, which no user name can be.
        Some(Value::Array(list)) if !list.is_empty() => return Err(LegacyJwtError::UserDoesNotExist),
        Some(Value::Object(dict)) if !dict.is_empty() => return Err(LegacyJwtError::UserDoesNotExist),
        _ => return Err(LegacyJwtError::InvalidPayload),
    };
    // PostgreSQL cannot store it and would answer with an error.
    if username.contains('\0') {
        return Err(LegacyJwtError::UserDoesNotExist);
    }
    let user = users.get_by_natural_key(conn, &username).map_err(DatabaseError::from)?;
    let user = user.ok_or(LegacyJwtError::UserDoesNotExist)?;
    if user.is_active() { Ok(user) } else { Err(LegacyJwtError::UserIsDisabled) }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Duration, NaiveDateTime};
    use serde_json::json;

    use super::super::settings::LegacyJwtSettings;
    use super::*;
    use crate::contrib::auth::models::User;
    use crate::core::clock::Clock;

    const NOW: i64 = 1_700_000_000;

    fn alice() -> SharedUser {
        SharedUser::new(User {
            id: 7,
            password: String::new(),
            last_login: None,
            is_superuser: false,
            username: "alice".to_owned(),
            last_name: String::new(),
            email: "alice@example.com".to_owned(),
            is_staff: false,
            is_active: true,
            date_joined: NaiveDateTime::default(),
            first_name: String::new(),
        })
    }

    fn state(settings: LegacyJwtSettings) -> LegacyJwtState {
        let clock = Clock::manual(DateTime::from_timestamp(NOW, 0).unwrap());
        LegacyJwtState::new(settings, &"a secret of at least thirty-two bytes".into(), &[], clock).unwrap()
    }

    fn claims(value: Value) -> Claims {
        value.as_object().unwrap().clone().into()
    }

    fn refusal<T: std::fmt::Debug>(result: Result<T, LegacyJwtError>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn the_payload_has_the_claims_of_the_package_in_its_order() {
        let payload = |state: &LegacyJwtState, field| Value::from(state.payload(&alice(), field)).to_string();
        assert_eq!(
            payload(&state(LegacyJwtSettings::default()), "username"),
            r#"{"user_id":7,"username":"alice","exp":1700000300,"email":"alice@example.com"}"#
        );
        let all = LegacyJwtSettings {
            allow_refresh: true,
            audience: Some("a".to_owned()),
            issuer: Some("i".to_owned()),
            ..LegacyJwtSettings::default()
        };
        assert_eq!(
            payload(&state(all), "login"),
            r#"{"user_id":7,"username":"alice","exp":1700000300,"email":"alice@example.com","login":"alice","orig_iat":1700000000,"aud":"a","iss":"i"}"#
        );
    }

    #[test]
    fn a_token_is_valid_until_the_second_after_its_expiry() {
        let state = state(LegacyJwtSettings::default());
        let payload = state.payload(&alice(), "username");
        let token = state.encode(&payload).unwrap();
        assert_eq!(*state.decode(&token).unwrap(), payload);
        state.clock.advance(Duration::seconds(300));
        assert_eq!(*state.decode(&token).unwrap(), payload);
        state.clock.advance(Duration::seconds(1));
        assert_eq!(refusal(state.decode(&token)), "Signature has expired.");
    }

    #[test]
    fn each_refusal_has_the_text_of_the_package() {
        let ours = state(LegacyJwtSettings::default());
        let theirs = LegacyJwtSettings { secret_key: Some("another secret".into()), ..LegacyJwtSettings::default() };
        let foreign = state(theirs).encode(&claims(json!({ "username": "alice" }))).unwrap();
        assert_eq!(refusal(ours.decode("junk")), "Error decoding signature.");
        assert_eq!(refusal(ours.decode(&foreign)), "Error decoding signature.");
        let aud = ours.encode(&claims(json!({ "username": "alice", "aud": "x" }))).unwrap();
        assert_eq!(refusal(ours.decode(&aud)), "Incorrect authentication credentials.");
        // {"alg":"none","typ":"JWT"}.{"username":"alice"}
        let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJ1c2VybmFtZSI6ImFsaWNlIn0.";
        assert_eq!(refusal(ours.decode(none)), "Incorrect authentication credentials.");
        // The same header before a payload that is not JSON.
        assert_eq!(refusal(ours.decode("eyJhbGciOiJub25lIn0.aGVsbG8.")), "Error decoding signature.");
    }

    #[test]
    fn a_token_of_simplejwt_is_refused_even_with_a_username() {
        let state = state(LegacyJwtSettings::default());
        let access = state.encode(&claims(json!({ "username": "alice", "token_type": "access" }))).unwrap();
        assert_eq!(refusal(state.decode(&access)), "Invalid payload.");
    }

    #[test]
    fn without_verification_any_signature_is_accepted() {
        let open = state(LegacyJwtSettings { verify: false, ..LegacyJwtSettings::default() });
        let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJ1c2VybmFtZSI6ImFsaWNlIn0.";
        assert_eq!(*open.decode(none).unwrap(), claims(json!({ "username": "alice" })));
        assert_eq!(refusal(open.decode("junk")), "Error decoding signature.");
    }

    #[test]
    fn a_refresh_keeps_orig_iat_and_nothing_else() {
        let state = state(LegacyJwtSettings::default());
        let refreshed = |old: Value| state.refreshed_payload(&claims(old), &alice(), "username");
        let new = refreshed(json!({ "user_id": 1, "foo": "bar", "orig_iat": NOW - 1000 })).unwrap();
        assert_eq!(
            Value::from(new),
            json!({
                "user_id": 7, "username": "alice", "exp": NOW + 300, "email": "alice@example.com", "orig_iat": NOW - 1000,
            })
        );
        let week = 7 * 86_400;
        assert!(refreshed(json!({ "orig_iat": NOW - week })).is_ok());
        assert_eq!(refusal(refreshed(json!({ "orig_iat": NOW - week - 1 }))), "Refresh has expired.");
        let float = refreshed(json!({ "orig_iat": 1_699_999_999.5 })).unwrap();
        assert_eq!(float["orig_iat"], json!(1_699_999_999.5));
        for past in [json!(1.5), json!(true)] {
            assert_eq!(refusal(refreshed(json!({ "orig_iat": past }))), "Refresh has expired.");
        }
        for missing in
            [json!({}), json!({ "orig_iat": 0 }), json!({ "orig_iat": "1700000000" }), json!({ "orig_iat": false })]
        {
            assert_eq!(refusal(refreshed(missing)), "orig_iat field is required.");
        }
    }
}
