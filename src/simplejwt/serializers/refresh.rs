//! A refresh token, or a sliding one, for new tokens. Python counterpart: `TokenRefreshSerializer` and
//! `TokenRefreshSlidingSerializer`.

use std::sync::Arc;

use super::context::{Context, TokenData, TokenSerializer};
use crate::db::Lookup;
use crate::rest_framework::fields::CharField;
use crate::rest_framework::serializers::{Fields, Serializer};
use crate::simplejwt::exceptions::{NO_ACCOUNT_FOR_TOKEN, TokenError};
use crate::simplejwt::tokens::{RefreshToken, SlidingToken};

/// A refresh token for an access token, and with `ROTATE_REFRESH_TOKENS` for a new refresh token.
pub struct TokenRefreshSerializer(String);

impl Serializer for TokenRefreshSerializer {
    fn read(fields: &mut Fields<'_>) -> Self {
        let refresh = fields.read(CharField::new("refresh"));
        fields.read_only(CharField::new("access"));
        Self(refresh)
    }
}

impl TokenSerializer for TokenRefreshSerializer {
    async fn validate(self, context: &Context<'_>) -> Result<TokenData, TokenError> {
        let jwt = context.state;
        if let Some(families) = jwt.families() {
            // Boxed, so that the future of a refresh without families does not become larger.
            return Box::pin(context.refresh_with_families(&self.0, families)).await;
        }
        let refresh = RefreshToken::from_raw_unrevoked(&self.0, jwt, context.db).await?;
        let user = context.get_user(&refresh).await?;
        let mut successor = refresh.clone();
        successor.set_user_claims(user.as_deref(), jwt);
        let access = successor.access_token(jwt).encode(jwt)?;
        if !jwt.settings.rotate_refresh_tokens {
            return Ok(TokenData::Refreshed { access, refresh: None });
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
                let owner = owner.and_then(|user| user.pk());
                if jwt.settings.blacklist_after_rotation {
                    refresh.blacklist(owner, &jwt, conn)?;
                }
                successor.outstand(&raw, owner, &jwt, conn)
            };
            context.db.write(rotate).await?;
        }
        Ok(TokenData::Refreshed { access, refresh: Some(raw) })
    }
}

/// A sliding token for the same with a later `exp`.
pub struct TokenRefreshSlidingSerializer(String);

impl Serializer for TokenRefreshSlidingSerializer {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self(fields.read(CharField::new("token")))
    }
}

impl TokenSerializer for TokenRefreshSlidingSerializer {
    async fn validate(self, context: &Context<'_>) -> Result<TokenData, TokenError> {
        let (jwt, settings) = (context.state, &context.state.settings);
        let mut token = SlidingToken::from_raw_unrevoked(&self.0, jwt, context.db).await?;
        let user = context.get_user(&token).await?;
        token.check_exp(&settings.sliding_token_refresh_exp_claim, jwt)?;
        token.set_user_claims(user.as_deref(), jwt);
        token.set_exp(settings.sliding_token_lifetime);
        token.set_iat();
        Ok(TokenData::SlidingRefreshed { token: token.encode(jwt)? })
    }
}
