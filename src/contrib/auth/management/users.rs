//! Users and passwords in commands. Python counterpart: `django.contrib.auth.management`.

use crate::contrib::auth::hashers::PasswordHashers;
use crate::contrib::auth::models::{NewUser, UserModel};
use crate::contrib::auth::password_validation::{PasswordValidator, UserAttributes, validate_password};
use crate::contrib::auth::signals::EndOfLogins;
use crate::contrib::auth::validators::{normalize_email, normalize_username, validate_username};
use crate::db::{DatabaseError, DbConnection, transaction};

use crate::apps::Apps;
use crate::apps::command::CommandError;

/// Length of `auth_user.username`.
const USERNAME_MAX_LENGTH: usize = 150;

/// Length of `auth_user.email`.
const EMAIL_MAX_LENGTH: usize = 254;

/// The problem with a user name: the messages of Django's model field, joined.
pub(super) fn username_problem(username: &str) -> Option<String> {
    if username.is_empty() {
        return Some("This field cannot be blank.".to_owned());
    }
    let mut problems = Vec::new();
    if let Err(problem) = validate_username(username) {
        problems.push(problem.to_string());
    }
    problems.extend(length_problem(username, USERNAME_MAX_LENGTH));
    (!problems.is_empty()).then(|| problems.join("; "))
}

/// The problem with the value of `USERNAME_FIELD`: the messages of Django's model, joined.
pub(super) fn natural_key_problem(
    users: &dyn UserModel,
    conn: &mut DbConnection,
    value: &str,
) -> Result<Option<String>, CommandError> {
    let field = users.username_field();
    let problem = match value {
        "" => Some("This field cannot be blank.".to_owned()),
        _ if field == users.email_field() => email_problem(value),
        _ if field == "username" => username_problem(value),
        _ => None,
    };
    Ok(if problem.is_some() { problem } else { users.field_problem(conn, field, value)? })
}

/// The problem with an e-mail address, which may be empty: the message of Django's model field.
pub(super) fn email_problem(email: &str) -> Option<String> {
    let mut problems = Vec::new();
    if !email.is_empty() && !is_email(email) {
        problems.push("Enter a valid email address.".to_owned());
    }
    problems.extend(length_problem(email, EMAIL_MAX_LENGTH));
    (!problems.is_empty()).then(|| problems.join("; "))
}

fn length_problem(text: &str, limit: usize) -> Option<String> {
    let length = text.chars().count();
    (length > limit).then(|| format!("Ensure this value has at most {limit} characters (it has {length})."))
}

/// Django's `EmailValidator`, but without quoted names and address literals.
fn is_email(email: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let Some((name, domain)) = email.rsplit_once('@') else { return false };
    let is_atom = |atom: &str| {
        !atom.is_empty() && atom.chars().all(|c| c.is_ascii_alphanumeric() || "-!#$%&'*+/=?^_`{}|~".contains(c))
    };
    let has_top_level = domain.rsplit_once('.').is_some_and(|(_, top)| top.chars().count() >= 2);
    name.split('.').all(is_atom) && (domain == "localhost" || (has_top_level && domain.split('.').all(is_label)))
}

/// The messages of the password validators that refuse `password`.
pub(super) fn password_problems(
    password: &str,
    username: &str,
    email: &str,
    validators: &[PasswordValidator],
) -> Vec<String> {
    let user = UserAttributes { username, email, ..UserAttributes::default() };
    let outcome = validate_password(password, &user, validators);
    outcome.err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

/// The value of `USERNAME_FIELD` as a manager stores it.
pub(super) fn normalize_natural_key(users: &dyn UserModel, value: &str) -> String {
    let value = normalize_username(value);
    if users.username_field() == users.email_field() { normalize_email(&value) } else { value }
}

/// Inserts a superuser. Without a password, the user cannot log in until one is set. `new` has no password yet.
pub(crate) fn create_superuser(
    apps: &Apps,
    conn: &mut DbConnection,
    new: &NewUser<'_>,
    password: Option<&str>,
) -> Result<(), CommandError> {
    let auth = apps.auth()?;
    let encoded = encode(auth.hashers(), password)?;
    let users = auth.users();
    let (username, email) = (normalize_natural_key(users.as_ref(), new.username), normalize_email(new.email));
    let new = NewUser {
        username: &username,
        email: &email,
        password: &encoded,
        is_staff: true,
        is_superuser: true,
        extra_fields: new.extra_fields,
    };
    transaction(conn, |conn| users.create(conn, &new, apps.clock().now()).map_err(DatabaseError::from))?;
    Ok(())
}

/// Changes the password of the user with that name.
pub(super) fn set_password(
    apps: &Apps,
    conn: &mut DbConnection,
    username: &str,
    password: &str,
) -> Result<(), CommandError> {
    let auth = apps.auth()?;
    let encoded = encode(auth.hashers(), Some(password))?;
    // The user is read again, because the one that was read before the questions may have changed.
    let is_set = transaction(conn, |conn| -> Result<bool, DatabaseError> {
        match auth.users().get_by_natural_key(conn, username)? {
            Some(user) => {
                let is_set = auth.users().set_password(conn, &*user, &encoded)?;
                if let Some(user_id) = user.pk().filter(|_| is_set) {
                    apps.end_logins(conn, user_id, EndOfLogins::PasswordChanged)?;
                }
                Ok(is_set)
            }
            None => Ok(false),
        }
    })?;
    if is_set { Ok(()) } else { Err(CommandError::new(format!("user '{username}' was changed meanwhile; try again"))) }
}

fn encode(hashers: &PasswordHashers, password: Option<&str>) -> Result<String, CommandError> {
    match password {
        None => Ok(PasswordHashers::make_unusable()),
        Some(password) => hashers.encode(password).map_err(|error| CommandError::new(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contrib::auth::password_validation::DEFAULT_PASSWORD_VALIDATORS;

    #[test]
    fn user_names_are_refused_with_the_messages_of_the_model() {
        assert_eq!(username_problem("alice@example.com"), None);
        assert_eq!(
            username_problem("two words").unwrap(),
            "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."
        );
        assert_eq!(
            username_problem(&"x".repeat(151)).unwrap(),
            "Ensure this value has at most 150 characters (it has 151)."
        );
        assert_eq!(username_problem("").unwrap(), "This field cannot be blank.");
    }

    #[test]
    fn addresses_are_checked_and_may_be_missing() {
        for email in ["", "a@b.co", "a.b+c@localhost", "x@sub.example.org"] {
            assert_eq!(email_problem(email), None, "{email}");
        }
        for email in ["a", "a@", "@b.co", "a@b", "a b@c.org", "a@-b.org", "a..b@c.org", "a@b..org", "a@b.c"] {
            assert_eq!(email_problem(email).unwrap(), "Enter a valid email address.", "{email}");
        }
    }

    #[test]
    fn weak_passwords_get_all_their_messages() {
        let password_problems = |password| password_problems(password, "alice", "", &DEFAULT_PASSWORD_VALIDATORS);
        assert_eq!(password_problems("correct horse battery"), Vec::<String>::new());
        assert_eq!(
            password_problems("1234567"),
            [
                "This password is too short. It must contain at least 8 characters.",
                "This password is too common.",
                "This password is entirely numeric.",
            ]
        );
    }
}
