//! The tables of token families. Python counterpart: `rest_framework_simplejwt.token_family.models` of simplejwt's proposal.
//!
//! `token_family_tokenfamily` and `token_family_blacklistedtokenfamily` are those of the proposal. Two tables are our own:
//! `family_activity` has the current token of each family and where it was used last, and `family_token` the tokens that were
//! rotated, each with its successor.
//!
//! Every transaction that changes a family locks its row of `family_activity` first and the rows of tokens after it. So no two
//! of them wait for each other.

mod activity;
mod advance;
mod ending;
mod family;
mod living;
mod lookup;
mod token;

pub use self::activity::FamilyActivity;
pub use self::advance::{Step, advance};
pub use self::ending::{EndReason, end_all, end_family, limit, lock_user};
pub use self::family::{NewTokenFamily, TokenFamily};
pub use self::living::{LivingFamily, living};
pub use self::lookup::FamilyLookup;
pub use self::token::FamilyToken;
