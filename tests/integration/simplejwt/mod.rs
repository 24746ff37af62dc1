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

use actix_simplejwt::{AppsBuilder, Settings, urls};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::{TestApp, TestDatabase};

/// The body of the 401 about an invalid token.
fn invalid(detail: &str) -> Value {
    json!({ "detail": detail, "code": "token_not_valid" })
}

/// A token of an answer.
fn text(tokens: &Value, name: &str) -> String {
    tokens[name].as_str().unwrap_or_else(|| panic!("no {name} in {tokens}")).to_owned()
}

/// The claims of a token, whose signature is not checked.
fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// A server whose claims hook counts its calls for a token and those before it, in the claim `calls`.
async fn counting_claims(db: TestDatabase, adjust: impl FnOnce(&mut Settings)) -> TestApp {
    let extend = |builder: AppsBuilder| {
        builder.claims(|_user, claims| {
            let calls = claims.get("calls").and_then(Value::as_i64).unwrap_or(0);
            claims.insert("calls".to_owned(), (calls + 1).into());
        })
    };
    TestApp::build_site(db, urls::configure, adjust, extend).await
}
