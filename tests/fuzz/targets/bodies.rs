//! Bodies of requests: JSON, forms, multipart forms.

use std::time::Duration;

use actix_simplejwt::http::body::{BodyBudget, Limits};
use actix_simplejwt::rest_framework::parsers::{Data, Parser, parse};
use actix_web::FromRequest;
use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderValue};
use actix_web::test::TestRequest;
use actix_web::web;
use futures_util::FutureExt;
use serde_json::Value;

use super::support::{assert_is_drf_error, first_line};

const LIMITS: Limits = Limits { body: 2_000, total: 10_000, fields: 20, time: Duration::ZERO };

/// `Content-Type` on the first line, the body after it.
pub fn check(data: &[u8]) {
    let (content_type, body) = first_line(data);
    let Ok(value) = HeaderValue::from_bytes(content_type) else { return };
    let mut request = TestRequest::post().insert_header((header::CONTENT_TYPE, value)).set_payload(body.to_vec());
    if body.len() % 2 == 0 {
        request = request.insert_header((header::CONTENT_LENGTH, body.len()));
    }
    let (request, mut payload) = request.to_http_parts();
    let payload: Payload = web::Payload::from_request(&request, &mut payload)
        .now_or_never()
        .expect("taking the payload out of a request waits for nothing")
        .unwrap()
        .into_inner();
    let parsers = [Parser::Json, Parser::Form, Parser::MultiPart];
    // The whole body is there, so nothing waits.
    let budget = BodyBudget::new(LIMITS.total);
    let parsed = parse(request.headers(), payload, &parsers, LIMITS, None, &budget);
    let parsed = parsed.now_or_never().expect("a body that is there");
    match parsed {
        Ok(Data::Json(value)) => {
            assert!(body.len() <= LIMITS.body);
            // An escape character changes the charset in ISO-2022-JP, and ASCII as UTF-16 has null bytes.
            if body.is_ascii() && !body.contains(&0x1b) && !body.contains(&0) {
                assert_eq!(serde_json::from_slice::<Value>(body).unwrap(), value);
            }
        }
        Ok(Data::Form(fields)) => {
            // Like Django, a multipart form may have two fields more, and a hundred files.
            assert!(body.len() <= LIMITS.body && fields.len() <= LIMITS.fields + 102);
            assert!(fields.values().all(|value| value.is_string() || *value == Value::Object(Default::default())));
        }
        Err(error) => {
            assert!(matches!(error.status().as_u16(), 400 | 413 | 415), "{error}");
            assert_is_drf_error(error.body());
        }
    }
}
