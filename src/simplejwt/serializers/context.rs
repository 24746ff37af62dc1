//! What all serializers of this app share. Python counterpart: `self.context`, and the users of tokens.

use std::future::Future;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::contrib::auth::SharedUser;
use crate::contrib::auth::models::UserLookup;
use crate::db::Lookup;
use crate::http::outcome::TokenEvent;
use crate::rest_framework::context;
use crate::rest_framework::serializers::Serializer;
use crate::simplejwt::exceptions::{NO_ACCOUNT_FOR_TOKEN, TokenError};
use crate::simplejwt::state::JwtState;
use crate::simplejwt::token_family::client::Client;
use crate::simplejwt::tokens::{Revocable, Token, password_digest};

pub(in crate::simplejwt) const NO_ACCOUNT_FOR_CREDENTIALS: &str = "No active account found with the given credentials";
pub(in crate::simplejwt) const PASSWORD_CHANGED: &str = "The user's password has been changed.";

/// The context of the serializers of this app.
pub type Context<'a> = context::Context<'a, Arc<JwtState>>;

impl Context<'_> {
    /// The user of a token, who must be allowed to have tokens. `None` if the token names no user: simplejwt accepts it.
    ///
    /// With `CHECK_REVOKE_TOKEN` a token that is older than the user's password is blacklisted.
    pub(in crate::simplejwt) async fn get_user<C: Revocable>(
        &self,
        token: &Token<C>,
    ) -> Result<Option<SharedUser>, TokenError> {
        let settings = &self.state.settings;
        let id = &token[&*settings.user_id_claim];
        // simplejwt looks up no id that is false in Python. It crashes on an empty text or list; here no user has it.
        if matches!(id, Value::Null | Value::Bool(false)) || id.as_f64() == Some(0.0) {
            return Ok(None);
        }
        let refused = |message, what| TokenError::authentication_failed(message, format!("user {id} {what}"));
        let user = self.db.look_up(self.user_lookup(token)).await?;
        let user = user.ok_or_else(|| refused(NO_ACCOUNT_FOR_TOKEN, "does not exist"))?;
        if !(self.state.user_rule)(&*user) {
            return Err(refused(NO_ACCOUNT_FOR_TOKEN, "may not have tokens"));
        }
        if settings.check_revoke_token && token[&*settings.revoke_token_claim] != password_digest(&*user) {
            self.blacklist(token.clone()).await?;
            return Err(refused(PASSWORD_CHANGED, "has changed the password"));
        }
        Ok(Some(user))
    }

    /// Where the request comes from.
    pub(in crate::simplejwt) fn client(&self) -> Client {
        Client::new(self.ip_address(), &self.user_agent())
    }

    /// The search for the user of a token.
    pub(in crate::simplejwt) fn user_lookup<C>(&self, token: &Token<C>) -> UserLookup {
        let settings = &self.state.settings;
        let (name, value) = (settings.user_id_field.clone(), token[&*settings.user_id_claim].clone());
        UserLookup { users: Arc::clone(self.auth.users()), name, value }
    }

    /// Blacklists a token.
    pub(in crate::simplejwt) async fn blacklist<C: Revocable>(&self, token: Token<C>) -> Result<(), TokenError> {
        let (jwt, lookup) = (Arc::clone(self.state), self.user_lookup(&token));
        if !jwt.has_blacklist {
            return Ok(());
        }
        self.db.write(move |conn| token.blacklist(lookup.find(conn)?.and_then(|user| user.pk()), &jwt, conn)).await
    }
}

/// A serializer of this app.
pub trait TokenSerializer: Serializer {
    /// Decides about the request and makes the body of the answer.
    ///
    /// # Errors
    /// Says why the request is refused.
    fn validate(self, context: &Context<'_>) -> impl Future<Output = Result<TokenData, TokenError>>;
}

/// The body of an answer.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum TokenData {
    /// For credentials.
    Pair {
        /// The refresh token.
        refresh: String,
        /// The access token.
        access: String,
    },
    /// For a refresh token.
    Refreshed {
        /// The access token.
        access: String,
        /// With `ROTATE_REFRESH_TOKENS`, the new refresh token.
        #[serde(skip_serializing_if = "Option::is_none")]
        refresh: Option<String>,
    },
    /// For a refresh token that has just been exchanged: the same successor again.
    RefreshedAgain {
        /// A new access token.
        access: String,
        /// The refresh token that replaced this one.
        refresh: String,
    },
    /// For credentials.
    Sliding {
        /// The sliding token.
        token: String,
    },
    /// For a sliding token.
    SlidingRefreshed {
        /// The same token with a later `exp`.
        token: String,
    },
    /// For a valid token.
    Verified {},
    /// For a token that is now blacklisted.
    Blacklisted {},
}

impl TokenData {
    /// What the metrics count the answer as.
    pub fn event(&self) -> TokenEvent {
        match self {
            Self::Pair { .. } | Self::Sliding { .. } => TokenEvent::Issued,
            Self::Refreshed { .. } | Self::SlidingRefreshed { .. } => TokenEvent::Refreshed,
            Self::RefreshedAgain { .. } => TokenEvent::RefreshedAgain,
            Self::Verified {} => TokenEvent::Verified,
            Self::Blacklisted {} => TokenEvent::Blacklisted,
        }
    }
}
