//! `POST logins/` of a user: ends a session or a token, all of them, or a lockout.

use std::sync::Arc;

use actix_web::HttpResponse;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use super::panel::kind;
use crate::contrib::admin::error::PageError;
use crate::contrib::admin::log::{ActionFlag, ChangeMessage, LoggedObject, log_action};
use crate::contrib::admin::options::ObjectPage;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::AdminSite;
use crate::contrib::auth::signals::EndOfLogins;
use crate::contrib::auth::{AuthState, FailedLoginsOf, SharedUser, UserId};
use crate::contrib::messages::{self, Level};
use crate::db::{DatabaseError, DbConnection};
use crate::http::redirects::redirect;

/// The page that the buttons of [`panels`](super::panels) lead to, for `ModelAdmin::object_pages` of the users.
pub const PAGE: ObjectPage = ObjectPage { name: "logins", view };

fn view<'a>(request: &'a AdminRequest, key: &'a str) -> LocalBoxFuture<'a, Result<HttpResponse, PageError>> {
    end(request, key).boxed_local()
}

/// The action of a form.
enum LoginsAction<'a> {
    End { kind: &'a str, id: &'a str },
    EndAll,
    Unlock,
}

/// The result, for the log and the message. `None` if there was nothing to do.
type Done = Option<(ChangeMessage, String)>;

/// The part in the transaction, with the stored user.
type EndLogins = Box<dyn FnOnce(&mut DbConnection, &SharedUser, UserId) -> Result<Done, DatabaseError> + Send>;

async fn end(request: &AdminRequest, key: &str) -> Result<HttpResponse, PageError> {
    let site = AdminSite::of(request)?;
    let auth = request.auth()?.clone();
    // The path is like `auth/user/7/logins/` for every user model.
    let registered = site.users(&auth).ok_or(PageError::NotFound)?;
    let permissions = Arc::clone(&request.permissions);
    let (users, pk) = (registered.clone(), key.to_owned());
    let find = move |conn: &mut DbConnection| -> Result<_, DatabaseError> {
        let mut row = users.objects.get(conn, &pk)?;
        users.mark_unchangeable(conn, &permissions, row.as_mut_slice())?;
        Ok(row)
    };
    let row = request.db.query(find).await?.ok_or(PageError::NotFound)?;
    if !registered.has_change_permission(request, Some(&row)) {
        return Err(PageError::PermissionDenied);
    }
    let back = redirect(&(site.change_url(registered, key) + "#logins"));
    if !request.is_post() {
        return Ok(back);
    }
    let form = |name| request.form.get(name).unwrap_or_default();
    let asked = match form("do") {
        "end" => LoginsAction::End { kind: form("kind"), id: form("id") },
        "end_all" => LoginsAction::EndAll,
        "unlock" => LoginsAction::Unlock,
        other => return Err(PageError::BadRequest(format!("{other:?} is not an action on a user"))),
    };
    let user = UserId::from_claim(&row.pk().into()).ok_or(PageError::NotFound)?;
    let by = request.user()?.pk().ok_or(PageError::PermissionDenied)?;
    let now = request.now();
    let apps = request.apps.clone();
    let work: EndLogins = match asked {
        LoginsAction::End { kind: name, id } => {
            let kind = kind(request, name).ok_or(PageError::NotFound)?;
            let (search, id) = (kind.clone(), id.to_owned());
            let found = request.db.query(move |conn| search.key_of(conn, &id, now)).await?;
            Box::new(move |conn, _, user| {
                let Some(key) = found else { return Ok(None) };
                let ended = kind.end(conn, user, &key, now)?;
                Ok(ended.map(|name| {
                    let text = format!("The {} “{name}” was ended.", kind.noun());
                    (ChangeMessage::Deleted { name: kind.noun().to_owned(), object: name }, text)
                }))
            })
        }
        LoginsAction::EndAll => {
            apps.end_searched_logins(user).await?;
            Box::new(move |conn, found, user| {
                apps.end_logins(conn, user, EndOfLogins::LoggedOut { authtoken: true })?;
                let object = found.username().to_owned();
                let text = format!("{object} was logged out everywhere.");
                Ok(Some((ChangeMessage::Deleted { name: "all sessions and tokens".to_owned(), object }, text)))
            })
        }
        LoginsAction::Unlock => {
            let auth = auth.clone();
            Box::new(move |conn, found, _| unlock(&auth, conn, found))
        }
    };
    let (app, model) = (registered.model.app_label.clone(), registered.model.model_name.clone());
    let users = Arc::clone(auth.users());
    let (registered, pk) = (registered.clone(), key.to_owned());
    let permissions = Arc::clone(&request.permissions);
    let write = move |conn: &mut DbConnection| -> Result<Option<String>, PageError> {
        registered.objects.lock(conn, &[&pk])?;
        // Another request may have given the user more permissions.
        if !registered.unchangeable(conn, &permissions, &[&pk])?.is_empty() {
            return Err(PageError::PermissionDenied);
        }
        let Some(found) = users.get_by_pk(conn, user)? else { return Ok(None) };
        let Some(user) = found.pk() else { return Ok(None) };
        let Some((message, text)) = work(conn, &found, user)? else { return Ok(None) };
        let (id, repr) = (user.to_string(), found.username().to_owned());
        let object = LoggedObject { model: (&app, &model), id: &id, repr: &repr };
        log_action(conn, by, ActionFlag::Change, object, &message, now)?;
        Ok(Some(text))
    };
    match request.db.write(write).await? {
        Some(text) => messages::add(&request.req, Level::Success, text),
        None => messages::add(&request.req, Level::Warning, "It had already ended."),
    }
    Ok(back)
}

fn unlock(auth: &AuthState, conn: &mut DbConnection, user: &SharedUser) -> Result<Done, DatabaseError> {
    let forgotten = auth.forget_failed_logins(conn, FailedLoginsOf::Username(user.username()))?;
    let text = format!("{} may log in again.", user.username());
    Ok((forgotten > 0).then(|| (ChangeMessage::Changed(vec!["Failed logins".to_owned()]), text)))
}
