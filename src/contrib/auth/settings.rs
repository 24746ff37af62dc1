//! Settings of users and passwords. Python counterpart: `PASSWORD_HASHERS` and `AUTHENTICATION_BACKENDS`.

use chrono::Duration;

use super::hashers::PasswordHashers;
use crate::conf::{Environment, SettingsError, values};

/// How users log in.
///
/// Start from `AuthSettings::default()` and assign what differs; new fields may appear in minor versions.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuthSettings {
    /// `PASSWORD_HASHERS`: the first writes, all of them read. Default: Django's five.
    pub password_hashers: PasswordHashers,
    /// `AUTHENTICATION_BACKENDS`: who may log in once the password is right. Default: `ModelBackend`.
    pub authentication_backends: Vec<Backend>,
    /// `PASSWORD_HASHING_THREADS`: passwords hashed at the same time. Default: one per processor core.
    pub hashing_threads: usize,
    /// `PASSWORD_HASHING_QUEUE`: logins that may wait for their turn; one more is answered 503. Default: 64.
    pub hashing_queue: usize,
    /// `LOGIN_FAILURE_LIMIT`: failed logins of one user name from one address after which more are answered 429, right
    /// or wrong. Default: `None`, no limit, as in Django. **Danger**: without one, and without throttles, passwords can
    /// be guessed as fast as they can be hashed.
    pub login_failure_limit: Option<u16>,
    /// `LOGIN_COOLOFF`: how long after the last of them. Default: 15 minutes.
    pub login_cooloff: Duration,
}

/// A class of `AUTHENTICATION_BACKENDS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// `ModelBackend`: active users.
    Model,
    /// `AllowAllUsersModelBackend`: inactive users as well.
    AllowAllUsersModel,
}

impl Backend {
    fn from_class_name(name: &str) -> Option<Self> {
        match name {
            "ModelBackend" => Some(Self::Model),
            "AllowAllUsersModelBackend" => Some(Self::AllowAllUsersModel),
            _ => None,
        }
    }
}

impl Default for AuthSettings {
    fn default() -> Self {
        Self {
            password_hashers: PasswordHashers::default(),
            authentication_backends: vec![Backend::Model],
            hashing_threads: std::thread::available_parallelism().map_or(1, usize::from),
            hashing_queue: 64,
            login_failure_limit: None,
            login_cooloff: Duration::minutes(15),
        }
    }
}

impl AuthSettings {
    /// Every key read here.
    pub const KEYS: &'static [&'static str] = &[
        "PASSWORD_HASHERS",
        "AUTHENTICATION_BACKENDS",
        "PASSWORD_HASHING_THREADS",
        "PASSWORD_HASHING_QUEUE",
        "LOGIN_FAILURE_LIMIT",
        "LOGIN_COOLOFF",
    ];

    /// Reads the keys that `env` has over the defaults.
    ///
    /// # Errors
    /// For a value that is none, naming key, value and what was expected.
    pub fn from_env(env: &Environment) -> Result<Self, SettingsError> {
        let mut s = Self::default();
        env.read(Self::KEYS[0], &mut s.password_hashers, |text| PasswordHashers::from_names(&values::list(text)?))?;
        env.read(Self::KEYS[1], &mut s.authentication_backends, backends)?;
        env.read(Self::KEYS[2], &mut s.hashing_threads, threads)?;
        env.read(Self::KEYS[3], &mut s.hashing_queue, values::number)?;
        env.read("LOGIN_FAILURE_LIMIT", &mut s.login_failure_limit, |text| {
            values::optional(text)?.map(|text| failure_limit(&text)).transpose()
        })?;
        env.read("LOGIN_COOLOFF", &mut s.login_cooloff, |text| {
            values::duration(text)
                .ok()
                .filter(|d| *d > Duration::zero())
                .ok_or_else(|| "a duration above zero".to_owned())
        })?;
        Ok(s)
    }
}

fn backends(text: &str) -> Result<Vec<Backend>, String> {
    let backends: Option<Vec<_>> =
        values::list(text)?.iter().map(|name| Backend::from_class_name(values::class_name(name))).collect();
    backends
        .filter(|backends| !backends.is_empty())
        .ok_or_else(|| "a list of one or more of ModelBackend, AllowAllUsersModelBackend".to_owned())
}

fn failure_limit(text: &str) -> Result<u16, String> {
    values::number(text).ok().filter(|n| *n > 0).ok_or_else(|| "none, or a whole number from 1 to 65535".to_owned())
}

fn threads(text: &str) -> Result<usize, String> {
    values::number(text)
        .ok()
        .filter(|n| (1..=1_024).contains(n))
        .ok_or_else(|| "a whole number from 1 to 1024".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_threads_as_a_machine_can_have() {
        let read = |text: &str| {
            let env: Environment = [("PASSWORD_HASHING_THREADS", text)].into_iter().collect();
            AuthSettings::from_env(&env).map(|s| s.hashing_threads).map_err(|error| error.to_string())
        };
        assert_eq!(read("1024"), Ok(1024));
        for text in ["0", "1025", "18446744073709551615"] {
            let problem = format!("PASSWORD_HASHING_THREADS: \"{text}\" is not a whole number from 1 to 1024");
            assert_eq!(read(text), Err(problem));
        }
    }

    #[test]
    fn backends_are_named_by_class() {
        let env: Environment = [("AUTHENTICATION_BACKENDS", "django.contrib.auth.backends.AllowAllUsersModelBackend")]
            .into_iter()
            .collect();
        assert_eq!(AuthSettings::from_env(&env).unwrap().authentication_backends, [Backend::AllowAllUsersModel]);
        let env: Environment = [("AUTHENTICATION_BACKENDS", "RemoteUserBackend")].into_iter().collect();
        assert_eq!(
            AuthSettings::from_env(&env).unwrap_err().to_string(),
            "AUTHENTICATION_BACKENDS: \"RemoteUserBackend\" is not a list of one or more of ModelBackend, \
             AllowAllUsersModelBackend"
        );
    }
}
