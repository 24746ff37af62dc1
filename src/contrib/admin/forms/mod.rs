//! Forms: fields, submitted data, and errors. Python counterpart: `django.forms`, with the widgets of
//! `django.contrib.admin.widgets`.
//!
//! A [`Form`] is a list of [`FormField`]s in the order of the page. [`Form::bind`] takes the submitted data, [`Form::full_clean`]
//! turns it into values or errors, and templates show [`bound_field::BoundField`]s.
//!
//! Names in the request that are not fields of the form are ignored.

pub mod bound_field;
mod choices;
mod dates;
mod email;
mod field;
mod form;
mod numbers;
mod password;
mod value;

pub use self::choices::{Choices, FixedChoices};
pub use self::dates::{parse_date, parse_time};
pub use self::email::is_email;
pub use self::field::{FieldType, FormField, Rule};
pub use self::form::{Form, NON_FIELD_ERRORS};
pub use self::password::PasswordSummary;
pub use self::value::Value;
