//! Shows and ends the sessions, tokens and lockouts of a user, on the page of the user. Python counterpart: none; Django's admin
//! has no such panel.
//!
//! Each app that gives credentials adds a [`Credentials`] to the registry when it is registered:
//! `registry.push(UserCredentials::new(RefreshTokens))`. The `ModelAdmin` of the users has [`panels`] and [`PAGE`].

mod credentials;
mod page;
mod panel;
mod search;

pub use self::credentials::{CredentialRow, Credentials, UserCredentials};
pub use self::page::PAGE;
pub use self::panel::panels;
pub use self::search::{AccountSearch, Hit, SearchFn};
