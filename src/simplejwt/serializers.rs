//! What the views of this app do with a request. Python counterpart: `rest_framework_simplejwt.serializers`.

use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use actix_web::HttpRequest;
use serde::Serialize;
use serde_json::Value;

use super::exceptions::{BLACKLISTED, NO_ACCOUNT_FOR_CREDENTIALS, NO_ACCOUNT_FOR_TOKEN, PASSWORD_CHANGED, TokenError};
use super::state::JwtState;
use super::token_blacklist::models::BlacklistLookup;
use super::tokens::{
    Refresh, RefreshToken, Revocable, Sliding, SlidingToken, Token, UntypedToken, jti, password_digest,
};
use crate::contrib::auth::models::UserLookup;
use crate::contrib::auth::{AuthState, SharedUser};
use crate::db::{Database, Lookup};
use crate::http::outcome::TokenEvent;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::fields::CharField;
use crate::rest_framework::serializers::{Fields, Serializer};
use crate::rest_framework::state::{RestFramework, app_data};
use crate::rest_framework::throttling::client_address;

/// What the serializers work with: the application data of this app, and the client's address.
#[derive(Clone, Debug)]
pub struct Context {
    /// Settings and keys.
    pub jwt: JwtState,
    /// Users and passwords.
    pub auth: AuthState,
    /// The database.
    pub db: Database,
    /// The client's address.
    pub address: String,
    /// `NON_FIELD_ERRORS_KEY`.
    pub non_field_errors_key: Arc<str>,
}

impl Context {
    /// The context of a request.
    ///
    /// # Errors
    /// 500 if a part is missing in the application.
    pub fn of(req: &HttpRequest) -> Result<Self, ApiError> {
        Ok(Self {
            jwt: app_data::<JwtState>(req)?.clone(),
            auth: app_data::<AuthState>(req)?.clone(),
            db: app_data::<Database>(req)?.clone(),
            address: client_address(req),
            non_field_errors_key: RestFramework::of(req)?.settings.non_field_errors_key.as_str().into(),
        })
    }

    fn user_lookup<C>(&self, token: &Token<C>) -> UserLookup {
        let settings = self.jwt.settings();
        UserLookup {
            users: Arc::clone(self.auth.users()),
            name: settings.user_id_field.clone(),
            value: token[&*settings.user_id_claim].clone(),
        }
    }

    /// The user of a token, who must be allowed to have tokens. `None` if the token names no user: simplejwt accepts it.
    ///
    /// With `CHECK_REVOKE_TOKEN` a token that is older than the user's password is blacklisted.
    async fn get_user<C: Revocable>(&self, token: &Token<C>) -> Result<Option<SharedUser>, TokenError> {
        let settings = self.jwt.settings();
        let id = &token[&*settings.user_id_claim];
        // simplejwt looks up no id that is false in Python. It crashes on an empty text or list; here no user has it.
        if matches!(id, Value::Null | Value::Bool(false)) || id.as_f64() == Some(0.0) {
            return Ok(None);
        }
        let refused = |message, what: &str| TokenError::authentication_failed(message, format!("user {id} {what}"));
        let user = self.db.look_up(self.user_lookup(token)).await?;
        let user = user.ok_or_else(|| refused(NO_ACCOUNT_FOR_TOKEN, "does not exist"))?;
        if !self.jwt.user_may_have_tokens(&*user) {
            return Err(refused(NO_ACCOUNT_FOR_TOKEN, "may not have tokens"));
        }
        let digest = token.get(&settings.revoke_token_claim).and_then(Value::as_str);
        if settings.check_revoke_token && digest != Some(&password_digest(&*user)) {
            self.blacklist(token.clone()).await?;
            return Err(refused(PASSWORD_CHANGED, "has changed the password"));
        }
        Ok(Some(user))
    }

    /// Blacklists a token.
    async fn blacklist<C: Revocable>(&self, token: Token<C>) -> Result<(), TokenError> {
        let (jwt, lookup) = (self.jwt.clone(), self.user_lookup(&token));
        if !jwt.has_blacklist() {
            return Ok(());
        }
        self.db.write(move |conn| token.blacklist(lookup.find(conn)?.and_then(|user| user.pk()), &jwt, conn)).await
    }
}

/// A serializer of this app.
pub trait TokenSerializer: Serializer {
    /// The body of the answer.
    type Data: Serialize;
    /// What the metrics count a success as.
    const EVENT: TokenEvent;

    /// Decides about the request and makes the answer.
    ///
    /// # Errors
    /// Says why the request is refused.
    fn validate(self, context: &Context) -> impl Future<Output = Result<Self::Data, TokenError>>;
}

/// `{}`
#[derive(Clone, Copy, Debug, Serialize)]
pub struct NoData {}

/// `{"token": …}`
#[derive(Debug, Serialize)]
pub struct SlidingTokenData {
    /// The sliding token.
    pub token: String,
}

/// `{"refresh": …, "access": …}`
#[derive(Debug, Serialize)]
pub struct TokenPair {
    /// The refresh token.
    pub refresh: String,
    /// The access token.
    pub access: String,
}

/// `{"access": …}`, and `"refresh"` with `ROTATE_REFRESH_TOKENS`.
#[derive(Debug, Serialize)]
pub struct RefreshData {
    /// The access token.
    pub access: String,
    /// The new refresh token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh: Option<String>,
}

/// Credentials for a token of class `C`: `token_class` in Python.
pub struct TokenObtainSerializer<C> {
    username: String,
    password: String,
    token_class: PhantomData<C>,
}

/// Credentials for a refresh token and its access token.
pub type TokenObtainPairSerializer = TokenObtainSerializer<Refresh>;
/// Credentials for a sliding token.
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
    /// A new token of the user with these credentials.
    ///
    /// An unknown name, a wrong password and an inactive user get the same answer after the same time, so that it does
    /// not tell which accounts exist.
    async fn get_token(self, context: &Context) -> Result<Token<C>, TokenError> {
        let refused = |reason| TokenError::AuthenticationFailed { message: NO_ACCOUNT_FOR_CREDENTIALS, reason };
        let auth = &context.auth;
        let user = auth.authenticate(&context.db, &context.address, &self.username, &self.password).await?;
        let user = user.ok_or_else(|| refused(None))?;
        let (jwt, users) = (context.jwt.clone(), Arc::clone(auth.users()));
        let issue = move |conn: &mut _| {
            // The user may have been deleted or deactivated while the password was hashed.
            let user = users.get_by_natural_key(conn, user.username())?;
            let user = user.ok_or_else(|| refused(Some("user was deleted meanwhile".to_owned())))?;
            if !jwt.user_may_have_tokens(&*user) {
                return Err(refused(Some(format!("{} may not have tokens", &*user))));
            }
            let token = Token::outstanding_for_user(&*user, &jwt, conn)?;
            if jwt.settings().update_last_login {
                users.update_last_login(conn, &*user, jwt.clock().now())?;
            }
            Ok(token)
        };
        context.db.write(issue).await
    }
}

impl TokenSerializer for TokenObtainPairSerializer {
    type Data = TokenPair;
    const EVENT: TokenEvent = TokenEvent::Issued;

    async fn validate(self, context: &Context) -> Result<TokenPair, TokenError> {
        let refresh = self.get_token(context).await?;
        let access = refresh.access_token(&context.jwt).encode(&context.jwt)?;
        Ok(TokenPair { refresh: refresh.encode(&context.jwt)?, access })
    }
}

impl TokenSerializer for TokenObtainSlidingSerializer {
    type Data = SlidingTokenData;
    const EVENT: TokenEvent = TokenEvent::Issued;

    async fn validate(self, context: &Context) -> Result<SlidingTokenData, TokenError> {
        Ok(SlidingTokenData { token: self.get_token(context).await?.encode(&context.jwt)? })
    }
}

/// A refresh token for an access token, and with `ROTATE_REFRESH_TOKENS` for a new refresh token.
pub struct TokenRefreshSerializer {
    refresh: String,
}

impl Serializer for TokenRefreshSerializer {
    fn read(fields: &mut Fields<'_>) -> Self {
        let refresh = fields.read(CharField::new("refresh"));
        fields.read_only(CharField::new("access"));
        Self { refresh }
    }
}

impl TokenSerializer for TokenRefreshSerializer {
    type Data = RefreshData;
    const EVENT: TokenEvent = TokenEvent::Refreshed;

    async fn validate(self, context: &Context) -> Result<RefreshData, TokenError> {
        let (jwt, settings) = (&context.jwt, context.jwt.settings());
        let refresh = RefreshToken::from_raw_unrevoked(&self.refresh, jwt, &context.db).await?;
        let user = context.get_user(&refresh).await?;
        let mut access = refresh.access_token(jwt);
        access.set_user_claims(user.as_deref(), jwt);
        let access = access.encode(jwt)?;
        if !settings.rotate_refresh_tokens {
            return Ok(RefreshData { access, refresh: None });
        }
        let mut successor = refresh.clone();
        successor.set_user_claims(user.as_deref(), jwt);
        successor.set_jti(settings);
        successor.set_exp(settings.refresh_token_lifetime);
        successor.set_iat();
        let raw = successor.encode(jwt)?;
        if jwt.has_blacklist() {
            let (jwt, raw, lookup) = (jwt.clone(), raw.clone(), context.user_lookup(&refresh));
            let rotate = move |conn: &mut _| {
                // A foreign key is checked at the commit, so the user must still exist.
                let owner = lookup.find(conn)?;
                if user.is_some() && owner.is_none() {
                    return Err(TokenError::authentication_failed(NO_ACCOUNT_FOR_TOKEN, "user was deleted meanwhile"));
                }
                let owner = owner.and_then(|user| user.pk());
                if jwt.settings().blacklist_after_rotation {
                    refresh.blacklist(owner, &jwt, conn)?;
                }
                successor.outstand(&raw, owner, &jwt, conn)
            };
            context.db.write(rotate).await?;
        }
        Ok(RefreshData { access, refresh: Some(raw) })
    }
}

/// A sliding token for the same with a later `exp`.
pub struct TokenRefreshSlidingSerializer {
    token: String,
}

impl Serializer for TokenRefreshSlidingSerializer {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { token: fields.read(CharField::new("token")) }
    }
}

impl TokenSerializer for TokenRefreshSlidingSerializer {
    type Data = SlidingTokenData;
    const EVENT: TokenEvent = TokenEvent::Refreshed;

    async fn validate(self, context: &Context) -> Result<SlidingTokenData, TokenError> {
        let (jwt, settings) = (&context.jwt, context.jwt.settings());
        let mut token = SlidingToken::from_raw_unrevoked(&self.token, jwt, &context.db).await?;
        let user = context.get_user(&token).await?;
        token.check_exp(&settings.sliding_token_refresh_exp_claim, jwt)?;
        token.set_user_claims(user.as_deref(), jwt);
        token.set_exp(settings.sliding_token_lifetime);
        token.set_iat();
        Ok(SlidingTokenData { token: token.encode(jwt)? })
    }
}

/// Any token, to be checked. It may not be fit for a particular use.
pub struct TokenVerifySerializer {
    token: String,
}

impl Serializer for TokenVerifySerializer {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { token: fields.read(CharField::new("token")) }
    }
}

impl TokenSerializer for TokenVerifySerializer {
    type Data = NoData;
    const EVENT: TokenEvent = TokenEvent::Verified;

    async fn validate(self, context: &Context) -> Result<NoData, TokenError> {
        let (jwt, settings) = (&context.jwt, context.jwt.settings());
        jwt.backend().prepare(&self.token).await;
        let token = UntypedToken::from_raw(&self.token, jwt)?;
        // Like simplejwt, this looks at the blacklist only with this setting. An id that cannot be stored is not on it.
        if settings.blacklist_after_rotation
            && jwt.has_blacklist()
            && let Ok(jti) = jti(token.claims(), settings)
            && context.db.look_up(BlacklistLookup(jti)).await?.is_some()
        {
            return Err(TokenError::Validation { key: context.non_field_errors_key.to_string(), message: BLACKLISTED });
        }
        Ok(NoData {})
    }
}

/// A refresh token, to be blacklisted: logout.
pub struct TokenBlacklistSerializer {
    refresh: String,
}

impl Serializer for TokenBlacklistSerializer {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { refresh: fields.read(CharField::new("refresh")) }
    }
}

impl TokenSerializer for TokenBlacklistSerializer {
    type Data = NoData;
    const EVENT: TokenEvent = TokenEvent::Blacklisted;

    async fn validate(self, context: &Context) -> Result<NoData, TokenError> {
        let refresh = RefreshToken::from_raw_unrevoked(&self.refresh, &context.jwt, &context.db).await?;
        context.blacklist(refresh).await?;
        Ok(NoData {})
    }
}
