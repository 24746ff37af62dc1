//! The list of a user's refresh tokens for administrators.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::models::BlacklistedToken;
use crate::contrib::admin::accounts::{CredentialRow, Credentials, Hit};
use crate::contrib::admin::date_time;
use crate::contrib::auth::UserId;
use crate::db::schema::{
    token_blacklist_blacklistedtoken as blacklisted, token_blacklist_outstandingtoken as outstanding,
};
use crate::db::types::{from_db, to_db};
use crate::db::{DatabaseError, DbConnection};

/// The number of tokens that are shown.
const MAX_SHOWN: i64 = 50;
/// The number of characters of an id that are shown. They are enough to distinguish tokens and families.
pub(crate) const ID_SHOWN: usize = 12;

/// The outstanding tokens of a user that have not expired.
#[derive(Clone, Copy, Debug)]
pub(super) struct RefreshTokens;

impl Credentials for RefreshTokens {
    fn name(&self) -> &'static str {
        "tokens"
    }

    fn noun(&self) -> &'static str {
        "token"
    }

    fn title(&self) -> &'static str {
        "Refresh tokens"
    }

    fn columns(&self) -> &'static [&'static str] {
        &["Token id", "Issued", "Expires", "State"]
    }

    fn list(
        &self,
        conn: &mut DbConnection,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<Vec<CredentialRow>, DatabaseError> {
        let rows: Vec<(String, Option<chrono::NaiveDateTime>, chrono::NaiveDateTime, Option<i64>)> = outstanding::table
            .left_join(blacklisted::table)
            .filter(outstanding::user_id.eq(Some(user)).and(outstanding::expires_at.gt(to_db(now))))
            .order(outstanding::id.desc())
            .select((outstanding::jti, outstanding::created_at, outstanding::expires_at, blacklisted::id.nullable()))
            .limit(MAX_SHOWN)
            .load(conn)?;
        let credential = |(jti, created, expires, blacklisted): (String, Option<_>, _, Option<i64>)| {
            let created = created.map_or_else(|| "-".to_owned(), |created| date_time(from_db(created)));
            let state = if blacklisted.is_some() { "Blacklisted" } else { "Valid" };
            let cells = vec![shortened(&jti, ID_SHOWN), created, date_time(from_db(expires)), state.to_owned()];
            CredentialRow { id: jti, cells, is_valid: blacklisted.is_none() }
        };
        Ok(rows.into_iter().map(credential).collect())
    }

    fn end(
        &self,
        conn: &mut DbConnection,
        user: UserId,
        jti: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<String>, DatabaseError> {
        let row = outstanding::table.filter(outstanding::jti.eq(jti).and(outstanding::user_id.eq(Some(user))));
        if row.count().get_result::<i64>(conn)? == 0 {
            return Ok(None);
        }
        Ok(BlacklistedToken::create(conn, jti, now)?.then(|| shortened(jti, ID_SHOWN)))
    }
}

/// The token with the id `jti`.
pub(super) fn search(conn: &mut DbConnection, jti: &str, now: DateTime<Utc>) -> Result<Vec<Hit>, DatabaseError> {
    let row: Option<(i64, Option<UserId>, chrono::NaiveDateTime, Option<i64>)> = outstanding::table
        .left_join(blacklisted::table)
        .filter(outstanding::jti.eq(jti))
        .select((outstanding::id, outstanding::user_id, outstanding::expires_at, blacklisted::id.nullable()))
        .get_result(conn)
        .optional()?;
    let hit = |(id, user, expires, blacklisted): (i64, _, _, Option<i64>)| {
        let expires = from_db(expires);
        let state = match blacklisted {
            Some(_) => "blacklisted",
            None if expires <= now => "expired",
            None => "valid",
        };
        Hit {
            kind: "Refresh token",
            text: jti.to_owned(),
            detail: format!("{state}, expires {}", date_time(expires)),
            path: Some(format!("token_blacklist/outstandingtoken/{id}/change/")),
            user,
        }
    };
    Ok(row.map(hit).into_iter().collect())
}

/// `text`, cut to `length` characters.
pub(crate) fn shortened(text: &str, length: usize) -> String {
    if text.chars().count() <= length {
        return text.to_owned();
    }
    text.chars().take(length).chain(['…']).collect()
}
