//! The steps of a request before the database: the header, the token, a new token.

use std::hint::black_box;

use actix_simplejwt::core::clock::Clock;
use actix_simplejwt::core::crypto::SecretString;
use actix_simplejwt::http::headers::{header_bytes, words};
use actix_simplejwt::rest_framework::authentication::Authentication;
use actix_simplejwt::simplejwt::settings::SimpleJwtSettings;
use actix_simplejwt::simplejwt::state::JwtState;
use actix_simplejwt::{AccessToken, JwtStatelessUserAuthentication};
use actix_web::test::TestRequest;
use actix_web::web::Data;
use criterion::{Criterion, criterion_group, criterion_main};

const SECRET: &str = "a-key-for-benchmarks-of-more-than-fifty-characters-0123456789abcdef";

fn state() -> JwtState {
    JwtState::new(SimpleJwtSettings::default(), &SecretString::new(SECRET), &[], Clock::system())
        .expect("defaults are valid")
}

fn token(jwt: &JwtState) -> AccessToken {
    let mut token = AccessToken::new(jwt);
    token["user_id"] = "70001".into();
    token
}

fn encode_and_decode(c: &mut Criterion) {
    let jwt = state();
    let token = token(&jwt);
    let raw = token.encode(&jwt).expect("HMAC signs");
    c.bench_function("token/new", |b| b.iter(|| AccessToken::new(&jwt)));
    c.bench_function("token/encode", |b| b.iter(|| black_box(&token).encode(&jwt)));
    c.bench_function("token/decode", |b| b.iter(|| AccessToken::from_raw(black_box(&raw), &jwt)));
}

fn header(c: &mut Criterion) {
    let jwt = state();
    let raw = token(&jwt).encode(&jwt).expect("HMAC signs");
    let request = || TestRequest::get().append_header(("Authorization", format!("Bearer {raw}")));
    let req = request().to_http_request();
    c.bench_function("header/parse", |b| {
        b.iter(|| {
            let header = header_bytes(black_box(&req), "authorization").expect("it is there");
            let mut parts = words(&header);
            (parts.next() == Some(b"Bearer"), parts.next().map(<[u8]>::len))
        });
    });
    let req = request().app_data(Data::new(jwt.clone())).app_data(jwt).to_http_request();
    let runtime = actix_web::rt::Runtime::new().expect("a runtime");
    let user = runtime.block_on(JwtStatelessUserAuthentication.authenticate(&req));
    assert!(matches!(user, Ok(Some(_))), "the request is authenticated");
    c.bench_function("header/authenticate without a database", |b| {
        b.iter(|| runtime.block_on(JwtStatelessUserAuthentication.authenticate(black_box(&req))));
    });
}

criterion_group!(benches, encode_and_decode, header);
criterion_main!(benches);
