//! Which key verifies which token.

use chrono::{DateTime, Utc};
use serde_json::{Value, from_str, json};

use super::*;
use crate::core::jwt::{
    Algorithm, Claims, JwtError, Rules, SigningKey, decode, decode_repeated, encode_with_headers, generate_key,
};
use crate::simplejwt::settings::KeyId;

const SECRETS: [&str; 3] = [
    "the first secret of thirty-two bytes",
    "the second secret of thirty-two byte",
    "the third secret of thirty-two bytes",
];

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(2_000_000_000, 0).unwrap()
}

fn claims() -> Claims {
    Claims::from_iter([("exp", json!(2_000_000_060))])
}

/// A private key, its public half and its thumbprint.
fn pair(algorithm: Algorithm) -> (SecretString, String, String) {
    let private = generate_key(algorithm).unwrap();
    let public = SigningKey::new(algorithm, &private).unwrap().verifying_key().clone();
    (private, public.public_pem().unwrap(), public.thumbprint().unwrap())
}

fn settings(algorithm: Algorithm, signing: Option<&SecretString>, inactive: &[&str]) -> SimpleJwtSettings {
    SimpleJwtSettings {
        algorithm,
        signing_key: signing.cloned(),
        signing_keys_inactive: (!inactive.is_empty()).then(|| inactive.join("\n").into()),
        ..SimpleJwtSettings::default()
    }
}

fn keys(settings: &SimpleJwtSettings) -> Keys {
    Keys::new(settings, &SECRETS[0].into(), &[]).unwrap()
}

/// The errors, one per line.
fn refusal(settings: &SimpleJwtSettings) -> String {
    let errors = Keys::new(settings, &SECRETS[0].into(), &[]).unwrap_err();
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn token(algorithm: Algorithm, key: &SecretString, headers: &[(&str, &str)]) -> String {
    encode_with_headers(&claims(), &SigningKey::new(algorithm, key).unwrap(), headers).unwrap()
}

/// The result for a token that is sent once, and the same for a token that is sent with every request.
fn read(keys: &Keys, token: &str) -> Result<(), JwtError> {
    let once = keys.with(|keys| keys.decode(token, &Rules::default(), now(), decode)).map(drop);
    for _ in 0..2 {
        let repeated = keys.with(|keys| keys.decode(token, &Rules::default(), now(), decode_repeated)).map(drop);
        assert_eq!(once, repeated);
    }
    once
}

fn issued(keys: &Keys) -> String {
    keys.with(|keys| keys.encode(&claims())).unwrap().unwrap()
}

fn kid(keys: &Keys) -> Option<String> {
    crate::core::jwt::key_id(&issued(keys)).unwrap()
}

fn published(keys: &Keys) -> Option<Value> {
    keys.with(|keys| keys.jwks().map(|jwks| from_str(&jwks.body).unwrap()))
}

const UNKNOWN: JwtError = JwtError::InvalidHeader("Unable to find a signing key that matches");

#[test]
fn a_single_key_writes_no_kid_and_ignores_that_of_a_token() {
    let (private, _, thumbprint) = pair(Algorithm::ES256);
    for (keys, key, algorithm) in [
        (keys(&settings(Algorithm::HS256, None, &[])), &SECRETS[0].into(), Algorithm::HS256),
        (keys(&settings(Algorithm::ES256, Some(&private), &[])), &private, Algorithm::ES256),
    ] {
        assert_eq!(kid(&keys), None);
        for headers in [&[][..], &[("kid", "unknown")], &[("kid", &thumbprint)]] {
            assert_eq!(read(&keys, &token(algorithm, key, headers)), Ok(()), "{headers:?}");
        }
    }
}

#[test]
fn with_further_keys_a_token_is_checked_with_the_key_that_it_names() {
    let [(first, _, first_id), (second, second_public, second_id), (other, _, other_id)] =
        [(); 3].map(|()| pair(Algorithm::ES256));
    let keys = keys(&settings(Algorithm::ES256, Some(&first), &[&second_public]));
    assert_eq!(kid(&keys), Some(first_id.clone()));
    let read = |key: &SecretString, headers: &[(&str, &str)]| read(&keys, &token(Algorithm::ES256, key, headers));
    // A token without a `kid`, from the time before `kid` was used, is checked with every key.
    for (key, id) in [(&first, &first_id), (&second, &second_id)] {
        assert_eq!(read(key, &[]), Ok(()));
        assert_eq!(read(key, &[("kid", id)]), Ok(()));
    }
    let wrong = Err(JwtError::InvalidSignature);
    assert_eq!(read(&first, &[("kid", &second_id)]), wrong);
    assert_eq!(read(&second, &[("kid", &first_id)]), wrong);
    assert_eq!(read(&other, &[]), wrong);
    assert_eq!(read(&other, &[("kid", &first_id)]), wrong);
    for unknown in [other_id.as_str(), "", "../../dev/null", &"x".repeat(5_000)] {
        assert_eq!(read(&first, &[("kid", unknown)]), Err(UNKNOWN));
    }
}

#[test]
fn a_name_of_ones_own_is_written_and_that_of_an_older_key_is_known() {
    let [(first, _, first_id), (second, second_public, second_id)] = [(); 2].map(|()| pair(Algorithm::EdDSA));
    let listed = format!("kid: 2026-a\n{second_public}");
    let mut settings = settings(Algorithm::EdDSA, Some(&first), &[&listed]);
    settings.key_id = KeyId::Text("2026-b".to_owned());
    let keys = keys(&settings);
    assert_eq!(kid(&keys).as_deref(), Some("2026-b"));
    for (key, ids) in [(&first, ["2026-b", &first_id]), (&second, ["2026-a", &second_id])] {
        for id in ids {
            assert_eq!(read(&keys, &token(Algorithm::EdDSA, key, &[("kid", id)])), Ok(()), "{id}");
        }
    }
    let ids: Vec<_> =
        published(&keys).unwrap()["keys"].as_array().unwrap().iter().map(|key| key["kid"].clone()).collect();
    assert_eq!(ids, ["2026-b", "2026-a"]);
    settings.key_id = KeyId::Text("2026-a".to_owned());
    assert_eq!(refusal(&settings), "SIMPLE_JWT_SIGNING_KEYS_INACTIVE: two keys have the kid \"2026-a\"");
}

#[test]
fn the_kid_is_written_as_the_setting_says() {
    let [(first, _, first_id), (_, second_public, _)] = [(); 2].map(|()| pair(Algorithm::RS256));
    for (key_id, inactive, expected) in [
        (KeyId::Auto, false, None),
        (KeyId::Auto, true, Some(first_id.clone())),
        (KeyId::None, true, None),
        (KeyId::Thumbprint, false, Some(first_id.clone())),
        (KeyId::Text("a".to_owned()), false, Some("a".to_owned())),
    ] {
        let inactive: &[&str] = if inactive { &[&second_public] } else { &[] };
        let settings =
            SimpleJwtSettings { key_id: key_id.clone(), ..settings(Algorithm::RS256, Some(&first), inactive) };
        assert_eq!(kid(&keys(&settings)), expected, "{key_id:?}");
    }
}

#[test]
fn hmac_keys_have_no_kid_and_all_of_them_are_tried() {
    let inactive = [SECRETS[1], SECRETS[2]];
    for key_id in [KeyId::Auto, KeyId::Thumbprint, KeyId::Text("a".to_owned())] {
        let keys = keys(&SimpleJwtSettings { key_id, ..settings(Algorithm::HS256, None, &inactive) });
        assert_eq!((kid(&keys), published(&keys)), (None, None));
        for secret in SECRETS {
            assert_eq!(read(&keys, &token(Algorithm::HS256, &secret.into(), &[])), Ok(()));
            assert_eq!(read(&keys, &token(Algorithm::HS256, &secret.into(), &[("kid", "a")])), Err(UNKNOWN));
        }
        assert_eq!(
            read(&keys, &token(Algorithm::HS256, &"another secret".into(), &[])),
            Err(JwtError::InvalidSignature)
        );
    }
}

#[test]
fn fallbacks_verify_what_secret_key_has_signed_and_cause_no_kid() {
    let fallbacks = [SECRETS[1].into(), SECRETS[2].into()];
    let with = |settings: &SimpleJwtSettings| Keys::new(settings, &SECRETS[0].into(), &fallbacks).unwrap();
    let keys = with(&settings(Algorithm::HS256, None, &[]));
    assert_eq!(issued(&keys), token(Algorithm::HS256, &SECRETS[0].into(), &[]));
    for secret in SECRETS {
        for headers in [&[][..], &[("kid", "a")]] {
            assert_eq!(read(&keys, &token(Algorithm::HS256, &secret.into(), headers)), Ok(()));
        }
    }
    // If another key signs, the fallbacks verify nothing.
    let keys = with(&settings(Algorithm::HS256, Some(&"a secret of its own, of 32 bytes".into()), &[]));
    for secret in SECRETS {
        assert_eq!(read(&keys, &token(Algorithm::HS256, &secret.into(), &[])), Err(JwtError::InvalidSignature));
    }
    let (private, ..) = pair(Algorithm::ES256);
    assert_eq!(kid(&with(&settings(Algorithm::ES256, Some(&private), &[]))), None);
}

#[test]
fn a_key_verifies_only_its_own_algorithm() {
    let (private, public, id) = pair(Algorithm::RS256);
    let (inactive, inactive_public, inactive_id) = pair(Algorithm::RS256);
    let keys = keys(&settings(Algorithm::RS256, Some(&private), &[&inactive_public]));
    let refused = Err(JwtError::InvalidAlgorithm("The specified alg value is not allowed"));
    for (key, id) in [(&private, &id), (&inactive, &inactive_id)] {
        for algorithm in [Algorithm::PS256, Algorithm::RS512] {
            assert_eq!(read(&keys, &token(algorithm, key, &[("kid", id)])), refused);
            assert_eq!(read(&keys, &token(algorithm, key, &[])), refused);
        }
    }
    // Tokens that are signed by HMAC with a public key as the secret. `token` refuses to make them, so they are made by hand.
    for (pem, id) in [(&public, &id), (&inactive_public, &inactive_id)] {
        for headers in [json!({ "alg": "HS256", "kid": id }), json!({ "alg": "HS256" })] {
            assert_eq!(read(&keys, &forged(&headers, pem.as_bytes())), refused);
        }
    }
    for kid in [json!(1), json!(["a"]), json!({}), json!(true), Value::Null] {
        let outcome = read(&keys, &forged(&json!({ "alg": "RS256", "kid": kid }), b"key"));
        assert_eq!(outcome, Err(JwtError::InvalidHeader("Key ID header parameter must be a string")));
    }
}

/// A token with this header, signed by HMAC.
fn forged(header: &Value, key: &[u8]) -> String {
    use aws_lc_rs::hmac;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let signed = [header.to_string(), json!(claims()).to_string()].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn a_key_that_does_not_fit_is_named() {
    let (private, public, _) = pair(Algorithm::ES256);
    let (_, rsa, _) = pair(Algorithm::RS256);
    let with = |inactive: &[&str]| refusal(&settings(Algorithm::ES256, Some(&private), inactive));
    assert_eq!(
        with(&[&public, &rsa]),
        "SIMPLE_JWT_SIGNING_KEYS_INACTIVE: key 2: the key is damaged or does not fit: ES256 needs an EC key on the curve P-256"
    );
    assert_eq!(
        with(&["a secret"]),
        "SIMPLE_JWT_SIGNING_KEYS_INACTIVE: the key is not in PEM form: no -----BEGIN … KEY----- was found"
    );
    assert_eq!(
        with(&[&public[..60]]),
        "SIMPLE_JWT_SIGNING_KEYS_INACTIVE: a key is incomplete: its -----END … KEY----- is missing"
    );
    assert!(
        refusal(&settings(Algorithm::HS256, None, &[SECRETS[1], &public]))
            .starts_with("SIMPLE_JWT_SIGNING_KEYS_INACTIVE: key 2: The specified key is an asymmetric key")
    );
    for kid in ["two words".to_owned(), "\u{1b}[31m".to_owned(), "x".repeat(256)] {
        let error = "SIMPLE_JWT_SIGNING_KEYS_INACTIVE: key 1: its kid has to be up to 255 letters, digits and signs";
        assert_eq!(with(&[&format!("kid: {kid}\n{public}")]), error, "{kid}");
    }
}

#[test]
fn every_key_that_does_not_fit_is_named() {
    let (_, wrong, _) = pair(Algorithm::ES384);
    let (private, public, _) = pair(Algorithm::ES256);
    let mut settings = settings(Algorithm::ES256, Some(&wrong.clone().into()), &[&wrong, &public, &wrong]);
    settings.verifying_key = Some("a secret".into());
    assert_eq!(
        refusal(&settings),
        "SIMPLE_JWT_SIGNING_KEY: this is a public key: ES256 needs the private key to sign\n\
         SIMPLE_JWT_VERIFYING_KEY: the key is not in PEM form: no -----BEGIN … KEY----- was found\n\
         SIMPLE_JWT_SIGNING_KEYS_INACTIVE: key 1: the key is damaged or does not fit: ES256 needs an EC key on the curve P-256\n\
         SIMPLE_JWT_SIGNING_KEYS_INACTIVE: key 3: the key is damaged or does not fit: ES256 needs an EC key on the curve P-256"
    );
    let fallbacks: [SecretString; 3] = [public.clone().into(), SECRETS[1].into(), private];
    let errors = Keys::new(&SimpleJwtSettings::default(), &SECRETS[0].into(), &fallbacks).unwrap_err();
    let errors: Vec<_> = errors.iter().map(|error| error.to_string().chars().take(27).collect::<String>()).collect();
    assert_eq!(errors, ["SECRET_KEY_FALLBACKS: key 1", "SECRET_KEY_FALLBACKS: key 3"]);
    // All errors of both files are reported, also the other keys of a file whose signing key does not fit.
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| SecretString::from(format!("file:{}", folder.path().join(name).display()));
    settings.verifying_key = None;
    settings.signing_key = Some(file("a"));
    settings.signing_keys_inactive = Some(file("b"));
    assert_eq!(refusal(&settings).matches("No such file or directory").count(), 2);
    std::fs::write(folder.path().join("a"), format!("{public}{wrong}")).unwrap();
    std::fs::write(folder.path().join("b"), &wrong).unwrap();
    let found = refusal(&settings);
    let keys: Vec<_> = found.lines().map(|line| line.split(": ").nth(2).unwrap()).collect();
    assert_eq!(keys, ["key 1", "key 2", "key 1"], "{found}");
}

#[test]
fn a_name_belongs_to_one_key_even_if_it_is_the_thumbprint_of_another() {
    let [(first, ..), (_, second, second_id), (_, third, _)] = [(); 3].map(|()| pair(Algorithm::ES256));
    let listed = [format!("kid: a\n{second}"), format!("kid: {second_id}\n{third}")];
    assert_eq!(
        refusal(&settings(Algorithm::ES256, Some(&first), &[&listed[0], &listed[1]])),
        format!("SIMPLE_JWT_SIGNING_KEYS_INACTIVE: two keys have the kid {second_id:?}")
    );
}

#[test]
fn a_key_that_is_listed_twice_is_used_once_and_told() {
    let (private, public, _) = pair(Algorithm::ES256);
    let (_, other, _) = pair(Algorithm::ES256);
    let repeated = keys(&settings(Algorithm::ES256, Some(&private), &[&public, &other, &other]));
    let reported = repeated.with(|keys| keys.repeated().to_vec());
    assert_eq!(reported, ["key 1 of SIMPLE_JWT_SIGNING_KEYS_INACTIVE", "key 3 of SIMPLE_JWT_SIGNING_KEYS_INACTIVE"]);
    assert_eq!(published(&repeated).unwrap()["keys"].as_array().unwrap().len(), 2);
}

#[test]
fn only_public_keys_are_published() {
    let [(first, _, first_id), (second, second_public, second_id)] = [(); 2].map(|()| pair(Algorithm::ES256));
    // A further key may be given as a private key or as its public half. The public half is published in both cases.
    for inactive in [second.expose(), &second_public] {
        let keys = keys(&settings(Algorithm::ES256, Some(&first), &[inactive]));
        let set = published(&keys).unwrap();
        let [a, b] = set["keys"].as_array().unwrap().as_slice() else { panic!("{set}") };
        for (key, id) in [(a, &first_id), (b, &second_id)] {
            let names: Vec<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(names, ["kid", "use", "alg", "crv", "kty", "x", "y"]);
            assert_eq!((&key["kid"], &key["use"], &key["alg"]), (&json!(id), &json!("sig"), &json!("ES256")));
        }
    }
    let public_only =
        SimpleJwtSettings { verifying_key: Some(second_public.into()), ..settings(Algorithm::ES256, None, &[]) };
    assert_eq!(published(&keys(&public_only)).unwrap()["keys"][0]["kid"], second_id.as_str());
}

#[test]
fn a_key_file_is_read_again_and_a_broken_one_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.pem");
    let [(first, first_public, first_id), (second, _, second_id)] = [(); 2].map(|()| pair(Algorithm::ES256));
    std::fs::write(&path, first.expose()).unwrap();
    let file: SecretString = format!("file:{}", path.display()).into();
    let keys = keys(&settings(Algorithm::ES256, Some(&file), &[]));
    let old = issued(&keys);
    assert_eq!(kid(&keys), None);
    assert_eq!(read(&keys, &old), Ok(()));

    let change = |text: &str| {
        std::fs::write(&path, text).unwrap();
        keys.reload();
        keys.reload();
    };
    let mark = |stage| KeyMark { stage, since: now() }.comment();
    let two = format!("{}\n{first_public}{}\n{}", mark(KeyStage::Retired), mark(KeyStage::Signing), second.expose());
    change(&two);
    assert_eq!(kid(&keys), Some(second_id.clone()));
    // The key still remembers the tokens that it has verified.
    assert!(keys.with(|keys| keys.verifying.iter().any(|known| known.key.remembers(&old))));
    assert_eq!(read(&keys, &old), Ok(()));
    let new = issued(&keys);

    for broken in
        ["", "nonsense", &two[..two.len() - 30], &two.replace("# signing", "# next"), &two.replace("MI", "MJ")]
    {
        change(broken);
        assert_eq!(kid(&keys), Some(second_id.clone()), "{broken}");
        assert_eq!((read(&keys, &old), read(&keys, &new)), (Ok(()), Ok(())));
    }
    std::fs::remove_file(&path).unwrap();
    keys.reload();
    assert_eq!(read(&keys, &new), Ok(()));

    // Without the first key its tokens are refused, although the key had remembered them.
    change(second.expose());
    assert_eq!((read(&keys, &old), read(&keys, &new)), (Err(JwtError::InvalidSignature), Ok(())));
    change(first.expose());
    assert_eq!((read(&keys, &old), read(&keys, &new)), (Ok(()), Err(JwtError::InvalidSignature)));
    assert_eq!(published(&keys).unwrap()["keys"][0]["kid"], first_id.as_str());
}

/// Opening a pipe waits for a writer. Then the thread would never read the files again.
#[cfg(unix)]
#[test]
fn a_key_file_is_a_regular_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let problem = format!("SIMPLE_JWT_SIGNING_KEY: {}: this is not a regular file", path.display());
    let with = |path: &str| refusal(&settings(Algorithm::HS256, Some(&format!("file:{path}").into()), &[]));
    assert_eq!(with(path.to_str().unwrap()), problem);
    assert_eq!(with("/dev/zero"), "SIMPLE_JWT_SIGNING_KEY: /dev/zero: this is not a regular file");
    assert_eq!(with("/"), "SIMPLE_JWT_SIGNING_KEY: /: this is not a regular file");
}

#[test]
fn a_file_of_secrets_may_have_several() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    std::fs::write(&path, format!("# next since 2026-11-26T18:00:00Z\n{}\n{}\n", SECRETS[1], SECRETS[2])).unwrap();
    let file: SecretString = format!("file:{}", path.display()).into();
    let keys = keys(&settings(Algorithm::HS256, Some(&file), &[file.expose()]));
    assert_eq!(issued(&keys), token(Algorithm::HS256, &SECRETS[2].into(), &[]));
    assert_eq!(read(&keys, &token(Algorithm::HS256, &SECRETS[1].into(), &[])), Ok(()));
    assert_eq!(read(&keys, &token(Algorithm::HS256, &SECRETS[0].into(), &[])), Err(JwtError::InvalidSignature));
    assert!(keys.with(|keys| keys.repeated().is_empty()));
}

/// Any text is a list of secrets, and anyone who knows the text could sign tokens.
#[test]
fn a_file_of_secrets_that_is_replaced_by_something_else_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    let file: SecretString = format!("file:{}", path.display()).into();
    for settings in [settings(Algorithm::HS256, Some(&file), &[]), settings(Algorithm::HS256, None, &[file.expose()])] {
        std::fs::write(&path, format!("{}\n", SECRETS[1])).unwrap();
        let keys = keys(&settings);
        let signed = issued(&keys);
        let change = |text: &str| {
            std::fs::write(&path, text).unwrap();
            keys.reload();
            keys.reload();
        };
        let accepts = |secret: &str| read(&keys, &token(Algorithm::HS256, &secret.into(), &[])).is_ok();
        let rubbish = "<html>\n<h1>502 Bad Gateway, of nginx and 32 bytes</h1>\n</html>";
        for text in [rubbish, SECRETS[2], "# next since then\n<html>", "# signing since today\n<html>"] {
            change(text);
            assert_eq!((accepts(SECRETS[1]), issued(&keys) == signed), (true, true), "{text}");
            assert!(!text.lines().any(accepts), "{text}");
        }
        // A secret that stays shows that it is a key file, and so does a mark of `manage rotatekey`.
        change(&format!("{}\n{}", SECRETS[1], SECRETS[2]));
        assert_eq!((accepts(SECRETS[1]), accepts(SECRETS[2])), (true, true));
        change(SECRETS[2]);
        assert_eq!((accepts(SECRETS[1]), accepts(SECRETS[2])), (false, true));
        let mark = KeyMark { stage: KeyStage::Signing, since: now() };
        change(&format!("{}\n{}", mark.comment(), SECRETS[1]));
        assert_eq!((accepts(SECRETS[1]), accepts(SECRETS[2])), (true, false));
        assert_eq!(issued(&keys), token(Algorithm::HS256, &SECRETS[1].into(), &[]));
    }
}

#[test]
fn a_list_of_further_secrets_may_be_emptied_and_filled() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    std::fs::write(&path, SECRETS[1]).unwrap();
    let keys = keys(&settings(Algorithm::HS256, None, &[&format!("file:{}", path.display())]));
    for (text, accepted) in [("", [false, false]), (SECRETS[2], [false, true])] {
        std::fs::write(&path, text).unwrap();
        keys.reload();
        keys.reload();
        let accepts = |secret: &str| read(&keys, &token(Algorithm::HS256, &secret.into(), &[])).is_ok();
        assert_eq!([accepts(SECRETS[1]), accepts(SECRETS[2])], accepted);
    }
}

#[test]
fn a_marked_key_in_the_file_of_further_keys_signs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.pem");
    std::fs::write(&path, "").unwrap();
    let file = format!("file:{}", path.display());
    let (first, first_public, first_id) = pair(Algorithm::ES256);
    let mut settings = settings(Algorithm::ES256, Some(&first), &[&file]);
    settings.verifying_key = Some(first_public.into());
    settings.key_id = KeyId::Text("a".to_owned());
    let keys = keys(&settings);
    let old = issued(&keys);
    assert_eq!(kid(&keys).as_deref(), Some("a"));

    // The same steps as those of the command `manage rotatekey`.
    let mut now = now();
    let mut rotate = |text: &str, seconds: i64| {
        now += chrono::TimeDelta::seconds(seconds);
        let rotation = KeyRotation {
            algorithm: Algorithm::ES256,
            current: Some(CurrentKey { text: first.clone(), kid: Some("a".to_owned()) }),
            is_named: true,
            publish_for: chrono::TimeDelta::seconds(600),
            retire_after: chrono::TimeDelta::seconds(3_600),
            wants_new: false,
            now,
        };
        let (text, _) = rotation.next(text).unwrap();
        std::fs::write(&path, text.expose()).unwrap();
        keys.reload();
        keys.reload();
        text
    };
    let text = rotate("", 0);
    assert_eq!((kid(&keys).as_deref(), read(&keys, &old)), (Some("a"), Ok(())));
    let ids = |set: Value| {
        set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let published = || ids(published(&keys).unwrap());
    let before = published();
    assert_eq!((before.len(), before[0].as_str()), (2, "a"));

    let text = rotate(text.expose(), 600);
    assert_eq!(kid(&keys).as_ref(), Some(&before[1]));
    assert_eq!(published(), [before[1].clone(), "a".to_owned()]);
    assert_eq!((read(&keys, &old), read(&keys, &issued(&keys))), (Ok(()), Ok(())));
    // A token from the time before the key had a name.
    assert_eq!(read(&keys, &token(Algorithm::ES256, &first, &[("kid", &first_id)])), Ok(()));

    rotate(text.expose(), 3_600);
    assert_eq!(published(), [before[1].clone()]);
    assert_eq!((read(&keys, &old), read(&keys, &issued(&keys))), (Err(UNKNOWN), Ok(())));
}

#[test]
fn settings_that_go_with_one_key_are_refused_with_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.pem");
    let (private, public, _) = pair(Algorithm::ES256);
    let file: SecretString = format!("file:{}", path.display()).into();
    let plain = settings(Algorithm::ES256, Some(&file), &[]);
    assert_eq!(
        refusal(&plain),
        format!("SIMPLE_JWT_SIGNING_KEY: {}: No such file or directory (os error 2)", path.display())
    );
    std::fs::write(&path, &public).unwrap();
    assert_eq!(
        refusal(&plain),
        format!(
            "SIMPLE_JWT_SIGNING_KEY: {}: key 1: this is a public key: ES256 needs the private key to sign",
            path.display()
        )
    );
    std::fs::write(&path, private.expose()).unwrap();
    let with_text = SimpleJwtSettings { key_id: KeyId::Text("a".to_owned()), ..plain.clone() };
    assert!(refusal(&with_text).starts_with("SIMPLE_JWT_KEY_ID: has to be thumbprint or none"));
    let with_public = SimpleJwtSettings { verifying_key: Some(public.into()), ..plain.clone() };
    assert!(refusal(&with_public).starts_with("SIMPLE_JWT_VERIFYING_KEY: has to be empty"));
    for refused in [with_text, with_public] {
        assert!(refusal(&refused).contains(&format!("SIMPLE_JWT_SIGNING_KEY is a file ({})", path.display())));
    }
    let without_a_path = SimpleJwtSettings { signing_key: Some("file: ".into()), ..plain };
    assert_eq!(refusal(&without_a_path), "SIMPLE_JWT_SIGNING_KEY: a path has to follow file:");
}
