//! The times of each client's requests, for several servers together. Python counterpart: `SimpleRateThrottle` with
//! `django.core.cache.backends.redis.RedisCache`.
//!
//! DRF reads a list, changes it and writes it back, so several concurrent requests may count as one. Here a script does this
//! inside Redis, which runs one script at a time.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex as SyncMutex, PoisonError, Weak};
use std::thread::{self, ThreadId};
use std::time::Duration;

use aws_lc_rs::digest;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisResult, Script};
use tokio::sync::Mutex;

use super::history::{Denial, OverLimit};
use super::rates::Rate;
use super::settings::{CacheSettings, RedisUrl};

/// Times in microseconds, oldest first, as in the memory of one server. Returns nothing if the request counts, and otherwise
/// the number of requests and the time of the oldest.
const ALLOW_REQUEST: &str = "
local now, period, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local oldest = redis.call('LINDEX', KEYS[1], 0)
while oldest and tonumber(oldest) <= now - period do
  redis.call('LPOP', KEYS[1])
  oldest = redis.call('LINDEX', KEYS[1], 0)
end
local count = redis.call('LLEN', KEYS[1])
if count >= limit then
  return {count, tonumber(oldest or now)}
end
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {}
";

/// Longer keys are replaced by their digest. Otherwise a client could use up memory by a long `X-Forwarded-For`.
const LONGEST_KEY: usize = 128;

/// Histories in a Redis.
pub struct RedisHistories {
    client: Client,
    shown: String,
    key_prefix: String,
    limit: Duration,
    allow_request: Script,
    /// One connection per thread, because the runtime of the worker that opened a connection serves it. Requests at the
    /// same time share it.
    connections: SyncMutex<HashMap<ThreadId, ThreadConnection>>,
}

struct ThreadConnection {
    slot: Slot,
    /// Dangling when the thread has ended.
    thread: Weak<()>,
}

type Slot = Arc<Mutex<Option<MultiplexedConnection>>>;

thread_local! {
    /// Lives as long as its thread.
    static THREAD: Arc<()> = Arc::default();
}

impl RedisHistories {
    pub(super) fn new(url: &RedisUrl, settings: &CacheSettings) -> Result<Self, String> {
        Ok(Self {
            client: Client::open(url.url.expose()).map_err(|error| error.to_string())?,
            shown: settings.url.to_string(),
            key_prefix: settings.key_prefix.clone(),
            limit: settings.socket_timeout,
            allow_request: Script::new(ALLOW_REQUEST),
            connections: SyncMutex::default(),
        })
    }

    pub(super) async fn allow_request(&self, key: &str, rate: Rate, now: DateTime<Utc>) -> Result<(), Denial> {
        let now = now.timestamp_micros();
        let period = rate.period_micros();
        let mut call = self.allow_request.prepare_invoke();
        call.key(self.key(key)).arg(now).arg(period).arg(rate.requests).arg(period / 1_000 + 1);
        let answer: Vec<i64> = self
            .in_time(async |mut connection| call.invoke_async(&mut connection).await)
            .await
            .map_err(Denial::Unavailable)?;
        match answer[..] {
            [] => Ok(()),
            [count, oldest] => {
                let count = usize::try_from(count).unwrap_or(usize::MAX);
                Err(Denial::TooMany(OverLimit::new(count, Some(oldest), rate, now)))
            }
            _ => Err(Denial::Unavailable(format!("{}: {answer:?} is not an answer of the script", self.shown))),
        }
    }

    pub(super) async fn ping(&self) -> Result<(), String> {
        self.in_time(async |mut connection| redis::cmd("PING").exec_async(&mut connection).await).await
    }

    fn key(&self, key: &str) -> String {
        if key.len() <= LONGEST_KEY {
            return format!("{}:{key}", self.key_prefix);
        }
        let digest = digest::digest(&digest::SHA256, key.as_bytes());
        format!("{}:throttle:{}", self.key_prefix, BASE64_URL_SAFE_NO_PAD.encode(digest))
    }

    /// Does `work` on this thread's connection, and again on a new one if Redis has closed the old one. A connection
    /// with an error is not used again.
    async fn in_time<T>(&self, work: impl AsyncFn(MultiplexedConnection) -> RedisResult<T>) -> Result<T, String> {
        let slot = self.slot();
        let attempt = async || work(self.connection(&slot).await?).await;
        let outcome = tokio::time::timeout(self.limit, async {
            match attempt().await {
                Err(error) if error.is_connection_dropped() => {
                    forget(&slot);
                    attempt().await
                }
                outcome => outcome,
            }
        });
        let reason = match outcome.await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {:?}", self.limit),
        };
        forget(&slot);
        Err(format!("{}: {reason}", self.shown))
    }

    async fn connection(&self, slot: &Slot) -> RedisResult<MultiplexedConnection> {
        // Held while connecting, so that only one of many requests opens the connection.
        let mut slot = slot.lock().await;
        if let Some(connection) = &*slot {
            return Ok(connection.clone());
        }
        // `in_time` has the only time limit.
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        *slot = Some(connection.clone());
        Ok(connection)
    }

    /// The place of this thread's connection. The first call on a thread removes the connections of threads that have
    /// ended.
    fn slot(&self) -> Slot {
        // No code here can panic while the lock is held, so the map is consistent even after a panic.
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        let id = thread::current().id();
        if let Some(connection) = connections.get(&id) {
            return Arc::clone(&connection.slot);
        }
        connections.retain(|_, connection| connection.thread.strong_count() > 0);
        let slot = Slot::default();
        let thread = THREAD.with(Arc::downgrade);
        connections.insert(id, ThreadConnection { slot: Arc::clone(&slot), thread });
        slot
    }
}

/// Drops the connection. If the lock is held, a new connection is being opened.
fn forget(slot: &Slot) {
    if let Ok(mut slot) = slot.try_lock() {
        *slot = None;
    }
}

impl fmt::Debug for RedisHistories {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisHistories({})", self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::super::CacheUrl;
    use super::*;

    #[test]
    fn connections_of_ended_threads_are_removed() {
        let url = CacheUrl::parse("redis://localhost").unwrap();
        let settings = CacheSettings { url: url.clone(), ..CacheSettings::default() };
        let CacheUrl::Redis(url) = url else { panic!("not a Redis") };
        let histories = RedisHistories::new(&url, &settings).unwrap();
        let count = || histories.connections.lock().unwrap().len();
        histories.slot();
        for _ in 0..8 {
            thread::scope(|scope| {
                let used = scope.spawn(|| Arc::ptr_eq(&histories.slot(), &histories.slot()));
                assert!(used.join().unwrap());
            });
            assert!(count() <= 2, "{}", count());
        }
    }
}
