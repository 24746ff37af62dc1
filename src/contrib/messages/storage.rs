//! Stores messages between two requests. Python counterpart: `FallbackStorage`, with `CookieStorage` and `SessionStorage`, of
//! `django.contrib.messages.storage`.

use std::cell::RefCell;
use std::rc::Rc;

use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use serde_json::Value;

use super::message::{Level, Message, MessagePart};
use super::settings::MessageSettings;
use crate::apps::Apps;
use crate::contrib::sessions::Session;
use crate::contrib::sessions::settings::SessionSettings;
use crate::core::crypto::SecretString;
use crate::core::json::dumps_compact;
use crate::core::signing::TimestampSigner;
use crate::http::cookies::{self, CookieOptions};

/// The messages of one application: settings and keys.
#[derive(Clone, Debug)]
pub struct MessageStore {
    level: u16,
    cookie: CookieOptions,
    signer: TimestampSigner,
}

/// The messages of one request.
#[derive(Clone)]
pub(super) struct Messages(Rc<RefCell<Inner>>);

struct Inner {
    loaded: Vec<Message>,
    queued: Vec<Message>,
    /// Whether the loaded messages were shown.
    used: bool,
    added_new: bool,
    /// Whether the request had messages in the cookie, and in the session.
    in_cookie: bool,
    in_session: bool,
}

/// The name of the cookie.
const COOKIE_NAME: &str = "messages";
/// The key in a session.
const SESSION_KEY: &str = "_messages";
const SALT: &str = "django.contrib.messages";
/// The largest length of the value of the cookie, in characters. Some servers accept 4 kB for all headers.
const MAX_COOKIE_SIZE: usize = 2_048;
/// The last item in a cookie if the session has further messages.
const NOT_FINISHED: &str = "__messagesnotfinished__";

impl MessageStore {
    /// The cookie has the attributes of the session cookie.
    #[must_use]
    pub fn new(
        settings: &MessageSettings,
        sessions: &SessionSettings,
        key: &SecretString,
        fallback_keys: &[SecretString],
    ) -> Self {
        // `get_cookie_signer` of Django.
        let cookie_key = |key: &SecretString| SecretString::new(format!("django.http.cookies{}", key.expose()));
        let fallback_keys: Vec<_> = fallback_keys.iter().map(cookie_key).collect();
        let cookie = CookieOptions { name: COOKIE_NAME.to_owned(), path: "/".to_owned(), ..sessions.cookie() };
        Self { level: settings.level, cookie, signer: TimestampSigner::new(&cookie_key(key), &fallback_keys, SALT) }
    }

    fn of(req: &HttpRequest) -> Option<&Self> {
        Apps::of(req).ok()?.get().ok()
    }

    /// The messages in the cookie, and whether the session has more. `None` if the signature is not
    /// valid.
    #[must_use]
    pub fn decode(&self, cookie: &str) -> Option<(Vec<Message>, bool)> {
        let Ok(Value::Array(items)) = self.signer.unsign_object(cookie) else { return None };
        let is_finished = items.last().is_none_or(|last| last != NOT_FINISHED);
        Some((items.iter().filter_map(Message::from_json).collect(), !is_finished))
    }

    /// The cookie for `messages`, and the messages that do not fit into it.
    fn encode<'a>(&self, messages: &'a [Message], req: &HttpRequest) -> (String, &'a [Message]) {
        let now = Apps::of(req).map_or(chrono::DateTime::UNIX_EPOCH, |apps| apps.clock().now());
        let sign = |messages: &[Message], is_finished: bool| {
            let end = (!is_finished).then(|| Value::from(NOT_FINISHED));
            let items = messages.iter().map(Message::to_json).chain(end).collect();
            self.signer.sign_bytes(dumps_compact(&Value::Array(items)).as_bytes(), true, now)
        };
        let all = sign(messages, true);
        if all.len() <= MAX_COOKIE_SIZE {
            return (all, &[]);
        }
        let fitting = (0..messages.len()).rev().map(|count| messages.split_at(count));
        let mut fitting = fitting.map(|(kept, others)| (sign(kept, false), others));
        fitting.find(|(cookie, _)| cookie.len() <= MAX_COOKIE_SIZE).unwrap_or((sign(&[], false), messages))
    }
}

impl Messages {
    /// The messages of the request. `None` if `django.contrib.messages` is not installed.
    fn of(req: &HttpRequest) -> Option<Self> {
        if let Some(messages) = Self::loaded(req) {
            return Some(messages);
        }
        let store = MessageStore::of(req)?;
        cookies::mark(req);
        let in_cookie = cookies::get(req, COOKIE_NAME).and_then(|cookie| store.decode(&cookie));
        let (mut loaded, has_more) = in_cookie.unwrap_or_default();
        let has_cookie = !loaded.is_empty() || has_more;
        let more = if has_more { in_session(req) } else { Vec::new() };
        let in_session = !more.is_empty();
        loaded.extend(more);
        let state =
            Inner { loaded, queued: Vec::new(), used: false, added_new: false, in_cookie: has_cookie, in_session };
        let messages = Self(Rc::new(RefCell::new(state)));
        req.extensions_mut().insert(messages.clone());
        Some(messages)
    }

    pub(super) fn loaded(req: &HttpRequest) -> Option<Self> {
        req.extensions().get::<Self>().cloned()
    }

    /// Stores the messages that were not shown.
    pub(super) fn update(&self, req: &HttpRequest, response: &mut HttpResponse) {
        let Some(store) = MessageStore::of(req) else { return };
        let state = self.0.borrow();
        let messages: Vec<_> = match (state.used, state.added_new) {
            (true, _) => state.queued.clone(),
            (false, true) => state.loaded.iter().chain(&state.queued).cloned().collect(),
            (false, false) => return,
        };
        let now = Apps::of(req).map_or(chrono::DateTime::UNIX_EPOCH, |apps| apps.clock().now());
        let mut unstored: &[Message] = &[];
        if !messages.is_empty() {
            let (cookie, others) = store.encode(&messages, req);
            store.cookie.set(response, &cookie, None, now);
            unstored = others;
        } else if state.in_cookie {
            store.cookie.delete(response);
        }
        match Session::loaded(req) {
            Some(session) if !unstored.is_empty() => {
                let items = unstored.iter().map(Message::to_json).collect();
                session.set(SESSION_KEY, dumps_compact(&Value::Array(items)).into());
            }
            Some(session) if state.in_session => drop(session.remove(SESSION_KEY)),
            Some(_) => {}
            None if unstored.is_empty() => {}
            None => log::warn!("{} messages were too long for a cookie, and there is no session", unstored.len()),
        }
    }
}

/// The messages in the session, if it was read already.
fn in_session(req: &HttpRequest) -> Vec<Message> {
    let text = Session::loaded(req).and_then(|session| session.get(SESSION_KEY));
    let items = text.as_ref().and_then(Value::as_str).and_then(|text| serde_json::from_str::<Vec<Value>>(text).ok());
    items.unwrap_or_default().iter().filter_map(Message::from_json).collect()
}

/// Adds a message for the next page that shows messages. Nothing happens if it is empty, its level is below `MESSAGE_LEVEL`, or
/// `django.contrib.messages` is not installed.
pub fn add(req: &HttpRequest, level: Level, text: impl Into<String>) {
    add_message(req, Message::new(level, text));
}

/// Same as [`add`], with links.
pub fn add_parts(req: &HttpRequest, level: Level, parts: &[MessagePart]) {
    add_message(req, Message::of_parts(level, parts));
}

fn add_message(req: &HttpRequest, message: Message) {
    let Some((store, messages)) = MessageStore::of(req).zip(Messages::of(req)) else { return };
    if message.is_empty() || (message.level as u16) < store.level {
        return;
    }
    let mut state = messages.0.borrow_mut();
    state.added_new = true;
    state.queued.push(message);
}

/// The messages for the page that answers `req`. They are shown once. A page that uses sessions reads the session first:
/// messages that are too long for a cookie are in it.
#[must_use]
pub fn take(req: &HttpRequest) -> Vec<Message> {
    let Some(messages) = Messages::of(req) else { return Vec::new() };
    let mut state = messages.0.borrow_mut();
    let queued = std::mem::take(&mut state.queued);
    state.loaded.extend(queued);
    state.used |= !state.loaded.is_empty();
    state.loaded.clone()
}
