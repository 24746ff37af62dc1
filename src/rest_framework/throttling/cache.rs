//! Keeps the times of requests. Python counterpart: `CACHES["default"]`, which `SimpleRateThrottle` uses.

use chrono::{DateTime, Utc};

use super::history::{Denial, Histories};
use super::rates::Rate;
#[cfg(feature = "redis")]
use super::redis::RedisHistories;
use super::settings::{CacheSettings, CacheUrl};
use crate::conf::SettingsError;

/// The times of the requests that still count, by client.
#[derive(Debug)]
pub enum ThrottleCache {
    /// In the memory of this server.
    Memory(Histories),
    /// In Redis, for all servers together.
    #[cfg(feature = "redis")]
    Redis(Box<RedisHistories>),
}

impl Default for ThrottleCache {
    fn default() -> Self {
        Self::Memory(Histories::default())
    }
}

impl ThrottleCache {
    /// The cache of `settings`. This does not connect yet.
    ///
    /// # Errors
    /// Returns an error for an invalid URL.
    pub fn new(settings: &CacheSettings) -> Result<Self, SettingsError> {
        match &settings.url {
            CacheUrl::Memory => Ok(Self::default()),
            #[cfg(feature = "redis")]
            CacheUrl::Redis(url) => match RedisHistories::new(url, settings) {
                Ok(histories) => Ok(Self::Redis(Box::new(histories))),
                Err(reason) => Err(SettingsError::new("CACHE_URL", reason)),
            },
            #[cfg(not(feature = "redis"))]
            CacheUrl::Redis(_) => Err(SettingsError::new("CACHE_URL", "this build has no Redis (feature `redis`)")),
        }
    }

    /// Counts a request of `key` at `now`, unless there were `rate.requests` within the last `rate.period`.
    ///
    /// # Errors
    /// Returns an error if the limit is reached, or if Redis does not answer in time. The request is not counted if the limit is
    /// reached.
    pub async fn allow_request(&self, key: &str, rate: Rate, now: DateTime<Utc>) -> Result<(), Denial> {
        match self {
            Self::Memory(histories) => histories.allow_request(key, rate, now).map_err(Denial::TooMany),
            #[cfg(feature = "redis")]
            Self::Redis(histories) => histories.allow_request(key, rate, now).await,
        }
    }

    /// Checks that requests can be counted.
    ///
    /// # Errors
    /// The reason why Redis cannot be used.
    pub async fn ping(&self) -> Result<(), String> {
        match self {
            Self::Memory(_) => Ok(()),
            #[cfg(feature = "redis")]
            Self::Redis(histories) => histories.ping().await,
        }
    }
}
