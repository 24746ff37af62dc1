//! Logging in. Python counterpart: `django.contrib.auth.authenticate` and `backends.ModelBackend`.
//!
//! Hashing runs on separate threads, at most the number in the settings, and with no database connection held, so
//! that a flood of logins cannot starve `refresh` and protected views. [`hashing`](super::hashing) has the queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use diesel::QueryResult;

use super::error::AuthError;
use super::failed_logins::{FailedLogins, FailedLoginsOf};
use super::hashers::{PasswordHashers, StoredPasswords};
use super::hashing::{HashingQueue, Turn};
use super::lockout::{Attempt, Lockout};
use super::models::{NewUser, UserModel};
use super::outcomes::LoginOutcomes;
use super::password_validation::PasswordValidator;
use super::settings::{AuthSettings, Backend};
use super::{SharedUser, survey};
use crate::core::clock::Clock;
use crate::db::migrations::{ADMIN_STATISTICS, LOGIN_FAILURES, MigrationPlan};
use crate::db::{Database, DatabaseError, DbConnection};

/// Users, hashers and backends of one application. Cheap to clone.
#[derive(Clone)]
pub struct AuthState(Arc<Inner>);

struct Inner {
    users: Arc<dyn UserModel>,
    hashers: PasswordHashers,
    password_validators: Vec<PasswordValidator>,
    allow_inactive: bool,
    queue: HashingQueue,
    lockout: Option<Lockout>,
    outcomes: LoginOutcomes,
    clock: Clock,
    /// Whether the stored passwords are being read, or were.
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

    /// Those of the migrations in `plan` that a server needs: not the table of the dashboard, and without a limit on failed
    /// logins, not theirs.
    #[must_use]
    pub fn required_migrations(&self, plan: MigrationPlan) -> MigrationPlan {
        let plan = plan.without(ADMIN_STATISTICS);
        if self.limits_failures() { plan } else { plan.without(LOGIN_FAILURES) }
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

    /// Begins to read all stored passwords beside the requests, so that every refusal takes as long as the most expensive kind
    /// of hash in use. Does nothing after the first time. A server does so at its start, and else the first log-in.
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
    /// Those of the statements.
    pub fn stored_passwords(&self, conn: &mut DbConnection) -> QueryResult<StoredPasswords> {
        survey::count(conn, self.users().as_ref(), self.hashers())
    }

    /// Logins whose password is being hashed, or waits to be.
    #[must_use]
    pub fn hashing_pending(&self) -> usize {
        self.0.queue.pending()
    }

    /// How many of them there may be; one more is [`AuthError::Overloaded`].
    #[must_use]
    pub fn hashing_capacity(&self) -> usize {
        self.0.queue.capacity()
    }

    /// The failed logins of `which` that still count, the latest first and at most `limit`. None without a limit on failures.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn failed_logins(
        &self,
        conn: &mut DbConnection,
        which: FailedLoginsOf<'_>,
        limit: i64,
    ) -> Result<Vec<FailedLogins>, DatabaseError> {
        let Some(lockout) = &self.0.lockout else { return Ok(Vec::new()) };
        Ok(lockout.failed_logins(conn, which, self.clock().now(), limit)?)
    }

    /// How many user names (each with an address) and addresses are locked out.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn count_locked(&self, conn: &mut DbConnection) -> Result<i64, DatabaseError> {
        let Some(lockout) = &self.0.lockout else { return Ok(0) };
        Ok(lockout.count_locked(conn, self.clock().now())?)
    }

    /// Unlocks a user or an address: forgets the failed logins. Returns how many counts there were.
    ///
    /// # Errors
    /// Returns the errors of the database.
    pub fn forget_failed_logins(
        &self,
        conn: &mut DbConnection,
        which: FailedLoginsOf<'_>,
    ) -> Result<usize, DatabaseError> {
        if self.limits_failures() { Ok(Lockout::forget(conn, which)?) } else { Ok(0) }
    }

    /// How log-ins ended.
    #[must_use]
    pub fn login_outcomes(&self) -> &LoginOutcomes {
        &self.0.outcomes
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The user with this name and password, if a backend accepts the user. A password that was stored by another
    /// hasher than the preferred hasher is stored again by that one.
    ///
    /// `address` is the address of the client: clients wait for their turn by address, and `LOGIN_FAILURE_LIMIT` counts
    /// failures by name and address. It is empty if there is no client. An unknown name, a wrong password and an
    /// inactive user take the same time.
    ///
    /// # Errors
    /// Returns an error if the queue is full, the database fails or there were too many failures. A wrong password is no
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
        // Asked first, because a flood is then refused without a query.
        if self.0.queue.is_full_for(address) {
            return Err(AuthError::Overloaded);
        }
        self.survey_passwords(db);
        let (user, attempt) = self.find(db, address, username).await?;
        let turn = self.0.queue.turn(address).await?;
        let Some(attempt) = attempt else { return self.check(db, turn, user, password).await };
        // This is a separate task. If the client disconnects, a login that has been counted still removes its count.
        let (auth, db, password) = (self.clone(), db.clone(), password.to_owned());
        let login = tokio::spawn(async move { auth.check_counted(&db, turn, user, &password, attempt).await });
        login.await.map_err(|e| AuthError::Hashing(e.to_string()))?
    }

    /// Same as [`AuthState::check`], but the attempt is counted as a failure until the password was right.
    async fn check_counted(
        &self,
        db: &Database,
        turn: Turn,
        user: Option<SharedUser>,
        password: &str,
        attempt: Attempt,
    ) -> Result<Option<SharedUser>, AuthError> {
        attempt.count(db, self.clock().now()).await?;
        let outcome = self.check(db, turn, user, password).await;
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

    /// The user with this name, and the keys under which the attempt is counted, unless it is locked out. It is the
    /// name of the user as stored, because the database may find one user by many spellings.
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
                attempt.look(conn, now)?;
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
        user: Option<SharedUser>,
        password: &str,
    ) -> Result<Option<SharedUser>, AuthError> {
        let password = password.to_owned();
        let Some(user) = user else {
            self.hash_on(turn, move |hashers| hashers.fake_runtime(&password)).await?;
            return Ok(None);
        };
        let (known, may_log_in) = (user.clone(), user.is_active() || self.0.allow_inactive);
        let work = move |hashers: &PasswordHashers| {
            let check = match may_log_in {
                true => hashers.check(&password, known.password()),
                false => hashers.check_of_refused(&password, known.password()),
            };
            // A hasher that cannot take this password (bcrypt, beyond 72 bytes) leaves the old string in place.
            let upgraded = check.must_update.then(|| hashers.encode(&password).ok()).flatten();
            (check, upgraded)
        };
        let (check, upgraded) = self.hash_on(turn, work).await?;
        if !check.is_correct {
            return Ok(None);
        }
        // Hashing takes long. A user who was deactivated in this time is refused.
        let user = match upgraded {
            Some(encoded) => self.store_upgrade(db, user, encoded).await?,
            None => {
                let users = Arc::clone(self.users());
                let again = move |conn: &mut DbConnection| users.get_by_natural_key(conn, user.username());
                db.read(move |conn| again(conn).map_err(DatabaseError::from)).await?
            }
        };
        Ok(user.filter(|user| user.is_active() || self.0.allow_inactive))
    }

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

    /// `create_superuser`: as [`AuthState::create_user`], with `is_staff` and `is_superuser`.
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

    /// The user as stored after the upgrade: tokens may carry a digest of the password string.
    async fn store_upgrade(
        &self,
        db: &Database,
        user: SharedUser,
        encoded: String,
    ) -> Result<Option<SharedUser>, AuthError> {
        let users = Arc::clone(self.users());
        let stored = db.write(move |conn| {
            users.set_password(conn, &*user, &encoded)?;
            users.get_by_natural_key(conn, user.username()).map_err(DatabaseError::from)
        });
        Ok(stored.await?)
    }

    /// Runs `work` on a thread for hashing, when there is one within the queue's length.
    ///
    /// # Errors
    /// Returns [`AuthError::Overloaded`] when the queue is full.
    pub async fn hash<T: Send + 'static>(
        &self,
        work: impl FnOnce(&PasswordHashers) -> T + Send + 'static,
    ) -> Result<T, AuthError> {
        self.hash_for("", work).await
    }

    /// As [`AuthState::hash`], for the client at `address`. Clients wait for their turn by address.
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

    async fn hash_on<T: Send + 'static>(
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

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::super::models::DjangoUsers;
    use super::*;

    #[cfg(feature = "sqlite")]
    #[tokio::test]
    async fn a_user_deactivated_while_the_password_is_hashed_is_refused() {
        use diesel::connection::SimpleConnection;

        use crate::db::DatabaseSettings;

        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("db.sqlite3").display());
        let db = Database::open(&DatabaseSettings::new(&url).unwrap()).unwrap();
        MigrationPlan::default().run(&db).unwrap();
        let password_hashers = PasswordHashers::from_names(&["MD5PasswordHasher"]).unwrap();
        let settings = AuthSettings { hashing_threads: 1, password_hashers, ..AuthSettings::default() };
        let auth = AuthState::new(&settings, Clock::system(), Arc::new(DjangoUsers));
        auth.create_user(&db, "alice", "", "secret").await.unwrap();
        for (column, is_let_in) in [("first_name = 'Alice'", true), ("is_active = FALSE", false)] {
            let (release, wait) = std::sync::mpsc::channel::<()>();
            let mut busy = Box::pin(auth.hash(move |_| wait.recv()));
            assert!((&mut busy).now_or_never().is_none());
            // Has read the user, and waits for the thread.
            let mut login = Box::pin(auth.authenticate(&db, "", "alice", "secret"));
            assert!((&mut login).now_or_never().is_none());
            let update = format!("UPDATE auth_user SET {column}");
            let update = move |conn: &mut DbConnection| conn.batch_execute(&update).map_err(DatabaseError::from);
            db.write(update).await.unwrap();
            release.send(()).unwrap();
            busy.await.unwrap().unwrap();
            assert_eq!(login.await.unwrap().is_some(), is_let_in, "{column}");
        }
    }

    #[cfg(feature = "sqlite")]
    async fn limited(limit: Option<u16>, per_address: Option<u16>) -> (tempfile::TempDir, Database, AuthState) {
        use crate::db::DatabaseSettings;

        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("db.sqlite3").display());
        let db = Database::open(&DatabaseSettings::new(&url).unwrap()).unwrap();
        MigrationPlan::default().run(&db).unwrap();
        let settings = AuthSettings {
            login_failure_limit: limit,
            login_failure_limit_per_address: per_address,
            password_hashers: PasswordHashers::from_names(&["MD5PasswordHasher"]).unwrap(),
            ..AuthSettings::default()
        };
        let auth = AuthState::new(&settings, Clock::system(), Arc::new(DjangoUsers));
        auth.create_user(&db, "alice", "", "secret").await.unwrap();
        (folder, db, auth)
    }

    #[cfg(feature = "sqlite")]
    #[tokio::test]
    async fn a_right_password_is_not_a_failure_if_the_client_disconnects() {
        use diesel::prelude::*;

        let (_folder, db, auth) = limited(Some(3), None).await;
        let mut login = Box::pin(auth.authenticate(&db, "192.0.2.1", "alice", "secret"));
        // It has its turn, so the count is under way.
        while auth.hashing_pending() == 0 {
            assert!((&mut login).now_or_never().is_none());
            tokio::task::yield_now().await;
        }
        drop(login);
        while tokio::runtime::Handle::current().metrics().num_alive_tasks() > 0 {
            tokio::task::yield_now().await;
        }
        let rows = db
            .write(|conn| Ok::<_, DatabaseError>(crate::db::schema::login_failures::table.count().first::<i64>(conn)?));
        assert_eq!(rows.await.unwrap(), 0);
    }

    #[cfg(feature = "sqlite")]
    #[tokio::test]
    async fn kinds_of_hashes_are_found_beside_the_requests() {
        use diesel::connection::SimpleConnection;

        let (_folder, db, auth) = limited(None, None).await;
        let encoded = PasswordHashers::from_names(&["PBKDF2PasswordHasher"]).unwrap().encode("secret").unwrap();
        let fill = format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) INSERT INTO auth_user (password, \
             is_superuser, username, last_name, email, is_staff, is_active, date_joined, first_name) SELECT CASE i WHEN 2500 \
             THEN '{encoded}' ELSE '' END, 0, 'user' || i, '', '', 0, 1, '2026-01-01 00:00:00', '' FROM n"
        );
        db.write(move |conn| conn.batch_execute(&fill).map_err(DatabaseError::from)).await.unwrap();
        let names = ["MD5PasswordHasher", "PBKDF2PasswordHasher"];
        let password_hashers = PasswordHashers::from_names(&names).unwrap();
        let settings = AuthSettings { password_hashers, ..AuthSettings::default() };
        let auth = AuthState::new(&settings, Clock::system(), Arc::clone(auth.users()));
        assert_eq!(auth.hashers().dearer_than_preferred(), None);
        auth.survey_passwords(&db);
        while tokio::runtime::Handle::current().metrics().num_alive_tasks() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(auth.hashers().dearer_than_preferred(), Some(("pbkdf2_sha256", 4.0)));
        auth.survey_passwords(&db);
        assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
    }

    #[cfg(feature = "sqlite")]
    #[tokio::test]
    async fn all_spellings_of_a_name_are_counted_as_one_user() {
        use diesel::connection::SimpleConnection;

        let (_folder, db, auth) = limited(Some(3), None).await;
        let ignore_case = "ALTER TABLE auth_user RENAME TO stored_user; CREATE VIEW auth_user AS SELECT id, password, \
            last_login, is_superuser, username COLLATE NOCASE AS username, first_name, last_name, email, is_staff, \
            is_active, date_joined FROM stored_user";
        db.write(|conn| conn.batch_execute(ignore_case).map_err(DatabaseError::from)).await.unwrap();
        for name in ["alice", "Alice", "aLICE"] {
            assert!(auth.authenticate(&db, "192.0.2.1", name, "wrong").await.unwrap().is_none(), "{name}");
        }
        let refused = auth.authenticate(&db, "192.0.2.1", "ALICE", "secret").await;
        assert!(matches!(refused, Err(AuthError::LockedOut(_))), "{refused:?}");
        assert!(auth.authenticate(&db, "192.0.2.2", "ALICE", "secret").await.unwrap().is_some());
    }

    #[cfg(feature = "sqlite")]
    #[tokio::test]
    async fn an_administrator_sees_and_deletes_failed_logins() {
        use super::super::failed_logins::{FailedLogins, FailedLoginsOf};

        let (_folder, db, auth) = limited(Some(2), Some(3)).await;
        for (name, address) in [("alice", "192.0.2.1"), ("alice", "192.0.2.1"), ("bob", "192.0.2.1"), ("alice", "::1")]
        {
            assert!(auth.authenticate(&db, address, name, "wrong").await.unwrap().is_none(), "{name} {address}");
        }
        let now = auth.clock().now().timestamp();
        let mut conn = db.connection().unwrap();
        let mut of = |which| -> Vec<(String, bool, i32, bool)> {
            let row = |row: FailedLogins| {
                assert!((now..=now + 3600).contains(&row.expires.timestamp()), "{row:?}");
                (row.address, row.is_of_account, row.failures, row.is_locked)
            };
            let mut rows: Vec<_> = auth.failed_logins(&mut conn, which, 10).unwrap().into_iter().map(row).collect();
            rows.sort();
            rows
        };
        let row = |address: &str, is_of_account, failures, is_locked| {
            (address.to_owned(), is_of_account, failures, is_locked)
        };
        let of_alice = [row("192.0.2.1", true, 2, true), row("::1", true, 1, false)];
        assert_eq!(of(FailedLoginsOf::Username("alice")), of_alice);
        let of_address =
            [row("192.0.2.1", false, 3, true), row("192.0.2.1", true, 1, false), row("192.0.2.1", true, 2, true)];
        assert_eq!(of(FailedLoginsOf::Address("192.0.2.1")), of_address);
        assert_eq!(of(FailedLoginsOf::Username("ali")), []);

        let mut conn = db.connection().unwrap();
        assert_eq!(auth.count_locked(&mut conn).unwrap(), 2);
        assert_eq!(auth.forget_failed_logins(&mut conn, FailedLoginsOf::Username("alice")).unwrap(), 2);
        assert_eq!(auth.count_locked(&mut conn).unwrap(), 1);
        assert_eq!(auth.forget_failed_logins(&mut conn, FailedLoginsOf::Address("192.0.2.1")).unwrap(), 2);
        assert_eq!(auth.count_locked(&mut conn).unwrap(), 0);
        assert!(auth.authenticate(&db, "192.0.2.1", "alice", "secret").await.unwrap().is_some());
    }

    #[cfg(feature = "sqlite")]
    #[tokio::test]
    async fn the_limit_per_address_works_alone() {
        let (_folder, db, auth) = limited(None, Some(2)).await;
        assert!(auth.limits_failures());
        for name in ["bob", "carol"] {
            assert!(auth.authenticate(&db, "192.0.2.1", name, "wrong").await.unwrap().is_none());
        }
        let refused = auth.authenticate(&db, "192.0.2.1", "alice", "secret").await;
        assert!(matches!(refused, Err(AuthError::LockedOut(_))), "{refused:?}");
        for address in ["192.0.2.2", ""] {
            assert!(auth.authenticate(&db, address, "alice", "secret").await.unwrap().is_some());
        }
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_recovers() {
        let settings = AuthSettings { hashing_threads: 1, hashing_queue: 0, ..AuthSettings::default() };
        let auth = AuthState::new(&settings, Clock::system(), Arc::new(DjangoUsers));
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let mut busy = Box::pin(auth.hash(move |_| wait.recv()));
        // The first look takes the place and starts the thread, which then waits for the channel.
        assert!((&mut busy).now_or_never().is_none());
        assert!(matches!(auth.hash(|_| ()).await, Err(AuthError::Overloaded)));
        release.send(()).unwrap();
        busy.await.unwrap().unwrap();
        auth.hash(|_| ()).await.unwrap();
    }
}
