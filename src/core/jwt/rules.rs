//! The checks of the claims. Python counterpart: `jwt.api_jwt.PyJWT._validate_claims`.

use chrono::{DateTime, Duration, Utc};
use serde_json::Value;

use super::{Claims, JwtError};
use crate::core::python::{int, is_true};

/// The options of `jwt.decode`. `Rules::default()` is what simplejwt uses without configuration.
///
/// `iat`, `nbf` and `exp` are checked if they are present. Whether they are required is up to the app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// The version of PyJWT whose rules apply.
    pub edition: Edition,
    /// The allowed difference between the clocks of issuer and server. Default: zero.
    pub leeway: Duration,
    /// The required `aud`. Default: anything.
    pub audience: Audience,
    /// The required `iss`. Default: anything.
    pub issuer: Option<String>,
    /// **Danger**: accepts tokens that have expired (`JWT_VERIFY_EXPIRATION = False`). Default: false.
    pub ignore_expiry: bool,
}

/// A version of PyJWT.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Edition {
    /// PyJWT 2, used by simplejwt: a token is expired at `exp == now`, an `iat` in the future is refused, `sub` and `jti`
    /// must be strings.
    #[default]
    PyJwt2,
    /// PyJWT 1.7, used by djangorestframework-jwt: a token is valid until the second after `exp`, times may be digits in a
    /// string, `iat` may be in the future, and `sub`, `jti` and the header's `kid` are not checked.
    PyJwt1,
}

/// The required value of the claim `aud`, which is a string or a list of strings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Audience {
    /// Any value: simplejwt without `AUDIENCE` (`verify_aud` is false).
    #[default]
    Any,
    /// A token with an audience is refused: djangorestframework-jwt without `JWT_AUDIENCE`.
    Absent,
    /// It is required and must contain one of these. An empty list refuses every token.
    OneOf(Vec<String>),
}

/// `datetime.min` and `datetime.max` in Python, in microseconds. A later `exp` is refused, because simplejwt raises an exception
/// for it and the database could not store it. The other times must be in this range too.
const DATES: std::ops::RangeInclusive<i64> = -62_135_596_800_000_000..=253_402_300_799_000_000;

impl Rules {
    /// All checks, in the order of PyJWT.
    pub(super) fn check(&self, claims: &Claims, now: DateTime<Utc>) -> Result<(), JwtError> {
        let pyjwt2 = self.edition == Edition::PyJwt2;
        // Python's `int()` also accepts booleans and digits in a string. Booleans are refused like every other wrong type,
        // and so are strings with PyJWT 2.
        let number = |name: &str, error: JwtError| match claims.get(name) {
            None => Ok(None),
            Some(Value::String(_)) if pyjwt2 => Err(error),
            Some(value) => whole_seconds(value).filter(|time| DATES.contains(time)).map(Some).ok_or(error),
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
        if !self.ignore_expiry
            && let Some(exp) = claims.get("exp")
        {
            let not_an_integer = JwtError::Decode("Expiration Time claim (exp) must be an integer.");
            // Python reads a boolean as 0 or 1, which has long passed.
            let end = if exp.is_boolean() { Some(0) } else { whole_seconds(exp) }.ok_or(not_an_integer.clone())?;
            if end < earliest_end || (pyjwt2 && end == earliest_end) {
                return Err(JwtError::ExpiredSignature);
            }
            // simplejwt raises an exception for a string that has not expired.
            if end > *DATES.end() || (pyjwt2 && exp.is_string()) {
                return Err(not_an_integer);
            }
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

    /// Only the check of `aud`, which PyJWT still does when simplejwt decodes with `verify=False`.
    ///
    /// # Errors
    /// See [`super::decode`].
    pub fn check_audience(&self, claims: &Claims) -> Result<(), JwtError> {
        // PyJWT 2 ignores an empty `aud`, PyJWT 1 does not.
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

/// A NumericDate in microseconds, without its fraction of a second, as `int()` does. `None` if it is neither a number nor
/// digits in a string. A time that does not fit is the first or last one that does.
fn whole_seconds(value: &Value) -> Option<i64> {
    let seconds = match value {
        Value::Number(number) => match number.as_i64() {
            Some(seconds) => seconds,
            #[expect(clippy::cast_possible_truncation, reason = "a cast of a float saturates")]
            None => number.as_f64()?.trunc() as i64,
        },
        Value::String(_) => int(value)?,
        _ => return None,
    };
    Some(seconds.saturating_mul(1_000_000))
}
