//! Questions at the terminal. Python counterpart: `input` and `getpass`.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::apps::command::CommandError;

/// Whether standard input is a terminal.
pub(super) fn is_interactive() -> bool {
    io::stdin().is_terminal()
}

/// Asks for a line. The end of the input, as by Ctrl-D, cancels the command.
pub(super) fn line(question: &str) -> Result<String, CommandError> {
    write!(io::stdout(), "{question}")?;
    io::stdout().flush()?;
    let mut answer = String::new();
    if io::stdin().lock().read_line(&mut answer)? == 0 {
        return Err(CommandError::new("Operation cancelled."));
    }
    Ok(answer.trim_end_matches(['\n', '\r']).to_owned())
}

/// Asks for a password, which is not shown.
pub(super) fn password(question: &str) -> Result<String, CommandError> {
    rpassword::prompt_password(question)
        .map_err(|error| CommandError::new(format!("cannot ask for a password, because there is no terminal: {error}")))
}
