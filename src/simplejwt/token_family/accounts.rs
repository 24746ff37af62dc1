//! The list of a user's logins for administrators.

use std::net::IpAddr;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::models::{EndReason, FamilyActivity, LivingFamily, TokenFamily, end_family, living};
use super::settings::TokenFamilySettings;
use crate::contrib::admin::accounts::{CredentialRow, Credentials, Hit};
use crate::contrib::admin::date_time;
use crate::contrib::auth::UserId;
use crate::db::schema::{family_activity as activity, token_family_tokenfamily as families};
use crate::db::types::from_db;
use crate::db::{DatabaseError, DbConnection};
use crate::simplejwt::token_blacklist::accounts::{ID_SHOWN, shortened};

/// The number of logins that are shown.
const MAX_SHOWN: usize = 50;
/// The number of logins from one address that are found.
const MAX_FOUND: i64 = 50;
/// The number of characters of a user agent that are shown.
const AGENT_SHOWN: usize = 80;

/// `activity`, if a rotated token of the family was used again, so someone has a copy of the token.
fn reused(activity: FamilyActivity) -> Option<FamilyActivity> {
    activity.reused_at.is_some().then_some(activity)
}

/// The families of a user that have not ended, and the last families in which a rotated token was used again.
#[derive(Clone, Debug)]
pub(super) struct Logins(pub TokenFamilySettings);

impl Credentials for Logins {
    fn name(&self) -> &'static str {
        "logins"
    }

    fn noun(&self) -> &'static str {
        "login"
    }

    fn title(&self) -> &'static str {
        "Logins by the API"
    }

    fn columns(&self) -> &'static [&'static str] {
        &["Login", "Device", "Address", "Logged in", "Last used", "State"]
    }

    fn list(
        &self,
        conn: &mut DbConnection,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<Vec<CredentialRow>, DatabaseError> {
        let rows = TokenFamily::of_user(conn, user)?;
        let reused: Vec<_> =
            rows.into_iter().filter_map(|(family, _, activity)| Some((family, reused(activity?)?))).collect();
        let credential = |family: LivingFamily| {
            let is_reused = reused.iter().any(|(other, _)| other.id == family.id);
            CredentialRow {
                id: family.id.to_string(),
                cells: vec![
                    shortened(&family.family_id, ID_SHOWN),
                    shortened(&family.user_agent, AGENT_SHOWN),
                    family.ip_address.unwrap_or_else(|| "-".to_owned()),
                    date_time(family.created_at),
                    date_time(family.last_seen_at),
                    if is_reused { "Valid; an old token was used again" } else { "Valid" }.to_owned(),
                ],
                is_valid: true,
            }
        };
        let mut listed: Vec<_> =
            living(conn, user, now, &self.0)?.into_iter().take(MAX_SHOWN).map(credential).collect();
        for (family, activity) in &reused {
            let id = family.id.to_string();
            if listed.len() < MAX_SHOWN && !listed.iter().any(|credential| credential.id == id) {
                let cells = vec![
                    shortened(&family.family_id, ID_SHOWN),
                    shortened(&activity.user_agent, AGENT_SHOWN),
                    activity.ip_address.clone().unwrap_or_else(|| "-".to_owned()),
                    date_time(from_db(family.created_at)),
                    date_time(from_db(activity.last_refresh)),
                    "Ended: an old token was used again".to_owned(),
                ];
                listed.push(CredentialRow { id, cells, is_valid: false });
            }
        }
        Ok(listed)
    }

    fn end(
        &self,
        conn: &mut DbConnection,
        user: UserId,
        id: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<String>, DatabaseError> {
        let family = living(conn, user, now, &self.0)?.into_iter().find(|family| family.id.to_string() == id);
        let Some(family) = family else { return Ok(None) };
        let is_ended = end_family(conn, family.id, EndReason::Logout, now, &self.0)?;
        Ok(is_ended.then(|| shortened(&family.family_id, ID_SHOWN)))
    }
}

/// Families with this id, and families that were last used from this address.
pub(super) fn search(conn: &mut DbConnection, word: &str, _now: DateTime<Utc>) -> Result<Vec<Hit>, DatabaseError> {
    type Row = (String, Option<UserId>, Option<String>, NaiveDateTime, Option<NaiveDateTime>);
    let rows =
        families::table.inner_join(activity::table).order(activity::last_refresh.desc()).limit(MAX_FOUND).select((
            families::family_id,
            families::user_id,
            activity::ip_address,
            activity::last_refresh,
            activity::ended_at,
        ));
    let rows: Vec<Row> = match word.parse::<IpAddr>() {
        Ok(_) => rows.filter(activity::ip_address.eq(Some(word))).load(conn)?,
        Err(_) => rows.filter(families::family_id.eq(word)).load(conn)?,
    };
    let hit = |(id, user, address, last_seen, ended): Row| {
        let place = address.map_or_else(String::new, |address| format!(" from {address}"));
        let state = if ended.is_some() { "ended" } else { "not ended" };
        Hit {
            kind: "Login by the API",
            text: id,
            detail: format!("{state}, last used {}{place}", date_time(from_db(last_seen))),
            path: None,
            user,
        }
    };
    Ok(rows.into_iter().map(hit).collect())
}
