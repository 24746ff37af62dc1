//! Against real PyJWT: keys, tokens and verdicts recorded by `tests/fixtures/django/jwt/make.py`.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::*;
use crate::core::crypto::SecretString;

static FIXTURES: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../tests/fixtures/django/jwt/tokens.json")).unwrap());
static KEYS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../tests/fixtures/django/jwt/keys.json")).unwrap());

pub(super) fn fixture(name: &str) -> &'static Value {
    &FIXTURES[name]
}

pub(super) fn key_text(name: &str) -> SecretString {
    SecretString::from(KEYS[name].as_str().unwrap_or_else(|| panic!("no key {name}")))
}

pub(super) fn secret() -> SecretString {
    SecretString::from(fixture("secret").as_str().unwrap())
}

pub(super) fn signing(algorithm: Algorithm, name: &str) -> SigningKey {
    SigningKey::new(algorithm, &key_text(name)).unwrap()
}

/// Half a second past a whole one, as recorded.
pub(super) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(2_000_000_000, 500_000_000).unwrap()
}

fn hs256() -> SigningKey {
    SigningKey::new(Algorithm::HS256, &secret()).unwrap()
}

fn claims(value: Value) -> Claims {
    match value {
        Value::Object(claims) => claims.into(),
        _ => panic!("not an object"),
    }
}

/// A token with any header and any payload, well signed.
fn forge(header: &str, payload: &str, key: &SigningKey) -> String {
    encode::sign(URL_SAFE_NO_PAD.encode(header), payload.as_bytes(), key).unwrap()
}

fn python_name(error: &JwtError) -> &'static str {
    match error {
        JwtError::Decode(_) => "DecodeError",
        JwtError::InvalidSignature => "InvalidSignatureError",
        JwtError::InvalidAlgorithm(_) => "InvalidAlgorithmError",
        JwtError::InvalidHeader(_) => "InvalidTokenError",
        JwtError::ExpiredSignature => "ExpiredSignatureError",
        JwtError::ImmatureSignature(_) => "ImmatureSignatureError",
        JwtError::InvalidIssuedAt => "InvalidIssuedAtError",
        JwtError::InvalidAudience(_) => "InvalidAudienceError",
        JwtError::InvalidIssuer(_) => "InvalidIssuerError",
        JwtError::InvalidSubject => "InvalidSubjectError",
        JwtError::InvalidJti => "InvalidJTIError",
        JwtError::MissingRequiredClaim(_) => "MissingRequiredClaimError",
    }
}

#[test]
fn odd_tokens_are_judged_as_both_pyjwts_judge_them() {
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
            let matches = match (case["ours"].as_str(), verdict["error"].as_str()) {
                (Some(ours), _) => name == ours,
                (None, Some(theirs)) => {
                    let their_text = verdict["text"].as_str().unwrap();
                    // The rest of that sentence is Python's JSON parser speaking.
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
fn tokens_of_pyjwt_are_read_and_written_alike() {
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
fn a_key_is_read_in_every_form_that_pyjwt_reads() {
    use Algorithm::*;
    let claims = claims(json!({"user_id": "1"}));
    for (algorithm, private, public) in [
        (
            RS256,
            ["rsa.pkcs8", "rsa.pkcs1"].as_slice(),
            ["rsa.spki", "rsa.pkcs1-public", "rsa.pkcs8", "rsa.pkcs1"].as_slice(),
        ),
        (PS384, &["rsa.pkcs8", "rsa.pkcs1"], &["rsa.spki", "rsa.pkcs1-public"]),
        (ES256, &["ec256.pkcs8", "ec256.sec1"], &["ec256.spki", "ec256.pkcs8", "ec256.sec1"]),
        (ES256K, &["ec256k.pkcs8", "ec256k.sec1"], &["ec256k.spki", "ec256k.sec1"]),
        (ES384, &["ec384.pkcs8", "ec384.sec1"], &["ec384.spki", "ec384.sec1"]),
        (ES512, &["ec521.pkcs8", "ec521.sec1"], &["ec521.spki", "ec521.sec1"]),
        (EdDSA, &["ed25519.pkcs8"], &["ed25519.spki", "ed25519.pkcs8"]),
    ] {
        for private in private {
            let token = encode(&claims, &signing(algorithm, private)).unwrap();
            for public in public {
                let key = VerifyingKey::new(algorithm, &key_text(public)).unwrap();
                assert_eq!(decode(&token, &key, &Rules::default(), now()).as_ref(), Ok(&claims), "{private} {public}");
            }
        }
    }
    let openssl = format!(
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{}",
        key_text("ec256.sec1").expose()
    );
    assert!(SigningKey::new(ES256, &openssl.into()).is_ok());
}

#[test]
fn a_key_that_does_not_fit_is_refused_when_it_is_configured() {
    use Algorithm::*;
    for (algorithm, name, signing_error, verifying_error) in [
        (RS256, "rsa-small.pkcs8", KeyError::Unfit(RS256), KeyError::Unfit(RS256)),
        (RS256, "rsa-small.spki", KeyError::NotPrivate(RS256), KeyError::Unfit(RS256)),
        (RS256, "rsa.certificate", KeyError::Certificate, KeyError::Certificate),
        (RS256, "rsa.encrypted", KeyError::Encrypted, KeyError::Encrypted),
        (RS256, "rsa.old-encrypted", KeyError::Encrypted, KeyError::Encrypted),
        (RS256, "rsa.openssh", KeyError::Ssh, KeyError::Ssh),
        (RS256, "rsa.ssh-public", KeyError::Ssh, KeyError::Ssh),
        (RS256, "ec256.pkcs8", KeyError::Unfit(RS256), KeyError::Unfit(RS256)),
        (RS256, "ed25519.spki", KeyError::NotPrivate(RS256), KeyError::Unfit(RS256)),
        (ES256, "ec256k.pkcs8", KeyError::Unfit(ES256), KeyError::Unfit(ES256)),
        (ES256, "ec256k.sec1", KeyError::Unfit(ES256), KeyError::Unfit(ES256)),
        (ES256, "ec256k.spki", KeyError::NotPrivate(ES256), KeyError::Unfit(ES256)),
        (ES256, "ec384.spki", KeyError::NotPrivate(ES256), KeyError::Unfit(ES256)),
        (ES384, "ec256.pkcs8", KeyError::Unfit(ES384), KeyError::Unfit(ES384)),
        (ES512, "ec384.sec1", KeyError::Unfit(ES512), KeyError::Unfit(ES512)),
        (ES256, "rsa.pkcs1", KeyError::Unfit(ES256), KeyError::Unfit(ES256)),
        (ES256, "ec256.certificate", KeyError::Certificate, KeyError::Certificate),
        (EdDSA, "ed448.pkcs8", KeyError::Unfit(EdDSA), KeyError::Unfit(EdDSA)),
        (EdDSA, "ed448.spki", KeyError::NotPrivate(EdDSA), KeyError::Unfit(EdDSA)),
        (EdDSA, "ec256.spki", KeyError::NotPrivate(EdDSA), KeyError::Unfit(EdDSA)),
    ] {
        let key = key_text(name);
        assert_eq!(SigningKey::new(algorithm, &key).unwrap_err(), signing_error, "{algorithm} {name}");
        assert_eq!(VerifyingKey::new(algorithm, &key).unwrap_err(), verifying_error, "{algorithm} {name}");
    }
    for text in ["", "junk", "-----BEGIN PUBLIC KEY-----", "-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----"] {
        for algorithm in [RS256, PS512, ES256, ES512, EdDSA] {
            let wanted = match text {
                "" => KeyError::Empty(algorithm),
                text if text.contains("END") => KeyError::Unfit(algorithm),
                _ => KeyError::NotPem,
            };
            assert_eq!(VerifyingKey::new(algorithm, &text.into()).unwrap_err(), wanted, "{algorithm} {text}");
        }
    }
    assert_eq!(
        SigningKey::new(ES384, &key_text("ec256.pkcs8")).unwrap_err().to_string(),
        "the key is damaged or does not fit: ES384 needs an EC key on the curve P-384"
    );
}

#[test]
fn what_others_may_know_is_no_secret() {
    for name in KEYS.as_object().unwrap().keys() {
        for algorithm in [Algorithm::HS256, Algorithm::HS512] {
            assert_eq!(SigningKey::new(algorithm, &key_text(name)).unwrap_err(), KeyError::AsymmetricSecret, "{name}");
            assert_eq!(VerifyingKey::new(algorithm, &key_text(name)).unwrap_err(), KeyError::AsymmetricSecret);
        }
    }
    for (secret, error) in [
        ("", KeyError::EmptySecret),
        (r#"{"kty":"oct","k":"AAAA"}"#, KeyError::JwkSecret),
        (r#"{"keys":[{"kty":"RSA"}]}"#, KeyError::JwkSecret),
    ] {
        assert_eq!(SigningKey::new(Algorithm::HS256, &secret.into()).unwrap_err(), error, "{secret}");
    }
    for secret in ["x", "12345", r#"{"k":1}"#, "---BEGIN", "pässword"] {
        assert!(SigningKey::new(Algorithm::HS256, &secret.into()).is_ok(), "{secret}");
    }
}

#[test]
fn no_key_is_shown() {
    let text = format!(
        "{:?} {:?} {:?}",
        hs256(),
        signing(Algorithm::RS256, "rsa.pkcs8"),
        signing(Algorithm::ES512, "ec521.pkcs8").verifying_key()
    );
    assert_eq!(text, "SigningKey(HS256, …) SigningKey(RS256, …) VerifyingKey(ES512, …)");
}

/// A public key is public: a token that uses it as an HMAC secret, in any form, proves nothing.
#[test]
fn a_token_is_not_taken_under_another_algorithm_than_the_keys() {
    use aws_lc_rs::hmac;
    let rs256 = signing(Algorithm::RS256, "rsa.pkcs8");
    let pem = key_text("rsa.spki");
    let der = pem::find(pem.expose(), &pem::PUBLIC).unwrap().der().unwrap();
    let payload = URL_SAFE_NO_PAD.encode("{}");
    for (alg, mac) in [("HS256", hmac::HMAC_SHA256), ("HS512", hmac::HMAC_SHA512), ("RS256", hmac::HMAC_SHA256)] {
        let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#));
        let message = format!("{header}.{payload}");
        for secret in [pem.expose().as_bytes(), pem.expose().trim_end().as_bytes(), &der] {
            let tag = hmac::sign(&hmac::Key::new(mac, secret), message.as_bytes());
            let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag));
            let wanted = if alg == "RS256" {
                JwtError::InvalidSignature
            } else {
                JwtError::InvalidAlgorithm("The specified alg value is not allowed")
            };
            assert_eq!(decode(&token, rs256.verifying_key(), &Rules::default(), now()), Err(wanted), "{alg}");
        }
    }
    // The same key pair, another padding or hash: neither the name nor the signature is taken for the other's.
    for other in [Algorithm::RS384, Algorithm::RS512, Algorithm::PS256] {
        let other = signing(other, "rsa.pkcs8");
        let token = encode(&Claims::new(), &other).unwrap();
        let refused = decode(&token, rs256.verifying_key(), &Rules::default(), now());
        assert_eq!(python_name(&refused.unwrap_err()), "InvalidAlgorithmError");
        let renamed = forge(r#"{"alg":"RS256","typ":"JWT"}"#, "{}", &other);
        assert_eq!(decode(&renamed, rs256.verifying_key(), &Rules::default(), now()), Err(JwtError::InvalidSignature));
    }
}

#[test]
fn signatures_that_are_none_are_refused() {
    use Algorithm::*;
    for (algorithm, key, len) in [
        (HS256, None, 32),
        (HS384, None, 48),
        (HS512, None, 64),
        (RS256, Some("rsa.pkcs8"), 256),
        (PS256, Some("rsa.pkcs8"), 256),
        (ES256, Some("ec256.pkcs8"), 64),
        (ES256K, Some("ec256k.pkcs8"), 64),
        (ES384, Some("ec384.pkcs8"), 96),
        (ES512, Some("ec521.pkcs8"), 132),
        (ES521, Some("ec521.pkcs8"), 132),
        (EdDSA, Some("ed25519.pkcs8"), 64),
    ] {
        let key = key.map_or_else(|| SigningKey::new(algorithm, &secret()).unwrap(), |name| signing(algorithm, name));
        let check = |token: &str| decode(token, key.verifying_key(), &Rules::default(), now());
        let token = encode(&Claims::new(), &key).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let good = URL_SAFE_NO_PAD.decode(signature).unwrap();
        assert_eq!(good.len(), len, "{algorithm}");
        assert_eq!(check(&token), Ok(Claims::new()), "{algorithm}");

        let mut bad: Vec<Vec<u8>> = vec![Vec::new(), vec![0], vec![0; len], vec![255; len]];
        bad.extend([
            good[1..].to_vec(),
            good[..len - 1].to_vec(),
            [&good[..], &[0]].concat(),
            [&[0], &good[..]].concat(),
        ]);
        bad.extend([good[..len / 2].to_vec(), [&good[..len / 2], &vec![0; len / 2]].concat()]);
        bad.push([&vec![0; len / 2], &good[len / 2..]].concat());
        bad.push([&good[..], &good[..]].concat());
        // The DER that ECDSA has elsewhere.
        let (r, s) = good.split_at(len / 2);
        let integer = |bytes: &[u8]| [&[2, u8::try_from(bytes.len() + 1).unwrap_or(0), 0], bytes].concat();
        bad.push([vec![0x30, u8::try_from(len + 6).unwrap_or(0)], integer(r), integer(s)].concat());
        let mut one = vec![0; len];
        (one[len / 2 - 1], one[len - 1]) = (1, 1);
        bad.push(one);
        for bit in [0, 7, len * 4, len * 8 - 1] {
            let mut flipped = good.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            bad.push(flipped);
        }
        for bad in bad {
            let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(&bad));
            assert_eq!(check(&token), Err(JwtError::InvalidSignature), "{algorithm} {bad:02x?}");
        }
    }
}

/// n - s is the other signature of the same message by the same key, which ECDSA permits. PyJWT accepts it as well; what
/// identifies a token is its `jti`, never its text.
#[test]
fn a_signature_may_not_exceed_the_order_of_the_curve() {
    let key = signing(Algorithm::ES256, "ec256.pkcs8");
    let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let order: Vec<u8> = (0..32).map(|i| u8::from_str_radix(&order[2 * i..2 * i + 2], 16).unwrap()).collect();
    let token = encode(&Claims::new(), &key).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let good = URL_SAFE_NO_PAD.decode(signature).unwrap();
    for bad in
        [[&order[..], &order[..]].concat(), [&good[..32], &order[..]].concat(), [&order[..], &good[32..]].concat()]
    {
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(bad));
        let answer = decode(&token, key.verifying_key(), &Rules::default(), now());
        assert_eq!(answer, Err(JwtError::InvalidSignature));
    }
}

#[test]
fn a_token_has_one_spelling() {
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
fn a_repeated_token_is_verified_once_and_judged_every_time() {
    let key = hs256();
    let good = claims(json!({ "exp": now().timestamp() + 10, "aud": "a" }));
    let token = encode(&good, &key).unwrap();
    let read = |token: &str, key: &SigningKey, rules: &Rules, seconds| {
        decode_repeated(token, key.verifying_key(), rules, now() + Duration::seconds(seconds))
    };
    let any = Rules::default();
    // Too late to be remembered, and then in time.
    assert_eq!(read(&token, &key, &any, 10), Err(JwtError::ExpiredSignature));
    let first = read(&token, &key, &any, 0).unwrap();
    assert_eq!(*first, good);
    assert!(std::sync::Arc::ptr_eq(&first, &read(&token, &key, &any, 9).unwrap()));
    assert_eq!(read(&token, &key, &any, 10), Err(JwtError::ExpiredSignature));
    let strict = Rules { audience: Audience::OneOf(vec!["b".to_owned()]), ..Rules::default() };
    assert_eq!(read(&token, &key, &strict, 0), Err(JwtError::InvalidAudience("Audience doesn't match")));

    // A clone is the same key; another key has not seen it, and neither has this one seen what was made of it.
    assert!(std::sync::Arc::ptr_eq(&first, &read(&token, &key.clone(), &any, 0).unwrap()));
    let other = SigningKey::new(Algorithm::HS256, &"another secret of at least thirty-two bytes".into()).unwrap();
    assert_eq!(read(&token, &other, &any, 0), Err(JwtError::InvalidSignature));
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let foreign = encode(&claims(json!({ "exp": now().timestamp() + 11 })), &other).unwrap();
    let (foreign, _) = foreign.rsplit_once('.').unwrap();
    assert_eq!(read(&format!("{foreign}.{signature}"), &key, &any, 0), Err(JwtError::InvalidSignature));
    assert_eq!(read(&format!("{signed}."), &key, &any, 0), Err(JwtError::InvalidSignature));
}

#[test]
fn a_token_has_a_bounded_length() {
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

/// The header that is not parsed must mean what parsing it would have said.
#[test]
fn the_known_headers_are_the_plain_ones_of_the_same_algorithm() {
    for algorithm in Algorithm::ALL.into_iter().filter(|algorithm| algorithm.is_hmac()) {
        let key = VerifyingKey::new(algorithm, &secret()).unwrap();
        for other in Algorithm::ALL {
            for header in [format!(r#"{{"alg":"{other}","typ":"JWT"}}"#), format!(r#"{{"typ":"JWT","alg":"{other}"}}"#)]
            {
                assert_eq!(key.knows_header(&URL_SAFE_NO_PAD.encode(&header)), algorithm == other, "{header}");
            }
        }
        for header in ["", "{}", r#"{"alg":"none","typ":"JWT"}"#, r#"{"alg":"HS256","typ":"JWT","crit":["x"]}"#] {
            assert!(!key.knows_header(&URL_SAFE_NO_PAD.encode(header)), "{header}");
        }
    }
}

#[test]
fn an_unverified_token_still_has_to_be_one() {
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

/// Configured keys come from people; a slip in one must become a message, not a crash.
#[test]
fn damaged_keys_are_refused_without_a_panic() {
    use Algorithm::*;
    for (algorithm, name) in [
        (RS256, "rsa.pkcs8"),
        (RS256, "rsa.pkcs1"),
        (RS256, "rsa.spki"),
        (ES256, "ec256.pkcs8"),
        (ES256, "ec256.sec1"),
        (ES256, "ec256.spki"),
        (ES512, "ec521.sec1"),
        (ES256K, "ec256k.spki"),
        (EdDSA, "ed25519.pkcs8"),
        (EdDSA, "ed25519.spki"),
    ] {
        let text = key_text(name);
        let labels = [pem::PRIVATE.as_slice(), &pem::PUBLIC].concat();
        let block = pem::find(text.expose(), &labels).unwrap();
        let der = block.der().unwrap();
        let configure = |der: &[u8]| {
            let body = base64::engine::general_purpose::STANDARD.encode(der);
            let text = format!("-----BEGIN {0}-----\n{body}\n-----END {0}-----", block.label).into();
            let _ = SigningKey::new(algorithm, &text);
            VerifyingKey::new(algorithm, &text)
        };
        assert!(configure(&der).is_ok(), "{name}");
        for at in 0..der.len().min(140) {
            for change in [0x00, 0x01, 0x7f, 0x80, 0x84, 0xff] {
                let mut damaged = der.to_vec();
                damaged[at] = change;
                let _ = configure(&damaged);
            }
            assert!(configure(&der[..at]).is_err(), "{name} cut at {at}");
        }
    }
}

#[test]
fn keys_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + Clone>() {}
    shared::<SigningKey>();
    shared::<VerifyingKey>();
    fn shareable<T: Send + Sync>() {}
    shareable::<JwkClient>();
}
