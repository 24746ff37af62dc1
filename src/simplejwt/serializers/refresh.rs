//! A refresh token in, an access token out, and with rotation a successor. Python counterpart: `TokenRefreshSerializer`.

use serde::Serialize;

use super::Context;
use super::race::decide_race;
use super::user::{check_user, look_up_user};
use crate::contrib::auth::SharedUser;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::fields::CharField;
use crate::rest_framework::serializers::{Fields, Serializer};
use crate::simplejwt::tokens::{GenuineToken, Refresh, RefreshToken};

/// `TokenRefreshSerializer`: a refresh token.
pub struct TokenRefresh {
    refresh: String,
}

impl Serializer for TokenRefresh {
    fn read(fields: &mut Fields<'_>) -> Self {
        let refresh = fields.read(CharField::new("refresh"));
        fields.read_only(CharField::new("access"));
        Self { refresh }
    }
}

/// `{"access": …}`, with `"refresh"` when rotation is on.
#[derive(Debug, Serialize)]
pub struct Refreshed {
    /// The access token.
    pub access: String,
    /// The successor of the refresh token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh: Option<String>,
}

impl TokenRefresh {
    /// A new access token, and a new refresh token when rotation is on.
    ///
    /// # Errors
    /// 401 for a token that is not good, whose user is gone or inactive, or whose password has changed. In the last
    /// case the token is over as well.
    pub async fn save(self, context: Context) -> Result<Refreshed, ApiError> {
        context.jwt.backend().prepare(&self.refresh).await;
        let settings = context.jwt.settings();
        let token = GenuineToken::<Refresh>::read(&self.refresh, &context.jwt)?;
        if !settings.rotate_refresh_tokens && !settings.check_revoke_token {
            let token = token.look_up(&context.jwt, &context.db).await?;
            let (token, user) = look_up_user(token, &context).await?;
            return access_for(&token, user.as_ref(), &context);
        }
        decide_race(context, move |context, conn| {
            let token = token.check(&context.jwt, conn)?;
            let (mut token, user) = match check_user(token, context, conn) {
                Ok(found) => found,
                Err(error) => return error.answer(context, conn),
            };
            let mut refreshed = access_for(&token, user.as_ref(), context)?;
            let settings = context.jwt.settings();
            if !settings.rotate_refresh_tokens {
                return Ok(Ok(refreshed));
            }
            let owner = user.as_ref().and_then(|user| user.pk());
            if settings.blacklist_after_rotation {
                // The claim: who inserts this row has spent the token, and everybody else meets a unique violation. It
                // commits together with the successor, so a token is never spent without one.
                token.blacklist(owner, &context.jwt, conn)?;
            }
            if let Some(user) = &user {
                token.set_user_claims(&**user, &context.jwt);
            }
            token.set_jti(settings);
            token.set_exp(settings.refresh_token_lifetime);
            token.set_iat();
            refreshed.refresh = Some(token.record(owner, &context.jwt, conn)?);
            Ok(Ok(refreshed))
        })
        .await
    }
}

/// An access token with the claims of `token`.
fn access_for(token: &RefreshToken, user: Option<&SharedUser>, context: &Context) -> Result<Refreshed, ApiError> {
    let jwt = &context.jwt;
    let mut access = token.access_token(jwt);
    if let Some(user) = user {
        access.set_user_claims(&**user, jwt);
    }
    Ok(Refreshed { access: access.encode(jwt)?, refresh: None })
}
