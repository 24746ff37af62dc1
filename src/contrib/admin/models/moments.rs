//! The text format of rows for a date and time in UTC, such as `2024-03-01T12:30:15.123456Z`.

use chrono::{DateTime, Utc};

/// The date and time in a value of a row.
pub(crate) fn moment(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|moment| moment.to_utc())
}

/// The value of a row for a date and time.
pub(crate) fn moment_text(moment: DateTime<Utc>) -> String {
    let format = if moment.timestamp_subsec_micros() == 0 { "%FT%TZ" } else { "%FT%T%.6fZ" };
    moment.format(format).to_string()
}
