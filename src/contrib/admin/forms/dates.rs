//! Dates and times as people type them. Python counterpart: `DateField`, `TimeField` and the formats of the locale `en`.

use chrono::{NaiveDate, NaiveTime};

use crate::core::python::strip;

/// Django's `DATE_INPUT_FORMATS`.
const DATE_FORMATS: [&str; 11] = [
    "%Y-%m-%d",
    "%m/%d/%Y",
    "%m/%d/%y",
    "%b %d %Y",
    "%b %d, %Y",
    "%d %b %Y",
    "%d %b, %Y",
    "%B %d %Y",
    "%B %d, %Y",
    "%d %B %Y",
    "%d %B, %Y",
];

/// Django's `TIME_INPUT_FORMATS`.
const TIME_FORMATS: [&str; 3] = ["%H:%M:%S", "%H:%M:%S.%f", "%H:%M"];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The date in one of the formats that Django accepts, such as `2024-03-01`, `03/01/2024` or `1 March 2024`.
#[must_use]
pub fn parse_date(text: &str) -> Option<NaiveDate> {
    let text = strip(text);
    DATE_FORMATS.iter().find_map(|format| {
        let parts = read(text, format)?;
        NaiveDate::from_ymd_opt(parts.year?, parts.month?, parts.day?)
    })
}

/// The time in one of the formats that Django accepts: `12:30`, `12:30:15` or `12:30:15.123456`.
#[must_use]
pub fn parse_time(text: &str) -> Option<NaiveTime> {
    let text = strip(text);
    TIME_FORMATS.iter().find_map(|format| {
        let parts = read(text, format)?;
        NaiveTime::from_hms_micro_opt(parts.hour?, parts.minute?, parts.second, parts.microsecond)
    })
}

#[derive(Default)]
struct DateParts {
    year: Option<i32>,
    month: Option<u32>,
    day: Option<u32>,
    hour: Option<u32>,
    minute: Option<u32>,
    second: u32,
    microsecond: u32,
}

/// `strptime`. The whole text must be used.
fn read(text: &str, format: &str) -> Option<DateParts> {
    let mut parts = DateParts::default();
    let mut rest = text;
    let mut format = format.chars();
    while let Some(c) = format.next() {
        match c {
            '%' => rest = part(&mut parts, format.next()?, rest)?,
            ' ' => {
                let trimmed = rest.trim_start();
                if trimmed.len() == rest.len() {
                    return None;
                }
                rest = trimmed;
            }
            c => rest = rest.strip_prefix(c)?,
        }
    }
    rest.is_empty().then_some(parts)
}

/// Reads the value of `%kind`, and returns it with the rest of the text.
fn part<'a>(parts: &mut DateParts, kind: char, text: &'a str) -> Option<&'a str> {
    let (number, rest) = match kind {
        'Y' => digits(text, 4, 4)?,
        'y' => digits(text, 2, 2)?,
        'f' => {
            let (number, rest) = digits(text, 1, 6)?;
            let length = u32::try_from(text.len() - rest.len()).ok()?;
            (number * 10_u32.pow(6 - length), rest)
        }
        'b' | 'B' => month(text, kind == 'b')?,
        _ => digits(text, 1, 2)?,
    };
    match kind {
        'Y' => parts.year = Some(i32::try_from(number).ok().filter(|year| *year > 0)?),
        'y' => parts.year = Some(i32::try_from(number + if number < 69 { 2000 } else { 1900 }).ok()?),
        'm' | 'b' | 'B' => parts.month = Some(number),
        'd' => parts.day = Some(number),
        'H' => parts.hour = Some(number),
        'M' => parts.minute = Some(number),
        'S' => parts.second = number,
        _ => parts.microsecond = number,
    }
    Some(rest)
}

fn digits(text: &str, least: usize, most: usize) -> Option<(u32, &str)> {
    let length = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if length < least {
        return None;
    }
    let (digits, rest) = text.split_at_checked(length)?;
    Some((digits.parse().ok()?, rest))
}

/// The number of the month whose name `text` begins with, in any case.
fn month(text: &str, is_short: bool) -> Option<(u32, &str)> {
    (1..).zip(MONTHS).find_map(|(number, name)| {
        let name = if is_short { name.get(..3)? } else { name };
        let (start, rest) = text.split_at_checked(name.len())?;
        start.eq_ignore_ascii_case(name).then_some((number, rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_all_forms_of_django() {
        for text in [
            "2024-03-01",
            "2024-3-1",
            "03/01/2024",
            "3/1/24",
            "Mar 1 2024",
            "mar  01, 2024",
            "1 Mar 2024",
            "1 mar, 2024",
            "March 1 2024",
            "March 1, 2024",
            "1 March 2024",
            "01 MARCH, 2024",
            " 2024-03-01\n",
        ] {
            assert_eq!(parse_date(text), NaiveDate::from_ymd_opt(2024, 3, 1), "{text}");
        }
        assert_eq!(parse_date("1/2/69"), NaiveDate::from_ymd_opt(1969, 1, 2));
        for text in [
            "",
            "2024-13-01",
            "2024-02-30",
            "2024-3",
            "24-03-01",
            "02024-03-01",
            "+024-03-01",
            "2024-03-01x",
            "0000-01-01",
            "1 Marc 2024",
            "2024-03-001",
            "٢٠٢٤-03-01",
            "2024 -03-01",
            "Märch 1 2024",
        ] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }

    #[test]
    fn times_in_all_forms_of_django() {
        for (text, micro) in [("12:30:15", 0), ("12:30:15.5", 500_000), ("12:30:15.123456", 123_456)] {
            assert_eq!(parse_time(text), NaiveTime::from_hms_micro_opt(12, 30, 15, micro), "{text}");
        }
        assert_eq!(parse_time(" 3:4 "), NaiveTime::from_hms_opt(3, 4, 0));
        for text in ["", "25:00", "12:60", "12:30:60", "12:30:15.1234567", "12", "12:30 pm", "12:30:"] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }
}
