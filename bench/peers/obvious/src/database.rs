//! Django's tables by diesel, over a pool of r2d2.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::r2d2::{self, ConnectionManager, CustomizeConnection, PooledConnection};

use crate::tokens::Claims;

pub type Error = Box<dyn std::error::Error + Send + Sync>;
pub type Pool = r2d2::Pool<ConnectionManager<AnyConnection>>;

#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

diesel::table! {
    auth_user (id) {
        id -> Integer,
        password -> Text,
        username -> Text,
        is_active -> Bool,
    }
}

diesel::table! {
    token_blacklist_outstandingtoken (id) {
        id -> BigInt,
        token -> Text,
        created_at -> Nullable<Timestamp>,
        expires_at -> Timestamp,
        user_id -> Nullable<Integer>,
        jti -> Text,
    }
}

diesel::table! {
    token_blacklist_blacklistedtoken (id) {
        id -> BigInt,
        blacklisted_at -> Timestamp,
        token_id -> BigInt,
    }
}

diesel::joinable!(token_blacklist_blacklistedtoken -> token_blacklist_outstandingtoken (token_id));
diesel::allow_tables_to_appear_in_same_query!(token_blacklist_blacklistedtoken, token_blacklist_outstandingtoken);

use token_blacklist_blacklistedtoken as blacklisted;
use token_blacklist_outstandingtoken as outstanding;

#[derive(Queryable, Selectable)]
#[diesel(table_name = auth_user)]
pub struct User {
    pub id: i32,
    pub password: String,
    pub username: String,
}

#[derive(Debug)]
struct SetUp;

impl CustomizeConnection<AnyConnection, r2d2::Error> for SetUp {
    fn on_acquire(&self, connection: &mut AnyConnection) -> Result<(), r2d2::Error> {
        match connection {
            AnyConnection::Sqlite(sqlite) => sqlite.batch_execute(
                "PRAGMA busy_timeout = 20000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON",
            ),
            AnyConnection::Postgres(postgres) => postgres.batch_execute("SET TIME ZONE 'UTC'"),
        }
        .map_err(r2d2::Error::QueryError)
    }
}

pub fn pool(url: &str) -> Result<Pool, Error> {
    let url = url.strip_prefix("sqlite://").unwrap_or(url);
    Ok(r2d2::Pool::builder().connection_customizer(Box::new(SetUp)).build(ConnectionManager::new(url))?)
}

pub fn get(pool: &Pool) -> Result<PooledConnection<ConnectionManager<AnyConnection>>, Error> {
    Ok(pool.get()?)
}

/// An active user.
pub fn find_user(connection: &mut AnyConnection, id: i32) -> Result<Option<User>, Error> {
    let query = auth_user::table.find(id).filter(auth_user::is_active.eq(true));
    Ok(query.select(User::as_select()).first(connection).optional()?)
}

/// An active user.
pub fn find_user_by_name(connection: &mut AnyConnection, name: &str) -> Result<Option<User>, Error> {
    let query = auth_user::table.filter(auth_user::username.eq(name)).filter(auth_user::is_active.eq(true));
    Ok(query.select(User::as_select()).first(connection).optional()?)
}

pub fn is_blacklisted(connection: &mut AnyConnection, jti: &str) -> Result<bool, Error> {
    let query = blacklisted::table.inner_join(outstanding::table).filter(outstanding::jti.eq(jti));
    Ok(diesel::select(exists(query)).get_result(connection)?)
}

/// Whether a refresh token may be exchanged.
pub fn is_usable(connection: &mut AnyConnection, claims: &Claims) -> Result<bool, Error> {
    Ok(!is_blacklisted(connection, &claims.jti)? && find_user(connection, claims.user_id()?)?.is_some())
}

/// Records a new refresh token.
pub fn add_outstanding(connection: &mut AnyConnection, token: &str, claims: &Claims) -> Result<i64, Error> {
    let time = |seconds| DateTime::from_timestamp(seconds, 0).map_or_else(now, |time| time.naive_utc());
    let row = (
        outstanding::token.eq(token),
        outstanding::created_at.eq(time(claims.iat)),
        outstanding::expires_at.eq(time(claims.exp)),
        outstanding::user_id.eq(claims.user_id()?),
        outstanding::jti.eq(&claims.jti),
    );
    Ok(diesel::insert_into(outstanding::table).values(row).returning(outstanding::id).get_result(connection)?)
}

/// Blacklists `old` and records its successor, all or nothing; false when it was spent already.
pub fn rotate(
    connection: &mut AnyConnection,
    token: &str,
    old: &Claims,
    successor: &str,
    new: &Claims,
) -> Result<bool, Error> {
    // A transaction of SQLite that reads before it writes fails if another one wrote in between.
    let sqlite = matches!(connection, AnyConnection::Sqlite(_));
    connection.batch_execute(if sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" })?;
    let outcome = exchange(connection, token, old, successor, new);
    connection.batch_execute(if matches!(outcome, Ok(true)) { "COMMIT" } else { "ROLLBACK" })?;
    outcome
}

fn exchange(
    connection: &mut AnyConnection,
    token: &str,
    old: &Claims,
    successor: &str,
    new: &Claims,
) -> Result<bool, Error> {
    if !is_usable(connection, old)? {
        return Ok(false);
    }
    let known = outstanding::table.filter(outstanding::jti.eq(&old.jti)).select(outstanding::id);
    let id = match known.first::<i64>(connection).optional()? {
        Some(id) => id,
        None => add_outstanding(connection, token, old)?,
    };
    let row = (blacklisted::token_id.eq(id), blacklisted::blacklisted_at.eq(now()));
    diesel::insert_into(blacklisted::table).values(row).execute(connection)?;
    add_outstanding(connection, successor, new)?;
    Ok(true)
}

fn now() -> NaiveDateTime {
    Utc::now().naive_utc()
}
