//! The database, and who can reach what. Python counterpart: none but `corsheaders.checks`.

use std::net::IpAddr;

use super::{CheckMessage, warning};
use crate::db::{DatabaseUrl, Synchronous};
use crate::settings::Settings;

/// `NORMAL` gives up the last writes before a power cut.
pub(super) fn durability(settings: &Settings) -> Vec<CheckMessage> {
    let database = &settings.database;
    if !matches!(database.url, DatabaseUrl::Sqlite(_)) || database.sqlite_synchronous == Synchronous::Full {
        return Vec::new();
    }
    let message = "SQLITE_SYNCHRONOUS is NORMAL: a refresh token that was spent before a power cut may be good again.";
    vec![warning("database.W901", message)]
}

pub(super) fn cors(settings: &Settings) -> Vec<CheckMessage> {
    let cors = &settings.cors;
    let mut found = Vec::new();
    if cors.allow_all_origins {
        let message =
            warning("corsheaders.W901", "CORS_ALLOW_ALL_ORIGINS lets the pages of every site read the answers.");
        found.push(message.hint("Name the sites in CORS_ALLOWED_ORIGINS."));
    }
    if cors.allowed_origins.iter().any(|origin| origin == "null") {
        found.push(warning(
            "corsheaders.W902",
            "CORS_ALLOWED_ORIGINS has null, which is the origin of files and of any site's sandboxed frames.",
        ));
    }
    if let Some(origin) = cors.allowed_origins.iter().find(|origin| is_plain_http(origin)) {
        let message = format!("CORS_ALLOWED_ORIGINS has {origin}, and whoever is on the way can change its pages.");
        found.push(warning("corsheaders.W903", message));
    }
    found
}

fn is_plain_http(origin: &str) -> bool {
    origin.strip_prefix("http://").is_some_and(|rest| {
        let host = rest.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')).map_or(rest, |(host, _)| host);
        !["localhost", "127.0.0.1", "[::1]"].contains(&host)
    })
}

/// Nobody is asked who they are there.
pub(super) fn metrics(settings: &Settings) -> Vec<CheckMessage> {
    let Some(address) = settings.server.metrics_address.filter(|address| !is_inside(address.ip())) else {
        return Vec::new();
    };
    let message =
        warning("server.W901", format!("METRICS_ADDRESS is {address}: whoever reaches it reads the metrics."));
    vec![message.hint("Choose an address of an inner network, or let only Prometheus through to it.")]
}

fn is_inside(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// Without them slow clients use up the connections.
pub(super) fn time_limits(settings: &Settings) -> Vec<CheckMessage> {
    let limits = [
        ("ACTIX_CLIENT_REQUEST_TIMEOUT", settings.server.client_request_timeout),
        ("DATA_UPLOAD_TIMEOUT", settings.rest_framework.limits.time),
    ];
    let unlimited = limits.into_iter().filter(|(_, limit)| limit.is_zero());
    unlimited
        .map(|(key, _)| warning("server.W902", format!("{key} is 0: the server waits for a client for ever.")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_deploy_finds;

    #[test]
    fn a_database_that_may_forget_is_reported() {
        let relaxed = ("SQLITE_SYNCHRONOUS", "NORMAL");
        assert_deploy_finds(&[relaxed], &["database.W901"]);
        if cfg!(feature = "postgres") {
            assert_deploy_finds(&[relaxed, ("DATABASE_URL", "postgres://db/shop")], &[]);
        }
    }

    #[test]
    fn origins_that_are_anybody_are_reported() {
        assert_deploy_finds(&[("CORS_ALLOW_ALL_ORIGINS", "true")], &["corsheaders.W901"]);
        assert_deploy_finds(&[("CORS_ALLOWED_ORIGINS", "https://a.org,null")], &["corsheaders.W902"]);
        for (origin, found) in [
            ("http://a.org", &["corsheaders.W903"][..]),
            ("http://a.org:8080", &["corsheaders.W903"]),
            ("http://localhost.a.org", &["corsheaders.W903"]),
            ("https://a.org", &[]),
            ("http://localhost", &[]),
            ("http://localhost:3000", &[]),
            ("http://[::1]", &[]),
            ("http://[::1]:3000", &[]),
        ] {
            assert_deploy_finds(&[("CORS_ALLOWED_ORIGINS", origin)], found);
        }
    }

    #[test]
    fn metrics_for_everybody_are_reported() {
        for address in ["0.0.0.0:9000", "[::]:9000", "203.0.113.7:9000", "[2001:db8::1]:9000"] {
            assert_deploy_finds(&[("METRICS_ADDRESS", address)], &["server.W901"]);
        }
        for address in ["127.0.0.1:9000", "10.1.2.3:9000", "[::1]:9000", "[fd00::1]:9000"] {
            assert_deploy_finds(&[("METRICS_ADDRESS", address)], &[]);
        }
    }

    #[test]
    fn waiting_for_ever_is_reported() {
        assert_deploy_finds(&[("ACTIX_CLIENT_REQUEST_TIMEOUT", "0")], &["server.W902"]);
        assert_deploy_finds(&[("DATA_UPLOAD_TIMEOUT", "0")], &["server.W902"]);
    }
}
