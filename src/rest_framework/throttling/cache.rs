//! Where the times of requests are kept. Python counterpart: `CACHES["default"]`, which `SimpleRateThrottle` uses.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use url::Url;

use super::history::{Histories, Refusal};
use super::rates::Rate;
#[cfg(feature = "redis")]
use super::redis::RedisHistories;
use crate::conf::{Environment, SettingsError, values};
use crate::core::crypto::SecretString;

/// Where throttles count.
///
/// Start from `CacheSettings::default()` and assign what differs; new fields may appear in minor versions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheSettings {
    /// `CACHE_URL`: the memory of each server, or a Redis that several of them share. Default: memory.
    pub url: CacheUrl,
    /// `CACHE_KEY_PREFIX`: what the keys in Redis begin with. Default: `actix-simplejwt`. Servers that have the same one
    /// share their counts.
    pub key_prefix: String,
    /// `CACHE_SOCKET_TIMEOUT`: how long a request waits for Redis before it is answered 503. Default: 1 s.
    pub socket_timeout: Duration,
}

/// `CACHE_URL`, taken apart. `Display` and `Debug` show no password.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum CacheUrl {
    /// The server's own memory: Django's `LocMemCache`.
    #[default]
    Memory,
    /// A Redis server.
    Redis(RedisUrl),
}

/// A `redis://` URL that can be used.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl {
    /// `redis://host:port/db`, for messages.
    shown: String,
    pub(super) url: SecretString,
}

impl Default for CacheSettings {
    fn default() -> Self {
        Self {
            url: CacheUrl::default(),
            key_prefix: "actix-simplejwt".to_owned(),
            socket_timeout: Duration::from_secs(1),
        }
    }
}

impl CacheSettings {
    /// Every key read here, whole.
    pub const KEYS: &'static [&'static str] = &["CACHE_URL", "CACHE_KEY_PREFIX", "CACHE_SOCKET_TIMEOUT"];

    /// Reads the keys that `env` has over the defaults.
    ///
    /// # Errors
    /// For a value that is none. A URL is not repeated, since it may have a password in it.
    pub fn from_env(env: &Environment) -> Result<Self, SettingsError> {
        let mut s = Self::default();
        env.read_secret(Self::KEYS[0], &mut s.url, CacheUrl::parse)?;
        env.read(Self::KEYS[1], &mut s.key_prefix, values::string)?;
        env.read(Self::KEYS[2], &mut s.socket_timeout, |text| {
            let timeout = values::duration(text)?.to_std().ok().filter(|timeout| !timeout.is_zero());
            timeout.ok_or_else(|| "a duration of more than nothing, such as 1s".to_owned())
        })?;
        Ok(s)
    }
}

const EXPECTED: &str = "locmem:// or a URL such as redis://:password@host:6379/0";

impl CacheUrl {
    /// Reads `locmem://`, `redis://[[user]:password@]host[:port][/database]`, and `none` or nothing for memory.
    ///
    /// # Errors
    /// With what was expected; the text itself is not repeated.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some(text) = values::optional(text)? else { return Ok(Self::Memory) };
        match text.trim().split_once("://") {
            Some(("locmem" | "locmemcache", _)) => Ok(Self::Memory),
            Some(("rediss", _)) => {
                Err("usable: TLS to Redis is not built in; keep Redis in a network of yours, or put stunnel between"
                    .into())
            }
            Some(("redis", _)) if cfg!(not(feature = "redis")) => {
                Err("usable: this build has no Redis (feature `redis`)".into())
            }
            Some(("redis", _)) => RedisUrl::parse(text.trim()).map(Self::Redis),
            _ => Err(EXPECTED.into()),
        }
    }
}

impl RedisUrl {
    fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|_| EXPECTED.to_owned())?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| EXPECTED.to_owned())?;
        let database = match url.path().trim_start_matches('/') {
            "" => 0,
            number => number.parse::<u32>().map_err(|_| format!("{EXPECTED}, with a number at the end"))?,
        };
        // Options would be left unread; better to say so.
        if url.query().is_some() || url.fragment().is_some() {
            return Err(format!("{EXPECTED}, without anything behind it"));
        }
        let shown = format!("redis://{host}:{}/{database}", url.port().unwrap_or(6379));
        Ok(Self { shown, url: text.into() })
    }
}

impl fmt::Display for CacheUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("locmem://"),
            Self::Redis(url) => f.write_str(&url.shown),
        }
    }
}

impl fmt::Debug for CacheUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CacheUrl({self})")
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisUrl({})", self.shown)
    }
}

/// Why a request does not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denial {
    /// It is one too many.
    TooMany(Refusal),
    /// Nobody knows how many there were. Letting it pass would open every limit to whoever can bring Redis down.
    Unavailable(String),
}

/// The times of the requests that still count, by caller.
#[derive(Debug)]
pub enum ThrottleCache {
    /// In the memory of this server.
    Memory(Histories),
    /// In a Redis, for all servers together.
    #[cfg(feature = "redis")]
    Redis(Box<RedisHistories>),
}

impl Default for ThrottleCache {
    fn default() -> Self {
        Self::Memory(Histories::default())
    }
}

impl ThrottleCache {
    /// The cache of `settings`. Nothing is connected yet.
    ///
    /// # Errors
    /// For a URL that cannot be used.
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
    /// When it is one too many, which does not count then, or when Redis does not answer in time.
    pub async fn allow_request(&self, key: &str, rate: Rate, now: DateTime<Utc>) -> Result<(), Denial> {
        match self {
            Self::Memory(histories) => histories.allow_request(key, rate, now).map_err(Denial::TooMany),
            #[cfg(feature = "redis")]
            Self::Redis(histories) => histories.allow_request(key, rate, now).await,
        }
    }

    /// Whether requests can be counted now.
    ///
    /// # Errors
    /// With the reason why Redis cannot be used.
    pub async fn ping(&self) -> Result<(), String> {
        match self {
            Self::Memory(_) => Ok(()),
            #[cfg(feature = "redis")]
            Self::Redis(histories) => histories.ping().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_has_several_names() {
        for text in ["", "none", "locmem://", "locmemcache://"] {
            assert_eq!(CacheUrl::parse(text), Ok(CacheUrl::Memory), "{text}");
        }
    }

    #[cfg(feature = "redis")]
    #[test]
    fn a_password_is_not_printed() {
        for (text, shown) in [
            ("redis://localhost", "redis://localhost:6379/0"),
            ("redis://:hunter2@cache.example.org:6380/3", "redis://cache.example.org:6380/3"),
            ("redis://ann:hunter2@[::1]/1", "redis://[::1]:6379/1"),
        ] {
            let url = CacheUrl::parse(text).unwrap();
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), format!("CacheUrl({shown})"));
            let settings = CacheSettings { url, ..CacheSettings::default() };
            assert_eq!(
                format!("{:?}", ThrottleCache::new(&settings).unwrap()),
                format!("Redis(RedisHistories({shown}))")
            );
        }
    }

    #[test]
    fn what_is_no_cache_stops_the_start_and_is_not_repeated() {
        let error =
            |text: &str| CacheSettings::from_env(&[("CACHE_URL", text)].into_iter().collect()).unwrap_err().to_string();
        for text in ["memcached://h", "localhost:6379", "hunter2", "redis:hunter2"] {
            assert_eq!(error(text), format!("CACHE_URL: the value is not {EXPECTED}"), "{text}");
        }
        assert!(error("rediss://:hunter2@h").contains("TLS to Redis is not built in"));
        if cfg!(feature = "redis") {
            for text in [
                "redis://",
                "redis://:hunter2@",
                "redis://h:70000",
                "redis://h:x",
                "redis://h/x",
                "redis://h/0?a=hunter2",
            ] {
                let error = error(text);
                assert!(error.starts_with(&format!("CACHE_URL: the value is not {EXPECTED}")), "{text}: {error}");
                assert!(!error.contains("hunter2"), "{error}");
            }
        } else {
            assert_eq!(
                error("redis://h"),
                "CACHE_URL: the value is not usable: this build has no Redis (feature `redis`)"
            );
        }
        let error = CacheSettings::from_env(&[("CACHE_SOCKET_TIMEOUT", "0")].into_iter().collect()).unwrap_err();
        assert_eq!(error.to_string(), "CACHE_SOCKET_TIMEOUT: \"0\" is not a duration of more than nothing, such as 1s");
    }
}
