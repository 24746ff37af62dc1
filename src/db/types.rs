//! Times in the database. Python counterpart: `adapt_datetimefield_value` and the converters of Django's backends.
//!
//! Django stores moments in UTC: `timestamptz` on PostgreSQL, on SQLite text such as `2024-03-01 12:30:15.123456` with
//! six digits after the point, or none and no point. The tables of [`schema`](super::schema) declare `Timestamp`, the
//! one type that both connections have; every session's time zone is UTC, so that a `timestamptz` is the same moment.

use chrono::{DateTime, Duration, NaiveDateTime, Utc};

/// A moment as the database holds it, in whole microseconds.
///
/// diesel writes three digits to SQLite when three are enough, which Django never does: the text would compare as
/// unequal to the same moment with six. So a moment in whole milliseconds, but not in whole seconds, is put a
/// microsecond later.
#[must_use]
pub fn to_db(moment: DateTime<Utc>) -> NaiveDateTime {
    let nanoseconds = i64::from(moment.timestamp_subsec_nanos());
    let microseconds = nanoseconds / 1_000;
    let nudge = if microseconds != 0 && microseconds % 1_000 == 0 { 1_000 } else { 0 };
    moment.naive_utc() + Duration::nanoseconds(nudge - nanoseconds % 1_000)
}

/// The moment that a column holds.
#[must_use]
pub fn from_db(value: NaiveDateTime) -> DateTime<Utc> {
    value.and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let moment: DateTime<Utc> = text.parse().unwrap();
        // diesel's format for SQLite.
        to_db(moment).format("%F %T%.f").to_string()
    }

    #[test]
    fn text_has_six_digits_or_none() {
        assert_eq!(written("2024-03-01T12:30:15.123456Z"), "2024-03-01 12:30:15.123456");
        assert_eq!(written("2024-03-01T12:30:15.123456789Z"), "2024-03-01 12:30:15.123456");
        assert_eq!(written("2024-03-01T12:30:15.123Z"), "2024-03-01 12:30:15.123001");
        assert_eq!(written("2024-03-01T12:30:15.999000999Z"), "2024-03-01 12:30:15.999001");
        assert_eq!(written("2024-03-01T12:30:15.000000999Z"), "2024-03-01 12:30:15");
        assert_eq!(written("2024-03-01T12:30:15Z"), "2024-03-01 12:30:15");
        assert_eq!(written("1969-12-31T23:59:59.5Z"), "1969-12-31 23:59:59.500001");
    }

    #[test]
    fn a_moment_comes_back() {
        let moment: DateTime<Utc> = "2024-03-01T12:30:15.123456Z".parse().unwrap();
        assert_eq!(from_db(to_db(moment)), moment);
    }
}
