//! The summary of a stored password. Python counterpart: `ReadOnlyPasswordHashWidget` of `django.contrib.auth.forms`.

use crate::contrib::auth::hashers::{PasswordHashers, is_password_usable};

/// The summary of a stored password: how it was hashed, with salt and hash masked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PasswordSummary {
    /// Names and values. A message has no value.
    pub entries: Vec<(String, Option<String>)>,
    /// Text of the link to the page that sets a password.
    pub button: &'static str,
}

impl PasswordSummary {
    /// The summary of the stored text `encoded`.
    #[must_use]
    pub fn new(hashers: &PasswordHashers, encoded: &str) -> Self {
        let message = |text: &str| vec![(text.to_owned(), None)];
        if encoded.is_empty() || !is_password_usable(encoded) {
            return Self { entries: message("No password set."), button: "Set password" };
        }
        let entries = match hashers.safe_summary(encoded) {
            Some(summary) => summary.into_iter().map(|(name, value)| (name.to_owned(), Some(value))).collect(),
            None => message("Invalid password format or unknown hashing algorithm."),
        };
        Self { entries, button: "Reset password" }
    }
}
