//! Odd and forged tokens at every endpoint that takes a token, with four algorithms, on both databases.
//! Threats 1 to 15, 17 and 29.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use actix_simplejwt::core::jwt::Algorithm;
use actix_simplejwt::simplejwt::tokens::AuthToken;
use actix_web::http::header::HeaderValue;
use serde_json::{Value, json};

use super::forged::{forged, second_ecdsa_signature};
use super::odd::{claims, odd};
use super::signer::Signer;
use crate::support::{Response, TestApp, TestDatabase, alice};

/// The clock of these tests. It does not advance.
pub const NOW: i64 = 1_800_000_000;

/// A kind of token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Access,
    Refresh,
    Sliding,
    Legacy,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Access, Self::Refresh, Self::Sliding, Self::Legacy];

    /// The endpoints that accept a valid token of this kind.
    pub fn endpoints(self) -> &'static [Endpoint] {
        match self {
            Self::Access => &[Endpoint::Protected, Endpoint::HelloJwt, Endpoint::Verify],
            Self::Refresh => &[Endpoint::Verify, Endpoint::Blacklist, Endpoint::Refresh],
            Self::Sliding => &[Endpoint::Protected, Endpoint::HelloJwt, Endpoint::SlidingRefresh, Endpoint::Verify],
            Self::Legacy => &[Endpoint::LegacyProtected, Endpoint::LegacyVerify, Endpoint::LegacyRefresh],
        }
    }
}

/// An endpoint that takes a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    Protected,
    HelloJwt,
    HelloToken,
    Refresh,
    SlidingRefresh,
    Verify,
    Blacklist,
    LegacyProtected,
    LegacyVerify,
    LegacyRefresh,
}

impl Endpoint {
    const ALL: [Self; 10] = [
        Self::Protected,
        Self::HelloJwt,
        Self::HelloToken,
        Self::Refresh,
        Self::SlidingRefresh,
        Self::Verify,
        Self::Blacklist,
        Self::LegacyProtected,
        Self::LegacyVerify,
        Self::LegacyRefresh,
    ];

    /// Whether the token comes in a header, with every request.
    fn is_view(self) -> bool {
        matches!(self, Self::Protected | Self::HelloJwt | Self::LegacyProtected)
    }

    /// Sends `token`. `None` if it cannot be part of an HTTP request.
    async fn request(self, app: &TestApp, token: &str) -> Option<Response> {
        let (uri, field) = match self {
            Self::Protected => ("/api/protected/", Err("Bearer")),
            Self::HelloJwt => ("/api/hello/jwt/", Err("Bearer")),
            Self::HelloToken => ("/api/hello/token/", Err("Token")),
            Self::LegacyProtected => ("/protected-url/", Err("JWT")),
            Self::Refresh => ("/api/token/refresh/", Ok("refresh")),
            Self::Blacklist => ("/api/token/blacklist/", Ok("refresh")),
            Self::SlidingRefresh => ("/api/token/sliding/refresh/", Ok("token")),
            Self::Verify => ("/api/token/verify/", Ok("token")),
            Self::LegacyVerify => ("/api-token-verify/", Ok("token")),
            Self::LegacyRefresh => ("/api-token-refresh/", Ok("token")),
        };
        let client = app.anonymous();
        match field {
            Ok(field) => Some(client.post(uri, json!({ field: token })).await),
            Err(scheme) => {
                let header = format!("{scheme} {token}");
                HeaderValue::from_str(&header).ok()?;
                Some(client.with_header("Authorization", header).get(uri).await)
            }
        }
    }
}

/// A refusal in DRF's format: 401 with a challenge and a `detail`, or 400 with messages by field. A body with a very
/// long token is refused before it is read.
fn is_refusal(response: &Response) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("{what}: {} {}", response.status, response.body));
    let Ok(Value::Object(body)) = serde_json::from_str(&response.body) else { return wrong("no JSON object") };
    match response.status {
        401 if response.header("WWW-Authenticate").is_empty() => wrong("401 without a challenge"),
        401 if !body["detail"].is_string() => wrong("401 without a detail"),
        400 if !body.values().all(|errors| errors.as_array().is_some_and(|list| list.iter().all(Value::is_string))) => {
            wrong("400 that is no list of messages")
        }
        413 if body["detail"] == "Request body exceeded 32768 bytes, the limit of this view." => Ok(()),
        400 | 401 => Ok(()),
        _ => wrong("not refused"),
    }
}

/// All failures, because there is usually more than one.
#[derive(Default)]
struct Findings {
    list: Vec<String>,
    asked: usize,
}

impl Findings {
    async fn must_refuse(&mut self, app: &TestApp, endpoint: Endpoint, name: &str, token: &str) {
        let Some(response) = endpoint.request(app, token).await else { return };
        self.asked += 1;
        if let Err(problem) = is_refusal(&response) {
            self.list.push(format!("{endpoint:?}, {name}: {problem}"));
        }
    }

    async fn must_not_crash(&mut self, app: &TestApp, endpoint: Endpoint, name: &str, token: &str) {
        let Some(response) = endpoint.request(app, token).await else { return };
        self.asked += 1;
        if response.status != 200
            && let Err(problem) = is_refusal(&response)
        {
            self.list.push(format!("{endpoint:?}, {name}: {problem}"));
        }
    }

    fn expect_none(&self, at_least: usize) {
        assert!(self.list.is_empty(), "{} findings\n{}", self.list.len(), self.list.join("\n"));
        assert!(self.asked >= at_least, "only {} requests were sent", self.asked);
    }
}

async fn server(db: TestDatabase, signer: &Signer) -> TestApp {
    TestApp::build_undescribed(db, |settings| {
        signer.configure(settings);
        settings.simple_jwt.blacklist_after_rotation = true;
        settings.simple_jwt.auth_token_classes = vec![AuthToken::Access, AuthToken::Sliding];
        settings.legacy_jwt.allow_refresh = true;
    })
    .await
}

fn text(claims: serde_json::Map<String, Value>) -> String {
    Value::Object(claims).to_string()
}

/// Refused tokens prove nothing if valid tokens are refused too.
async fn good_tokens_pass(app: &TestApp, signer: &Signer, round: &str) {
    for kind in Kind::ALL {
        for endpoint in kind.endpoints() {
            let token = signer.genuine(&text(claims(kind, &format!("{round}{endpoint:?}"))));
            let response = endpoint.request(app, &token).await.unwrap();
            assert_eq!(response.status, 200, "{kind:?} at {endpoint:?}: {}", response.body);
        }
    }
}

async fn forged_battery(db: TestDatabase, algorithm: Algorithm) {
    let signer = Signer::new(algorithm);
    let app = server(db, &signer).await;
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let trap_address = trap.local_addr().unwrap().to_string();
    good_tokens_pass(&app, &signer, "before").await;
    let rows = "token_blacklist_outstandingtoken, (SELECT count(*) FROM token_blacklist_blacklistedtoken) AS b";
    let recorded = app.count(rows).await;

    let mut findings = Findings::default();
    for kind in Kind::ALL {
        let genuine = signer.genuine(&text(claims(kind, "genuine")));
        let other = signer.genuine(&text(claims(kind, "other")));
        // Views cache the tokens that they have verified. A variant of such a token must not be accepted because of that.
        for endpoint in kind.endpoints().iter().filter(|endpoint| endpoint.is_view()) {
            assert_eq!(endpoint.request(&app, &genuine).await.unwrap().status, 200, "{endpoint:?}");
        }
        for case in forged(&genuine, &other, &signer, &trap_address) {
            let start = Instant::now();
            for endpoint in kind.endpoints() {
                findings.must_refuse(&app, *endpoint, &case.name, &case.token).await;
            }
            assert!(start.elapsed() < Duration::from_secs(60), "{} took {:?}", case.name, start.elapsed());
        }
    }
    findings.expect_none(8_000);
    assert_eq!(app.count(rows).await, recorded, "a forged token has left a row");
    let visitor = trap.accept().map_err(|error| error.kind());
    assert_eq!(
        visitor.unwrap_err(),
        std::io::ErrorKind::WouldBlock,
        "a forged token made the server connect to another host"
    );
    good_tokens_pass(&app, &signer, "after").await;
}

async fn odd_battery(db: TestDatabase, algorithm: Algorithm) {
    let signer = Signer::new(algorithm);
    let app = server(db, &signer).await;
    good_tokens_pass(&app, &signer, "before").await;
    let mut findings = Findings::default();
    for kind in Kind::ALL {
        for case in odd(kind) {
            let token = signer.genuine(&case.payload);
            for endpoint in Endpoint::ALL {
                if case.harmless_at.contains(&endpoint) {
                    findings.must_not_crash(&app, endpoint, &case.name, &token).await;
                } else {
                    findings.must_refuse(&app, endpoint, &case.name, &token).await;
                }
            }
        }
    }
    findings.expect_none(8_000);
    assert_eq!(app.count("auth_user").await, 3);
    good_tokens_pass(&app, &signer, "after").await;
}

per_database! {
    async fn no_forged_token_is_accepted_under_hs256(db: TestDatabase) {
        forged_battery(db, Algorithm::HS256).await;
    }

    async fn no_forged_token_is_accepted_under_rs256(db: TestDatabase) {
        forged_battery(db, Algorithm::RS256).await;
    }

    async fn no_forged_token_is_accepted_under_es256(db: TestDatabase) {
        forged_battery(db, Algorithm::ES256).await;
    }

    async fn no_forged_token_is_accepted_under_eddsa(db: TestDatabase) {
        forged_battery(db, Algorithm::EdDSA).await;
    }

    async fn odd_claims_are_refused_and_never_an_error_of_the_server_under_hs256(db: TestDatabase) {
        odd_battery(db, Algorithm::HS256).await;
    }

    async fn odd_claims_are_refused_and_never_an_error_of_the_server_under_es256(db: TestDatabase) {
        odd_battery(db, Algorithm::ES256).await;
    }

    async fn odd_claims_are_refused_and_never_an_error_of_the_server_under_rs256(db: TestDatabase) {
        odd_battery(db, Algorithm::RS256).await;
    }

    async fn odd_claims_are_refused_and_never_an_error_of_the_server_under_eddsa(db: TestDatabase) {
        odd_battery(db, Algorithm::EdDSA).await;
    }

    async fn a_token_of_one_kind_is_refused_where_another_is_expected(db: TestDatabase) {
        let signer = Signer::new(Algorithm::HS256);
        let app = server(db, &signer).await;
        let body = json!({ "username": alice().username, "password": alice().password });
        let key = app.anonymous().post("/api/authtoken/", body).await.json()["token"].as_str().unwrap().to_owned();
        let mut findings = Findings::default();
        for endpoint in Endpoint::ALL {
            for kind in Kind::ALL {
                // `verify` accepts any validly signed token of any kind.
                if !kind.endpoints().contains(&endpoint) && endpoint != Endpoint::Verify {
                    let token = signer.genuine(&text(claims(kind, "kind")));
                    findings.must_refuse(&app, endpoint, &format!("{kind:?}"), &token).await;
                }
            }
            if endpoint != Endpoint::HelloToken {
                findings.must_refuse(&app, endpoint, "authtoken key", &key).await;
            }
        }
        findings.expect_none(34);
        assert_eq!(Endpoint::HelloToken.request(&app, &key).await.unwrap().status, 200);
    }

    /// The same as PyJWT 2 and PyJWT 1.7.
    async fn only_legacy_tokens_may_have_a_key_id_that_is_no_text_or_digits_in_exp(db: TestDatabase) {
        let signer = Signer::new(Algorithm::HS256);
        let app = server(db, &signer).await;
        let plain = r#"{"alg":"HS256","typ":"JWT"}"#.to_owned();
        let kids = ["1", "1.5", "null", r#"["a"]"#, "{}"].map(|kid| format!(r#"{{"alg":"HS256","typ":"JWT","kid":{kid}}}"#));
        for kind in Kind::ALL {
            let with_kid = kids.iter().map(|header| (header, text(claims(kind, "kid"))));
            let mut digits = claims(kind, "digits");
            digits["exp"] = format!(" {} ", NOW + 300).into();
            for (header, payload) in with_kid.chain([(&plain, text(digits))]) {
                let token = signer.token(header, &payload);
                for endpoint in kind.endpoints() {
                    let response = endpoint.request(&app, &token).await.unwrap();
                    assert_eq!(response.status == 200, kind == Kind::Legacy, "{endpoint:?}, {header}: {}", response.body);
                }
            }
            let mut past = claims(kind, "past");
            past["exp"] = (NOW - 1).to_string().into();
            let token = signer.genuine(&text(past));
            for endpoint in kind.endpoints() {
                is_refusal(&endpoint.request(&app, &token).await.unwrap()).unwrap();
            }
        }
    }

    async fn a_legacy_token_whose_username_is_a_list_has_no_user(db: TestDatabase) {
        let signer = Signer::new(Algorithm::HS256);
        let app = server(db, &signer).await;
        let with_username = |username: Value| {
            let mut claims = claims(Kind::Legacy, "list");
            claims["username"] = username;
            signer.genuine(&text(claims))
        };
        for username in [json!(["alice"]), json!({ "a": 1 }), json!(true)] {
            let token = with_username(username);
            let verify = Endpoint::LegacyVerify.request(&app, &token).await.unwrap();
            assert_eq!((verify.status, verify.json()), (400, json!({ "non_field_errors": ["User doesn't exist."] })));
            let protected = Endpoint::LegacyProtected.request(&app, &token).await.unwrap();
            assert_eq!((protected.status, protected.json()), (401, json!({ "detail": "Invalid signature." })));
        }
        for username in [json!([]), json!({}), json!(false), json!("")] {
            let verify = Endpoint::LegacyVerify.request(&app, &with_username(username)).await.unwrap();
            assert_eq!((verify.status, verify.json()), (400, json!({ "non_field_errors": ["Invalid payload."] })));
        }
    }

    async fn a_token_of_another_kind_is_refused_under_a_renamed_type_claim(db: TestDatabase) {
        let app = TestApp::build(db, |settings| settings.simple_jwt.token_type_claim = Some("use".to_owned())).await;
        let signer = Signer::new(Algorithm::HS256);
        let legacy = |kind: &str| {
            let token = signer.genuine(&format!(r#"{{"user_id":1,"username":"alice","exp":{}{kind}}}"#, NOW + 60));
            app.anonymous().with_header("Authorization", format!("JWT {token}"))
        };
        assert_eq!(legacy("").get("/protected-url/").await.status, 200);
        for kind in [r#","use":"access""#, r#","token_type":"access""#] {
            let refused = legacy(kind).get("/protected-url/").await;
            assert_eq!((refused.status, refused.json()), (401, json!({ "detail": "Invalid payload." })), "{kind}");
        }
    }

    /// For ECDSA, everyone can compute a second valid signature, `(r, n - s)`. The blacklist uses the id in the claims,
    /// so the second signature makes no difference.
    async fn a_blacklisted_token_is_refused_with_a_second_valid_signature(db: TestDatabase) {
        let signer = Signer::new(Algorithm::ES256);
        let app = server(db, &signer).await;
        let token = signer.genuine(&text(claims(Kind::Refresh, "twice")));
        let twin = second_ecdsa_signature(&token);
        assert_ne!(token, twin);
        assert_eq!(Endpoint::Verify.request(&app, &twin).await.unwrap().status, 200);
        assert_eq!(Endpoint::Blacklist.request(&app, &token).await.unwrap().status, 200);
        for token in [&token, &twin] {
            let refused = Endpoint::Refresh.request(&app, token).await.unwrap();
            assert_eq!((refused.status, refused.json()["detail"].clone()), (401, json!("Token is blacklisted")));
            assert_eq!(Endpoint::Blacklist.request(&app, token).await.unwrap().status, 401);
        }
        assert_eq!(app.count("token_blacklist_blacklistedtoken").await, 1);
    }

    async fn a_token_expires_at_its_last_second(db: TestDatabase) {
        let signer = Signer::new(Algorithm::HS256);
        let app = server(db, &signer).await;
        let mut access = claims(Kind::Access, "a");
        access["exp"] = (NOW + 1).into();
        let token = signer.genuine(&text(access));
        assert_eq!(Endpoint::Protected.request(&app, &token).await.unwrap().status, 200);
        app.advance(chrono::TimeDelta::seconds(1));
        let late = Endpoint::Protected.request(&app, &token).await.unwrap();
        assert_eq!((late.status, late.json()["messages"][0]["message"].clone()), (401, json!("Token is expired")));
    }
}
