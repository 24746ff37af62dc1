//! A value as a page shows it. Python counterpart: `django.contrib.admin.utils.display_for_value`.

/// The content of a cell in a list, or of a read-only field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Text, which the page escapes.
    Text(String),
    /// A boolean, shown as an icon. `None` is unknown.
    Boolean(Option<bool>),
    /// No value, shown as `-`.
    Empty,
    /// Text with a link to another page of this site.
    Link {
        /// The text of the link.
        text: String,
        /// The path that it leads to.
        url: String,
    },
}

impl Cell {
    /// Text, or [`Cell::Empty`] for an empty one.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Empty } else { Self::Text(text) }
    }

    /// The value as plain text: `True`, `False`, and `-` for no value.
    #[must_use]
    pub fn plain(&self) -> &str {
        match self {
            Self::Text(text) | Self::Link { text, .. } => text,
            Self::Boolean(Some(true)) => "True",
            Self::Boolean(Some(false)) => "False",
            Self::Boolean(None) => "None",
            Self::Empty => "-",
        }
    }
}

/// How many characters of a secret are shown.
pub(super) const SHOWN_OF_SECRETS: usize = 4;

/// `secret` as pages, messages and log entries show it: the first four characters, if there are many more, and an ellipsis.
#[must_use]
pub fn masked(secret: &str) -> String {
    let shown: String =
        if secret.chars().count() >= 20 { secret.chars().take(SHOWN_OF_SECRETS).collect() } else { String::new() };
    format!("{shown}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_hardly_shown() {
        assert_eq!(masked("ab12cdefghijklmnopqrstuvwxyz0123456789ab"), "ab12…");
        assert_eq!(masked("short"), "…");
    }
}
