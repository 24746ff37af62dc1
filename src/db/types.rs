//! Times in the database. Python counterpart: `adapt_datetimefield_value` and the converters of Django's backends.
//!
//! Django stores dates and times in UTC: as `timestamptz` on PostgreSQL, and on SQLite as text such as
//! `2024-03-01 12:30:15.123456`, with six digits after the point, or without point and digits. The tables of
//! [`schema`](super::schema) declare `Timestamp`, the only type that both connections have. Every session has the time zone UTC,
//! so a `timestamptz` has the same value.

use std::fmt;

#[cfg(feature = "sqlite")]
use chrono::NaiveDate;
use chrono::{DateTime, NaiveDateTime, SubsecRound, Timelike, Utc};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
#[cfg(feature = "postgres")]
use diesel::pg::{Pg, PgTypeMetadata, PgValue};
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{HasSqlType, SqlType, Timestamp};
#[cfg(feature = "sqlite")]
use diesel::sqlite::{Sqlite, SqliteType, SqliteValue};

use super::connection::MultiBackend;

/// A date and time in the database, in whole microseconds.
#[must_use]
pub fn to_db(moment: DateTime<Utc>) -> DjangoDateTime {
    DjangoDateTime(moment.naive_utc().trunc_subsecs(6))
}

/// The value of a column of dates and times. A field of a row that is inserted and read has
/// `#[diesel(serialize_as = DjangoDateTime, deserialize_as = DjangoDateTime)]`.
///
/// On SQLite it is written and read in the form that Django writes. diesel alone writes three digits after the point where
/// three are enough, and SQLite compares such a text as unequal to the same time with six digits. diesel also tries several
/// formats when it reads, which takes longer than finding the row. It still reads all other formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Timestamp)]
pub struct DjangoDateTime(NaiveDateTime);

impl From<DjangoDateTime> for NaiveDateTime {
    fn from(moment: DjangoDateTime) -> Self {
        moment.0
    }
}

impl From<NaiveDateTime> for DjangoDateTime {
    fn from(moment: NaiveDateTime) -> Self {
        to_db(moment.and_utc())
    }
}

/// `str()` of a Python `datetime`: six digits after the point, or neither digits nor point. PostgreSQL reads it as well.
impl fmt::Display for DjangoDateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = if self.0.nanosecond() == 0 { "%F %T" } else { "%F %T%.6f" };
        self.0.format(format).fmt(f)
    }
}

#[cfg(feature = "sqlite")]
impl ToSql<Timestamp, Sqlite> for DjangoDateTime {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.to_string());
        Ok(IsNull::No)
    }
}

#[cfg(feature = "postgres")]
impl ToSql<Timestamp, Pg> for DjangoDateTime {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<Timestamp, Pg>::to_sql(&self.0, out)
    }
}

impl ToSql<Timestamp, MultiBackend> for DjangoDateTime {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
        out.set_value((Timestamp, self));
        Ok(IsNull::No)
    }
}

#[cfg(feature = "sqlite")]
impl FromSql<Timestamp, Sqlite> for DjangoDateTime {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        if value.value_type() == Some(SqliteType::Text)
            && let Some(moment) = written_by_django(value.read_text())
        {
            return Ok(Self(moment));
        }
        FromSql::<Timestamp, Sqlite>::from_sql(value).map(Self)
    }
}

#[cfg(feature = "postgres")]
impl FromSql<Timestamp, Pg> for DjangoDateTime {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        FromSql::<Timestamp, Pg>::from_sql(value).map(Self)
    }
}

impl FromSql<Timestamp, MultiBackend> for DjangoDateTime {
    fn from_sql(value: <MultiBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        value.from_sql::<Self, Timestamp>()
    }
}

/// A column that holds the primary key of a user: `integer`, `bigint` or `uuid` on PostgreSQL, `integer` or `char(32)` on
/// SQLite. Its values are [`UserId`](crate::contrib::auth::UserId)s.
///
/// `eq_any` does not work on it: PostgreSQL needs the type of the elements of an array.
#[derive(Clone, Copy, Debug, Default, QueryId, SqlType)]
pub struct UserKey;

/// Without a type, so that the server uses the type of the column.
#[cfg(feature = "postgres")]
impl HasSqlType<UserKey> for Pg {
    fn metadata(_lookup: &mut Self::MetadataLookup) -> PgTypeMetadata {
        PgTypeMetadata::new(0, 0)
    }
}

#[cfg(feature = "sqlite")]
impl HasSqlType<UserKey> for Sqlite {
    fn metadata(_lookup: &mut ()) -> SqliteType {
        SqliteType::Text
    }
}

impl HasSqlType<UserKey> for MultiBackend {
    fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
        Self::lookup_sql_type::<UserKey>(lookup)
    }
}

/// `2024-03-01 12:30:15`, with or without `.123456`.
#[cfg(feature = "sqlite")]
fn written_by_django(text: &str) -> Option<NaiveDateTime> {
    let bytes = text.as_bytes();
    let is_in_form = matches!(bytes.len(), 19 | 26)
        && [(4, b'-'), (7, b'-'), (10, b' '), (13, b':'), (16, b':')].iter().all(|(at, mark)| bytes[*at] == *mark)
        && bytes.get(19).is_none_or(|mark| *mark == b'.');
    if !is_in_form {
        return None;
    }
    let number = |from: usize, to: usize| {
        bytes[from..to]
            .iter()
            .try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0')))
    };
    let microseconds = if bytes.len() == 26 { number(20, 26)? } else { 0 };
    NaiveDate::from_ymd_opt(number(0, 4)?.cast_signed(), number(5, 7)?, number(8, 10)?)?.and_hms_micro_opt(
        number(11, 13)?,
        number(14, 16)?,
        number(17, 19)?,
        microseconds,
    )
}

/// The date and time in a column.
#[must_use]
pub fn from_db(value: NaiveDateTime) -> DateTime<Utc> {
    value.and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_kept_to_the_microsecond() {
        for (text, kept) in [
            ("2024-03-01T12:30:15.123456789Z", "2024-03-01T12:30:15.123456Z"),
            ("2024-03-01T12:30:15.123Z", "2024-03-01T12:30:15.123Z"),
            ("2024-03-01T12:30:15.000000999Z", "2024-03-01T12:30:15Z"),
            ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.5Z"),
        ] {
            let moment = |text: &str| -> DateTime<Utc> { text.parse().unwrap() };
            assert_eq!(from_db(to_db(moment(text)).into()), moment(kept));
        }
    }

    #[cfg(feature = "sqlite")]
    #[test]
    fn only_the_format_of_django_takes_the_fast_path() {
        for text in ["2024-02-29 12:30:15.123456", "2024-03-01 00:00:00", "0001-01-01 23:59:59.000001"] {
            assert_eq!(written_by_django(text), NaiveDateTime::parse_from_str(text, "%F %T%.f").ok(), "{text}");
        }
        for text in [
            "",
            "2024-03-01",
            "2024-03-01T12:30:15",
            "2024-03-01 12:30:15.123",
            "2024-03-01 12:30:15Z123456",
            "2024-03-01 12:30:1x",
            "2023-02-29 12:30:15",
            "2024-03-01 24:00:00",
            "2024-03-01 12:30:60",
            "+024-03-01 12:30:15",
            "２024-03-01 12:30",
        ] {
            assert_eq!(written_by_django(text), None, "{text}");
        }
    }
}
