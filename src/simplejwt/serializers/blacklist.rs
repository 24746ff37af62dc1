//! A refresh token in, and it is over. Python counterpart: `TokenBlacklistSerializer`.

use super::Context;
use super::race::decide_race;
use super::user::revoke;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::fields::CharField;
use crate::rest_framework::serializers::{Fields, Serializer};
use crate::simplejwt::tokens::{GenuineToken, Refresh};

/// `TokenBlacklistSerializer`: a refresh token.
pub struct TokenBlacklist {
    refresh: String,
}

impl Serializer for TokenBlacklist {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { refresh: fields.read(CharField::new("refresh")) }
    }
}

impl TokenBlacklist {
    /// Ends a refresh token: logout.
    ///
    /// # Errors
    /// 401 for a token that is not good, or over already.
    pub async fn save(self, context: Context) -> Result<(), ApiError> {
        context.jwt.backend().prepare(&self.refresh).await;
        let token = GenuineToken::<Refresh>::read(&self.refresh, &context.jwt)?;
        decide_race(context, move |context, conn| {
            let token = token.check(&context.jwt, conn)?;
            revoke(&token, context, conn)?;
            Ok(Ok(()))
        })
        .await
    }
}
