//! Dates with times, as texts. Python counterpart: `datetime.isoformat` and `parse_datetime`.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

/// A date and time in UTC as Django writes it, such as `2024-03-01T12:30:15.123456Z`: with six digits after the point, or without
/// point and digits.
#[must_use]
pub fn shown(moment: DateTime<Utc>) -> String {
    let format = if moment.timestamp_subsec_micros() == 0 { "%FT%TZ" } else { "%FT%T%.6fZ" };
    moment.format(format).to_string()
}

/// A date and time in one of the formats of ISO 8601. Without an offset it is in UTC. A session with PostgreSQL is in UTC.
#[must_use]
pub fn moment(text: &str) -> Option<String> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Some(shown(moment.to_utc()));
    }
    let naive = ["%F %T%.f", "%FT%T%.f", "%F %R", "%FT%R"];
    let naive = naive.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    Some(shown(naive.or_else(|| text.parse::<NaiveDate>().ok()?.and_hms_opt(0, 0, 0))?.and_utc()))
}
