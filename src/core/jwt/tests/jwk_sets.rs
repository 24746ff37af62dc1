//! JWK sets written by PyJWT.

use serde_json::json;

use super::*;

fn key_set() -> Vec<u8> {
    fixture("jwks").to_string().into_bytes()
}

#[test]
fn a_set_gives_the_keys_that_fit_the_algorithm() {
    use Algorithm::*;
    for (algorithm, wanted) in [
        (RS256, vec!["rsa", "rsa-other"]),
        (PS512, vec!["rsa", "rsa-other"]),
        (ES256, vec!["ec256"]),
        (ES256K, vec!["ec256k"]),
        (ES384, vec!["ec384"]),
        (ES512, vec!["ec521"]),
        (ES521, vec!["ec521"]),
        (EdDSA, vec!["ed25519"]),
    ] {
        let keys = jwk_set(&key_set(), algorithm).unwrap();
        let mut kids: Vec<_> = keys.keys().map(String::as_str).collect();
        kids.sort_unstable();
        assert_eq!(kids, wanted, "{algorithm}");
        let name = wanted[0];
        let token =
            encode_with_headers(&Claims::new(), &signing(algorithm, &format!("{name}.pkcs8")), &[("kid", name)]);
        let token = token.unwrap();
        let kid = key_id(&token).unwrap().unwrap();
        assert_eq!(decode(&token, &keys[&kid], &Rules::default(), now()), Ok(Claims::new()), "{algorithm}");
    }
    for algorithm in [HS256, HS384, HS512] {
        assert!(matches!(jwk_set(&key_set(), algorithm), Err(JwkSetError::NoKeys)), "a published secret is not secret");
    }
}

#[test]
fn a_key_of_a_set_does_not_verify_an_hmac() {
    let keys = jwk_set(&key_set(), Algorithm::RS256).unwrap();
    let secret = SigningKey::new(Algorithm::HS256, &secret()).unwrap();
    let token = encode_with_headers(&Claims::new(), &secret, &[("kid", "rsa")]).unwrap();
    assert_eq!(
        decode(&token, &keys["rsa"], &Rules::default(), now()),
        Err(JwtError::InvalidAlgorithm("The specified alg value is not allowed"))
    );
}

#[test]
fn a_key_that_does_not_fit_is_skipped() {
    let set = fixture("jwks")["keys"].as_array().unwrap();
    let of = |kid: &str| set.iter().find(|key| key["kid"] == kid).unwrap().clone();
    let with = |kid: &str, name: &str, value: Value| {
        let mut key = of(kid);
        key[name] = value;
        key
    };
    let text = |key: &Value, name: &str| key[name].as_str().unwrap().to_owned();
    let (rsa, ec, ed) = (of("rsa"), of("ec256"), of("ed25519"));
    let (n, x, y) = (text(&rsa, "n"), text(&ec, "x"), text(&ec, "y"));

    for (algorithm, key) in [
        (Algorithm::RS256, with("rsa", "use", json!("sig"))),
        (Algorithm::RS256, with("rsa", "use", Value::Null)),
        (Algorithm::RS256, with("rsa", "alg", json!("RS256"))),
        (Algorithm::RS256, with("rsa", "alg", Value::Null)),
        (Algorithm::RS256, with("rsa", "e", json!("AQAB="))),
        // A zero byte in front, three bytes of base64 alone.
        (Algorithm::RS256, with("rsa", "e", json!("AAEAAQ"))),
        (Algorithm::ES256, ec.clone()),
        (Algorithm::ES256, with("ec256", "x", json!(format!("{x}=")))),
    ] {
        assert!(jwk::verifying_key(&key, algorithm).is_some(), "{key}");
    }
    for (algorithm, key) in [
        (Algorithm::RS256, with("rsa", "use", json!("enc"))),
        (Algorithm::RS256, with("rsa", "use", json!(1))),
        (Algorithm::RS256, with("rsa", "alg", json!("RS512"))),
        (Algorithm::RS256, with("rsa", "alg", json!("RSA-OAEP"))),
        (Algorithm::RS256, with("rsa", "kty", json!("oct"))),
        (Algorithm::RS256, with("rsa", "kty", Value::Null)),
        (Algorithm::RS256, with("rsa", "kid", Value::Null)),
        (Algorithm::RS256, with("rsa", "kid", json!(""))),
        (Algorithm::RS256, with("rsa", "kid", json!(1))),
        (Algorithm::RS256, with("rsa", "d", json!("AQAB"))),
        (Algorithm::RS256, with("rsa", "n", json!(""))),
        (Algorithm::RS256, with("rsa", "n", json!("AAAA"))),
        (Algorithm::RS256, with("rsa", "n", json!(format!("+{}", &n[1..])))),
        // An even modulus, and one beyond 8192 bits.
        (Algorithm::RS256, with("rsa", "n", json!(format!("{}A", &n[..n.len() - 1])))),
        (Algorithm::RS256, with("rsa", "n", json!(n.repeat(5)))),
        // e = 1 makes every signature valid; 0, 2 and 2^64 + 1 are not valid exponents either.
        (Algorithm::RS256, with("rsa", "e", json!("AQ"))),
        (Algorithm::RS256, with("rsa", "e", json!("AA"))),
        (Algorithm::RS256, with("rsa", "e", json!("Ag"))),
        (Algorithm::RS256, with("rsa", "e", json!("AQAAAAAAAAAB"))),
        (Algorithm::RS256, with("rsa", "e", json!(65537))),
        (Algorithm::ES256, with("ec256", "crv", json!("P-384"))),
        (Algorithm::ES256, with("ec256", "crv", json!("secp256k1"))),
        (Algorithm::ES256K, ec.clone()),
        (Algorithm::ES384, ec.clone()),
        (Algorithm::RS256, ec.clone()),
        (Algorithm::ES256, with("ec256", "x", json!(y))),
        (Algorithm::ES256, with("ec256", "y", json!(x))),
        (Algorithm::ES256, with("ec256", "x", json!("AAAA"))),
        (Algorithm::ES256, with("ec256", "x", json!("A".repeat(43)))),
        (Algorithm::ES256, with("ec256", "y", Value::Null)),
        (Algorithm::EdDSA, with("ed25519", "crv", json!("X25519"))),
        (Algorithm::EdDSA, with("ed25519", "x", json!(text(&ed, "x")[..40]))),
        (Algorithm::EdDSA, of("ed448")),
        (Algorithm::RS256, json!([])),
        (Algorithm::RS256, json!("rsa")),
        (Algorithm::RS256, Value::Null),
    ] {
        assert!(jwk::verifying_key(&key, algorithm).is_none(), "{algorithm} {key}");
    }
}

#[test]
fn of_two_keys_with_the_same_id_the_first_that_fits_is_used() {
    let set = fixture("jwks")["keys"].as_array().unwrap();
    let named = |name: &str, alg: &str| {
        let mut key = set.iter().find(|key| key["kid"] == name).unwrap().clone();
        (key["kid"], key["alg"]) = (json!("same"), json!(alg));
        key
    };
    let body = json!({"keys": [named("ec256", "ES256"), named("rsa-other", "RS512"), named("rsa", "RS256"),
                               named("rsa-other", "RS256")]});
    let keys = jwk_set(body.to_string().as_bytes(), Algorithm::RS256).unwrap();
    let token = encode_with_headers(&Claims::new(), &signing(Algorithm::RS256, "rsa.pkcs8"), &[]).unwrap();
    assert_eq!(keys.len(), 1);
    assert_eq!(decode(&token, &keys["same"], &Rules::default(), now()), Ok(Claims::new()));
}

#[test]
fn a_body_that_is_not_a_key_set_is_an_error() {
    for body in ["", "[]", "null", "<html>", "\"keys\"", "{\"keys\":[]", &format!("{{\"keys\":{}", "[".repeat(9999))] {
        assert!(matches!(jwk_set(body.as_bytes(), Algorithm::RS256), Err(JwkSetError::NotJson)), "{body:.20}");
    }
    for body in ["{}", r#"{"keys":[]}"#, r#"{"keys":{}}"#, r#"{"keys":[1,null,{}]}"#, r#"{"keys":"x"}"#] {
        assert!(matches!(jwk_set(body.as_bytes(), Algorithm::RS256), Err(JwkSetError::NoKeys)), "{body}");
    }
}
