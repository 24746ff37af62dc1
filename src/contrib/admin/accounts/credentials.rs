//! What an app tells about the credentials that it has given to a user.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::contrib::auth::UserId;
use crate::db::{DatabaseError, DbConnection};

/// One session or token of a user. It must hold no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// What [`Credentials::end`] finds it by. It is in the page, so it must not be the secret itself.
    pub id: String,
    /// One text for each of [`Credentials::columns`]. The first one names it, also in the log.
    pub cells: Vec<String>,
    /// Whether it is valid, so that it can be ended.
    pub is_valid: bool,
}

/// The credentials of one kind, such as the sessions of browsers.
pub trait Credentials: Send + Sync + 'static {
    /// The name in forms: `sessions`.
    fn name(&self) -> &'static str;

    /// One of them, as in "End this session": `session`.
    fn noun(&self) -> &'static str;

    /// The heading.
    fn title(&self) -> &'static str;

    /// The headings of the columns.
    fn columns(&self) -> &'static [&'static str];

    /// Those of a user, the newest first, and not many more than fit on a page.
    ///
    /// # Errors
    /// Those of the database.
    fn list(&self, conn: &mut DbConnection, user: UserId, now: DateTime<Utc>)
    -> Result<Vec<Credential>, DatabaseError>;

    /// Ends one of them, which must be the user's, in the transaction of the caller. Returns its name, or `None` if there is no
    /// such one.
    ///
    /// # Errors
    /// Those of the database.
    fn end(
        &self,
        conn: &mut DbConnection,
        user: UserId,
        id: &str,
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
