//! A Redis for one test: its keys have a prefix and are removed when the test ends.

use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use actix_simplejwt::core::crypto::{ALPHANUMERIC, random_string};
use actix_simplejwt::rest_framework::throttling::{CacheSettings, CacheUrl};
use redis::{Commands, Connection};

use super::server_address;

/// A part of the Redis at `TEST_REDIS_URL`.
pub struct TestRedis {
    url: String,
    prefix: String,
}

impl TestRedis {
    /// `None` if the test is skipped.
    pub fn start() -> Option<Self> {
        let url = server_address("TEST_REDIS_URL")?;
        Some(Self { url, prefix: format!("test-{}", random_string(12, ALPHANUMERIC)) })
    }

    /// The settings of a server that uses it, with a time limit that no test reaches.
    pub fn settings(&self) -> CacheSettings {
        let mut settings = CacheSettings::default();
        settings.url = CacheUrl::parse(&self.url).unwrap();
        settings.key_prefix = self.prefix.clone();
        settings.socket_timeout = Duration::from_secs(60);
        settings
    }

    /// The settings for the same Redis at another address.
    pub fn at(&self, address: SocketAddr) -> CacheSettings {
        let (before, rest) = self.url.split_once("://").unwrap();
        let login = rest.rsplit_once('@').map_or(String::new(), |(login, _)| format!("{login}@"));
        let database = rest.split_once('/').map_or("", |(_, database)| database);
        let mut settings = self.settings();
        settings.url = CacheUrl::parse(&format!("{before}://{login}{address}/{database}")).unwrap();
        settings
    }

    /// The address in the URL.
    pub fn address(&self) -> SocketAddr {
        let authority = self.url.split_once("://").unwrap().1.split('/').next().unwrap();
        let address = authority.rsplit('@').next().unwrap();
        let with_port = if address.contains(':') { address.to_owned() } else { format!("{address}:6379") };
        with_port.to_socket_addrs().unwrap().next().unwrap()
    }

    /// Another client's connection.
    pub fn connect(&self) -> Connection {
        redis::Client::open(self.url.as_str()).unwrap().get_connection().unwrap()
    }

    /// The keys of this test without the prefix, sorted, each with its remaining milliseconds.
    pub fn keys(&self) -> Vec<(String, i64)> {
        let mut connection = self.connect();
        let mut names: Vec<String> =
            connection.scan_match(format!("{}*", self.prefix)).unwrap().map(Result::unwrap).collect();
        names.sort_unstable();
        let mut connection = self.connect();
        let mut with_time = |name: String| {
            let left = connection.pttl(&name).unwrap();
            (name[self.prefix.len()..].to_owned(), left)
        };
        names.into_iter().map(&mut with_time).collect()
    }
}

impl Drop for TestRedis {
    fn drop(&mut self) {
        let names: Vec<String> = self.keys().into_iter().map(|(name, _)| format!("{}{name}", self.prefix)).collect();
        if !names.is_empty() {
            let _: usize = self.connect().del(names).unwrap();
        }
    }
}
