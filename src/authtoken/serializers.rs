//! The rules of the view of this app. Python counterpart: `rest_framework.authtoken.serializers`.

use std::sync::Arc;

use serde_json::json;

use super::exceptions::AuthTokenError;
use super::models::Token;
use crate::core::crypto::SecretString;
use crate::db::{DatabaseError, DbConnection, is_foreign_key_violation};
use crate::http::log_data::TokenEvent;
use crate::rest_framework::context::{self, TokenData, TokenSerializer};
use crate::rest_framework::fields::CharField;
use crate::rest_framework::serializers::{Fields, Serializer};
use crate::rest_framework::state::RestFramework;

/// The context of the serializer of this app. The app has no settings.
pub type Context<'a> = context::Context<'a, RestFramework>;

/// `AuthTokenSerializer`: a user name, and a password whose white space is kept. The fields are called `username` and
/// `password` with every user model.
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

impl TokenSerializer for AuthTokenSerializer {
    type State = RestFramework;
    type Error = AuthTokenError;

    async fn validate(self, context: &Context<'_>) -> Result<TokenData, AuthTokenError> {
        let token = self.get_token(context).await?;
        Ok(TokenData { event: TokenEvent::Issued, body: json!({ "token": token.key }) })
    }
}

impl AuthTokenSerializer {
    /// The token of the user with these credentials, made now if there is none.
    async fn get_token(self, context: &Context<'_>) -> Result<Token, AuthTokenError> {
        let Context { auth, db, .. } = *context;
        let key = context.non_field_errors_key.to_owned();
        let user = auth.authenticate(db, &context.address, &self.username, self.password.expose()).await?;
        let Some(user_id) = user.and_then(|user| user.pk()) else {
            return Err(AuthTokenError::WrongCredentials { key });
        };
        // Most users have a token, and then nothing has to be written.
        let find = move |conn: &mut DbConnection| Token::find_by_user(conn, user_id).map_err(DatabaseError::from);
        if let Some(token) = db.read(find).await? {
            return Ok(token);
        }
        let (users, now) = (Arc::clone(auth.users()), auth.clock().now());
        let made = db.write(move |conn| {
            // The user may have been deleted while the password was hashed.
            match users.get_by_pk(conn, user_id).map_err(DatabaseError::from)? {
                Some(_) => Token::get_or_create(conn, user_id, now).map(Some).map_err(DatabaseError::from),
                None => Ok(None),
            }
        });
        match made.await {
            Ok(Some(token)) => Ok(token),
            // PostgreSQL lets another transaction delete the user before the commit of this one.
            Err(DatabaseError::Query(error)) if is_foreign_key_violation(&error) => {
                Err(AuthTokenError::WrongCredentials { key })
            }
            Ok(None) => Err(AuthTokenError::WrongCredentials { key }),
            Err(error) => Err(error.into()),
        }
    }
}
