//! A cache of verified tokens. PyJWT has none; Envoy's `jwt_cache_config` is the same idea.
//!
//! Verifying a signature with a public key takes tens of microseconds, and an access token comes with every request
//! until it expires. Its signature and its claims never change, so they are read once. Facts that can change are not
//! cached: the rules are checked at every use, and revocation and users are looked up in the database.
//!
//! The cache belongs to the key. It is dropped with the key, for example when an issuer removes a key from its JWK set.

use std::sync::{Arc, Mutex, PoisonError};

use super::Claims;
use crate::core::crypto::{SecretString, constant_time_eq};

/// The number of sets. The signature of a token decides its set. A power of two.
const SETS: usize = 1_024;
/// Tokens of one set. A further token replaces the oldest. All 4,096 tokens take about five megabytes.
const WAYS: usize = 4;
/// Longer tokens are not cached, to limit the memory.
const MAX_LEN: usize = 2_048;

/// Verified tokens of one key, with their claims.
pub(super) struct VerifiedTokens(Box<[Mutex<Set>]>);

#[derive(Default)]
struct Set {
    tokens: [Option<CachedToken>; WAYS],
    oldest: usize,
}

struct CachedToken {
    token: SecretString,
    claims: Arc<Claims>,
}

impl VerifiedTokens {
    /// The claims of `token`, if exactly this token is in the cache.
    pub(super) fn get(&self, token: &str) -> Option<Arc<Claims>> {
        let set = self.set_of(token)?.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |entry: &&CachedToken| constant_time_eq(entry.token.expose().as_bytes(), token.as_bytes());
        set.tokens.iter().flatten().find(is_same).map(|entry| Arc::clone(&entry.claims))
    }

    /// Adds a token. **Danger**: it must have been verified, because the signature of a cached token is not checked.
    pub(super) fn put(&self, token: &str, claims: &Arc<Claims>) {
        if token.len() > MAX_LEN {
            return;
        }
        let Some(set) = self.set_of(token) else { return };
        let entry = CachedToken { token: token.into(), claims: Arc::clone(claims) };
        let mut set = set.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = set.oldest;
        let replaced = set.tokens[oldest].replace(entry);
        set.oldest = (oldest + 1) % WAYS;
        drop(set);
        drop(replaced);
    }

    /// The characters before the last one. Only tokens with a valid signature get here, so they are random; the last character
    /// has unused bits. `None` if the text is too short.
    fn set_of(&self, token: &str) -> Option<&Mutex<Set>> {
        let end = token.len().checked_sub(1)?;
        let random = token.as_bytes().get(end.checked_sub(8)?..end)?.try_into().ok()?;
        // Fibonacci hashing: base64 characters differ in few bits, their product differs in the highest bits.
        let mixed = u64::from_le_bytes(random).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0.get(usize::try_from(mixed >> (u64::BITS - SETS.trailing_zeros())).ok()?)
    }
}

impl Default for VerifiedTokens {
    fn default() -> Self {
        Self((0..SETS).map(|_| Mutex::default()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text with this signature. It does not have to be a real token.
    fn token(signature: u64) -> String {
        format!("header.payload.{signature:020}_")
    }

    #[test]
    fn only_the_same_token_is_found() {
        let tokens = VerifiedTokens::default();
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
    fn the_number_of_cached_tokens_is_limited() {
        let tokens = VerifiedTokens::default();
        let claims = Arc::new(Claims::new());
        for number in 0..50_000 {
            tokens.put(&token(number), &claims);
        }
        let kept = (0..50_000).filter(|number| tokens.get(&token(*number)).is_some()).count();
        // One reference belongs to the test.
        assert_eq!(Arc::strong_count(&claims) - 1, kept);
        assert!((SETS * WAYS / 2..=SETS * WAYS).contains(&kept), "{kept}");
        assert!(tokens.get(&token(49_999)).is_some());
    }

    #[test]
    fn a_few_hundred_tokens_rarely_replace_each_other() {
        let tokens = VerifiedTokens::default();
        (0..400).for_each(|number| tokens.put(&token(number), &Arc::default()));
        let kept = (0..400).filter(|number| tokens.get(&token(*number)).is_some()).count();
        assert!(kept >= 396, "{kept}");
    }

    #[test]
    fn a_long_token_is_not_cached() {
        let tokens = VerifiedTokens::default();
        let long = "x".repeat(MAX_LEN + 1);
        tokens.put(&long, &Arc::default());
        assert!(tokens.get(&long).is_none());
    }
}
