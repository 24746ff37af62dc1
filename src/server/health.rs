//! The probes: whether this process runs, and whether it can serve requests. Python counterpart: none in Django; many
//! projects use `django-health-check`.
//!
//! Both answer under every `Host`, because a load balancer names the machine and not the site. A forged name cannot get into
//! the answer.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use crate::apps::Apps;
use crate::contrib::auth::AuthState;
use crate::contrib::auth::models::UserLookup;
use crate::db::{Database, DatabaseError, DbConnection};
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::state::app_data;

/// Path of [`healthz`].
pub const HEALTHZ: &str = "/healthz";
/// Path of [`readyz`].
pub const READYZ: &str = "/readyz";
/// Both paths. They are served under every host and without HTTPS.
pub const PROBES: [&str; 2] = [HEALTHZ, READYZ];

/// Seconds after which a client should ask again.
const RETRY_AFTER: u64 = 1;

/// `GET /healthz`: the process runs and answers. It does not use the database, so that a failure of the database does not
/// restart every instance.
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// `GET /readyz`: the database has all migrations and the table of users, and answers a search for a user, as protected views need
/// it. Otherwise it is a 503, and the log says why.
///
/// # Errors
/// Returns that 503.
pub async fn readyz(req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let apps = Apps::of(&req).map_err(ApiError::internal)?.clone();
    let (auth, db) = (app_data::<AuthState>(&req)?, app_data::<Database>(&req)?);
    let plan = apps.required_migrations();
    let look = move |conn: &mut DbConnection| -> Result<_, DatabaseError> {
        Ok((plan.unapplied(conn)?, apps.check_users(conn)))
    };
    // Several statements, so not on the thread that serves requests. They are read each time: a database that was restored or
    // replaced while the server runs may lack its tables.
    let (unapplied, users) = db.query(look).await?;
    if let Some(first) = unapplied.first() {
        let reason =
            format!("{} migration(s) are not applied, the first is {}.{}", unapplied.len(), first.app, first.name);
        return Err(ApiError::service_unavailable(reason, RETRY_AFTER));
    }
    if let Err(error) = users {
        return Err(ApiError::service_unavailable(error.to_string(), RETRY_AFTER));
    }
    db.look_up(UserLookup { users: Arc::clone(auth.users()), name: "id".to_owned(), value: 0.into() }).await?;
    Ok(HttpResponse::Ok().json(json!({ "status": "ok" })))
}
