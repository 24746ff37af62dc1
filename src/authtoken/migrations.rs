//! The table of tokens. Python counterpart: `rest_framework.authtoken.migrations`.

use crate::db::migrations::{Migration, Step, StepModel, up};

/// The step of the app.
pub(super) const MIGRATIONS: &[Step] = &[Step {
    app: "authtoken",
    migrations: &[
        Migration::changes("0001_initial"),
        Migration::keeps("0002_auto_20160226_1747"),
        Migration::keeps("0003_tokenproxy"),
        Migration::keeps("0004_alter_tokenproxy_options"),
    ],
    tables: &["authtoken_token"],
    requires: &["auth_user"],
    models: &[StepModel::new("token", "Token"), StepModel::new("tokenproxy", "Token")],
    ..Step::EMPTY
}
.sql(up!("00000000000005_authtoken_initial"))];
