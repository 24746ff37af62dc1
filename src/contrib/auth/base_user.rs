//! The properties that all users have, from every table or token. Python counterpart:
//! `django.contrib.auth.base_user.AbstractBaseUser`.

use std::any::Any;
use std::fmt::{self, Debug};
use std::sync::Arc;

use serde_json::Value;

use super::UserId;

/// A user: the data that views, permissions and tokens need.
///
/// A project with a custom user table implements this for its row type, and
/// [`UserModel`](super::models::UserModel) for the table: together they are a user model, as `AUTH_USER_MODEL` names it in
/// Django.
pub trait AbstractUser: Any + Debug + Send + Sync {
    /// Primary key in the database, where the user has one. References to users are stored as this.
    fn pk(&self) -> Option<UserId>;

    /// `get_username()`: the name that identifies the user to people.
    fn username(&self) -> &str;

    /// Whether the account may be used. Default: yes.
    fn is_active(&self) -> bool {
        true
    }

    /// Whether the user may enter the administration. Default: no.
    fn is_staff(&self) -> bool {
        false
    }

    /// Whether the user has every permission without being given it. Default: no.
    fn is_superuser(&self) -> bool {
        false
    }

    /// The stored password string, where the user has one.
    fn password(&self) -> &str {
        ""
    }

    /// The attribute `name`, for settings such as `USER_ID_FIELD`. `None` if there is no such attribute.
    fn attribute(&self, name: &str) -> Option<Value>;
}

#[cfg(feature = "server")]
impl dyn AbstractUser {
    /// The attribute `name`, if it is a text. Otherwise an empty text.
    pub(crate) fn text(&self, name: &str) -> String {
        self.attribute(name).as_ref().and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

/// The text for a user in log lines: the primary key, or the name if there is no key.
impl fmt::Display for dyn AbstractUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pk() {
            Some(pk) => write!(f, "user {pk}"),
            None => write!(f, "user {:?}", self.username()),
        }
    }
}

/// A user of any kind, cheap to clone: `request.user`.
#[derive(Clone, Debug)]
pub struct SharedUser(Arc<dyn AbstractUser>);

impl SharedUser {
    /// Wraps a user.
    pub fn new(user: impl AbstractUser) -> Self {
        Self(Arc::new(user))
    }

    /// The user as the type that it was made from, such as [`User`](super::models::User). `None` for another type.
    #[must_use]
    pub fn downcast<U: AbstractUser>(&self) -> Option<Arc<U>> {
        let user: Arc<dyn Any + Send + Sync> = Arc::<dyn AbstractUser>::clone(&self.0);
        user.downcast().ok()
    }
}

impl std::ops::Deref for SharedUser {
    type Target = dyn AbstractUser;

    fn deref(&self) -> &Self::Target {
        self.0.as_ref()
    }
}
