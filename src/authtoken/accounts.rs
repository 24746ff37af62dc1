//! The token of a user, for an administrator.

use chrono::{DateTime, Utc};

use super::models::Token;
use crate::contrib::admin::accounts::{CredentialRow, Credentials};
use crate::contrib::admin::{date_time, masked};
use crate::contrib::auth::UserId;
use crate::db::types::from_db;
use crate::db::{DatabaseError, DbConnection};

/// The row of `authtoken_token`.
#[derive(Clone, Copy, Debug)]
pub(super) struct ApiToken;

impl Credentials for ApiToken {
    fn name(&self) -> &'static str {
        "authtoken"
    }

    fn noun(&self) -> &'static str {
        "API token"
    }

    fn title(&self) -> &'static str {
        "API token"
    }

    fn columns(&self) -> &'static [&'static str] {
        &["Key", "Created"]
    }

    fn list(
        &self,
        conn: &mut DbConnection,
        user: UserId,
        _now: DateTime<Utc>,
    ) -> Result<Vec<CredentialRow>, DatabaseError> {
        let credential = |token: Token| CredentialRow {
            // Each user has one token, so an id is not needed.
            id: String::new(),
            cells: vec![masked(&token.key), date_time(from_db(token.created))],
            is_valid: true,
        };
        Ok(Token::find_by_user(conn, user)?.map(credential).into_iter().collect())
    }

    fn end(
        &self,
        conn: &mut DbConnection,
        user: UserId,
        _id: &str,
        _now: DateTime<Utc>,
    ) -> Result<Option<String>, DatabaseError> {
        let Some(token) = Token::find_by_user(conn, user)? else { return Ok(None) };
        Ok(Token::delete_for_user(conn, user)?.then(|| masked(&token.key)))
    }
}
