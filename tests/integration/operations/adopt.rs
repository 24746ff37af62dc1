//! `manage adopt`.

use std::process::Command;

use crate::support::{TestApp, TestDatabase};

per_database! {
    async fn a_report_says_what_is_there_and_changes_nothing(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        app.sql("UPDATE auth_user SET password = 'sha1$salt$digest' WHERE username = 'bob'").await;
        let folder = tempfile::tempdir().unwrap();
        let export = folder.path().join("settings.json");
        let settings = r#"{
            "SECRET_KEY": "a key with $ and #", "PASSWORD_HASHERS": ["django.contrib.auth.hashers.PBKDF2PasswordHasher"],
            "SIMPLE_JWT": { "ACCESS_TOKEN_LIFETIME": "0:10:00", "BLACKLIST_AFTER_ROTATION": true },
            "REST_FRAMEWORK": { "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"] }
        }"#;
        std::fs::write(&export, settings).unwrap();
        let file = app.tables().url.strip_prefix("sqlite://");
        let before = file.map(|file| std::fs::read(file).unwrap());
        let output = Command::new(env!("CARGO_BIN_EXE_manage"))
            .args(["adopt", "--settings", export.to_str().unwrap()])
            .env_clear()
            .env("DATABASE_URL", &app.tables().url)
            .current_dir(folder.path())
            .output()
            .unwrap();
        let report = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{report}{}", String::from_utf8_lossy(&output.stderr));
        for line in [
            "  auth             12 of 12",
            "Users: 3, of them inactive: 1",
            "  md5              2",
            "  sha1             1",
            "  - 2 user(s) have a password of md5, which PASSWORD_HASHERS does not read; add MD5PasswordHasher to it, or they \
             cannot log in.",
            "SECRET_KEY='a key with $ and #'",
            "SIMPLE_JWT_ACCESS_TOKEN_LIFETIME=600s",
            "SIMPLE_JWT_ROTATE_REFRESH_TOKENS=false",
            "REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES=JWTAuthentication",
        ] {
            assert!(report.lines().any(|found| found == line), "{line}\nis not in\n{report}");
        }
        assert_eq!(file.map(|file| std::fs::read(file).unwrap()), before);
        assert_eq!(app.count("auth_user WHERE password LIKE 'md5$%'").await, 2);
    }
}
