//! The tables of simplejwt's proposal, and our own tables about families. Python counterpart:
//! `rest_framework_simplejwt.token_family.migrations` of that proposal.

use crate::db::migrations::{Migration, Step, up};

/// The steps of the app.
///
/// The tables have no content types and permissions: Django has no such models, so its lists of permissions stay as they are.
pub(super) const MIGRATIONS: &[Step] = &[
    Step {
        app: "token_family",
        migrations: &[Migration::changes("0001_initial")],
        tables: &["token_family_tokenfamily", "token_family_blacklistedtokenfamily"],
        requires: &["auth_user"],
        ..Step::EMPTY
    }
    .sql(up!("00000000000010_token_family_initial")),
    Step {
        app: "actix_token_family",
        migrations: &[Migration::changes("0001_family_activity")],
        tables: &["family_activity", "family_token"],
        requires: &["token_family_tokenfamily"],
        ..Step::EMPTY
    }
    .sql(up!("00000000000011_family_activity")),
];
