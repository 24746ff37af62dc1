//! Checks of the server's settings. Python counterpart: none.

use std::net::IpAddr;

use super::settings::ServerSettings;
use crate::apps::{Check, Registry, When};
use crate::core::checks::CheckMessage;
use crate::db::{DatabaseSettings, DatabaseUrl, Synchronous};

/// The checks of every project that runs as a server.
pub const CHECKS: &[Check] = &[
    Check { ids: &["database.W901"], when: When::Deploy, run: durability },
    Check { ids: &["server.W901"], when: When::Deploy, run: metrics },
    Check { ids: &["server.W902"], when: When::Deploy, run: request_timeout },
];

/// With `NORMAL`, the last writes before a power failure may be lost.
fn durability(registry: &Registry) -> Vec<CheckMessage> {
    let settings = registry.settings::<DatabaseSettings>();
    if !matches!(settings.url, DatabaseUrl::Sqlite(_)) || settings.sqlite_synchronous == Synchronous::Full {
        return Vec::new();
    }
    let text = "SQLITE_SYNCHRONOUS is NORMAL: after a power failure, a refresh token may be usable a second time.";
    vec![CheckMessage::warning("database.W901", text)]
}

/// The metrics have no authentication.
fn metrics(registry: &Registry) -> Vec<CheckMessage> {
    let address = registry.settings::<ServerSettings>().metrics_address;
    let Some(address) = address.filter(|address| !is_private(address.ip())) else { return Vec::new() };
    let text = format!("METRICS_ADDRESS is {address}: everyone who can connect to it can read the metrics.");
    let hint = "Use an address of a private network, or let only Prometheus through to it.";
    vec![CheckMessage::warning("server.W901", text).hint(hint)]
}

fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// Without a time limit, slow clients use up the connections.
fn request_timeout(registry: &Registry) -> Vec<CheckMessage> {
    if !registry.settings::<ServerSettings>().client_request_timeout.is_zero() {
        return Vec::new();
    }
    let text = "ACTIX_CLIENT_REQUEST_TIMEOUT is 0: the server waits for a client without a limit.";
    vec![CheckMessage::warning("server.W902", text)]
}
