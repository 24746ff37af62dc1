//! Tokens that were found genuine a moment ago. PyJWT has nothing like it; Envoy's `jwt_cache_config` is the same idea.
//!
//! An access token comes with every request for as long as it lives. That a key has signed it and what it says never changes,
//! so that is worked out once, and the claims are kept with the token. Whatever can change is not kept: the rules are
//! applied at every use, and revocation and users are the database's.
//!
//! The memory belongs to the key. When the key goes, as one of a JWK set does that its issuer has withdrawn, so do the tokens.

use std::sync::{Arc, Mutex, PoisonError};

use super::Claims;
use crate::core::crypto::{SecretString, constant_time_eq};

/// A token can be in one of so many sets, by its signature; a power of two.
const SETS: usize = 1_024;
/// Tokens of one set. One more takes the place of the oldest. 4,096 in all take some five megabytes.
const WAYS: usize = 4;
/// Longer tokens are read anew each time, so that nobody's claims fill the memory.
const MAX_LEN: usize = 2_048;

/// Genuine tokens of one key, with their claims.
pub(super) struct RememberedTokens(Box<[Mutex<Set>]>);

#[derive(Default)]
struct Set {
    tokens: [Option<Remembered>; WAYS],
    oldest: usize,
}

struct Remembered {
    token: SecretString,
    claims: Arc<Claims>,
}

impl RememberedTokens {
    /// The claims of `token`, when it is one of those that were remembered, to the letter.
    pub(super) fn get(&self, token: &str) -> Option<Arc<Claims>> {
        let set = self.set_of(token)?.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |known: &&Remembered| constant_time_eq(known.token.expose().as_bytes(), token.as_bytes());
        set.tokens.iter().flatten().find(is_it).map(|known| Arc::clone(&known.claims))
    }

    /// Keeps a token. **Danger**: it must have been verified; whatever is in here counts as signed.
    pub(super) fn put(&self, token: &str, claims: &Arc<Claims>) {
        if token.len() > MAX_LEN {
            return;
        }
        let Some(set) = self.set_of(token) else { return };
        let remembered = Remembered { token: token.into(), claims: Arc::clone(claims) };
        let mut set = set.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = set.oldest;
        let forgotten = set.tokens[oldest].replace(remembered);
        set.oldest = (oldest + 1) % WAYS;
        drop(set);
        drop(forgotten);
    }

    /// The end of a good signature is as good as a draw of lots, and no other gets in. Of the last character only some
    /// bits are used. `None` for what is no token.
    fn set_of(&self, token: &str) -> Option<&Mutex<Set>> {
        let end = token.len().checked_sub(1)?;
        let lot = token.as_bytes().get(end.checked_sub(8)?..end)?.try_into().ok()?;
        // Fibonacci hashing: characters of base64 differ in few bits, and their product differs in the highest ones.
        let mixed = u64::from_le_bytes(lot).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0.get(usize::try_from(mixed >> (u64::BITS - SETS.trailing_zeros())).ok()?)
    }
}

impl Default for RememberedTokens {
    fn default() -> Self {
        Self((0..SETS).map(|_| Mutex::default()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A token with this signature, which need not be one here.
    fn token(signature: u64) -> String {
        format!("header.payload.{signature:020}_")
    }

    #[test]
    fn only_the_very_token_is_known() {
        let tokens = RememberedTokens::default();
        let claims = Arc::new(Claims::new());
        tokens.put(&token(7), &claims);
        assert!(Arc::ptr_eq(&tokens.get(&token(7)).unwrap(), &claims));
        let known = token(7);
        for at in 0..known.len() {
            let mut other = known.clone().into_bytes();
            other[at] ^= 1;
            assert!(tokens.get(str::from_utf8(&other).unwrap()).is_none(), "byte {at}");
        }
        for other in ["", ".", "a.b.c", &known[1..], &known[..known.len() - 1], &format!("{known}x")] {
            assert!(tokens.get(other).is_none(), "{other}");
        }
    }

    #[test]
    fn no_more_tokens_are_kept_than_there_are_places() {
        let tokens = RememberedTokens::default();
        let claims = Arc::new(Claims::new());
        for number in 0..50_000 {
            tokens.put(&token(number), &claims);
        }
        let kept = (0..50_000).filter(|number| tokens.get(&token(*number)).is_some()).count();
        // One is the test's own.
        assert_eq!(Arc::strong_count(&claims) - 1, kept);
        assert!((SETS * WAYS / 2..=SETS * WAYS).contains(&kept), "{kept}");
        assert!(tokens.get(&token(49_999)).is_some());
    }

    #[test]
    fn a_few_hundred_tokens_hardly_ever_push_each_other_out() {
        let tokens = RememberedTokens::default();
        (0..400).for_each(|number| tokens.put(&token(number), &Arc::default()));
        let kept = (0..400).filter(|number| tokens.get(&token(*number)).is_some()).count();
        assert!(kept >= 396, "{kept}");
    }

    #[test]
    fn a_long_token_is_not_kept() {
        let tokens = RememberedTokens::default();
        let long = "x".repeat(MAX_LEN + 1);
        tokens.put(&long, &Arc::default());
        assert!(tokens.get(&long).is_none());
    }
}
