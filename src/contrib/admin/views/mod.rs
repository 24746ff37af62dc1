//! The pages. Python counterpart: the views of `django.contrib.admin.sites` and `options`.

mod changelist;
mod dispatch;
mod objects;
mod site;

pub(super) use self::dispatch::dispatch;
