//! The panels on the page of a user.

use askama::Template;

use super::credentials::{CredentialRow, UserCredentials};
use crate::contrib::admin::display::date_time;
use crate::contrib::admin::error::PageError;
use crate::contrib::admin::models::{Model, Row};
use crate::contrib::admin::panel::Panel;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::urls::quote;
use crate::contrib::auth::{FailedLogins, FailedLoginsOf, UserId};
use crate::db::{DatabaseError, DbConnection};
use crate::http::csrf;

/// The largest number of failed logins on the page.
const MAX_FAILED_LOGINS: i64 = 50;

#[derive(Template)]
#[template(path = "admin/accounts/panels.html")]
struct AccountPanels {
    /// The address of the forms.
    action: String,
    csrf_token: String,
    username: String,
    may_change: bool,
    kinds: Vec<CredentialKind>,
    limits_failures: bool,
    failed: Vec<FailedLogins>,
}

/// The credentials of one kind.
struct CredentialKind {
    name: &'static str,
    noun: &'static str,
    title: &'static str,
    columns: &'static [&'static str],
    rows: Vec<CredentialRow>,
}

impl AccountPanels {
    fn has_valid(&self) -> bool {
        self.kinds.iter().any(|kind| kind.rows.iter().any(|row| row.is_valid))
    }

    fn date_time(&self, moment: &chrono::DateTime<chrono::Utc>) -> String {
        date_time(*moment)
    }
}

/// Sessions, tokens and failed logins of the user `object`, a row of `model`. With `may_change` there are buttons that end them.
///
/// # Errors
/// Returns the errors of the database.
pub async fn panels(
    request: &AdminRequest,
    model: &Model,
    object: &Row,
    may_change: bool,
) -> Result<Vec<Panel>, PageError> {
    let Some(user) = UserId::from_claim(&object.pk().into()) else { return Ok(Vec::new()) };
    let auth = request.auth()?.clone();
    let kinds: Vec<UserCredentials> = request.apps.registry().list().to_vec();
    let now = request.now();
    let limits_failures = auth.limits_failures();
    let read = move |conn: &mut DbConnection| -> Result<_, DatabaseError> {
        let Some(user) = auth.users().get_by_pk(conn, user)? else { return Ok(None) };
        let Some(pk) = user.pk() else { return Ok(None) };
        let mut found = Vec::new();
        for kind in &kinds {
            let rows = kind.list(conn, pk, now)?;
            found.push(CredentialKind {
                name: kind.name(),
                noun: kind.noun(),
                title: kind.title(),
                columns: kind.columns(),
                rows,
            });
        }
        let which = FailedLoginsOf::Username(user.username());
        let failed = auth.failed_logins(conn, which, MAX_FAILED_LOGINS)?;
        Ok(Some((user.username().to_owned(), found, failed)))
    };
    let Some((username, kinds, failed)) = request.db.query(read).await? else { return Ok(Vec::new()) };
    let panels = AccountPanels {
        action: request.url(&format!("{}/{}/{}/logins/", model.app_label, model.model_name, quote(object.pk()))),
        csrf_token: csrf::get_token(&request.req),
        username,
        may_change,
        kinds,
        limits_failures,
        failed,
    };
    Ok(vec![Panel::new(&panels)?])
}

/// The credentials of the kind `name`.
pub(super) fn kind(request: &AdminRequest, name: &str) -> Option<UserCredentials> {
    request.apps.registry().list::<UserCredentials>().iter().find(|kind| kind.name() == name).cloned()
}
