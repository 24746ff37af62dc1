//! A sliding token for the next. Python counterpart: `TokenRefreshSlidingSerializer`.

use super::context::{Context, TokenData, TokenSerializer};
use crate::http::outcome::TokenEvent;
use crate::rest_framework::fields::CharField;
use crate::rest_framework::serializers::{Fields, Serializer};
use crate::simplejwt::exceptions::TokenError;
use crate::simplejwt::tokens::SlidingToken;

/// A sliding token for the same with a later `exp`.
pub struct TokenRefreshSlidingSerializer(String);

impl Serializer for TokenRefreshSlidingSerializer {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self(fields.read(CharField::new("token")))
    }
}

impl TokenSerializer for TokenRefreshSlidingSerializer {
    const EVENT: TokenEvent = TokenEvent::Refreshed;

    async fn validate(self, context: &Context<'_>) -> Result<TokenData, TokenError> {
        let (jwt, settings) = (context.state, &context.state.settings);
        let mut token = SlidingToken::from_raw_unrevoked(&self.0, jwt, context.db).await?;
        let user = context.get_user(&token).await?;
        token.check_exp(&settings.sliding_token_refresh_exp_claim, jwt)?;
        token.set_user_claims(user.as_deref(), jwt);
        token.set_exp(settings.sliding_token_lifetime);
        token.set_iat();
        Ok(TokenData::Sliding { token: token.encode(jwt)? })
    }
}
