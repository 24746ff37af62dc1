//! `manage createsuperuser`. Python counterpart: `django.contrib.auth.management.commands.createsuperuser`.

use clap::Args;

use super::{prompt, users};
use crate::apps::command::{CommandError, Context};
use crate::conf::Environment;
use crate::contrib::auth::models::User;
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
    /// Asks nothing: name and e-mail come from the options or from DJANGO_SUPERUSER_USERNAME and
    /// DJANGO_SUPERUSER_EMAIL, the password from DJANGO_SUPERUSER_PASSWORD; without one nobody can log in
    #[arg(long, alias = "no-input")]
    noinput: bool,
}

/// Runs the command.
///
/// # Errors
/// When the name is taken or no name, a value is missing under `--noinput`, or the database fails.
pub fn handle(context: &Context, arguments: Arguments) -> Result<(), CommandError> {
    let database = context.database()?;
    let mut conn = database.connection()?;
    if arguments.noinput {
        let (username, email) = from_environment(&context.env, &arguments)?;
        if let Some(problem) = username_error(&mut conn, &username)? {
            return Err(CommandError::new(problem));
        }
        if let Some(problem) = users::email_problem(&email) {
            return Err(CommandError::new(problem));
        }
        let password = context.env.get("DJANGO_SUPERUSER_PASSWORD");
        users::create_superuser(context.apps()?, &mut conn, &username, &email, password)?;
    } else if prompt::is_interactive() {
        let username = ask_username(&mut conn, arguments.username)?;
        let email = ask_email(arguments.email)?;
        let password = ask_password(&username, &email)?;
        users::create_superuser(context.apps()?, &mut conn, &username, &email, Some(&password))?;
    } else {
        println!(
            "Superuser creation skipped due to not running in a TTY. You can run `manage createsuperuser` in your \
             project to create one manually."
        );
        return Ok(());
    }
    context.say("Superuser created successfully.");
    Ok(())
}

/// Name and e-mail address of a command that may not ask.
fn from_environment(env: &Environment, arguments: &Arguments) -> Result<(String, String), CommandError> {
    let username = arguments.username.as_deref().or_else(|| env.get("DJANGO_SUPERUSER_USERNAME"));
    let username = username.ok_or_else(|| CommandError::new("You must use --username with --noinput."))?;
    let option = arguments.email.as_deref();
    let from_env = env.get("DJANGO_SUPERUSER_EMAIL");
    let email = match option.filter(|email| !email.is_empty()).or(from_env) {
        Some(email) => email,
        // Said to be empty, which is another thing than not said.
        None if option.is_some() => "",
        None => return Err(CommandError::new("You must use --email with --noinput.")),
    };
    Ok((username.to_owned(), email.to_owned()))
}

/// Why `username` cannot be had.
fn username_error(conn: &mut DbConnection, username: &str) -> Result<Option<String>, CommandError> {
    if User::find_by_username(conn, username)?.is_some() {
        return Ok(Some("Error: That username is already taken.".to_owned()));
    }
    if username.is_empty() {
        return Ok(Some("Username cannot be blank.".to_owned()));
    }
    Ok(users::username_problem(username))
}

fn ask_username(conn: &mut DbConnection, given: Option<String>) -> Result<String, CommandError> {
    if given.as_deref() == Some("") {
        return Err(CommandError::new("Username cannot be blank."));
    }
    let default = default_username(conn)?;
    let question = match &default {
        Some(name) => format!("Username (leave blank to use '{name}'): "),
        None => "Username: ".to_owned(),
    };
    let mut candidate = given;
    loop {
        let username = match candidate.take() {
            Some(username) => username,
            None => {
                let answer = prompt::line(&question)?;
                let answer = if answer.is_empty() { default.clone().unwrap_or_default() } else { answer };
                if let Some(problem) = users::username_problem(&answer) {
                    eprintln!("Error: {problem}");
                    continue;
                }
                answer
            }
        };
        match username_error(conn, &username)? {
            None => return Ok(username),
            Some(problem) => eprintln!("{problem}"),
        }
    }
}

/// The name of the account that runs this, where it is a user name that nobody has yet.
fn default_username(conn: &mut DbConnection) -> Result<Option<String>, CommandError> {
    let account = ["LOGNAME", "USER", "LNAME", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let name: String = account.unwrap_or_default().to_lowercase().chars().filter(|&c| c != ' ').collect();
    if !name.is_ascii() || users::username_problem(&name).is_some() {
        return Ok(None);
    }
    Ok(User::find_by_username(conn, &name)?.is_none().then_some(name))
}

fn ask_email(given: Option<String>) -> Result<String, CommandError> {
    if let Some(email) = given {
        return match users::email_problem(&email) {
            None => Ok(email),
            Some(problem) => Err(CommandError::new(problem)),
        };
    }
    loop {
        let email = prompt::line("Email address: ")?;
        match users::email_problem(&email) {
            None => return Ok(email),
            Some(problem) => eprintln!("Error: {problem}"),
        }
    }
}

fn ask_password(username: &str, email: &str) -> Result<String, CommandError> {
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
        let problems = users::password_problems(&password, username, email);
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

    fn noinput(env: &[(&str, &str)], username: Option<&str>, email: Option<&str>) -> Result<(String, String), String> {
        let arguments =
            Arguments { username: username.map(str::to_owned), email: email.map(str::to_owned), noinput: true };
        from_environment(&env.iter().copied().collect(), &arguments).map_err(|error| error.to_string())
    }

    #[test]
    fn options_come_before_the_environment() {
        let env = [("DJANGO_SUPERUSER_USERNAME", "eve"), ("DJANGO_SUPERUSER_EMAIL", "e@example.com")];
        assert_eq!(noinput(&env, None, None).unwrap(), ("eve".to_owned(), "e@example.com".to_owned()));
        assert_eq!(noinput(&env, Some("bob"), Some("b@x.org")).unwrap(), ("bob".to_owned(), "b@x.org".to_owned()));
        assert_eq!(noinput(&[], Some("bob"), Some("")).unwrap(), ("bob".to_owned(), String::new()));
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(noinput(&[], None, None).unwrap_err(), "CommandError: You must use --username with --noinput.");
        assert_eq!(noinput(&[], Some("a"), None).unwrap_err(), "CommandError: You must use --email with --noinput.");
    }
}
