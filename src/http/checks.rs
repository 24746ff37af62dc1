//! Checks of hosts, HTTPS, headers and CORS. Python counterpart: `django.core.checks.security.base`, with its ids and
//! texts, and `corsheaders.checks`.

use std::collections::BTreeSet;

use super::cors::CorsSettings;
use super::host::can_match;
use super::security::SecuritySettings;
use super::settings::HttpSettings;
use crate::apps::{Check, Registry, When};
use crate::core::checks::CheckMessage;

/// The checks of every project.
pub const CHECKS: &[Check] = &[
    Check { ids: &["security.W901"], when: When::Always, run: proxy_header },
    Check { ids: &["security.W902"], when: When::Always, run: hosts_without_effect },
    Check { ids: &["security.W009"], when: When::StartAndDeploy, run: secret_key },
    Check { ids: &["security.W025"], when: When::StartAndDeploy, run: secret_key_fallbacks },
    Check { ids: &["security.W018"], when: When::Deploy, run: debug },
    Check { ids: &["security.W020"], when: When::Deploy, run: allowed_hosts },
    Check {
        ids: &["security.W004", "security.W005", "security.W008", "security.W021"],
        when: When::Deploy,
        run: https,
    },
    Check { ids: &["security.W006", "security.W019", "security.W022"], when: When::Deploy, run: headers },
    Check { ids: &["corsheaders.W901", "corsheaders.W902", "corsheaders.W903"], when: When::Deploy, run: cors },
];

const SECRET_KEY_INSECURE_PREFIX: &str = "django-insecure-";
const SECRET_KEY_MIN_LENGTH: usize = 50;
const SECRET_KEY_MIN_UNIQUE_CHARACTERS: usize = 5;

/// A key that can be guessed.
fn secret_key(registry: &Registry) -> Vec<CheckMessage> {
    let message = CheckMessage::warning(
        "security.W009",
        "Your SECRET_KEY has less than 50 characters, less than 5 unique characters, or it's prefixed with \
         'django-insecure-' indicating that it was generated automatically by Django. Please generate a long and \
         random value, otherwise many of Django's security-critical features will be vulnerable to attack.",
    );
    if is_weak(registry.secret_key().expose()) { vec![message] } else { Vec::new() }
}

fn secret_key_fallbacks(registry: &Registry) -> Vec<CheckMessage> {
    let weak = registry.secret_key_fallbacks().iter().enumerate().filter(|(_, key)| is_weak(key.expose()));
    let message = |(index, _)| {
        CheckMessage::warning(
            "security.W025",
            format!(
                "Your SECRET_KEY_FALLBACKS[{index}] has less than 50 characters, less than 5 unique characters, or it's \
                 prefixed with 'django-insecure-' indicating that it was generated automatically by Django. Please \
                 generate a long and random value, otherwise many of Django's security-critical features will be \
                 vulnerable to attack."
            ),
        )
    };
    weak.map(message).collect()
}

fn is_weak(key: &str) -> bool {
    let unique: BTreeSet<char> = key.chars().collect();
    key.chars().count() < SECRET_KEY_MIN_LENGTH
        || unique.len() < SECRET_KEY_MIN_UNIQUE_CHARACTERS
        || key.starts_with(SECRET_KEY_INSECURE_PREFIX)
}

fn debug(registry: &Registry) -> Vec<CheckMessage> {
    let settings = registry.settings::<HttpSettings>();
    let message = CheckMessage::warning("security.W018", "You should not have DEBUG set to True in deployment.");
    if settings.debug { vec![message] } else { Vec::new() }
}

fn allowed_hosts(registry: &Registry) -> Vec<CheckMessage> {
    let settings = registry.settings::<HttpSettings>();
    if settings.allowed_hosts.is_empty() {
        return vec![CheckMessage::warning("security.W020", "ALLOWED_HOSTS must not be empty in deployment.")];
    }
    if settings.allowed_hosts.iter().any(|host| host == "*") {
        let message = CheckMessage::warning("security.W020", "ALLOWED_HOSTS allows every host name.");
        return vec![message.hint("Name the hosts of this site, unless a proxy in front checks them.")];
    }
    Vec::new()
}

/// Not one of Django's checks. Django ignores such an entry as well, and answers every request with 400.
fn hosts_without_effect(registry: &Registry) -> Vec<CheckMessage> {
    let settings = registry.settings::<HttpSettings>();
    let useless = settings.allowed_hosts.iter().filter(|host| !can_match(host));
    let message = |host: &String| {
        let text = format!("ALLOWED_HOSTS contains {host:?}, which is not a host name, so no request matches it.");
        CheckMessage::warning("security.W902", text)
            .hint("Write names without scheme and port, such as example.org, or .example.org for all subdomains too.")
    };
    useless.map(message).collect()
}

fn https(registry: &Registry) -> Vec<CheckMessage> {
    let security = registry.settings::<SecuritySettings>();
    let mut found = Vec::new();
    if security.hsts_seconds == 0 {
        found.push(CheckMessage::warning(
            "security.W004",
            "You have not set a value for the SECURE_HSTS_SECONDS setting. If your entire site is served only over SSL, \
             you may want to consider setting a value and enabling HTTP Strict Transport Security. Be sure to read the \
             documentation first; enabling HSTS carelessly can cause serious, irreversible problems.",
        ));
    }
    if security.hsts_seconds > 0 && !security.hsts_include_subdomains {
        found.push(CheckMessage::warning(
            "security.W005",
            "You have not set the SECURE_HSTS_INCLUDE_SUBDOMAINS setting to True. Without this, your site is \
             potentially vulnerable to attack via an insecure connection to a subdomain. Only set this to True if you \
             are certain that all subdomains of your domain should be served exclusively via SSL.",
        ));
    }
    if !security.ssl_redirect {
        found.push(CheckMessage::warning(
            "security.W008",
            "Your SECURE_SSL_REDIRECT setting is not set to True. Unless your site should be available over both SSL \
             and non-SSL connections, you may want to either set this setting True or configure a load balancer or \
             reverse-proxy server to redirect all connections to HTTPS.",
        ));
    }
    if security.hsts_seconds > 0 && !security.hsts_preload {
        found.push(CheckMessage::warning(
            "security.W021",
            "You have not set the SECURE_HSTS_PRELOAD setting to True. Without this, your site cannot be submitted to \
             the browser preload list.",
        ));
    }
    found
}

/// Not one of Django's checks. This server speaks no TLS, so it depends on the proxy's header.
fn proxy_header(registry: &Registry) -> Vec<CheckMessage> {
    let security = registry.settings::<SecuritySettings>();
    if security.proxy_ssl_header.is_some() || !(security.ssl_redirect || security.hsts_seconds > 0) {
        return Vec::new();
    }
    let what = if security.ssl_redirect {
        "SECURE_SSL_REDIRECT redirects every request to HTTPS without end, because"
    } else {
        "SECURE_HSTS_SECONDS has no effect, because"
    };
    let message = CheckMessage::warning(
        "security.W901",
        format!("{what} without SECURE_PROXY_SSL_HEADER no request counts as HTTPS."),
    );
    vec![
        message
            .hint("Set SECURE_PROXY_SSL_HEADER=HTTP_X_FORWARDED_PROTO,https if the proxy in front sets that header."),
    ]
}

fn headers(registry: &Registry) -> Vec<CheckMessage> {
    let security = registry.settings::<SecuritySettings>();
    let mut found = Vec::new();
    if !security.content_type_nosniff {
        found.push(CheckMessage::warning(
            "security.W006",
            "Your SECURE_CONTENT_TYPE_NOSNIFF setting is not set to True, so your pages will not be served with an \
             'X-Content-Type-Options: nosniff' header. You should consider enabling this header to prevent the browser \
             from identifying content types incorrectly.",
        ));
    }
    if security.x_frame_options != "DENY" {
        found.push(CheckMessage::warning(
            "security.W019",
            "You have 'django.middleware.clickjacking.XFrameOptionsMiddleware' in your MIDDLEWARE, but X_FRAME_OPTIONS \
             is not set to 'DENY'. Unless there is a good reason for your site to serve other parts of itself in a \
             frame, you should change it to 'DENY'.",
        ));
    }
    if security.referrer_policy.is_empty() {
        found.push(CheckMessage::warning(
            "security.W022",
            "You have not set the SECURE_REFERRER_POLICY setting. Without this, your site will not send a \
             Referrer-Policy header. You should consider enabling this header to protect user privacy.",
        ));
    }
    found
}

fn cors(registry: &Registry) -> Vec<CheckMessage> {
    let cors = registry.settings::<CorsSettings>();
    let mut found = Vec::new();
    if cors.allow_all_origins {
        let text = "CORS_ALLOW_ALL_ORIGINS lets the pages of every site read the responses.";
        found.push(CheckMessage::warning("corsheaders.W901", text).hint("Name the sites in CORS_ALLOWED_ORIGINS."));
    }
    if cors.allowed_origins.iter().any(|origin| origin == "null") {
        found.push(CheckMessage::warning(
            "corsheaders.W902",
            "CORS_ALLOWED_ORIGINS contains null, which is the origin of local files and of every site's sandboxed frames.",
        ));
    }
    if let Some(origin) = cors.allowed_origins.iter().find(|origin| is_plain_http(origin)) {
        let text = format!("CORS_ALLOWED_ORIGINS contains {origin}. Anyone on the network path can change its pages.");
        found.push(CheckMessage::warning("corsheaders.W903", text));
    }
    found
}

fn is_plain_http(origin: &str) -> bool {
    origin.strip_prefix("http://").is_some_and(|rest| {
        let host = rest.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')).map_or(rest, |(host, _)| host);
        !["localhost", "127.0.0.1", "[::1]"].contains(&host)
    })
}
