//! The primary key of a user. Python counterpart: `user.pk`.

#[cfg(feature = "database")]
mod sql;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde_json::Value;
use uuid::Uuid;

/// The primary key of a user: an `AutoField`, a `BigAutoField` or a `UUIDField` of Django.
///
/// A key is shown as the bare value, as `str(user.pk)` is, and is read from that text again. Two integer keys are equal
/// when their numbers are.
///
/// ```
/// use actix_simplejwt::contrib::auth::UserId;
///
/// let id: UserId = "7".parse()?;
/// assert_eq!(id, UserId::Integer(7));
/// assert_eq!(UserId::BigInteger(7).to_string(), "7");
/// # Ok::<(), actix_simplejwt::contrib::auth::InvalidUserId>(())
/// ```
#[derive(Clone, Copy, Debug, Eq)]
#[cfg_attr(feature = "database", derive(diesel::expression::AsExpression, diesel::deserialize::FromSqlRow))]
#[cfg_attr(feature = "database", diesel(sql_type = crate::db::types::UserKey))]
pub enum UserId {
    /// `integer`.
    Integer(i32),
    /// `bigint`.
    BigInteger(i64),
    /// `uuid` on PostgreSQL, 32 hexadecimal digits on SQLite.
    Uuid(Uuid),
}

impl UserId {
    fn parts(self) -> (Option<i64>, Option<Uuid>) {
        match self {
            Self::Integer(id) => (Some(id.into()), None),
            Self::BigInteger(id) => (Some(id), None),
            Self::Uuid(id) => (None, Some(id)),
        }
    }

    /// The smallest variant for the number, if the source does not have the type of the column.
    fn narrowest(id: i64) -> Self {
        i32::try_from(id).map_or(Self::BigInteger(id), Self::Integer)
    }

    /// The key in a claim, of any type: a whole number or a text. Returns `None` for any other value.
    #[must_use]
    pub fn from_claim(claim: &Value) -> Option<Self> {
        match claim {
            Value::Number(number) => number.as_i64().map(Self::narrowest),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }
}

impl PartialEq for UserId {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Hash for UserId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(id) => id.fmt(f),
            Self::BigInteger(id) => id.fmt(f),
            Self::Uuid(id) => id.fmt(f),
        }
    }
}

impl From<i32> for UserId {
    fn from(id: i32) -> Self {
        Self::Integer(id)
    }
}

impl From<i64> for UserId {
    /// Always a `bigint`: PostgreSQL refuses a parameter that is not as wide as the column.
    fn from(id: i64) -> Self {
        Self::BigInteger(id)
    }
}

impl From<Uuid> for UserId {
    fn from(id: Uuid) -> Self {
        Self::Uuid(id)
    }
}

/// The key as JSON: a number, or the text of a UUID.
impl From<UserId> for Value {
    fn from(id: UserId) -> Self {
        match id {
            UserId::Integer(id) => id.into(),
            UserId::BigInteger(id) => id.into(),
            UserId::Uuid(id) => id.to_string().into(),
        }
    }
}

/// The error of a text that is neither a whole number nor a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the primary key of a user: expected a whole number or a UUID")]
pub struct InvalidUserId;

impl FromStr for UserId {
    type Err = InvalidUserId;

    fn from_str(text: &str) -> Result<Self, InvalidUserId> {
        match text.parse::<i64>() {
            Ok(id) => Ok(Self::narrowest(id)),
            Err(_) => text.parse().map(Self::Uuid).map_err(|_| InvalidUserId),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const UUID: &str = "0b9e2c8a-1d58-4a3a-9f4e-3c5f6a7b8c9d";

    #[test]
    fn a_key_is_shown_as_the_bare_value_and_read_again() {
        for (text, id) in [
            ("7", UserId::Integer(7)),
            ("-7", UserId::Integer(-7)),
            ("3000000000", UserId::BigInteger(3_000_000_000)),
            (UUID, UserId::Uuid(UUID.parse().unwrap())),
        ] {
            assert_eq!(id.to_string(), text);
            assert_eq!(text.parse(), Ok(id));
        }
        for text in ["", "seven", "9223372036854775808", "0b9e2c8a"] {
            assert_eq!(text.parse::<UserId>(), Err(InvalidUserId), "{text}");
        }
    }

    #[test]
    fn a_claim_holds_a_number_or_a_text() {
        let uuid = UserId::Uuid(UUID.parse().unwrap());
        for (claim, id) in [
            (7.into(), Some(UserId::Integer(7))),
            ("7".into(), Some(UserId::Integer(7))),
            (3_000_000_000_i64.into(), Some(UserId::BigInteger(3_000_000_000))),
            (UUID.into(), Some(uuid)),
            (7.5.into(), None),
            ("seven".into(), None),
            (Value::Null, None),
            (true.into(), None),
        ] {
            assert_eq!(UserId::from_claim(&claim), id, "{claim}");
        }
        assert_eq!(Value::from(uuid), UUID);
        assert_eq!(Value::from(UserId::BigInteger(7)), 7);
    }

    #[test]
    fn a_number_keeps_its_width_and_text_gets_the_smallest() {
        assert!(matches!(UserId::from(7_i32), UserId::Integer(7)));
        assert!(matches!(UserId::from(7_i64), UserId::BigInteger(7)));
        assert!(matches!("7".parse(), Ok(UserId::Integer(7))));
        assert!(matches!(UserId::from_claim(&7.into()), Some(UserId::Integer(7))));
    }

    #[test]
    fn integer_keys_are_equal_by_their_numbers() {
        let ids = HashSet::from([UserId::Integer(7), UserId::BigInteger(7), UserId::Uuid(Uuid::nil())]);
        assert_eq!(ids.len(), 2);
        assert_ne!(UserId::Integer(0), UserId::Uuid(Uuid::nil()));
    }
}
