//! Credentials in, tokens out. Python counterpart: `TokenObtainPairSerializer`, `TokenObtainSlidingSerializer`.

use serde::Serialize;

use super::{Context, NO_ACCOUNT_FOR_CREDENTIALS};
use crate::contrib::auth::{AbstractUser, AuthState};
use crate::db::DbConnection;
use crate::http::outcome::Refusal;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::fields::CharField;
use crate::rest_framework::serializers::{Fields, Serializer};
use crate::rest_framework::state::app_data;
use crate::simplejwt::exceptions::{TokenError, no_active_account};
use crate::simplejwt::state::JwtState;
use crate::simplejwt::tokens::{RefreshToken, SlidingToken};

/// `TokenObtainSerializer`: user name and password.
pub struct TokenObtain {
    username: String,
    password: String,
}

impl Serializer for TokenObtain {
    fn read(fields: &mut Fields<'_>) -> Self {
        let users = app_data::<AuthState>(fields.request()).map(AuthState::users);
        let username = fields.read(CharField::new(users.map_or("username", |users| users.username_field())));
        Self { username, password: fields.read(CharField::new("password")) }
    }
}

/// `{"refresh": …, "access": …}`.
#[derive(Debug, Serialize)]
pub struct TokenPair {
    /// The refresh token.
    pub refresh: String,
    /// The access token.
    pub access: String,
}

/// `{"token": …}`.
#[derive(Debug, Serialize)]
pub struct OneToken {
    /// The sliding token.
    pub token: String,
}

impl TokenObtain {
    /// A new pair for whoever has these credentials.
    ///
    /// An unknown user, a wrong password and an inactive user get the same 401 after the same amount of work: a
    /// difference would tell a stranger which accounts exist.
    ///
    /// # Errors
    /// That 401, or 503 when too many others log in.
    pub async fn pair(self, context: Context) -> Result<TokenPair, ApiError> {
        self.issue(context, |user, jwt, conn| {
            let refresh = RefreshToken::for_user(user, jwt, conn)?;
            Ok(TokenPair { access: refresh.access_token(jwt).encode(jwt)?, refresh: refresh.encode(jwt)? })
        })
        .await
    }

    /// A new sliding token for whoever has these credentials.
    ///
    /// # Errors
    /// As [`TokenObtain::pair`].
    pub async fn sliding(self, context: Context) -> Result<OneToken, ApiError> {
        self.issue(context, |user, jwt, conn| {
            Ok(OneToken { token: SlidingToken::for_user(user, jwt, conn)?.encode(jwt)? })
        })
        .await
    }

    async fn issue<T: Send + 'static>(
        self,
        context: Context,
        make: impl FnOnce(&dyn AbstractUser, &JwtState, &mut DbConnection) -> Result<T, TokenError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let refusal = || no_active_account(NO_ACCOUNT_FOR_CREDENTIALS);
        let user =
            context.auth.authenticate_from(&context.db, &context.address, &self.username, &self.password).await?;
        let user = user.ok_or_else(refusal)?;
        let db = context.db.clone();
        db.write(move |conn| {
            // Hashing took its time, with no connection held. Whoever was switched off meanwhile gets no token.
            let user = context.users().get_by_natural_key(conn, user.username())?.ok_or_else(refusal)?;
            if !context.jwt.user_may_have_tokens(&*user) {
                return Err(refusal().because(format_args!("{} may not have tokens", &*user)).refused(Refusal::User));
            }
            let tokens = make(&*user, &context.jwt, conn)?;
            if context.jwt.settings().update_last_login {
                context.users().update_last_login(conn, &*user, context.jwt.clock().now())?;
            }
            Ok(tokens)
        })
        .await
    }
}
