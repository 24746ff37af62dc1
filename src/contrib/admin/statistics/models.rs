//! The table `admin_event_counts`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;

use crate::db::schema::admin_event_counts::{self, event, hour, table, total};
use crate::db::schema::django_session;
use crate::db::types::to_db;
use crate::db::{DbConnection, with_backend};

/// A number of one hour.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = admin_event_counts)]
pub struct HourlyCount {
    /// The beginning of the hour, in seconds since the Unix epoch.
    pub hour: i64,
    /// Name of the event or gauge.
    pub event: String,
    /// The number of events, or the last value of the gauge.
    pub total: i64,
}

/// Adds to the counts of an hour. The events must be in the same order in every call. Otherwise two instances could be in a
/// deadlock.
///
/// # Errors
/// Returns the errors of the statements.
pub(super) fn add(conn: &mut DbConnection, of_hour: i64, counts: &[(&str, i64)]) -> QueryResult<()> {
    for (name, count) in counts {
        let row = (hour.eq(of_hour), event.eq(name), total.eq(count));
        let insert = diesel::insert_into(table).values(row);
        with_backend!(conn, |conn| insert
            .on_conflict((hour, event))
            .do_update()
            .set(total.eq(total + excluded(total)))
            .execute(conn))?;
    }
    Ok(())
}

/// Sets the values of gauges in an hour.
///
/// # Errors
/// Returns the errors of the statements.
pub(super) fn set(conn: &mut DbConnection, of_hour: i64, values: &[(&str, i64)]) -> QueryResult<()> {
    for (name, value) in values {
        let row = (hour.eq(of_hour), event.eq(name), total.eq(value));
        let insert = diesel::insert_into(table).values(row);
        with_backend!(conn, |conn| insert
            .on_conflict((hour, event))
            .do_update()
            .set(total.eq(excluded(total)))
            .execute(conn))?;
    }
    Ok(())
}

/// Deletes the rows that are older than `oldest`.
///
/// # Errors
/// Returns the errors of the statement.
pub(super) fn delete_before(conn: &mut DbConnection, oldest: i64) -> QueryResult<()> {
    diesel::delete(table.filter(hour.lt(oldest))).execute(conn).map(drop)
}

/// The counts of all hours from `first` on, the oldest first.
///
/// # Errors
/// Returns the errors of the statement.
pub fn counts_since(conn: &mut DbConnection, first: i64) -> QueryResult<Vec<HourlyCount>> {
    table.filter(hour.ge(first)).order((hour, event)).select(HourlyCount::as_select()).load(conn)
}

/// The number of sessions in `django_session` that have not expired at `now`.
///
/// # Errors
/// Returns the errors of the statement.
pub fn active_sessions(conn: &mut DbConnection, now: DateTime<Utc>) -> QueryResult<i64> {
    django_session::table.filter(django_session::expire_date.gt(to_db(now))).count().get_result(conn)
}
