//! Keys, a clock and the shape of answers, for all targets.

use std::sync::LazyLock;

use actix_simplejwt::core::clock::Clock;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use serde_json::Value;

/// The secret of HMAC signatures, and `SECRET_KEY`.
pub const SECRET: &str = "a-test-secret-key-of-more-than-fifty-characters-0123456789";

/// The time of all tests, in seconds since 1970.
pub const NOW: i64 = 1_800_000_000;

/// A clock that always shows [`NOW`].
pub fn clock() -> Clock {
    Clock::manual(DateTime::from_timestamp(NOW, 0).unwrap())
}

/// A key of the fixtures, as PEM.
pub fn pem(name: &str) -> &'static str {
    static KEYS: LazyLock<Value> =
        LazyLock::new(|| serde_json::from_str(include_str!("../../fixtures/django/jwt/keys.json")).unwrap());
    KEYS[name].as_str().unwrap()
}

/// A token of any bytes, signed by [`SECRET`].
pub fn signed(header: &[u8], claims: &[u8]) -> String {
    static KEY: LazyLock<hmac::Key> = LazyLock::new(|| hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()));
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&KEY, message.as_bytes()));
    format!("{message}.{signature}")
}

/// The first line, and the rest.
pub fn first_line(data: &[u8]) -> (&[u8], &[u8]) {
    match data.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, b""),
    }
}

/// Panics unless `body` is an error in DRF's format: an object of messages, where a message is a string, a list of
/// messages or an object of messages.
pub fn assert_is_drf_error(body: &Value) {
    fn is_message(value: &Value) -> bool {
        match value {
            Value::String(_) => true,
            Value::Array(messages) => !messages.is_empty() && messages.iter().all(is_message),
            Value::Object(messages) => !messages.is_empty() && messages.values().all(is_message),
            _ => false,
        }
    }
    assert!(body.is_object() && is_message(body), "this is not an error of DRF: {body}");
}
