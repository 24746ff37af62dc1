//! Checks whether the key, the algorithm, the issuer and the audience fit the tokens that Django has issued.

use std::sync::Arc;

use chrono::DateTime;
use diesel::prelude::*;

use super::{Proof, sql};
use crate::apps::AppsBuilder;
use crate::apps::command::CommandError;
use crate::core::clock::Clock;
use crate::core::jwt::{Claims, JwtError, decode, decode_unverified};
use crate::db::DbConnection;
use crate::db::schema::{token_blacklist_blacklistedtoken, token_blacklist_outstandingtoken};
use crate::legacy_jwt::state::LegacyJwtState;
use crate::management::adopt::report::Finding;
use crate::simplejwt::exceptions::TokenError;
use crate::simplejwt::state::JwtState;

/// How many of the newest tokens are read.
const MAX_TOKENS: i64 = 20;

impl Proof<'_> {
    pub(super) fn tokens(&mut self, builder: &AppsBuilder, conn: &mut DbConnection) -> Result<(), CommandError> {
        let registry = builder.registry();
        if registry.is_installed("rest_framework.authtoken") {
            let keys = sql::count(conn, "FROM authtoken_token")?;
            self.report.fact(format!("Keys of rest_framework.authtoken: {keys}"));
        }
        self.legacy_sample();
        let Some(jwt) = registry.get::<Arc<JwtState>>() else { return Ok(()) };
        if let Some(raw) = self.export.sample_token() {
            match self.decode(jwt, raw) {
                Ok(_) => self.report.add(Finding::proven("A token that Django has signed is accepted.")),
                Err(error) => self.refused("A token that Django has signed for this is refused", &error),
            }
        }
        let mut accepted = Vec::new();
        if jwt.has_blacklist {
            accepted = self.outstanding(jwt, conn)?;
        } else if self.export.sample_token().is_none() {
            self.report.add(
                Finding::note("There is no token to try the key with.")
                    .remedy("Export the settings with `manage adopt --export`; Django then signs one."),
            );
        }
        self.claims(builder, jwt, conn, &accepted)
    }

    /// Reads the newest refresh tokens and returns the claims of those that are accepted.
    fn outstanding(&mut self, jwt: &JwtState, conn: &mut DbConnection) -> Result<Vec<Claims>, CommandError> {
        use token_blacklist_outstandingtoken::dsl;
        let total: i64 = token_blacklist_outstandingtoken::table.count().get_result(conn)?;
        let blacklisted: i64 = token_blacklist_blacklistedtoken::table.count().get_result(conn)?;
        self.report.fact(format!("Refresh tokens: {total}, of them blacklisted: {blacklisted}"));
        let newest = dsl::token_blacklist_outstandingtoken.select(dsl::token).order(dsl::id.desc()).limit(MAX_TOKENS);
        let newest: Vec<String> = newest.load(conn)?;
        let outcomes: Vec<_> = newest.iter().map(|raw| self.decode(jwt, raw)).collect();
        let of = outcomes.len();
        let refused = outcomes.iter().filter(|outcome| outcome.is_err()).count();
        match outcomes.first() {
            None => self.report.add(
                Finding::note("Django has recorded no refresh token, so their claims could not be compared.")
                    .remedy("Log in to Django once and run this again."),
            ),
            Some(Err(error)) => {
                self.refused(&format!("{refused} of the newest {of} refresh tokens are refused"), error)
            }
            Some(Ok(_)) if refused > 0 => self.report.add(
                Finding::noticed(format!(
                    "{refused} of the newest {of} refresh tokens are refused; the newest one is accepted."
                ))
                .clients(
                    "Those who have one of them must log in again; Django refuses them too if its key was changed.",
                )
                .remedy("If Django accepts them, its settings have changed since the export."),
            ),
            Some(Ok(_)) => self.report.add(Finding::proven(format!("The newest {of} refresh tokens are accepted."))),
        }
        Ok(outcomes.into_iter().flatten().collect())
    }

    /// The claims of a token, checked for a time at which it was valid.
    fn decode(&self, jwt: &JwtState, raw: &str) -> Result<Claims, TokenError> {
        let claims = decode_unverified(raw)?;
        let time = |name: &str| claims.get(name).and_then(serde_json::Value::as_i64);
        let issued = time("iat").or_else(|| time("nbf")).or_else(|| time("exp").map(|exp| exp - 1));
        let now = issued.and_then(|seconds| DateTime::from_timestamp(seconds, 0)).unwrap_or_else(|| jwt.clock.now());
        self.system.block_on(jwt.prepare(raw));
        jwt.decode(raw, now, decode)
    }

    fn refused(&mut self, what: &str, error: &TokenError) {
        let cause = match error {
            TokenError::Invalid { cause: Some(cause), .. } => cause.to_string(),
            other => other.to_string(),
        };
        let (setting, why) = match error {
            TokenError::Invalid { cause: Some(JwtError::InvalidSignature), .. } => {
                (self.key_setting(), "it is not the key that signed them")
            }
            TokenError::Invalid { cause: Some(JwtError::InvalidAlgorithm(_)), .. } => {
                ("SIMPLE_JWT_ALGORITHM", "they are signed with another algorithm")
            }
            TokenError::Invalid { cause: Some(JwtError::InvalidIssuer(_)), .. } => {
                ("SIMPLE_JWT_ISSUER", "they are from another issuer")
            }
            TokenError::Invalid { cause: Some(JwtError::InvalidAudience(_)), .. } => {
                ("SIMPLE_JWT_AUDIENCE", "they are for another audience")
            }
            TokenError::Invalid { cause: Some(JwtError::MissingRequiredClaim(_)), .. } => {
                ("SIMPLE_JWT_ISSUER or SIMPLE_JWT_AUDIENCE", "they have no such claim")
            }
            TokenError::Invalid { cause: Some(JwtError::InvalidHeader(_)), .. }
                if self.env.get("SIMPLE_JWT_JWK_URL").is_some() =>
            {
                ("SIMPLE_JWT_JWK_URL", "it has no key for them, or could not be fetched from here")
            }
            _ => ("SIMPLE_JWT_…", "see the reason"),
        };
        self.report.add(
            Finding::blocking(format!("{what}: {cause}. {setting}: {why}."))
                .clients("Every client would be logged out.")
                .remedy("Export the settings of the process that serves, with its environment; or log in to Django once if its key was changed, and run this again."),
        );
    }

    /// The setting whose value signs tokens.
    fn key_setting(&self) -> &'static str {
        if self.env.get("SIMPLE_JWT_VERIFYING_KEY").is_some() {
            "SIMPLE_JWT_VERIFYING_KEY"
        } else if self.env.get("SIMPLE_JWT_SIGNING_KEY").is_some() {
            "SIMPLE_JWT_SIGNING_KEY"
        } else {
            "SECRET_KEY"
        }
    }

    fn legacy_sample(&mut self) {
        let Some(raw) = self.export.sample_legacy_token() else { return };
        // It has expired at the second second of 1970.
        let clock = Clock::manual(DateTime::from_timestamp(1, 0).unwrap_or_default());
        let Ok(builder) = self.context.builder_from(self.env) else { return };
        let mut builder = builder.clock(clock);
        let Some(legacy) = builder.assemble().get::<LegacyJwtState>() else { return };
        self.report.add(match legacy.decode(raw) {
            Ok(_) => Finding::proven("A token that rest_framework_jwt has signed is accepted."),
            Err(error) => Finding::blocking(format!("A token that rest_framework_jwt has signed is refused: {error}"))
                .clients("Every client with such a token would be logged out.")
                .remedy("Compare JWT_SECRET_KEY, JWT_PUBLIC_KEY, JWT_ALGORITHM, JWT_AUDIENCE and JWT_ISSUER."),
        });
    }
}
