//! Users, and the table that they are in. Python counterpart: `django.contrib.auth.models`.
//!
//! | table | model | row |
//! |---|---|---|
//! | `auth_user` | [`DjangoUsers`] | [`User`] |
//! | the table of `AUTH_USER_MODEL` | [`CustomUsers`] | [`CustomUser`] |
//! | a table that the project's code reads | its own [`UserModel`] | its own [`AbstractUser`](super::AbstractUser) |
//!
//! `auth_user` has a separate model because nearly every request looks up a user. Its columns are known at compile time, so its
//! statements are constant and a row is a struct.

mod check;
mod custom;
mod error;
mod lookup;
mod permissions;
mod user;
mod user_model;

pub use self::check::UserAttribute;
pub(super) use self::check::check_users;
pub use self::custom::{CustomUser, CustomUsers};
pub use self::error::UserModelError;
pub use self::lookup::UserLookup;
pub use self::permissions::UserPermissions;
pub use self::user::{DjangoUsers, User};
pub use self::user_model::{NewUser, UserModel};
