//! The table `auth_user`, and the door to a user table of one's own. Python counterpart: `django.contrib.auth.models`.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;

use super::{AbstractUser, SharedUser, UserId};
use crate::core::python;
use crate::db::migrations::UserTable;
use crate::db::schema::auth_user;
use crate::db::types::{Moment, to_db};
use crate::db::{DbConnection, Lookup, with_backend};

/// A row of `auth_user`.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = auth_user)]
pub struct User {
    /// Primary key.
    pub id: i32,
    /// Password string, as one of [`hashers`](super::hashers) wrote it.
    pub password: String,
    /// Last login, in UTC; written when `UPDATE_LAST_LOGIN` is on.
    pub last_login: Option<NaiveDateTime>,
    /// Has every permission.
    pub is_superuser: bool,
    /// Unique name.
    pub username: String,
    /// Family name.
    pub last_name: String,
    /// E-mail address.
    pub email: String,
    /// May enter the administration.
    pub is_staff: bool,
    /// May log in.
    pub is_active: bool,
    /// When the row was made, in UTC.
    #[diesel(deserialize_as = Moment)]
    pub date_joined: NaiveDateTime,
    /// Given name.
    pub first_name: String,
}

/// The arguments of `create_user`. The new user is active.
#[derive(Clone, Debug, Default)]
pub struct NewUser<'a> {
    /// The value of [`UserModel::username_field`].
    pub username: &'a str,
    /// The value of [`UserModel::email_field`]. Empty if there is none, or if it is the user name.
    pub email: &'a str,
    /// Password string as [`PasswordHashers::encode`](super::hashers::PasswordHashers::encode) returns it.
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

impl User {
    /// The user with that primary key.
    pub fn find(conn: &mut DbConnection, id: i32) -> QueryResult<Option<Self>> {
        // `get_result`, not `first`: a LIMIT costs SQLite twice the statement and the key is unique anyway.
        let row = auth_user::table.filter(auth_user::id.eq(id));
        with_backend!(conn, |conn| row.select(Self::as_select()).get_result(conn)).optional()
    }

    /// The users with those primary keys, in any order.
    pub fn find_many(conn: &mut DbConnection, ids: &[i32]) -> QueryResult<Vec<Self>> {
        let rows = auth_user::table.filter(auth_user::id.eq_any(ids));
        with_backend!(conn, |conn| rows.select(Self::as_select()).load(conn))
    }

    /// The user with exactly that name.
    pub fn find_by_username(conn: &mut DbConnection, username: &str) -> QueryResult<Option<Self>> {
        let row = auth_user::table.filter(auth_user::username.eq(username));
        with_backend!(conn, |conn| row.select(Self::as_select()).get_result(conn)).optional()
    }

    /// Whether the table has a row at all.
    pub fn exists_any(conn: &mut DbConnection) -> QueryResult<bool> {
        let id: Option<i32> = auth_user::table.select(auth_user::id).limit(1).get_result(conn).optional()?;
        Ok(id.is_some())
    }

    /// Inserts an active user.
    pub fn create(conn: &mut DbConnection, new: &NewUser<'_>, now: DateTime<Utc>) -> QueryResult<Self> {
        diesel::insert_into(auth_user::table)
            .values((
                auth_user::username.eq(new.username),
                auth_user::email.eq(new.email),
                auth_user::password.eq(new.password),
                auth_user::is_superuser.eq(new.is_superuser),
                auth_user::is_staff.eq(new.is_staff),
                auth_user::is_active.eq(true),
                auth_user::first_name.eq(new.field("first_name")),
                auth_user::last_name.eq(new.field("last_name")),
                auth_user::date_joined.eq(to_db(now)),
            ))
            .returning(auth_user::all_columns)
            .get_result(conn)
    }
}

impl AbstractUser for User {
    fn pk(&self) -> Option<UserId> {
        Some(self.id.into())
    }

    fn username(&self) -> &str {
        &self.username
    }

    fn is_active(&self) -> bool {
        self.is_active
    }

    fn is_staff(&self) -> bool {
        self.is_staff
    }

    fn is_superuser(&self) -> bool {
        self.is_superuser
    }

    fn password(&self) -> &str {
        &self.password
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        match name {
            "id" | "pk" => Some(self.id.into()),
            "username" => Some(self.username.as_str().into()),
            "email" => Some(self.email.as_str().into()),
            "first_name" => Some(self.first_name.as_str().into()),
            "last_name" => Some(self.last_name.as_str().into()),
            "is_active" => Some(self.is_active.into()),
            "is_staff" => Some(self.is_staff.into()),
            "is_superuser" => Some(self.is_superuser.into()),
            _ => None,
        }
    }
}

/// A table of users: what the setting `AUTH_USER_MODEL` names in Django, with its manager.
///
/// [`DjangoUsers`] is `auth_user`. A project with a table of its own implements this, and
/// [`AbstractUser`] for its row.
pub trait UserModel: std::any::Any + Send + Sync {
    /// The table, which foreign keys to users refer to. Default: `auth_user`.
    fn table(&self) -> UserTable {
        UserTable::default()
    }

    /// `USERNAME_FIELD`: the field that identifies a user at login, and its name in the request.
    fn username_field(&self) -> &'static str {
        "username"
    }

    /// `EMAIL_FIELD`: the field with the e-mail address.
    fn email_field(&self) -> &'static str {
        "email"
    }

    /// `REQUIRED_FIELDS`: the fields that `createsuperuser` asks for besides user name and password.
    fn required_fields(&self) -> &'static [&'static str] {
        &["email"]
    }

    /// `get_by_natural_key`: the user with that login name.
    fn get_by_natural_key(&self, conn: &mut DbConnection, username: &str) -> QueryResult<Option<SharedUser>>;

    /// The user whose attribute `name` is `value`, as claims name one. For a value that
    /// the attribute cannot have, returns `None`, not an error.
    fn get_by_attribute(&self, conn: &mut DbConnection, name: &str, value: &Value) -> QueryResult<Option<SharedUser>>;

    /// The user with that primary key. Default: the user whose attribute `id` is the key.
    ///
    /// # Errors
    /// Those of the statement.
    fn get_by_pk(&self, conn: &mut DbConnection, pk: UserId) -> QueryResult<Option<SharedUser>> {
        self.get_by_attribute(conn, "id", &pk.into())
    }

    /// As [`UserModel::get_by_attribute`] for several `values`, in their order: what requests that come at the same time
    /// ask together. Default: one after the other. On PostgreSQL a single statement is several times as fast.
    ///
    /// # Errors
    /// Those of the statement.
    fn get_many_by_attribute(
        &self,
        conn: &mut DbConnection,
        name: &str,
        values: &[&Value],
    ) -> QueryResult<Vec<Option<SharedUser>>> {
        values.iter().map(|value| self.get_by_attribute(conn, name, value)).collect()
    }

    /// Whether `name` can be looked up by [`UserModel::get_by_attribute`]; `USER_ID_FIELD` is checked with it at start.
    fn has_attribute(&self, name: &str) -> bool;

    /// Inserts an active user: `create_user` of the manager.
    ///
    /// # Errors
    /// Those of the statement, such as a unique violation if the user name is taken.
    fn create(&self, conn: &mut DbConnection, new: &NewUser<'_>, now: DateTime<Utc>) -> QueryResult<SharedUser>;

    /// Replaces the stored password string, but only while it is the one that `user` was read with, so that a password
    /// that was changed meanwhile is not overwritten. Returns whether it did.
    ///
    /// # Errors
    /// Those of the statement.
    fn set_password(&self, conn: &mut DbConnection, user: &dyn AbstractUser, encoded: &str) -> QueryResult<bool>;

    /// Sets `last_login`. Default: a table without such a column.
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

/// `auth_user`, the table of `django.contrib.auth`.
#[derive(Clone, Copy, Debug, Default)]
pub struct DjangoUsers;

impl UserModel for DjangoUsers {
    fn get_by_natural_key(&self, conn: &mut DbConnection, username: &str) -> QueryResult<Option<SharedUser>> {
        if username.contains('\0') {
            return Ok(None);
        }
        Ok(User::find_by_username(conn, username)?.map(SharedUser::new))
    }

    fn get_by_attribute(&self, conn: &mut DbConnection, name: &str, value: &Value) -> QueryResult<Option<SharedUser>> {
        if matches!(name, "id" | "pk") {
            let Some(id) = integer(value) else { return Ok(None) };
            return Ok(User::find(conn, id)?.map(SharedUser::new));
        }
        // PostgreSQL has no NUL in a text.
        let Some(text) = text(value).filter(|text| !text.contains('\0')) else { return Ok(None) };
        let query = auth_user::table.select(User::as_select());
        let user = match name {
            "username" => query.filter(auth_user::username.eq(text)).get_result(conn).optional()?,
            // Not unique in Django's table: with two owners, as in Django, there is no telling who is meant.
            "email" => {
                let mut users = query.filter(auth_user::email.eq(text)).limit(2).load(conn)?;
                users.pop().filter(|_| users.is_empty())
            }
            _ => None,
        };
        Ok(user.map(|user: User| SharedUser::new(user)))
    }

    fn get_many_by_attribute(
        &self,
        conn: &mut DbConnection,
        name: &str,
        values: &[&Value],
    ) -> QueryResult<Vec<Option<SharedUser>>> {
        if !matches!(name, "id" | "pk") {
            return values.iter().map(|value| self.get_by_attribute(conn, name, value)).collect();
        }
        let ids: Vec<_> = values.iter().map(|value| integer(value)).collect();
        let wanted: Vec<_> = ids.iter().copied().flatten().collect();
        let users = User::find_many(conn, &wanted)?.into_iter().map(|user| (user.id, SharedUser::new(user)));
        let users: HashMap<_, _> = users.collect();
        Ok(ids.into_iter().map(|id| users.get(&id?).cloned()).collect())
    }

    fn has_attribute(&self, name: &str) -> bool {
        matches!(name, "id" | "pk" | "username" | "email")
    }

    fn create(&self, conn: &mut DbConnection, new: &NewUser<'_>, now: DateTime<Utc>) -> QueryResult<SharedUser> {
        User::create(conn, new, now).map(SharedUser::new)
    }

    fn set_password(&self, conn: &mut DbConnection, user: &dyn AbstractUser, encoded: &str) -> QueryResult<bool> {
        let Some(UserId::Integer(id)) = user.pk() else { return Ok(false) };
        let unchanged = auth_user::id.eq(id).and(auth_user::password.eq(user.password()));
        let row = auth_user::table.filter(unchanged);
        Ok(diesel::update(row).set(auth_user::password.eq(encoded)).execute(conn)? > 0)
    }

    fn update_last_login(
        &self,
        conn: &mut DbConnection,
        user: &dyn AbstractUser,
        now: DateTime<Utc>,
    ) -> QueryResult<()> {
        let Some(UserId::Integer(id)) = user.pk() else { return Ok(()) };
        let row = auth_user::table.filter(auth_user::id.eq(id));
        diesel::update(row).set(auth_user::last_login.eq(to_db(now))).execute(conn)?;
        Ok(())
    }
}

/// The question for a user by an attribute, such as the claim of a token names one.
pub struct UserLookup {
    /// The table of users.
    pub users: Arc<dyn UserModel>,
    /// The attribute, as for [`UserModel::get_by_attribute`].
    pub name: String,
    /// Its value.
    pub value: Value,
}

impl Lookup for UserLookup {
    type Found = SharedUser;

    fn find(&self, conn: &mut DbConnection) -> QueryResult<Option<SharedUser>> {
        self.users.get_by_attribute(conn, &self.name, &self.value)
    }

    fn find_many(keys: &[Self], conn: &mut DbConnection) -> QueryResult<Vec<Option<SharedUser>>> {
        let [first, others @ ..] = keys else { return Ok(Vec::new()) };
        // All of one application ask the same table by the same attribute; two applications may share a database.
        if others.iter().all(|key| Arc::ptr_eq(&key.users, &first.users) && key.name == first.name) {
            let values: Vec<_> = keys.iter().map(|key| &key.value).collect();
            return first.users.get_many_by_attribute(conn, &first.name, &values);
        }
        keys.iter().map(|key| key.find(conn)).collect()
    }
}

/// A claim as a primary key. Booleans are not keys.
fn integer(value: &Value) -> Option<i32> {
    if value.is_boolean() { None } else { python::int(value)?.try_into().ok() }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_claim_is_a_key_when_python_would_take_it_for_one() {
        for value in [json!(7), json!(7.0), json!("7"), json!(" +7 "), json!("007")] {
            assert_eq!(integer(&value), Some(7), "{value}");
        }
        for value in
            [json!("abc"), json!(""), json!(null), json!([7]), json!(true), json!("18446744073709551616"), json!(1e300)]
        {
            assert_eq!(integer(&value), None, "{value}");
        }
    }
}
