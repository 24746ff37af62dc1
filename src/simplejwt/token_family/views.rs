//! Views that list and end the logins of a user. Python counterpart: `TokenFamilyBlacklistView` of simplejwt's proposal, the
//! sessions of django-allauth's headless API, and knox's `LogoutAllView`.

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, SecondsFormat, Timelike, Utc};
use serde_json::{Value, json};

use super::apps::NAME;
use super::models::{EndReason, LivingFamily, end_family, living};
use super::serializers::{BLACKLISTED, LogoutAllSerializer, TokenFamilyBlacklistSerializer, no_family};
use super::settings::TokenFamilySettings;
use crate::apps::Apps;
use crate::contrib::auth::UserId;
use crate::db::{Database, DatabaseError, DbConnection};
use crate::rest_framework::context::post;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::request::{Authenticated, RequestData};
use crate::rest_framework::schemas::shapes::{object, text};
use crate::rest_framework::state::app_data;
use crate::rest_framework::views::ApiView;
use crate::simplejwt::authentication::challenge;
use crate::simplejwt::schemas::{family_refusals, token_refusals};
use crate::simplejwt::state::JwtState;
use crate::simplejwt::tokens::AuthToken;

/// `TokenFamilyBlacklistView`: ends the family of a refresh token. This ends one login.
pub fn token_family_blacklist() -> ApiView {
    view("Token Family Blacklist")
        .description("Takes a refresh type JSON web token and blacklists its family.")
        .unauthenticated(challenge)
        .serializer::<TokenFamilyBlacklistSerializer>()
        .answers(|_| object([("message", json!({ "type": "string", "const": BLACKLISTED }))]))
        .refuses(|req| {
            [no_family()]
                .into_iter()
                .chain(token_refusals(req, AuthToken::Refresh))
                .chain(family_refusals(req))
                .collect()
        })
        .post(post::<TokenFamilyBlacklistSerializer>)
}

/// `GET`: the logins of the user.
pub fn sessions() -> ApiView {
    view("Token Sessions")
        .description("Lists the logins of the user, those that were used last first.")
        .answers(|_| session_list())
        .get(list)
}

/// `DELETE`: ends one login.
pub fn session() -> ApiView {
    view("Token Session")
        .description("Ends a login of the user.")
        .bodiless(&[204])
        .refuses(|_| vec![ApiError::not_found()])
        .on(Method::DELETE, end)
}

/// `POST`: ends all logins.
pub fn logoutall() -> ApiView {
    view("Token Logout All")
        .description(
            "Ends all logins of the user: token families and refresh tokens, and with `authtoken` the user's key of \
             `rest_framework.authtoken`.",
        )
        .serializer::<LogoutAllSerializer>()
        .bodiless(&[204])
        .post(end_all)
}

/// A view of this app. It exists only if families are on.
fn view(name: &'static str) -> ApiView {
    let are_on = |apps: &Apps| apps.jwt().is_ok_and(|jwt| jwt.families().is_some());
    ApiView::new(name).app(NAME).only_if(are_on).tag("simplejwt").credentials()
}

/// The settings, the clock and the database of a request.
fn parts(req: &HttpRequest) -> Result<(&Arc<JwtState>, &Database, &TokenFamilySettings), ApiError> {
    let jwt = app_data::<Arc<JwtState>>(req)?;
    let families = jwt.families().ok_or_else(ApiError::not_found)?;
    Ok((jwt, app_data::<Database>(req)?, families))
}

/// The key of the user. `None` if the user was deleted.
async fn owner(req: &HttpRequest, auth: &Authenticated) -> Result<Option<UserId>, ApiError> {
    if let Some(pk) = auth.user.pk() {
        return Ok(Some(pk));
    }
    // A `TokenUser` has no key if `USER_ID_FIELD` is not the key.
    let (jwt, db, _) = parts(req)?;
    let Some(id) = auth.claim(&jwt.settings.user_id_claim) else { return Ok(None) };
    let user = db.look_up(jwt.user_lookup(app_data(req)?, id)).await?;
    Ok(user.and_then(|user| user.pk()))
}

async fn list(req: HttpRequest, auth: Authenticated) -> Result<HttpResponse, ApiError> {
    let (jwt, db, families) = parts(&req)?;
    let current = auth.claim(&families.claim).and_then(Value::as_str);
    let Some(user_id) = owner(&req, &auth).await? else { return Ok(HttpResponse::Ok().json(json!([]))) };
    let (now, settings) = (jwt.clock.now(), families.clone());
    let find = move |conn: &mut DbConnection| living(conn, user_id, now, &settings).map_err(DatabaseError::from);
    let sessions: Vec<_> = db.query(find).await?.iter().map(|family| shown(family, current)).collect();
    Ok(HttpResponse::Ok().json(sessions))
}

/// A login as JSON.
fn shown(family: &LivingFamily, current: Option<&str>) -> Value {
    json!({
        "id": family.id,
        "user_agent": family.user_agent,
        "ip": family.ip_address,
        "created_at": iso(family.created_at),
        "last_seen_at": iso(family.last_seen_at),
        "expires_at": iso(family.expires_at),
        "is_current": current.map(|id| id == family.family_id),
    })
}

/// A time in DRF's format: ISO 8601, with microseconds unless they are zero.
fn iso(moment: DateTime<Utc>) -> String {
    let format = if moment.nanosecond() < 1_000 { SecondsFormat::Secs } else { SecondsFormat::Micros };
    moment.to_rfc3339_opts(format, true)
}

async fn end(req: HttpRequest, id: Path<String>, auth: Authenticated) -> Result<HttpResponse, ApiError> {
    let (jwt, db, families) = parts(&req)?;
    let (Some(user_id), Ok(id)) = (owner(&req, &auth).await?, id.parse::<i64>()) else {
        return Err(ApiError::not_found());
    };
    let (now, settings) = (jwt.clock.now(), families.clone());
    let end = move |conn: &mut DbConnection| end_own(conn, user_id, id, now, &settings);
    match db.write(end).await? {
        true => Ok(HttpResponse::NoContent().finish()),
        false => Err(ApiError::not_found()),
    }
}

/// Ends a login of this user. Returns `false` if the user has no such login.
fn end_own(
    conn: &mut DbConnection,
    user_id: UserId,
    id: i64,
    now: DateTime<Utc>,
    settings: &TokenFamilySettings,
) -> Result<bool, DatabaseError> {
    let is_own = living(conn, user_id, now, settings)?.iter().any(|family| family.id == id);
    Ok(is_own && end_family(conn, id, EndReason::Logout, now, settings)?)
}

async fn end_all(
    req: HttpRequest,
    apps: Apps,
    data: RequestData<LogoutAllSerializer>,
    auth: Authenticated,
) -> Result<HttpResponse, ApiError> {
    let LogoutAllSerializer { authtoken } = data.into_inner();
    let Some(user_id) = owner(&req, &auth).await? else { return Ok(HttpResponse::NoContent().finish()) };
    apps.log_out_everywhere(user_id, authtoken).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn session_list() -> Value {
    let time = |what: &str| json!({ "type": "string", "format": "date-time", "description": what });
    let or_null = |schema: Value| json!({ "anyOf": [schema, { "const": null }] });
    let session = object([
        ("id", json!({ "type": "integer", "description": "For `DELETE`." })),
        ("user_agent", text("As the client sent it, cut to 255 characters.")),
        ("ip", or_null(text("The address of the client."))),
        ("created_at", time("When the user logged in.")),
        ("last_seen_at", time("When the tokens were refreshed last.")),
        ("expires_at", time("When the current refresh token expires.")),
        (
            "is_current",
            or_null(json!({
                "type": "boolean",
                "description": "Whether it is the login of this request. `null` if the access token does not tell its family.",
            })),
        ),
    ]);
    json!({ "type": "array", "items": session })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_drf_writes_them() {
        let at = |micros| iso(DateTime::from_timestamp_micros(micros).unwrap());
        assert_eq!(at(1_800_000_000_000_000), "2027-01-15T08:00:00Z");
        assert_eq!(at(1_800_000_000_120_000), "2027-01-15T08:00:00.120000Z");
    }
}
