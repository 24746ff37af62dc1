//! Searches of apps: by the id of a token, or by an address.

use chrono::{DateTime, Utc};

use crate::contrib::auth::UserId;
use crate::db::{DatabaseError, DbConnection};

/// A result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its kind: "Refresh token".
    pub kind: &'static str,
    /// Its name. It must hold no secret.
    pub text: String,
    /// A description.
    pub detail: String,
    /// Its page in the admin site, without the path of the site: `token_blacklist/outstandingtoken/7/change/`.
    pub path: Option<String>,
    /// The user that it belongs to.
    pub user: Option<UserId>,
}

/// Searches for a word at the given time.
pub type SearchFn = fn(&mut DbConnection, &str, DateTime<Utc>) -> Result<Vec<Hit>, DatabaseError>;

/// A search that an app adds to the registry: `registry.push(AccountSearch(tokens_by_jti))`. It returns a few rows at
/// most, found by an index.
#[derive(Clone, Copy)]
pub struct AccountSearch(pub SearchFn);

impl std::fmt::Debug for AccountSearch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AccountSearch")
    }
}
