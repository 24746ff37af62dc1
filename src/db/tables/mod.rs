//! Tables that are known only when the program runs, and the values in them. Python counterpart: `get_db_prep_value`,
//! `from_db_value` and `to_python` of model fields.
//!
//! Between the database and the rest of the program a value is a text, in the same format on both databases; see
//! [`ColumnKind`].

mod column;
mod datetimes;
mod json;
mod kind;
mod statement;
mod table;

pub use self::column::{TableColumn, find_column};
pub use self::datetimes::{moment, shown};
pub use self::json::{integer, text};
pub use self::kind::{ColumnKind, KeyType};
pub use self::statement::Statement;
pub use self::table::{Table, Tables};
