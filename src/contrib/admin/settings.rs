//! Settings of the admin site. Python counterpart: the path of `admin.site.urls` in `urls.py`.

use crate::conf::settings;

settings! {
    section "Admin site", app "django.contrib.admin";

    /// Where the admin site is.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct AdminSettings {
        /// Path of the admin site, such as `admin/` or `intern/admin/`.
        ///
        /// To have no admin site, leave `django.contrib.admin` out of `INSTALLED_APPS`.
        pub url: String = ADMIN_URL("admin/", admin_url);
    }
}

/// Segments of letters, digits, `-` and `_`, each followed by a slash.
fn admin_url(text: &str) -> Result<String, String> {
    let path = text.trim().trim_start_matches('/');
    let is_segment =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    match path.strip_suffix('/') {
        Some(segments) if segments.split('/').all(is_segment) => Ok(path.to_owned()),
        _ => Err("a path that ends in a slash, such as admin/".to_owned()),
    }
}

impl AdminSettings {
    /// The path from the root, with a slash at both ends: `/admin/`.
    #[must_use]
    pub fn base(&self) -> String {
        format!("/{}", self.url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_words_between_slashes() {
        for (text, path) in [("admin/", "admin/"), ("/intern/admin/", "intern/admin/"), ("a-1_b/", "a-1_b/")] {
            assert_eq!(admin_url(text).as_deref(), Ok(path));
        }
        for text in ["", "/", "admin", "a//b/", "a b/", "{x}/", "../"] {
            assert!(admin_url(text).is_err(), "{text}");
        }
    }
}
