//! Tokens as they arrive.

use std::sync::LazyLock;

use actix_simplejwt::core::jwt::{
    Algorithm, Rules, SigningKey, VerifyingKey, decode, decode_repeated, decode_unverified, key_id,
};

use super::support::{SECRET, clock, pem};

/// The one valid token of each key. ECDSA signatures of the same text differ, so they are kept.
const GOOD: [(Algorithm, &str, &str); 4] = [
    (Algorithm::HS256, "", include_str!("../seeds/tokens/hs256")),
    (Algorithm::RS256, "rsa.pkcs8", include_str!("../seeds/tokens/rs256")),
    (Algorithm::ES256, "ec256.pkcs8", include_str!("../seeds/tokens/es256")),
    (Algorithm::EdDSA, "ed25519.pkcs8", include_str!("../seeds/tokens/eddsa")),
];

static KEYS: LazyLock<[(VerifyingKey, &str); 4]> = LazyLock::new(|| {
    GOOD.map(|(algorithm, name, token)| {
        let key = if algorithm.is_hmac() { SECRET } else { pem(name) };
        let key = SigningKey::new(algorithm, &key.into()).unwrap().verifying_key().clone();
        // The token is cached from now on. No other token may be accepted because of that.
        decode_repeated(token, &key, &Rules::default(), clock().now()).unwrap();
        (key, token)
    })
});

/// Only the valid token is accepted, under every key.
pub fn check(data: &[u8]) {
    let token = String::from_utf8_lossy(data);
    let unverified = decode_unverified(&token);
    let kid = key_id(&token);
    assert!(unverified.is_err() || kid.is_ok(), "{token}");
    for (key, good) in KEYS.iter() {
        let found = decode(&token, key, &Rules::default(), clock().now());
        assert_eq!(found.is_ok(), token == *good, "{token} under {}", key.algorithm());
        assert_eq!(decode_repeated(&token, key, &Rules::default(), clock().now()).as_deref(), found.as_ref());
        if let Ok(claims) = found {
            assert_eq!(unverified, Ok(claims));
        }
    }
}
