//! The body of the login. Python counterpart: `rest_framework.authtoken.serializers`.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::models::Token;
use crate::contrib::auth::{AuthError, AuthState};
use crate::core::crypto::SecretString;
use crate::db::{Database, DatabaseError, DbConnection};
use crate::rest_framework::fields::CharField;
use crate::rest_framework::serializers::{Fields, Serializer};

/// `AuthTokenSerializer`: a user name, trimmed, and a password, as it was typed. The fields are called `username` and
/// `password` whatever the user model says.
#[derive(Debug)]
pub struct AuthTokenSerializer {
    username: String,
    password: SecretString,
}

impl Serializer for AuthTokenSerializer {
    fn read(fields: &mut Fields<'_>) -> Self {
        let username = fields.read(CharField::new("username"));
        let password = fields.read(CharField::new("password").untrimmed()).into();
        fields.read_only(CharField::new("token"));
        Self { username, password }
    }
}

/// Why nobody is logged in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Wrong user name or password, or a user who may not log in.
    #[error("Unable to log in with provided credentials.")]
    WrongCredentials,
    /// The password could not be checked.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The database could not be asked.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl AuthTokenSerializer {
    /// The token of the user, when the password is right; made now if there was none. `address` is the client's.
    ///
    /// # Errors
    /// When it is not, or the user may not log in.
    pub async fn validate(
        self,
        auth: &AuthState,
        db: &Database,
        address: &str,
        now: DateTime<Utc>,
    ) -> Result<Token, LoginError> {
        let user = auth.authenticate_from(db, address, &self.username, self.password.expose()).await?;
        let user_id = user.and_then(|user| user.pk()).ok_or(LoginError::WrongCredentials)?;
        // Most users have one already, and then nothing needs to be written.
        let find = move |conn: &mut DbConnection| Token::find_by_user(conn, user_id).map_err(DatabaseError::from);
        if let Some(token) = db.read(find).await? {
            return Ok(token);
        }
        let users = Arc::clone(auth.users());
        db.write(move |conn| {
            // Checking the password took a while, in which the user may have been deleted.
            let user = users.get_by_pk(conn, user_id).map_err(DatabaseError::from)?;
            user.ok_or(LoginError::WrongCredentials)?;
            Ok(Token::get_or_create(conn, user_id, now)?)
        })
        .await
    }
}
