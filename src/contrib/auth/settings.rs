//! Settings of users and passwords. Python counterpart: `PASSWORD_HASHERS` and `AUTHENTICATION_BACKENDS`.

use chrono::Duration;

use super::hashers::PasswordHashers;
use crate::conf::{settings, values};

settings! {
    section "Users and passwords";

    /// How users log in.
    ///
    /// Start from `AuthSettings::default()` and assign what differs; new fields may appear in minor versions.
    #[derive(Clone, Debug)]
    #[non_exhaustive]
    pub struct AuthSettings {
        /// Hashers of passwords. The first one hashes new passwords, all of them verify stored ones.
        ///
        /// A password that another hasher has stored is hashed again at the next login. `MD5PasswordHasher` is for tests.
        pub password_hashers: PasswordHashers = PASSWORD_HASHERS(
            "PBKDF2PasswordHasher,PBKDF2SHA1PasswordHasher,Argon2PasswordHasher,BCryptSHA256PasswordHasher,ScryptPasswordHasher",
            |text| PasswordHashers::from_names(&values::list(text)?)
        );
        /// Who may log in with the right password: `ModelBackend`, active users; `AllowAllUsersModelBackend`, all users.
        ///
        /// With the latter, `SIMPLE_JWT_CHECK_USER_IS_ACTIVE` decides about inactive users.
        pub authentication_backends: Vec<Backend> = AUTHENTICATION_BACKENDS(
            "ModelBackend",
            values::classes(Backend::from_class_name, "ModelBackend, AllowAllUsersModelBackend")
        );
        /// Number of passwords that are hashed at the same time. The number of processor cores if it is not set.
        pub hashing_threads: usize = PASSWORD_HASHING_THREADS("", hashing_threads);
        /// Number of logins that may wait for their turn. One more is answered with 503.
        ///
        /// Clients are served in turn, whoever sent how many, and the last login of the client with the most is refused first.
        /// A client is an address, or a network as `CLIENT_IPV6_PREFIX` says.
        pub hashing_queue: usize = PASSWORD_HASHING_QUEUE("64", values::number);
        /// Number of failed logins after which one user name from one address is answered with 429.
        ///
        /// The right password does not help then. **Without this limit and without throttles, passwords can be guessed
        /// as fast as they can be hashed.** Not in Django. Failures are counted in the table `login_failures`. Behind a
        /// proxy set `REST_FRAMEWORK_NUM_PROXIES`, or all clients have the address of the proxy.
        pub login_failure_limit: Option<u16> = LOGIN_FAILURE_LIMIT(
            "none",
            values::only(
                values::optional(values::number),
                |limit| *limit != Some(0),
                "none, or a whole number from 1 to 65535"
            )
        );
        /// Number of failed logins, whatever their names, after which one address is answered with 429, such as `100`.
        ///
        /// Stops one password from being tried on many names. It needs `LOGIN_FAILURE_LIMIT`. The failures of `LOGIN_COOLOFF`
        /// count, from the first one on. Many users may share an address: **behind a proxy without
        /// `REST_FRAMEWORK_NUM_PROXIES` anyone can lock out everyone**.
        pub login_failure_limit_per_address: Option<u16> = LOGIN_FAILURE_LIMIT_PER_ADDRESS(
            "none",
            values::only(
                values::optional(values::number),
                |limit| *limit != Some(0),
                "none, or a whole number from 1 to 65535"
            )
        );
        /// How long that lasts after the last failure.
        pub login_cooloff: Duration = LOGIN_COOLOFF(
            "15m",
            values::only(values::duration, |time| *time > Duration::zero(), "a duration of more than 0, such as 15m")
        );
    }
}

fn hashing_threads(text: &str) -> Result<usize, String> {
    let threads = values::optional(values::number)(text).ok();
    let threads = threads.map(|n| n.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)));
    threads.filter(|n| (1..=1_024).contains(n)).ok_or_else(|| "a whole number from 1 to 1024".to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::Environment;

    #[test]
    fn the_number_of_threads_has_bounds() {
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
