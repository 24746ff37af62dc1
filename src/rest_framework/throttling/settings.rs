//! Where throttles count. Python counterpart: `CACHES` in `settings.py`.

use std::fmt;
use std::time::Duration;

use url::Url;

use crate::conf::{settings, values};
use crate::core::crypto::SecretString;

settings! {
    section "REST_FRAMEWORK", app "rest_framework";

    /// Where throttles count.
    ///
    /// Start from `CacheSettings::default()` and assign what differs; new fields may appear in minor versions.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct CacheSettings {
        /// Where throttles count requests: `locmem://` or `redis://:password@host:6379/0`.
        ///
        /// `locmem://` is the memory of each server, so a caller has a separate allowance on every server. All servers share
        /// Redis, and their clocks should agree. While Redis is down, views with a limit answer 503. The connection to Redis is
        /// not encrypted.
        pub url: CacheUrl = CACHE_URL("locmem://", CacheUrl::parse, url);
        /// Prefix of the keys in Redis. Servers with the same prefix share their counts.
        pub key_prefix: String = CACHE_KEY_PREFIX("actix-simplejwt", values::string);
        /// How long a request waits for Redis before it is answered with 503.
        pub socket_timeout: Duration = CACHE_SOCKET_TIMEOUT(
            "1s",
            values::only(values::unsigned_duration, |time| !time.is_zero(), "a duration of more than 0, such as 1s")
        );
    }
}

/// `CACHE_URL`, parsed. `Display` and `Debug` show no password.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum CacheUrl {
    /// The server's own memory: Django's `LocMemCache`.
    #[default]
    Memory,
    /// A Redis server.
    Redis(RedisUrl),
}

/// A valid `redis://` URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisUrl {
    /// `redis://host:port/db`, for messages.
    shown: String,
    pub(super) url: SecretString,
}

const EXPECTED: &str = "locmem:// or a URL such as redis://:password@host:6379/0";

impl CacheUrl {
    /// Reads `locmem://`, `redis://[[user]:password@]host[:port][/database]`, and `none` or nothing for memory.
    ///
    /// # Errors
    /// Returns a description of the expected value. It does not repeat the text, because the text may contain a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some(text) = values::optional(values::string)(text)? else { return Ok(Self::Memory) };
        match text.trim().split_once("://") {
            Some(("locmem" | "locmemcache", _)) => Ok(Self::Memory),
            Some(("rediss", _)) => {
                Err("supported: there is no TLS to Redis; use redis:// in a private network or through stunnel".into())
            }
            Some(("redis", _)) if cfg!(not(feature = "redis")) => {
                Err("supported by this build, which was compiled without the feature `redis`".into())
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
            number => number.parse::<u32>().map_err(|_| format!("{EXPECTED}, with a number as its path"))?,
        };
        // Options would be ignored.
        if url.query().is_some() || url.fragment().is_some() {
            return Err(format!("{EXPECTED}, without a query or fragment"));
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

#[cfg(test)]
mod tests {
    #[cfg(feature = "redis")]
    use super::super::ThrottleCache;
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
    fn an_invalid_url_is_refused_and_not_repeated() {
        let error =
            |text: &str| CacheSettings::from_env(&[("CACHE_URL", text)].into_iter().collect()).unwrap_err().to_string();
        for text in ["memcached://h", "localhost:6379", "hunter2", "redis:hunter2"] {
            assert_eq!(error(text), format!("CACHE_URL: the value is not {EXPECTED}"), "{text}");
        }
        assert!(error("rediss://:hunter2@h").contains("there is no TLS to Redis"));
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
                "CACHE_URL: the value is not supported by this build, which was compiled without the feature `redis`"
            );
        }
        let error = CacheSettings::from_env(&[("CACHE_SOCKET_TIMEOUT", "0")].into_iter().collect()).unwrap_err();
        assert_eq!(error.to_string(), "CACHE_SOCKET_TIMEOUT: \"0\" is not a duration of more than 0, such as 1s");
    }
}
