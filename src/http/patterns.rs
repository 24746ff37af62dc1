//! Regular expressions in settings. Python counterpart: `re`.

use regex::bytes::{Regex, RegexBuilder};

use crate::conf::SettingsError;

/// Parts between commas; a comma in `{1,3}` or `[a,b]` belongs to its part.
///
/// # Errors
/// Never returns an error. It has the signature of the parsers in [`values`](crate::conf::values).
pub(super) fn list(text: &str) -> Result<Vec<String>, String> {
    let mut depth = 0_i32;
    let parts = text.split(|c| {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            _ => {}
        }
        c == ',' && depth <= 0
    });
    Ok(parts.map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect())
}

/// The expression of the setting `key` between `start` and `end`, which are `^`, `$` or nothing.
///
/// # Errors
/// Returns an error if the text is not an expression, with the reason.
pub(super) fn compile(key: &str, text: &str, start: &str, end: &str) -> Result<Regex, SettingsError> {
    // On bytes, because neither origins nor paths have to be UTF-8.
    let compile = |text: &str| RegexBuilder::new(text).unicode(false).build();
    // By itself first: `a)|(b` is an expression only inside the brackets that are added here.
    let compiled = compile(text).and_then(|_| compile(&format!("{start}(?:{text}){end}")));
    compiled.map_err(|error| {
        let error = error.to_string();
        let reason = error.lines().last().unwrap_or(&error).trim_start_matches("error: ").to_owned();
        SettingsError::expected(key, text, &format!("a regular expression: {reason}"))
    })
}
