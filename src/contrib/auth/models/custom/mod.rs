//! A custom user model: `AUTH_USER_MODEL=accounts.User`. Python counterpart: a subclass of `AbstractBaseUser`.
//!
//! The columns of the table are read from the database when users are first needed, normally at the start. They are read again
//! after a failed statement, because a migration may have changed the table.

mod column_names;
mod config;
mod create;
mod layout;
mod permissions;
mod row;
mod statements;

use std::any::Any;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::result::{DatabaseErrorKind, Error};
use serde_json::Value;

use self::config::Config;
use self::layout::TableLayout;
pub use self::row::CustomUser;
use super::super::settings::AuthSettings;
use super::super::{AbstractUser, SharedUser, UserId};
use super::error::UserModelError;
use super::permissions::UserPermissions;
use super::user_model::{NewUser, UserModel};
use crate::conf::SettingsError;
use crate::db::DbConnection;

/// The table of users that `AUTH_USER_MODEL` names.
#[derive(Debug)]
pub struct CustomUsers {
    config: Config,
    /// `None` before the table was first read.
    layout: RwLock<Option<Arc<TableLayout>>>,
}

impl CustomUsers {
    /// The model that `AUTH_USER_MODEL` and the related settings name. Does not use the database.
    ///
    /// # Errors
    /// Returns an error if the settings contradict each other.
    pub fn new(settings: &AuthSettings) -> Result<Self, SettingsError> {
        Ok(Self { config: Config::new(settings)?, layout: RwLock::default() })
    }

    /// The columns, if they were read.
    fn known_layout(&self) -> Option<Arc<TableLayout>> {
        self.layout.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_layout(&self, layout: Option<Arc<TableLayout>>) {
        *self.layout.write().unwrap_or_else(PoisonError::into_inner) = layout;
    }

    /// Reads the columns from the database.
    fn read_layout(&self, conn: &mut DbConnection) -> Result<Arc<TableLayout>, UserModelError> {
        let layout = Arc::new(TableLayout::read(conn, &self.config)?);
        self.set_layout(Some(Arc::clone(&layout)));
        Ok(layout)
    }

    /// Runs `f` with the columns.
    fn with_layout<T>(
        &self,
        conn: &mut DbConnection,
        f: impl FnOnce(&mut DbConnection, &Arc<TableLayout>) -> QueryResult<T>,
    ) -> QueryResult<T> {
        let layout = match self.known_layout() {
            Some(layout) => layout,
            None => self.read_layout(conn)?,
        };
        let outcome = f(conn, &layout);
        // A column may have been removed.
        if let Err(Error::DatabaseError(DatabaseErrorKind::Unknown, _)) = outcome {
            self.set_layout(None);
        }
        outcome
    }
}

impl UserModel for CustomUsers {
    fn table(&self) -> &str {
        &self.config.table
    }

    fn username_field(&self) -> &str {
        &self.config.username_field
    }

    fn email_field(&self) -> &str {
        self.config.email_field()
    }

    fn required_fields(&self) -> Vec<String> {
        match self.known_layout() {
            Some(layout) => layout.required_fields.clone(),
            None => self.config.required_fields.clone().unwrap_or_default(),
        }
    }

    fn field_problem(&self, conn: &mut DbConnection, name: &str, value: &str) -> QueryResult<Option<String>> {
        self.with_layout(conn, |_, layout| Ok(layout.field_problem(name, value)))
    }

    fn check(&self, conn: &mut DbConnection) -> Result<(), UserModelError> {
        self.read_layout(conn)?;
        // Whether the columns may be read as well.
        self.get_by_natural_key(conn, "")?;
        Ok(())
    }

    fn get_by_natural_key(&self, conn: &mut DbConnection, username: &str) -> QueryResult<Option<SharedUser>> {
        self.with_layout(conn, |conn, layout| layout.find_by(conn, layout.username, &username.into()))
    }

    fn get_by_attribute(&self, conn: &mut DbConnection, name: &str, value: &Value) -> QueryResult<Option<SharedUser>> {
        self.with_layout(conn, |conn, layout| match layout.key_field(name) {
            Some(field) => layout.find_by(conn, field, value),
            None => Ok(None),
        })
    }

    fn get_by_pk(&self, conn: &mut DbConnection, pk: UserId) -> QueryResult<Option<SharedUser>> {
        self.with_layout(conn, |conn, layout| layout.find_by(conn, layout.pk, &pk.into()))
    }

    fn get_many_by_attribute(
        &self,
        conn: &mut DbConnection,
        name: &str,
        values: &[&Value],
    ) -> QueryResult<Vec<Option<SharedUser>>> {
        self.with_layout(conn, |conn, layout| match layout.key_field(name) {
            Some(field) => layout.find_many_by(conn, field, values),
            None => Ok(vec![None; values.len()]),
        })
    }

    fn stored_passwords(
        &self,
        conn: &mut DbConnection,
        after: Option<UserId>,
        limit: i64,
    ) -> QueryResult<Vec<(UserId, String)>> {
        self.with_layout(conn, |conn, layout| layout.stored_passwords(conn, after, limit))
    }

    /// Before the table was read, every name is accepted.
    fn has_attribute(&self, name: &str) -> bool {
        self.known_layout().is_none_or(|layout| layout.key_field(name).is_some())
    }

    fn create(&self, conn: &mut DbConnection, new: &NewUser<'_>, now: DateTime<Utc>) -> QueryResult<SharedUser> {
        self.with_layout(conn, |conn, layout| layout.create(conn, new, now))
    }

    fn set_password(&self, conn: &mut DbConnection, user: &dyn AbstractUser, encoded: &str) -> QueryResult<bool> {
        let Some(pk) = user.pk() else { return Ok(false) };
        self.with_layout(conn, |conn, layout| layout.set_password(conn, pk, user.password(), encoded))
    }

    fn permissions(&self, conn: &mut DbConnection, user: &dyn AbstractUser) -> QueryResult<UserPermissions> {
        // A user of a token has a key as well, but no row.
        let Some(user) = (user as &dyn Any).downcast_ref::<CustomUser>() else { return Ok(UserPermissions::none()) };
        match (user.is_active(), user.is_superuser()) {
            (false, _) => Ok(UserPermissions::none()),
            (true, true) => Ok(UserPermissions::Every),
            (true, false) => self.with_layout(conn, |conn, layout| layout.permissions(conn, user.id())),
        }
    }

    fn update_last_login(
        &self,
        conn: &mut DbConnection,
        user: &dyn AbstractUser,
        now: DateTime<Utc>,
    ) -> QueryResult<()> {
        let Some(pk) = user.pk() else { return Ok(()) };
        self.with_layout(conn, |conn, layout| layout.update_last_login(conn, pk, now))
    }
}
