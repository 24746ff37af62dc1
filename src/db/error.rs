//! How the database fails. Python counterpart: `django.db.utils` (`OperationalError`, `IntegrityError` and the rest).

use diesel::result::{DatabaseErrorKind, Error};

/// A failure of the database. The variants differ in what the client can do.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The database cannot serve this now and may later: no connection free or possible, connection lost, locked for
    /// too long, disk full, read-only, statement stopped by its time limit. To a client this is a 503.
    #[error("database unavailable: {0}")]
    Unavailable(String),
    /// The statement itself failed, or a constraint was violated. To a client this is a 500, unless the caller knows
    /// what the violation means.
    #[error(transparent)]
    Query(Error),
}

/// How the messages of SQLite and PostgreSQL begin in the cases of [`DatabaseError::Unavailable`]. diesel passes on neither
/// SQLite's code nor SQLSTATE. A session asks PostgreSQL for English. If its user may not do that and the messages are in another
/// language, these errors become `Query`.
const UNAVAILABLE: [&str; 20] = [
    "database is locked",
    "database table is locked",
    "database schema is locked",
    "database or disk is full",
    "attempt to write a readonly database",
    "unable to open database file",
    "disk I/O error",
    "locking protocol",
    "canceling statement due to",
    "terminating connection due to",
    "server closed the connection unexpectedly",
    "no connection to the server",
    "connection not open",
    "could not receive data from server",
    "could not send data to server",
    "SSL connection has been closed unexpectedly",
    DEADLOCK,
    "the database system is",
    "sorry, too many clients already",
    "out of shared memory",
];

const DEADLOCK: &str = "deadlock detected";

impl From<Error> for DatabaseError {
    fn from(error: Error) -> Self {
        match error {
            Error::DatabaseError(
                DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::UnableToSendCommand
                | DatabaseErrorKind::ReadOnlyTransaction
                | DatabaseErrorKind::SerializationFailure,
                details,
            ) => Self::Unavailable(first_line(details.message())),
            Error::DatabaseError(DatabaseErrorKind::Unknown, details) if is_temporary(details.message()) => {
                Self::Unavailable(first_line(details.message()))
            }
            Error::RollbackErrorOnCommit { commit_error, .. } => Self::from(*commit_error),
            Error::BrokenTransactionManager => Self::Unavailable("the connection was lost in a transaction".to_owned()),
            error => Self::Query(error),
        }
    }
}

impl DatabaseError {
    /// Whether a table or a column does not exist, as on a database that was not migrated.
    #[must_use]
    pub fn is_missing_table(&self) -> bool {
        let Self::Query(Error::DatabaseError(DatabaseErrorKind::Unknown, details)) = self else { return false };
        let message = details.message();
        let is_missing_on_postgres = ["relation \"", "column "].iter().any(|start| message.starts_with(start))
            && first_line(message).ends_with(" does not exist");
        message.starts_with("no such table: ") || message.starts_with("no such column: ") || is_missing_on_postgres
    }

    /// Whether a concurrent transaction caused the failure, so that the same work may succeed if it is repeated from the start.
    /// The other transaction deleted a referenced row, added a row that refers to a deleted one, or caused a deadlock.
    ///
    /// On PostgreSQL two transactions that take locks in the same order can still be in a deadlock, because a foreign key locks
    /// its referenced row only at the commit.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        match self {
            Self::Unavailable(text) => text.starts_with(DEADLOCK),
            Self::Query(error) => is_foreign_key_violation(error),
        }
    }

    /// The error for each caller of a piece of work that several callers share. Which of them caused it is unknown, so it must
    /// not be the error of a violated constraint. Every caller may try again. `work` is the piece, such as "a commit".
    pub(super) fn shared(&self, work: &str) -> Self {
        match self {
            Self::Unavailable(reason) => Self::Unavailable(reason.clone()),
            Self::Query(error) => Self::Unavailable(format!("{work} failed: {error}")),
        }
    }

    /// For a closure that panicked: its transaction is rolled back, and the caller gets this instead of the panic.
    pub(super) fn panicked(payload: &(dyn std::any::Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
        Self::Query(Error::QueryBuilderError(format!("a panic in code that uses the database: {text}").into()))
    }
}

/// libpq explains on further lines what its message may mean.
fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().to_owned()
}

fn is_temporary(message: &str) -> bool {
    UNAVAILABLE.iter().any(|start| message.starts_with(start)) || message.ends_with("No space left on device")
}

/// Whether a unique constraint or primary key was violated: the row is already there.
///
/// On PostgreSQL the failed statement has aborted the surrounding transaction. To continue after it, run the statement in a
/// separate [`transaction`](super::transaction), which is a savepoint inside another transaction.
#[must_use]
pub fn is_unique_violation(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _))
}

/// Whether a foreign key was violated: the referenced row has just been deleted.
#[must_use]
pub fn is_foreign_key_violation(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database_error(kind: DatabaseErrorKind, message: &str) -> DatabaseError {
        Error::DatabaseError(kind, Box::new(message.to_owned())).into()
    }

    #[test]
    fn a_missing_table_is_distinguished_from_other_failures() {
        for message in [
            "no such table: auth_user",
            "no such column: jti",
            "relation \"auth_user\" does not exist",
            "column a.b does not exist",
        ] {
            assert!(database_error(DatabaseErrorKind::Unknown, message).is_missing_table(), "{message}");
        }
        for message in ["syntax error at or near \"x\"", "relation \"x\" already exists", "function f() does not exist"]
        {
            assert!(!database_error(DatabaseErrorKind::Unknown, message).is_missing_table(), "{message}");
        }
    }

    #[test]
    fn temporary_failures_are_distinguished_from_errors() {
        let unavailable = [
            database_error(DatabaseErrorKind::Unknown, "database is locked"),
            database_error(DatabaseErrorKind::Unknown, "canceling statement due to statement timeout"),
            database_error(DatabaseErrorKind::Unknown, "could not extend file \"base/1\": No space left on device"),
            database_error(DatabaseErrorKind::ClosedConnection, "server closed the connection unexpectedly\n"),
            database_error(DatabaseErrorKind::ReadOnlyTransaction, "cannot execute INSERT in a read-only transaction"),
            Error::BrokenTransactionManager.into(),
            Error::RollbackErrorOnCommit {
                rollback_error: Box::new(Error::NotInTransaction),
                commit_error: Box::new(Error::BrokenTransactionManager),
            }
            .into(),
        ];
        for error in unavailable {
            assert!(matches!(error, DatabaseError::Unavailable(_)), "{error}");
        }
        let wrong = [
            database_error(DatabaseErrorKind::Unknown, "no such table: auth_user"),
            database_error(DatabaseErrorKind::Unknown, "invalid input syntax: \"database is locked\""),
            database_error(DatabaseErrorKind::UniqueViolation, "UNIQUE constraint failed"),
            Error::NotFound.into(),
        ];
        for error in wrong {
            assert!(matches!(error, DatabaseError::Query(_)), "{error}");
        }
    }
}
