//! The endpoints of `rest_framework_simplejwt`.

mod blacklist;
mod families;
mod keys;
mod oauth2;
mod obtain;
mod protected;
mod refresh;
mod sliding;
mod verify;
mod without_blacklist;

use actix_simplejwt::core::jwt::{Algorithm, Claims, SigningKey, encode};
use actix_simplejwt::db::schema::auth_user;
use actix_simplejwt::{AppsBuilder, Settings, urls};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::prelude::*;
use serde_json::{Value, json};

use crate::support::{TestApp, TestDatabase};

/// The body of the 401 about an invalid token.
fn invalid(detail: &str) -> Value {
    json!({ "detail": detail, "code": "token_not_valid" })
}

/// A token of an answer.
pub fn text(tokens: &Value, name: &str) -> String {
    tokens[name].as_str().unwrap_or_else(|| panic!("no {name} in {tokens}")).to_owned()
}

/// The claims of a token, whose signature is not checked.
pub fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// A token with these claims, signed with the key of the servers.
fn signed(claims: Value) -> String {
    let key = SigningKey::new(Algorithm::HS256, &"a-test-secret-key-of-more-than-fifty-characters-0123456789".into());
    encode(&serde_json::from_value(claims).unwrap(), &key.unwrap()).unwrap()
}

/// A server whose claims hooks count their calls for a token and the tokens before it, in the claims `calls`, `second` and
/// `queries`.
async fn counting_claims(db: TestDatabase, adjust: impl FnOnce(&mut Settings)) -> TestApp {
    fn count(claims: &mut Claims, name: &str, by: i64) {
        let calls = claims.get(name).and_then(Value::as_i64).unwrap_or(0);
        claims.insert(name.to_owned(), (calls + by).into());
    }
    let extend = |builder: AppsBuilder| {
        let builder = builder.claims(|_user, claims| count(claims, "calls", 1));
        let builder = builder.claims(|_user, claims| count(claims, "second", 1));
        builder.claims_from_database(|user, claims, conn| {
            let found = auth_user::table.filter(auth_user::username.eq(user.username())).count().get_result(conn)?;
            count(claims, "queries", found);
            Ok(())
        })
    };
    TestApp::build_site(db, urls::configure, adjust, extend).await
}

/// Asserts how often the hooks of [`counting_claims`] were called for a token and the tokens before it.
fn assert_calls(token: &str, calls: i64) {
    let claims = claims(token);
    assert_eq!([&claims["calls"], &claims["second"], &claims["queries"]], [calls; 3]);
}
