//! Figures for Prometheus, at an address of their own: `METRICS_ADDRESS`. Python counterpart: `django-prometheus`.
//!
//! Off by default, and then nothing is counted. When on, each worker counts for itself behind a lock that only a scrape
//! ever contends for; a scrape adds the workers up.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, web};

use crate::contrib::auth::AuthState;
use crate::db::Database;

/// Upper bounds of the buckets, in seconds: a look-up is below the first, a password hash near the middle.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

/// What a 200 of a route means for tokens. A route that is not listed does nothing to them.
const TOKEN_ROUTES: [(&str, &str); 11] = [
    ("/api/token/", "issued"),
    ("/api/token/sliding/", "issued"),
    ("/access-token/", "issued"),
    ("/api/authtoken/", "issued"),
    ("/api-token-auth/", "issued"),
    ("/api/token/refresh/", "refreshed"),
    ("/api/token/sliding/refresh/", "refreshed"),
    ("/access-token/refresh/", "refreshed"),
    ("/api-token-refresh/", "refreshed"),
    ("/api/token/verify/", "verified"),
    ("/api/token/blacklist/", "blacklisted"),
];

/// The counters of all workers. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Metrics(Arc<Mutex<Vec<Worker>>>);

/// The counters of one worker. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Worker(Arc<Mutex<Counters>>);

#[derive(Debug, Default)]
struct Counters {
    requests: BTreeMap<(String, &'static str, u16), u64>,
    durations: BTreeMap<String, Histogram>,
    refused: BTreeMap<&'static str, u64>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Histogram {
    /// One more than bounds: the last is for what is slower than all.
    counts: [u64; BUCKETS.len() + 1],
    seconds: f64,
}

impl Metrics {
    /// Counters for one more worker.
    #[must_use]
    pub fn worker(&self) -> Worker {
        let worker = Worker::default();
        lock(&self.0).push(worker.clone());
        worker
    }

    fn total(&self) -> Counters {
        let mut total = Counters::default();
        for worker in lock(&self.0).iter() {
            let counters = lock(&worker.0);
            for (key, count) in &counters.requests {
                *total.requests.entry(key.clone()).or_default() += count;
            }
            for (route, histogram) in &counters.durations {
                total.durations.entry(route.clone()).or_default().add(histogram);
            }
            for (reason, count) in &counters.refused {
                *total.refused.entry(reason).or_default() += count;
            }
        }
        total
    }

    /// All figures in Prometheus' text format.
    #[must_use]
    pub fn render(&self, database: &Database, auth: &AuthState) -> String {
        let total = self.total();
        let mut page = Page(String::new());
        page.head("http_requests_total", "counter", "Requests by route pattern, method and status.");
        let mut tokens = BTreeMap::new();
        for ((route, method, status), count) in &total.requests {
            let labels = format!("route=\"{}\",method=\"{method}\",status=\"{status}\"", escaped(route));
            page.line("http_requests_total", &labels, *count);
            if *status == 200
                && let Some((_, event)) = TOKEN_ROUTES.iter().find(|(path, _)| path == route)
            {
                *tokens.entry(*event).or_default() += *count;
            }
        }
        page.head("http_request_duration_seconds", "histogram", "How long requests took.");
        for (route, histogram) in &total.durations {
            page.histogram("http_request_duration_seconds", &format!("route=\"{}\"", escaped(route)), histogram);
        }
        page.head("tokens_total", "counter", "What was done with tokens.");
        for (event, count) in tokens {
            page.line::<u64>("tokens_total", &format!("event=\"{event}\""), count);
        }
        page.head("tokens_refused_total", "counter", "Tokens and logins that were refused, by reason.");
        for (reason, count) in &total.refused {
            page.line("tokens_refused_total", &format!("reason=\"{reason}\""), *count);
        }
        page.head("token_reuse_attempts_total", "counter", "Blacklisted tokens that somebody tried to use again.");
        page.line("token_reuse_attempts_total", "", total.refused.get(BLACKLISTED).copied().unwrap_or(0));
        let load = database.load();
        page.gauge("database_queue", "Requests that use the database or wait for their turn.", load.waiting);
        page.gauge("database_connections", "Connections of the pool; 0 on SQLite.", load.connections);
        page.gauge("database_connections_idle", "Connections of the pool that nobody uses.", load.idle);
        page.gauge("password_hashing_queue", "Logins whose password is hashed or waits to be.", auth.hashing_pending());
        page.gauge(
            "password_hashing_capacity",
            "Logins that may be there before others are refused.",
            auth.hashing_capacity(),
        );
        page.0
    }
}

/// The value of `reason` for a token on the blacklist.
const BLACKLISTED: &str = "blacklisted";

impl Worker {
    /// Counts one request. `route` is the pattern that matched, or nothing; `reason` is why it was refused, where that is
    /// known.
    pub fn count(
        &self,
        route: Option<String>,
        method: &Method,
        status: StatusCode,
        took: Duration,
        reason: Option<&str>,
    ) {
        let route = route.unwrap_or_default();
        let mut counters = lock(&self.0);
        match counters.durations.get_mut(&route) {
            Some(histogram) => histogram.observe(took),
            None => counters.durations.entry(route.clone()).or_default().observe(took),
        }
        *counters.requests.entry((route, method_label(method), status.as_u16())).or_default() += 1;
        if let Some(reason) = refusal(status, reason) {
            *counters.refused.entry(reason).or_default() += 1;
        }
    }
}

/// A method of RFC 9110, or one word for everything else: clients may invent as many as they like.
fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        _ => "other",
    }
}

/// Why a request was refused, in one of a few words. `None` for what has nothing to do with who is asking.
fn refusal(status: StatusCode, reason: Option<&str>) -> Option<&'static str> {
    let reason = reason.unwrap_or_default().to_ascii_lowercase();
    let known = [("blacklisted", BLACKLISTED), ("expired", "expired"), ("signature", "signature")];
    let known = known.iter().find(|(word, _)| reason.contains(word)).map(|(_, label)| *label);
    match status.as_u16() {
        401 | 403 if reason.starts_with("user ") || reason.contains(", user ") => Some("user"),
        401 | 403 => Some(known.unwrap_or("other")),
        // `verify` and the older views answer 400 to a bad token.
        400 => known,
        429 => Some("throttled"),
        503 => Some("unavailable"),
        _ => None,
    }
}

impl Histogram {
    fn observe(&mut self, took: Duration) {
        let seconds = took.as_secs_f64();
        let bucket = BUCKETS.iter().position(|bound| seconds <= *bound).unwrap_or(BUCKETS.len());
        self.counts[bucket] += 1;
        self.seconds += seconds;
    }

    fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count += more;
        }
        self.seconds += other.seconds;
    }
}

/// The text of an exposition, <https://prometheus.io/docs/instrumenting/exposition_formats/>.
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a `String` cannot fail.
        let _ = writeln!(self.0, "# HELP actix_simplejwt_{name} {help}\n# TYPE actix_simplejwt_{name} {kind}");
    }

    fn line<N: std::fmt::Display>(&mut self, name: &str, labels: &str, value: N) {
        let labels = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
        let _ = writeln!(self.0, "actix_simplejwt_{name}{labels} {value}");
    }

    fn gauge(&mut self, name: &str, help: &str, value: usize) {
        self.head(name, "gauge", help);
        self.line(name, "", value);
    }

    fn histogram(&mut self, name: &str, labels: &str, histogram: &Histogram) {
        let mut below = 0;
        for (bound, count) in BUCKETS.iter().map(ToString::to_string).chain(["+Inf".to_owned()]).zip(histogram.counts) {
            below += count;
            self.line(&format!("{name}_bucket"), &format!("{labels},le=\"{bound}\""), below);
        }
        self.line(&format!("{name}_sum"), labels, histogram.seconds);
        self.line(&format!("{name}_count"), labels, below);
    }
}

fn escaped(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Nothing can panic while one of these is held, so none is ever poisoned.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the server at `METRICS_ADDRESS` has.
#[derive(Clone, Debug)]
pub(super) struct Exposed {
    pub(super) metrics: Metrics,
    pub(super) database: web::Data<Database>,
    pub(super) auth: web::Data<AuthState>,
}

/// `GET /metrics`.
pub(super) async fn metrics(exposed: web::Data<Exposed>) -> HttpResponse {
    let page = exposed.metrics.render(&exposed.database, &exposed.auth);
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_become_a_few_words() {
        for (status, reason, expected) in [
            (401, Some("Token is blacklisted"), Some("blacklisted")),
            (400, Some("Token is blacklisted"), Some("blacklisted")),
            (401, Some("Signature has expired"), Some("expired")),
            (401, Some("Signature verification failed"), Some("signature")),
            (401, Some("user 7 does not exist"), Some("user")),
            (401, None, Some("other")),
            (400, None, None),
            (404, Some("expired"), None),
            (429, None, Some("throttled")),
            (503, None, Some("unavailable")),
            (200, None, None),
        ] {
            assert_eq!(refusal(StatusCode::from_u16(status).unwrap(), reason), expected, "{status} {reason:?}");
        }
    }

    #[test]
    fn every_token_route_is_in_the_url_table() {
        let urls = include_str!("../urls.rs");
        for (route, _) in TOKEN_ROUTES {
            assert!(urls.contains(&format!("path(\"{route}\",")), "{route}");
        }
    }

    #[test]
    fn buckets_add_up_over_workers_and_labels_are_escaped() {
        let metrics = Metrics::default();
        let (first, second) = (metrics.worker(), metrics.worker());
        for (worker, milliseconds) in [(&first, 1), (&first, 30), (&second, 9_000)] {
            let route = Some("/a\"b/".to_owned());
            worker.count(route, &Method::GET, StatusCode::OK, Duration::from_millis(milliseconds), None);
        }
        let total = metrics.total();
        assert_eq!(total.requests[&("/a\"b/".to_owned(), "GET", 200)], 3);
        let mut page = Page(String::new());
        page.histogram("x", &format!("route=\"{}\"", escaped("/a\"b/")), &total.durations["/a\"b/"]);
        let lines: Vec<_> = page.0.lines().collect();
        assert_eq!(lines[0], r#"actix_simplejwt_x_bucket{route="/a\"b/",le="0.001"} 1"#);
        assert_eq!(lines[5], r#"actix_simplejwt_x_bucket{route="/a\"b/",le="0.05"} 2"#);
        assert_eq!(lines[12], r#"actix_simplejwt_x_bucket{route="/a\"b/",le="+Inf"} 3"#);
        assert_eq!(lines[13], r#"actix_simplejwt_x_sum{route="/a\"b/"} 9.031"#);
        assert_eq!(lines[14], r#"actix_simplejwt_x_count{route="/a\"b/"} 3"#);
    }
}
