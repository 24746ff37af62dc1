//! Logging in to a session. Python counterpart: `login`, `logout`, `get_user` and `update_session_auth_hash` of
//! `django.contrib.auth`.
//!
//! A session has the key of its user and a digest of the user's password string, so that it ends when the password changes. A
//! session that was made under an earlier `SECRET_KEY` gets a new key and digest at its first request.

use std::sync::Arc;

use actix_web::{HttpMessage, HttpRequest};
use serde_json::Value;

use super::models::UserLookup;
use super::settings::Backend;
use super::state::AuthState;
use super::{AbstractUser, SharedUser, UserId};
use crate::apps::Apps;
use crate::contrib::sessions::{Session, SessionError};
use crate::core::crypto::{SaltedHmac, SecretString, constant_time_eq, hex};
use crate::db::DatabaseError;
use crate::http::csrf;

/// The primary key of the user, as text.
pub(crate) const SESSION_KEY: &str = "_auth_user_id";
/// The Python path of the class in `AUTHENTICATION_BACKENDS`.
const BACKEND_SESSION_KEY: &str = "_auth_user_backend";
/// The digest of the password string.
const HASH_SESSION_KEY: &str = "_auth_user_hash";

const HASH_SALT: &str = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash";

/// The keys for the digest in sessions; made once at start.
#[derive(Clone, Debug)]
pub struct SessionAuth {
    backends: Vec<Backend>,
    hash: SaltedHmac,
    fallback_hashes: Vec<SaltedHmac>,
}

/// The user of a request, so that it is looked up once.
#[derive(Clone)]
struct CachedUser(Option<SharedUser>);

impl SessionAuth {
    /// Accepts sessions of `backends`. Their digests are made with `key`, and may have been made with `fallback_keys`.
    #[must_use]
    pub fn new(backends: &[Backend], key: &SecretString, fallback_keys: &[SecretString]) -> Self {
        let hash = |key: &SecretString| SaltedHmac::new(HASH_SALT, key.expose());
        let fallback_hashes = fallback_keys.iter().map(hash).collect();
        Self { backends: backends.to_vec(), hash: hash(key), fallback_hashes }
    }

    /// `user.get_session_auth_hash()`.
    #[must_use]
    pub fn session_auth_hash(&self, user: &dyn AbstractUser) -> String {
        digest(&self.hash, user)
    }

    /// The backend that accepts `user`.
    fn backend_of(&self, user: &dyn AbstractUser) -> Backend {
        let accepts = |backend: &&Backend| backend.accepts(user.is_active());
        self.backends.iter().find(accepts).copied().unwrap_or(Backend::Model)
    }
}

fn digest(hash: &SaltedHmac, user: &dyn AbstractUser) -> String {
    hex(hash.digest(user.password().as_bytes()).as_ref())
}

/// The user who is logged in to the session of `req`: `request.user`. `None` if no user is logged in.
///
/// # Errors
/// Returns an error if the database fails, or `django.contrib.sessions` is not installed.
pub async fn get_user(req: &HttpRequest) -> Result<Option<SharedUser>, SessionError> {
    if let Some(CachedUser(user)) = req.extensions().get::<CachedUser>() {
        return Ok(user.clone());
    }
    let session = Session::of(req).await?;
    let user = find_user(req, &session).await?;
    cache(req, user.clone());
    Ok(user)
}

async fn find_user(req: &HttpRequest, session: &Session) -> Result<Option<SharedUser>, SessionError> {
    let apps = Apps::of(req)?;
    let (sessions, auth) = (apps.get::<SessionAuth>()?, apps.auth()?);
    let Some(pk) = session.get(SESSION_KEY).as_ref().and_then(UserId::from_claim) else { return Ok(None) };
    let path = session.get(BACKEND_SESSION_KEY);
    let backend = sessions.backends.iter().find(|backend| path.as_ref().is_some_and(|path| path == backend.path()));
    let Some(backend) = backend else { return Ok(None) };
    let lookup = UserLookup { users: Arc::clone(auth.users()), name: "id".to_owned(), value: pk.into() };
    let user = apps.database()?.look_up(lookup).await?.filter(|user| backend.accepts(user.is_active()));
    let Some(user) = user else { return Ok(None) };
    let found = session.get(HASH_SESSION_KEY);
    let found = found.as_ref().and_then(Value::as_str).unwrap_or_default();
    let is_by = |hash: &SaltedHmac| constant_time_eq(digest(hash, &*user).as_bytes(), found.as_bytes());
    if is_by(&sessions.hash) {
        return Ok(Some(user));
    }
    if sessions.fallback_hashes.iter().any(is_by) {
        session.cycle_key();
        session.set(HASH_SESSION_KEY, sessions.session_auth_hash(&*user).into());
        return Ok(Some(user));
    }
    // The password has changed since.
    session.flush();
    Ok(None)
}

/// Logs `user` in to the session of `req`, under a new key. Data of an anonymous session stays; data of another user
/// are dropped. Sets `last_login`.
///
/// The caller has checked the password. The session is saved with the response.
///
/// # Errors
/// Returns an error if the database fails, `django.contrib.sessions` is not installed, or the user has no primary key.
pub async fn login(req: &HttpRequest, user: &SharedUser) -> Result<(), SessionError> {
    let apps = Apps::of(req)?;
    let (sessions, auth) = (apps.get::<SessionAuth>()?, apps.auth()?);
    let pk = user.pk().ok_or_else(|| SessionError::NoKey((**user).to_string()))?;
    let session = Session::of(req).await?;
    let hash = sessions.session_auth_hash(&**user);
    if let Some(other) = session.get(SESSION_KEY) {
        let has_hash = session.get(HASH_SESSION_KEY).as_ref().and_then(Value::as_str).map(str::to_owned);
        let is_same_hash = constant_time_eq(has_hash.unwrap_or_default().as_bytes(), hash.as_bytes());
        if UserId::from_claim(&other) != Some(pk) || !is_same_hash {
            session.flush();
        }
    }
    // Django keeps the key of a session of the same user. A new one at every login is safer.
    session.cycle_key();
    session.set(SESSION_KEY, pk.to_string().into());
    session.set(BACKEND_SESSION_KEY, sessions.backend_of(&**user).path().into());
    session.set(HASH_SESSION_KEY, hash.into());
    cache(req, Some(user.clone()));
    csrf::rotate_token(req);
    update_last_login(apps, auth, user).await?;
    Ok(())
}

async fn update_last_login(apps: &Apps, auth: &AuthState, user: &SharedUser) -> Result<(), DatabaseError> {
    let (users, user, now) = (Arc::clone(auth.users()), user.clone(), auth.clock().now());
    let update = move |conn: &mut _| users.update_last_login(conn, &*user, now).map_err(DatabaseError::from);
    apps.database().map_err(|error| DatabaseError::Unavailable(error.to_string()))?.write(update).await
}

/// Ends the session of `req`.
///
/// # Errors
/// Returns an error if the database fails, or `django.contrib.sessions` is not installed.
pub async fn logout(req: &HttpRequest) -> Result<(), SessionError> {
    Session::of(req).await?.flush();
    cache(req, None);
    Ok(())
}

/// Keeps the session of `req` under a new key after the password of `user` has changed. The other sessions of that user end.
/// `user` is as stored after the change. If it is not the user who is logged in, only the key changes, as in Django.
///
/// Call [`get_user`] before the change: after the change the session is no longer valid.
///
/// # Errors
/// Returns an error if the database fails, or `django.contrib.sessions` is not installed.
pub async fn update_session_auth_hash(req: &HttpRequest, user: &SharedUser) -> Result<(), SessionError> {
    let sessions = Apps::of(req)?.get::<SessionAuth>()?;
    let session = Session::of(req).await?;
    let own = req.extensions().get::<CachedUser>().and_then(|CachedUser(own)| own.as_ref()?.pk());
    session.cycle_key();
    if own.is_some() && own == user.pk() {
        session.set(HASH_SESSION_KEY, sessions.session_auth_hash(&**user).into());
        cache(req, Some(user.clone()));
    }
    Ok(())
}

fn cache(req: &HttpRequest, user: Option<SharedUser>) {
    req.extensions_mut().insert(CachedUser(user));
}
