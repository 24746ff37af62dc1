//! Sessions in the database. Python counterpart: `django.contrib.sessions.backends.db.SessionStore`.

use actix_web::HttpRequest;
use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use serde_json::{Map, Value};

use super::error::SessionError;
use super::models::{MAX_KEY_LENGTH, SessionLookup, SessionRow};
use super::settings::SessionSettings;
use crate::apps::Apps;
use crate::core::clock::Clock;
use crate::core::crypto::SecretString;
use crate::core::signing::{BadSignature, TimestampSigner};
use crate::db::types::{from_db, to_db};
use crate::db::{Database, DatabaseError, DbConnection};
use crate::http::cookies::CookieOptions;

/// The salt of Django's signatures: `django.contrib.sessions.` and the name of the class.
const SALT: &str = "django.contrib.sessions.SessionStore";

/// The name of the value with a session's own expiry: seconds, or a date and time in ISO 8601.
const EXPIRY: &str = "_session_expiry";

/// Reads and writes sessions of one application.
#[derive(Clone, Debug)]
pub struct SessionStore {
    pub(super) settings: SessionSettings,
    pub(super) cookie: CookieOptions,
    signer: TimestampSigner,
    clock: Clock,
}

/// How long a session lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Expiry {
    /// Counted from now.
    pub age: Duration,
    /// Whether the cookie has no age, so that a browser forgets it when it closes.
    pub at_browser_close: bool,
}

/// The changes of a request. They are written in one transaction.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Keys of sessions that end.
    pub ended: Vec<String>,
    /// An existing row.
    pub updated: Option<SessionRow>,
    /// A new row.
    pub created: Option<SessionRow>,
}

impl SessionStore {
    /// Signs data with `key`, and reads what `fallback_keys` have signed as well.
    #[must_use]
    pub fn new(settings: SessionSettings, key: &SecretString, fallback_keys: &[SecretString], clock: Clock) -> Self {
        Self { cookie: settings.cookie(), settings, signer: TimestampSigner::new(key, fallback_keys, SALT), clock }
    }

    /// The store of the application that `req` belongs to.
    ///
    /// # Errors
    /// Returns an error if `django.contrib.sessions` is not installed.
    pub fn of(req: &HttpRequest) -> Result<&Self, SessionError> {
        Ok(Apps::of(req)?.get()?)
    }

    /// `SESSION_COOKIE_NAME`.
    #[must_use]
    pub fn cookie_name(&self) -> &str {
        &self.cookie.name
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The data of the session with this key. `None` if there is no such session, or it has expired.
    pub(super) async fn load(&self, db: &Database, key: &str) -> Result<Option<Map<String, Value>>, DatabaseError> {
        // No key has a control character, and PostgreSQL has no NUL.
        if key.len() > MAX_KEY_LENGTH || key.contains(char::is_control) {
            return Ok(None);
        }
        let row = db.look_up(SessionLookup(key.to_owned())).await?;
        let row = row.filter(|row| from_db(row.expire_date) > self.now());
        Ok(row.map(|row| self.decode(&row.session_data)))
    }

    /// The data in a row. Data without a valid signature is an empty session, as in Django.
    #[must_use]
    pub fn decode(&self, data: &str) -> Map<String, Value> {
        self.read(data).unwrap_or_else(|problem| {
            log::warn!("the data of a session was not accepted: {problem}");
            Map::new()
        })
    }

    /// The data in a row, if it has a valid signature.
    pub(super) fn read(&self, data: &str) -> Result<Map<String, Value>, BadSignature> {
        Ok(match self.signer.unsign_object(data)? {
            Value::Object(data) => data,
            _ => Map::new(),
        })
    }

    /// The data as it is stored in a row.
    #[must_use]
    pub fn encode(&self, data: Map<String, Value>) -> String {
        self.signer.sign_object(&Value::Object(data), true, self.now())
    }

    /// `get_expiry_age` and `get_expire_at_browser_close`.
    pub(super) fn expiry(&self, data: &Map<String, Value>) -> Expiry {
        let usual = self.settings.cookie_age;
        let own = match data.get(EXPIRY) {
            None | Some(Value::Null) => {
                return Expiry { age: usual, at_browser_close: self.settings.expire_at_browser_close };
            }
            Some(Value::String(text)) => moment(text).map(|moment| moment - self.now()),
            Some(value) => value.as_f64().filter(|seconds| *seconds != 0.0).and_then(duration),
        };
        let at_browser_close = data.get(EXPIRY).and_then(Value::as_f64) == Some(0.0);
        Expiry { age: own.unwrap_or(usual), at_browser_close }
    }

    /// The row for this session.
    pub(super) fn row(&self, key: String, data: Map<String, Value>, age: Duration) -> SessionRow {
        let expire_date = self.now().checked_add_signed(age).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let expire_date = NaiveDateTime::from(to_db(expire_date));
        SessionRow { session_key: key, session_data: self.encode(data), expire_date }
    }
}

impl Changes {
    /// # Errors
    /// Returns [`SessionError::Interrupted`] if the row to update does not exist any more, because another request has ended the
    /// session. Nothing is written then.
    pub(super) fn write(self, conn: &mut DbConnection) -> Result<(), SessionError> {
        let failed = |error| SessionError::Database(DatabaseError::from(error));
        for key in &self.ended {
            SessionRow::delete(conn, key).map_err(failed)?;
        }
        if let Some(row) = self.updated
            && !row.update(conn).map_err(failed)?
        {
            return Err(SessionError::Interrupted);
        }
        if let Some(row) = self.created
            && !row.insert(conn).map_err(failed)?
        {
            // There are 36^32 keys. A key that exists already means that the random generator is broken.
            return Err(SessionError::Database(DatabaseError::Unavailable("a new session key is in use".to_owned())));
        }
        Ok(())
    }
}

/// This number of seconds, to the millisecond.
fn duration(seconds: f64) -> Option<Duration> {
    #[expect(clippy::cast_possible_truncation, reason = "bounded just before")]
    (seconds.abs() < 1e11).then(|| Duration::milliseconds((seconds * 1_000.0) as i64))
}

/// `datetime.fromisoformat`, for a date and time with its offset from UTC.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|moment| moment.to_utc())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn store(settings: SessionSettings) -> SessionStore {
        let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        SessionStore::new(settings, &"a".into(), &["b".into()], clock)
    }

    fn data(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn data_that_was_not_signed_here_is_an_empty_session() {
        let store = store(SessionSettings::default());
        let encoded = store.encode(data(json!({ "a": 1 })));
        assert_eq!(store.decode(&encoded), data(json!({ "a": 1 })));
        for other in [encoded.replacen('e', "f", 1), String::new(), "YTpiOmM=".to_owned()] {
            assert_eq!(store.decode(&other), Map::new(), "{other}");
        }
        let list = store.signer.sign_object(&json!([1]), true, store.now());
        assert_eq!(store.decode(&list), Map::new());
    }

    #[test]
    fn a_fallback_key_reads_and_does_not_sign() {
        let new = store(SessionSettings::default());
        let old = SessionStore::new(SessionSettings::default(), &"b".into(), &[], new.clock.clone());
        assert_eq!(new.decode(&old.encode(data(json!({ "a": 1 })))), data(json!({ "a": 1 })));
        assert_eq!(old.decode(&new.encode(data(json!({ "a": 1 })))), Map::new());
    }

    #[test]
    fn a_session_may_have_an_end_of_its_own() {
        let usual = SessionSettings::default().cookie_age;
        for (own, age, at_browser_close) in [
            (json!({}), usual, false),
            (json!({ "_session_expiry": null }), usual, false),
            (json!({ "_session_expiry": 300 }), Duration::seconds(300), false),
            (json!({ "_session_expiry": 1.5 }), Duration::milliseconds(1_500), false),
            (json!({ "_session_expiry": -5 }), Duration::seconds(-5), false),
            (json!({ "_session_expiry": 1e300 }), usual, false),
            (json!({ "_session_expiry": 0 }), usual, true),
            (json!({ "_session_expiry": "2027-01-15T09:00:00+00:00" }), Duration::seconds(3_600), false),
            (json!({ "_session_expiry": "nonsense" }), usual, false),
            (json!({ "_session_expiry": [] }), usual, false),
        ] {
            let expiry = store(SessionSettings::default()).expiry(&data(own.clone()));
            assert_eq!(expiry, Expiry { age, at_browser_close }, "{own}");
        }
        let settings = SessionSettings { expire_at_browser_close: true, ..SessionSettings::default() };
        assert!(store(settings.clone()).expiry(&Map::new()).at_browser_close);
        assert!(!store(settings).expiry(&data(json!({ "_session_expiry": 300 }))).at_browser_close);
    }
}
