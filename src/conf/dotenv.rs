//! The file `.env`. Python counterpart: `environ.Env.read_env` of django-environ.
//!
//! dotenvy reads the file. In the keys that Django generates there are `$` and `#`, which begin a variable and a comment for
//! dotenvy, so it would change the value silently. The text is scanned first, and a value of this kind is an error with the
//! number of its line.

use std::io::ErrorKind;
use std::path::Path;

use regex::Regex;

use super::{Environment, SettingsError};

impl Environment {
    /// Reads the process environment, and adds the names that only the file `.env` in the working directory has.
    ///
    /// # Errors
    /// Returns an error if `.env` exists but cannot be read, or if a line is not `NAME=value`.
    pub fn load() -> Result<Self, SettingsError> {
        let mut env = Self::from_file(Path::new(".env"))?;
        env.values.extend(Self::from_process().values);
        Ok(env)
    }

    /// Reads only a file in the format of `.env`. The result is empty if the file does not exist.
    ///
    /// # Errors
    /// Same as [`Environment::load`].
    pub fn from_file(file: &Path) -> Result<Self, SettingsError> {
        let read = match std::fs::read_to_string(file) {
            Ok(text) => Self::parse(&text, &Self::from_process()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) if error.kind() == ErrorKind::InvalidData => {
                Err("the file is not in UTF-8; save it in UTF-8".to_owned())
            }
            Err(error) => Err(error.to_string()),
        };
        read.map_err(|problem| SettingsError::new(file.display().to_string(), problem))
    }

    /// Reads the text of a file in the format of `.env`. `${NAME}` is a variable of `process` or of an earlier line.
    ///
    /// # Errors
    /// Returns an error for an invalid line. It has the number of the line but not its text, which may be a secret.
    pub(crate) fn parse(text: &str, process: &Self) -> Result<Self, String> {
        let mut env = Self::default();
        let entries = entries(text, process)?;
        let text: String = entries.iter().map(|entry| format!("{}={}\n", entry.name, entry.value)).collect();
        let mut read = dotenvy::from_read_iter(text.as_bytes());
        for DotenvEntry { name, line, .. } in entries {
            // An error of dotenvy contains the text of the line, so it is not used.
            let Some(Ok((_, value))) = read.next().filter(|read| read.as_ref().is_ok_and(|read| read.0 == name)) else {
                return Err(format!("{name} (line {line}) cannot be read; {QUOTE}"));
            };
            env.lines.insert(name.to_owned(), line);
            env.values.insert(name.to_owned(), value);
        }
        Ok(env)
    }
}

const QUOTE: &str = "put a value with spaces, line breaks, quotes, #, $ or \\ in single quotes";

/// `NAME =` or `export NAME =`.
const NAME: &str = r"^(?:export[\t\r ]+)?([A-Za-z_][A-Za-z0-9_.]*)[\t\r ]*=";

/// Text between double quotes that dotenvy reads without a change.
const QUOTED: &str = r#"(?:[^"\\$]|\\[n\\'"$ ]|\$\{[A-Za-z0-9_.]*\})*"#;

/// A character without quotes that dotenvy reads without a change. Unicode white space is not allowed.
const PLAIN: &str = concat!(
    r"[^\t-\r \u{85}\u{a0}\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}",
    r#"'"\\$]|\\[n\\'"$]|\$\{[A-Za-z0-9_.]*\}"#
);

/// The variables of a part without single quotes. The pattern also matches escapes, so that `\${` is not a variable.
const VARIABLE: &str = r"(?s)\\.|\$\{([^}]*)\}";

/// `NAME=value`. The value may have several lines.
struct DotenvEntry<'a> {
    name: &'a str,
    /// Number of its first line, from 1.
    line: usize,
    /// With its quotes, without the comment.
    value: &'a str,
}

/// Finds the entries of a file. Refuses values that dotenvy would change.
fn entries<'a>(text: &'a str, process: &Environment) -> Result<Vec<DotenvEntry<'a>>, String> {
    let pattern = |pattern: &str| Regex::new(pattern).expect("the pattern is valid");
    let part = format!(r#"'(?:[^']*[^'\\])?'|"{QUOTED}"|{PLAIN}"#);
    // The longest value that dotenvy reads without a change. An open quote may follow, up to the text that dotenvy would change.
    let value_pattern = pattern(&format!("^((?:{part})*)(?:\"{QUOTED})?"));
    let (name_pattern, part_pattern, variable_pattern) = (pattern(NAME), pattern(&part), pattern(VARIABLE));
    let next_line = |text: &'a str| text.find('\n').map_or("", |end| text[end..].trim_start());
    let mut entries: Vec<DotenvEntry<'a>> = Vec::new();
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    while !rest.is_empty() {
        let line = 1 + text[..text.len() - rest.len()].matches('\n').count();
        if !rest.starts_with('#') {
            let name = name_pattern.captures(rest).ok_or_else(|| format!("line {line} is not NAME=value; {QUOTE}"))?;
            let (start, [name]) = name.extract();
            let (value, after) = split_value(&rest[start.len()..], &value_pattern)
                .map_err(|problem| format!("{name} (line {line}) {problem}"))?;
            let is_known = |name: &str| process.get(name).is_some() || entries.iter().any(|entry| entry.name == name);
            let parts = part_pattern.find_iter(value).map(|part| part.as_str()).filter(|part| !part.starts_with('\''));
            let mut variables =
                parts.flat_map(|part| variable_pattern.captures_iter(part)).filter_map(|found| found.get(1));
            if variables.any(|variable| !is_known(variable.as_str())) {
                return Err(format!("{name} (line {line}) {NO_VARIABLE}; {QUOTE}"));
            }
            entries.push(DotenvEntry { name, line, value });
            rest = after;
        }
        rest = next_line(rest);
    }
    Ok(entries)
}

const NO_VARIABLE: &str = "has a ${…} that is not a variable of the environment or of an earlier line";

/// Splits the text after `NAME=` into the value and the rest of the line, which is empty or a comment.
fn split_value<'a>(text: &'a str, pattern: &Regex) -> Result<(&'a str, &'a str), String> {
    let start = text.trim_start_matches(is_blank);
    if let Some(comment) = start.strip_prefix('#') {
        // `KEY= # text` and `KEY=# text` are comments. `KEY=#text` may be a key.
        let is_comment = text.starts_with(is_blank) || comment.is_empty() || comment.starts_with(char::is_whitespace);
        let problem = || format!("begins its value with #, which would make it a comment; {QUOTE}");
        return if is_comment { Ok(("", start)) } else { Err(problem()) };
    }
    let found = pattern.captures(start).expect("the pattern matches every text");
    let (value, is_open) = (&start[..found[1].len()], found[0].len() > found[1].len());
    let after = &start[found[0].len()..];
    let rest = after.trim_start_matches(is_blank);
    if !is_open && (rest.is_empty() || rest.starts_with(['\n', '#'])) {
        return Ok((value, rest));
    }
    Err(match after.chars().next() {
        Some('\'') if after[1..].contains('\'') => {
            "has a \\ before a single quote; put the value in double quotes, and write \\\\".to_owned()
        }
        None | Some('\'') => "begins a value whose quote is not closed".to_owned(),
        Some('\\') => format!("has a \\ with an unknown meaning; {QUOTE}"),
        Some('$') if after.starts_with("${") => format!("{NO_VARIABLE}; {QUOTE}"),
        Some('$') => format!("has a $, which begins a variable; {QUOTE}, or write a variable as ${{NAME}}"),
        _ => format!("has text after a space; {QUOTE}"),
    })
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() && c != '\n'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, String)>, String> {
        Environment::parse(text, &Environment::from_process()).map(|env| env.values.into_iter().collect())
    }

    #[test]
    fn values_are_plain_or_quoted() {
        for (text, value) in [
            ("A=b", "b"),
            ("A=b\r\n", "b"),
            ("  export A = b  ", "b"),
            ("\u{feff}A=b", "b"),
            ("A=", ""),
            ("A=  # a comment", ""),
            ("A=# a comment", ""),
            ("A=b # a comment", "b"),
            ("A=b#c", "b#c"),
            ("A='b #c$d\"e\\f'", "b #c$d\"e\\f"),
            ("A='b\nc' # a comment", "b\nc"),
            (r#"A="b 'c' \" \\ \$ \n #""#, "b 'c' \" \\ $ \n #"),
            (r"A=b\$e\n", "b$e\n"),
            ("A=${CARGO_PKG_NAME}/x", "actix-simplejwt/x"),
            ("A=\"${CARGO_PKG_NAME}\"", "actix-simplejwt"),
            ("A=b  # it's a comment", "b"),
            (r"A='\b'", r"\b"),
            ("A=\"it's ${CARGO_PKG_NAME}'s\"", "it's actix-simplejwt's"),
            ("A=b'${C}'", "b${C}"),
            ("A='it'\\''s'", "it's"),
            ("A=https://u:p@h/?x=1&y=2", "https://u:p@h/?x=1&y=2"),
        ] {
            assert_eq!(read(text), Ok(vec![("A".to_owned(), value.to_owned())]), "{text}");
        }
        let pairs = read("# first\n\nA=1\nB=${A}2\n").unwrap();
        assert_eq!(pairs, [("A".to_owned(), "1".to_owned()), ("B".to_owned(), "12".to_owned())]);
    }

    #[test]
    fn syntax_that_changes_a_value_silently_is_an_error_with_its_line() {
        for (line, expected) in [
            ("KEY=hun$ter2", "has a $, which begins a variable; "),
            ("KEY=\"hun$ter2\"", "has a $, which begins a variable; "),
            ("KEY=hunter2$", "has a $, which begins a variable; "),
            ("KEY=hunter2$)", "has a $, which begins a variable; "),
            ("KEY=${hunter2}", "has a ${…} that is not a variable"),
            ("KEY=${hunter2", "has a ${…} that is not a variable"),
            ("KEY=#hunter2", "begins its value with #"),
            ("KEY=hunter2 x", "has text after a space; "),
            ("KEY='hunter2' x", "has text after a space; "),
            ("KEY=hunter2\u{a0}x", "has text after a space; "),
            ("KEY=\"it's ${hunter2}'s\"", "has a ${…} that is not a variable"),
            ("KEY=hunter2\\x", "has a \\ with an unknown meaning; "),
            ("KEY=hunter2\\", "has a \\ with an unknown meaning; "),
            ("KEY=hunter2\\ ", "has a \\ with an unknown meaning; "),
            ("KEY='hunter2\\'", "has a \\ before a single quote; "),
            ("KEY='hunter2", "begins a value whose quote is not closed"),
        ] {
            let error = read(&format!("# a comment\nA='1\n2'\n{line}\nB=2\n")).unwrap_err();
            assert!(error.starts_with(&format!("KEY (line 4) {expected}")), "{line}: {error}");
            assert!(!error.contains("hun"), "{error}");
        }
        for line in ["hunter2", "2hunter=2"] {
            let error = read(&format!("A=1\n{line}\n")).unwrap_err();
            assert!(error.starts_with("line 2 is not NAME=value; "), "{line}: {error}");
            assert!(!error.contains("hun"), "{error}");
        }
    }

    #[test]
    fn a_missing_file_has_no_settings() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Environment::from_file(&folder.path().join(".env")).unwrap().values.is_empty());
        let error = Environment::from_file(folder.path()).unwrap_err();
        assert_eq!(error.key(), folder.path().display().to_string());
    }

    #[test]
    fn a_file_in_another_encoding_is_an_error_that_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".env");
        std::fs::write(&file, b"SECRET_KEY=abc\xe9f\n").unwrap();
        let error = Environment::from_file(&file).unwrap_err().to_string();
        assert_eq!(error, format!("{}: the file is not in UTF-8; save it in UTF-8", file.display()));
    }
}
