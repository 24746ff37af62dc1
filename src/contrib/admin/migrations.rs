//! The table of the log, and the one of the dashboard. Python counterpart: `django.contrib.admin.migrations`.

use crate::db::migrations::{Migration, Step, StepModel, up};

/// The label of the migrations of the table of the dashboard, which Django does not have.
pub(super) const STATISTICS: &str = "actix_admin";

/// The steps of the app.
pub(super) const MIGRATIONS: &[Step] = &[
    Step {
        app: "admin",
        migrations: &[
            Migration::changes("0001_initial"),
            Migration::keeps("0002_logentry_remove_auto_add"),
            Migration::keeps("0003_logentry_add_action_flag_choices"),
        ],
        tables: &["django_admin_log"],
        requires: &["django_content_type", "auth_user"],
        models: &[StepModel::new("logentry", "log entry")],
        ..Step::EMPTY
    }
    .sql(up!("00000000000004_admin_initial")),
    Step {
        app: STATISTICS,
        migrations: &[Migration::changes("0001_event_counts")],
        tables: &["admin_event_counts"],
        ..Step::EMPTY
    }
    .sql(up!("00000000000013_admin_event_counts")),
];
