//! Settings of users and passwords. Python counterpart: `AUTH_USER_MODEL`, `PASSWORD_HASHERS` and `AUTHENTICATION_BACKENDS`.

use chrono::Duration;

use super::hashers::PasswordHashers;
use super::password_validation::PasswordValidator;
use crate::conf::{settings, values};

settings! {
    section "Users and passwords", app "django.contrib.auth";

    /// How users log in.
    ///
    /// Start from `AuthSettings::default()` and assign what differs; new fields may appear in minor versions.
    #[derive(Clone, Debug)]
    #[non_exhaustive]
    pub struct AuthSettings {
        /// The user model, as `app_label.Model`. Any table of users can be used.
        ///
        /// The columns are read from the database: a password, a unique user name, and `last_login`, `is_active`, `is_staff` and
        /// `is_superuser` if they exist. The key is an integer, a bigint or a UUID. Groups and permissions are stored as by
        /// `PermissionsMixin`, in the tables `<table>_groups` and `<table>_user_permissions`. The table is made by Django or by a
        /// migration of your project, not by `manage migrate`. The next settings, up to `REQUIRED_FIELDS`, are for your own
        /// model.
        pub auth_user_model: ModelLabel = AUTH_USER_MODEL("auth.User", ModelLabel::parse);
        /// The table of `AUTH_USER_MODEL`, `db_table` in Django. By default `app_label_model` in lower case.
        pub auth_user_table: Option<String> = AUTH_USER_TABLE("", values::optional(values::string));
        /// Fields of the user model whose columns have other names, as `field=column`: `db_column` in Django.
        ///
        /// For example `email=mail_address,password=secret`. A foreign key `tenant` with the column `tenant_id` needs no entry.
        pub auth_user_columns: Vec<(String, String)> = AUTH_USER_COLUMNS("", columns);
        /// The field that users log in with, which is also its name in requests. By default `username`.
        ///
        /// Its column must be unique. Django has it as an attribute of the model.
        pub username_field: Option<String> = USERNAME_FIELD("", values::optional(field));
        /// The field with the e-mail address. By default `email`, if the table has this column.
        pub email_field: Option<String> = EMAIL_FIELD("", values::optional(field));
        /// The fields that `createsuperuser` asks for in addition to user name and password; `none` for no fields.
        ///
        /// By default `email` if users log in with `username`, as with `AbstractUser`, otherwise none. A foreign key takes
        /// the key of the other row. A many-to-many field is not possible.
        pub required_fields: Option<Vec<String>> = REQUIRED_FIELDS("", required_fields);
        /// Hashers of passwords. The first one hashes new passwords, all of them verify stored ones.
        ///
        /// If another hasher has made a stored hash, the password is hashed again at the next login. `MD5PasswordHasher` is for
        /// tests.
        pub password_hashers: PasswordHashers = PASSWORD_HASHERS(
            "PBKDF2PasswordHasher,PBKDF2SHA1PasswordHasher,Argon2PasswordHasher,BCryptSHA256PasswordHasher,ScryptPasswordHasher",
            |text| PasswordHashers::from_names(&values::list(text)?)
        );
        /// The rules for new passwords; `none` for no rules.
        ///
        /// The classes of Django: `UserAttributeSimilarityValidator`, `MinimumLengthValidator`, `CommonPasswordValidator` and
        /// `NumericPasswordValidator`. Options follow after a colon, such as `MinimumLengthValidator:min_length=12` and
        /// `UserAttributeSimilarityValidator:max_similarity=0.5`. For the admin site, `createsuperuser` and `changepassword`.
        pub auth_password_validators: Vec<PasswordValidator> = AUTH_PASSWORD_VALIDATORS(
            "UserAttributeSimilarityValidator,MinimumLengthValidator,CommonPasswordValidator,NumericPasswordValidator",
            |text| values::list(text)?.iter().map(|entry| PasswordValidator::parse(entry)).collect()
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
        /// Number of logins that may wait for their turn. If more logins arrive, one is answered with 503.
        ///
        /// Clients take turns, so a client with many logins does not delay others. If the queue is full, the last login of the
        /// client with the most logins is refused. A client is an IPv4 address, or an IPv6 network with a prefix of
        /// `CLIENT_IPV6_PREFIX`.
        pub hashing_queue: usize = PASSWORD_HASHING_QUEUE("64", values::number);
        /// Number of failed logins with one user name from one address. Further logins get 429.
        ///
        /// Then the right password is refused as well. **Without this limit and without throttles, passwords can be guessed as
        /// fast as they can be hashed.** Not in Django. Failures are counted in the table `login_failures`. Behind a proxy set
        /// `REST_FRAMEWORK_NUM_PROXIES`, or all clients have the address of the proxy.
        pub login_failure_limit: Option<u16> = LOGIN_FAILURE_LIMIT("none", failure_limit);
        /// Number of failed logins from one address with any user names, such as `100`. Further logins get 429.
        ///
        /// This stops a client that tries one password on many names. It works with and without `LOGIN_FAILURE_LIMIT`. The
        /// failures are counted for `LOGIN_COOLOFF` after the first one. Many users may share an address: **behind a proxy
        /// without `REST_FRAMEWORK_NUM_PROXIES` anyone can lock out everyone**.
        pub login_failure_limit_per_address: Option<u16> = LOGIN_FAILURE_LIMIT_PER_ADDRESS("none", failure_limit);
        /// How long failed logins count: for a user name after the last one, for an address after the first one.
        pub login_cooloff: Duration = LOGIN_COOLOFF(
            "15m",
            // Failures are counted in whole seconds.
            values::only(values::duration, |time| *time >= Duration::seconds(1), "a duration of 1s or more, such as 15m")
        );
    }
}

fn hashing_threads(text: &str) -> Result<usize, String> {
    let threads = values::optional(values::number_in(1..=1_024))(text)?;
    Ok(threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)))
}

fn failure_limit(text: &str) -> Result<Option<u16>, String> {
    let expected = "none, or a whole number from 1 to 65535";
    values::only(values::optional(values::number), |limit| *limit != Some(0), expected)(text)
}

/// The value of `AUTH_USER_MODEL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelLabel {
    /// The label of the app.
    pub app_label: String,
    /// The name of the model.
    pub model: String,
}

impl ModelLabel {
    fn parse(text: &str) -> Result<Self, String> {
        match text.trim().split_once('.') {
            Some((app_label, model)) if is_name(app_label) && is_name(model) => {
                Ok(Self { app_label: app_label.to_owned(), model: model.to_owned() })
            }
            _ => Err("the label of an app and the name of a model, such as accounts.User".to_owned()),
        }
    }

    /// The label of the app and the name of the model in lower case, as in `django_content_type`.
    #[must_use]
    pub fn names(&self) -> (String, String) {
        (self.app_label.clone(), self.model.to_lowercase())
    }

    /// Whether it is `auth.User`.
    #[must_use]
    pub fn is_auth_user(&self) -> bool {
        self.app_label == "auth" && self.model.eq_ignore_ascii_case("user")
    }
}

/// Whether it is a name in Python.
fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.starts_with(char::is_numeric) && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn field(text: &str) -> Result<String, String> {
    let text = text.trim();
    if is_name(text) { Ok(text.to_owned()) } else { Err("the name of a field".to_owned()) }
}

fn required_fields(text: &str) -> Result<Option<Vec<String>>, String> {
    match values::list(text)? {
        _ if text.trim().is_empty() => Ok(None),
        names if names.iter().all(|name| is_name(name)) => Ok(Some(names)),
        _ => Err("a list of names of fields".to_owned()),
    }
}

fn columns(text: &str) -> Result<Vec<(String, String)>, String> {
    let pair = |pair: &String| {
        let (field, column) = pair.split_once('=')?;
        let (field, column) = (field.trim(), column.trim());
        (is_name(field) && !column.is_empty()).then(|| (field.to_owned(), column.to_owned()))
    };
    let pairs: Option<Vec<_>> = values::list(text)?.iter().map(pair).collect();
    pairs.ok_or_else(|| "a list of field=column, such as email=mail_address".to_owned())
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
        [Self::Model, Self::AllowAllUsersModel].into_iter().find(|backend| values::class_name(backend.path()) == name)
    }

    /// Its Python path, as sessions have it.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Model => "django.contrib.auth.backends.ModelBackend",
            Self::AllowAllUsersModel => "django.contrib.auth.backends.AllowAllUsersModelBackend",
        }
    }

    /// `user_can_authenticate`: whether it accepts an active or inactive user.
    #[must_use]
    pub fn accepts(self, is_active: bool) -> bool {
        is_active || self == Self::AllowAllUsersModel
    }
}

#[cfg(test)]
mod tests {
    use super::super::password_validation::DEFAULT_PASSWORD_VALIDATORS;
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
    fn failed_logins_count_for_a_second_at_least() {
        let read = |text: &str| {
            let env: Environment = [("LOGIN_COOLOFF", text)].into_iter().collect();
            AuthSettings::from_env(&env).map(|s| s.login_cooloff).map_err(|error| error.to_string())
        };
        assert_eq!(read("1s"), Ok(Duration::seconds(1)));
        for text in ["0.5s", "0.999", "0", "-15m", "soon"] {
            let problem = format!("LOGIN_COOLOFF: {text:?} is not a duration of 1s or more, such as 15m");
            assert_eq!(read(text), Err(problem));
        }
    }

    #[test]
    fn a_user_model_has_a_label_and_a_name() {
        let read = |key: &str, text: &str| {
            let env: Environment = [(key, text)].into_iter().collect();
            AuthSettings::from_env(&env).map_err(|error| error.to_string())
        };
        let settings = read("AUTH_USER_MODEL", "accounts.User").unwrap();
        assert_eq!(settings.auth_user_model.names(), ("accounts".to_owned(), "user".to_owned()));
        assert!(!settings.auth_user_model.is_auth_user() && AuthSettings::default().auth_user_model.is_auth_user());
        for text in ["", "User", "accounts.models.User", "accounts.", "1.User"] {
            assert_eq!(
                read("AUTH_USER_MODEL", text).unwrap_err(),
                format!(
                    "AUTH_USER_MODEL: {text:?} is not the label of an app and the name of a model, such as accounts.User"
                )
            );
        }
    }

    #[test]
    fn fields_have_names_and_columns() {
        let read = |key: &str, text: &str| {
            let env: Environment = [(key, text)].into_iter().collect();
            AuthSettings::from_env(&env).map_err(|error| error.to_string())
        };
        assert_eq!(read("REQUIRED_FIELDS", "").unwrap().required_fields, None);
        assert_eq!(read("REQUIRED_FIELDS", "none").unwrap().required_fields, Some(Vec::new()));
        let names = vec!["full_name".to_owned(), "tenant".to_owned()];
        assert_eq!(read("REQUIRED_FIELDS", "full_name, tenant").unwrap().required_fields, Some(names));
        assert_eq!(
            read("AUTH_USER_COLUMNS", "email = mail, tenant=tenant code").unwrap().auth_user_columns,
            [("email", "mail"), ("tenant", "tenant code")].map(|(field, column)| (field.to_owned(), column.to_owned()))
        );
        for (key, text, expected) in [
            ("USERNAME_FIELD", "e-mail", "the name of a field"),
            ("REQUIRED_FIELDS", "full name", "a list of names of fields"),
            ("AUTH_USER_COLUMNS", "email", "a list of field=column, such as email=mail_address"),
        ] {
            assert_eq!(read(key, text).unwrap_err(), format!("{key}: {text:?} is not {expected}"));
        }
    }

    #[test]
    fn validators_have_options() {
        let read = |text: &str| {
            let env: Environment = [("AUTH_PASSWORD_VALIDATORS", text)].into_iter().collect();
            AuthSettings::from_env(&env).map(|s| s.auth_password_validators).map_err(|error| error.to_string())
        };
        assert_eq!(AuthSettings::default().auth_password_validators, DEFAULT_PASSWORD_VALIDATORS);
        assert_eq!(read("none").unwrap(), []);
        assert_eq!(
            read(
                "MinimumLengthValidator:min_length=12, \
                 django.contrib.auth.password_validation.UserAttributeSimilarityValidator:max_similarity=0.5"
            )
            .unwrap(),
            [
                PasswordValidator::MinimumLength { min_length: 12 },
                PasswordValidator::UserAttributeSimilarity { max_similarity: 0.5 },
            ]
        );
        for text in [
            "PwnedValidator",
            "MinimumLengthValidator:min_length=x",
            "MinimumLengthValidator:min_length",
            "MinimumLengthValidator:max=1",
            "UserAttributeSimilarityValidator:max_similarity=0",
            "NumericPasswordValidator:x=1",
        ] {
            assert!(read(text).unwrap_err().starts_with("AUTH_PASSWORD_VALIDATORS: "), "{text}");
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
