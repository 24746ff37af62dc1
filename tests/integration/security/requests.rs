//! Odd requests and logins at every endpoint. Threats 16, 28 to 31, 36, 39, 41 and 42.

use actix_simplejwt::contrib::auth::hashers::PasswordHashers;
use actix_web::http::Method;
use serde_json::{Value, json};

use crate::support::{Response, TestApp, TestDatabase, alice, ivan};

/// Every path with its methods.
const PATHS: [(&str, &str); 14] = [
    ("/api/token/", "POST, OPTIONS"),
    ("/api/token/refresh/", "POST, OPTIONS"),
    ("/api/token/verify/", "POST, OPTIONS"),
    ("/api/token/blacklist/", "POST, OPTIONS"),
    ("/api/token/sliding/", "POST, OPTIONS"),
    ("/api/token/sliding/refresh/", "POST, OPTIONS"),
    ("/access-token/", "POST, OPTIONS"),
    ("/api/authtoken/", "POST, OPTIONS"),
    ("/api-token-auth/", "POST, OPTIONS"),
    ("/api-token-refresh/", "POST, OPTIONS"),
    ("/api-token-verify/", "POST, OPTIONS"),
    ("/api/protected/", "GET, HEAD, OPTIONS"),
    ("/api/hello/jwt/", "GET, HEAD, OPTIONS"),
    ("/api/hello/token/", "GET, HEAD, OPTIONS"),
];

/// The endpoints that take a name and a password.
const LOGINS: [&str; 5] =
    ["/api/token/", "/api/token/sliding/", "/access-token/", "/api/authtoken/", "/api-token-auth/"];

/// Text that must not be in any response.
const SECRETS: [&str; 9] =
    ["src/", ".rs:", "panicked", "diesel", "SELECT", "INSERT", "auth_user", "a-test-secret", "correct horse"];

/// The answer is not a 5xx and reveals no internals.
fn is_fit_for_the_public(name: &str, response: &Response) {
    assert!(response.status < 500, "{name}: {} {}", response.status, response.body);
    for secret in SECRETS {
        assert!(!response.body.contains(secret), "{name}: {secret} in {}", response.body);
    }
    if response.status == 401 {
        assert_ne!(response.header("WWW-Authenticate"), "", "{name}");
    }
    if response.status == 405 {
        assert_ne!(response.header("Allow"), "", "{name}");
    }
}

per_database! {
    async fn a_401_names_the_scheme_and_a_405_the_methods(db: TestDatabase) {
        let app = TestApp::build_undescribed(db, |_| {}).await;
        let alice = app.client(&alice()).await;
        for (path, allow) in PATHS {
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "TRACE", "PROPFIND", "FOO"] {
                let method = Method::from_bytes(method.as_bytes()).unwrap();
                for client in [&app.anonymous(), &alice] {
                    let response = client.send(method.clone(), path, None, b"").await;
                    is_fit_for_the_public(&format!("{method} {path}"), &response);
                    assert_eq!(response.header("Allow"), allow, "{method} {path}");
                    if !allow.contains(method.as_str()) {
                        assert!(matches!(response.status, 401 | 405), "{method} {path}: {}", response.status);
                    }
                }
            }
        }
    }

    async fn text_that_a_database_cannot_hold_is_refused(db: TestDatabase) {
        let app = TestApp::build_undescribed(db, |_| {}).await;
        let bodies: Vec<(&str, Vec<u8>)> = vec![
            ("NUL", br#"{"username":"a\u0000b","password":"x"}"#.to_vec()),
            ("NUL in the password", br#"{"username":"alice","password":"correct horse 1\u0000"}"#.to_vec()),
            ("lone surrogate", br#"{"username":"a\ud800b","password":"x"}"#.to_vec()),
            ("surrogates backwards", br#"{"username":"\udc00\ud800","password":"x"}"#.to_vec()),
            ("invalid UTF-8", b"{\"username\":\"a\xff\xfe\",\"password\":\"x\"}".to_vec()),
            ("overlong UTF-8", b"{\"username\":\"a\xc0\x80\",\"password\":\"x\"}".to_vec()),
            ("UTF-16", "{\"username\":\"a\"}".encode_utf16().flat_map(u16::to_le_bytes).collect()),
            ("control character", b"{\"username\":\"a\x01\",\"password\":\"x\"}".to_vec()),
            ("right to left", "{\"username\":\"\u{202e}alice\",\"password\":\"x\"}".into()),
            ("not a character", "{\"username\":\"\u{ffff}\u{10ffff}\",\"password\":\"x\"}".into()),
            ("SQL", br#"{"username":"alice' OR '1'='1","password":"' OR '1'='1"}"#.to_vec()),
        ];
        for path in LOGINS {
            for (name, body) in &bodies {
                let response = app.anonymous().send(Method::POST, path, Some("application/json"), body).await;
                is_fit_for_the_public(&format!("{path} {name}"), &response);
                assert!(matches!(response.status, 400 | 401), "{path} {name}: {} {}", response.status, response.body);
            }
            for form in [&b"username=%00&password=x"[..], b"username=a%00&password=x", b"username=%ff%fe&password=x", b"%00=%00", b"&&=&"] {
                let kind = Some("application/x-www-form-urlencoded");
                let response = app.anonymous().send(Method::POST, path, kind, form).await;
                is_fit_for_the_public(path, &response);
                assert!(matches!(response.status, 400 | 401), "{path}: {} {}", response.status, response.body);
            }
        }
    }

    async fn a_body_of_another_shape_is_a_400(db: TestDatabase) {
        let app = TestApp::build_undescribed(db, |_| {}).await;
        let odd = [
            json!(null), json!(true), json!(0), json!("x"), json!([]), json!([{}]), json!({}), json!({ "username": [] }),
            json!({ "username": {}, "password": {}, "token": {}, "refresh": {} }),
            json!({ "username": true, "password": false, "token": true, "refresh": true }),
            json!({ "username": ["a"], "password": ["b"], "token": ["c"], "refresh": ["d"] }),
            json!({ "username": "", "password": "", "token": "", "refresh": "" }),
            json!({ "__proto__": {}, "constructor": {} }),
        ];
        for (path, _) in PATHS.iter().filter(|(_, allow)| allow.starts_with("POST")) {
            for body in &odd {
                let response = app.anonymous().post(path, body.clone()).await;
                is_fit_for_the_public(&format!("{path} {body}"), &response);
                assert_eq!(response.status, 400, "{path} {body}: {}", response.body);
                assert!(response.json().is_object(), "{path} {body}: {}", response.body);
            }
        }
    }

    async fn the_answer_does_not_tell_which_accounts_exist(db: TestDatabase) {
        let app = TestApp::build_undescribed(db, |_| {}).await;
        app.sql("UPDATE auth_user SET password = '!unusable' WHERE username = 'bob'").await;
        for path in LOGINS {
            let mut answers = Vec::new();
            for (username, password) in [
                ("alice", "wrong"), ("nobody", "wrong"), ("ivan", ivan().password), ("ivan", "wrong"), ("bob", "wrong"),
                ("bob", "!unusable"), ("ALICE", alice().password),
            ] {
                let body = json!({ "username": username, "password": password });
                let response = app.anonymous().post(path, body).await;
                is_fit_for_the_public(path, &response);
                answers.push((username, (response.status, response.body.clone(), response.header("WWW-Authenticate").to_owned())));
            }
            let (_, first) = &answers[0];
            for (username, answer) in &answers {
                assert_eq!(answer, first, "{path} {username}");
            }
        }
    }

    async fn a_malformed_password_string_is_refused(db: TestDatabase) {
        let app = TestApp::build_undescribed(db, |settings| {
            settings.auth.password_hashers = PasswordHashers::from_names(&[
                "MD5PasswordHasher", "PBKDF2PasswordHasher", "PBKDF2SHA1PasswordHasher", "Argon2PasswordHasher",
                "BCryptSHA256PasswordHasher", "BCryptPasswordHasher", "ScryptPasswordHasher",
            ])
            .unwrap();
        })
        .await;
        for stored in [
            "", "!", "x", "$", "$$", "$$$$", "md5", "md5$", "md5$$", "md5$salt", "md5$salt$zz", "plain$correct horse 1",
            "pbkdf2_sha256$", "pbkdf2_sha256$x$y$z", "pbkdf2_sha256$-1$s$h", "pbkdf2_sha256$0$s$h",
            "pbkdf2_sha256$99999999999999999999$s$h", "pbkdf2_sha256$1$s$", "pbkdf2_sha256$1$$AAAA",
            "argon2$", "argon2$argon2id$v=19$m=4294967295,t=4294967295,p=4294967295$c2FsdA$AAAA",
            "argon2$argon2id$v=19$m=0,t=0,p=0$c2FsdA$AAAA", "argon2$argon2id$v=19$m=8,t=1,p=1$$", "argon2$argon2x$v=1$$$",
            "bcrypt_sha256$", "bcrypt_sha256$$2b$99$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "bcrypt$$2b$04$",
            "bcrypt$$2b$04$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\u{e9}", "bcrypt$$9z$04$AAAA",
            "scrypt$", "scrypt$3$s$8$1$AAAA", "scrypt$18446744073709551615$s$8$1$AAAA", "scrypt$2$s$4294967295$4294967295$AA",
            "crypt$$ab", "sha1$s$h", "unknown$1$2$3", "\u{1f600}",
        ] {
            app.sql(&format!("UPDATE auth_user SET password = '{stored}' WHERE username = 'alice'")).await;
            for password in [alice().password, "x"] {
                let body = json!({ "username": "alice", "password": password });
                let response = app.anonymous().post("/api/token/", body).await;
                assert_eq!(response.status, 401, "{stored}: {}", response.body);
            }
        }
    }

    async fn a_very_long_password_is_refused_in_time(db: TestDatabase) {
        let app = TestApp::build_undescribed(db, |_| {}).await;
        let long = "p".repeat(1 << 20);
        for (username, password) in [("alice", long.as_str()), ("nobody", &long), (&long, "x"), (&long, &long)] {
            let start = std::time::Instant::now();
            let body = json!({ "username": username, "password": password });
            let response = app.anonymous().post("/api/token/", body).await;
            assert!(matches!(response.status, 400..=499), "{}", response.status);
            assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
        }
    }

    /// bcrypt reads at most 72 bytes, and its C version stops at a NUL.
    async fn a_password_counts_to_its_last_byte(db: TestDatabase) {
        for hasher in ["BCryptPasswordHasher", "BCryptSHA256PasswordHasher", "PBKDF2PasswordHasher"] {
            let hashers = PasswordHashers::from_names(&[hasher]).unwrap();
            let whole = "x".repeat(72);
            let encoded = hashers.encode(&whole).unwrap();
            assert!(hashers.check(&whole, &encoded).is_correct, "{hasher}");
            for other in [format!("{whole}y"), format!("{whole}\0"), format!("{whole}\0y"), "x".repeat(71), "x".repeat(73)] {
                assert!(!hashers.check(&other, &encoded).is_correct, "{hasher} {other:?}");
            }
            let short = hashers.encode("short").unwrap();
            assert!(!hashers.check("short\0tail", &short).is_correct, "{hasher}");
        }
        drop(db);
    }

    async fn a_deactivated_user_is_refused_at_once(db: TestDatabase) {
        let app = TestApp::build_undescribed(db, |_| {}).await;
        let tokens = app.login(&alice()).await;
        let credentials = json!({ "username": "alice", "password": alice().password });
        let key = app.anonymous().post("/api/authtoken/", credentials.clone()).await.json()["token"].as_str().unwrap().to_owned();
        let legacy = app.anonymous().post("/api-token-auth/", credentials.clone()).await.json()["token"].as_str().unwrap().to_owned();
        let header = |scheme: &str, token: &str| app.anonymous().with_header("Authorization", format!("{scheme} {token}"));
        let bearer = header("Bearer", tokens["access"].as_str().unwrap());
        let (by_key, by_legacy) = (header("Token", &key), header("JWT", &legacy));
        let statuses = async || {
            [
                bearer.get("/api/protected/").await.status,
                by_key.get("/api/hello/token/").await.status,
                by_legacy.get("/protected-url/").await.status,
            ]
        };
        assert_eq!(statuses().await, [200, 200, 200]);
        for change in ["UPDATE auth_user SET is_active = false WHERE username = 'alice'", "DELETE FROM auth_user WHERE username = 'alice'"] {
            if change.starts_with("DELETE") {
                for table in ["authtoken_token", "token_blacklist_outstandingtoken"] {
                    app.sql(&format!("DELETE FROM {table}")).await;
                }
            }
            app.sql(change).await;
            assert_eq!(statuses().await, [401, 401, 401], "{change}");
            let refreshed = app.anonymous().post("/api/token/refresh/", json!({ "refresh": tokens["refresh"] })).await;
            assert_eq!(refreshed.status, 401, "{change}: {}", refreshed.body);
            for path in LOGINS {
                let response = app.anonymous().post(path, credentials.clone()).await;
                assert!(matches!(response.status, 400 | 401), "{change} {path}: {}", response.body);
                assert!(!matches!(response.json(), Value::Object(body) if body.contains_key("token") || body.contains_key("access")));
            }
        }
    }
}
