//! The interface of a table of users. Python counterpart: `AbstractBaseUser` and `BaseUserManager`.

use std::any::Any;

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use serde_json::Value;

use super::super::{AbstractUser, SharedUser, UserId};
use super::error::{UserModelError, missing_table};
use super::permissions::UserPermissions;
use crate::db::DbConnection;
use crate::db::introspection::columns;

/// The arguments of `create_user`. The new user is active.
#[derive(Clone, Debug, Default)]
pub struct NewUser<'a> {
    /// The value of [`UserModel::username_field`].
    pub username: &'a str,
    /// The value of [`UserModel::email_field`]. Empty if there is none, or if it is the user name.
    pub email: &'a str,
    /// Password string as [`PasswordHashers::encode`](crate::contrib::auth::hashers::PasswordHashers::encode) returns it.
    pub password: &'a str,
    /// Whether the user may enter the admin site.
    pub is_staff: bool,
    /// Whether the user has every permission.
    pub is_superuser: bool,
    /// `extra_fields`: names and values of other fields.
    pub extra_fields: &'a [(&'a str, &'a str)],
}

impl NewUser<'_> {
    /// The value of an extra field, or an empty text.
    #[must_use]
    pub fn field(&self, name: &str) -> &str {
        self.extra_fields.iter().find(|(field, _)| *field == name).map_or("", |(_, value)| value)
    }
}

/// A table of users: the model that `AUTH_USER_MODEL` names in Django, with its manager.
///
/// [`DjangoUsers`](super::DjangoUsers) is `auth_user`, and [`CustomUsers`](super::CustomUsers) any other table. A project
/// that needs more than that implements this, and [`AbstractUser`] for its row.
pub trait UserModel: Any + Send + Sync {
    /// The table, which foreign keys to users refer to. Default: `auth_user`.
    fn table(&self) -> &str {
        "auth_user"
    }

    /// `USERNAME_FIELD`: the field that identifies a user at login, and its name in the request.
    fn username_field(&self) -> &str {
        "username"
    }

    /// `EMAIL_FIELD`: the field with the e-mail address.
    fn email_field(&self) -> &str {
        "email"
    }

    /// `REQUIRED_FIELDS`: the fields that `createsuperuser` asks for in addition to user name and password.
    fn required_fields(&self) -> Vec<String> {
        vec!["email".to_owned()]
    }

    /// The problem with `value` as the value of the field `name` of a new user, with the messages of Django's fields.
    /// Default: nothing.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    fn field_problem(&self, conn: &mut DbConnection, name: &str, value: &str) -> QueryResult<Option<String>> {
        let _ = (conn, name, value);
        Ok(None)
    }

    /// Whether users can be read from the database. The server asks this when it starts, `/readyz` each time. Default: whether
    /// the table exists and a look-up succeeds.
    ///
    /// # Errors
    /// Returns the problem.
    fn check(&self, conn: &mut DbConnection) -> Result<(), UserModelError> {
        if columns(conn, self.table())?.is_empty() {
            return Err(missing_table(conn, self.table(), None)?);
        }
        self.get_by_natural_key(conn, "")?;
        Ok(())
    }

    /// `get_by_natural_key`: the user with that login name.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    fn get_by_natural_key(&self, conn: &mut DbConnection, username: &str) -> QueryResult<Option<SharedUser>>;

    /// The user whose attribute `name` is `value`, such as the value of a claim. Returns `None`, not an error, for a value that
    /// the attribute cannot have.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    fn get_by_attribute(&self, conn: &mut DbConnection, name: &str, value: &Value) -> QueryResult<Option<SharedUser>>;

    /// The user with that primary key. Default: the user whose attribute `id` is the key.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    fn get_by_pk(&self, conn: &mut DbConnection, pk: UserId) -> QueryResult<Option<SharedUser>> {
        self.get_by_attribute(conn, "id", &pk.into())
    }

    /// Same as [`UserModel::get_by_attribute`] for several `values`, in their order, for concurrent requests. Default: one after
    /// the other. On PostgreSQL a single statement is several times as fast.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    fn get_many_by_attribute(
        &self,
        conn: &mut DbConnection,
        name: &str,
        values: &[&Value],
    ) -> QueryResult<Vec<Option<SharedUser>>> {
        values.iter().map(|value| self.get_by_attribute(conn, name, value)).collect()
    }

    /// The keys and stored passwords of the first `limit` users in the order of their keys, or of those that follow the key
    /// `after`. Default: none.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    fn stored_passwords(
        &self,
        conn: &mut DbConnection,
        after: Option<UserId>,
        limit: i64,
    ) -> QueryResult<Vec<(UserId, String)>> {
        let _ = (conn, after, limit);
        Ok(Vec::new())
    }

    /// Whether `name` can be looked up by [`UserModel::get_by_attribute`]; `USER_ID_FIELD` is checked with it at start.
    fn has_attribute(&self, name: &str) -> bool;

    /// Inserts an active user: `create_user` of the manager.
    ///
    /// # Errors
    /// Returns the errors of the statement, such as a unique violation if the user name is taken.
    fn create(&self, conn: &mut DbConnection, new: &NewUser<'_>, now: DateTime<Utc>) -> QueryResult<SharedUser>;

    /// Replaces the stored password string if it is still the one in `user`, so that a password that was changed since
    /// then is not overwritten. Returns whether it was replaced.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    fn set_password(&self, conn: &mut DbConnection, user: &dyn AbstractUser, encoded: &str) -> QueryResult<bool>;

    /// The permissions of `user`: `get_all_permissions` of `ModelBackend`. Default: no permissions, as for a model
    /// without `PermissionsMixin`.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    fn permissions(&self, conn: &mut DbConnection, user: &dyn AbstractUser) -> QueryResult<UserPermissions> {
        let _ = (conn, user);
        Ok(UserPermissions::none())
    }

    /// Sets `last_login`. Default: does nothing, for a table without this column.
    fn update_last_login(
        &self,
        conn: &mut DbConnection,
        user: &dyn AbstractUser,
        now: DateTime<Utc>,
    ) -> QueryResult<()> {
        let _ = (conn, user, now);
        Ok(())
    }
}
