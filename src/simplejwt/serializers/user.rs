//! What is asked about the user whom a token names, when it is refreshed or ended.

use std::sync::Arc;

use serde_json::Value;

use super::race::RaceError;
use super::{Context, NO_ACCOUNT_FOR_TOKEN, PASSWORD_CHANGED};
use crate::contrib::auth::SharedUser;
use crate::contrib::auth::models::UserLookup;
use crate::db::DbConnection;
use crate::http::outcome::Refusal;
use crate::rest_framework::exceptions::ApiError;
use crate::simplejwt::exceptions::{TokenError, no_active_account};
use crate::simplejwt::tokens::{Revocable, Token, password_digest};

/// A token together with its user, refused unless the user may have tokens. A token that names nobody is taken, as in
/// Python.
pub(super) fn check_user<C: Revocable>(
    token: Token<C>,
    context: &Context,
    conn: &mut DbConnection,
) -> Result<(Token<C>, Option<SharedUser>), RefreshError<C>> {
    if names_nobody(&token, context) {
        return Ok((token, None));
    }
    let user = find_user(&token, context, conn)?;
    decide(token, user, context)
}

/// As [`check_user`], without a connection at hand.
pub(super) async fn look_up_user<C: Revocable>(
    token: Token<C>,
    context: &Context,
) -> Result<(Token<C>, Option<SharedUser>), RefreshError<C>> {
    if names_nobody(&token, context) {
        return Ok((token, None));
    }
    let settings = context.jwt.settings();
    let lookup = UserLookup {
        users: Arc::clone(context.auth.users()),
        name: settings.user_id_field.clone(),
        value: token[&*settings.user_id_claim].clone(),
    };
    let user = context.db.look_up(lookup).await.map_err(TokenError::from)?;
    decide(token, user, context)
}

fn decide<C: Revocable>(
    token: Token<C>,
    user: Option<SharedUser>,
    context: &Context,
) -> Result<(Token<C>, Option<SharedUser>), RefreshError<C>> {
    let (jwt, settings) = (&context.jwt, context.jwt.settings());
    let refusal = |what: &str| {
        let id = &token[&*settings.user_id_claim];
        no_active_account(NO_ACCOUNT_FOR_TOKEN).because(format_args!("user {id} {what}")).refused(Refusal::User)
    };
    let user = user.ok_or_else(|| refusal("does not exist"))?;
    if !jwt.user_may_have_tokens(&*user) {
        return Err(RefreshError::Refused(refusal("may not have tokens")));
    }
    if settings.check_revoke_token {
        let digest = token.get(&settings.revoke_token_claim).and_then(Value::as_str);
        if digest != Some(&password_digest(&*user)) {
            return Err(RefreshError::PasswordChanged(token));
        }
    }
    Ok((token, Some(user)))
}

/// An id that is false in Python is not looked up there. An empty text or list would crash it a moment later; here that
/// is the id of somebody who does not exist.
fn names_nobody<C>(token: &Token<C>, context: &Context) -> bool {
    match &token[&*context.jwt.settings().user_id_claim] {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        _ => false,
    }
}

fn find_user<C: Revocable>(
    token: &Token<C>,
    context: &Context,
    conn: &mut DbConnection,
) -> Result<Option<SharedUser>, TokenError> {
    let settings = context.jwt.settings();
    match token.get(&settings.user_id_claim) {
        Some(id) => Ok(context.users().get_by_attribute(conn, &settings.user_id_field, id)?),
        None => Ok(None),
    }
}

/// Puts a token on the blacklist under the name of its user, if it has one.
pub(super) fn revoke<C: Revocable>(
    token: &Token<C>,
    context: &Context,
    conn: &mut DbConnection,
) -> Result<(), TokenError> {
    let user = find_user(token, context, conn)?;
    token.blacklist(user.and_then(|user| user.pk()), &context.jwt, conn)
}

/// Why a refresh is refused.
pub(super) enum RefreshError<C> {
    /// The password is another one than when this token was made: the token has to end as well.
    PasswordChanged(Token<C>),
    /// Anything else.
    Refused(ApiError),
}

impl<C: Revocable> RefreshError<C> {
    /// Ends the token where it has to: that is committed although the answer is a 401.
    pub(super) fn answer<T>(
        self,
        context: &Context,
        conn: &mut DbConnection,
    ) -> Result<Result<T, ApiError>, RaceError> {
        if let Self::PasswordChanged(token) = &self {
            revoke(token, context, conn)?;
            return Ok(Err(self.into()));
        }
        Err(RaceError::Refused(self.into()))
    }
}

impl<C> From<RefreshError<C>> for ApiError {
    fn from(error: RefreshError<C>) -> Self {
        match error {
            RefreshError::PasswordChanged(_) => no_active_account(PASSWORD_CHANGED).because("password changed"),
            RefreshError::Refused(error) => error,
        }
    }
}

impl<C> From<TokenError> for RefreshError<C> {
    fn from(error: TokenError) -> Self {
        Self::Refused(error.into())
    }
}

impl<C> From<ApiError> for RefreshError<C> {
    fn from(error: ApiError) -> Self {
        Self::Refused(error)
    }
}
