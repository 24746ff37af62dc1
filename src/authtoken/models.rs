//! The table `authtoken_token`. Python counterpart: `rest_framework.authtoken.models`.

use std::fmt;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use crate::contrib::auth::UserId;
use crate::contrib::auth::models::User;
use crate::core::crypto::{hex, random_bytes};
use crate::db::schema::{auth_user, authtoken_token};
use crate::db::{DbConnection, types, with_backend};

diesel::table! {
    /// The table for the users of `auth_user`, whose key is an integer.
    #[sql_name = "authtoken_token"]
    token_of_auth_user (key) {
        /// What clients send: 40 hexadecimal digits.
        key -> Text,
        /// When it was made, in UTC.
        created -> Timestamp,
        /// The key of its user.
        user_id -> Integer,
    }
}

diesel::joinable!(token_of_auth_user -> auth_user (user_id));
diesel::allow_tables_to_appear_in_same_query!(token_of_auth_user, auth_user);

/// A row: the key of one user.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = authtoken_token)]
pub struct Token {
    /// 40 hexadecimal digits, unless another text was stored by hand.
    pub key: String,
    /// When the key was made, in UTC.
    #[diesel(serialize_as = types::DjangoDateTime)]
    pub created: NaiveDateTime,
    /// Key of its user.
    pub user_id: UserId,
}

/// `Token._meta.get_field("key").max_length`: a longer text is not a key.
pub const MAX_KEY_LENGTH: usize = 40;

impl Token {
    /// The row of `key`.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn find(conn: &mut DbConnection, key: &str) -> QueryResult<Option<Self>> {
        authtoken_token::table.find(key).select(Self::as_select()).get_result(conn).optional()
    }

    /// The row of `key` and its user in one statement, where the users are Django's: `select_related("user")`.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn find_with_user(conn: &mut DbConnection, key: &str) -> QueryResult<Option<(Self, User)>> {
        let row = token_of_auth_user::table.inner_join(auth_user::table).filter(token_of_auth_user::key.eq(key));
        let token = (token_of_auth_user::key, token_of_auth_user::created);
        let found = with_backend!(conn, |conn| row.select((token, User::as_select())).get_result(conn)).optional()?;
        let with_user = |((key, created), user): (_, User)| (Self { key, created, user_id: user.id.into() }, user);
        Ok(found.map(with_user))
    }

    /// The row of a user.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn find_by_user(conn: &mut DbConnection, user_id: UserId) -> QueryResult<Option<Self>> {
        authtoken_token::table
            .filter(authtoken_token::user_id.eq(user_id))
            .select(Self::as_select())
            .get_result(conn)
            .optional()
    }

    /// The row of a user, made now if there is none: `Token.objects.get_or_create(user=user)`.
    ///
    /// If several transactions do this at the same time, one makes the row and all get it. The user must exist: see
    /// [`Database::write`](crate::db::Database::write) on foreign keys.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn get_or_create(conn: &mut DbConnection, user_id: UserId, now: DateTime<Utc>) -> QueryResult<Self> {
        if let Some(token) = Self::find_by_user(conn, user_id)? {
            return Ok(token);
        }
        let new = Self { key: Self::generate_key(), created: types::to_db(now).into(), user_id };
        let insert = diesel::insert_into(authtoken_token::table).values(new);
        with_backend!(conn, |conn| insert.on_conflict_do_nothing().execute(conn))?;
        // Another transaction may have been faster.
        Self::find_by_user(conn, user_id)?.ok_or(diesel::NotFound)
    }

    /// Deletes the row of a user. Returns whether there was one.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn delete_for_user(conn: &mut DbConnection, user_id: UserId) -> QueryResult<bool> {
        let rows = authtoken_token::table.filter(authtoken_token::user_id.eq(user_id));
        Ok(diesel::delete(rows).execute(conn)? > 0)
    }

    /// 20 random bytes in hexadecimal.
    #[must_use]
    pub fn generate_key() -> String {
        hex(&random_bytes::<20>())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token(of user {}, {})", self.user_id, self.created)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_forty_random_hexadecimal_digits() {
        let key = Token::generate_key();
        assert_eq!(key.len(), MAX_KEY_LENGTH);
        assert!(key.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)), "{key}");
        assert_ne!(key, Token::generate_key());
    }

    #[test]
    fn a_key_is_not_printed() {
        let token =
            Token { key: "a".repeat(40), created: DateTime::UNIX_EPOCH.naive_utc(), user_id: UserId::Integer(7) };
        assert_eq!(format!("{token:?}"), "Token(of user 7, 1970-01-01 00:00:00)");
    }
}
