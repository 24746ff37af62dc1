//! The output of the commands. Python counterpart: the output of `manage.py migrate` and `manage.py showmigrations`.

use super::{Applied, MigrationPlan, MigrationState, MigrationTarget};

/// The lines of `migrate`, as Django prints them: the target, the `faked` migrations, and the `done` ones between `verb` and
/// `end`.
#[must_use]
pub fn migrate_report(
    plan: &MigrationPlan,
    target: MigrationTarget<'_>,
    verb: &str,
    faked: &[Applied],
    end: &str,
    done: &[Applied],
) -> Vec<String> {
    let operation = match target {
        MigrationTarget::All => format!("Apply all migrations: {}", plan.apps().join(", ")),
        MigrationTarget::App(app) => format!("Apply all migrations: {app}"),
        MigrationTarget::Migration(last) => format!("Target specific migration: {}, from {}", last.name, last.app),
        MigrationTarget::Zero(app) => format!("Unapply all migrations: {app}"),
    };
    let mut lines =
        vec!["Operations to perform:".to_owned(), format!("  {operation}"), "Running migrations:".to_owned()];
    if done.is_empty() && faked.is_empty() {
        lines.push("  No migrations to apply.".to_owned());
    }
    lines.extend(faked.iter().map(|migration| format!("  {verb} {migration}... FAKED")));
    lines.extend(done.iter().map(|migration| format!("  {verb} {migration}... {end}")));
    lines
}

/// The lines of `showmigrations`: the apps in alphabetical order, below each its migrations, ` [X]` before the applied.
#[must_use]
pub fn showmigrations_report(states: &[MigrationState]) -> Vec<String> {
    let mut states: Vec<&MigrationState> = states.iter().collect();
    states.sort_by_key(|state| state.app);
    let mut lines = Vec::new();
    let mut app = "";
    for state in states {
        if state.app != app {
            app = state.app;
            lines.push(app.to_owned());
        }
        lines.push(format!(" [{}] {}", if state.applied { 'X' } else { ' ' }, state.name));
    }
    lines
}

/// The message of a server at start about unapplied migrations; `None` if there are none.
#[must_use]
pub fn unapplied_warning(unapplied: &[MigrationState]) -> Option<String> {
    let mut apps: Vec<&str> = unapplied.iter().map(|state| state.app).collect();
    apps.sort_unstable();
    apps.dedup();
    (!apps.is_empty()).then(|| {
        format!(
            "You have {} unapplied migration(s). Your project may not work properly until you apply the migrations for \
             app(s): {}.\nRun 'manage migrate' to apply them.",
            unapplied.len(),
            apps.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrate_prints_as_django_does() {
        let plan = crate::settings::all_migrations();
        let head = [
            "Operations to perform:",
            "  Apply all migrations: actix_admin, actix_auth, actix_token_family, admin, auth, authtoken, contenttypes, sessions, \
             token_blacklist, token_family",
            "Running migrations:",
        ];
        assert_eq!(
            migrate_report(&plan, MigrationTarget::All, "Applying", &[], "OK", &[]),
            [&head[..], &["  No migrations to apply."]].concat()
        );
        let applied = Applied { app: "auth", name: "0001_initial" };
        assert_eq!(
            migrate_report(&plan, MigrationTarget::All, "Applying", &[], "OK", &[applied]),
            [&head[..], &["  Applying auth.0001_initial... OK"]].concat()
        );
    }

    #[test]
    fn showmigrations_prints_as_django_does() {
        let state = |app, name, applied| MigrationState { app, name, applied };
        let states =
            [state("auth", "0001_initial", true), state("auth", "0002_x", false), state("admin", "0001_initial", true)];
        assert_eq!(
            showmigrations_report(&states),
            ["admin", " [X] 0001_initial", "auth", " [X] 0001_initial", " [ ] 0002_x"]
        );
    }

    #[test]
    fn a_server_warns_as_django_does() {
        let state = |app, name| MigrationState { app, name, applied: false };
        assert_eq!(unapplied_warning(&[]), None);
        assert_eq!(
            unapplied_warning(&[
                state("auth", "0001_initial"),
                state("admin", "0001_initial"),
                state("auth", "0002_x")
            ])
            .unwrap(),
            "You have 3 unapplied migration(s). Your project may not work properly until you apply the migrations for \
             app(s): admin, auth.\nRun 'manage migrate' to apply them."
        );
    }
}
