//! The users and password settings of an application. Python counterpart: the settings `AUTH_…` and `PASSWORD_…`, resolved.
//!
//! Hashing runs on a limited number of separate threads, and no database connection is held meanwhile. So a flood of logins
//! cannot block `refresh` and protected views. [`hashing`](super::hashing) has the queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use diesel::QueryResult;

use super::error::AuthError;
use super::hashers::{PasswordHashers, StoredPasswords};
use super::hashing::{HashingQueue, Turn};
use super::lockout::Lockout;
use super::models::UserModel;
use super::outcomes::LoginOutcomes;
use super::password_validation::PasswordValidator;
use super::settings::{AuthSettings, Backend};
use super::survey;
use crate::core::clock::Clock;
use crate::db::{Database, DbConnection};

/// Users, hashers and backends of one application. Cheap to clone.
#[derive(Clone)]
pub struct AuthState(pub(super) Arc<Inner>);

pub(super) struct Inner {
    users: Arc<dyn UserModel>,
    hashers: PasswordHashers,
    password_validators: Vec<PasswordValidator>,
    pub(super) allow_inactive: bool,
    pub(super) queue: HashingQueue,
    pub(super) lockout: Option<Lockout>,
    pub(super) outcomes: LoginOutcomes,
    clock: Clock,
    /// Whether reading the stored passwords has begun.
    is_surveyed: AtomicBool,
}

impl AuthState {
    /// Logs in the users of the model `users`.
    #[must_use]
    pub fn new(settings: &AuthSettings, clock: Clock, users: Arc<dyn UserModel>) -> Self {
        Self(Arc::new(Inner {
            users,
            hashers: settings.password_hashers.clone(),
            password_validators: settings.auth_password_validators.clone(),
            allow_inactive: settings.authentication_backends.contains(&Backend::AllowAllUsersModel),
            queue: HashingQueue::new(settings.hashing_threads, settings.hashing_queue),
            lockout: Lockout::new(settings),
            outcomes: LoginOutcomes::default(),
            clock,
            is_surveyed: AtomicBool::new(false),
        }))
    }

    /// Whether failed logins are counted: `LOGIN_FAILURE_LIMIT` or `LOGIN_FAILURE_LIMIT_PER_ADDRESS`.
    #[must_use]
    pub fn limits_failures(&self) -> bool {
        self.0.lockout.is_some()
    }

    /// The table of users.
    #[must_use]
    pub fn users(&self) -> &Arc<dyn UserModel> {
        &self.0.users
    }

    /// The password hashers.
    #[must_use]
    pub fn hashers(&self) -> &PasswordHashers {
        &self.0.hashers
    }

    /// The rules for new passwords.
    #[must_use]
    pub fn password_validators(&self) -> &[PasswordValidator] {
        &self.0.password_validators
    }

    /// Begins to read all stored passwords in the background, so that every refusal takes as long as the most expensive kind of
    /// hash in use. Does nothing after the first call. A server calls it at its start, and other applications at the first
    /// login.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn survey_passwords(&self, db: &Database) {
        if !self.0.is_surveyed.swap(true, Ordering::Relaxed) {
            tokio::spawn(survey::run(db.clone(), Arc::clone(self.users()), self.hashers().clone()));
        }
    }

    /// The kinds of all stored passwords. Reads the whole table, so it is for commands.
    ///
    /// # Errors
    /// Returns the errors of the statements.
    pub fn stored_passwords(&self, conn: &mut DbConnection) -> QueryResult<StoredPasswords> {
        survey::count(conn, self.users().as_ref(), self.hashers())
    }

    /// Logins whose password is being hashed, or waits to be.
    #[must_use]
    pub fn hashing_pending(&self) -> usize {
        self.0.queue.pending()
    }

    /// The largest number of them. One more is [`AuthError::Overloaded`].
    #[must_use]
    pub fn hashing_capacity(&self) -> usize {
        self.0.queue.capacity()
    }

    /// The counts of logins.
    #[must_use]
    pub fn login_outcomes(&self) -> &LoginOutcomes {
        &self.0.outcomes
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Runs `work` on a thread for hashing, after its turn has come.
    ///
    /// # Errors
    /// Returns [`AuthError::Overloaded`] when the queue is full.
    pub async fn hash<T: Send + 'static>(
        &self,
        work: impl FnOnce(&PasswordHashers) -> T + Send + 'static,
    ) -> Result<T, AuthError> {
        self.hash_for("", work).await
    }

    /// Same as [`AuthState::hash`], for the client at `address`. Clients wait for their turn by address.
    ///
    /// # Errors
    /// [`AuthError::Overloaded`] when the queue is full.
    pub async fn hash_for<T: Send + 'static>(
        &self,
        address: &str,
        work: impl FnOnce(&PasswordHashers) -> T + Send + 'static,
    ) -> Result<T, AuthError> {
        let turn = self.0.queue.turn(address).await?;
        self.hash_on(turn, work).await
    }

    pub(super) async fn hash_on<T: Send + 'static>(
        &self,
        turn: Turn,
        work: impl FnOnce(&PasswordHashers) -> T + Send + 'static,
    ) -> Result<T, AuthError> {
        let hashers = self.0.hashers.clone();
        let hashing = tokio::task::spawn_blocking(move || {
            let result = work(&hashers);
            // The place belongs to the work: a client that disconnects must not free it for another hash.
            drop(turn);
            result
        });
        hashing.await.map_err(|e| AuthError::Hashing(e.to_string()))
    }
}

impl std::fmt::Debug for AuthState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AuthState({:?})", self.0.hashers)
    }
}
