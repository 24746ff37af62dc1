//! `DATABASE_URL`.

use actix_simplejwt::db::DatabaseSettings;

/// Any text. It is also tried as two parts of a URL: the first line as the user name, the rest as the text after the
/// login. The password must never be shown.
pub fn check(data: &[u8]) {
    const PASSWORD: &str = "hunter2";
    let text = String::from_utf8_lossy(data);
    if let Err(error) = DatabaseSettings::new(&text) {
        assert_eq!(error.key(), "DATABASE_URL");
    }
    let (user, rest) = text.split_once('\n').unwrap_or((&text, ""));
    if text.contains(PASSWORD) {
        return;
    }
    let shown = match DatabaseSettings::new(&format!("postgres://{user}:{PASSWORD}@{rest}")) {
        Ok(settings) => format!("{} {settings:?}", settings.url),
        Err(error) => format!("{error} {error:?}"),
    };
    assert!(!shown.contains(PASSWORD), "the password is shown: {shown}");
}
