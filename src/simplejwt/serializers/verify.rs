//! Whether a token is valid, and its end. Python counterpart: `TokenVerifySerializer`, `TokenBlacklistSerializer`.

use super::context::{Context, TokenData, TokenSerializer};
use crate::rest_framework::fields::CharField;
use crate::rest_framework::serializers::{Fields, Serializer};
use crate::simplejwt::exceptions::{BLACKLISTED, TokenError};
use crate::simplejwt::token_blacklist::models::BlacklistLookup;
use crate::simplejwt::tokens::{RefreshToken, UntypedToken, check_family, jti};

/// Any token, to be checked. It may not be fit for a particular use.
pub struct TokenVerifySerializer(String);

impl Serializer for TokenVerifySerializer {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self(fields.read(CharField::new("token")))
    }
}

impl TokenSerializer for TokenVerifySerializer {
    async fn validate(self, context: &Context<'_>) -> Result<TokenData, TokenError> {
        let jwt = context.state;
        jwt.prepare(&self.0).await;
        let token = UntypedToken::from_raw(&self.0, jwt)?;
        // Like simplejwt, this looks at the blacklist only with this setting. An id that cannot be stored is not on it.
        if jwt.settings.blacklist_after_rotation
            && jwt.has_blacklist
            && let Ok(jti) = jti(&token, &jwt.settings)
            && context.db.look_up(BlacklistLookup(jti)).await?.is_some()
        {
            let key = context.non_field_errors_key.to_owned();
            return Err(TokenError::Validation { key, message: BLACKLISTED });
        }
        check_family(&token, jwt.clock.now(), jwt, context.db).await?;
        Ok(TokenData::Verified {})
    }
}

/// A refresh token, to be blacklisted: logout.
pub struct TokenBlacklistSerializer(String);

impl Serializer for TokenBlacklistSerializer {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self(fields.read(CharField::new("refresh")))
    }
}

impl TokenSerializer for TokenBlacklistSerializer {
    async fn validate(self, context: &Context<'_>) -> Result<TokenData, TokenError> {
        let refresh = RefreshToken::from_raw_unrevoked(&self.0, context.state, context.db).await?;
        context.blacklist(refresh).await?;
        Ok(TokenData::Blacklisted {})
    }
}
