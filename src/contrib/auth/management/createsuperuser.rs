//! `manage createsuperuser`. Python counterpart: `django.contrib.auth.management.commands.createsuperuser`.

use clap::Args;

use super::{prompt, users};
use crate::apps::command::{CommandError, Context, eprintln, println};
use crate::conf::Environment;
use crate::contrib::auth::models::{NewUser, UserModel};
use crate::contrib::auth::password_validation::PasswordValidator;
use crate::core::python::capfirst;
use crate::db::DbConnection;

/// Arguments of `createsuperuser`.
#[derive(Args, Debug, Default)]
pub struct Arguments {
    /// Specifies the login for the superuser
    #[arg(long)]
    username: Option<String>,
    /// Specifies the email for the superuser
    #[arg(long)]
    email: Option<String>,
    /// Specifies another field of the user model, as NAME=VALUE
    #[arg(long, value_name = "NAME=VALUE")]
    field: Vec<String>,
    /// Asks nothing. Values come from the options or from DJANGO_SUPERUSER_ and the name of the field in capitals, the
    /// password from DJANGO_SUPERUSER_PASSWORD. Without a password the user cannot log in
    #[arg(long, alias = "no-input")]
    noinput: bool,
}

impl Arguments {
    /// The option of a field of the user model.
    fn option(&self, field: &str) -> Option<&str> {
        let given = |text: &'_ String| text.split_once('=').is_some_and(|(name, _)| name == field);
        match field {
            "username" => self.username.as_deref(),
            "email" => self.email.as_deref(),
            _ => self.field.iter().find(|text| given(text)).and_then(|text| text.split_once('=')).map(|(_, v)| v),
        }
    }

    /// The options of fields that are not required.
    fn others(&self, username_field: &str, asked: &[(String, String)]) -> Vec<(&str, &str)> {
        let pairs = self.field.iter().filter_map(|text| text.split_once('='));
        pairs.filter(|(name, _)| *name != username_field && !asked.iter().any(|(field, _)| field == name)).collect()
    }
}

/// Runs the command.
///
/// # Errors
/// Returns an error if the name is taken or invalid, a value is missing under `--noinput`, or the database fails.
pub fn handle(context: &Context, arguments: Arguments) -> Result<(), CommandError> {
    if let Some(text) = arguments.field.iter().find(|text| !text.contains('=')) {
        return Err(CommandError::new(format!("--field {text}: expected NAME=VALUE")));
    }
    let apps = context.apps()?;
    let users = apps.auth()?.users().as_ref();
    let mut conn = context.database()?.connection()?;
    let username_field = users.username_field();
    let is_interactive = !arguments.noinput;
    if is_interactive && !prompt::is_interactive() {
        println!(
            "Superuser creation skipped due to not running in a TTY. You can run `manage createsuperuser` in your \
             project to create one manually."
        );
        return Ok(());
    }
    let username = if is_interactive {
        ask_username(users, &mut conn, arguments.option(username_field))?
    } else {
        let username = from_environment(&context.env, &arguments, username_field)?;
        if let Some(problem) = username_error(users, &mut conn, &username)? {
            return Err(CommandError::new(problem));
        }
        username
    };
    let mut values: Vec<(String, String)> = Vec::new();
    for field in users.required_fields() {
        let value = if is_interactive {
            ask_field(users, &mut conn, &field, arguments.option(&field))?
        } else {
            let value = from_environment(&context.env, &arguments, &field)?;
            match field_problem(users, &mut conn, &field, &value)? {
                None => value,
                Some(problem) => return Err(CommandError::new(problem)),
            }
        };
        values.push((field, value));
    }
    for (field, value) in arguments.others(username_field, &values) {
        if let Some(problem) = users.field_problem(&mut conn, field, value)? {
            return Err(CommandError::new(format!("{field}: {problem}")));
        }
        values.push((field.to_owned(), value.to_owned()));
    }
    let email_field = users.email_field();
    let email = values.iter().find(|(field, _)| field == email_field).map_or("", |(_, value)| value);
    let extra_fields: Vec<_> =
        values.iter().filter(|(field, _)| field != email_field).map(|(field, value)| (&**field, &**value)).collect();
    let new = NewUser { username: &username, email, extra_fields: &extra_fields, ..NewUser::default() };
    let password = if is_interactive {
        Some(ask_password(&username, email, apps.auth()?.password_validators())?)
    } else {
        context.env.get("DJANGO_SUPERUSER_PASSWORD").map(str::to_owned)
    };
    if let Err(error) = users::create_superuser(apps, &mut conn, &new, password.as_deref()) {
        // Another command may have taken the name meanwhile.
        return Err(username_error(users, &mut conn, &username)?.map_or(error, CommandError::new));
    }
    context.say("Superuser created successfully.");
    Ok(())
}

/// The value of a field for a command that may not ask.
fn from_environment(env: &Environment, arguments: &Arguments, field: &str) -> Result<String, CommandError> {
    let option = arguments.option(field);
    let from_env = env.get(&format!("DJANGO_SUPERUSER_{}", field.to_uppercase()));
    match option.filter(|value| !value.is_empty()).or(from_env).or(option) {
        Some(value) => Ok(value.to_owned()),
        None if matches!(field, "username" | "email") => {
            Err(CommandError::new(format!("You must use --{field} with --noinput.")))
        }
        None => Err(CommandError::new(format!("You must use --field {field}=VALUE with --noinput."))),
    }
}

/// Why `username` cannot be the name of a new user.
fn username_error(
    users: &dyn UserModel,
    conn: &mut DbConnection,
    username: &str,
) -> Result<Option<String>, CommandError> {
    let label = label(users.username_field());
    if users.get_by_natural_key(conn, &users::normalize_natural_key(users, username))?.is_some() {
        return Ok(Some(format!("Error: That {} is already taken.", label.to_lowercase())));
    }
    if username.is_empty() {
        return Ok(Some(format!("{label} cannot be blank.")));
    }
    users::natural_key_problem(users, conn, username)
}

/// The name of a field at the beginning of a question.
fn label(field: &str) -> String {
    capfirst(&field.replace('_', " "))
}

/// The problem with the value of a required field, as a message of the model.
fn field_problem(
    users: &dyn UserModel,
    conn: &mut DbConnection,
    field: &str,
    value: &str,
) -> Result<Option<String>, CommandError> {
    let problem = match value {
        _ if field == users.email_field() => users::email_problem(value),
        "" => Some("This field cannot be blank.".to_owned()),
        _ => None,
    };
    Ok(if problem.is_some() { problem } else { users.field_problem(conn, field, value)? })
}

fn ask_username(users: &dyn UserModel, conn: &mut DbConnection, given: Option<&str>) -> Result<String, CommandError> {
    let label = label(users.username_field());
    if given == Some("") {
        return Err(CommandError::new(format!("{label} cannot be blank.")));
    }
    let default = default_username(users, conn)?;
    let question = match &default {
        Some(name) => format!("{label} (leave blank to use '{name}'): "),
        None => format!("{label}: "),
    };
    let mut candidate = given.map(str::to_owned);
    loop {
        let username = match candidate.take() {
            Some(username) => username,
            None => {
                let answer = prompt::line(&question)?;
                let answer = if answer.is_empty() { default.clone().unwrap_or_default() } else { answer };
                if let Some(problem) = users::natural_key_problem(users, conn, &answer)? {
                    eprintln!("Error: {problem}");
                    continue;
                }
                answer
            }
        };
        match username_error(users, conn, &username)? {
            None => return Ok(username),
            Some(problem) => eprintln!("{problem}"),
        }
    }
}

/// The name of the account that runs this, if it is a valid user name that is not taken.
fn default_username(users: &dyn UserModel, conn: &mut DbConnection) -> Result<Option<String>, CommandError> {
    if users.username_field() != "username" {
        return Ok(None);
    }
    let account = ["LOGNAME", "USER", "LNAME", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let name: String = account.unwrap_or_default().to_lowercase().chars().filter(|&c| c != ' ').collect();
    if !name.is_ascii() || users::username_problem(&name).is_some() {
        return Ok(None);
    }
    Ok(users.get_by_natural_key(conn, &name)?.is_none().then_some(name))
}

fn ask_field(
    users: &dyn UserModel,
    conn: &mut DbConnection,
    field: &str,
    given: Option<&str>,
) -> Result<String, CommandError> {
    if let Some(value) = given {
        return match field_problem(users, conn, field, value)? {
            None => Ok(value.to_owned()),
            Some(problem) => Err(CommandError::new(problem)),
        };
    }
    let label = if field == users.email_field() { "Email address".to_owned() } else { label(field) };
    loop {
        let value = prompt::line(&format!("{label}: "))?;
        match field_problem(users, conn, field, &value)? {
            None => return Ok(value),
            Some(problem) => eprintln!("Error: {problem}"),
        }
    }
}

fn ask_password(username: &str, email: &str, validators: &[PasswordValidator]) -> Result<String, CommandError> {
    loop {
        let password = prompt::password("Password: ")?;
        if prompt::password("Password (again): ")? != password {
            eprintln!("Error: Your passwords didn't match.");
            continue;
        }
        if password.trim().is_empty() {
            eprintln!("Error: Blank passwords aren't allowed.");
            continue;
        }
        let problems = users::password_problems(&password, username, email, validators);
        if problems.is_empty() {
            return Ok(password);
        }
        eprintln!("{}", problems.join("\n"));
        if prompt::line("Bypass password validation and create user anyway? [y/N]: ")?.eq_ignore_ascii_case("y") {
            return Ok(password);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noinput(env: &[(&str, &str)], arguments: &Arguments, field: &str) -> Result<String, String> {
        from_environment(&env.iter().copied().collect(), arguments, field).map_err(|error| error.to_string())
    }

    #[test]
    fn options_come_before_the_environment() {
        let env = [("DJANGO_SUPERUSER_USERNAME", "eve"), ("DJANGO_SUPERUSER_FULL_NAME", "Eve")];
        let arguments = Arguments::default();
        assert_eq!(noinput(&env, &arguments, "username").unwrap(), "eve");
        assert_eq!(noinput(&env, &arguments, "full_name").unwrap(), "Eve");
        let arguments = Arguments {
            username: Some("bob".to_owned()),
            email: Some(String::new()),
            field: vec!["full_name=Bob = Bobby".to_owned()],
            noinput: true,
        };
        assert_eq!(noinput(&env, &arguments, "username").unwrap(), "bob");
        assert_eq!(noinput(&env, &arguments, "full_name").unwrap(), "Bob = Bobby");
        assert_eq!(noinput(&env, &arguments, "email").unwrap(), "");
    }

    #[test]
    fn a_missing_value_is_named() {
        for (field, option) in
            [("username", "--username"), ("email", "--email"), ("full_name", "--field full_name=VALUE")]
        {
            let expected = format!("CommandError: You must use {option} with --noinput.");
            assert_eq!(noinput(&[], &Arguments::default(), field).unwrap_err(), expected);
        }
    }
}
