//! `DEFAULT_THROTTLE_RATES`: how many requests in which time. Python counterpart: `SimpleRateThrottle.parse_rate`.

use std::collections::BTreeMap;

use chrono::Duration;

use crate::conf::values;

/// A number of requests in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many requests. 0 refuses every request.
    pub requests: usize,
    /// The time in which they are counted.
    pub period: Duration,
}

impl Rate {
    /// Reads `5/min`: a number and a unit of time. DRF reads only the first letter of the unit.
    ///
    /// A month is refused, since DRF takes it for a minute.
    ///
    /// # Errors
    /// The error is what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected = || format!("a rate such as 100/day or 5/min: {text:?}");
        let (requests, period) = text.split_once('/').ok_or_else(expected)?;
        let period = match period.trim().chars().next() {
            Some('s') => Duration::seconds(1),
            Some('m') if !period.trim().starts_with("mo") => Duration::minutes(1),
            Some('h') => Duration::hours(1),
            Some('d') => Duration::days(1),
            _ => return Err(expected()),
        };
        let requests = requests.trim().parse().map_err(|_| expected())?;
        Ok(Self { requests, period })
    }

    pub(super) fn period_micros(self) -> i64 {
        self.period.num_microseconds().unwrap_or(i64::MAX)
    }
}

/// Rates by scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThrottleRates(BTreeMap<String, Option<Rate>>);

impl Default for ThrottleRates {
    /// No limit for `user` and `anon`, as in DRF, and none for `login`, the scope of the views that check a password.
    fn default() -> Self {
        Self(["user", "anon", "login"].map(|scope| (scope.to_owned(), None)).into())
    }
}

impl ThrottleRates {
    /// Reads `anon=100/day,user=1000/day,login=5/min` over the defaults; `none` for a rate removes the limit.
    ///
    /// # Errors
    /// Returns what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut rates = Self::default();
        for pair in values::list(text)? {
            let (scope, rate) = pair.split_once('=').ok_or("a list such as anon=100/day,user=1000/day,login=5/min")?;
            let rate = match rate.trim() {
                "none" | "None" | "null" => None,
                rate => Some(Rate::parse(rate)?),
            };
            rates.set(scope.trim(), rate);
        }
        Ok(rates)
    }

    /// Sets the rate of `scope`. `None` means no limit.
    pub fn set(&mut self, scope: &str, rate: Option<Rate>) {
        self.0.insert(scope.to_owned(), rate);
    }

    /// The rate of `scope`: `None` if there is no such scope, `Some(None)` if it has no limit.
    #[must_use]
    pub fn get(&self, scope: &str) -> Option<Option<Rate>> {
        self.0.get(scope).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_by_scope_over_the_defaults() {
        let rates = ThrottleRates::parse("anon=100/day, login = 5/min,burst=0/s,sustained=none").unwrap();
        assert_eq!(rates.get("anon"), Some(Some(Rate { requests: 100, period: Duration::days(1) })));
        assert_eq!(rates.get("login"), Some(Some(Rate { requests: 5, period: Duration::minutes(1) })));
        assert_eq!(rates.get("burst"), Some(Some(Rate { requests: 0, period: Duration::seconds(1) })));
        assert_eq!(rates.get("sustained"), Some(None));
        assert_eq!(rates.get("user"), Some(None));
        assert_eq!(rates.get("other"), None);
    }

    #[test]
    fn a_unit_is_known_by_its_first_letter_as_in_drf() {
        for (text, seconds) in [("5/secs", 1), ("5/minutes", 60), ("5/hr", 3_600), ("5/days", 86_400)] {
            assert_eq!(Rate::parse(text).unwrap().period, Duration::seconds(seconds), "{text}");
        }
    }

    #[test]
    fn an_invalid_rate_is_refused() {
        for text in ["anon", "anon=5", "anon=5/month", "anon=x/min", "anon=-1/min", "anon=1.5/min", "anon=/min"] {
            assert!(ThrottleRates::parse(text).is_err(), "{text}");
        }
    }
}
