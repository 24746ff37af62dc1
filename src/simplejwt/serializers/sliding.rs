//! A sliding token in, the same with more time out. Python counterpart: `TokenRefreshSlidingSerializer`.

use actix_web::HttpRequest;

use super::race::decide_race;
use super::user::{RefreshError, check_user};
use super::{Context, OneToken};
use crate::db::DbConnection;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::fields::CharField;
use crate::rest_framework::serializers::{Serializer, Validated};
use crate::simplejwt::tokens::{Sliding, SlidingToken};

/// `TokenRefreshSlidingSerializer`: a sliding token.
pub struct TokenRefreshSliding {
    token: String,
}

impl Serializer for TokenRefreshSliding {
    fn fields(_req: &HttpRequest) -> Vec<CharField> {
        vec![CharField::new("token")]
    }

    fn from_validated(mut values: Validated) -> Self {
        Self { token: values.take("token") }
    }
}

impl TokenRefreshSliding {
    /// The same token with more time.
    ///
    /// # Errors
    /// 401, as [`TokenRefresh::save`](super::TokenRefresh::save).
    pub async fn save(self, context: Context) -> Result<OneToken, ApiError> {
        context.jwt.backend().prepare(&self.token).await;
        let settings = context.jwt.settings();
        if !settings.check_revoke_token {
            let db = context.db.clone();
            return db.read(move |conn| Ok(self.refreshed(&context, conn)?)).await;
        }
        decide_race(context, move |context, conn| match self.refreshed(context, conn) {
            Ok(refreshed) => Ok(Ok(refreshed)),
            Err(error) => error.answer(context, conn),
        })
        .await
    }

    fn refreshed(&self, context: &Context, conn: &mut DbConnection) -> Result<OneToken, RefreshError<Sliding>> {
        let jwt = &context.jwt;
        let token = SlidingToken::from_raw_unrevoked(&self.token, jwt, conn)?;
        let (mut token, user) = check_user(token, context, conn)?;
        token.check_exp(&jwt.settings().sliding_token_refresh_exp_claim, jwt)?;
        if let Some(user) = &user {
            token.set_user_claims(&**user, jwt);
        }
        token.set_exp(jwt.settings().sliding_token_lifetime);
        token.set_iat();
        Ok(OneToken { token: token.encode(jwt)? })
    }
}
