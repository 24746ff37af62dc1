//! Numbers as people type them. Python counterpart: `IntegerField`, `FloatField`, `DecimalField` and `DecimalValidator`.

use crate::core::python;

/// A whole number. Zeros after a point are accepted.
pub(super) fn integer(text: &str) -> Option<i128> {
    let text = python::strip(text);
    let text = match text.rsplit_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|digit| digit == b'0') => whole,
        _ => text,
    };
    without_underscores(text)?.parse().ok()
}

/// A number that is neither infinite nor `nan`.
pub(super) fn float(text: &str) -> Option<f64> {
    let text = without_underscores(python::strip(text))?;
    if text.contains(|c: char| c.is_alphabetic() && !matches!(c, 'e' | 'E')) {
        return None;
    }
    text.parse::<f64>().ok().filter(|number| number.is_finite())
}

/// The digits. Underscores between two digits are removed.
fn without_underscores(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let is_digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let is_placed = |at: usize| is_digit(at.checked_sub(1)) && is_digit(at.checked_add(1));
    let is_fine = bytes.iter().enumerate().all(|(at, byte)| *byte != b'_' || is_placed(at));
    is_fine.then(|| text.replace('_', ""))
}

/// A decimal number of any length: its sign, digits and exponent, as `Decimal.as_tuple`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    is_negative: bool,
    digits: String,
    exponent: i64,
}

/// The largest exponent that is accepted. The digits of larger numbers would fill the memory.
const MAX_EXPONENT: i64 = 1_000;

impl Decimal {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = without_underscores(python::strip(text))?;
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i64>().ok()?),
            None => (text.as_str(), 0),
        };
        let (is_negative, number) = match number.strip_prefix('-') {
            Some(number) => (true, number),
            None => (false, number.strip_prefix('+').unwrap_or(number)),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = format!("{whole}{fraction}");
        if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) || exponent.abs() > MAX_EXPONENT {
            return None;
        }
        let digits = digits.trim_start_matches('0');
        let digits = if digits.is_empty() { "0" } else { digits };
        Some(Self { is_negative, digits: digits.to_owned(), exponent: exponent - i64::try_from(fraction.len()).ok()? })
    }

    /// The problem with the number in a column of `max_digits` digits, `decimal_places` of them after the point.
    pub(super) fn problem(&self, max_digits: Option<u32>, decimal_places: Option<u32>) -> Option<String> {
        let count = i64::try_from(self.digits.len()).unwrap_or(i64::MAX);
        let (digits, decimals) = if self.exponent >= 0 {
            // Zeros at the end count, those of 0 do not.
            (if self.digits == "0" { 1 } else { count + self.exponent }, 0)
        } else {
            (count.max(-self.exponent), -self.exponent)
        };
        let whole = digits - decimals;
        let (most, places) = (max_digits.map(i64::from), decimal_places.map(i64::from));
        if let Some(most) = most.filter(|most| digits > *most) {
            return Some(format!("Ensure that there are no more than {most} digit{} in total.", plural(most)));
        }
        if let Some(places) = places.filter(|places| decimals > *places) {
            return Some(format!("Ensure that there are no more than {places} decimal place{}.", plural(places)));
        }
        let most = most? - places?;
        (whole > most).then(|| {
            format!("Ensure that there are no more than {most} digit{} before the decimal point.", plural(most))
        })
    }

    /// The number without an exponent, with at least `decimal_places` digits after the point.
    pub(super) fn to_text(&self, decimal_places: Option<u32>) -> String {
        let mut digits = self.digits.clone();
        let mut places = 0;
        if self.exponent >= 0 {
            if digits != "0" {
                digits.extend((0..self.exponent).map(|_| '0'));
            }
        } else {
            places = usize::try_from(-self.exponent).unwrap_or(usize::MAX);
        }
        let wanted = decimal_places.and_then(|places| usize::try_from(places).ok()).unwrap_or(0);
        while places < wanted {
            digits.push('0');
            places += 1;
        }
        if digits.len() <= places {
            digits = format!("{digits:0>width$}", width = places + 1);
        }
        let (whole, fraction) = digits.split_at(digits.len() - places);
        let is_zero = digits.bytes().all(|digit| digit == b'0');
        let sign = if self.is_negative && !is_zero { "-" } else { "" };
        if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
    }
}

fn plural(count: i64) -> &'static str {
    if count == 1 { "" } else { "s" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_those_of_python() {
        for (text, number) in [("7", 7), (" -7 ", -7), ("+7", 7), ("007", 7), ("7.00", 7), ("1_000", 1_000), ("7.", 7)]
        {
            assert_eq!(integer(text), Some(number), "{text}");
        }
        for text in ["", "x", "1.5", "1__0", "_1", "1_", "1e3", "0x10", "--1", &"9".repeat(60)] {
            assert_eq!(integer(text), None, "{text}");
        }
    }

    #[test]
    fn floats_are_finite() {
        for (text, number) in [("1.5", 1.5), (" 1e3 ", 1000.0), ("1_0.5", 10.5), (".5", 0.5)] {
            assert_eq!(float(text), Some(number), "{text}");
        }
        for text in ["", "x", "inf", "nan", "-Infinity", "1e999", "1,5"] {
            assert_eq!(float(text), None, "{text}");
        }
    }

    #[test]
    fn decimals_keep_every_digit() {
        for (text, shown) in [
            ("1.50", "1.50"),
            ("1.5", "1.50"),
            ("-0", "0.00"),
            ("1E+2", "100.00"),
            ("1e-1", "0.10"),
            (".5", "0.50"),
            ("00012", "12.00"),
            ("12345678901234567890.12", "12345678901234567890.12"),
            ("-1_0", "-10.00"),
        ] {
            assert_eq!(Decimal::parse(text).unwrap().to_text(Some(2)), shown, "{text}");
        }
        for text in ["", ".", "x", "inf", "NaN", "1e9999999", "1.2.3", "1 2"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn digits_are_counted_as_django_counts_them() {
        for (text, problem) in [
            ("999.99", None),
            ("1234.5", Some("Ensure that there are no more than 3 digits before the decimal point.")),
            ("1.234", Some("Ensure that there are no more than 2 decimal places.")),
            ("123456", Some("Ensure that there are no more than 5 digits in total.")),
            ("1e5", Some("Ensure that there are no more than 5 digits in total.")),
            ("0.001", Some("Ensure that there are no more than 2 decimal places.")),
        ] {
            assert_eq!(Decimal::parse(text).unwrap().problem(Some(5), Some(2)).as_deref(), problem, "{text}");
        }
        let problem = Decimal::parse("12").unwrap().problem(Some(1), Some(0));
        assert_eq!(problem.as_deref(), Some("Ensure that there are no more than 1 digit in total."));
    }
}
