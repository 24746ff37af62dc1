//! Metrics for Prometheus, on a separate address: `METRICS_ADDRESS`. Python counterpart: `django-prometheus`.
//!
//! Off by default, and then nothing is counted.

use std::fmt;
use std::sync::Arc;

use actix_web::http::Method;
use actix_web::{HttpResponse, web};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::apps::Apps;
use crate::db::Database;
use crate::http::log_data::{Reason, RefusalKind, TokenEvent};
use crate::http::middleware::{Middleware, RequestInfo};

/// Upper bounds of the buckets in seconds. A look-up is below the first, a password hash near the middle.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

/// All metrics of a server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Families>);

#[derive(Debug)]
struct Families {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabel, Histogram, fn() -> Histogram>,
    tokens: Family<EventLabel, Counter>,
    refused: Family<ReasonLabel, Counter>,
    reuse_attempts: Counter,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    /// The pattern of the route; empty without a match.
    route: String,
    method: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabel {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EventLabel {
    event: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

impl Metrics {
    /// Metrics that also show the load of `database` and the numbers of `apps`.
    #[must_use]
    pub fn new(database: Database, apps: Apps) -> Self {
        let requests = Family::default();
        let durations = Family::new_with_constructor((|| Histogram::new(BUCKETS)) as fn() -> Histogram);
        let (tokens, refused, reuse_attempts) = (Family::default(), Family::default(), Counter::default());
        let mut registry = Registry::with_prefix("actix_simplejwt");
        registry.register("http_requests", "Requests by route pattern, method and status", requests.clone());
        registry.register("http_request_duration_seconds", "Duration of requests", durations.clone());
        registry.register("tokens", "Tokens by what was done with them", tokens.clone());
        registry.register("tokens_refused", "Refused tokens and logins by reason", refused.clone());
        registry.register("token_reuse_attempts", "Uses of blacklisted tokens", reuse_attempts.clone());
        registry.register_collector(Box::new(Load { database, apps }));
        Self(Arc::new(Families { registry, requests, durations, tokens, refused, reuse_attempts }))
    }
}

impl Middleware for Metrics {
    fn process_response(&self, info: &RequestInfo, response: &mut HttpResponse) {
        let route = info.request.as_ref().and_then(|req| req.match_pattern()).unwrap_or_default();
        let status = response.status().as_u16();
        self.0
            .durations
            .get_or_create(&RouteLabel { route: route.clone() })
            .observe(info.start.elapsed().as_secs_f64());
        self.0.requests.get_or_create(&RequestLabels { route, method: method_label(&info.method), status }).inc();
        let extensions = response.extensions();
        if let Some(event) = extensions.get::<TokenEvent>() {
            self.0.tokens.get_or_create(&EventLabel { event: event_label(*event) }).inc();
        }
        if let Some(refusal) = extensions.get::<Reason>().and_then(Reason::refusal) {
            self.0.refused.get_or_create(&ReasonLabel { reason: reason_label(refusal) }).inc();
            if matches!(refusal, RefusalKind::Blacklisted | RefusalKind::Reused) {
                self.0.reuse_attempts.inc();
            }
        }
    }
}

/// A method of RFC 9110, or one word for all others: clients could invent any number of them.
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

fn event_label(event: TokenEvent) -> &'static str {
    match event {
        TokenEvent::Issued => "issued",
        TokenEvent::Refreshed => "refreshed",
        TokenEvent::RefreshedAgain => "refreshed_again",
        TokenEvent::Verified => "verified",
        TokenEvent::Blacklisted => "blacklisted",
    }
}

fn reason_label(refusal: RefusalKind) -> &'static str {
    match refusal {
        RefusalKind::Blacklisted => "blacklisted",
        RefusalKind::Reused => "reused",
        RefusalKind::Expired => "expired",
        RefusalKind::Signature => "signature",
        RefusalKind::User => "user",
        RefusalKind::Throttled | RefusalKind::LockedOut => "throttled",
        RefusalKind::Unavailable => "unavailable",
        RefusalKind::Other => "other",
    }
}

/// The gauges, which are read at each scrape.
#[derive(Debug)]
struct Load {
    database: Database,
    apps: Apps,
}

impl Collector for Load {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let load = self.database.load();
        let own = [
            ("database_queue", "Requests that use the database or wait for it", load.waiting),
            ("database_connections", "Connections of the pool; 0 on SQLite", load.connections),
            ("database_connections_idle", "Unused connections of the pool", load.idle),
        ];
        let metrics = self.apps.installed().iter().flat_map(|app| app.metrics());
        let of_apps = metrics.map(|metric| (metric.name, metric.help, (metric.value)(&self.apps)));
        for (name, help, value) in own.into_iter().chain(of_apps) {
            let value = i64::try_from(value).unwrap_or(i64::MAX);
            encoder.encode_descriptor(name, help, None, MetricType::Gauge)?.encode_gauge(&value)?;
        }
        Ok(())
    }
}

/// `GET /metrics`.
pub(super) async fn page(metrics: web::Data<Metrics>) -> HttpResponse {
    let mut text = String::new();
    match encode(&mut text, &metrics.0.registry) {
        Ok(()) => {
            HttpResponse::Ok().content_type("application/openmetrics-text; version=1.0.0; charset=utf-8").body(text)
        }
        Err(error) => crate::http::error_pages::server_error(error.to_string()),
    }
}
