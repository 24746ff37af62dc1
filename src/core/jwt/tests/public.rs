//! Public keys as others read them.

use serde_json::json;

use super::*;
use crate::core::jwt::jwk::verifying_key;

/// An algorithm of each kind of public key, with the name of a key of the fixtures.
fn kinds() -> Vec<Algorithm> {
    Algorithm::ALL.into_iter().filter(|algorithm| !algorithm.is_hmac()).collect()
}

#[test]
fn the_thumbprint_is_that_of_rfc_7638() {
    // The example of section 3.1.
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMst\
             n64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n9\
             1CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    let jwk = json!({ "kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29" });
    let (_, key) = verifying_key(&jwk, Algorithm::RS256).unwrap();
    assert_eq!(key.thumbprint().unwrap(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_eq!(Value::Object(key.public_jwk().unwrap()), json!({ "e": "AQAB", "kty": "RSA", "n": n }));
    // The example of RFC 8037, A.3.
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "a", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    let (_, key) = verifying_key(&jwk, Algorithm::EdDSA).unwrap();
    assert_eq!(key.thumbprint().unwrap(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn a_new_key_of_every_algorithm_signs_and_its_public_half_verifies() {
    let (payload, now) = (claims(json!({ "exp": 2_000_000_060 })), now());
    for algorithm in kinds() {
        let private = generate_key(algorithm).unwrap();
        let signing = SigningKey::new(algorithm, &private).unwrap();
        let token = encode(&payload, &signing).unwrap();
        let public = signing.verifying_key();
        let pem = public.public_pem().unwrap();
        let from_pem = VerifyingKey::new(algorithm, &pem.into()).unwrap();
        let mut jwk = public.public_jwk().unwrap();
        jwk.insert("kid".to_owned(), "a".into());
        let (_, from_jwk) = verifying_key(&jwk.into(), algorithm).unwrap();
        for key in [public, &from_pem, &from_jwk] {
            assert_eq!(decode(&token, key, &Rules::default(), now).unwrap(), payload, "{algorithm}");
            assert_eq!(key.thumbprint(), public.thumbprint());
        }
        assert_ne!(generate_key(algorithm).unwrap(), private);
    }
}

#[test]
fn an_hmac_key_has_no_public_half() {
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        let secret = generate_key(algorithm).unwrap();
        assert_eq!(algorithm.short_key(&secret), None);
        let key = VerifyingKey::new(algorithm, &secret).unwrap();
        assert_eq!((key.public_jwk(), key.thumbprint(), key.public_pem()), (None, None, None));
    }
}

#[test]
fn a_key_remembers_the_tokens_that_it_has_verified_and_no_other_does() {
    let keys = [(); 2].map(|()| SigningKey::new(Algorithm::ES256, &generate_key(Algorithm::ES256).unwrap()).unwrap());
    let token = encode(&claims(json!({ "exp": 2_000_000_060 })), &keys[0]).unwrap();
    let remember = || keys.each_ref().map(|key| key.verifying_key().remembers(&token));
    let read = |key: &SigningKey| decode_repeated(&token, key.verifying_key(), &Rules::default(), now());
    assert_eq!(read(&keys[1]).unwrap_err(), JwtError::InvalidSignature);
    assert_eq!(remember(), [false, false]);
    read(&keys[0]).unwrap();
    assert_eq!(remember(), [true, false]);
    // A clone is the same key.
    assert!(keys[0].verifying_key().clone().remembers(&token));
}
