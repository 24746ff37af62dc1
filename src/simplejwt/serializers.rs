//! The rules of the views of this app. Python counterpart: `rest_framework_simplejwt.serializers`.

use std::marker::PhantomData;
use std::sync::Arc;

use serde_json::{Value, json};

use super::exceptions::{
    BLACKLISTED, INVALID, NO_ACCOUNT_FOR_CREDENTIALS, NO_ACCOUNT_FOR_TOKEN, PASSWORD_CHANGED, TokenError,
};
use super::settings::SimpleJwtSettings;
use super::state::JwtState;
use super::token_blacklist::models::BlacklistLookup;
use super::token_family::client::Client;
use super::token_family::models::share_user;
use super::tokens::blacklist_mixin::{check_family, jti};
use super::tokens::{Refresh, RefreshToken, Revocable, Sliding, SlidingToken, Token, UntypedToken, password_digest};
use crate::contrib::auth::models::UserLookup;
use crate::contrib::auth::{AuthState, SharedUser, UserId};
use crate::core::python::is_true;
use crate::db::{DatabaseError, DbConnection, Lookup};
use crate::http::log_data::TokenEvent;
use crate::rest_framework::context::{self, TokenData, TokenSerializer};
use crate::rest_framework::fields::CharField;
use crate::rest_framework::serializers::{Fields, Serializer};
use crate::rest_framework::state::app_data;

/// The context of the serializers of this app: Python's `self.context`.
pub type Context<'a> = context::Context<'a, Arc<JwtState>>;

impl Context<'_> {
    /// The user of a token. The user must be allowed to have tokens. `None` if the token names no user, which simplejwt accepts.
    ///
    /// With `CHECK_REVOKE_TOKEN` the token is blacklisted if it is older than the user's password.
    pub(super) async fn get_user<C: Revocable>(&self, token: &Token<C>) -> Result<Option<SharedUser>, TokenError> {
        let settings = &self.state.settings;
        let id = &token[&*settings.user_id_claim];
        // simplejwt does not look up an id that is false in Python.
        if !is_true(id) {
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

    /// Sets the claims about the user, if there is one.
    pub(super) async fn set_user_claims<C: Revocable>(
        &self,
        token: &mut Token<C>,
        user: Option<&SharedUser>,
    ) -> Result<(), TokenError> {
        let Some(user) = user else { return Ok(()) };
        token.set_user_claims(&**user, self.state);
        if !self.state.database_claims_hooks.is_empty() {
            let (jwt, user, mut filled) = (Arc::clone(self.state), user.clone(), token.clone());
            let set_claims = move |conn: &mut DbConnection| -> Result<Token<C>, DatabaseError> {
                filled.set_claims_from_database(&*user, &jwt, conn)?;
                Ok(filled)
            };
            *token = self.db.read(set_claims).await?;
        }
        Ok(())
    }

    /// The search for the user of a token.
    pub(super) fn user_lookup<C>(&self, token: &Token<C>) -> UserLookup {
        self.state.user_lookup(self.auth, &token[&*self.state.settings.user_id_claim])
    }

    /// Blacklists a token.
    ///
    /// # Errors
    /// Returns an error also if simplejwt crashes on the id of the user. The token is blacklisted nevertheless.
    pub(super) async fn blacklist<C: Revocable>(&self, token: Token<C>) -> Result<(), TokenError> {
        if !self.state.has_blacklist {
            return Ok(());
        }
        let (jwt, lookup) = (Arc::clone(self.state), self.user_lookup(&token));
        let has_possible_id = has_possible_id(&token, &jwt.settings);
        let blacklist = move |conn: &mut DbConnection| -> Result<bool, TokenError> {
            let user = lookup.find(conn)?;
            token.blacklist(user.as_ref().and_then(|user| user.pk()), &jwt, conn)?;
            Ok(user.is_some())
        };
        let has_user = self.db.write(blacklist).await?;
        if has_user || has_possible_id { Ok(()) } else { Err(TokenError::invalid(INVALID)) }
    }

    /// The address and the user agent of the request.
    pub(super) fn client(&self) -> Client {
        Client::new(self.ip_address(), &self.user_agent())
    }
}

/// Whether the id of the user can be a primary key, if it has to be one. simplejwt crashes on any other id when it records the token.
fn has_possible_id<C>(token: &Token<C>, settings: &SimpleJwtSettings) -> bool {
    let id = &token[&*settings.user_id_claim];
    let is_possible = match id {
        // A number with any count of digits, as in Python.
        Value::String(text) if text.bytes().any(|byte| byte.is_ascii_digit()) => {
            let digits = text.trim().trim_start_matches(['+', '-']);
            digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') || UserId::from_claim(id).is_some()
        }
        Value::String(_) | Value::Array(_) | Value::Object(_) => false,
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    };
    is_possible || !matches!(settings.user_id_field.as_str(), "id" | "pk")
}

/// Exchanges credentials for a token of class `C`: `token_class` in Python.
pub struct TokenObtainSerializer<C> {
    username: String,
    password: String,
    token_class: PhantomData<C>,
}

/// Exchanges credentials for a refresh token and its access token.
pub type TokenObtainPairSerializer = TokenObtainSerializer<Refresh>;
/// Exchanges credentials for a sliding token.
pub type TokenObtainSlidingSerializer = TokenObtainSerializer<Sliding>;

impl<C: Revocable> Serializer for TokenObtainSerializer<C> {
    fn read(fields: &mut Fields<'_>) -> Self {
        let auth = app_data::<AuthState>(fields.request());
        let field = auth.map_or_else(|_| "username".to_owned(), |auth| auth.users().username_field().to_owned());
        let username = fields.read(CharField::new(field));
        Self { username, password: fields.read(CharField::new("password")), token_class: PhantomData }
    }
}

impl<C: Revocable> TokenObtainSerializer<C> {
    /// Logs in the user with these credentials: a new token, and the user. A view of your own can add claims to the token.
    ///
    /// An unknown name, a wrong password and an inactive user get the same answer after the same time, so the answer does not
    /// reveal which accounts exist.
    ///
    /// # Errors
    /// Returns the reason why the login is refused, and the errors of the database.
    pub async fn log_in(self, context: &Context<'_>) -> Result<(Token<C>, SharedUser), TokenError> {
        let Context { auth, db, address, .. } = context;
        let user = auth.authenticate(db, address, &self.username, &self.password).await?;
        let user =
            user.ok_or(TokenError::AuthenticationFailed { message: NO_ACCOUNT_FOR_CREDENTIALS, reason: None })?;
        let (jwt, users) = (Arc::clone(context.state), Arc::clone(auth.users()));
        let client = jwt.families().map(|_| context.client()).unwrap_or_default();
        let issue = move |conn: &mut _| Token::for_login(&*user, &client, &*users, &jwt, conn);
        db.write(issue).await
    }
}

impl TokenSerializer for TokenObtainPairSerializer {
    type State = Arc<JwtState>;
    type Error = TokenError;

    async fn validate(self, context: &Context<'_>) -> Result<TokenData, TokenError> {
        let (refresh, _user) = self.log_in(context).await?;
        let access = refresh.access_token(context.state).encode(context.state)?;
        let body = json!({ "refresh": refresh.encode(context.state)?, "access": access });
        Ok(TokenData { event: TokenEvent::Issued, body })
    }
}

impl TokenSerializer for TokenObtainSlidingSerializer {
    type State = Arc<JwtState>;
    type Error = TokenError;

    async fn validate(self, context: &Context<'_>) -> Result<TokenData, TokenError> {
        let (token, _user) = self.log_in(context).await?;
        Ok(TokenData { event: TokenEvent::Issued, body: json!({ "token": token.encode(context.state)? }) })
    }
}

/// Exchanges a refresh token for an access token, and with `ROTATE_REFRESH_TOKENS` also for a new refresh token.
pub struct TokenRefreshSerializer(String);

impl Serializer for TokenRefreshSerializer {
    fn read(fields: &mut Fields<'_>) -> Self {
        let refresh = fields.read(CharField::new("refresh"));
        fields.read_only(CharField::new("access"));
        Self(refresh)
    }
}

impl TokenSerializer for TokenRefreshSerializer {
    type State = Arc<JwtState>;
    type Error = TokenError;

    async fn validate(self, context: &Context<'_>) -> Result<TokenData, TokenError> {
        let jwt = context.state;
        if let Some(families) = jwt.families() {
            // Boxed, so that the future of a refresh without families does not become larger.
            return Box::pin(context.refresh_with_families(&self.0, families)).await;
        }
        let refresh = RefreshToken::from_raw_unrevoked(&self.0, jwt, context.db).await?;
        let user = context.get_user(&refresh).await?;
        let mut successor = refresh.clone();
        context.set_user_claims(&mut successor, user.as_ref()).await?;
        let access = successor.access_token(jwt).encode(jwt)?;
        if !jwt.settings.rotate_refresh_tokens {
            return Ok(TokenData { event: TokenEvent::Refreshed, body: json!({ "access": access }) });
        }
        successor.set_jti(&jwt.settings);
        successor.set_exp(jwt.settings.refresh_token_lifetime);
        successor.set_iat();
        let raw = successor.encode(jwt)?;
        if jwt.has_blacklist {
            let (jwt, raw, lookup) = (Arc::clone(jwt), raw.clone(), context.user_lookup(&refresh));
            let rotate = move |conn: &mut _| {
                // A foreign key is checked at the commit, so the user must still exist.
                let owner = lookup.find(conn)?;
                if user.is_some() && owner.is_none() {
                    return Err(TokenError::authentication_failed(NO_ACCOUNT_FOR_TOKEN, "user was deleted meanwhile"));
                }
                if owner.is_none() && !has_possible_id(&refresh, &jwt.settings) {
                    return Err(TokenError::invalid(INVALID));
                }
                let owner = owner.and_then(|user| user.pk());
                if let Some(user_id) = owner {
                    share_user(conn, user_id)?;
                }
                refresh.check_again(&jwt, conn)?;
                if jwt.settings.blacklist_after_rotation {
                    refresh.blacklist(owner, &jwt, conn)?;
                }
                successor.outstand(&raw, owner, &jwt, conn)
            };
            context.db.write(rotate).await?;
        }
        Ok(TokenData { event: TokenEvent::Refreshed, body: json!({ "access": access, "refresh": raw }) })
    }
}

/// Exchanges a sliding token for the same token with a later `exp`.
pub struct TokenRefreshSlidingSerializer(String);

impl Serializer for TokenRefreshSlidingSerializer {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self(fields.read(CharField::new("token")))
    }
}

impl TokenSerializer for TokenRefreshSlidingSerializer {
    type State = Arc<JwtState>;
    type Error = TokenError;

    async fn validate(self, context: &Context<'_>) -> Result<TokenData, TokenError> {
        let (jwt, settings) = (context.state, &context.state.settings);
        let mut token = SlidingToken::from_raw_unrevoked(&self.0, jwt, context.db).await?;
        let user = context.get_user(&token).await?;
        token.check_exp(&settings.sliding_token_refresh_exp_claim, jwt)?;
        context.set_user_claims(&mut token, user.as_ref()).await?;
        token.set_exp(settings.sliding_token_lifetime);
        token.set_iat();
        Ok(TokenData { event: TokenEvent::Refreshed, body: json!({ "token": token.encode(jwt)? }) })
    }
}

/// Verifies a token of any class. The result does not say what the token can be used for.
pub struct TokenVerifySerializer(String);

impl Serializer for TokenVerifySerializer {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self(fields.read(CharField::new("token")))
    }
}

impl TokenSerializer for TokenVerifySerializer {
    type State = Arc<JwtState>;
    type Error = TokenError;

    async fn validate(self, context: &Context<'_>) -> Result<TokenData, TokenError> {
        let jwt = context.state;
        jwt.prepare(&self.0).await;
        let token = UntypedToken::from_raw(&self.0, jwt)?;
        // As in simplejwt, the blacklist is checked only with this setting. An id that cannot be stored cannot be on the
        // blacklist.
        if jwt.settings.blacklist_after_rotation
            && jwt.has_blacklist
            && let Ok(jti) = jti(&token, &jwt.settings)
            && context.db.look_up(BlacklistLookup(jti)).await?.is_some()
        {
            let key = context.non_field_errors_key.to_owned();
            return Err(TokenError::Validation { key, message: BLACKLISTED });
        }
        check_family(&token, jwt.clock.now(), jwt, context.db).await?;
        Ok(TokenData { event: TokenEvent::Verified, body: json!({}) })
    }
}

/// Blacklists a refresh token: logout.
pub struct TokenBlacklistSerializer(String);

impl Serializer for TokenBlacklistSerializer {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self(fields.read(CharField::new("refresh")))
    }
}

impl TokenSerializer for TokenBlacklistSerializer {
    type State = Arc<JwtState>;
    type Error = TokenError;

    async fn validate(self, context: &Context<'_>) -> Result<TokenData, TokenError> {
        let refresh = RefreshToken::from_raw_unrevoked(&self.0, context.state, context.db).await?;
        context.blacklist(refresh).await?;
        Ok(TokenData { event: TokenEvent::Blacklisted, body: json!({}) })
    }
}
