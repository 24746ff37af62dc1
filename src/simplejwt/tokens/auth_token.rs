//! The classes of tokens, by name. Python counterpart: the classes that `AUTH_TOKEN_CLASSES` names.

/// A class that `AUTH_TOKEN_CLASSES` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthToken {
    /// [`AccessToken`](super::AccessToken).
    Access,
    /// [`SlidingToken`](super::SlidingToken).
    Sliding,
    /// [`RefreshToken`](super::RefreshToken).
    Refresh,
    /// [`UntypedToken`](super::UntypedToken).
    Untyped,
}

impl AuthToken {
    /// The class of that name.
    pub fn from_class_name(name: &str) -> Option<Self> {
        [Self::Access, Self::Sliding, Self::Refresh, Self::Untyped].into_iter().find(|class| class.name() == name)
    }

    /// Name of the class, and its `token_type`.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Access => ("AccessToken", "access"),
            Self::Sliding => ("SlidingToken", "sliding"),
            Self::Refresh => ("RefreshToken", "refresh"),
            Self::Untyped => ("UntypedToken", "untyped"),
        }
    }

    /// Name of the class.
    pub fn name(self) -> &'static str {
        self.names().0
    }

    /// Its `token_type`.
    pub const fn token_type(self) -> &'static str {
        self.names().1
    }

    /// The `token_type` that a token must have when it is read.
    pub fn required_type(self) -> Option<&'static str> {
        (self != Self::Untyped).then_some(self.token_type())
    }

    /// Whether its tokens can be blacklisted.
    pub fn is_revocable(self) -> bool {
        matches!(self, Self::Sliding | Self::Refresh)
    }
}
