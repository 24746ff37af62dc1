//! A user made from a token alone. Python counterpart: `rest_framework_simplejwt.models.TokenUser`.

use std::sync::Arc;

use serde_json::Value;

use super::tokens::AuthToken;
use crate::contrib::auth::{AbstractUser, SharedUser, UserId};
use crate::core::jwt::Claims;

/// The claims of the token that a protected view has accepted: `request.auth`.
#[derive(Clone, Debug)]
pub struct ValidatedToken {
    pub(super) class: AuthToken,
    pub(super) claims: Arc<Claims>,
}

impl ValidatedToken {
    /// Its class, one of `AUTH_TOKEN_CLASSES`.
    pub fn class(&self) -> AuthToken {
        self.class
    }

    /// The value of a claim.
    pub fn get(&self, claim: &str) -> Option<&Value> {
        self.claims.get(claim)
    }

    /// All claims.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }
}

/// The user of [`JwtStatelessUserAuthentication`](super::authentication::JwtStatelessUserAuthentication): the data of the token,
/// without a look-up in the database.
///
/// Name and rights come from the claims `username`, `is_staff` and `is_superuser`, if the token has them.
#[derive(Clone, Debug)]
pub struct TokenUser {
    pub(super) id: Value,
    /// The primary key, if `USER_ID_FIELD` is that.
    pub(super) pk: Option<UserId>,
    pub(super) token: ValidatedToken,
}

impl TokenUser {
    /// The user's id in the token.
    pub fn id(&self) -> &Value {
        &self.id
    }

    /// The token that names the user.
    pub fn token(&self) -> &ValidatedToken {
        &self.token
    }

    fn flag(&self, claim: &str) -> bool {
        self.token.get(claim).and_then(Value::as_bool).unwrap_or(false)
    }
}

impl AbstractUser for TokenUser {
    /// `None` unless `USER_ID_FIELD` is `id`: a user with the name `1` is not the user with the key 1.
    fn pk(&self) -> Option<UserId> {
        self.pk
    }

    fn username(&self) -> &str {
        self.token.get("username").and_then(Value::as_str).unwrap_or("")
    }

    fn is_staff(&self) -> bool {
        self.flag("is_staff")
    }

    fn is_superuser(&self) -> bool {
        self.flag("is_superuser")
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        match name {
            "id" | "pk" => Some(self.id.clone()),
            name => self.token.get(name).cloned(),
        }
    }
}

impl From<TokenUser> for SharedUser {
    fn from(user: TokenUser) -> Self {
        Self::new(user)
    }
}
