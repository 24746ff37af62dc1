//! The deletion of the selected rows. Python counterpart: `django.contrib.admin.actions.delete_selected`.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::super::context::each_context;
use crate::contrib::admin::chrome::Chrome;
use crate::contrib::admin::deletion::{Deletion, TreeStep, tree};
use crate::contrib::admin::error::{ATTEMPTS, PageError};
use crate::contrib::admin::log::{Action, ChangeMessage, LoggedObject, log_action};
use crate::contrib::admin::model_forms::capfirst;
use crate::contrib::admin::models::Row;
use crate::contrib::admin::render::render;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::{AdminSite, Registered};
use crate::contrib::messages::{self, Level};
use crate::db::{DatabaseError, DbConnection};

/// The confirmation page.
#[derive(Template)]
#[template(path = "admin/delete_selected_confirmation.html")]
struct DeleteSelectedConfirmation<'a> {
    chrome: Chrome,
    app_label: &'a str,
    model_name: &'a str,
    objects_name: &'a str,
    keys: Vec<&'a str>,
    tree: Vec<TreeStep<'a>>,
    model_count: Vec<(String, u64)>,
    perms_lacking: Vec<String>,
    is_protected: bool,
}

/// Asks for confirmation, and deletes `rows` if the user has confirmed. Returns the confirmation page, or `None` if the rows were
/// deleted.
pub(super) async fn delete_selected(
    site: &AdminSite,
    registered: &Registered,
    request: &AdminRequest,
    rows: Vec<Row>,
) -> Result<Option<HttpResponse>, PageError> {
    let is_confirmed = request.form.get("post").is_some_and(|answer| !answer.is_empty());
    // Repeated if another request has added a row that refers to these rows, or after a deadlock.
    for is_last in ATTEMPTS {
        let deletion = collect(site, registered, request, rows.clone()).await?;
        let perms_needed = deletion.perms_needed(request);
        if !is_confirmed || !deletion.protected.is_empty() {
            return question(site, registered, request, &rows, deletion, perms_needed).await.map(Some);
        }
        if !perms_needed.is_empty() {
            return Err(PageError::PermissionDenied);
        }
        match carry_out(site, registered, request, rows.clone(), deletion).await {
            Ok(true) => {
                if !rows.is_empty() {
                    let count = rows.len();
                    let name = registered.model.verbose_name_for(u64::try_from(count).unwrap_or(u64::MAX));
                    let text = format!("Successfully deleted {count} {name}.");
                    messages::add(&request.req, Level::Success, text);
                }
                return Ok(None);
            }
            Ok(false) => {}
            Err(PageError::Database(error)) if !is_last && error.is_conflict() => {}
            Err(error) => return Err(error),
        }
    }
    Err(PageError::Unavailable("what refers to the selected rows keeps changing".to_owned()))
}

async fn collect(
    site: &AdminSite,
    registered: &Registered,
    request: &AdminRequest,
    rows: Vec<Row>,
) -> Result<Deletion, PageError> {
    let (site, registered) = (site.clone(), registered.clone());
    let collect =
        move |conn: &mut DbConnection| Deletion::collect(conn, &site, &registered, &rows).map_err(DatabaseError::from);
    Ok(request.db.query(collect).await?)
}

/// Deletes the rows and the dependent rows that the user has confirmed, unless there are more dependent rows now.
async fn carry_out(
    site: &AdminSite,
    registered: &Registered,
    request: &AdminRequest,
    rows: Vec<Row>,
    agreed: Deletion,
) -> Result<bool, PageError> {
    let (site, registered) = (site.clone(), registered.clone());
    let (user, now) = (request.user.as_ref().and_then(|user| user.pk()), request.now());
    let delete = move |conn: &mut DbConnection| -> Result<bool, PageError> {
        let deletion = Deletion::collect(conn, &site, &registered, &rows)?;
        if !deletion.is_within(&agreed) || !deletion.protected.is_empty() {
            return Ok(false);
        }
        // The log comes first, because the log entries of a user are deleted with the user.
        if let Some(user) = user {
            let model = &registered.model;
            for row in &rows {
                let repr = registered.admin.to_string(row);
                let logged = LoggedObject { model: (&model.app_label, &model.model_name), id: row.pk(), repr: &repr };
                log_action(conn, user, Action::Deletion, logged, &ChangeMessage::Nothing, now)?;
            }
        }
        deletion.delete_related(conn)?;
        for row in &rows {
            registered.admin.delete_model(conn, &registered.objects, row)?;
        }
        Ok(true)
    };
    request.db.write(delete).await
}

async fn question(
    site: &AdminSite,
    registered: &Registered,
    request: &AdminRequest,
    rows: &[Row],
    deletion: Deletion,
    perms_lacking: Vec<String>,
) -> Result<HttpResponse, PageError> {
    let model = &registered.model;
    let objects_name = model.verbose_name_for(u64::try_from(rows.len()).unwrap_or(u64::MAX));
    let is_possible = perms_lacking.is_empty() && deletion.protected.is_empty();
    let title = match is_possible {
        true => "Delete multiple objects".to_owned(),
        false => format!("Cannot delete {objects_name}"),
    };
    let chrome = each_context(site, request).await?.titled(title);
    let app_name = site.app_name(&model.app_label).unwrap_or_default();
    let chrome = chrome
        .crumb(app_name, format!("{}{}/", site.base(), model.app_label))
        .crumb(capfirst(&model.verbose_name_plural), format!("{}{}", site.base(), registered.path("")))
        .last_crumb("Delete multiple objects");
    let counted = deletion.model_count.iter().map(|(name, count)| (capfirst(name), *count));
    let template = DeleteSelectedConfirmation {
        chrome,
        app_label: &model.app_label,
        model_name: &model.model_name,
        objects_name,
        keys: rows.iter().map(Row::pk).collect(),
        model_count: counted.collect(),
        tree: tree(if deletion.protected.is_empty() { &deletion.objects } else { &deletion.protected }),
        perms_lacking,
        is_protected: !deletion.protected.is_empty(),
    };
    Ok(render(StatusCode::OK, &template))
}
