//! The commands of `django.contrib.auth`. Python counterpart: `django.contrib.auth.management`.

mod changepassword;
mod createsuperuser;
mod prompt;
pub(crate) mod users;

use crate::apps::command::Command;

/// The commands of this app.
pub(super) fn commands() -> Vec<Command> {
    vec![
        Command::new("createsuperuser", "Used to create a superuser", createsuperuser::handle),
        Command::new("changepassword", "Change a user's password for django.contrib.auth", changepassword::handle),
    ]
}
