//! Actions of apps when the logins of a user end. Python counterpart: receivers of a signal, such as
//! `django.contrib.auth.signals`.
//!
//! An app that gives credentials, such as refresh tokens, adds a [`LoginsEnded`] to the registry when it is registered.
//! Code that changes a password, deactivates a user or logs a user out everywhere calls [`Apps::end_logins`] in the
//! same transaction.

use std::sync::Arc;

use super::UserId;
use crate::apps::Apps;
use crate::db::{DatabaseError, DbConnection};

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

type Run = dyn Fn(&mut DbConnection, UserId, EndOfLogins) -> Result<(), DatabaseError> + Send + Sync;

/// A receiver: what an app does when the logins of a user end.
#[derive(Clone)]
pub struct LoginsEnded(Arc<Run>);

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

impl Apps {
    /// Tells every app that the logins of a user end, in the transaction of the caller: either all of it is committed or
    /// nothing.
    ///
    /// Each app decides by its settings how to react to the reason.
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
}
