//! What `runserver` does in a fresh clone: it makes a key, the tables and a user, and prints lines to paste.
//!
//! Development mode applies if no `SECRET_KEY` is set, the database is a SQLite file, only this machine can connect, no deployment
//! setting is set, and the program is a debug build. All conditions are required, because each of the others is found in production:
//! without the last one, a server that is started in another folder than that of its `.env` would make a new database.

use std::fs::{self, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::apps::command::CommandError;
use crate::apps::{Apps, AppsBuilder, Registry};
use crate::conf::Environment;
use crate::contrib::admin::AdminSite;
use crate::contrib::auth::management::users;
use crate::contrib::auth::models::{NewUser, User};
use crate::core::crypto::{ALPHANUMERIC, SecretString, random_string};
use crate::db::migrations::UserTable;
use crate::db::{DatabaseSettings, DatabaseUrl};
use crate::rest_framework::schemas::ApiDocs;
use crate::server::settings::ServerSettings;

/// Name of the superuser that is made if there are no users.
const USERNAME: &str = "admin";

/// Deployment settings. A name that ends with `_` is the beginning of several names.
const DEPLOYMENT: [&str; 7] = [
    "SIMPLE_JWT_SIGNING_KEY",
    "JWT_SECRET_KEY",
    "JWT_PRIVATE_KEY",
    "ALLOWED_HOSTS",
    "SECURE_",
    "REST_FRAMEWORK_NUM_PROXIES",
    "CSRF_TRUSTED_ORIGINS",
];

/// The result of the preparation.
#[derive(Debug)]
pub struct Development {
    /// The password of the superuser, if one was made.
    password: Option<Password>,
    /// The path of the API's description.
    docs: Option<&'static str>,
    /// The path of the admin site.
    admin: Option<String>,
}

/// The one-time password of the superuser.
#[derive(Debug)]
enum Password {
    /// To be shown on a terminal.
    Shown(SecretString),
    /// In a file that only its owner can read, because output may end up in a log that others read.
    File(PathBuf),
}

/// Whether development mode applies.
#[must_use]
pub fn applies(registry: &Registry, env: &Environment) -> bool {
    registry.secret_key().expose().is_empty() && objection(registry, env).is_none()
}

/// Why a random `SECRET_KEY` will not do, as the end of a sentence.
#[must_use]
pub fn objection(registry: &Registry, env: &Environment) -> Option<String> {
    objection_in_build(registry, env, cfg!(debug_assertions))
}

/// Same as [`objection`], in a debug build or not.
fn objection_in_build(registry: &Registry, env: &Environment, is_debug_build: bool) -> Option<String> {
    if !is_debug_build {
        return Some("this is a release build, which reads .env in the folder in which it is started".to_owned());
    }
    let bind = registry.settings::<ServerSettings>().bind;
    if !matches!(registry.settings::<DatabaseSettings>().url, DatabaseUrl::Sqlite(..)) {
        return Some("it needs a SQLite database, not PostgreSQL".to_owned());
    }
    if !bind.ip().is_loopback() {
        return Some(format!("it needs a loopback address such as 127.0.0.1:{}, not {bind}", bind.port()));
    }
    let is_deployment =
        |name: &str| DEPLOYMENT.iter().any(|known| name == *known || (known.ends_with('_') && name.starts_with(known)));
    let set = env.names().find(|name| is_deployment(name) && env.get(name).is_some_and(|value| !value.is_empty()));
    set.map(|name| format!("it is off because {name} is set"))
}

/// Sets a random key, and turns on the description of the API unless `API_DOCS` is set.
pub fn with_key(builder: AppsBuilder, env: &Environment) -> AppsBuilder {
    let builder = builder.secret_key(random_string(64, ALPHANUMERIC));
    if env.get("API_DOCS").is_some() { builder } else { builder.hook(ApiDocs(true)) }
}

impl Development {
    /// Makes the tables, and a superuser if there are no users. Its password is printed to a terminal, or written into a file.
    ///
    /// # Errors
    /// Returns an error if the database fails or the file cannot be written.
    pub fn prepare(apps: &Apps, has_terminal: bool) -> Result<Self, CommandError> {
        let database = apps.database()?;
        let mut conn = database.connection()?;
        let applied = apps.migrations().migrate(&mut conn, apps.clock().now())?;
        if !applied.is_empty() {
            log::info!("applied {} migrations to {}", applied.len(), apps.get::<DatabaseSettings>()?.url);
        }
        // A user model of your own may require other fields.
        let is_auth_user = apps.get::<UserTable>().is_ok_and(|table| *table == UserTable::default());
        let password = if !is_auth_user || User::exists_any(&mut conn)? {
            None
        } else {
            let text = random_string(16, ALPHANUMERIC);
            // The file is written before the user exists, so that there is no user whose password is lost.
            let password = match &apps.get::<DatabaseSettings>()?.url {
                DatabaseUrl::Sqlite(database) if !has_terminal => Password::File(write_password(database, &text)?),
                _ => Password::Shown(SecretString::new(text.clone())),
            };
            let new = NewUser { username: USERNAME, ..NewUser::default() };
            users::create_superuser(apps, &mut conn, &new, Some(&text))?;
            Some(password)
        };
        let docs = if cfg!(feature = "swagger-ui") { "/api/docs/" } else { "/api/schema/" };
        let has_docs = apps.get().is_ok_and(|ApiDocs(is_on)| *is_on);
        let admin = apps.get::<AdminSite>().ok().map(|site| site.base().to_owned());
        Ok(Self { password, docs: has_docs.then_some(docs), admin })
    }

    /// The text for a new developer, with lines for a shell.
    #[must_use]
    pub fn welcome(&self, address: SocketAddr) -> String {
        let mut text =
            "\nDevelopment mode: SECRET_KEY is not set, so this run has a random one, and its tokens end with it.\n"
                .to_owned();
        match &self.password {
            Some(password) => {
                let (place, word) = match password {
                    Password::Shown(password) => {
                        let password = password.expose();
                        (format!("with the password {password} (not shown again)"), password.to_owned())
                    }
                    Password::File(file) => {
                        let file = file.display().to_string();
                        let quoted = file.replace('\'', r"'\''");
                        (
                            format!(
                                "whose password is in {file} (only you can read it; delete it when you have read it)"
                            ),
                            format!(r#"'"$(cat '{quoted}')"'"#),
                        )
                    }
                };
                text.push_str(&format!(
                    "A superuser was made: {USERNAME}, {place}.\n\nPaste this into another terminal:\n\n{}\n",
                    curl_lines(address, &word)
                ));
            }
            None => text.push_str(&format!(
                "Log in at http://{address}/api/token/; forgot the password? `manage changepassword {USERNAME}`.\n"
            )),
        }
        if let Some(admin) = &self.admin {
            text.push_str(&format!("The admin site is at http://{address}{admin}\n"));
        }
        if let Some(docs) = self.docs {
            text.push_str(&format!("The API describes itself at http://{address}{docs}\n"));
        }
        text.push_str("Stop with Ctrl-C.\n");
        text
    }
}

/// Whether a person sees what is printed to standard output or to standard error.
#[must_use]
pub fn has_terminal() -> bool {
    io::stdout().is_terminal() || io::stderr().is_terminal()
}

/// Writes the password into a new file next to the database, and returns its path.
fn write_password(database: &Path, password: &str) -> io::Result<PathBuf> {
    let mut file = std::path::absolute(database)?.into_os_string();
    file.push(format!(".{USERNAME}-password"));
    let file = PathBuf::from(file);
    // A file of a deleted database may exist. A new file has the right permissions, and is not a link.
    match fs::remove_file(&file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    writeln!(options.open(&file)?, "{password}")?;
    Ok(file)
}

/// Obtain, protected, refresh and verify, for any POSIX shell with curl and sed.
fn curl_lines(address: SocketAddr, password: &str) -> String {
    let url = format!("http://{address}");
    let json = "-H 'Content-Type: application/json'";
    format!(
        r#"TOKENS=$(curl -s {url}/api/token/ {json} -d '{{"username": "{USERNAME}", "password": "{password}"}}'); echo "$TOKENS"
ACCESS=$(echo "$TOKENS" | sed 's/.*"access": *"\([^"]*\)".*/\1/'); REFRESH=$(echo "$TOKENS" | sed 's/.*"refresh": *"\([^"]*\)".*/\1/')
curl -sw '\n' {url}/api/protected/ -H "Authorization: Bearer $ACCESS"
curl -sw '\n' {url}/api/token/refresh/ {json} -d "{{\"refresh\": \"$REFRESH\"}}"
curl -sw '\n' {url}/api/token/verify/ {json} -d "{{\"token\": \"$ACCESS\"}}"
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;
    use crate::apps::Project;

    #[test]
    fn a_release_build_needs_a_key() {
        let env = Environment::default();
        let settings = Settings::from_env(&env).unwrap();
        let builder = Project::builder(settings);
        assert_eq!(objection_in_build(builder.registry(), &env, true), None);
        assert_eq!(
            objection_in_build(builder.registry(), &env, false).unwrap(),
            "this is a release build, which reads .env in the folder in which it is started"
        );
    }

    #[test]
    fn the_lines_for_the_shell_are_quoted_for_it() {
        let lines = curl_lines(SocketAddr::from(([127, 0, 0, 1], 8000)), "pw");
        assert!(lines.starts_with(
            "TOKENS=$(curl -s http://127.0.0.1:8000/api/token/ -H 'Content-Type: application/json' \
             -d '{\"username\": \"admin\", \"password\": \"pw\"}'); echo \"$TOKENS\"\n"
        ));
        assert!(
            lines
                .contains("curl -sw '\\n' http://127.0.0.1:8000/api/protected/ -H \"Authorization: Bearer $ACCESS\"\n")
        );
        assert!(lines.ends_with("-d \"{\\\"token\\\": \\\"$ACCESS\\\"}\"\n"));
    }

    #[test]
    fn the_password_is_shown_when_it_was_made_and_never_by_debug() {
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        let (password, admin) = (Some(Password::Shown("s3cret".into())), Some("/admin/".to_owned()));
        let made = Development { password, docs: Some("/api/docs/"), admin };
        assert!(made.welcome(address).contains("with the password s3cret (not shown again)"));
        assert!(made.welcome(address).contains("The admin site is at http://127.0.0.1:1/admin/\n"));
        assert!(!format!("{made:?}").contains("s3cret"));
        assert!(made.welcome(address).contains("http://127.0.0.1:1/api/docs/\n"));
        assert!(!Development { password: None, docs: None, admin: None }.welcome(address).contains("password s3cret"));
    }

    #[test]
    fn a_file_with_the_password_is_quoted_for_the_shell() {
        let made = Development { password: Some(Password::File("/it's here/p".into())), docs: None, admin: None };
        let text = made.welcome(SocketAddr::from(([127, 0, 0, 1], 1)));
        assert!(text.contains("admin, whose password is in /it's here/p (only you can read it"), "{text}");
        assert!(text.contains(r#""password": "'"$(cat '/it'\''s here/p')"'"}')"#), "{text}");
    }
}
