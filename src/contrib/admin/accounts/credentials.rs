//! The credentials that an app has given to a user.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::contrib::auth::UserId;
use crate::db::{DatabaseError, DbConnection};

/// One session or token of a user. It must hold no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialRow {
    /// The id for [`Credentials::key_of`]. It is in the page, so it must not be the secret itself.
    pub id: String,
    /// A text for each of [`Credentials::columns`]. The first one is its name, also in the log.
    pub cells: Vec<String>,
    /// Whether it is valid, so that it can be ended.
    pub is_valid: bool,
}

/// The credentials of one kind, such as the sessions of browsers.
pub trait Credentials: Send + Sync + 'static {
    /// The name in forms: `sessions`.
    fn name(&self) -> &'static str;

    /// The name of one credential, as in "End this session": `session`.
    fn noun(&self) -> &'static str;

    /// The heading.
    fn title(&self) -> &'static str;

    /// The headings of the columns.
    fn columns(&self) -> &'static [&'static str];

    /// The credentials of a user, the newest first. Not many more than fit on a page.
    ///
    /// # Errors
    /// Returns the errors of the database.
    fn list(
        &self,
        conn: &mut DbConnection,
        user: UserId,
        now: DateTime<Utc>,
    ) -> Result<Vec<CredentialRow>, DatabaseError>;

    /// The key by which [`Credentials::end`] finds the credential with this id quickly; by default the id itself. It is searched before
    /// the transaction of the end, because on SQLite other writes wait for the transaction. `None` if there is no such credential.
    ///
    /// # Errors
    /// Returns the errors of the database.
    fn key_of(&self, conn: &mut DbConnection, id: &str, now: DateTime<Utc>) -> Result<Option<String>, DatabaseError> {
        let _ = (conn, now);
        Ok(Some(id.to_owned()))
    }

    /// Ends one of the user's credentials, in the transaction of the caller. `key` is that of [`Credentials::key_of`]. Returns its
    /// name, or `None` if the user has no such credential.
    ///
    /// # Errors
    /// Returns the errors of the database.
    fn end(
        &self,
        conn: &mut DbConnection,
        user: UserId,
        key: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<String>, DatabaseError>;
}

/// A [`Credentials`] of any type. Cheap to clone.
#[derive(Clone)]
pub struct UserCredentials(Arc<dyn Credentials>);

impl UserCredentials {
    /// Wraps `credentials`.
    pub fn new(credentials: impl Credentials) -> Self {
        Self(Arc::new(credentials))
    }
}

impl std::ops::Deref for UserCredentials {
    type Target = dyn Credentials;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl std::fmt::Debug for UserCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "UserCredentials({})", self.0.name())
    }
}
