//! What `runserver` does in a fresh clone: it makes a key, the tables and a user, and prints lines to paste.
//!
//! Development mode is when no `SECRET_KEY` is set, the database is a SQLite file, and only this machine can connect. All
//! three are required, because each alone is found in production.

use std::net::SocketAddr;

use crate::apps::command::CommandError;
use crate::apps::{Apps, AppsBuilder, Registry};
use crate::conf::Environment;
use crate::contrib::auth::management::users;
use crate::contrib::auth::models::{NewUser, User};
use crate::core::crypto::{ALPHANUMERIC, SecretString, random_string};
use crate::db::migrations::UserTable;
use crate::db::{DatabaseSettings, DatabaseUrl};
use crate::rest_framework::schemas::ApiDocs;
use crate::server::settings::ServerSettings;

/// Name of the superuser that is made if there are no users.
const USERNAME: &str = "admin";

/// What was prepared.
#[derive(Debug)]
pub struct Development {
    /// The one-time password of the superuser, if one was made.
    password: Option<SecretString>,
    /// Where the API describes itself.
    docs: Option<&'static str>,
}

/// Whether the settings are those of a fresh clone.
#[must_use]
pub fn applies(registry: &Registry) -> bool {
    registry.secret_key().expose().is_empty()
        && matches!(registry.settings::<DatabaseSettings>().url, DatabaseUrl::Sqlite(..))
        && registry.settings::<ServerSettings>().bind.ip().is_loopback()
}

/// Sets a random key, and turns on the description of the API unless `API_DOCS` is set.
pub fn with_key(builder: AppsBuilder, env: &Environment) -> AppsBuilder {
    let builder = builder.secret_key(random_string(64, ALPHANUMERIC));
    if env.get("API_DOCS").is_some() { builder } else { builder.hook(ApiDocs(true)) }
}

impl Development {
    /// Makes the tables, and a superuser if there are no users.
    ///
    /// # Errors
    /// Returns an error if the database fails.
    pub fn prepare(apps: &Apps) -> Result<Self, CommandError> {
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
            let password = random_string(16, ALPHANUMERIC);
            let new = NewUser { username: USERNAME, ..NewUser::default() };
            users::create_superuser(apps, &mut conn, &new, Some(&password))?;
            Some(SecretString::new(password))
        };
        let docs = if cfg!(feature = "swagger-ui") { "/api/docs/" } else { "/api/schema/" };
        let has_docs = apps.get().is_ok_and(|ApiDocs(is_on)| *is_on);
        Ok(Self { password, docs: has_docs.then_some(docs) })
    }

    /// What a newcomer should read, with lines for a shell.
    #[must_use]
    pub fn welcome(&self, address: SocketAddr) -> String {
        let mut text =
            "\nDevelopment mode: SECRET_KEY is not set, so this run has a random one, and its tokens end with it.\n"
                .to_owned();
        match &self.password {
            Some(password) => {
                let password = password.expose();
                text.push_str(&format!(
                    "A superuser was made: {USERNAME}, with the password {password} (not shown again).\n\n\
                     Paste this into another terminal:\n\n{}\n",
                    curl_lines(address, password)
                ));
            }
            None => text.push_str(&format!(
                "Log in at http://{address}/api/token/; forgot the password? `manage changepassword {USERNAME}`.\n"
            )),
        }
        if let Some(docs) = self.docs {
            text.push_str(&format!("The API describes itself at http://{address}{docs}\n"));
        }
        text.push_str("Stop with Ctrl-C.\n");
        text
    }
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
        let made = Development { password: Some("s3cret".into()), docs: Some("/api/docs/") };
        assert!(made.welcome(address).contains("with the password s3cret (not shown again)"));
        assert!(!format!("{made:?}").contains("s3cret"));
        assert!(made.welcome(address).contains("http://127.0.0.1:1/api/docs/\n"));
        assert!(!Development { password: None, docs: None }.welcome(address).contains("password s3cret"));
    }
}
