//! The table of sessions. Python counterpart: `django.contrib.sessions.migrations`.

use crate::db::migrations::{Migration, Step, StepModel, up};

/// The step of the app.
pub(super) const MIGRATIONS: &[Step] = &[Step {
    app: "sessions",
    migrations: &[Migration::changes("0001_initial")],
    tables: &["django_session"],
    models: &[StepModel::new("session", "session")],
    ..Step::EMPTY
}
.sql(up!("00000000000006_sessions_initial"))];
