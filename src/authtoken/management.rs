//! `manage drf_create_token [-r] USERNAME`. Python counterpart:
//! `rest_framework.authtoken.management.commands.drf_create_token`.

use chrono::{DateTime, Utc};

use super::models::Token;
use crate::contrib::auth::models::UserModel;
use crate::db::{DatabaseError, DbConnection, transaction};

/// Why there is no token. The texts are Python's.
#[derive(Debug, thiserror::Error)]
pub enum CreateTokenError {
    /// Nobody has that name.
    #[error("Cannot create the Token: user {0} does not exist")]
    UserDoesNotExist(String),
    /// The user is not in a table that keys can refer to.
    #[error("Cannot create the Token: user {0} has no primary key")]
    NoKey(String),
    /// The database could not be asked.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// Finds or makes the token of a user; with `reset`, deletes the old one first. What the command prints is the answer.
///
/// # Errors
/// When there is no such user, and those of the database.
pub fn drf_create_token(
    conn: &mut DbConnection,
    users: &dyn UserModel,
    username: &str,
    reset: bool,
    now: DateTime<Utc>,
) -> Result<String, CreateTokenError> {
    transaction(conn, |conn| {
        let user = users.get_by_natural_key(conn, username).map_err(DatabaseError::from)?;
        let user = user.ok_or_else(|| CreateTokenError::UserDoesNotExist(username.to_owned()))?;
        let user_id = user.pk().ok_or_else(|| CreateTokenError::NoKey(username.to_owned()))?;
        if reset {
            Token::delete_for_user(conn, user_id).map_err(DatabaseError::from)?;
        }
        let token = Token::get_or_create(conn, user_id, now)?;
        Ok(format!("Generated token {} for user {username}", token.key))
    })
}
