//! The table `auth_user`. Python counterpart: `django.contrib.auth.models.User`.

use std::any::Any;
use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;

use super::super::{AbstractUser, SharedUser, UserId};
use super::permissions::{self, UserPermissions};
use super::user_model::{NewUser, UserModel};
use crate::db::schema::auth_user;
use crate::db::tables::{self, shown};
use crate::db::types::{DjangoDateTime, from_db, to_db};
use crate::db::{DbConnection, with_backend};

/// A row of `auth_user`.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = auth_user)]
pub struct User {
    /// Primary key.
    pub id: i32,
    /// Password string, as one of [`hashers`](crate::contrib::auth::hashers) wrote it.
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
    #[diesel(deserialize_as = DjangoDateTime)]
    pub date_joined: NaiveDateTime,
    /// Given name.
    pub first_name: String,
}

impl User {
    /// The user with that primary key.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    pub fn find(conn: &mut DbConnection, id: i32) -> QueryResult<Option<Self>> {
        // `get_result`, not `first`: a LIMIT costs SQLite twice the statement and the key is unique anyway.
        let row = auth_user::table.filter(auth_user::id.eq(id));
        with_backend!(conn, |conn| row.select(Self::as_select()).get_result(conn)).optional()
    }

    /// The users with those primary keys, in any order.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    pub fn find_many(conn: &mut DbConnection, ids: &[i32]) -> QueryResult<Vec<Self>> {
        let rows = auth_user::table.filter(auth_user::id.eq_any(ids));
        with_backend!(conn, |conn| rows.select(Self::as_select()).load(conn))
    }

    /// The user with exactly that name.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    pub fn find_by_username(conn: &mut DbConnection, username: &str) -> QueryResult<Option<Self>> {
        let row = auth_user::table.filter(auth_user::username.eq(username));
        with_backend!(conn, |conn| row.select(Self::as_select()).get_result(conn)).optional()
    }

    /// Whether the table has a row at all.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    pub fn exists_any(conn: &mut DbConnection) -> QueryResult<bool> {
        let id: Option<i32> = auth_user::table.select(auth_user::id).limit(1).get_result(conn).optional()?;
        Ok(id.is_some())
    }

    /// Inserts an active user.
    ///
    /// # Errors
    /// Returns the errors of the statement.
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
            "last_login" => Some(self.last_login.map(|moment| shown(from_db(moment))).into()),
            "date_joined" => Some(shown(from_db(self.date_joined)).into()),
            _ => None,
        }
    }
}

/// `auth_user`, the table of `django.contrib.auth`.
#[derive(Clone, Copy, Debug, Default)]
pub struct DjangoUsers;

impl UserModel for DjangoUsers {
    fn field_problem(&self, _: &mut DbConnection, name: &str, value: &str) -> QueryResult<Option<String>> {
        let limit = match name {
            "username" | "first_name" | "last_name" => 150,
            "email" => 254,
            _ => return Ok(Some("only first_name and last_name of auth.User can be set".to_owned())),
        };
        let length = value.chars().count();
        let problem = || format!("Ensure this value has at most {limit} characters (it has {length}).");
        Ok((length > limit).then(problem))
    }

    fn get_by_natural_key(&self, conn: &mut DbConnection, username: &str) -> QueryResult<Option<SharedUser>> {
        if username.contains('\0') {
            return Ok(None);
        }
        Ok(User::find_by_username(conn, username)?.map(SharedUser::new))
    }

    fn get_by_attribute(&self, conn: &mut DbConnection, name: &str, value: &Value) -> QueryResult<Option<SharedUser>> {
        if matches!(name, "id" | "pk") {
            let Some(id) = key(value) else { return Ok(None) };
            return Ok(User::find(conn, id)?.map(SharedUser::new));
        }
        // PostgreSQL has no NUL in a text.
        let Some(text) = tables::text(value).filter(|text| !text.contains('\0')) else { return Ok(None) };
        let query = auth_user::table.select(User::as_select());
        let user = match name {
            "username" => query.filter(auth_user::username.eq(text)).get_result(conn).optional()?,
            // Not unique in Django's table. As in Django, two users with the same address are ambiguous.
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
        let ids: Vec<_> = values.iter().map(|value| key(value)).collect();
        let wanted: Vec<_> = ids.iter().copied().flatten().collect();
        let users = User::find_many(conn, &wanted)?.into_iter().map(|user| (user.id, SharedUser::new(user)));
        let users: HashMap<_, _> = users.collect();
        Ok(ids.into_iter().map(|id| users.get(&id?).cloned()).collect())
    }

    fn stored_passwords(
        &self,
        conn: &mut DbConnection,
        after: Option<UserId>,
        limit: i64,
    ) -> QueryResult<Vec<(UserId, String)>> {
        let query = auth_user::table.select((auth_user::id, auth_user::password)).order(auth_user::id).limit(limit);
        let rows: Vec<(i32, String)> = match after {
            None => query.load(conn)?,
            Some(UserId::Integer(id)) => query.filter(auth_user::id.gt(id)).load(conn)?,
            Some(_) => Vec::new(),
        };
        Ok(rows.into_iter().map(|(id, password)| (id.into(), password)).collect())
    }

    fn has_attribute(&self, name: &str) -> bool {
        matches!(name, "id" | "pk" | "username" | "email")
    }

    fn permissions(&self, conn: &mut DbConnection, user: &dyn AbstractUser) -> QueryResult<UserPermissions> {
        // A user of a token has a key as well, but no rows.
        let Some(user) = (user as &dyn Any).downcast_ref::<User>() else { return Ok(UserPermissions::none()) };
        match (user.is_active, user.is_superuser) {
            (false, _) => Ok(UserPermissions::none()),
            (true, true) => Ok(UserPermissions::Every),
            (true, false) => permissions::granted_to(conn, user.id),
        }
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

fn key(value: &Value) -> Option<i32> {
    tables::integer(value)?.try_into().ok()
}
