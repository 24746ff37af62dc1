//! What is in the database.

use std::fmt;

use diesel::prelude::*;

use crate::apps::Registry;
use crate::apps::command::CommandError;
use crate::contrib::auth::hashers::{PasswordHashers, UNUSABLE_PASSWORD_PREFIX};
use crate::contrib::auth::settings::AuthSettings;
use crate::db::DbConnection;
use crate::db::migrations::MigrationState;
use crate::db::schema::{
    auth_user, authtoken_token, token_blacklist_blacklistedtoken, token_blacklist_outstandingtoken,
};

/// Beginnings of password strings, and the class that reads them; none where there is none any more.
const FORMATS: [(&str, Option<&str>); 9] = [
    ("pbkdf2_sha256", Some("PBKDF2PasswordHasher")),
    ("pbkdf2_sha1", Some("PBKDF2SHA1PasswordHasher")),
    ("argon2", Some("Argon2PasswordHasher")),
    ("bcrypt_sha256", Some("BCryptSHA256PasswordHasher")),
    ("bcrypt", Some("BCryptPasswordHasher")),
    ("scrypt", Some("ScryptPasswordHasher")),
    ("md5", Some("MD5PasswordHasher")),
    ("sha1", None),
    ("crypt", None),
];

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Survey {
    apps: Vec<(&'static str, usize, usize)>,
    users: i64,
    inactive: i64,
    passwords: Vec<(String, i64)>,
    outstanding: Option<(i64, i64)>,
    keys: Option<i64>,
    /// What there is to know about it.
    pub(super) notes: Vec<String>,
}

impl Survey {
    pub(super) fn of(conn: &mut DbConnection, registry: &Registry) -> Result<Self, CommandError> {
        let plan = registry.migrations();
        let states = plan.plan(conn)?;
        let mut survey = Self::default();
        for app in plan.apps() {
            let of_app: Vec<&MigrationState> = states.iter().filter(|state| state.app == app).collect();
            let applied = of_app.iter().filter(|state| state.applied).count();
            if applied == 0 {
                survey.notes.push(format!("The tables of {app} are not there; `manage migrate` adds them."));
            } else if applied < of_app.len() {
                survey.notes.push(format!("The tables of {app} are older: let Django run its `migrate {app}` first."));
            }
            survey.apps.push((app, applied, of_app.len()));
        }
        if survey.has("auth") {
            survey.look_at_users(conn, &registry.settings::<AuthSettings>().password_hashers)?;
        }
        if survey.has("token_blacklist") {
            let outstanding = token_blacklist_outstandingtoken::table.count().get_result(conn)?;
            survey.outstanding = Some((outstanding, token_blacklist_blacklistedtoken::table.count().get_result(conn)?));
        }
        if survey.has("authtoken") {
            survey.keys = Some(authtoken_token::table.count().get_result(conn)?);
        }
        Ok(survey)
    }

    fn has(&self, app: &str) -> bool {
        self.apps.iter().any(|(name, applied, _)| *name == app && *applied > 0)
    }

    fn look_at_users(&mut self, conn: &mut DbConnection, hashers: &PasswordHashers) -> Result<(), CommandError> {
        self.users = auth_user::table.count().get_result(conn)?;
        self.inactive = auth_user::table.filter(auth_user::is_active.eq(false)).count().get_result(conn)?;
        let mut beginning_with = |beginning: String| -> QueryResult<i64> {
            // `_` is a wildcard of LIKE; it stands for itself as well as for anything else.
            auth_user::table.filter(auth_user::password.like(format!("{beginning}%"))).count().get_result(conn)
        };
        let mut known = 0;
        for (algorithm, class) in FORMATS {
            let count = beginning_with(format!("{algorithm}$"))?;
            if count == 0 {
                continue;
            }
            known += count;
            self.passwords.push((algorithm.to_owned(), count));
            if !hashers.reads(algorithm) {
                let remedy =
                    class.map_or("no hasher reads it any more".to_owned(), |class| format!("add {class} to it"));
                self.notes.push(format!(
                    "{count} user(s) have a password of {algorithm}, which PASSWORD_HASHERS does not read; {remedy}, or they \
                     cannot log in."
                ));
            }
        }
        let unusable = beginning_with(UNUSABLE_PASSWORD_PREFIX.to_string())?;
        for (name, count) in [("none (unusable)", unusable), ("others", self.users - known - unusable)] {
            if count > 0 {
                self.passwords.push((name.to_owned(), count));
            }
        }
        Ok(())
    }
}

impl fmt::Display for Survey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Migrations")?;
        for (app, applied, all) in &self.apps {
            writeln!(f, "  {app:<16} {applied} of {all}")?;
        }
        writeln!(f, "\nUsers: {}, of them inactive: {}", self.users, self.inactive)?;
        for (algorithm, count) in &self.passwords {
            writeln!(f, "  {algorithm:<16} {count}")?;
        }
        if let Some((outstanding, blacklisted)) = self.outstanding {
            writeln!(f, "\nRefresh tokens: {outstanding}, of them blacklisted: {blacklisted}")?;
        }
        if let Some(keys) = self.keys {
            writeln!(f, "Keys of rest_framework.authtoken: {keys}")?;
        }
        Ok(())
    }
}
