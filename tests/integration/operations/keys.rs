//! `manage generatekey`, `manage rotatekey` and `manage createoauth2client`.

use std::path::Path;

use crate::support::process::{Managed, manage_in};

/// A line of `.env` without its quotes.
fn value<'a>(text: &'a str, key: &str) -> &'a str {
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    line.unwrap_or_else(|| panic!("no {key} in {text}")).trim_matches('\'')
}

fn run(folder: &Path, words: &[&str], env: &[(&str, &str)]) -> Managed {
    let secret = ("SECRET_KEY", "a-test-secret-key-of-more-than-fifty-characters-0123456789");
    manage_in(folder, words, &[&[secret, ("SIMPLE_JWT_BLACKLIST_AFTER_ROTATION", "true")], env].concat())
}

#[test]
fn a_new_key_of_every_algorithm_is_accepted_by_check() {
    let folder = tempfile::tempdir().unwrap();
    for algorithm in ["ES256", "RS256", "PS512", "EdDSA", "ES512", "ES256K", "HS512"] {
        let made = run(folder.path(), &["generatekey", "--algorithm", algorithm], &[]);
        assert_eq!((made.code, made.stderr.as_str(), made.stdout.lines().count()), (0, "", 2), "{algorithm}");
        assert_eq!(value(&made.stdout, "SIMPLE_JWT_ALGORITHM"), algorithm);
        std::fs::write(folder.path().join(".env"), &made.stdout).unwrap();
        let checked = run(folder.path(), &["check"], &[]);
        assert_eq!((checked.code, checked.stderr.as_str()), (0, ""), "{algorithm}: {checked:?}");
    }
    std::fs::remove_file(folder.path().join(".env")).unwrap();
    let made = run(folder.path(), &["generatekey"], &[]);
    assert_eq!(value(&made.stdout, "SIMPLE_JWT_ALGORITHM"), "ES256");
    assert!(value(&made.stdout, "SIMPLE_JWT_SIGNING_KEY").starts_with("-----BEGIN PRIVATE KEY-----\\nMI"));
    let refused = run(folder.path(), &["generatekey", "--algorithm", "none"], &[]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.stderr.contains("one of HS256, HS384"), "{refused:?}");
}

#[test]
fn a_rotation_begins_with_the_key_that_signs_and_refuses_to_hurry() {
    let folder = tempfile::tempdir().unwrap();
    let made = run(folder.path(), &["generatekey"], &[]);
    let key = value(&made.stdout, "SIMPLE_JWT_SIGNING_KEY");
    let before = [("SIMPLE_JWT_ALGORITHM", "ES256"), ("SIMPLE_JWT_SIGNING_KEY", key)];
    let first = run(folder.path(), &["rotatekey", "keys.pem"], &before);
    assert_eq!(
        first.stdout,
        "keys.pem has the key that signs. Set SIMPLE_JWT_SIGNING_KEY=file:keys.pem and restart every instance once. Then run \
         this again to begin a rotation.\n"
    );
    let file = folder.path().join("keys.pem");
    let text = || std::fs::read_to_string(&file).unwrap();
    assert!(text().contains(&key.replace("\\n", "\n")) && text().contains("# signing since "), "{}", text());

    let with_file = [("SIMPLE_JWT_ALGORITHM", "ES256"), ("SIMPLE_JWT_SIGNING_KEY", "file:keys.pem")];
    let checked = run(folder.path(), &["check"], &with_file);
    assert_eq!((checked.code, checked.stderr.as_str()), (0, ""));
    let published = run(folder.path(), &["rotatekey", "keys.pem"], &with_file);
    assert!(published.stdout.starts_with("A new key (kid ") && published.code == 0, "{published:?}");
    let two = text();
    assert!(two.contains("# next since ") && two.matches("BEGIN PRIVATE KEY").count() == 2, "{two}");
    for words in [&["rotatekey", "keys.pem"][..], &["rotatekey", "--new", "keys.pem"]] {
        let early = run(folder.path(), words, &with_file);
        assert_eq!((early.code, early.stdout.as_str()), (1, ""));
        assert!(early.stderr.starts_with("CommandError: keys.pem: The new key was published at "), "{early:?}");
        assert_eq!(text(), two);
    }
    // A key file that cannot be used stays as it is.
    std::fs::write(&file, &two[..two.len() - 40]).unwrap();
    let broken = run(folder.path(), &["rotatekey", "keys.pem"], &with_file);
    assert_eq!(
        (broken.code, broken.stderr.as_str()),
        (1, "CommandError: keys.pem: a key is incomplete: its -----END … KEY----- is missing\n")
    );
    assert_eq!(text(), two[..two.len() - 40]);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["keys.pem"]);
}

#[cfg(unix)]
#[test]
fn a_key_file_is_for_its_owner_and_perhaps_its_group() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys");
    let env = [("SIMPLE_JWT_SIGNING_KEY", "file:keys")];
    let mode = || std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    let run = |words: &[&str]| run(folder.path(), words, &env);
    assert_eq!(run(&["rotatekey", "keys"]).code, 0);
    assert_eq!(mode(), 0o600);
    for (before, after) in [(0o640, 0o640), (0o600, 0o600), (0o644, 0o600)] {
        std::fs::write(&file, "a secret of at least thirty-two bytes\n").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(before)).unwrap();
        let warned = run(&["check", "--deploy"]).stderr.contains("simplejwt.W923");
        assert_eq!(warned, before == 0o644);
        let step = run(&["rotatekey", "keys"]);
        assert_eq!((step.code, mode()), (0, after), "{step:?}");
    }
    // A link stays a link.
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let linked = super::super::support::process::manage_in(
        folder.path(),
        &["rotatekey", "link"],
        &[("SECRET_KEY", "x"), ("SIMPLE_JWT_SIGNING_KEY", "file:link"), ("SIMPLE_JWT_JWKS_MAX_AGE", "0")],
    );
    assert_eq!(linked.code, 1, "published a moment ago: {linked:?}");
    assert!(link.is_symlink());
}

/// `.env` has a key in it, and its other lines would be lost.
#[test]
fn a_file_of_something_else_is_not_made_a_key_file() {
    let folder = tempfile::tempdir().unwrap();
    let made = run(folder.path(), &["generatekey"], &[]);
    let file = folder.path().join(".env");
    let text = format!("DEBUG=true\n{}", made.stdout.replace("\\n", "\n"));
    std::fs::write(&file, &text).unwrap();
    for algorithm in ["ES256", "HS256"] {
        let refused = run(folder.path(), &["rotatekey", ".env"], &[("SIMPLE_JWT_ALGORITHM", algorithm)]);
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(refused.stderr.contains(".env: The file has something else in it already"), "{refused:?}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    }
}

/// `manage rotatekey` lets a key in the file of further keys sign.
#[cfg(unix)]
#[test]
fn check_looks_at_the_permissions_of_the_file_of_further_keys() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let made = run(folder.path(), &["generatekey"], &[]);
    let key = value(&made.stdout, "SIMPLE_JWT_SIGNING_KEY");
    let file = folder.path().join("keys.pem");
    std::fs::write(&file, key.replace("\\n", "\n")).unwrap();
    let env = [
        ("SIMPLE_JWT_ALGORITHM", "ES256"),
        ("SIMPLE_JWT_SIGNING_KEY", key),
        ("SIMPLE_JWT_SIGNING_KEYS_INACTIVE", "file:keys.pem"),
    ];
    for (mode, warned) in [(0o644, true), (0o640, false)] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let checked = run(folder.path(), &["check", "--deploy"], &env);
        assert_eq!(checked.stderr.contains("simplejwt.W923"), warned, "{checked:?}");
    }
}

#[test]
fn keys_that_do_not_fit_or_are_listed_twice_are_found_by_check() {
    let folder = tempfile::tempdir().unwrap();
    let key = |algorithm: &str| {
        let made = run(folder.path(), &["generatekey", "--algorithm", algorithm], &[]);
        value(&made.stdout, "SIMPLE_JWT_SIGNING_KEY").to_owned()
    };
    let (first, second, rsa) = (key("ES256"), key("ES256"), key("RS256"));
    let check = |inactive: &str| {
        let env = [
            ("SIMPLE_JWT_ALGORITHM", "ES256"),
            ("SIMPLE_JWT_SIGNING_KEY", first.as_str()),
            ("SIMPLE_JWT_SIGNING_KEYS_INACTIVE", inactive),
        ];
        let found = run(folder.path(), &["check"], &env);
        (found.code, found.stdout + &found.stderr)
    };
    assert_eq!(check(&second), (0, "System check identified no issues (0 silenced).\n".to_owned()));
    let (code, text) = check(&format!("{second}\\n{rsa}\\n{rsa}"));
    assert_eq!(code, 1);
    for number in [2, 3] {
        let found = format!(
            "(settings.E901) SIMPLE_JWT_SIGNING_KEYS_INACTIVE: key {number}: the key is damaged or does not fit"
        );
        assert!(text.contains(&found), "{text}");
    }
    let (code, text) = check(&format!("{second}\\n{first}\\n{second}"));
    assert_eq!(code, 0);
    for number in [2, 3] {
        let found = format!("(simplejwt.W921) A key is listed twice: key {number} of SIMPLE_JWT_SIGNING_KEYS_INACTIVE");
        assert!(text.contains(&found), "{text}");
    }
}

/// Every message about a key file names the setting and the file.
#[test]
fn what_is_wrong_with_a_key_file_is_told_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("keys"), "short\nshort\n").unwrap();
    let named = ("SIMPLE_JWT_SIGNING_KEY", "file:keys");
    let checked = run(folder.path(), &["check", "--deploy"], &[named]);
    for found in [
        "(simplejwt.W904) SIMPLE_JWT_SIGNING_KEY: keys: key 1: The key has 5 bytes. HS256 needs 32 bytes or more.",
        "(simplejwt.W904) SIMPLE_JWT_SIGNING_KEY: keys: key 2: The key has 5 bytes. HS256 needs 32 bytes or more.",
        "(simplejwt.W921) A key is listed twice: key 2 of SIMPLE_JWT_SIGNING_KEY (keys) is the same as one before it.",
    ] {
        assert!(checked.stderr.contains(found), "{checked:?}");
    }
    let refused = run(folder.path(), &["rotatekey", "other"], &[named]);
    assert_eq!(
        (refused.code, refused.stderr.as_str()),
        (1, "CommandError: SIMPLE_JWT_SIGNING_KEY names another key file, keys. Rotate the keys of that one.\n")
    );
}

#[test]
fn the_secret_of_a_client_is_printed_once_and_its_hash_is_a_setting() {
    let folder = tempfile::tempdir().unwrap();
    let made = run(folder.path(), &["createoauth2client", "gateway"], &[]);
    assert_eq!((made.code, made.stderr.as_str()), (0, ""));
    assert!(made.stdout.starts_with("The secret of gateway, which is not shown again: "), "{made:?}");
    assert!(value(&made.stdout, "OAUTH2_CLIENTS").starts_with("gateway:pbkdf2_sha256$"), "{made:?}");
    let line = made.stdout.lines().last().unwrap();
    std::fs::write(folder.path().join(".env"), format!("{line}\n")).unwrap();
    let checked = run(folder.path(), &["check"], &[]);
    assert_eq!((checked.code, checked.stderr.as_str()), (0, ""));
    for id in ["a:b", "a b", "'a'", "a%62", ""] {
        let refused = run(folder.path(), &["createoauth2client", id], &[]);
        let error = "CommandError: The id has to be letters, digits and the signs - . _ ~ @ /.\n";
        assert_eq!((refused.code, refused.stderr.as_str()), (1, error), "{id}");
    }
    let refused = run(folder.path(), &["check"], &[("OAUTH2_CLIENTS", "gateway:plain")]);
    assert!(
        refused.stderr.contains("OAUTH2_CLIENTS: the secret of \"gateway\" is not a hash of one of"),
        "{refused:?}"
    );
}
