//! Values in pages. Python counterpart: `django.contrib.admin.utils.display_for_field` and `django.utils.dateformat`.

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};

use super::cell::{Cell, masked};
use super::models::{Field, FieldKind, Row, moment};

const MONTHS: [&str; 12] =
    ["Jan.", "Feb.", "March", "April", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec."];

/// The value of `field` in `row`: the label of a choice, the text of the row that a foreign key refers to, a date in words, `-`
/// for no value. Secrets are masked.
#[must_use]
pub fn display_for_field(field: &Field, row: &Row) -> Cell {
    let Some(value) = row.get(&field.name) else {
        return if field.kind == FieldKind::Boolean { Cell::Boolean(None) } else { Cell::Empty };
    };
    if field.secret {
        return Cell::text(masked(value));
    }
    if !field.choices.is_empty() {
        return Cell::text(field.choice(value).unwrap_or(value));
    }
    match field.kind {
        FieldKind::Boolean => Cell::Boolean(Some(value == "true")),
        FieldKind::DateTime => Cell::text(moment(value).map_or_else(|| value.to_owned(), date_time)),
        FieldKind::Date => Cell::text(value.parse().map_or_else(|_| value.to_owned(), date)),
        FieldKind::ForeignKey(_) | FieldKind::OneToOne(_) => Cell::text(row.label(&field.name).unwrap_or(value)),
        _ => Cell::text(value),
    }
}

/// Django's `N j, Y, P`: `March 1, 2024, 12:30 p.m.`.
#[must_use]
pub fn date_time(moment: DateTime<Utc>) -> String {
    format!("{}, {}", date(moment.date_naive()), time(moment.hour(), moment.minute()))
}

/// Django's `N j, Y`: `March 1, 2024`.
#[must_use]
pub fn date(date: NaiveDate) -> String {
    let month = MONTHS.get(date.month0() as usize).copied().unwrap_or_default();
    format!("{month} {}, {}", date.day(), date.year())
}

/// Django's `P`: `1:30 p.m.`, `4 a.m.`, `noon`, `midnight`.
fn time(hour: u32, minute: u32) -> String {
    let half = if hour < 12 { "a.m." } else { "p.m." };
    let hour_of_half = if hour.is_multiple_of(12) { 12 } else { hour % 12 };
    match (hour, minute) {
        (0, 0) => "midnight".to_owned(),
        (12, 0) => "noon".to_owned(),
        (_, 0) => format!("{hour_of_half} {half}"),
        _ => format!("{hour_of_half}:{minute:02} {half}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_django_writes_them() {
        for (value, text) in [
            ("2024-03-01T12:30:15.123456Z", "March 1, 2024, 12:30 p.m."),
            ("2024-01-10T00:00:00Z", "Jan. 10, 2024, midnight"),
            ("2024-09-10T12:00:59Z", "Sept. 10, 2024, noon"),
            ("2024-12-31T16:00:00Z", "Dec. 31, 2024, 4 p.m."),
            ("2024-05-31T00:05:00Z", "May 31, 2024, 12:05 a.m."),
        ] {
            assert_eq!(date_time(moment(value).unwrap()), text);
        }
        assert_eq!(date("2024-08-02".parse().unwrap()), "Aug. 2, 2024");
    }
}
