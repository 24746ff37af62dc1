//! `GET /.well-known/jwks.json`, and tokens under several keys.

use actix_simplejwt::Settings;
use actix_simplejwt::core::crypto::SecretString;
use actix_simplejwt::core::jwt::{Algorithm, SigningKey, encode_with_headers, generate_key, key_id};
use actix_simplejwt::simplejwt::settings::KeyId;
use actix_web::http::Method;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{claims, invalid, text};
use crate::support::{Client, TestApp, TestDatabase, alice};

const JWKS: &str = "/.well-known/jwks.json";

struct Pair {
    private: SecretString,
    public: String,
    kid: String,
}

fn pair() -> Pair {
    let private = generate_key(Algorithm::ES256).unwrap();
    let key = SigningKey::new(Algorithm::ES256, &private).unwrap().verifying_key().clone();
    Pair { private, public: key.public_pem().unwrap(), kid: key.thumbprint().unwrap() }
}

fn signed_by(settings: &mut Settings, key: &Pair) {
    settings.simple_jwt.algorithm = Algorithm::ES256;
    settings.simple_jwt.signing_key = Some(key.private.clone());
}

/// The claims of `token`, signed by `key`.
fn resigned(token: &str, key: &SecretString, headers: &[(&str, &str)]) -> String {
    let Value::Object(claims) = claims(token) else { panic!("no claims") };
    encode_with_headers(&claims.into(), &SigningKey::new(Algorithm::ES256, key).unwrap(), headers).unwrap()
}

/// The claims of `token` with any header, signed by HMAC.
fn hmac_token(token: &str, header: &Value, key: &[u8]) -> String {
    let signed = [header.to_string(), claims(token).to_string()].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
}

async fn verify(client: &Client, token: &str) -> (u16, Value) {
    let answer = client.post("/api/token/verify/", json!({ "token": token })).await;
    (answer.status, answer.json())
}

fn accepted() -> (u16, Value) {
    (200, json!({}))
}

fn refused() -> (u16, Value) {
    (401, invalid("Token is invalid"))
}

per_database! {
    async fn the_public_keys_are_published_and_kept_by_their_tag(db: TestDatabase) {
        let (first, second) = (pair(), pair());
        let app = TestApp::build(db, |settings| {
            signed_by(settings, &first);
            settings.simple_jwt.signing_keys_inactive = Some(second.public.clone().into());
        })
        .await;
        let answer = app.anonymous().get(JWKS).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("Content-Type"), "application/json");
        assert_eq!(answer.header("Cache-Control"), "max-age=600");
        let set = answer.json();
        let kids: Vec<_> = set["keys"].as_array().unwrap().iter().map(|key| text(key, "kid")).collect();
        assert_eq!(kids, [first.kid.clone(), second.kid.clone()]);
        for key in set["keys"].as_array().unwrap() {
            let names: Vec<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(names, ["kid", "use", "alg", "crv", "kty", "x", "y"]);
        }
        assert!(!answer.body.contains("PRIVATE"), "{}", answer.body);

        let tag = answer.header("ETag");
        assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() == 66, "{tag}");
        for known in [tag.to_owned(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
            let again = app.anonymous().with_header("If-None-Match", known.as_str()).get(JWKS).await;
            assert_eq!((again.status, again.body.as_str(), again.header("ETag")), (304, "", tag), "{known}");
            assert_eq!(again.header("Cache-Control"), "max-age=600");
        }
        let other = app.anonymous().with_header("If-None-Match", "\"x\"").get(JWKS).await;
        assert_eq!((other.status, other.body), (200, answer.body.clone()));
        // For every client and every `Accept`.
        for (name, value) in [("Accept", "application/jwk-set+json"), ("Accept", "text/html"), ("Authorization", "Bearer x")] {
            let answer = app.anonymous().with_header(name, value).get(JWKS).await;
            assert_eq!((answer.status, answer.header("Content-Type")), (200, "application/json"), "{value}");
        }
        assert_eq!(app.anonymous().send(Method::POST, JWKS, None, b"").await.status, 405);
        assert_eq!(app.anonymous().get("/.well-known/jwks.json/").await.status, 404);

        let token = text(&app.login(&alice()).await, "access");
        assert_eq!(key_id(&token).unwrap(), Some(first.kid));
    }

    async fn a_single_key_is_published_and_writes_no_kid(db: TestDatabase) {
        let only = pair();
        let app = TestApp::build(db, |settings| {
            signed_by(settings, &only);
            settings.simple_jwt.jwks_max_age = std::time::Duration::from_secs(30);
        })
        .await;
        let answer = app.anonymous().get(JWKS).await;
        assert_eq!((answer.status, answer.header("Cache-Control")), (200, "max-age=30"));
        assert_eq!(answer.json()["keys"][0]["kid"], only.kid.as_str());
        let token = text(&app.login(&alice()).await, "access");
        assert!(token.starts_with(&URL_SAFE_NO_PAD.encode(r#"{"alg":"ES256","typ":"JWT"}"#)), "{token}");
        assert_eq!(verify(&app.anonymous(), &resigned(&token, &only.private, &[("kid", "of another issuer")])).await, accepted());
    }

    async fn an_hmac_key_is_never_published(db: TestDatabase) {
        let app = TestApp::build(db, |settings| {
            settings.simple_jwt.signing_keys_inactive = Some("another secret of at least 32 bytes".into());
            settings.simple_jwt.key_id = KeyId::Thumbprint;
        })
        .await;
        let answer = app.anonymous().get(JWKS).await;
        assert_eq!((answer.status, answer.json()), (404, json!({ "detail": "Not found." })));
        let token = text(&app.login(&alice()).await, "access");
        assert!(token.starts_with(&URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#)), "{token}");
        let with_kid = hmac_token(&token, &json!({ "alg": "HS256", "kid": "a" }), b"another secret of at least 32 bytes");
        assert_eq!(verify(&app.anonymous(), &with_kid).await, refused());
        let without = hmac_token(&token, &json!({ "alg": "HS256" }), b"another secret of at least 32 bytes");
        assert_eq!(verify(&app.anonymous(), &without).await, accepted());
    }

    async fn forged_tokens_are_refused_under_several_keys(db: TestDatabase) {
        let (first, second, other) = (pair(), pair(), pair());
        let app = TestApp::build(db, |settings| {
            signed_by(settings, &first);
            settings.simple_jwt.signing_keys_inactive = Some(second.public.clone().into());
        })
        .await;
        let client = app.anonymous();
        let token = text(&app.login(&alice()).await, "access");
        for (key, headers) in [
            (&first, vec![("kid", first.kid.as_str())]),
            (&second, vec![("kid", second.kid.as_str())]),
            (&first, vec![]),
            (&second, vec![]),
        ] {
            let token = resigned(&token, &key.private, &headers);
            assert_eq!(verify(&client, &token).await, accepted(), "{headers:?}");
            let bearer = client.clone().with_header("Authorization", format!("Bearer {token}"));
            for _ in 0..2 {
                assert_eq!(bearer.get("/api/protected/").await.status, 200);
            }
        }
        let long = "x".repeat(10_000);
        let mut forged = vec![
            resigned(&token, &first.private, &[("kid", &second.kid)]),
            resigned(&token, &second.private, &[("kid", &first.kid)]),
            resigned(&token, &first.private, &[("kid", &other.kid)]),
            resigned(&token, &first.private, &[("kid", "")]),
            resigned(&token, &first.private, &[("kid", "../../../../dev/null")]),
            resigned(&token, &first.private, &[("kid", "' OR 1=1 --")]),
            resigned(&token, &first.private, &[("kid", &long)]),
            resigned(&token, &other.private, &[("kid", &first.kid)]),
            resigned(&token, &other.private, &[]),
        ];
        // The public keys, which everyone has, as secrets of an HMAC.
        let set = client.get(JWKS).await;
        for secret in [first.public.as_bytes(), second.public.trim_end().as_bytes(), set.body.as_bytes(), b""] {
            for header in [
                json!({ "alg": "HS256", "kid": first.kid }),
                json!({ "alg": "HS256", "kid": second.kid }),
                json!({ "alg": "HS256" }),
                json!({ "alg": "ES256", "kid": first.kid }),
            ] {
                forged.push(hmac_token(&token, &header, secret));
            }
        }
        for kid in [json!(1), json!([first.kid]), json!({ "a": first.kid }), json!(true), json!(null)] {
            forged.push(hmac_token(&token, &json!({ "alg": "ES256", "kid": kid }), b"x"));
        }
        for alg in ["none", "RS256", "ES384", "EdDSA"] {
            forged.push(hmac_token(&token, &json!({ "alg": alg, "kid": first.kid }), b"x"));
        }
        for token in &forged {
            assert_eq!(verify(&client, token).await, refused(), "{token}");
            let answer = client.clone().with_header("Authorization", format!("Bearer {token}")).get("/api/protected/").await;
            assert_eq!((answer.status, &answer.json()["code"]), (401, &json!("token_not_valid")), "{token}");
        }
    }

    async fn fallbacks_keep_users_logged_in_when_secret_key_changes(db: TestDatabase) {
        let former = TestApp::build(db, |_| {}).await;
        let tokens = former.login(&alice()).await;
        let credentials = json!({ "username": "alice", "password": alice().password });
        let legacy = former.anonymous().post("/api-token-auth/", credentials).await;
        let legacy = legacy.json()["token"].as_str().map(str::to_owned);
        let key = |settings: &mut Settings, has_fallback: bool| {
            let old = std::mem::replace(&mut settings.secret_key, "a new secret key of at least fifty characters, for the test".into());
            settings.secret_key_fallbacks = if has_fallback { vec!["unrelated".into(), old] } else { Vec::new() };
        };
        for (has_fallback, status) in [(true, 200), (false, 401)] {
            let app = former.another(|settings| key(settings, has_fallback)).await;
            let client = app.anonymous().with_header("Authorization", format!("Bearer {}", text(&tokens, "access")));
            assert_eq!(client.get("/api/protected/").await.status, status);
            if let Some(legacy) = &legacy {
                let client = app.anonymous().with_header("Authorization", format!("JWT {legacy}"));
                assert_eq!(client.get("/protected-url/").await.status, status);
            }
            // New tokens are signed only by the new key.
            let new = text(&app.login(&alice()).await, "access");
            assert_eq!(verify(&former.anonymous(), &new).await, refused());
        }
    }
}
