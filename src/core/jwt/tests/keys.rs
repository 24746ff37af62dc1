//! Reading configured keys.

use serde_json::json;

use super::*;

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
fn a_key_that_does_not_fit_the_algorithm_is_refused() {
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
fn a_public_key_is_refused_as_an_hmac_secret() {
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
fn debug_output_shows_no_key() {
    let text = format!(
        "{:?} {:?} {:?}",
        hs256(),
        signing(Algorithm::RS256, "rsa.pkcs8"),
        signing(Algorithm::ES512, "ec521.pkcs8").verifying_key()
    );
    assert_eq!(text, "SigningKey(HS256, …) SigningKey(RS256, …) VerifyingKey(ES512, …)");
}

/// A mistake in a configured key must give an error, not a panic.
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
}
