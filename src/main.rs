//! Python counterpart: `manage.py`.

use std::process::ExitCode;

fn main() -> ExitCode {
    actix_simplejwt::management::execute_from_command_line::<actix_simplejwt::Settings>()
}
