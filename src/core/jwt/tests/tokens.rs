//! Reading and writing tokens.

use chrono::Duration;
use serde_json::json;

use super::*;

#[test]
fn unusual_tokens_get_the_result_of_both_pyjwt_versions() {
    let key = hs256();
    let mut differences = Vec::new();
    for case in fixture("odd").as_array().unwrap() {
        let (asked, token) = (&case["rules"], case["token"].as_str().unwrap());
        for (edition, verdict) in [(Edition::PyJwt1, &case["pyjwt1"]), (Edition::PyJwt2, &case["pyjwt2"])] {
            let audience = match (&asked["audience"], edition) {
                (Value::Array(names), _) => {
                    Audience::OneOf(names.iter().map(|name| name.as_str().unwrap().to_owned()).collect())
                }
                (_, Edition::PyJwt1) => Audience::Absent,
                (_, Edition::PyJwt2) => Audience::Any,
            };
            #[expect(clippy::cast_possible_truncation, reason = "a few seconds")]
            let leeway = Duration::milliseconds((asked["leeway"].as_f64().unwrap_or(0.0) * 1000.0) as i64);
            let rules = Rules {
                edition,
                leeway,
                audience,
                issuer: asked["issuer"].as_str().map(str::to_owned),
                ignore_expiry: asked["ignore_expiry"] == true,
            };
            let answer = decode(token, key.verifying_key(), &rules, now());
            let (name, text) = match &answer {
                Ok(_) => ("ok", String::new()),
                Err(error) => (python_name(error), error.to_string()),
            };
            let ours = if edition == Edition::PyJwt2 { case["ours_pyjwt2"].as_str() } else { None };
            let matches = match (case["ours"].as_str().or(ours), verdict["error"].as_str()) {
                (Some(ours), _) => name == ours,
                (None, Some(theirs)) => {
                    let their_text = verdict["text"].as_str().unwrap();
                    // The rest of the message comes from Python's JSON parser.
                    let same_text = text == their_text || their_text.starts_with(&format!("{text}: "));
                    name == theirs && same_text
                }
                (None, None) => name == "ok" && verdict["ok"] == true,
            };
            if !matches {
                differences.push(format!("{} {edition:?}: {name} {text:?}, PyJWT: {verdict}", case["name"]));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn tokens_are_read_and_written_as_by_pyjwt() {
    for case in fixture("good").as_array().unwrap() {
        let algorithm: Algorithm = case["algorithm"].as_str().unwrap().parse().unwrap();
        let theirs = case["token"].as_str().unwrap();
        let (signing, verifying) = match case["key"].as_str() {
            None => {
                let key = SigningKey::new(algorithm, &secret()).unwrap();
                (key, VerifyingKey::new(algorithm, &secret()).unwrap())
            }
            Some(name) => (
                signing(algorithm, &format!("{name}.pkcs8")),
                VerifyingKey::new(algorithm, &key_text(&format!("{name}.spki"))).unwrap(),
            ),
        };
        let wanted = &claims(case["claims"].clone());
        let read = decode(theirs, &verifying, &Rules::default(), now()).unwrap();
        assert_eq!(&read, wanted, "{algorithm}");
        assert!(read.iter().eq(wanted.iter()), "the order of the claims");
        assert_eq!(&decode_unverified(theirs).unwrap(), wanted);

        let kid = case["headers"]["kid"].as_str();
        assert_eq!(key_id(theirs).unwrap().as_deref(), kid);
        let headers: Vec<_> = kid.into_iter().map(|kid| ("kid", kid)).collect();
        let ours = encode_with_headers(wanted, &signing, &headers).unwrap();
        assert_eq!(decode(&ours, &verifying, &Rules::default(), now()).as_ref(), Ok(wanted), "{algorithm}");
        let is_random = matches!(algorithm.as_str().as_bytes(), [b'E' | b'P', b'S', ..]);
        if is_random {
            assert_ne!(ours, theirs);
            assert_eq!(ours.rsplit_once('.').unwrap().0, theirs.rsplit_once('.').unwrap().0, "{algorithm}");
            assert_eq!(ours.len(), theirs.len(), "{algorithm}");
        } else {
            assert_eq!(ours, theirs, "{algorithm}");
        }
        if headers.is_empty() {
            assert_eq!(encode(wanted, &signing).unwrap().split('.').next(), theirs.split('.').next());
        }
    }
}

#[test]
fn a_token_has_only_one_valid_spelling() {
    let key = hs256();
    let token = encode(&claims(json!({"a": "??>>~~", "user_id": "1"})), &key).unwrap();
    let check = |token: &str| decode(token, key.verifying_key(), &Rules::default(), now());
    assert!(check(&token).is_ok());
    for (at, _) in token.match_indices('.').chain([(token.len(), ""), (0, "")]) {
        for odd in ["=", "==", "====", " ", "\n", "\t", "\0", "+", "/", ".", "é", "%3D"] {
            let mut other = token.clone();
            other.insert_str(at, odd);
            assert!(check(&other).is_err(), "{other:?}");
        }
    }
    // Every change of a single character.
    for at in 0..token.len() {
        for odd in ["A", "-", "z", "."] {
            let mut other = token.clone();
            other.replace_range(at..=at, odd);
            assert!(other == token || check(&other).is_err(), "{other:?}");
        }
    }
}

#[test]
fn a_repeated_token_is_verified_once_and_its_claims_are_checked_every_time() {
    let key = signing(Algorithm::ES256, "ec256.pkcs8");
    let good = claims(json!({ "exp": now().timestamp() + 10, "aud": "a" }));
    let token = encode(&good, &key).unwrap();
    let read = |token: &str, key: &SigningKey, rules: &Rules, seconds| {
        decode_repeated(token, key.verifying_key(), rules, now() + Duration::seconds(seconds))
    };
    let any = Rules::default();
    // First when it has expired, which is not cached, and then in time.
    assert_eq!(read(&token, &key, &any, 10), Err(JwtError::ExpiredSignature));
    let first = read(&token, &key, &any, 0).unwrap();
    assert_eq!(*first, good);
    assert!(std::sync::Arc::ptr_eq(&first, &read(&token, &key, &any, 9).unwrap()));
    assert_eq!(read(&token, &key, &any, 10), Err(JwtError::ExpiredSignature));
    let strict = Rules { audience: Audience::OneOf(vec!["b".to_owned()]), ..Rules::default() };
    assert_eq!(read(&token, &key, &strict, 0), Err(JwtError::InvalidAudience("Audience doesn't match")));

    // A clone shares the cache of the key. Another key does not have the token, and a changed token is not in the cache.
    assert!(std::sync::Arc::ptr_eq(&first, &read(&token, &key.clone(), &any, 0).unwrap()));
    let other = signing(Algorithm::EdDSA, "ed25519.pkcs8");
    assert_eq!(python_name(&read(&token, &other, &any, 0).unwrap_err()), "InvalidAlgorithmError");
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let foreign = encode(&claims(json!({ "exp": now().timestamp() + 11 })), &key).unwrap();
    let (foreign, _) = foreign.rsplit_once('.').unwrap();
    assert_eq!(read(&format!("{foreign}.{signature}"), &key, &any, 0), Err(JwtError::InvalidSignature));
    assert_eq!(read(&format!("{signed}."), &key, &any, 0), Err(JwtError::InvalidSignature));
}

#[test]
fn a_token_has_a_maximum_length() {
    let key = hs256();
    let with_length = |length: usize| {
        let spare = length - forge(r#"{"alg":"HS256"}"#, r#"{"a":""}"#, &key).len();
        forge(r#"{"alg":"HS256"}"#, &format!(r#"{{"a":"{}"}}"#, "x".repeat(spare / 4 * 3)), &key)
    };
    let longest = with_length(MAX_TOKEN_LEN);
    assert!((MAX_TOKEN_LEN - 3..=MAX_TOKEN_LEN).contains(&longest.len()));
    assert!(decode(&longest, key.verifying_key(), &Rules::default(), now()).is_ok());
    let longer = with_length(MAX_TOKEN_LEN + 4);
    for answer in [decode(&longer, key.verifying_key(), &Rules::default(), now()), decode_unverified(&longer)] {
        assert_eq!(answer, Err(JwtError::Decode("Token is too long")));
    }
}

#[test]
fn an_unverified_token_must_still_be_well_formed() {
    let key = signing(Algorithm::ES256, "ec256.pkcs8");
    let claims = claims(json!({"exp": 1, "aud": ["x"], "user_id": "1"}));
    let token = encode(&claims, &key).unwrap();
    let (signed, _) = token.rsplit_once('.').unwrap();
    assert_eq!(decode_unverified(&format!("{signed}.AAAA")).as_ref(), Ok(&claims));
    assert_eq!(decode_unverified(&format!("{signed}.AAA=")), Err(JwtError::Decode("Invalid crypto padding")));
    assert_eq!(decode_unverified(signed), Err(JwtError::Decode("Not enough segments")));
    assert_eq!(
        python_name(&decode_unverified(&forge(r#"{"crit":["x"]}"#, "{}", &key)).unwrap_err()),
        "InvalidTokenError"
    );
    assert_eq!(python_name(&key_id(&forge(r#"{"kid":1}"#, "{}", &key)).unwrap_err()), "InvalidTokenError");
    assert_eq!(key_id(&token), Ok(None));

    let rules = |audience| Rules { audience, ..Rules::default() };
    assert_eq!(rules(Audience::OneOf(vec!["x".to_owned()])).check_audience(&claims), Ok(()));
    assert_eq!(
        rules(Audience::OneOf(vec!["y".to_owned()])).check_audience(&claims),
        Err(JwtError::InvalidAudience("Audience doesn't match"))
    );
}
