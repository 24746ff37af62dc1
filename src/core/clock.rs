//! The current time as a value. Python counterpart: `django.utils.timezone.now`.
//!
//! Every rule about `exp`, `iat` or a deadline asks a [`Clock`]. The server uses the system clock. A test uses a clock that it
//! moves by hand, so that no test has to sleep until a token expires.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Duration, Utc};

/// A source of the current time. Cheap to clone; clones of a manual clock move together.
#[derive(Clone, Default)]
pub struct Clock(TimeSource);

#[derive(Clone, Default)]
enum TimeSource {
    #[default]
    System,
    /// Microseconds since the Unix epoch.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The clock of the operating system.
    #[must_use]
    pub fn system() -> Self {
        Self(TimeSource::System)
    }

    /// A clock that shows `start` until [`Clock::advance`] moves it. For tests.
    #[must_use]
    pub fn manual(start: DateTime<Utc>) -> Self {
        Self(TimeSource::Manual(Arc::new(AtomicI64::new(start.timestamp_micros()))))
    }

    /// The current time in microseconds, the precision of timestamps in Django and PostgreSQL.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        let micros = match &self.0 {
            TimeSource::System => Utc::now().timestamp_micros(),
            TimeSource::Manual(micros) => micros.load(Ordering::Acquire),
        };
        DateTime::from_timestamp_micros(micros).unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// Moves a manual clock by `step`, which may be negative. It has no effect on the system clock.
    pub fn advance(&self, step: Duration) {
        if let TimeSource::Manual(micros) = &self.0 {
            micros.fetch_add(step.num_microseconds().unwrap_or(0), Ordering::AcqRel);
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.0 {
            TimeSource::System => "system",
            TimeSource::Manual(_) => "manual",
        };
        write!(f, "Clock({kind}, {})", self.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_of_a_manual_clock_move_together() {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        let clone = clock.clone();
        clone.advance(Duration::seconds(90));
        assert_eq!(clock.now().timestamp(), 90);
    }
}
