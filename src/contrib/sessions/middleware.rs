//! Saves sessions after the view. Python counterpart: `django.contrib.sessions.middleware`.

use actix_web::{HttpRequest, HttpResponse};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use super::error::SessionError;
use super::session::{Session, cookie_key};
use super::store::{Changes, Expiry, SessionStore};
use crate::apps::Apps;
use crate::db::Database;
use crate::http::cookies::{self, vary_on_cookie};
use crate::http::middleware::{Middleware, RequestInfo};

/// `django.contrib.sessions.middleware.SessionMiddleware`. A response is sent when the session is durable. If it cannot be
/// saved, the response is an error page instead.
#[derive(Clone, Copy, Debug, Default)]
pub struct SessionMiddleware;

impl Middleware for SessionMiddleware {
    fn save<'a>(&'a self, info: &'a RequestInfo, response: &'a mut HttpResponse) -> Option<LocalBoxFuture<'a, ()>> {
        let req = info.request.as_ref().filter(|_| info.uses_cookies)?;
        let store = SessionStore::of(req).ok()?;
        let session = Session::loaded(req);
        if session.is_none() && store.settings.save_every_request && cookie_key(req, store).is_some() {
            return Some(renew(req, store, response).boxed_local());
        }
        let Some(session) = session else {
            // The view did not use the session. As in Django, a cookie that cannot be a key is still deleted.
            if cookies::get(req, &store.cookie.name).is_some() && cookie_key(req, store).is_none() {
                store.cookie.delete(response);
                vary_on_cookie(response);
            }
            return None;
        };
        let (changes, cookie) = session.changes(store, response.status().is_server_error());
        if changes.is_empty() {
            finish(req, store, &session, cookie, response);
            return None;
        }
        let saving = async move {
            match write(req, changes).await {
                Ok(()) => finish(req, store, &session, cookie, response),
                Err(error) => *response = error.page(),
            }
        };
        Some(saving.boxed_local())
    }
}

impl Changes {
    fn is_empty(&self) -> bool {
        self.ended.is_empty() && self.updated.is_none() && self.created.is_none()
    }
}

/// `SESSION_SAVE_EVERY_REQUEST` for a request whose view did not use the session.
async fn renew(req: &HttpRequest, store: &SessionStore, response: &mut HttpResponse) {
    let renewed = async {
        let session = Session::of(req).await?;
        let (changes, cookie) = session.changes(store, response.status().is_server_error());
        if !changes.is_empty() {
            write(req, changes).await?;
        }
        Ok((session, cookie))
    };
    match renewed.await {
        Ok((session, cookie)) => finish(req, store, &session, cookie, response),
        Err(error) => {
            let error: SessionError = error;
            *response = error.page();
        }
    }
}

async fn write(req: &HttpRequest, changes: Changes) -> Result<(), SessionError> {
    let db: &Database = Apps::of(req)?.database()?;
    db.write(move |conn| changes.write(conn)).await
}

/// Sets or deletes the cookie.
fn finish(
    req: &HttpRequest,
    store: &SessionStore,
    session: &Session,
    cookie: Option<(String, Expiry)>,
    response: &mut HttpResponse,
) {
    vary_on_cookie(response);
    if let Some((key, expiry)) = cookie {
        let max_age = Some(expiry.age).filter(|_| !expiry.at_browser_close);
        store.cookie.set(response, &key, max_age, store.now());
    } else if session.is_empty() && cookies::get(req, &store.cookie.name).is_some() {
        store.cookie.delete(response);
    }
}
