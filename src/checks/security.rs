//! What Django checks. Python counterpart: `django.core.checks.security.base`, with its ids and texts.
//!
//! Django's others have nothing to look at here: `W001` and `W002` that the middlewares are there, `W003` and `W010` to
//! `W017` cookies, sessions and CSRF, `W025` older keys. `E023` and `E024` are refused when the settings are read.

use std::collections::BTreeSet;

use super::{CheckMessage, warning};
use crate::settings::Settings;

const SECRET_KEY_INSECURE_PREFIX: &str = "django-insecure-";
const SECRET_KEY_MIN_LENGTH: usize = 50;
const SECRET_KEY_MIN_UNIQUE_CHARACTERS: usize = 5;

/// A key that can be guessed.
pub(super) fn secret_key(settings: &Settings) -> Vec<CheckMessage> {
    let message = warning(
        "security.W009",
        "Your SECRET_KEY has less than 50 characters, less than 5 unique characters, or it's prefixed with \
         'django-insecure-' indicating that it was generated automatically by Django. Please generate a long and \
         random value, otherwise many of Django's security-critical features will be vulnerable to attack.",
    );
    if is_weak(settings.secret_key.expose()) { vec![message] } else { Vec::new() }
}

fn is_weak(key: &str) -> bool {
    let unique: BTreeSet<char> = key.chars().collect();
    key.chars().count() < SECRET_KEY_MIN_LENGTH
        || unique.len() < SECRET_KEY_MIN_UNIQUE_CHARACTERS
        || key.starts_with(SECRET_KEY_INSECURE_PREFIX)
}

pub(super) fn debug(settings: &Settings) -> Vec<CheckMessage> {
    let message = warning("security.W018", "You should not have DEBUG set to True in deployment.");
    if settings.debug { vec![message] } else { Vec::new() }
}

pub(super) fn allowed_hosts(settings: &Settings) -> Vec<CheckMessage> {
    if settings.allowed_hosts.is_empty() {
        return vec![warning("security.W020", "ALLOWED_HOSTS must not be empty in deployment.")];
    }
    if settings.allowed_hosts.iter().any(|host| host == "*") {
        let message = warning("security.W020", "ALLOWED_HOSTS allows every host name.");
        return vec![message.hint("Name the hosts of this site, unless a proxy in front checks them.")];
    }
    Vec::new()
}

pub(super) fn https(settings: &Settings) -> Vec<CheckMessage> {
    let security = &settings.security;
    let mut found = Vec::new();
    if security.hsts_seconds == 0 {
        found.push(warning(
            "security.W004",
            "You have not set a value for the SECURE_HSTS_SECONDS setting. If your entire site is served only over SSL, \
             you may want to consider setting a value and enabling HTTP Strict Transport Security. Be sure to read the \
             documentation first; enabling HSTS carelessly can cause serious, irreversible problems.",
        ));
    }
    if security.hsts_seconds > 0 && !security.hsts_include_subdomains {
        found.push(warning(
            "security.W005",
            "You have not set the SECURE_HSTS_INCLUDE_SUBDOMAINS setting to True. Without this, your site is \
             potentially vulnerable to attack via an insecure connection to a subdomain. Only set this to True if you \
             are certain that all subdomains of your domain should be served exclusively via SSL.",
        ));
    }
    if !security.ssl_redirect {
        found.push(warning(
            "security.W008",
            "Your SECURE_SSL_REDIRECT setting is not set to True. Unless your site should be available over both SSL \
             and non-SSL connections, you may want to either set this setting True or configure a load balancer or \
             reverse-proxy server to redirect all connections to HTTPS.",
        ));
    }
    if security.hsts_seconds > 0 && !security.hsts_preload {
        found.push(warning(
            "security.W021",
            "You have not set the SECURE_HSTS_PRELOAD setting to True. Without this, your site cannot be submitted to \
             the browser preload list.",
        ));
    }
    found
}

/// Not Django's: there a server may speak TLS itself.
pub(super) fn proxy_header(settings: &Settings) -> Vec<CheckMessage> {
    let security = &settings.security;
    if security.proxy_ssl_header.is_some() || !(security.ssl_redirect || security.hsts_seconds > 0) {
        return Vec::new();
    }
    let what = if security.ssl_redirect {
        "SECURE_SSL_REDIRECT sends everybody to HTTPS for ever, since"
    } else {
        "SECURE_HSTS_SECONDS has no effect, since"
    };
    let message =
        warning("security.W901", format!("{what} without SECURE_PROXY_SSL_HEADER no request counts as HTTPS."));
    vec![
        message
            .hint("Set SECURE_PROXY_SSL_HEADER=HTTP_X_FORWARDED_PROTO,https if the proxy in front sets that header."),
    ]
}

pub(super) fn headers(settings: &Settings) -> Vec<CheckMessage> {
    let security = &settings.security;
    let mut found = Vec::new();
    if !security.content_type_nosniff {
        found.push(warning(
            "security.W006",
            "Your SECURE_CONTENT_TYPE_NOSNIFF setting is not set to True, so your pages will not be served with an \
             'X-Content-Type-Options: nosniff' header. You should consider enabling this header to prevent the browser \
             from identifying content types incorrectly.",
        ));
    }
    if security.x_frame_options != "DENY" {
        found.push(warning(
            "security.W019",
            "You have 'django.middleware.clickjacking.XFrameOptionsMiddleware' in your MIDDLEWARE, but X_FRAME_OPTIONS \
             is not set to 'DENY'. Unless there is a good reason for your site to serve other parts of itself in a \
             frame, you should change it to 'DENY'.",
        ));
    }
    if security.referrer_policy.is_empty() {
        found.push(warning(
            "security.W022",
            "You have not set the SECURE_REFERRER_POLICY setting. Without this, your site will not send a \
             Referrer-Policy header. You should consider enabling this header to protect user privacy.",
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::tests::{STRONG, assert_deploy_finds, ids, settings};
    use super::super::{run_checks, run_start_checks};

    #[test]
    fn a_key_that_can_be_guessed_is_reported_at_start_and_for_deployment() {
        for weak in ["short", &"ab".repeat(40), &format!("django-insecure-{STRONG}")] {
            let settings =
                settings(&[("SECRET_KEY", weak), ("SIMPLE_JWT_SIGNING_KEY", STRONG), ("JWT_SECRET_KEY", STRONG)]);
            assert_eq!(ids(&run_start_checks(&settings)), ["security.W009"], "{weak}");
            assert_eq!(ids(&run_checks(&settings, false)), Vec::<&str>::new(), "{weak}");
        }
        assert_eq!(ids(&run_start_checks(&settings(&[]))), Vec::<&str>::new());
    }

    #[test]
    fn deployment_looks_at_what_django_looks_at() {
        assert_deploy_finds(&[("DEBUG", "1")], &["security.W018"]);
        assert_deploy_finds(&[("ALLOWED_HOSTS", "")], &["security.W020"]);
        assert_deploy_finds(&[("ALLOWED_HOSTS", "a.org,*")], &["security.W020"]);
        assert_deploy_finds(&[("SECURE_HSTS_SECONDS", "0")], &["security.W004"]);
        assert_deploy_finds(&[("SECURE_HSTS_INCLUDE_SUBDOMAINS", "no")], &["security.W005"]);
        assert_deploy_finds(&[("SECURE_HSTS_PRELOAD", "no")], &["security.W021"]);
        assert_deploy_finds(&[("SECURE_SSL_REDIRECT", "no")], &["security.W008"]);
        assert_deploy_finds(&[("SECURE_CONTENT_TYPE_NOSNIFF", "no")], &["security.W006"]);
        assert_deploy_finds(&[("X_FRAME_OPTIONS", "SAMEORIGIN")], &["security.W019"]);
        assert_deploy_finds(&[("SECURE_REFERRER_POLICY", "none")], &["security.W022"]);
    }

    #[test]
    fn a_redirect_that_never_ends_is_reported_every_day() {
        for pair in [("SECURE_SSL_REDIRECT", "true"), ("SECURE_HSTS_SECONDS", "60")] {
            let without =
                [("SECURE_SSL_REDIRECT", "no"), ("SECURE_HSTS_SECONDS", "0"), ("SECURE_PROXY_SSL_HEADER", "none")];
            assert_eq!(ids(&run_checks(&settings(&without), false)), Vec::<&str>::new());
            let found = run_checks(&settings(&[&without[..], &[pair]].concat()), false);
            assert_eq!(ids(&found), ["security.W901"]);
        }
    }
}
