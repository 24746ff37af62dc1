//! Credentials for tokens. Python counterpart: `TokenObtainSerializer` and its classes.

use std::marker::PhantomData;
use std::sync::Arc;

use super::context::{Context, NO_ACCOUNT_FOR_CREDENTIALS, TokenData, TokenSerializer};
use crate::contrib::auth::AuthState;
use crate::rest_framework::fields::CharField;
use crate::rest_framework::serializers::{Fields, Serializer};
use crate::rest_framework::state::app_data;
use crate::simplejwt::exceptions::TokenError;
use crate::simplejwt::token_family::models::lock_user;
use crate::simplejwt::tokens::{Refresh, Revocable, Sliding, Token};

/// Credentials for a token of class `C`: `token_class` in Python.
pub struct TokenObtainSerializer<C> {
    username: String,
    password: String,
    token_class: PhantomData<C>,
}

/// Credentials for a refresh token and its access token.
pub type TokenObtainPairSerializer = TokenObtainSerializer<Refresh>;
/// Credentials for a sliding token.
pub type TokenObtainSlidingSerializer = TokenObtainSerializer<Sliding>;

impl<C: Revocable> Serializer for TokenObtainSerializer<C> {
    fn read(fields: &mut Fields<'_>) -> Self {
        let auth = app_data::<AuthState>(fields.request());
        let field = auth.map_or_else(|_| "username".to_owned(), |auth| auth.users().username_field().to_owned());
        let username = fields.read(CharField::new(field));
        Self { username, password: fields.read(CharField::new("password")), token_class: PhantomData }
    }
}

impl<C: Revocable> TokenObtainSerializer<C> {
    /// A new token of the user with these credentials.
    ///
    /// An unknown name, a wrong password and an inactive user get the same answer after the same time, so that it does
    /// not tell which accounts exist.
    async fn get_token(self, context: &Context<'_>) -> Result<Token<C>, TokenError> {
        let refused = |reason| TokenError::AuthenticationFailed { message: NO_ACCOUNT_FOR_CREDENTIALS, reason };
        let Context { auth, db, address, .. } = context;
        let user =
            auth.authenticate(db, address, &self.username, &self.password).await?.ok_or_else(|| refused(None))?;
        let (jwt, users) = (Arc::clone(context.state), Arc::clone(auth.users()));
        let client = jwt.families().map(|_| context.client()).unwrap_or_default();
        let issue = move |conn: &mut _| {
            // Before the token, because the row of a user is locked before the logins of the user and the families are.
            if jwt.settings.update_last_login {
                users.update_last_login(conn, &*user, jwt.clock.now())?;
            }
            // Whoever ends all logins of the user has this lock, and either finds the new token, or has changed the user before.
            if let Some(user_id) = user.pk() {
                lock_user(conn, user_id)?;
            }
            let (verified, user) = (user.password(), users.get_by_natural_key(conn, user.username())?);
            let user = user.ok_or_else(|| refused(Some("user was deleted meanwhile".to_owned())))?;
            if user.password() != verified {
                return Err(refused(Some(format!("the password of {} was changed meanwhile", &*user))));
            }
            if !(jwt.user_rule)(&*user) {
                return Err(refused(Some(format!("{} may not have tokens", &*user))));
            }
            // The claim would be the text `null`, and the token would belong to the user with this name.
            let id_field = &jwt.settings.user_id_field;
            if user.attribute(id_field).unwrap_or_default().is_null() {
                return Err(refused(Some(format!("{} has no {id_field}, which USER_ID_FIELD names", &*user))));
            }
            Token::<C>::for_client(&*user, &client, &jwt, conn)
        };
        db.write(issue).await
    }
}

impl TokenSerializer for TokenObtainPairSerializer {
    async fn validate(self, context: &Context<'_>) -> Result<TokenData, TokenError> {
        let refresh = self.get_token(context).await?;
        let access = refresh.access_token(context.state).encode(context.state)?;
        Ok(TokenData::Pair { refresh: refresh.encode(context.state)?, access })
    }
}

impl TokenSerializer for TokenObtainSlidingSerializer {
    async fn validate(self, context: &Context<'_>) -> Result<TokenData, TokenError> {
        Ok(TokenData::Sliding { token: self.get_token(context).await?.encode(context.state)? })
    }
}
