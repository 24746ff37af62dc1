//! The times of each client's requests, in memory. Python counterpart: the cache behind `SimpleRateThrottle`.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

use super::Rate;

/// The times of the requests that still count, by client, in memory.
///
/// The size is bounded, because an attacker with many addresses would otherwise fill the memory. At the bound, clients whose
/// requests have all expired are removed first, and then the third with the oldest last requests (the share that Django's
/// in-memory cache culls).
pub struct Histories {
    entries: Mutex<Entries>,
    bound: usize,
}

#[derive(Default)]
struct Entries {
    by_key: HashMap<String, RequestHistory>,
    /// Estimate of the memory in use, in bytes.
    size: usize,
}

/// Times in microseconds since the Unix epoch, oldest first.
struct RequestHistory {
    times: VecDeque<i64>,
    /// The time at which the last of them stops counting.
    expires: i64,
}

/// A request over the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverLimit {
    /// Whole seconds until a request is accepted again, if known.
    pub wait: Option<u64>,
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denial {
    /// The limit is reached.
    TooMany(OverLimit),
    /// The requests cannot be counted. Letting the request pass would remove every limit while Redis is down.
    Unavailable(String),
}

impl OverLimit {
    /// For a client with `count` requests, the first of them at `oldest`. Times are in microseconds.
    pub(super) fn new(count: usize, oldest: Option<i64>, rate: Rate, now: i64) -> Self {
        let period = rate.period_micros();
        let remaining = oldest.map_or(period, |oldest| period - (now - oldest));
        // There are more requests than the rate if two scopes share a key. DRF gives no time then.
        let wait = (count <= rate.requests).then(|| whole_seconds(remaining));
        Self { wait }
    }
}

/// 32 MiB: some 200,000 addresses with a few requests each.
const DEFAULT_BOUND: usize = 32 * 1024 * 1024;
/// The size of an entry without its key and its times.
const ENTRY_SIZE: usize = 96;

impl Default for Histories {
    fn default() -> Self {
        Self::with_bound(DEFAULT_BOUND)
    }
}

impl Histories {
    /// Histories that take at most about `bound` bytes.
    #[must_use]
    pub fn with_bound(bound: usize) -> Self {
        Self { entries: Mutex::default(), bound }
    }

    /// Counts a request of `key` at `now`, unless there were `rate.requests` within the last `rate.period`.
    /// `SimpleRateThrottle.allow_request` and `wait`.
    ///
    /// # Errors
    /// Returns an error if the limit is reached. The request is not counted then.
    pub fn allow_request(&self, key: &str, rate: Rate, now: DateTime<Utc>) -> Result<(), OverLimit> {
        let now = now.timestamp_micros();
        let period = rate.period_micros();
        // No code here can panic while the lock is held, so the map is consistent even after a panic.
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entries = &mut *entries;
        if let Some(history) = entries.by_key.get_mut(key) {
            while history.times.front().is_some_and(|oldest| *oldest <= now - period) {
                history.times.pop_front();
                entries.size -= size_of::<i64>();
            }
            if history.times.len() >= rate.requests {
                return Err(OverLimit::new(history.times.len(), history.times.front().copied(), rate, now));
            }
            history.times.push_back(now);
            history.expires = now.saturating_add(period);
            entries.size += size_of::<i64>();
        } else if rate.requests == 0 {
            return Err(OverLimit::new(0, None, rate, now));
        } else {
            let history = RequestHistory { times: VecDeque::from([now]), expires: now.saturating_add(period) };
            entries.size += history.size(key);
            entries.by_key.insert(key.to_owned(), history);
        }
        // A client with more requests than the bound has room for is still counted, up to its rate.
        if entries.size > self.bound {
            entries.cull(self.bound, key, now);
        }
        Ok(())
    }
}

impl RequestHistory {
    fn size(&self, key: &str) -> usize {
        ENTRY_SIZE + key.len() + self.times.len() * size_of::<i64>()
    }
}

impl Entries {
    /// Makes room. `current`, whose request has just been counted, is kept.
    fn cull(&mut self, bound: usize, current: &str, now: i64) {
        self.by_key.retain(|_, history| history.expires > now);
        self.count();
        // Down to two thirds, so that during a flood this does not run at every request.
        let target = bound / 3 * 2;
        while self.size > target && self.by_key.len() > 1 {
            let mut ages: Vec<i64> = self.by_key.values().map(|history| history.expires).collect();
            let third = ages.len() / 3;
            let oldest_kept = *ages.select_nth_unstable(third).1;
            let mut excess = self.size - target;
            self.by_key.retain(|key, history| {
                let goes = history.expires <= oldest_kept && excess > 0 && key != current;
                if goes {
                    excess = excess.saturating_sub(history.size(key));
                }
                !goes
            });
            self.count();
        }
    }

    fn count(&mut self) {
        self.size = self.by_key.iter().map(|(key, history)| history.size(key)).sum();
    }
}

fn whole_seconds(micros: i64) -> u64 {
    u64::try_from(micros).unwrap_or(0).div_ceil(1_000_000)
}

impl fmt::Debug for Histories {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clients = self.entries.lock().unwrap_or_else(PoisonError::into_inner).by_key.len();
        write!(f, "Histories({clients} clients)")
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;

    const THREE_A_MINUTE: Rate = Rate { requests: 3, period: Duration::minutes(1) };

    fn at(seconds: f64) -> DateTime<Utc> {
        #[expect(clippy::cast_possible_truncation, reason = "small numbers of a test")]
        DateTime::from_timestamp_micros((seconds * 1e6) as i64).unwrap()
    }

    #[test]
    fn the_window_slides() {
        let histories = Histories::default();
        let ask = |seconds| histories.allow_request("a", THREE_A_MINUTE, at(seconds));
        for second in [0.0, 10.0, 20.0] {
            assert_eq!(ask(second), Ok(()));
        }
        assert_eq!(ask(20.5), Err(OverLimit { wait: Some(40) }));
        assert_eq!(ask(59.999), Err(OverLimit { wait: Some(1) }));
        assert_eq!(ask(60.0), Ok(()));
        assert_eq!(ask(60.0), Err(OverLimit { wait: Some(10) }));
        assert_eq!(ask(70.0), Ok(()));
        assert_eq!(histories.allow_request("b", THREE_A_MINUTE, at(70.0)), Ok(()));
    }

    #[test]
    fn a_rate_of_0_refuses_the_first_request() {
        let never = Rate { requests: 0, period: Duration::days(1) };
        let refusal = Histories::default().allow_request("a", never, at(0.0));
        assert_eq!(refusal, Err(OverLimit { wait: Some(86_400) }));
    }

    #[test]
    fn many_addresses_stay_within_the_limit_and_the_latest_are_kept() {
        let histories = Histories::with_bound(30_000);
        for second in 0..2_000 {
            let asked = histories.allow_request(&format!("{second:04}"), THREE_A_MINUTE, at(0.01 * f64::from(second)));
            assert_eq!(asked, Ok(()));
            let entries = histories.entries.lock().unwrap();
            assert!(entries.size <= 30_000, "{}", entries.size);
            let counted: usize = entries.by_key.iter().map(|(key, history)| history.size(key)).sum();
            assert_eq!(entries.size, counted);
        }
        let entries = histories.entries.lock().unwrap();
        assert!(entries.by_key.contains_key("1999") && entries.by_key.contains_key("1900"));
        assert!(!entries.by_key.contains_key("0000"));
    }

    #[test]
    fn expired_histories_are_removed_first() {
        let histories = Histories::with_bound(6 * (ENTRY_SIZE + 1 + 8));
        let day = Rate { requests: 3, period: Duration::days(1) };
        assert_eq!(histories.allow_request("a", day, at(0.0)), Ok(()));
        for key in ["b", "c", "d", "e", "f"] {
            assert_eq!(histories.allow_request(key, THREE_A_MINUTE, at(1.0)), Ok(()));
        }
        assert_eq!(histories.allow_request("g", THREE_A_MINUTE, at(100.0)), Ok(()));
        let entries = histories.entries.lock().unwrap();
        let mut keys: Vec<_> = entries.by_key.keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["a", "g"]);
    }
}
