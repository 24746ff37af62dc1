//! `Authorization` headers, read by each of the four classes that use it.
//!
//! Each class is called as an extractor calls it. The target `service` sends such a request to the whole server.

use std::cell::RefCell;

use actix_simplejwt::legacy_jwt::authentication::JsonWebTokenAuthentication;
use actix_simplejwt::rest_framework::authentication::Authentication;
use actix_simplejwt::rest_framework::authentication::basic::BasicAuthentication;
use actix_simplejwt::simplejwt::authentication::JwtAuthentication;
use actix_simplejwt::{MaybeAuthenticated, TokenAuthentication};
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::http::header::{self, HeaderValue};
use actix_web::{FromRequest, HttpRequest, ResponseError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::site::{Answer, Site, Tokens, settings};

/// Each line is such a header. Only the one valid credential is accepted.
pub fn check(data: &[u8]) {
    thread_local! {
        static SERVER: Server = Server::start();
    }
    SERVER.with(|server| server.check(data));
}

struct Server {
    site: Site,
    tokens: Tokens,
    request: RefCell<ServiceRequest>,
}

impl Server {
    fn start() -> Self {
        let site = Site::start(settings()).unwrap();
        let tokens = site.log_in();
        let request = RefCell::new(site.request());
        Self { site, tokens, request }
    }

    fn check(&self, data: &[u8]) {
        let filled = self.tokens.fill_in(data);
        let mut request = self.request.borrow_mut();
        let headers = request.headers_mut();
        headers.clear();
        // Several headers of one name are one, with commas between them.
        let mut joined = Vec::new();
        for line in filled.split(|byte| *byte == b'\n') {
            let Ok(value) = HeaderValue::from_bytes(line) else { continue };
            if !headers.is_empty() {
                joined.push(b',');
            }
            joined.extend_from_slice(line);
            headers.append(header::AUTHORIZATION, value);
        }
        let is_space = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
        let words: Vec<&[u8]> = joined.split(is_space).filter(|word| !word.is_empty()).collect();
        let request = request.request();
        self.site.wait(async {
            ask::<JwtAuthentication>(request, self.is_good("Bearer", &words)).await;
            ask::<TokenAuthentication>(request, self.is_good("Token", &words)).await;
            ask::<JsonWebTokenAuthentication>(request, self.is_good("JWT", &words)).await;
            ask::<BasicAuthentication>(request, self.is_good("Basic", &words)).await;
        });
    }

    fn is_good(&self, keyword: &str, words: &[&[u8]]) -> bool {
        let &[scheme, credential] = words else { return false };
        let tokens = &self.tokens;
        let good = match keyword {
            "Bearer" => &tokens.access,
            "Token" => &tokens.key,
            "JWT" => &tokens.legacy,
            _ => {
                let decoded = STANDARD.decode(credential).unwrap_or_default();
                return scheme.eq_ignore_ascii_case(b"basic") && decoded == b"alice:correct-horse";
            }
        };
        let is_scheme =
            if keyword == "Bearer" { scheme == b"Bearer" } else { scheme.eq_ignore_ascii_case(keyword.as_bytes()) };
        is_scheme && credential == good.as_bytes()
    }
}

/// Panics unless `A` accepts alice's credential and refuses all others.
async fn ask<A: Authentication + Default>(request: &HttpRequest, is_good: bool) {
    let shown = request.headers();
    match MaybeAuthenticated::<A>::from_request(request, &mut Payload::None).await {
        Ok(MaybeAuthenticated(Some(auth))) => {
            assert!(is_good, "{} takes {shown:?}", A::default().name());
            assert_eq!(auth.user.into().username(), "alice");
        }
        Ok(MaybeAuthenticated(None)) => assert!(!is_good, "{} passes over {shown:?}", A::default().name()),
        Err(error) => {
            assert!(!is_good, "{} refuses {shown:?}: {error}", A::default().name());
            assert_eq!(error.status(), 401, "{} on {shown:?}: {error}", A::default().name());
            Answer::read(error.error_response()).await.assert_is_sound();
        }
    }
}
