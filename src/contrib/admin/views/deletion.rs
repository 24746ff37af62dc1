//! Deletes rows after the user has confirmed it. Python counterpart: what `ModelAdmin.delete_view` and `delete_selected` have in
//! common.

use crate::contrib::admin::deletion::Deletion;
use crate::contrib::admin::error::{ATTEMPTS, PageError};
use crate::contrib::admin::log::{ActionFlag, ChangeMessage, LoggedObject, log_action};
use crate::contrib::admin::models::Row;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::{AdminSite, Registered};
use crate::db::DbConnection;

/// The result of a deletion.
pub(super) enum DeletionOutcome {
    /// The rows were deleted.
    Deleted,
    /// Another request has deleted one of the rows.
    Gone,
    /// The user must confirm the deletion, or cannot delete the rows. The names are those of the models whose affected rows the
    /// user may not delete.
    Question(Deletion, Vec<String>),
}

/// What happens if a row does not exist any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IfGone {
    Stop,
    Ignore,
}

/// Deletes `rows` and the rows that depend on them, if `is_confirmed`.
pub(super) async fn delete_rows(
    site: &AdminSite,
    registered: &Registered,
    request: &AdminRequest,
    rows: &[Row],
    is_confirmed: bool,
    if_gone: IfGone,
) -> Result<DeletionOutcome, PageError> {
    // Repeated if another request has added a row that refers to these rows, or after a deadlock.
    for is_last in ATTEMPTS {
        let deletion = collect(site, registered, request, rows.to_vec()).await?;
        let perms_needed = deletion.perms_needed(request);
        if !is_confirmed || !deletion.protected.is_empty() {
            return Ok(DeletionOutcome::Question(deletion, perms_needed));
        }
        if !perms_needed.is_empty() {
            return Err(PageError::PermissionDenied);
        }
        match carry_out(site, registered, request, rows.to_vec(), deletion, if_gone).await {
            Ok(Some(outcome)) => return Ok(outcome),
            Ok(None) => {}
            Err(PageError::Database(error)) if !is_last && error.is_conflict() => {}
            Err(error) => return Err(error),
        }
    }
    Err(PageError::Unavailable("rows that refer to these rows changed during each attempt".to_owned()))
}

async fn collect(
    site: &AdminSite,
    registered: &Registered,
    request: &AdminRequest,
    rows: Vec<Row>,
) -> Result<Deletion, PageError> {
    let (site, registered) = (site.clone(), registered.clone());
    let collect = move |conn: &mut DbConnection| Ok(Deletion::collect(conn, &site, &registered, &rows)?);
    request.db.query(collect).await
}

/// Deletes the rows and the dependent rows that the user has confirmed. Returns `None` if there are more dependent rows now.
async fn carry_out(
    site: &AdminSite,
    registered: &Registered,
    request: &AdminRequest,
    rows: Vec<Row>,
    agreed: Deletion,
    if_gone: IfGone,
) -> Result<Option<DeletionOutcome>, PageError> {
    let (site, registered) = (site.clone(), registered.clone());
    let (user, now) = (request.user.as_ref().and_then(|user| user.pk()), request.now());
    let delete = move |conn: &mut DbConnection| -> Result<Option<DeletionOutcome>, PageError> {
        if if_gone == IfGone::Stop {
            for row in &rows {
                if !Deletion::claim(conn, &registered, row)? {
                    return Ok(Some(DeletionOutcome::Gone));
                }
            }
        }
        let deletion = Deletion::collect(conn, &site, &registered, &rows)?;
        if !deletion.is_within(&agreed) || !deletion.protected.is_empty() {
            return Ok(None);
        }
        // The log comes first, because the log entries of a user are deleted with the user.
        if let Some(user) = user {
            let model = &registered.model;
            for row in &rows {
                let repr = registered.admin.to_string(row);
                let logged = LoggedObject { model: (&model.app_label, &model.model_name), id: row.pk(), repr: &repr };
                log_action(conn, user, ActionFlag::Deletion, logged, &ChangeMessage::Nothing, now)?;
            }
        }
        deletion.delete_related(conn)?;
        for row in &rows {
            registered.admin.delete_model(conn, &registered.objects, row)?;
        }
        Ok(Some(DeletionOutcome::Deleted))
    };
    request.db.write(delete).await
}
