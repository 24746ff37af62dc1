//! The pages. Python counterpart: the views of `django.contrib.admin.sites` and `options`.

mod changelist;
mod context;
mod dashboard;
mod deletion;
mod dispatch;
mod export;
mod objects;
mod site;

pub(in crate::contrib) use self::context::each_context;
pub(super) use self::dispatch::dispatch;
pub(in crate::contrib) use self::objects::{get_object, object_crumbs};
