//! The fields for a new password. Python counterpart: `SetPasswordMixin` and `SetUnusablePasswordMixin` of
//! `django.contrib.auth.forms`.

use super::super::password_validation::{
    PasswordValidator, UserAttributes, password_validators_help_texts, validate_password,
};
use crate::contrib::admin::forms::{FieldType, Form, FormField, Value};
use crate::contrib::admin::models::Row;

const USABLE_PASSWORD_HELP: &str = "Whether the user will be able to authenticate using a password or not. If disabled, they may \
                                    still be able to authenticate using other backends, such as Single Sign-On or LDAP.";

/// Adds the choice whether there is a password.
pub(super) fn add_usable_password(form: &mut Form) {
    let choices = [("true", "Enabled"), ("false", "Disabled")];
    let choices = choices.map(|(value, label)| (value.to_owned(), label.to_owned())).to_vec();
    let kind = FieldType::Choice { choices, radio: true };
    let mut field = FormField::new("usable_password", "Password-based authentication", kind).optional();
    field.initial = Value::text("true");
    form.push(field.help(USABLE_PASSWORD_HELP));
}

/// Adds the two fields for a password.
pub(super) fn add_passwords(form: &mut Form, validators: &[PasswordValidator], required: bool) {
    let mut password = FormField::new("password1", "Password", FieldType::Password);
    password.help_list = password_validators_help_texts(validators);
    let confirmation = FormField::new("password2", "Password confirmation", FieldType::Password)
        .help("Enter the same password as before, for verification.");
    for mut field in [password, confirmation] {
        field.required = required;
        field.autocomplete = Some("new-password");
        form.push(field);
    }
}

/// Whether the form asks for a usable password. It always does without the choice.
pub(super) fn wants_password(form: &Form) -> bool {
    form.cleaned_text("usable_password") != "false"
}

/// Checks the two passwords for `user`.
pub(super) fn validate_passwords(form: &mut Form, user: &Row, validators: &[PasswordValidator]) {
    if !wants_password(form) {
        return;
    }
    let (password, confirmation) =
        (form.cleaned_text("password1").to_owned(), form.cleaned_text("password2").to_owned());
    for (name, text) in [("password1", &password), ("password2", &confirmation)] {
        if text.is_empty() && form.errors_of(name).is_empty() {
            form.add_error(name, "This field is required.");
        }
    }
    if password.is_empty() || confirmation.is_empty() {
        // As in Django, a single password is still checked.
        if confirmation.is_empty() {
            return;
        }
    } else if password != confirmation {
        form.add_error("password2", "The two password fields didn’t match.");
        return;
    }
    let attributes = UserAttributes {
        username: user.text("username"),
        first_name: user.text("first_name"),
        last_name: user.text("last_name"),
        email: user.text("email"),
    };
    if let Err(problems) = validate_password(&confirmation, &attributes, validators) {
        form.add_errors("password2", problems.iter().map(ToString::to_string));
    }
}
