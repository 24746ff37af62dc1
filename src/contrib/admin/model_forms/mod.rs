//! Forms of models. Python counterpart: `django.forms.models` and `ModelAdmin.get_form`.

mod choices;
mod fields;
mod instance;

pub use self::choices::RelatedChoices;
pub use self::fields::{FormOptions, form_field};
pub use self::instance::{apply, new_object, validate_unique};
