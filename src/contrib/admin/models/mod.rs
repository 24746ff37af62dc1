//! The description of a model, its rows, and the statements on its table. Python counterpart: `django.db.models`.
//!
//! A [`Model`] is made from a table of diesel. Names, types and whether values may be NULL come from diesel's column types.
//! Methods add the other options of Django's fields (`max_length`, `choices`, `help_text`):
//!
//! ```
//! use actix_simplejwt::contrib::admin::models::{Field, Model};
//! use actix_simplejwt::diesel;
//!
//! diesel::table! {
//!     orders (id) {
//!         id -> BigInt,
//!         number -> Text,
//!         customer_id -> Integer,
//!         is_paid -> Bool,
//!     }
//! }
//!
//! let model = Model::new("shop", "Order", orders::table)
//!     .field(Field::of(orders::number).max_length(20))
//!     .field(Field::foreign_key(orders::customer_id, "auth.User"))
//!     .field(Field::of(orders::is_paid));
//! assert_eq!(model.table, "orders");
//! assert_eq!(model.verbose_name_plural, "orders");
//! ```

mod field;
mod kind;
mod manager;
mod model;
mod moments;
mod row;
mod sql_type;
mod table_name;

pub use self::field::Field;
pub use self::kind::{DefaultValue, FieldKind, ManyToMany, OnDelete, Relation};
pub(super) use self::manager::KEYS_PER_STATEMENT;
pub use self::manager::{Manager, Selection, one_of};
pub use self::model::Model;
pub(super) use self::moments::{moment, moment_text};
pub use self::row::Row;
pub use self::sql_type::SqlFieldType;
