//! Whether this process lives, and whether it can serve. Python counterpart: none in Django; `django-health-check` in many
//! projects.
//!
//! Both answer under every `Host`: whoever asks, a load balancer or an orchestrator, names the machine and not the site,
//! and the answer contains nothing that a forged name could get into.

use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use crate::db::Database;
use crate::db::migrations::MigrationPlan;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::state::app_data;

/// Path of [`healthz`].
pub const HEALTHZ: &str = "/healthz";
/// Path of [`readyz`].
pub const READYZ: &str = "/readyz";

/// Seconds after which it is worth asking again.
const RETRY_AFTER: u64 = 1;

/// Whether `path` is one of the two, to which `ALLOWED_HOSTS` does not apply.
#[must_use]
pub fn is_probe(path: &str) -> bool {
    path == HEALTHZ || path == READYZ
}

/// `GET /healthz`: the process runs and answers. It asks nobody else, so that a database that is away does not get every
/// instance restarted.
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// `GET /readyz`: the database answers and has all migrations; else 503, and the log says why.
///
/// # Errors
/// That 503.
pub async fn readyz(req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let unapplied = app_data::<Database>(&req)?.read(|conn| MigrationPlan::default().unapplied(conn)).await?;
    if let Some(first) = unapplied.first() {
        let reason =
            format!("{} migration(s) are not applied, the first is {}.{}", unapplied.len(), first.app, first.name);
        return Err(ApiError::service_unavailable(reason, RETRY_AFTER));
    }
    Ok(HttpResponse::Ok().json(json!({ "status": "ok" })))
}
