//! Output of commands.

/// Same as the standard `println!`, but does not panic if the pipe is closed, as in `manage check --deploy | head -1`.
/// The command continues, so that `migrate` is not interrupted, and its exit code is the same.
macro_rules! println {
    ($($argument:tt)*) => {{
        use std::io::Write;
        let _ = std::writeln!(std::io::stdout(), $($argument)*);
    }};
}
pub(crate) use println;

/// Same as [`println`], for standard error.
macro_rules! eprintln {
    ($($argument:tt)*) => {{
        use std::io::Write;
        let _ = std::writeln!(std::io::stderr(), $($argument)*);
    }};
}
pub(crate) use eprintln;
