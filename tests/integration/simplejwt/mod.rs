//! The endpoints of `rest_framework_simplejwt`.

mod blacklist;
mod obtain;
mod protected;
mod refresh;
mod sliding;
mod verify;

use serde_json::{Value, json};

/// What the token views answer to a token they refuse.
fn invalid(detail: &str) -> Value {
    json!({ "detail": detail, "code": "token_not_valid" })
}

/// The text of one token of a login.
fn text(tokens: &Value, name: &str) -> String {
    tokens[name].as_str().unwrap_or_else(|| panic!("no {name} in {tokens}")).to_owned()
}
