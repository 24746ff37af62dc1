//! The admin site. Python counterpart: `django.contrib.admin`.
//!
//! Pages for the rows of every model that an app or the project has registered: a list with search, filters and actions, forms,
//! deletion and history. Register a model of your own in about thirty lines; `docs/ADMIN.md` shows how:
//!
//! ```ignore
//! Apps::builder(settings).admin(OrderAdmin)
//! ```
//!
//! * [`ModelAdmin`]: how a model is shown and edited, with Django's attribute names.
//! * [`models`]: the description of a model, its rows, and the statements on its table.
//! * [`AdminSite`]: the registered models.

#[cfg(feature = "server")]
pub mod accounts;
#[cfg(feature = "server")]
mod action;
pub mod apps;
#[cfg(feature = "server")]
mod cell;
#[cfg(feature = "server")]
mod changelist;
#[cfg(feature = "server")]
pub mod chrome;
#[cfg(feature = "server")]
mod deletion;
#[cfg(feature = "server")]
mod display;
#[cfg(feature = "server")]
mod error;
#[cfg(feature = "server")]
pub mod forms;
pub mod log;
#[cfg(feature = "server")]
mod log_admin;
mod migrations;
#[cfg(feature = "server")]
pub mod model_forms;
#[cfg(feature = "server")]
pub mod models;
#[cfg(feature = "server")]
mod options;
#[cfg(feature = "server")]
mod panel;
#[cfg(feature = "server")]
mod quoting;
#[cfg(feature = "server")]
mod related;
#[cfg(feature = "server")]
pub mod render;
#[cfg(feature = "server")]
mod request;
#[cfg(feature = "server")]
pub mod settings;
#[cfg(feature = "server")]
mod sites;
#[cfg(feature = "server")]
pub mod static_files;
#[cfg(feature = "server")]
pub mod statistics;
#[cfg(feature = "server")]
pub mod urls;
#[cfg(feature = "server")]
mod verbose_names;
#[cfg(feature = "server")]
mod views;

#[cfg(feature = "server")]
pub(in crate::contrib) use self::views::{each_context, get_object, object_crumbs};
#[cfg(feature = "server")]
pub use self::{
    action::Action,
    cell::{Cell, masked},
    deletion::{DeletedObject, Deletion, TreeStep, tree},
    display::{date, date_time, display_for_field},
    error::{PageError, redirect},
    options::{FieldError, Fieldset, ModelAdmin, ObjectPage, ObjectTool},
    panel::Panel,
    request::AdminRequest,
    sites::{AdminSite, Registered, Registrations},
    verbose_names::VerboseNames,
};
