//! Logging in. Python counterpart: `django.contrib.auth.authenticate` and `backends.ModelBackend`.

use std::sync::Arc;

use super::SharedUser;
use super::error::AuthError;
use super::hashers::PasswordHashers;
use super::hashing::Turn;
use super::lockout::Attempt;
use super::state::AuthState;
use crate::db::{Database, DatabaseError, DbConnection};

/// How often a login compares the password, if the stored password has changed each time it is read again.
const MAX_CHECKS: usize = 3;

/// The result for a right password.
struct Verified {
    /// The stored password string that it was compared with.
    stored: String,
    /// The string of the preferred hasher, to be stored in its place.
    upgraded: Option<String>,
}

impl AuthState {
    /// The user with this name and password, if a backend accepts the user. A password that was not hashed by the preferred
    /// hasher is hashed and stored again.
    ///
    /// `address` is the address of the client: clients wait for their turn by address, and `LOGIN_FAILURE_LIMIT` counts
    /// failures by name and address. It is empty if there is no client. An unknown name, a wrong password and an
    /// inactive user take the same time.
    ///
    /// # Errors
    /// Returns an error if the queue is full, the database fails or there were too many failures. A wrong password is not an
    /// error.
    pub async fn authenticate(
        &self,
        db: &Database,
        address: &str,
        username: &str,
        password: &str,
    ) -> Result<Option<SharedUser>, AuthError> {
        let outcome = self.try_authenticate(db, address, username, password).await;
        match &outcome {
            Ok(Some(_)) => self.0.outcomes.succeed(),
            Ok(None) => self.0.outcomes.refuse(),
            Err(AuthError::LockedOut(_)) => self.0.outcomes.lock_out(),
            Err(_) => {}
        }
        outcome
    }

    async fn try_authenticate(
        &self,
        db: &Database,
        address: &str,
        username: &str,
        password: &str,
    ) -> Result<Option<SharedUser>, AuthError> {
        // This comes first, so that a flood of logins is refused without a query.
        if self.0.queue.is_full_for(address) {
            return Err(AuthError::Overloaded);
        }
        self.survey_passwords(db);
        let (user, attempt) = self.find(db, address, username).await?;
        let turn = self.0.queue.turn(address).await?;
        let Some(attempt) = attempt else { return self.check(db, turn, address, user, password).await };
        // This is a separate task. If the client disconnects, a login that has been counted still removes its count.
        let (auth, db, address, password) = (self.clone(), db.clone(), address.to_owned(), password.to_owned());
        let login =
            tokio::spawn(async move { auth.check_counted(&db, turn, &address, user, &password, attempt).await });
        login.await.map_err(|e| AuthError::Hashing(e.to_string()))?
    }

    /// Same as [`AuthState::check`], but the attempt is counted as a failure until the password was right.
    async fn check_counted(
        &self,
        db: &Database,
        turn: Turn,
        address: &str,
        user: Option<SharedUser>,
        password: &str,
        attempt: Attempt,
    ) -> Result<Option<SharedUser>, AuthError> {
        attempt.count(db, self.clock().now()).await?;
        let outcome = self.check(db, turn, address, user, password).await;
        match &outcome {
            Ok(Some(_)) => attempt.succeed(db).await?,
            Ok(None) => {}
            Err(_) => attempt.take_back(db).await?,
        }
        if let Some(lockout) = &self.0.lockout {
            lockout.sweep_if_due(db, self.clock().now());
        }
        outcome
    }

    /// The user with this name, and the keys under which the attempt is counted, unless it is locked out. The keys have the
    /// stored name of the user, because the database may find a user by several spellings.
    async fn find(
        &self,
        db: &Database,
        address: &str,
        username: &str,
    ) -> Result<(Option<SharedUser>, Option<Attempt>), AuthError> {
        let (users, now, lockout) = (Arc::clone(self.users()), self.clock().now(), self.0.lockout.clone());
        let (address, name) = (address.to_owned(), username.to_owned());
        db.read(move |conn| {
            let user = users.get_by_natural_key(conn, &name).map_err(DatabaseError::from)?;
            let stored = user.as_ref().map_or(&*name, |user| user.username());
            let attempt = lockout.map(|lockout| lockout.attempt(stored, &address));
            if let Some(attempt) = &attempt {
                attempt.check_limit(conn, now)?;
            }
            Ok((user, attempt))
        })
        .await
    }

    /// `user`, if `password` is right and a backend accepts the user.
    async fn check(
        &self,
        db: &Database,
        turn: Turn,
        address: &str,
        user: Option<SharedUser>,
        password: &str,
    ) -> Result<Option<SharedUser>, AuthError> {
        let Some(mut user) = user else {
            let password = password.to_owned();
            self.hash_on(turn, move |hashers| hashers.fake_runtime(&password)).await?;
            return Ok(None);
        };
        let mut turn = turn;
        // Hashing takes long. A user who was deactivated in this time is refused. If the stored password is different now, it was
        // changed or hashed again by another login, so it is checked again.
        for _ in 0..MAX_CHECKS {
            let Some(verified) = self.verify(turn, &user, password).await? else { return Ok(None) };
            let current = self.read_again(db, user, verified.upgraded.clone()).await?;
            let Some(current) = current.filter(|user| user.is_active() || self.0.allow_inactive) else {
                return Ok(None);
            };
            if current.password() == verified.upgraded.as_ref().unwrap_or(&verified.stored) {
                return Ok(Some(current));
            }
            user = current;
            turn = self.0.queue.turn(address).await?;
        }
        Ok(None)
    }

    /// Compares `password` with the stored one of `user`. `None` if it is wrong.
    async fn verify(&self, turn: Turn, user: &SharedUser, password: &str) -> Result<Option<Verified>, AuthError> {
        let (stored, password) = (user.password().to_owned(), password.to_owned());
        let may_log_in = user.is_active() || self.0.allow_inactive;
        let work = move |hashers: &PasswordHashers| {
            let check = match may_log_in {
                true => hashers.check(&password, &stored),
                false => hashers.check_of_refused(&password, &stored),
            };
            // If the hasher cannot hash this password (bcrypt, beyond 72 bytes), the old string stays.
            let upgraded = check.must_update.then(|| hashers.encode(&password).ok()).flatten();
            check.is_correct.then_some(Verified { stored, upgraded })
        };
        self.hash_on(turn, work).await
    }

    /// The user as stored now. The upgraded password string is stored before that, if there is one: tokens may carry a digest
    /// of the password string.
    async fn read_again(
        &self,
        db: &Database,
        user: SharedUser,
        upgraded: Option<String>,
    ) -> Result<Option<SharedUser>, AuthError> {
        let users = Arc::clone(self.users());
        let Some(encoded) = upgraded else {
            let read = move |conn: &mut DbConnection| users.get_by_natural_key(conn, user.username());
            return Ok(db.read(move |conn| read(conn).map_err(DatabaseError::from)).await?);
        };
        let stored = db.write(move |conn| {
            users.set_password(conn, &*user, &encoded)?;
            users.get_by_natural_key(conn, user.username()).map_err(DatabaseError::from)
        });
        Ok(stored.await?)
    }
}
