//! The pages that belong to no model. Python counterpart: `AdminSite.index`, `login`, `logout` and similar views.

mod index;
mod login;
mod logout;
mod password_change;
mod theme;

pub(super) use self::index::{app_index, index};
pub(super) use self::login::login;
pub(super) use self::logout::logout;
pub(super) use self::password_change::{password_change, password_change_done};
pub(super) use self::theme::theme;
