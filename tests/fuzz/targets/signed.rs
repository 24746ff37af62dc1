//! Signed text: cookies of clients, and sessions in the database.

use std::sync::LazyLock;

use actix_simplejwt::contrib::messages::{MessagePart, MessageStore};
use actix_simplejwt::contrib::sessions::SessionStore;
use actix_simplejwt::core::clock::Clock;
use actix_simplejwt::core::json::{dumps_compact, loads};
use actix_simplejwt::core::signing::TimestampSigner;
use actix_simplejwt::http::cookies;
use actix_simplejwt::{Apps, Settings, http::csrf};
use actix_web::http::header;
use actix_web::test::TestRequest;
use chrono::DateTime;

const KEY: &str = "a-test-secret-key-of-more-than-fifty-characters-0123456789";

/// The data of a session, or a cookie. Only text that was signed with the key is read. Such text never causes a panic, and no
/// link in a message leads to another site.
pub fn check(data: &[u8]) {
    static SESSIONS: LazyLock<SessionStore> =
        LazyLock::new(|| SessionStore::new(Settings::default().sessions, &KEY.into(), &[], Clock::system()));
    static MESSAGES: LazyLock<MessageStore> = LazyLock::new(|| {
        let settings = Settings::default();
        MessageStore::new(&settings.messages, &settings.sessions, &KEY.into(), &[])
    });
    thread_local! {
        static APPS: Apps = Apps::builder(Settings::new(KEY).stateless()).build().unwrap();
    }
    let now = DateTime::UNIX_EPOCH;
    let text = String::from_utf8_lossy(data);
    assert!(SESSIONS.decode(&text).is_empty(), "{text:?} has no signature of a session");
    assert!(MESSAGES.decode(&text).is_none(), "{text:?} has no signature of messages");

    let sessions = TimestampSigner::new(&KEY.into(), &[], "django.contrib.sessions.SessionStore");
    drop(SESSIONS.decode(&sessions.sign(&text, now)));
    let value = loads(data);
    for compress in [false, true] {
        assert_eq!(sessions.unsign_object(&sessions.sign_bytes(data, compress, now)).ok(), value);
    }
    if let Some(value) = &value {
        let written = dumps_compact(value);
        assert!(written.is_ascii(), "{written:?}");
        assert_eq!(loads(written.as_bytes()).as_ref(), Some(value));
    }

    let cookie_key = format!("django.http.cookies{KEY}");
    let messages = TimestampSigner::new(&cookie_key.into(), &[], "django.contrib.messages");
    let (read, _) = MESSAGES.decode(&messages.sign_bytes(data, true, now)).unwrap_or_default();
    for part in read.iter().flat_map(|message| message.parts()) {
        if let MessagePart::Link { href, .. } = part {
            assert!(href.starts_with('/') && !href.starts_with("//") && !href.starts_with("/\\"), "{href:?}");
        }
    }

    let Ok(value) = header::HeaderValue::from_bytes(data) else { return };
    let req = TestRequest::post().insert_header((header::COOKIE, value.clone())).insert_header((header::ORIGIN, value));
    let req = req.app_data(APPS.with(Apps::clone)).to_http_request();
    drop(cookies::get(&req, "sessionid"));
    assert!(csrf::check(&req, Some(&text)).is_err(), "{text:?}");
    assert_eq!(csrf::get_token(&req).len(), 64);
}
