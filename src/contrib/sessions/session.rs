//! The session of a request. Python counterpart: `request.session`, a `SessionBase`.

use std::cell::RefCell;
use std::rc::Rc;

use actix_web::{HttpMessage, HttpRequest};
use serde_json::{Map, Value};

use super::error::SessionError;
use super::store::{Changes, Expiry, SessionStore};
use crate::apps::Apps;
use crate::core::crypto::random_string;
use crate::http::cookies;

/// `request.session`. It is read from the database once per request, when it is first used. Cheap to clone; all clones are the
/// same session.
///
/// Changes are saved after the view, unless the response is a 5xx.
#[derive(Clone, Debug)]
pub struct Session(Rc<RefCell<Inner>>);

#[derive(Default)]
struct Inner {
    key: Option<String>,
    /// Whether no row has this key yet.
    is_new: bool,
    data: Map<String, Value>,
    is_modified: bool,
    /// Keys of sessions that end even if the response is a 5xx.
    ended: Vec<String>,
    /// The key that was replaced by another one. Its row is deleted when the new one is written.
    replaced: Option<String>,
}

/// The characters of the keys.
const KEY_CHARACTERS: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
const KEY_LENGTH: usize = 32;
/// Shorter keys are not looked up.
const MIN_KEY_LENGTH: usize = 8;

impl Session {
    /// The session of `req`: the session of its cookie, or a new one, which is only stored if a value is set.
    ///
    /// # Errors
    /// Returns an error if the database fails, or `django.contrib.sessions` is not installed.
    pub async fn of(req: &HttpRequest) -> Result<Self, SessionError> {
        if let Some(session) = Self::loaded(req) {
            return Ok(session);
        }
        let store = SessionStore::of(req)?;
        cookies::mark(req);
        let mut state = Inner::default();
        if let Some(key) = cookie_key(req, store)
            && let Some(data) = store.load(Apps::of(req)?.database()?, &key).await?
        {
            state = Inner { key: Some(key), data, ..state };
        }
        // Another part of the view may have read it at the same time.
        if let Some(session) = Self::loaded(req) {
            return Ok(session);
        }
        let session = Self(Rc::new(RefCell::new(state)));
        req.extensions_mut().insert(session.clone());
        Ok(session)
    }

    /// The session, if it was read already.
    #[must_use]
    pub fn loaded(req: &HttpRequest) -> Option<Self> {
        req.extensions().get::<Self>().cloned()
    }

    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Value> {
        self.0.borrow().data.get(key).cloned()
    }

    /// Sets the value of `key`.
    pub fn set(&self, key: &str, value: Value) {
        let mut state = self.0.borrow_mut();
        state.data.insert(key.to_owned(), value);
        state.is_modified = true;
    }

    /// Removes `key`, and returns its value.
    pub fn remove(&self, key: &str) -> Option<Value> {
        let mut state = self.0.borrow_mut();
        let removed = state.data.shift_remove(key);
        state.is_modified |= removed.is_some();
        removed
    }

    /// The key of the session. `None` if it was not stored yet. **Anyone who knows the key has the session.**
    #[must_use]
    pub fn key(&self) -> Option<String> {
        self.0.borrow().key.clone()
    }

    /// Gives the session another key and keeps its data, so that a key that was known before a login is useless after it.
    pub fn cycle_key(&self) {
        let mut state = self.0.borrow_mut();
        let old = state.key.replace(random_string(KEY_LENGTH, KEY_CHARACTERS));
        if !std::mem::replace(&mut state.is_new, true) {
            state.replaced = old;
        }
        state.is_modified = true;
    }

    /// Ends the session: deletes its row and forgets its data.
    pub fn flush(&self) {
        let mut state = self.0.borrow_mut();
        let stored = if state.is_new { None } else { state.key.take() };
        let replaced = state.replaced.take();
        let ended = std::mem::take(&mut state.ended).into_iter().chain(stored).chain(replaced).collect();
        *state = Inner { ended, is_modified: true, ..Inner::default() };
    }

    /// Whether there is neither a key nor data.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let state = self.0.borrow();
        state.key.is_none() && state.data.is_empty()
    }

    /// The changes to write after a response, which may be a failure (5xx). If a cookie has to be set, also its value and how
    /// long it lasts.
    pub(super) fn changes(&self, store: &SessionStore, is_failure: bool) -> (Changes, Option<(String, Expiry)>) {
        let mut state = self.0.borrow_mut();
        let mut changes = Changes { ended: std::mem::take(&mut state.ended), ..Changes::default() };
        let is_empty = state.key.is_none() && state.data.is_empty();
        let is_saved = (state.is_modified || store.settings.save_every_request) && !is_empty && !is_failure;
        if !is_saved {
            return (changes, None);
        }
        if state.key.is_none() {
            (state.key, state.is_new) = (Some(random_string(KEY_LENGTH, KEY_CHARACTERS)), true);
        }
        let key = state.key.clone().unwrap_or_default();
        let expiry = store.expiry(&state.data);
        let row = store.row(key.clone(), state.data.clone(), expiry.age);
        if std::mem::replace(&mut state.is_new, false) {
            changes.created = Some(row);
        } else {
            changes.updated = Some(row);
        }
        changes.ended.extend(state.replaced.take());
        state.is_modified = false;
        (changes, Some((key, expiry)))
    }
}

/// The key in the cookie of the request, if it may be one.
pub(super) fn cookie_key(req: &HttpRequest, store: &SessionStore) -> Option<String> {
    cookies::get(req, &store.cookie.name).filter(|key| key.chars().count() >= MIN_KEY_LENGTH)
}

/// Without key and data: they are secrets.
impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} entries", self.data.len())
    }
}
