//! How the server listens. Python counterpart: the command line of gunicorn, and of `runserver`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::conf::{Environment, SettingsError, settings, values};

settings! {
    section "Server", prefix "ACTIX_", finish Self::finish;

    /// Address, workers and time limits.
    ///
    /// Start from `ServerSettings::default()` and assign what differs; new fields may appear in minor versions.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct ServerSettings {
        /// Where to listen: `address:port`. If it is not set, `HOST` and `PORT` apply.
        ///
        /// The argument of `runserver` has precedence. The server does not support TLS: put a proxy in front of it unless it
        /// listens on loopback.
        pub bind: SocketAddr = BIND("127.0.0.1:8000", |text| parse_address(text, DEFAULT));
        /// The address without the port. Ignored if it is neither an IP address nor `localhost`.
        ///
        /// Some shells and build tools export the name of the machine as `HOST`.
        pub host: IpAddr = HOST("127.0.0.1", |text| Ok(host_address(text).unwrap_or(DEFAULT.ip())));
        /// The port without the address; `0` for any free port.
        pub port: u16 = PORT("8000", values::only(values::number, |_| true, "a port number up to 65535"));
        /// Number of threads that serve requests. The number of processor cores if it is not set.
        pub workers: Option<usize> = ACTIX_WORKERS("", values::optional(values::number_in(1..=1_024)));
        /// How long an idle connection is kept.
        ///
        /// It must be longer than a proxy keeps idle connections. The header `Keep-Alive` has one second less.
        pub keep_alive: Duration = ACTIX_KEEP_ALIVE("5s", values::unsigned_duration);
        /// How long a client may take to send the head of a request.
        ///
        /// With `0` there is no limit, and **idle clients can use up the connections**. A connection without a request
        /// is closed after this time, `ACTIX_KEEP_ALIVE` and `ACTIX_CLIENT_DISCONNECT_TIMEOUT` together.
        pub client_request_timeout: Duration = ACTIX_CLIENT_REQUEST_TIMEOUT("5s", values::unsigned_duration);
        /// How long closing a connection may take.
        pub client_disconnect_timeout: Duration = ACTIX_CLIENT_DISCONNECT_TIMEOUT("1s", values::unsigned_duration);
        /// How long requests may take to finish after SIGTERM or Ctrl-C, in whole seconds.
        pub shutdown_timeout: Duration = ACTIX_SHUTDOWN_TIMEOUT("30s", values::unsigned_duration);
        /// Largest number of connections per worker. More connections wait.
        pub max_connections: usize = ACTIX_MAX_CONNECTIONS(
            "25000",
            values::only(values::number, |n| *n > 0, "a whole number from 1")
        );
        /// The address of `/metrics` for Prometheus, as `address:port`; `none` for no metrics.
        ///
        /// **There is no authentication: choose an address that only Prometheus can reach.**
        pub metrics_address: Option<SocketAddr> =
            METRICS_ADDRESS("none", values::optional(|text| parse_address(text, DEFAULT)));
        /// How often the server deletes expired tokens, token families and rows of your apps, such as `1h`; `none` for never.
        ///
        /// If there are several servers, one of them does this at a time.
        pub token_sweep_interval: Option<Duration> = TOKEN_SWEEP_INTERVAL("none", values::optional(
            values::only(
                values::unsigned_duration,
                |time| *time >= Duration::from_secs(1),
                "a duration of 1s or more, such as 1h"
            )
        ));
    }
}

const DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8000);

impl ServerSettings {
    fn finish(&mut self, env: &Environment) -> Result<(), SettingsError> {
        if env.get("BIND").is_none() {
            self.bind = SocketAddr::new(self.host, self.port);
        }
        Ok(())
    }
}

/// An address as `runserver` takes it: `port`, `address:port`, or `0:port` for every IPv4 address.
///
/// # Errors
/// Returns a description of the expected value.
pub fn parse_address(text: &str, default: SocketAddr) -> Result<SocketAddr, String> {
    let expected = || "a port number or address:port pair, such as 127.0.0.1:8000".to_owned();
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
    fn an_invalid_value_is_refused_with_its_key() {
        let error = |key: &str, value: &str| {
            ServerSettings::from_env(&[(key, value)].into_iter().collect()).unwrap_err().to_string()
        };
        assert_eq!(error("PORT", "x"), "PORT: \"x\" is not a port number up to 65535");
        assert_eq!(error("ACTIX_WORKERS", "0"), "ACTIX_WORKERS: \"0\" is not a whole number from 1 to 1024");
        assert_eq!(error("ACTIX_WORKERS", "1025"), "ACTIX_WORKERS: \"1025\" is not a whole number from 1 to 1024");
        assert_eq!(error("ACTIX_MAX_CONNECTIONS", "0"), "ACTIX_MAX_CONNECTIONS: \"0\" is not a whole number from 1");
        assert_eq!(
            error("ACTIX_KEEP_ALIVE", "-1"),
            "ACTIX_KEEP_ALIVE: \"-1\" is not a duration of 0 or more, such as 5s"
        );
        assert_eq!(
            error("METRICS_ADDRESS", "x"),
            "METRICS_ADDRESS: \"x\" is not a port number or address:port pair, such as 127.0.0.1:8000"
        );
        assert_eq!(
            error("TOKEN_SWEEP_INTERVAL", "0"),
            "TOKEN_SWEEP_INTERVAL: \"0\" is not a duration of 1s or more, such as 1h"
        );
        assert_eq!(error("ACTIX_WORKER", "2"), "ACTIX_WORKER: there is no such setting; did you mean ACTIX_WORKERS?");
    }
}
