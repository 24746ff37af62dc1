//! The rules of the views of this app. Python counterpart: `TokenFamilyBlacklistSerializer` of simplejwt's proposal;
//! none for the other one.

use std::sync::Arc;

use serde_json::{Map, json};

use super::claims::FamilyClaims;
use super::client::Client;
use super::models::{EndReason, NewTokenFamily, end_family};
use crate::db::{DbConnection, Lookup};
use crate::http::log_data::TokenEvent;
use crate::rest_framework::context::{TokenData, TokenSerializer};
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::fields::{BooleanField, CharField};
use crate::rest_framework::serializers::{Fields, Serializer};
use crate::simplejwt::exceptions::TokenError;
use crate::simplejwt::serializers::Context;
use crate::simplejwt::state::JwtState;
use crate::simplejwt::tokens::RefreshToken;
use crate::simplejwt::tokens::blacklist_mixin::jti;

pub(super) const BLACKLISTED: &str = "Token Family blacklisted";
const NO_FAMILY: &str = "Token has no family ID";

/// A refresh token whose family is to be ended.
#[derive(Debug)]
pub struct TokenFamilyBlacklistSerializer {
    refresh: String,
}

impl Serializer for TokenFamilyBlacklistSerializer {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { refresh: fields.read(CharField::new("refresh")) }
    }
}

impl TokenSerializer for TokenFamilyBlacklistSerializer {
    type State = Arc<JwtState>;
    type Error = ApiError;

    async fn validate(self, context: &Context<'_>) -> Result<TokenData, ApiError> {
        let families = context.state.families().ok_or_else(ApiError::not_found)?;
        let refresh = context.token_to_end(&self.refresh).await?;
        let Some(claims) = FamilyClaims::of(&refresh, families)? else { return Err(no_family()) };
        log_out(context, refresh, claims).await?;
        Ok(TokenData { event: TokenEvent::Blacklisted, body: json!({ "message": BLACKLISTED }) })
    }
}

/// Ends the family of `refresh`, that is, one login. `claims` are the claims about the family.
pub(in crate::simplejwt) async fn log_out(
    context: &Context<'_>,
    refresh: RefreshToken,
    claims: FamilyClaims,
) -> Result<(), TokenError> {
    let jwt = Arc::clone(context.state);
    let (jti, now) = (jti(&refresh, &jwt.settings)?, refresh.current_time);
    let user = context.user_lookup(&refresh);
    let end = move |conn: &mut DbConnection| {
        let user_id = user.find(conn)?.and_then(|user| user.pk());
        // A family may not be recorded yet if another server has made it.
        let record = NewTokenFamily { claims: &claims, user_id, jti: &jti, client: &Client::default(), now };
        let family = record.get_or_create(conn)?.ok_or_else(|| TokenError::foreign_family(user_id))?;
        end_family(conn, family, EndReason::Logout, now, &jwt.settings.token_family)?;
        // Django may have issued the token without recording it.
        match refresh.blacklist(user_id, &jwt, conn) {
            Err(error) if !error.is_blacklisted() => Err(error),
            _ => Ok(()),
        }
    };
    context.db.write(end).await
}

pub(super) fn no_family() -> ApiError {
    ApiError::validation(Map::from_iter([("refresh".to_owned(), NO_FAMILY.into())]))
}

/// Whether the token of `rest_framework.authtoken` is to be deleted as well.
#[derive(Debug)]
pub struct LogoutAllSerializer {
    pub(super) authtoken: bool,
}

impl Serializer for LogoutAllSerializer {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { authtoken: fields.read_boolean(BooleanField::new("authtoken")) }
    }
}
