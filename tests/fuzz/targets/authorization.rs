//! `Authorization` headers, read by each of the four classes that log somebody in by one.

use actix_simplejwt::legacy_jwt::authentication::JsonWebTokenAuthentication;
use actix_simplejwt::rest_framework::authentication::Authentication;
use actix_simplejwt::rest_framework::authentication::basic::BasicAuthentication;
use actix_simplejwt::simplejwt::authentication::JwtAuthentication;
use actix_simplejwt::{MaybeAuthenticated, TokenAuthentication};
use actix_web::App;
use actix_web::http::header::{self, HeaderValue};
use actix_web::test::TestRequest;
use actix_web::web::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::site::{Called, Site, Tokens, settings};

/// Each line is such a header. Whoever gets in has sent the one good credential, and else nothing.
pub fn check(data: &[u8]) {
    thread_local! {
        static SERVER: Server = Server::start();
    }
    SERVER.with(|server| server.check(data));
}

struct Server {
    site: Site,
    called: Called,
    tokens: Tokens,
}

/// The classes by the path at which each is asked, and the word that its header begins with.
const CLASSES: [(&str, &str); 4] = [("/bearer", "Bearer"), ("/token", "Token"), ("/jwt", "JWT"), ("/basic", "Basic")];

async fn name<A: Authentication>(auth: MaybeAuthenticated<A>) -> String {
    auth.0.map_or_else(|| "nobody".to_owned(), |auth| auth.user.into().username().to_owned())
}

impl Server {
    fn start() -> Self {
        let site = Site::start(settings()).unwrap();
        let tokens = site.log_in();
        let state = site.state.clone();
        let app = App::new()
            .configure(|cfg| state.provide(cfg))
            .route("/bearer", get().to(name::<JwtAuthentication>))
            .route("/token", get().to(name::<TokenAuthentication>))
            .route("/jwt", get().to(name::<JsonWebTokenAuthentication>))
            .route("/basic", get().to(name::<BasicAuthentication>));
        let called = site.serve(app);
        Self { site, called, tokens }
    }

    fn check(&self, data: &[u8]) {
        let filled = self.tokens.fill_in(data);
        // Several headers of one name are one, with commas between them.
        let mut joined = Vec::new();
        let mut headers = Vec::new();
        for line in filled.split(|byte| *byte == b'\n') {
            let Ok(value) = HeaderValue::from_bytes(line) else { continue };
            if !headers.is_empty() {
                joined.push(b',');
            }
            joined.extend_from_slice(line);
            headers.push(value);
        }
        let is_space = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
        let words: Vec<&[u8]> = joined.split(is_space).filter(|word| !word.is_empty()).collect();
        for (path, keyword) in CLASSES {
            let mut request = TestRequest::get().uri(path);
            for value in &headers {
                request = request.append_header((header::AUTHORIZATION, value.clone()));
            }
            let answer = self.site.call(&self.called, request);
            match (answer.status, answer.body.as_str()) {
                (200, "nobody") => {
                    assert!(!self.is_good(keyword, &words), "{path} refuses \"{}\"", filled.escape_ascii())
                }
                (200, _) => {
                    assert!(self.is_good(keyword, &words), "{path} takes \"{}\"", filled.escape_ascii())
                }
                (401, _) => answer.assert_is_sound(),
                (status, body) => panic!("{path}: {status} {body}"),
            }
        }
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
