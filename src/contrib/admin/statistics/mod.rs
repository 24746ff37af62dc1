//! Counts events by hour, for the dashboard. Python counterpart: none; Django's admin has no dashboard.
//!
//! Each process counts in memory, and adds its counts to the table `admin_event_counts` every [`FLUSH_INTERVAL`] and when it
//! stops. Several instances add to the same rows. A process that is killed loses only the counts since its last addition.
//!
//! `manage migrate` makes the table. Without it, on a database that only Django has migrated, nothing is counted.

mod events;
mod models;

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use actix_web::HttpResponse;
use chrono::{DateTime, Utc};
use diesel::QueryResult;

pub use self::events::Event;
pub use self::models::{HourlyCount, active_sessions, counts_since};
use crate::contrib::auth::AuthState;
use crate::core::clock::Clock;
use crate::db::{Database, DatabaseError, DbConnection};
use crate::http::log_data::{Reason, TokenEvent};
use crate::http::middleware::{Middleware, RequestInfo};

/// How often a process adds its counts to the table.
pub const FLUSH_INTERVAL: Duration = Duration::from_secs(10);
/// How often a process reads the gauges, in seconds. The last value of an hour is kept.
const GAUGE_INTERVAL: i64 = 300;
/// How long counts are kept, in seconds: 90 days.
const RETENTION: i64 = 90 * 24 * 3600;
/// Seconds in an hour.
pub const HOUR: i64 = 3600;

/// A number that is read from the database, such as the number of active sessions. An app adds one to the registry:
/// `registry.push(Gauge::new("active_sessions", "Active sessions", count))`.
#[derive(Clone, Copy, Debug)]
pub struct Gauge {
    /// The name in the table; at most 32 characters.
    pub name: &'static str,
    /// The name on the dashboard.
    pub label: &'static str,
    /// Returns the current number. It should be fast on tables with a million rows.
    pub count: fn(&mut DbConnection, DateTime<Utc>) -> QueryResult<i64>,
}

impl Gauge {
    /// The gauge with these values.
    #[must_use]
    pub const fn new(
        name: &'static str,
        label: &'static str,
        count: fn(&mut DbConnection, DateTime<Utc>) -> QueryResult<i64>,
    ) -> Self {
        Self { name, label, count }
    }
}

/// The counts of this process. Cheap to clone.
#[derive(Clone)]
pub struct EventCounts(Arc<Inner>);

struct Inner {
    auth: AuthState,
    clock: Clock,
    gauges: Vec<Gauge>,
    counts: [AtomicU64; Event::ALL.len()],
    /// When the gauges are read next, in seconds since the Unix epoch.
    next_gauges: AtomicI64,
}

impl EventCounts {
    /// Counts the logins of `auth` and what [`Middleware::process_response`] sees.
    #[must_use]
    pub fn new(auth: AuthState, clock: Clock, gauges: Vec<Gauge>) -> Self {
        let counts = std::array::from_fn(|_| AtomicU64::new(0));
        Self(Arc::new(Inner { auth, clock, gauges, counts, next_gauges: AtomicI64::new(0) }))
    }

    /// Counts an event.
    pub fn count(&self, event: Event) {
        if let Some(count) = self.0.counts.get(event as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The gauges of the apps of the project.
    #[must_use]
    pub fn gauges(&self) -> &[Gauge] {
        &self.0.gauges
    }

    /// Adds the counts to the table every [`FLUSH_INTERVAL`], and once more after `stop`. A failure is logged, and the counts
    /// are added later.
    pub async fn run(self, database: Database, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let mut is_running = true;
        while is_running {
            is_running = tokio::time::timeout(FLUSH_INTERVAL, &mut stop).await.is_err();
            if let Err(error) = self.flush(&database).await
                && !error.is_missing_table()
            {
                log::warn!("the counts of the dashboard could not be written: {error}");
            }
        }
    }

    /// Adds the counts to the table, and reads the gauges if it is time.
    ///
    /// # Errors
    /// Returns the errors of the database. The counts are added by the next call.
    pub async fn flush(&self, database: &Database) -> Result<(), DatabaseError> {
        let now = self.0.clock.now();
        let hour = now.timestamp().div_euclid(HOUR) * HOUR;
        let counts = self.take();
        let rows: Vec<(&'static str, i64)> = counts
            .iter()
            .filter(|(_, count)| *count > 0)
            .map(|(event, count)| (event.name(), i64::try_from(*count).unwrap_or(i64::MAX)))
            .collect();
        if !rows.is_empty() {
            let written = database.write(move |conn| Ok(models::add(conn, hour, &rows)?)).await;
            if let Err(error) = written {
                for (event, count) in counts {
                    self.put_back(event, count);
                }
                return Err(error);
            }
        }
        self.read_gauges(database, now, hour).await
    }

    async fn read_gauges(&self, database: &Database, now: DateTime<Utc>, hour: i64) -> Result<(), DatabaseError> {
        let due = self.0.next_gauges.load(Ordering::Relaxed);
        let next = now.timestamp().saturating_add(GAUGE_INTERVAL);
        let is_due = due <= now.timestamp()
            && self.0.next_gauges.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if !is_due {
            return Ok(());
        }
        let gauges = self.0.gauges.clone();
        let look = move |conn: &mut DbConnection| -> Result<Vec<(&'static str, i64)>, DatabaseError> {
            let look = |gauge: &Gauge| Ok((gauge.name, (gauge.count)(conn, now)?));
            gauges.iter().map(look).collect()
        };
        let values = database.query(look).await?;
        let oldest = hour - RETENTION;
        database
            .write(move |conn| {
                models::set(conn, hour, &values)?;
                Ok(models::delete_before(conn, oldest)?)
            })
            .await
    }

    fn take(&self) -> Vec<(Event, u64)> {
        let logins = self.0.auth.login_outcomes().take();
        for (event, count) in [
            (Event::Login, logins.succeeded),
            (Event::LoginRefused, logins.refused),
            (Event::LoginLockedOut, logins.locked_out),
        ] {
            self.put_back(event, count);
        }
        let take = |event: Event| {
            let count = self.0.counts.get(event as usize).map_or(0, |count| count.swap(0, Ordering::Relaxed));
            (event, count)
        };
        Event::ALL.into_iter().map(take).collect()
    }

    fn put_back(&self, event: Event, count: u64) {
        if let Some(counted) = self.0.counts.get(event as usize) {
            counted.fetch_add(count, Ordering::Relaxed);
        }
    }
}

impl Middleware for EventCounts {
    fn process_response(&self, _info: &RequestInfo, response: &mut HttpResponse) {
        let extensions = response.extensions();
        if let Some(event) = extensions.get::<TokenEvent>().copied().and_then(Event::of_token) {
            self.count(event);
        }
        if let Some(event) = extensions.get::<Reason>().and_then(Reason::refusal).and_then(Event::of_refusal) {
            self.count(event);
        }
    }
}

impl std::fmt::Debug for EventCounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EventCounts({:?})", self.0.counts)
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::contrib::auth::hashers::PasswordHashers;
    use crate::contrib::auth::models::DjangoUsers;
    use crate::contrib::auth::settings::AuthSettings;
    use crate::db::DatabaseSettings;
    use crate::settings::all_migrations;

    const NOW: i64 = 1_800_000_000 / HOUR * HOUR;

    fn two_users(_: &mut DbConnection, _: DateTime<Utc>) -> QueryResult<i64> {
        Ok(2)
    }

    async fn rows(database: &Database, first: i64) -> Vec<(i64, String, i64)> {
        let rows = database.query(move |conn| counts_since(conn, first).map_err(DatabaseError::from)).await.unwrap();
        rows.into_iter().map(|row| ((row.hour - NOW) / HOUR, row.event, row.total)).collect()
    }

    #[tokio::test]
    async fn two_processes_add_to_the_same_rows() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("db.sqlite3").display());
        let database = Database::open(&DatabaseSettings::new(&url).unwrap()).unwrap();
        all_migrations().run(&database).unwrap();
        let settings = AuthSettings {
            password_hashers: PasswordHashers::from_names(&["MD5PasswordHasher"]).unwrap(),
            ..AuthSettings::default()
        };
        let clock = Clock::manual(DateTime::from_timestamp(NOW + 59, 0).unwrap());
        let auth = AuthState::new(&settings, clock.clone(), Arc::new(DjangoUsers));
        let other = AuthState::new(&settings, clock.clone(), Arc::new(DjangoUsers));
        let one = EventCounts::new(auth.clone(), clock.clone(), vec![Gauge::new("users", "Users", two_users)]);
        let two = EventCounts::new(other, clock, Vec::new());

        auth.create_user(&database, "alice", "", "secret").await.unwrap();
        assert!(auth.authenticate(&database, "", "alice", "secret").await.unwrap().is_some());
        assert!(auth.authenticate(&database, "", "alice", "wrong").await.unwrap().is_none());
        one.count(Event::Refresh);
        two.count(Event::Refresh);
        two.count(Event::Refresh);
        for counts in [&one, &two, &one] {
            counts.flush(&database).await.unwrap();
        }
        let expected = [("login", 1), ("login_refused", 1), ("refresh", 3), ("users", 2)];
        assert_eq!(rows(&database, NOW).await, expected.map(|(event, total)| (0, event.to_owned(), total)));
        assert_eq!(rows(&database, NOW + 1).await, []);
    }

    #[tokio::test]
    async fn counts_that_could_not_be_written_are_written_later() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("db.sqlite3").display());
        let database = Database::open(&DatabaseSettings::new(&url).unwrap()).unwrap();
        let clock = Clock::manual(DateTime::from_timestamp(NOW, 0).unwrap());
        let auth = AuthState::new(&AuthSettings::default(), clock.clone(), Arc::new(DjangoUsers));
        let counts = EventCounts::new(auth, clock, Vec::new());
        counts.count(Event::Throttled);
        counts.flush(&database).await.unwrap_err();
        all_migrations().run(&database).unwrap();
        counts.flush(&database).await.unwrap();
        assert_eq!(rows(&database, 0).await, [(0, "throttled".to_owned(), 1)]);
    }
}
