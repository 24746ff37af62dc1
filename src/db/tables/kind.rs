//! The values of columns: as the database has them, as text, and as JSON. Python counterpart: `to_python` and
//! `get_db_prep_value` of model fields.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::datetimes::{moment, shown};
use super::json;
use crate::db::introspection::Column;

/// The kind of a column's values. Between the database and JSON a value is a text, in the same format on every database: `true`,
/// `7`, a UUID with hyphens, a date and time such as `2024-03-01T12:30:15.123456Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// A boolean.
    Boolean,
    /// An integer, with its size in bytes.
    Integer(u8),
    /// A floating-point number.
    Float,
    /// A decimal number.
    Decimal,
    /// Text of any length.
    Text,
    /// A UUID.
    Uuid,
    /// A date and time.
    DateTime,
    /// A date without a time.
    Date,
    /// JSON.
    Json,
    /// An array of PostgreSQL, read as JSON.
    Array,
    /// Bytes, which are not read.
    Binary,
    /// Any other type, read and written in the form of the database.
    Other,
}

/// The type of a primary key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    /// `integer`.
    Integer,
    /// `bigint`.
    BigInteger,
    /// A UUID.
    Uuid,
}

impl ColumnKind {
    /// The kind of `column` on a database of that vendor.
    #[must_use]
    pub fn of(column: &Column, vendor: &str) -> Self {
        let name = column.type_name.as_str();
        if column.is_json {
            return Self::Json;
        }
        match name {
            "bool" | "boolean" => Self::Boolean,
            "int2" => Self::Integer(2),
            "int4" => Self::Integer(4),
            "int8" => Self::Integer(8),
            "float4" | "float8" | "real" | "double" | "double precision" | "float" => Self::Float,
            "uuid" | "char(32)" => Self::Uuid,
            "timestamptz" | "timestamp" | "datetime" => Self::DateTime,
            "date" => Self::Date,
            "array" => Self::Array,
            "bytea" | "blob" => Self::Binary,
            "text" | "varchar" | "bpchar" | "citext" => Self::Text,
            _ if name.starts_with("numeric") || name.starts_with("decimal") => Self::Decimal,
            _ if vendor == "sqlite" && name.contains("int") => Self::Integer(8),
            _ if vendor == "sqlite" && name.contains("char") => Self::Text,
            _ => Self::Other,
        }
    }

    /// The type of a primary key, if a user can have such a key.
    #[must_use]
    pub fn key_type(self) -> Option<KeyType> {
        match self {
            Self::Integer(4) => Some(KeyType::Integer),
            Self::Integer(8) => Some(KeyType::BigInteger),
            Self::Uuid => Some(KeyType::Uuid),
            _ => None,
        }
    }

    /// The expression that selects the column `name`, which is quoted, as text.
    #[must_use]
    pub fn selected(self, name: &str, column: &Column) -> String {
        match self {
            // Django shows the blanks at the end, which `CAST` takes away.
            Self::Text if column.type_name == "bpchar" && column.max_length.is_some() => {
                format!("to_jsonb({name}) #>> '{{}}'")
            }
            Self::Array => format!("CAST(to_jsonb({name}) AS text)"),
            Self::Binary => "NULL".to_owned(),
            _ => format!("CAST({name} AS text)"),
        }
    }

    /// The SQL before and after a parameter that converts its text to a value of the column.
    #[must_use]
    pub fn cast(self, column: &Column, vendor: &str) -> String {
        match self {
            _ if vendor != "sqlite" => format!(" AS {})", column.sql_type),
            Self::Boolean | Self::Integer(_) => " AS integer)".to_owned(),
            Self::Float => " AS real)".to_owned(),
            Self::Decimal => " AS numeric)".to_owned(),
            _ => " AS text)".to_owned(),
        }
    }

    /// The text of a value from the database.
    #[must_use]
    pub fn read(self, text: String) -> String {
        match self {
            Self::Boolean => matches!(text.as_str(), "1" | "true").to_string(),
            Self::Uuid => Uuid::parse_str(&text).map_or(text, |id| id.to_string()),
            Self::DateTime => moment(text.trim_end_matches("+00")).unwrap_or(text),
            _ => text,
        }
    }

    /// The value that is bound for `text`.
    #[must_use]
    pub fn write(self, text: String, vendor: &str) -> String {
        match self {
            _ if vendor != "sqlite" => text,
            Self::Boolean => if text == "true" { "1" } else { "0" }.to_owned(),
            Self::Uuid => text.replace('-', ""),
            Self::DateTime => text.trim_end_matches('Z').replace('T', " "),
            _ => text,
        }
    }

    /// Whether Python takes the value `text` of a boolean for true. A number is true unless it is 0.
    #[must_use]
    pub fn is_true(self, text: &str) -> bool {
        match self {
            Self::Integer(_) | Self::Float | Self::Decimal => text.parse::<f64>().is_ok_and(|number| number != 0.0),
            _ => text == "true",
        }
    }

    /// The value of a boolean: 1 or 0 in a column of numbers.
    #[must_use]
    pub fn flag(self, value: bool) -> String {
        match self {
            Self::Integer(_) | Self::Float | Self::Decimal => u8::from(value).to_string(),
            _ => value.to_string(),
        }
    }

    /// The value that a person has typed.
    ///
    /// # Errors
    /// Returns the message of Django's field.
    pub fn parse(self, text: &str) -> Result<String, String> {
        let value = match self {
            Self::Boolean => match text.to_ascii_lowercase().as_str() {
                "true" | "t" | "1" => Some("true".to_owned()),
                "false" | "f" | "0" => Some("false".to_owned()),
                _ => return Err(format!("“{text}” value must be either True or False.")),
            },
            Self::Integer(_) => match self.key(&text.into()) {
                None => return Err(format!("“{text}” value must be an integer.")),
                value => value,
            },
            Self::Float => match text.trim().parse::<f64>() {
                Err(_) => return Err(format!("“{text}” value must be a float.")),
                Ok(number) => Some(number.to_string()),
            },
            Self::Decimal => {
                let text = text.trim();
                let is_number = text.parse::<f64>().is_ok_and(f64::is_finite);
                if !is_number {
                    return Err(format!("“{text}” value must be a decimal number."));
                }
                Some(text.to_owned())
            }
            Self::Uuid => match Uuid::parse_str(text) {
                Err(_) => return Err(format!("“{text}” is not a valid UUID.")),
                Ok(id) => Some(id.to_string()),
            },
            Self::DateTime => moment(text),
            Self::Date => text.parse::<NaiveDate>().ok().map(|date| date.to_string()),
            Self::Json => match serde_json::from_str::<Value>(text) {
                Err(_) => return Err("Value must be valid JSON.".to_owned()),
                Ok(_) => Some(text.to_owned()),
            },
            Self::Text | Self::Other => (!text.contains('\0')).then(|| text.to_owned()),
            Self::Array | Self::Binary => None,
        };
        value.ok_or_else(|| format!("“{text}” is not a valid value."))
    }

    /// The value that a claim or a natural key represents. `None` if the column cannot have it, such as the text `x` in a column
    /// of numbers.
    #[must_use]
    pub fn key(self, value: &Value) -> Option<String> {
        match self {
            Self::Integer(bytes) => {
                let number = json::integer(value)?;
                let limit = 1_i128 << (8 * u32::from(bytes) - 1);
                (-limit..limit).contains(&i128::from(number)).then(|| number.to_string())
            }
            Self::Uuid => Uuid::parse_str(value.as_str()?).ok().map(|id| id.to_string()),
            // PostgreSQL has no NUL in a text.
            Self::Text => json::text(value).filter(|text| !text.contains('\0')),
            _ => None,
        }
    }

    /// Whether it is text.
    #[must_use]
    pub fn is_text(self) -> bool {
        self == Self::Text
    }

    /// Whether users can be looked up by such a column.
    #[must_use]
    pub fn is_key(self) -> bool {
        matches!(self, Self::Integer(_) | Self::Uuid | Self::Text)
    }

    /// The value as DRF renders it: a decimal number is a text.
    #[must_use]
    pub fn json(self, text: &str) -> Value {
        match self {
            Self::Boolean => (text == "true").into(),
            Self::Integer(_) | Self::Float | Self::Json | Self::Array => {
                serde_json::from_str(text).unwrap_or_else(|_| text.into())
            }
            _ => text.into(),
        }
    }

    /// The value of a new row for a column that cannot be NULL and has no default. It is the usual default in Django models.
    #[must_use]
    pub fn initial(self, is_unique: bool, now: DateTime<Utc>) -> Option<String> {
        match self {
            Self::Boolean => Some("false".to_owned()),
            Self::Text if !is_unique => Some(String::new()),
            Self::Uuid => Some(Uuid::new_v4().to_string()),
            Self::DateTime => Some(shown(now)),
            Self::Date => Some(now.date_naive().to_string()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const UUID: &str = "0b9e2c8a-1d58-4a3a-9f4e-3c5f6a7b8c9d";

    #[test]
    fn typed_text_becomes_a_value_or_an_error() {
        for (kind, text, value) in [
            (ColumnKind::Boolean, "True", "true"),
            (ColumnKind::Integer(4), " 7", "7"),
            (ColumnKind::Float, "1.50", "1.5"),
            (ColumnKind::Decimal, "1.50", "1.50"),
            (ColumnKind::Uuid, "0B9E2C8A1D584A3A9F4E3C5F6A7B8C9D", UUID),
            (ColumnKind::DateTime, "2024-03-01 12:30", "2024-03-01T12:30:00Z"),
            (ColumnKind::DateTime, "2024-03-01T12:30:15.5+02:00", "2024-03-01T10:30:15.500000Z"),
            (ColumnKind::DateTime, "2024-03-01", "2024-03-01T00:00:00Z"),
            (ColumnKind::Date, "2024-03-01", "2024-03-01"),
            (ColumnKind::Json, "{}", "{}"),
            (ColumnKind::Other, "10.0.0.1", "10.0.0.1"),
        ] {
            assert_eq!(kind.parse(text).as_deref(), Ok(value), "{kind:?}");
        }
        for (kind, text, problem) in [
            (ColumnKind::Boolean, "maybe", "“maybe” value must be either True or False."),
            (ColumnKind::Integer(2), "40000", "“40000” value must be an integer."),
            (ColumnKind::Float, "x", "“x” value must be a float."),
            (ColumnKind::Decimal, "inf", "“inf” value must be a decimal number."),
            (ColumnKind::Uuid, "x", "“x” is not a valid UUID."),
            (ColumnKind::DateTime, "noon", "“noon” is not a valid value."),
            (ColumnKind::Date, "2024-02-30", "“2024-02-30” is not a valid value."),
            (ColumnKind::Json, "{", "Value must be valid JSON."),
            (ColumnKind::Array, "{}", "“{}” is not a valid value."),
        ] {
            assert_eq!(kind.parse(text), Err(problem.to_owned()), "{kind:?}");
        }
    }

    #[test]
    fn a_claim_is_a_key_if_the_column_can_have_it() {
        for (kind, claim, key) in [
            (ColumnKind::Integer(4), json!(7), Some("7")),
            (ColumnKind::Integer(4), json!("7"), Some("7")),
            (ColumnKind::Integer(4), json!(3_000_000_000_i64), None),
            (ColumnKind::Integer(8), json!(3_000_000_000_i64), Some("3000000000")),
            (ColumnKind::Integer(8), json!(true), None),
            (ColumnKind::Uuid, json!(UUID), Some(UUID)),
            (ColumnKind::Uuid, json!(7), None),
            (ColumnKind::Text, json!("ann"), Some("ann")),
            (ColumnKind::Text, json!(7), Some("7")),
            (ColumnKind::Text, json!("a\0"), None),
            (ColumnKind::Boolean, json!(true), None),
        ] {
            assert_eq!(kind.key(&claim).as_deref(), key, "{kind:?} {claim}");
        }
    }

    #[test]
    fn both_databases_give_the_same_text() {
        for (kind, sqlite, postgres, text) in [
            (ColumnKind::Boolean, "1", "true", "true"),
            (ColumnKind::Boolean, "0", "false", "false"),
            (ColumnKind::Uuid, "0b9e2c8a1d584a3a9f4e3c5f6a7b8c9d", UUID, UUID),
            (
                ColumnKind::DateTime,
                "2024-03-01 12:30:15.123456",
                "2024-03-01 12:30:15.123456+00",
                "2024-03-01T12:30:15.123456Z",
            ),
            (
                ColumnKind::DateTime,
                "2024-03-01 12:30:15.500000",
                "2024-03-01 12:30:15.5+00",
                "2024-03-01T12:30:15.500000Z",
            ),
            (ColumnKind::DateTime, "2024-03-01 12:30:15", "2024-03-01 12:30:15+00", "2024-03-01T12:30:15Z"),
        ] {
            assert_eq!(kind.read(sqlite.to_owned()), text);
            assert_eq!(kind.read(postgres.to_owned()), text);
            assert_eq!(kind.write(text.to_owned(), "sqlite"), sqlite);
            assert_eq!(kind.write(text.to_owned(), "postgresql"), text);
        }
    }

    #[test]
    fn json_is_that_of_drf() {
        for (kind, text, value) in [
            (ColumnKind::Boolean, "true", json!(true)),
            (ColumnKind::Integer(8), "3000000000", json!(3_000_000_000_i64)),
            (ColumnKind::Float, "1.5", json!(1.5)),
            (ColumnKind::Decimal, "1.50", json!("1.50")),
            (ColumnKind::Uuid, UUID, json!(UUID)),
            (ColumnKind::Json, r#"{"a": [1]}"#, json!({ "a": [1] })),
            (ColumnKind::Text, "7", json!("7")),
        ] {
            assert_eq!(kind.json(text), value, "{kind:?}");
        }
    }
}
