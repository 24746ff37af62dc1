//! Actions of apps when the logins of a user end. Python counterpart: receivers of a signal, such as
//! `django.contrib.auth.signals`.
//!
//! An app that gives credentials, such as refresh tokens, adds a [`LoginsEnded`] to the registry when it is registered, or a
//! [`SearchedLogins`] if it takes long to find the logins of a user. Code that changes a password or deactivates a user calls
//! [`Apps::end_logins`] in the same transaction. [`Apps::log_out_everywhere`] ends both kinds of logins.

use std::sync::Arc;

use super::UserId;
use crate::apps::Apps;
use crate::db::{Database, DatabaseError, DbConnection};

/// Why the logins of a user end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndOfLogins {
    /// The password was changed or reset.
    PasswordChanged,
    /// The user was deactivated.
    Deactivated,
    /// The user or an administrator asked for it.
    LoggedOut {
        /// Whether the token of `rest_framework.authtoken` ends as well.
        authtoken: bool,
    },
}

type ReceiverFn = dyn Fn(&mut DbConnection, UserId, EndOfLogins) -> Result<(), DatabaseError> + Send + Sync;

/// A receiver: what an app does when the logins of a user end.
#[derive(Clone)]
pub struct LoginsEnded(Arc<ReceiverFn>);

impl LoginsEnded {
    /// The receiver that calls `run` with a connection in a transaction and the key of the user.
    pub fn new(
        run: impl Fn(&mut DbConnection, UserId, EndOfLogins) -> Result<(), DatabaseError> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(run))
    }
}

impl std::fmt::Debug for LoginsEnded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LoginsEnded")
    }
}

/// Logins that are found by reading the logins of all users, such as sessions. Only a logout everywhere ends them, because a
/// session is not accepted any more after the password has changed or the user was deactivated.
pub trait LoginSearch: Send + Sync + 'static {
    /// The keys of the logins of a user, read in one snapshot.
    ///
    /// # Errors
    /// Returns the errors of the database.
    fn find(&self, conn: &mut DbConnection, user_id: UserId) -> Result<Vec<String>, DatabaseError>;

    /// Ends the logins with these keys. Logins that have ended already are ignored.
    ///
    /// # Errors
    /// Returns the errors of the database.
    fn end(&self, conn: &mut DbConnection, keys: &[String]) -> Result<(), DatabaseError>;
}

/// A [`LoginSearch`] of any type.
#[derive(Clone)]
pub struct SearchedLogins(Arc<dyn LoginSearch>);

impl SearchedLogins {
    /// Wraps `search`.
    pub fn new(search: impl LoginSearch) -> Self {
        Self(Arc::new(search))
    }
}

impl std::fmt::Debug for SearchedLogins {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SearchedLogins")
    }
}

/// Logins that are ended in one transaction.
const AT_A_TIME: usize = 500;
/// A login gets a new key once or twice, so three rounds find it. There is a limit because anyone who knows the password can keep
/// logging in.
const MAX_ROUNDS: usize = 10;

impl Apps {
    /// Notifies every app that the logins of a user end, in the transaction of the caller. Either all of it is committed or nothing.
    /// Each app decides by its settings how to react to the reason.
    ///
    /// The logins of a [`LoginSearch`] are not among them. To log a user out everywhere, call [`Apps::log_out_everywhere`].
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn end_logins(
        &self,
        conn: &mut DbConnection,
        user_id: UserId,
        reason: EndOfLogins,
    ) -> Result<(), DatabaseError> {
        self.registry().list::<LoginsEnded>().iter().try_for_each(|LoginsEnded(run)| run(conn, user_id, reason))
    }

    /// Ends all logins of a user: sessions, families and refresh tokens, and with `authtoken` the token of
    /// `rest_framework.authtoken`. Access tokens stay valid until they expire.
    ///
    /// When it returns, every login that began before the call has ended.
    ///
    /// # Errors
    /// Returns the errors of the database. Some of the logins may have ended.
    pub async fn log_out_everywhere(&self, user_id: UserId, authtoken: bool) -> Result<(), DatabaseError> {
        self.end_searched_logins(user_id).await?;
        let apps = self.clone();
        let end = move |conn: &mut DbConnection| apps.end_logins(conn, user_id, EndOfLogins::LoggedOut { authtoken });
        self.opened_database()?.write(end).await
    }

    /// Ends the logins of a user that have to be searched. It runs outside of a transaction, because the search takes long. Call
    /// it before the other logins end: a session can be used to get a token, but a token cannot be used to get a session.
    ///
    /// # Errors
    /// Returns the errors of the database. Some of the logins may have ended.
    pub(crate) async fn end_searched_logins(&self, user_id: UserId) -> Result<(), DatabaseError> {
        let db = self.opened_database()?;
        // A login may get another key during the search.
        for _round in 0..MAX_ROUNDS {
            let mut has_found = false;
            for SearchedLogins(search) in self.registry().list::<SearchedLogins>() {
                let found = Arc::clone(search);
                let keys = db.query(move |conn| found.find(conn, user_id)).await?;
                has_found |= !keys.is_empty();
                for keys in keys.chunks(AT_A_TIME) {
                    let (search, keys) = (Arc::clone(search), keys.to_vec());
                    db.write(move |conn| search.end(conn, &keys)).await?;
                }
            }
            if !has_found {
                break;
            }
        }
        Ok(())
    }

    fn opened_database(&self) -> Result<&Database, DatabaseError> {
        self.database().map_err(|error| DatabaseError::Unavailable(error.to_string()))
    }
}
