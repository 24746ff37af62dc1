//! The formats of the stored passwords.

use super::users::Users;
use super::{Proof, sql};
use crate::apps::command::CommandError;
use crate::contrib::auth::AuthState;
use crate::contrib::auth::hashers::UNUSABLE_PASSWORD_PREFIX;
use crate::db::DbConnection;
use crate::management::adopt::report::Finding;

/// The hasher for each format, for the advice in the report.
const CLASSES: &[(&str, &str)] = &[
    ("pbkdf2_sha256", "PBKDF2PasswordHasher"),
    ("pbkdf2_sha1", "PBKDF2SHA1PasswordHasher"),
    ("argon2", "Argon2PasswordHasher"),
    ("bcrypt_sha256", "BCryptSHA256PasswordHasher"),
    ("bcrypt", "BCryptPasswordHasher"),
    ("scrypt", "ScryptPasswordHasher"),
    ("md5", "MD5PasswordHasher"),
];

/// With more iterations a login takes seconds. Django 5.2 uses 1,000,000.
const SLOW_ITERATIONS: u64 = 2_000_000;

/// The part of the column `password` before the first `$`.
fn algorithm(vendor: &str, password: &str) -> String {
    match vendor {
        "sqlite" => format!("substr({password}, 1, instr({password}, '$') - 1)"),
        _ => format!("split_part({password}, '$', 1)"),
    }
}

/// The part of a hash of `algorithm` in the column `password` that decides how long checking takes: iterations, cost, or Argon2's
/// parameters.
fn work(vendor: &str, password: &str, algorithm: &str) -> Option<String> {
    let part = |n: usize| format!("split_part({password}, '$', {n})");
    // The text after the first `from` characters, up to the next `$`.
    let after = |from: usize| {
        let rest = format!("substr({password}, {})", from + 1);
        format!("substr({rest}, 1, instr({rest}, '$') - 1)")
    };
    let length = algorithm.len();
    Some(match (algorithm, vendor) {
        ("pbkdf2_sha256" | "pbkdf2_sha1" | "scrypt", "sqlite") => after(length + 1),
        ("pbkdf2_sha256" | "pbkdf2_sha1" | "scrypt", _) => part(2),
        // bcrypt$$2b$12$…
        ("bcrypt" | "bcrypt_sha256", "sqlite") => after(length + 5),
        ("bcrypt" | "bcrypt_sha256", _) => part(4),
        // argon2$argon2id$v=19$m=102400,t=2,p=8$…
        ("argon2", "sqlite") => after("argon2$argon2id$v=19$".len()),
        ("argon2", _) => part(4),
        _ => return None,
    })
}

impl Proof<'_> {
    pub(super) fn passwords(
        &mut self,
        auth: &AuthState,
        conn: &mut DbConnection,
        users: &Users,
        total: i64,
    ) -> Result<(), CommandError> {
        let (vendor, password) = (conn.vendor(), users.password.as_str());
        let unusable = format!("{password} LIKE '{UNUSABLE_PASSWORD_PREFIX}%'");
        let without = sql::count(conn, &format!("FROM {} WHERE {unusable}", users.table))?;
        let with = format!("FROM {} WHERE NOT {unusable}", users.table);
        let mut most_expensive: Option<(u64, String)> = None;
        let mut unreadable = Vec::new();
        for (format, count) in sql::groups(conn, &algorithm(vendor, password), &with)? {
            let is_read = auth.hashers().reads(&format);
            let shown = if format.is_empty() { "(no known format)" } else { &format };
            let mut line = format!("Passwords: {count} of {shown}");
            if let Some(work) = work(vendor, password, &format).filter(|_| is_read) {
                let same = format!("{with} AND {password} LIKE {}", sql::literal(&format!("{format}$%")));
                let works = sql::groups(conn, &work, &same)?;
                let parts = works.iter().map(|(work, count)| format!("{count} with {work}")).collect::<Vec<_>>();
                line = format!("{line} ({})", parts.join(", "));
                let iterations = works.iter().filter_map(|(work, _)| work.parse::<u64>().ok()).max();
                if format.starts_with("pbkdf2")
                    && let Some(iterations) = iterations
                    && most_expensive.as_ref().is_none_or(|(most, _)| iterations > *most)
                {
                    most_expensive = Some((iterations, format.clone()));
                }
            }
            self.report.fact(line);
            if !is_read {
                unreadable.push((format, count));
            }
        }
        if without > 0 {
            self.report.fact(format!("Passwords: {without} unusable; these users do not log in by password"));
        }
        for (format, count) in &unreadable {
            self.unreadable(format, *count);
        }
        if let Some((iterations, format)) = most_expensive {
            let what = format!("The most expensive password hashes are {format} with {iterations} iterations.");
            if iterations > SLOW_ITERATIONS {
                self.report.add(
                    Finding::noticed(what).clients("These logins take seconds, until their users have logged in once."),
                );
            } else {
                self.report.add(Finding::note(what));
            }
        }
        for kind in auth.stored_passwords(conn)?.expensive(auth.hashers()) {
            self.report.add(Finding::note(kind.to_string()));
        }
        if unreadable.is_empty() && total > 0 {
            self.report.add(Finding::proven("All stored passwords have formats that PASSWORD_HASHERS reads."));
        }
        Ok(())
    }

    fn unreadable(&mut self, format: &str, count: i64) {
        let class = CLASSES.iter().find(|(known, _)| *known == format).map(|(_, class)| *class);
        let djangos = self.export.hashers();
        let reader = djangos.iter().find(|hasher| hasher.algorithm.as_deref() == Some(format));
        let shown = if format.is_empty() { "no known format".to_owned() } else { format!("the format {format}") };
        let what = format!("{count} user(s) have a password of {shown}, which PASSWORD_HASHERS does not read.");
        let clients = "They cannot log in with a password.";
        self.report.add(match (reader, class) {
            // Django cannot read them either, so nothing changes.
            (None, class) if !djangos.is_empty() => {
                let remedy = class.map_or(String::new(), |class| format!("To let them log in, add {class} to PASSWORD_HASHERS."));
                Finding::note(what).clients("They cannot log in to Django either.").remedy(remedy)
            }
            (_, Some(class)) => Finding::blocking(what).clients(clients).remedy(format!("Add {class} to PASSWORD_HASHERS.")),
            (Some(hasher), None) => Finding::blocking(what).clients(clients).remedy(format!(
                "{} reads them in Django. Let these users log in there first, with a hasher that exists here as the first of PASSWORD_HASHERS.",
                hasher.class
            )),
            (None, None) => Finding::blocking(what)
                .clients(clients)
                .remedy("Let these users set a new password in Django first."),
        });
    }
}
