//! New users. Python counterpart: `django.contrib.auth.models.UserManager`.

use std::sync::Arc;

use super::SharedUser;
use super::error::AuthError;
use super::models::NewUser;
use super::state::AuthState;
use crate::db::{Database, DatabaseError, DbConnection};

impl AuthState {
    /// `create_user` of the user model. The preferred hasher encodes `password`. Neither name nor password is checked; see
    /// [`validators`](super::validators) and [`password_validation`](super::password_validation).
    ///
    /// # Errors
    /// Returns an error if the name is taken (a unique violation), the queue of passwords is full, or the hasher cannot
    /// encode the password.
    pub async fn create_user(
        &self,
        db: &Database,
        username: &str,
        email: &str,
        password: &str,
    ) -> Result<SharedUser, AuthError> {
        self.create(db, &NewUser { username, email, ..NewUser::default() }, password).await
    }

    /// `create_superuser`: same as [`AuthState::create_user`], with `is_staff` and `is_superuser`.
    ///
    /// # Errors
    /// Same as [`AuthState::create_user`].
    pub async fn create_superuser(
        &self,
        db: &Database,
        username: &str,
        email: &str,
        password: &str,
    ) -> Result<SharedUser, AuthError> {
        let new = NewUser { username, email, is_staff: true, is_superuser: true, ..NewUser::default() };
        self.create(db, &new, password).await
    }

    /// Same as [`AuthState::create_user`], with every field of `new` except the password.
    ///
    /// # Errors
    /// Same as [`AuthState::create_user`].
    pub async fn create(&self, db: &Database, new: &NewUser<'_>, password: &str) -> Result<SharedUser, AuthError> {
        let password = password.to_owned();
        let encoded = self.hash(move |hashers| hashers.encode(&password)).await?;
        let encoded = encoded.map_err(|e| AuthError::Hashing(e.to_string()))?;
        let (users, now) = (Arc::clone(self.users()), self.clock().now());
        let (username, email) = (new.username.to_owned(), new.email.to_owned());
        let (is_staff, is_superuser) = (new.is_staff, new.is_superuser);
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let extra_fields: Vec<(String, String)> = new.extra_fields.iter().map(own).collect();
        let create = move |conn: &mut DbConnection| {
            let extra_fields: Vec<_> = extra_fields.iter().map(|(name, value)| (&**name, &**value)).collect();
            let new = NewUser {
                username: &username,
                email: &email,
                password: &encoded,
                is_staff,
                is_superuser,
                extra_fields: &extra_fields,
            };
            users.create(conn, &new, now).map_err(DatabaseError::from)
        };
        Ok(db.write(create).await?)
    }
}
