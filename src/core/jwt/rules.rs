//! What a token's claims must say. Python counterpart: `jwt.api_jwt.PyJWT._validate_claims`.

use chrono::{DateTime, Duration, Utc};
use serde_json::Value;

use super::{Claims, JwtError};

/// The options of `jwt.decode`. `Rules::default()` is what simplejwt asks for when nothing is configured.
///
/// `iat`, `nbf` and `exp` are checked when they are there; whether they must be there is for the app to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Whose strictness applies.
    pub edition: Edition,
    /// How far the clocks of issuer and server may be apart. Default: zero.
    pub leeway: Duration,
    /// What `aud` must be. Default: anything.
    pub audience: Audience,
    /// What `iss` must be, if set. Default: anything.
    pub issuer: Option<String>,
    /// **Danger**: accepts tokens that have expired (`JWT_VERIFY_EXPIRATION = False`). Default: false.
    pub ignore_expiry: bool,
}

/// Which PyJWT is followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Edition {
    /// PyJWT 2, under simplejwt: a token is expired at `exp == now`, an `iat` in the future is refused, `sub` and `jti`
    /// must be texts.
    #[default]
    PyJwt2,
    /// PyJWT 1.7, under djangorestframework-jwt: a token is good until the second after `exp`, `iat` need only be a
    /// number, `sub` and `jti` are not looked at.
    PyJwt1,
}

/// What the claim `aud`, a text or a list of texts, must be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Audience {
    /// It does not matter: simplejwt without `AUDIENCE` (`verify_aud` is false).
    #[default]
    Any,
    /// A token made for some audience is refused: djangorestframework-jwt without `JWT_AUDIENCE`.
    Absent,
    /// It must be there and name one of these. An empty list refuses every token.
    OneOf(Vec<String>),
}

/// The seconds of `datetime.min` and `datetime.max` in Python. A date beyond them is refused whatever it means: the peer
/// crashes on it, and it would not fit into a database either.
const DATES: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

impl Rules {
    /// All checks, in PyJWT's order.
    pub(super) fn check(&self, claims: &Claims, now: DateTime<Utc>) -> Result<(), JwtError> {
        let pyjwt2 = self.edition == Edition::PyJwt2;
        // Python's `int()` would also take booleans and digits in a text. A token with those comes from no issuer of
        // ours, and simplejwt crashes on the text a few lines later: both are refused as every other wrong type.
        let number = |name: &str, error: JwtError| match claims.get(name) {
            None => Ok(None),
            Some(value) => whole_seconds(value).map(Some).ok_or(error),
        };
        let now = if pyjwt2 { now.timestamp_micros() } else { now.timestamp().saturating_mul(1_000_000) };
        let leeway = self.leeway.num_microseconds().unwrap_or(0);
        let (latest_start, earliest_end) = (now.saturating_add(leeway), now.saturating_sub(leeway));

        if let Some(iat) = number("iat", JwtError::InvalidIssuedAt)?
            && pyjwt2
            && iat > latest_start
        {
            return Err(JwtError::ImmatureSignature("iat"));
        }
        if let Some(nbf) = number("nbf", JwtError::Decode("Not Before claim (nbf) must be an integer."))?
            && nbf > latest_start
        {
            return Err(JwtError::ImmatureSignature("nbf"));
        }
        // Python's `int(True)` is 1, and that moment is long past.
        if !self.ignore_expiry && matches!(claims.get("exp"), Some(Value::Bool(_))) {
            return Err(JwtError::ExpiredSignature);
        }
        if !self.ignore_expiry
            && let Some(exp) = number("exp", JwtError::Decode("Expiration Time claim (exp) must be an integer."))?
            && (exp < earliest_end || (pyjwt2 && exp == earliest_end))
        {
            return Err(JwtError::ExpiredSignature);
        }
        self.check_issuer(claims)?;
        self.check_audience(claims)?;
        if pyjwt2 {
            let is_text_or_absent = |name: &str| claims.get(name).is_none_or(Value::is_string);
            if !is_text_or_absent("sub") {
                return Err(JwtError::InvalidSubject);
            }
            if !is_text_or_absent("jti") {
                return Err(JwtError::InvalidJti);
            }
        }
        Ok(())
    }

    fn check_issuer(&self, claims: &Claims) -> Result<(), JwtError> {
        let Some(wanted) = &self.issuer else { return Ok(()) };
        match claims.get("iss") {
            None => Err(JwtError::MissingRequiredClaim("iss")),
            Some(Value::String(issuer)) if issuer == wanted => Ok(()),
            Some(Value::String(_)) => Err(JwtError::InvalidIssuer("Invalid issuer")),
            Some(_) => Err(JwtError::InvalidIssuer("Payload Issuer (iss) must be a string")),
        }
    }

    /// The check of `aud` alone: what is left of PyJWT's checks when simplejwt decodes with `verify=False`.
    ///
    /// # Errors
    /// As [`super::decode`].
    pub fn check_audience(&self, claims: &Claims) -> Result<(), JwtError> {
        // PyJWT 2 takes an empty `aud` for none, PyJWT 1 does not.
        let aud = claims.get("aud").filter(|aud| self.edition == Edition::PyJwt1 || is_true(aud));
        let wanted = match (&self.audience, aud) {
            (Audience::Any, _) | (Audience::Absent, None) => return Ok(()),
            (Audience::Absent, Some(_)) => return Err(JwtError::InvalidAudience("Invalid audience")),
            (Audience::OneOf(_), None) => return Err(JwtError::MissingRequiredClaim("aud")),
            (Audience::OneOf(wanted), Some(_)) => wanted,
        };
        let malformed = Err(JwtError::InvalidAudience("Invalid claim format in token"));
        let named = match aud {
            Some(Value::String(name)) => wanted.contains(name),
            Some(Value::Array(names)) => {
                if !names.iter().all(Value::is_string) {
                    return malformed;
                }
                names.iter().filter_map(Value::as_str).any(|name| wanted.iter().any(|wanted| wanted == name))
            }
            _ => return malformed,
        };
        match (named, self.edition) {
            (true, _) => Ok(()),
            (false, Edition::PyJwt2) => Err(JwtError::InvalidAudience("Audience doesn't match")),
            (false, Edition::PyJwt1) => Err(JwtError::InvalidAudience("Invalid audience")),
        }
    }
}

/// A NumericDate in microseconds, its fraction of a second cut off as `int()` does; `None` unless it is a number
/// between the years 1 and 9999.
fn whole_seconds(value: &Value) -> Option<i64> {
    let seconds = match value {
        Value::Number(number) => match number.as_i64() {
            Some(seconds) => seconds,
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a cast of a float saturates, and so falls out of the range"
            )]
            None => number.as_f64()?.trunc() as i64,
        },
        _ => return None,
    };
    DATES.contains(&seconds).then(|| seconds * 1_000_000)
}

/// Python's truth of a JSON value.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(object) => !object.is_empty(),
    }
}
