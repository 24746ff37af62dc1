//! A server with any settings: settings that are accepted at the start must work afterwards.

use actix_simplejwt::Settings;
use actix_simplejwt::rest_framework::throttling::CacheSettings;
use actix_simplejwt::server;
use actix_web::http::{Method, header};
use actix_web::test::TestRequest;

use super::settings::environment;
use super::site::Site;
use super::support::SECRET;

/// Lines of `NAME=value`, as for `settings`. If the settings are accepted, the server must work.
pub fn check(data: &[u8]) {
    let mut env = environment(data);
    if env.get("SECRET_KEY").is_none() {
        env = env.with("SECRET_KEY", SECRET);
    }
    let Ok(mut settings) = Settings::from_env(&env) else { return };
    if !settings.clone().builder().errors().is_empty() {
        return;
    }
    // As for the database, no existing server may be used.
    settings.rest_framework.cache = CacheSettings::default();
    let redirects = settings.security.ssl_redirect;
    let site = Site::start(settings).unwrap();
    let called = site.serve(server::app(&site.served));
    for (request, wanted) in [
        (TestRequest::get().uri("/healthz"), [200].as_slice()),
        (TestRequest::get().uri("/api/protected/"), &[200, 401, 403, 406, 429]),
        (TestRequest::get().uri("/api/hello/jwt/"), &[401, 403, 406, 429]),
        (TestRequest::post().uri("/api/token/").set_json([0]), &[400, 401, 403, 406, 413, 415, 429]),
        (TestRequest::post().uri("/api/token/verify/").set_json([0]), &[400, 401, 403, 406, 413, 415, 429]),
        (TestRequest::get().uri("/api/schema/"), &[200, 404, 406, 429]),
        (preflight(), &[200, 403, 406, 429]),
    ] {
        let request = request
            .insert_header(("Host", "localhost"))
            .insert_header(("Origin", "https://example.org"))
            .insert_header(("Authorization", "Bearer a.b.c"));
        let answer = site.call(&called, request);
        answer.assert_is_sound();
        let is_redirect = redirects && answer.status == 301;
        let is_wanted = is_redirect || wanted.contains(&answer.status) || answer.is_bad_host();
        assert!(is_wanted, "{} {}", answer.status, answer.body);
    }
}

/// The preflight request of a browser before a page of another site logs in.
fn preflight() -> TestRequest {
    let request = TestRequest::default().method(Method::OPTIONS).uri("/api/token/");
    request.insert_header((header::ACCESS_CONTROL_REQUEST_METHOD, "POST"))
}
