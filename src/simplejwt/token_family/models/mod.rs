//! The tables of token families. Python counterpart: `rest_framework_simplejwt.token_family.models` of simplejwt's proposal.
//!
//! `token_family_tokenfamily` and `token_family_blacklistedtokenfamily` are tables of the proposal. Two tables are not in the
//! proposal: `family_activity` has the current token of each family and its last client, and `family_token` has the rotated
//! tokens with their successors.
//!
//! Every transaction that changes a family first locks its row of `family_activity`, and then the rows of tokens. So no two
//! transactions wait for each other.

mod activity;
mod advance;
mod ending;
mod family;
mod living;
mod lookup;
mod token;

pub use self::activity::FamilyActivity;
pub use self::advance::{FamilyStep, advance};
pub use self::ending::{EndReason, end_all, end_family, limit, lock_user, share_user};
pub use self::family::{NewTokenFamily, TokenFamily};
pub use self::living::{LivingFamily, living};
pub use self::lookup::FamilyLookup;
pub use self::token::FamilyToken;
