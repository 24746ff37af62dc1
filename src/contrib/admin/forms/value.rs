//! The values of a valid form. Python counterpart: the values in `cleaned_data`.

/// The value of a field.
///
/// A text has the format that rows of models have: `true`, `7`, `2024-03-01`, `2024-03-01T12:30:15Z`, a UUID with hyphens, a key
/// of another row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// One value, or NULL.
    One(Option<String>),
    /// The keys of the rows of a many-to-many field.
    Many(Vec<String>),
}

impl Value {
    /// The value of a control that sends `text`.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::One(Some(text.into()))
    }

    /// NULL.
    pub const NULL: Self = Self::One(None);

    /// The text. `None` for NULL and for a list.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::One(value) => value.as_deref(),
            Self::Many(_) => None,
        }
    }

    /// The text, or an empty one.
    #[must_use]
    pub fn to_text(&self) -> &str {
        self.as_str().unwrap_or_default()
    }

    /// The keys of a list. A single value is a list of one.
    #[must_use]
    pub fn keys(&self) -> &[String] {
        match self {
            Self::One(value) => value.as_slice(),
            Self::Many(keys) => keys,
        }
    }
}
