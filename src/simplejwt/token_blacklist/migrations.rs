//! The tables of outstanding and blacklisted tokens. Python counterpart: `rest_framework_simplejwt.token_blacklist.migrations`.

use crate::db::migrations::{Migration, Step, StepModel, up};

/// The step of the app.
pub(super) const MIGRATIONS: &[Step] = &[Step {
    app: "token_blacklist",
    migrations: &[
        Migration::changes("0001_initial"),
        Migration::changes("0002_outstandingtoken_jti_hex"),
        Migration::changes("0003_auto_20171017_2007"),
        Migration::changes("0004_auto_20171017_2013"),
        Migration::changes("0005_remove_outstandingtoken_jti"),
        Migration::changes("0006_auto_20171017_2113"),
        Migration::changes("0007_auto_20171017_2214"),
        Migration::changes("0008_migrate_to_bigautofield"),
        Migration::changes("0010_fix_migrate_to_bigautofield"),
        Migration::keeps("0011_linearizes_history"),
        Migration::keeps("0012_alter_outstandingtoken_user"),
        Migration::keeps("0013_alter_blacklistedtoken_options_and_more"),
    ],
    tables: &["token_blacklist_outstandingtoken", "token_blacklist_blacklistedtoken"],
    requires: &["auth_user"],
    models: &[
        StepModel::new("blacklistedtoken", "Blacklisted Token"),
        StepModel::new("outstandingtoken", "Outstanding Token"),
    ],
    ..Step::EMPTY
}
.sql(up!("00000000000007_token_blacklist_initial"))];
