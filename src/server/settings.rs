//! How the server listens. Python counterpart: the command line of gunicorn, and of `runserver`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::conf::{Environment, SettingsError, values};

/// Address, workers and time limits.
///
/// Start from `ServerSettings::default()` and assign what differs; new fields may appear in minor versions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerSettings {
    /// Where to listen; port 0 lets the system choose. Default: `127.0.0.1:8000`. From `BIND` (`address:port`), or else
    /// from `HOST` and `PORT`; the argument of `runserver` comes before all of them.
    pub bind: SocketAddr,
    /// Threads that serve requests. Default: `None`, the number of processor cores.
    pub workers: Option<usize>,
    /// How long an idle connection is kept. Default: 5 s; a proxy in front should use a shorter time.
    pub keep_alive: Duration,
    /// How long a client may take to send the head of a request. Default: 5 s. `0` waits for ever: do not. A connection
    /// that asks for nothing for this long, [`keep_alive`](Self::keep_alive) and
    /// [`client_disconnect_timeout`](Self::client_disconnect_timeout) together is closed, whatever it sends.
    pub client_request_timeout: Duration,
    /// How long a connection that is being closed may take. Default: 1 s.
    pub client_disconnect_timeout: Duration,
    /// How long requests in flight may take after SIGTERM or Ctrl-C, in whole seconds. Default: 30 s.
    pub shutdown_timeout: Duration,
    /// Connections per worker at the same time; more of them wait. Default: 25000.
    pub max_connections: usize,
    /// `METRICS_ADDRESS`: where Prometheus finds the metrics. Default: nowhere. Whoever reaches it can read it.
    pub metrics_address: Option<SocketAddr>,
    /// `TOKEN_SWEEP_INTERVAL`: how often expired tokens are deleted by the server itself. Default: never.
    pub token_sweep_interval: Option<Duration>,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 8000)),
            workers: None,
            keep_alive: Duration::from_secs(5),
            client_request_timeout: Duration::from_secs(5),
            client_disconnect_timeout: Duration::from_secs(1),
            shutdown_timeout: Duration::from_secs(30),
            max_connections: 25_000,
            metrics_address: None,
            token_sweep_interval: None,
        }
    }
}

impl ServerSettings {
    /// Every key read here, whole.
    pub const KEYS: &'static [&'static str] = &[
        "BIND",
        "HOST",
        "PORT",
        "ACTIX_WORKERS",
        "ACTIX_KEEP_ALIVE",
        "ACTIX_CLIENT_REQUEST_TIMEOUT",
        "ACTIX_CLIENT_DISCONNECT_TIMEOUT",
        "ACTIX_SHUTDOWN_TIMEOUT",
        "ACTIX_MAX_CONNECTIONS",
        "METRICS_ADDRESS",
        "TOKEN_SWEEP_INTERVAL",
    ];

    /// Reads the keys that `env` has over the defaults.
    ///
    /// # Errors
    /// For an unknown `ACTIX_…` key and for a value that is none.
    pub fn from_env(env: &Environment) -> Result<Self, SettingsError> {
        env.refuse_unknown("ACTIX_", Self::KEYS)?;
        let mut s = Self::default();
        // Some shells and build tools export the machine's name as `HOST`: only what can be listened on is meant for us.
        if let Some(address) = env.get("HOST").and_then(host_address) {
            s.bind.set_ip(address);
        }
        let mut port = s.bind.port();
        env.read("PORT", &mut port, |text| values::number(text).map_err(|_| "a port number up to 65535".to_owned()))?;
        s.bind.set_port(port);
        let default = s.bind;
        env.read("BIND", &mut s.bind, |text| parse_address(text, default))?;
        env.read("ACTIX_WORKERS", &mut s.workers, |text| workers(text).map(Some))?;
        env.read("ACTIX_KEEP_ALIVE", &mut s.keep_alive, duration)?;
        env.read("ACTIX_CLIENT_REQUEST_TIMEOUT", &mut s.client_request_timeout, duration)?;
        env.read("ACTIX_CLIENT_DISCONNECT_TIMEOUT", &mut s.client_disconnect_timeout, duration)?;
        env.read("ACTIX_SHUTDOWN_TIMEOUT", &mut s.shutdown_timeout, duration)?;
        env.read("ACTIX_MAX_CONNECTIONS", &mut s.max_connections, at_least_one)?;
        env.read("METRICS_ADDRESS", &mut s.metrics_address, |text| {
            values::optional(text)?.map(|text| parse_address(&text, default)).transpose()
        })?;
        env.read("TOKEN_SWEEP_INTERVAL", &mut s.token_sweep_interval, |text| {
            values::optional(text)?.map(|text| interval(&text)).transpose()
        })?;
        Ok(s)
    }
}

/// An address as `runserver` takes it: `port`, `address:port`, or `0:port` for every IPv4 address.
///
/// # Errors
/// With what was expected.
pub fn parse_address(text: &str, default: SocketAddr) -> Result<SocketAddr, String> {
    let expected = || "a port number or address:port pair".to_owned();
    let (address, port) = match text.rsplit_once(':') {
        Some((address, port)) => (host_address(address).ok_or_else(expected)?, port),
        None => (default.ip(), text),
    };
    Ok(SocketAddr::new(address, port.parse().map_err(|_| expected())?))
}

fn host_address(text: &str) -> Option<IpAddr> {
    match text {
        "localhost" => Some(Ipv4Addr::LOCALHOST.into()),
        "0" => Some(Ipv4Addr::UNSPECIFIED.into()),
        _ => text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text).parse().ok(),
    }
}

/// Shorter ones would keep the database busy with finding nothing.
fn interval(text: &str) -> Result<Duration, String> {
    let interval = duration(text).ok().filter(|interval| *interval >= Duration::from_secs(1));
    interval.ok_or_else(|| "a duration of a second or more, such as 1h".to_owned())
}

pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    values::duration(text)?.to_std().map_err(|_| "a duration that is not negative".to_owned())
}

/// Each is a thread, and more of them than a system has to give would end the start without a word about the setting.
fn workers(text: &str) -> Result<usize, String> {
    at_least_one(text).ok().filter(|&n| n <= 1_024).ok_or_else(|| "a whole number from 1 to 1024".to_owned())
}

fn at_least_one(text: &str) -> Result<usize, String> {
    values::number(text).ok().filter(|&n| n > 0).ok_or_else(|| "a whole number from 1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bind(pairs: &[(&str, &str)]) -> String {
        ServerSettings::from_env(&pairs.iter().copied().collect()).unwrap().bind.to_string()
    }

    #[test]
    fn the_address_comes_from_bind_or_from_host_and_port() {
        assert_eq!(bind(&[]), "127.0.0.1:8000");
        assert_eq!(bind(&[("PORT", "9000")]), "127.0.0.1:9000");
        assert_eq!(bind(&[("HOST", "0.0.0.0"), ("PORT", "9000")]), "0.0.0.0:9000");
        assert_eq!(bind(&[("HOST", "::"), ("PORT", "1"), ("BIND", "127.0.0.1:2")]), "127.0.0.1:2");
        assert_eq!(bind(&[("HOST", "x86_64-conda-linux-gnu")]), "127.0.0.1:8000");
    }

    #[test]
    fn an_address_has_the_forms_of_runserver() {
        let default = ServerSettings::default().bind;
        for (text, expected) in [
            ("7000", "127.0.0.1:7000"),
            ("0:8000", "0.0.0.0:8000"),
            ("localhost:80", "127.0.0.1:80"),
            ("1.2.3.4:5", "1.2.3.4:5"),
            ("[::1]:8000", "[::1]:8000"),
        ] {
            assert_eq!(parse_address(text, default).unwrap().to_string(), expected, "{text}");
        }
        for text in ["", "x", "70000", "host:80", "1.2.3.4:", ":80"] {
            assert!(parse_address(text, default).is_err(), "{text}");
        }
    }

    #[test]
    fn bad_values_name_their_key() {
        let error = |key: &str, value: &str| {
            ServerSettings::from_env(&[(key, value)].into_iter().collect()).unwrap_err().to_string()
        };
        assert_eq!(error("PORT", "x"), "PORT: \"x\" is not a port number up to 65535");
        assert_eq!(error("ACTIX_WORKERS", "0"), "ACTIX_WORKERS: \"0\" is not a whole number from 1 to 1024");
        assert_eq!(error("ACTIX_WORKERS", "1025"), "ACTIX_WORKERS: \"1025\" is not a whole number from 1 to 1024");
        assert_eq!(error("ACTIX_MAX_CONNECTIONS", "0"), "ACTIX_MAX_CONNECTIONS: \"0\" is not a whole number from 1");
        assert_eq!(error("ACTIX_KEEP_ALIVE", "-1"), "ACTIX_KEEP_ALIVE: \"-1\" is not a duration that is not negative");
        assert_eq!(error("METRICS_ADDRESS", "x"), "METRICS_ADDRESS: \"x\" is not a port number or address:port pair");
        assert_eq!(
            error("TOKEN_SWEEP_INTERVAL", "0"),
            "TOKEN_SWEEP_INTERVAL: \"0\" is not a duration of a second or more, such as 1h"
        );
        assert_eq!(error("ACTIX_WORKER", "2"), "ACTIX_WORKER: there is no such setting; did you mean ACTIX_WORKERS?");
    }
}
