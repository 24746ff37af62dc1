//! Any token in; is it genuine? Python counterpart: `TokenVerifySerializer`.

use serde_json::Value;

use super::Context;
use crate::http::outcome::Refusal;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::fields::CharField;
use crate::rest_framework::serializers::{Fields, Serializer, non_field_error};
use crate::simplejwt::exceptions::BLACKLISTED;
use crate::simplejwt::token_blacklist::models::BlacklistLookup;
use crate::simplejwt::tokens::UntypedToken;

/// `TokenVerifySerializer`: any token.
pub struct TokenVerify {
    token: String,
}

impl Serializer for TokenVerify {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { token: fields.read(CharField::new("token")) }
    }
}

impl TokenVerify {
    /// Says that a token is genuine and in time, not what it may be used for. The blacklist is asked only with
    /// `BLACKLIST_AFTER_ROTATION`, as in Python.
    ///
    /// # Errors
    /// 401 for a token that is not; 400 for one on the blacklist.
    pub async fn validate(self, context: Context) -> Result<(), ApiError> {
        context.jwt.backend().prepare(&self.token).await;
        let token = UntypedToken::from_raw(&self.token, &context.jwt)?;
        let settings = context.jwt.settings();
        if !settings.blacklist_after_rotation || !context.jwt.has_blacklist() {
            return Ok(());
        }
        let jti = token.get(settings.jti_claim.as_deref().unwrap_or("null")).and_then(Value::as_str);
        // PostgreSQL has no NUL in a text, so no token with one in its id can be on the list.
        let Some(jti) = jti.filter(|jti| !jti.contains('\0')).map(str::to_owned) else { return Ok(()) };
        if context.db.look_up(BlacklistLookup(jti)).await?.is_some() {
            return Err(non_field_error(&context.non_field_errors_key, BLACKLISTED)
                .because(BLACKLISTED)
                .refused(Refusal::Blacklisted));
        }
        Ok(())
    }
}
