//! The pages of one object. Python counterpart: `ModelAdmin.changeform_view`, `delete_view` and `history_view`.

mod change_form;
mod clean;
mod context;
mod delete;
mod fieldsets;
mod history;
mod preserved;
mod respond;
mod save;

pub(super) use self::change_form::{add, change};
pub(in crate::contrib) use self::context::{get_object, object_crumbs};
pub(super) use self::delete::delete;
pub(super) use self::history::history;
