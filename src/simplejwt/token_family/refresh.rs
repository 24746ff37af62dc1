//! A refresh while families are on. Python counterpart: none; simplejwt's proposal only checks the family.

use std::sync::Arc;

use serde_json::json;

use super::claims::FamilyClaims;
use super::models::{FamilyActivity, FamilyToken};
use super::rotation::{NotRotated, Outcome, Rotation, decide, successor_in_grace};
use super::settings::TokenFamilySettings;
use crate::contrib::auth::SharedUser;
use crate::db::{DatabaseError, DbConnection, Lookup};
use crate::http::log_data::{RefusalKind, TokenEvent};
use crate::rest_framework::context::TokenData;
use crate::simplejwt::exceptions::{BLACKLISTED, TokenError};
use crate::simplejwt::serializers::Context;
use crate::simplejwt::tokens::RefreshToken;
use crate::simplejwt::tokens::blacklist_mixin::jti;

impl Context<'_> {
    /// Exchanges a refresh token for new tokens of its family.
    pub(in crate::simplejwt) async fn refresh_with_families(
        &self,
        raw: &str,
        families: &TokenFamilySettings,
    ) -> Result<TokenData, TokenError> {
        let (jwt, settings) = (self.state, &self.state.settings);
        // The transaction of a rotation itself checks whether the token or the family is blacklisted, so the usual case needs no
        // query before it, which saves a seventh of the CPU time on PostgreSQL. If a check fails, the code below repeats all checks
        // in simplejwt's order. With `CHECK_REVOKE_TOKEN` the look-up of the user may blacklist the token, so the short way is not
        // used.
        if settings.rotate_refresh_tokens && settings.blacklist_after_rotation && !settings.check_revoke_token {
            jwt.prepare(raw).await;
            if let Ok(refresh) = RefreshToken::from_raw_signed(raw, jwt)
                && let Ok(Some(family)) = FamilyClaims::of(&refresh, families)
                && family.check_expiration(refresh.current_time).is_ok()
                && let Ok(user) = self.get_user(&refresh).await
            {
                return self.refresh_in_family(refresh, user, Some(family), families).await;
            }
        }
        match RefreshToken::from_raw_unrevoked(raw, jwt, self.db).await {
            Ok(refresh) => {
                let user = self.get_user(&refresh).await?;
                let family = FamilyClaims::of(&refresh, families)?;
                self.refresh_in_family(refresh, user, family, families).await
            }
            Err(error) if error.is_blacklisted() => self.refresh_again(raw, error, families).await,
            Err(error) => Err(error),
        }
    }

    /// Refreshes with a token that may be blacklisted. `named` is the family in its claims.
    async fn refresh_in_family(
        &self,
        mut refresh: RefreshToken,
        user: Option<SharedUser>,
        named: Option<FamilyClaims>,
        families: &TokenFamilySettings,
    ) -> Result<TokenData, TokenError> {
        let (jwt, client, old) = (self.state, self.client(), refresh.clone());
        self.set_user_claims(&mut refresh, user.as_ref()).await?;
        if !jwt.settings.rotate_refresh_tokens {
            let access = refresh.access_token(jwt).encode(jwt)?;
            if let Some(family) = named {
                let now = refresh.current_time;
                let owner = user.and_then(|user| user.pk());
                let touch = move |conn: &mut DbConnection| FamilyActivity::touch(conn, &family.id, owner, &client, now);
                if !self.db.write(move |conn| touch(conn).map_err(DatabaseError::from)).await? {
                    return Err(TokenError::foreign_family(owner));
                }
            }
            return Ok(TokenData { event: TokenEvent::Refreshed, body: json!({ "access": access }) });
        }
        let (family, starts) = match named {
            Some(family) => (family, false),
            // A token without a family starts one, or gets the family that an earlier rotation of the token has started.
            None => match self.family_of_rotated(&refresh).await? {
                Some(family) => (family, false),
                None => (FamilyClaims::new(families, refresh.current_time), true),
            },
        };
        family.write(&mut refresh, families);
        let access = refresh.access_token(jwt).encode(jwt)?;
        refresh.set_jti(&jwt.settings);
        refresh.set_exp(jwt.settings.refresh_token_lifetime);
        refresh.set_iat();
        let raw = refresh.encode(jwt)?;
        let rotated = TokenData { event: TokenEvent::Refreshed, body: json!({ "access": access, "refresh": raw }) };
        let rotation = Arc::new(Rotation {
            jwt: Arc::clone(jwt),
            user: self.user_lookup(&old),
            has_user: user.is_some(),
            old,
            new: refresh,
            raw,
            family,
            starts,
            client,
        });
        // The second turn is for a family or token that was not recorded.
        for _turn in 0..2 {
            let rotate = Arc::clone(&rotation);
            match self.db.write(move |conn| rotate.rotate(conn)).await {
                Ok(()) => return Ok(rotated),
                Err(NotRotated::Refused(error)) => return Err(error),
                Err(NotRotated::Unsettled) => {}
            }
            let settle = Arc::clone(&rotation);
            match self.db.write(move |conn| settle.settle(conn)).await? {
                Outcome::Recorded => {}
                outcome => return self.answer_again(outcome, rotation.new.clone(), families),
            }
        }
        Err(DatabaseError::Unavailable("the rows of a token family disappear".to_owned()).into())
    }

    /// Refreshes with a blacklisted token. `error` is returned if the token was not rotated here.
    async fn refresh_again(
        &self,
        raw: &str,
        error: TokenError,
        families: &TokenFamilySettings,
    ) -> Result<TokenData, TokenError> {
        let mut refresh = RefreshToken::from_raw_signed(raw, self.state)?;
        // For a token that was not rotated here there is nothing to decide, so nothing is locked.
        if self.family_of_rotated(&refresh).await?.is_none() {
            return Err(error);
        }
        let user = self.get_user(&refresh).await;
        let (jwt, client) = (Arc::clone(self.state), self.client());
        let (old, now, lookup) = (jti(&refresh, &jwt.settings)?, refresh.current_time, self.user_lookup(&refresh));
        let settle = move |conn: &mut DbConnection| {
            let owner = lookup.find(conn)?.and_then(|user| user.pk());
            decide(conn, &old, owner, &jwt.settings.token_family, &client, now)
        };
        let outcome = self.db.write(settle).await?;
        if let Outcome::Repeated { .. } = outcome {
            self.set_user_claims(&mut refresh, user?.as_ref()).await?;
        }
        self.answer_again(outcome, refresh, families)
    }

    /// The refresh token by which a family is to be ended. A blacklisted token is refused, except in the grace period: then its
    /// successor is returned, because the client may not have received the successor yet.
    pub(in crate::simplejwt) async fn token_to_end(&self, raw: &str) -> Result<RefreshToken, TokenError> {
        let error = match RefreshToken::from_raw_unrevoked(raw, self.state, self.db).await {
            Err(error) if error.is_blacklisted() && self.state.families().is_some() => error,
            outcome => return outcome,
        };
        let refresh = RefreshToken::from_raw_signed(raw, self.state)?;
        let (jwt, lookup) = (Arc::clone(self.state), self.user_lookup(&refresh));
        let (old, now) = (jti(&refresh, &jwt.settings)?, refresh.current_time);
        let find = move |conn: &mut DbConnection| {
            let owner = lookup.find(conn)?.and_then(|user| user.pk());
            successor_in_grace(conn, &old, owner, &jwt.settings.token_family, now).map_err(DatabaseError::from)
        };
        match self.db.read(find).await? {
            Some(successor) => RefreshToken::from_raw_unrevoked(&successor, self.state, self.db).await,
            None => Err(error),
        }
    }

    /// The answer to a token that this request has not rotated. The caller must have set the claims about the user if the answer
    /// has an access token.
    fn answer_again(
        &self,
        outcome: Outcome,
        mut refresh: RefreshToken,
        families: &TokenFamilySettings,
    ) -> Result<TokenData, TokenError> {
        match outcome {
            Outcome::Repeated { refresh: successor, family } => {
                family.write(&mut refresh, families);
                let access = refresh.access_token(self.state).encode(self.state)?;
                let body = json!({ "access": access, "refresh": successor });
                Ok(TokenData { event: TokenEvent::RefreshedAgain, body })
            }
            Outcome::Reused { family, ended, is_first } => {
                let who = &refresh[&*self.state.settings.user_id_claim];
                let address = self.ip_address().unwrap_or_else(|| "an unknown address".to_owned());
                let what = if ended { "The family has been ended." } else { "The family stays valid." };
                // A thief can send the token many times, so only the first time is a warning.
                let level = if is_first { log::Level::Warn } else { log::Level::Info };
                log::log!(
                    level,
                    "a refresh token of user {who} was used again from {address} after it had been rotated; token family \
                     {family}. {what}"
                );
                // The message is the same as for every blacklisted token, so that a thief learns nothing from it.
                Err(TokenError::refused(BLACKLISTED, RefusalKind::Reused))
            }
            Outcome::FamilyBlacklisted => Err(TokenError::family_blacklisted()),
            Outcome::Blacklisted | Outcome::Recorded => Err(TokenError::blacklisted()),
        }
    }

    /// The family that an earlier rotation of this token belongs to.
    async fn family_of_rotated(&self, refresh: &RefreshToken) -> Result<Option<FamilyClaims>, TokenError> {
        let jti = jti(refresh, &self.state.settings)?;
        let find = move |conn: &mut DbConnection| FamilyToken::find(conn, &jti).map_err(DatabaseError::from);
        Ok(self.db.read(find).await?.map(|(family, _)| family.claims()))
    }
}
