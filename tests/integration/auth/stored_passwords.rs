//! The kinds of stored password hashes, as `check` and a server find them.

use actix_simplejwt::contrib::auth::hashers::{ExpensivePasswords, PasswordHashers};

use crate::support::process::manage;
use crate::support::{TestApp, TestDatabase};

per_database! {
    async fn every_stored_password_is_counted(db: TestDatabase) {
        let app = TestApp::build_undescribed(db, |settings| {
            let names = ["MD5PasswordHasher", "PBKDF2PasswordHasher"];
            settings.auth.password_hashers = PasswordHashers::from_names(&names).unwrap();
        })
        .await;
        let pbkdf2 = PasswordHashers::from_names(&["PBKDF2PasswordHasher"]).unwrap().encode("secret").unwrap();
        // More than a batch.
        let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)";
        let fill = format!(
            "INSERT INTO auth_user (password, is_superuser, username, last_name, email, is_staff, is_active, date_joined, \
             first_name) {numbers} SELECT CASE WHEN i IN (999, 2500) THEN '{pbkdf2}' ELSE '!' END, false, 'user' || i, '', '', \
             false, true, '2026-01-01 00:00:00', '' FROM n"
        );
        app.tables().connect().batch_execute(&fill).unwrap();
        let stored = app.auth().stored_passwords(&mut app.database().connection().unwrap()).unwrap();
        let expected = ExpensivePasswords { algorithm: "pbkdf2_sha256", work: 1.0, users: 2 };
        assert_eq!(stored.expensive(app.auth().hashers()), [expected]);

        let env = [
            ("SECRET_KEY", "a-test-secret-key-of-more-than-fifty-characters-0123456789"),
            ("ALLOWED_HOSTS", "example.org"),
            ("DATABASE_URL", app.tables().url.as_str()),
            ("PASSWORD_HASHERS", "MD5PasswordHasher,PBKDF2PasswordHasher"),
        ];
        let check = |words: &[&str]| {
            let got = manage(&[&["check", "--tag", "auth"], words].concat(), &env);
            (got.code, got.stdout, got.stderr)
        };
        let (code, _, stderr) = check(&["--deploy", "--database", "default"]);
        let text = "\n?: (auth.W905) 2 user(s) have a password of pbkdf2_sha256, which is more expensive than \
                    the first of PASSWORD_HASHERS. Until they have logged in, every refused login takes as long.\n";
        assert!(code == 0 && stderr.contains(text), "{stderr}");
        // The check needs `--deploy` and the database.
        for words in [&["--deploy"][..], &["--database", "default"]] {
            let (code, _, stderr) = check(words);
            assert!(code == 0 && !stderr.contains("W905"), "{words:?}: {stderr}");
        }
    }
}
