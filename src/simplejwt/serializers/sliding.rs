//! A sliding token in, the same with more time out. Python counterpart: `TokenRefreshSlidingSerializer`.

use super::race::decide_race;
use super::user::{check_user, look_up_user};
use super::{Context, OneToken};
use crate::contrib::auth::SharedUser;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::fields::CharField;
use crate::rest_framework::serializers::{Fields, Serializer};
use crate::simplejwt::tokens::{GenuineToken, Sliding, SlidingToken};

/// `TokenRefreshSlidingSerializer`: a sliding token.
pub struct TokenRefreshSliding {
    token: String,
}

impl Serializer for TokenRefreshSliding {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { token: fields.read(CharField::new("token")) }
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
        let token = GenuineToken::<Sliding>::read(&self.token, &context.jwt)?;
        if !settings.check_revoke_token {
            let token = token.look_up(&context.jwt, &context.db).await?;
            let (token, user) = look_up_user(token, &context).await?;
            return refreshed(token, user.as_ref(), &context);
        }
        decide_race(context, move |context, conn| {
            let token = token.check(&context.jwt, conn)?;
            match check_user(token, context, conn) {
                Ok((token, user)) => Ok(Ok(refreshed(token, user.as_ref(), context)?)),
                Err(error) => error.answer(context, conn),
            }
        })
        .await
    }
}

fn refreshed(mut token: SlidingToken, user: Option<&SharedUser>, context: &Context) -> Result<OneToken, ApiError> {
    let (jwt, settings) = (&context.jwt, context.jwt.settings());
    token.check_exp(&settings.sliding_token_refresh_exp_claim, jwt)?;
    if let Some(user) = user {
        token.set_user_claims(&**user, jwt);
    }
    token.set_exp(settings.sliding_token_lifetime);
    token.set_iat();
    Ok(OneToken { token: token.encode(jwt)? })
}
