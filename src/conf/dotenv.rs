//! The file `.env`. Python counterpart: `environ.Env.read_env` of django-environ.
//!
//! dotenvy reads it. Django's generated keys have `$` and `#` in them, which begin a variable and a comment there, so a value
//! would be changed silently. The text is scanned before, and such a value is an error with the number of the line.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Environment, SettingsError};

impl Environment {
    /// Reads the process environment, and what it does not have from the file `.env` of the working directory.
    ///
    /// # Errors
    /// Returns an error if `.env` exists but cannot be read, or has a line that is not `NAME=value`.
    pub fn load() -> Result<Self, SettingsError> {
        Self::load_from(Path::new(".env"))
    }

    /// Same as [`Environment::load`], with another file in place of `.env`.
    ///
    /// # Errors
    /// Same as [`Environment::load`].
    pub fn load_from(file: &Path) -> Result<Self, SettingsError> {
        let process = Self::from_process();
        let mut env = Self::read_file(file, &process)?;
        env.values.extend(process.values);
        Ok(env)
    }

    /// Reads only a file in the format of `.env`. The result is empty if the file does not exist.
    ///
    /// # Errors
    /// Same as [`Environment::load`].
    pub fn from_file(file: &Path) -> Result<Self, SettingsError> {
        Self::read_file(file, &Self::from_process())
    }

    fn read_file(file: &Path, process: &Self) -> Result<Self, SettingsError> {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                return Err(SettingsError::new(
                    file.display().to_string(),
                    "the file is not in UTF-8; save it in UTF-8",
                ));
            }
            Err(error) => return Err(SettingsError::new(file.display().to_string(), error.to_string())),
        };
        Self::parse(&text, process).map_err(|problem| SettingsError::new(file.display().to_string(), problem))
    }

    /// Reads the text of a file like `.env`, in which `${NAME}` is a variable of `process` or of an earlier line.
    ///
    /// # Errors
    /// The error has the number of the line but not its text, because the text may be a secret.
    pub(crate) fn parse(text: &str, process: &Self) -> Result<Self, String> {
        let mut env = Self { values: BTreeMap::new(), lines: BTreeMap::new() };
        let entries = Scanner::new(text).entries(process)?;
        let text: String = entries.iter().flat_map(|entry| [entry.text, "\n"]).collect();
        let mut read = dotenvy::from_read_iter(text.as_bytes());
        for Entry { name, line, .. } in entries {
            // An error of dotenvy has the text of the line in it.
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

/// `NAME=value`, which may go over several lines.
struct Entry<'a> {
    name: &'a str,
    /// Number of its first line, from 1.
    line: usize,
    /// Without the comment.
    text: &'a str,
}

/// Finds the entries of a file, and refuses values that dotenvy would read differently from their appearance.
struct Scanner<'a> {
    text: &'a str,
    /// Where in the text.
    at: usize,
    line: usize,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str) -> Self {
        Self { text: text.trim_start_matches('\u{feff}'), at: 0, line: 1 }
    }

    fn entries(mut self, process: &Environment) -> Result<Vec<Entry<'a>>, String> {
        let mut entries: Vec<Entry<'a>> = Vec::new();
        loop {
            self.skip_while(char::is_whitespace);
            let (line, start) = (self.line, self.at);
            match self.peek() {
                None => return Ok(entries),
                Some('#') => self.skip_while(|c| c != '\n'),
                Some(_) => {
                    let name = self.name().ok_or_else(|| format!("line {line} is not NAME=value; {QUOTE}"))?;
                    let known =
                        |name: &str| process.get(name).is_some() || entries.iter().any(|entry| entry.name == name);
                    let end = self.value(known).map_err(|problem| format!("{name} (line {line}) {problem}"))?;
                    entries.push(Entry { name, line, text: &self.text[start..end] });
                }
            }
        }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        self.line += usize::from(next == '\n');
        Some(next)
    }

    fn skip_while(&mut self, is_skipped: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&is_skipped) {
            self.next();
        }
    }

    fn word(&mut self) -> &'a str {
        let start = self.at;
        self.skip_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
        &self.text[start..self.at]
    }

    /// `NAME =` or `export NAME =`.
    fn name(&mut self) -> Option<&'a str> {
        let mut name = self.word();
        self.skip_while(is_blank);
        if name == "export" && self.peek() != Some('=') {
            name = self.word();
            self.skip_while(is_blank);
        }
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        (is_name && self.next() == Some('=')).then_some(name)
    }

    /// Passes the value and the rest of its line. Returns where the value ends.
    fn value(&mut self, is_known: impl Fn(&str) -> bool) -> Result<usize, String> {
        let is_spaced = self.peek().is_none_or(char::is_whitespace);
        self.skip_while(is_blank);
        let start = self.at;
        let (mut quote, mut last) = (None, None);
        while let Some(c) = self.peek() {
            if quote.is_none() && (c.is_whitespace() || (c == '#' && self.at == start)) {
                break;
            }
            self.next();
            match c {
                '\'' if quote == Some('\'') && last == Some('\\') => {
                    return Err(
                        "has a \\ before a single quote; put the value in double quotes, and write \\\\".to_owned()
                    );
                }
                '\'' | '"' if quote.is_none() => quote = Some(c),
                _ if quote == Some(c) => quote = None,
                _ if quote == Some('\'') => {}
                '\\' => self.escaped(quote.is_some())?,
                '$' => self.variable(&is_known)?,
                _ => {}
            }
            last = Some(c);
        }
        if quote.is_some() {
            return Err("begins a value whose quote is not closed".to_owned());
        }
        let end = self.at;
        self.skip_while(is_blank);
        match self.peek() {
            None | Some('\r' | '\n') => {}
            Some('#') => {
                self.next();
                // `KEY= # text` and `KEY=# text` are comments. `KEY=#text` may be a key.
                if end == start && !is_spaced && self.peek().is_some_and(|c| !c.is_whitespace()) {
                    return Err(format!("begins its value with #, which would make it a comment; {QUOTE}"));
                }
                self.skip_while(|c| c != '\n');
            }
            Some(_) => return Err(format!("has text after a space; {QUOTE}")),
        }
        Ok(end)
    }

    /// The character after a `\`. A space is cut off at the end of a line, so it must be quoted.
    fn escaped(&mut self, is_quoted: bool) -> Result<(), String> {
        match self.next() {
            Some('n' | '\\' | '\'' | '"' | '$') => Ok(()),
            Some(' ') if is_quoted => Ok(()),
            _ => Err(format!("has a \\ with an unknown meaning; {QUOTE}")),
        }
    }

    /// `${NAME}`, whose `$` has been passed.
    fn variable(&mut self, is_known: impl Fn(&str) -> bool) -> Result<(), String> {
        if self.peek() != Some('{') {
            return Err(format!("has a $, which begins a variable; {QUOTE}, or write a variable as ${{NAME}}"));
        }
        self.next();
        let name = self.word();
        if self.next() == Some('}') && is_known(name) {
            return Ok(());
        }
        Err(format!("has a ${{…}} that is not a variable of the environment or of an earlier line; {QUOTE}"))
    }
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
