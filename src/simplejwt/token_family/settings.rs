//! Settings of token families. Python counterpart: the `TOKEN_FAMILY_…` keys of the `SIMPLE_JWT` dict in simplejwt's proposal.

use chrono::Duration;

use crate::conf::{SettingsError, settings, values};

settings! {
    section "SIMPLE_JWT", app "rest_framework_simplejwt", app "rest_framework_simplejwt.token_family";

    /// Which refresh tokens belong to one login, and when that login ends.
    ///
    /// Start from `TokenFamilySettings::default()` and assign what differs; new fields may appear in minor versions.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct TokenFamilySettings {
        /// Record which refresh tokens descend from one login: a *family*.
        ///
        /// Then refresh tokens have the claims `family_id` and `family_exp`, and a user can see and end the logins at
        /// `/api/token/sessions/`. Needs the tables of the app: run `manage migrate` first.
        pub enabled: bool = SIMPLE_JWT_TOKEN_FAMILY_ENABLED("false", values::boolean);
        /// How long a family lasts, however often its tokens are refreshed. With `none` it has no end.
        pub lifetime: Option<Duration> = SIMPLE_JWT_TOKEN_FAMILY_LIFETIME(
            "30d",
            values::optional(values::only(
                values::duration,
                |time| *time >= Duration::seconds(1),
                "a duration of at least 1s, or none"
            ))
        );
        /// Write the family into access tokens as well, and check at each request whether it has ended.
        ///
        /// Then an access token ends together with its family. This is one more look-up for each request.
        pub check_on_access: bool = SIMPLE_JWT_TOKEN_FAMILY_CHECK_ON_ACCESS("false", values::boolean);
        /// End the family if a rotated refresh token is used again, because someone has a copy of the token.
        ///
        /// Needs `SIMPLE_JWT_BLACKLIST_AFTER_ROTATION`. Set `SIMPLE_JWT_REFRESH_TOKEN_GRACE_PERIOD` as well. Otherwise two tabs
        /// that refresh at the same time end their own login.
        pub blacklist_on_reuse: bool = SIMPLE_JWT_TOKEN_FAMILY_BLACKLIST_ON_REUSE("false", values::boolean);
        /// Claim with the id of the family.
        pub claim: String = SIMPLE_JWT_TOKEN_FAMILY_CLAIM("family_id", claim);
        /// Claim with the time at which the family ends.
        pub expiration_claim: String = SIMPLE_JWT_TOKEN_FAMILY_EXPIRATION_CLAIM("family_exp", claim);
        /// How long after a rotation the old token gets the same new token again. At most 5 minutes.
        ///
        /// This is for tabs that refresh at the same time, and for a client that did not receive the answer. With `0`, exactly
        /// one of several requests with the same token succeeds. Needs `SIMPLE_JWT_TOKEN_FAMILY_ENABLED`.
        pub refresh_token_grace_period: Duration = SIMPLE_JWT_REFRESH_TOKEN_GRACE_PERIOD(
            "0",
            values::only(
                values::duration,
                |time| (Duration::zero()..=MAX_GRACE_PERIOD).contains(time),
                "a duration from 0 to 5m"
            )
        );
        /// End all logins of a user when the password is changed or reset: families and refresh tokens.
        pub logout_on_password_change: bool = SIMPLE_JWT_LOGOUT_ON_PASSWORD_CHANGE("false", values::boolean);
        /// Number of families that a user may have at a time. One more login ends the oldest family.
        pub sessions_max: Option<u32> = SIMPLE_JWT_SESSIONS_MAX("none", values::optional(
            values::only(values::number, |number| *number > 0, "a number of at least 1, or none")
        ));
    }
}

/// A longer grace period would accept a stolen token for a longer time.
pub(super) const MAX_GRACE_PERIOD: Duration = Duration::minutes(5);

/// Claims that every token has with any settings.
const RESERVED: [&str; 6] = ["exp", "iat", "nbf", "iss", "aud", "sub"];

impl TokenFamilySettings {
    /// Refuses a claim of the family that has the name of the other one or of one of `others`, which are pairs of a claim and its
    /// setting.
    pub(in crate::simplejwt) fn refuse_claims(&self, others: &[(&str, &str)]) -> Result<(), SettingsError> {
        let mut others = others.to_vec();
        for own in [
            (&*self.claim, "SIMPLE_JWT_TOKEN_FAMILY_CLAIM"),
            (&*self.expiration_claim, "SIMPLE_JWT_TOKEN_FAMILY_EXPIRATION_CLAIM"),
        ] {
            if let Some((_, other)) = others.iter().find(|(claim, _)| *claim == own.0) {
                return Err(SettingsError::new(own.1, format!("must differ from {other}")));
            }
            others.push(own);
        }
        Ok(())
    }

    /// Whether `claim` is one of the two claims about the family.
    pub(in crate::simplejwt) fn has_claim(&self, claim: &str) -> bool {
        claim == self.claim || claim == self.expiration_claim
    }
}

fn claim(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("the name of a claim".to_owned()),
        name if RESERVED.contains(&name) => Err(format!("the name of another claim than {}", RESERVED.join(", "))),
        name => Ok(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::Environment;

    fn read(key: &str, value: &str) -> Result<TokenFamilySettings, String> {
        let env: Environment = [(key, value)].into_iter().collect();
        let settings = TokenFamilySettings::from_env(&env);
        let checked = settings.and_then(|settings| settings.refuse_claims(&[]).map(|()| settings));
        checked.map_err(|error| error.to_string())
    }

    #[test]
    fn a_grace_period_is_five_minutes_at_most() {
        let period = |text| read("SIMPLE_JWT_REFRESH_TOKEN_GRACE_PERIOD", text);
        assert_eq!(period("5m").unwrap().refresh_token_grace_period, Duration::minutes(5));
        assert_eq!(period("0").unwrap().refresh_token_grace_period, Duration::zero());
        for text in ["301", "5m1s", "-1", "1h", "soon"] {
            assert!(period(text).unwrap_err().starts_with("SIMPLE_JWT_REFRESH_TOKEN_GRACE_PERIOD: "), "{text}");
        }
    }

    #[test]
    fn a_family_may_last_for_ever_and_there_may_be_any_number() {
        assert_eq!(TokenFamilySettings::default().lifetime, Some(Duration::days(30)));
        assert_eq!(read("SIMPLE_JWT_TOKEN_FAMILY_LIFETIME", "none").unwrap().lifetime, None);
        assert_eq!(TokenFamilySettings::default().sessions_max, None);
        assert_eq!(read("SIMPLE_JWT_SESSIONS_MAX", "3").unwrap().sessions_max, Some(3));
        for text in ["0", "-1", "1.5", "many"] {
            assert_eq!(
                read("SIMPLE_JWT_SESSIONS_MAX", text).unwrap_err(),
                format!("SIMPLE_JWT_SESSIONS_MAX: {text:?} is not a number of at least 1, or none")
            );
        }
        // Every refresh token would have expired when it is issued.
        for text in ["0", "-1d", "0.5s"] {
            assert_eq!(
                read("SIMPLE_JWT_TOKEN_FAMILY_LIFETIME", text).unwrap_err(),
                format!("SIMPLE_JWT_TOKEN_FAMILY_LIFETIME: {text:?} is not a duration of at least 1s, or none")
            );
        }
    }

    #[test]
    fn the_claims_have_names_of_their_own() {
        assert!(read("SIMPLE_JWT_TOKEN_FAMILY_CLAIM", " ").is_err());
        assert_eq!(
            read("SIMPLE_JWT_TOKEN_FAMILY_CLAIM", "exp").unwrap_err(),
            "SIMPLE_JWT_TOKEN_FAMILY_CLAIM: \"exp\" is not the name of another claim than exp, iat, nbf, iss, aud, sub"
        );
        assert_eq!(
            read("SIMPLE_JWT_TOKEN_FAMILY_CLAIM", "family_exp").unwrap_err(),
            "SIMPLE_JWT_TOKEN_FAMILY_EXPIRATION_CLAIM: must differ from SIMPLE_JWT_TOKEN_FAMILY_CLAIM"
        );
    }
}
