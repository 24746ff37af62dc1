//! The file `.env`. Python counterpart: `environ.Env.read_env` of django-environ.
//!
//! It is read here and not by a library, because those change a value silently: Django's generated keys have `$` and `#` in
//! them, which begin a variable and a comment. Here that is an error with the number of the line.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::path::Path;
use std::str::Chars;

use super::{Environment, SettingsError};

impl Environment {
    /// Reads the process environment, and what it does not have from the file `.env` of the working directory.
    ///
    /// # Errors
    /// If `.env` exists but cannot be read, or has a line that is not `NAME=value`.
    pub fn load() -> Result<Self, SettingsError> {
        Self::load_from(Path::new(".env"))
    }

    /// As [`Environment::load`], with another file in place of `.env`.
    ///
    /// # Errors
    /// As [`Environment::load`].
    pub fn load_from(file: &Path) -> Result<Self, SettingsError> {
        let process = Self::from_process();
        let mut env = Self::read_file(file, &process)?;
        env.values.extend(process.values);
        Ok(env)
    }

    /// Reads a file like `.env` alone. The result is empty if there is no such file.
    ///
    /// # Errors
    /// As [`Environment::load`].
    pub fn from_file(file: &Path) -> Result<Self, SettingsError> {
        Self::read_file(file, &Self::from_process())
    }

    fn read_file(file: &Path, process: &Self) -> Result<Self, SettingsError> {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(SettingsError::new(file.display().to_string(), error.to_string())),
        };
        Self::parse(&text, process).map_err(|problem| SettingsError::new(file.display().to_string(), problem))
    }

    /// Reads the text of a file like `.env`, in which `${NAME}` is a variable of `process` or of an earlier line.
    ///
    /// # Errors
    /// The error has the number of the line, and nothing of its text, which may be a secret.
    pub(crate) fn parse(text: &str, process: &Self) -> Result<Self, String> {
        let mut reader = Reader { rest: text.trim_start_matches('\u{feff}').chars().peekable(), line: 1 };
        let mut env = Self { values: BTreeMap::new(), lines: BTreeMap::new() };
        loop {
            reader.skip_while(char::is_whitespace);
            let line = reader.line;
            let problem = |text: String| format!("line {line} {text}");
            match reader.rest.peek() {
                None => return Ok(env),
                Some('#') => reader.skip_while(|c| c != '\n'),
                Some(_) => {
                    let name = reader.name().ok_or_else(|| problem(format!("is not NAME=value; {QUOTE}")))?;
                    let known = |name: &str| process.get(name).or_else(|| env.get(name)).map(str::to_owned);
                    let value = reader.value(known).map_err(problem)?;
                    env.lines.insert(name.clone(), line);
                    env.values.insert(name, value);
                }
            }
        }
    }
}

const QUOTE: &str = "put a value with spaces, line breaks, quotes, #, $ or \\ in single quotes";

/// What is left of the file.
struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    /// Number of the line, from 1.
    line: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let next = self.rest.next();
        self.line += usize::from(next == Some('\n'));
        next
    }

    fn skip_while(&mut self, is_skipped: impl Fn(char) -> bool) {
        while self.rest.peek().is_some_and(|&c| is_skipped(c)) {
            self.next();
        }
    }

    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(c) = self.rest.next_if(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.')) {
            word.push(c);
        }
        word
    }

    /// `NAME =` or `export NAME =`.
    fn name(&mut self) -> Option<String> {
        let mut name = self.word();
        self.skip_while(is_blank);
        if name == "export" && self.rest.peek() != Some(&'=') {
            name = self.word();
            self.skip_while(is_blank);
        }
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        (is_name && self.next() == Some('=')).then_some(name)
    }

    /// The value, and the rest of its line.
    fn value(&mut self, known: impl Fn(&str) -> Option<String>) -> Result<String, String> {
        let mut value = String::new();
        let is_spaced = self.rest.peek().is_none_or(|&c| c.is_whitespace());
        self.skip_while(is_blank);
        let (mut is_first, mut quote) = (true, None);
        while let Some(&c) = self.rest.peek() {
            if quote.is_none() && (c.is_whitespace() || (c == '#' && is_first)) {
                break;
            }
            self.next();
            match c {
                '\'' | '"' if quote.is_none() => quote = Some(c),
                _ if quote == Some(c) => quote = None,
                _ if quote == Some('\'') => value.push(c),
                '\\' => value.push(self.escaped()?),
                '$' => value.push_str(&self.variable(&known)?),
                _ => value.push(c),
            }
            is_first = false;
        }
        if quote.is_some() {
            return Err("begins a value whose quote is not closed".to_owned());
        }
        self.skip_while(is_blank);
        match self.rest.peek() {
            None | Some('\r' | '\n') => Ok(value),
            Some('#') => {
                self.next();
                // `KEY= # text` and `KEY=# text` are comments. `KEY=#text` may be a key.
                if is_first && !is_spaced && self.rest.peek().is_some_and(|&c| !c.is_whitespace()) {
                    return Err(format!("begins its value with #, which would make it a comment; {QUOTE}"));
                }
                self.skip_while(|c| c != '\n');
                Ok(value)
            }
            Some(_) => Err(format!("has text after a space; {QUOTE}")),
        }
    }

    fn escaped(&mut self) -> Result<char, String> {
        match self.next() {
            Some('n') => Ok('\n'),
            Some(c @ ('\\' | '\'' | '"' | '$' | ' ' | '#')) => Ok(c),
            _ => Err(format!("has a \\ with an unknown meaning; {QUOTE}")),
        }
    }

    /// `${NAME}`, whose `$` has been read.
    fn variable(&mut self, known: impl Fn(&str) -> Option<String>) -> Result<String, String> {
        if self.rest.next_if_eq(&'{').is_none() {
            return Err(format!("has a $, which begins a variable; {QUOTE}, or write a variable as ${{NAME}}"));
        }
        let name = self.word();
        let value = self.rest.next_if_eq(&'}').and_then(|_| known(&name));
        value.ok_or_else(|| {
            format!("has a ${{…}} that is not a variable of the environment or of an earlier line; {QUOTE}")
        })
    }
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() && c != '\n'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, String)>, String> {
        let process = Environment::default().with("HOME", "/root");
        Environment::parse(text, &process).map(|env| env.values.into_iter().collect())
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
            (r"A=b\ c\#d\$e", "b c#d$e"),
            ("A=${HOME}/x", "/root/x"),
            ("A=\"${HOME}\"", "/root"),
            ("A='it'\\''s'", "it's"),
            ("A=https://u:p@h/?x=1&y=2", "https://u:p@h/?x=1&y=2"),
        ] {
            assert_eq!(read(text), Ok(vec![("A".to_owned(), value.to_owned())]), "{text}");
        }
        let pairs = read("# first\n\nA=1\nB=${A}2\n").unwrap();
        assert_eq!(pairs, [("A".to_owned(), "1".to_owned()), ("B".to_owned(), "12".to_owned())]);
    }

    #[test]
    fn what_would_change_a_value_silently_is_an_error_with_its_line() {
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
            ("KEY='hunter2", "begins a value whose quote is not closed"),
            ("hunter2", "is not NAME=value; "),
            ("2hunter=2", "is not NAME=value; "),
        ] {
            let error = read(&format!("# a comment\nA='1\n2'\n{line}\nB=2\n")).unwrap_err();
            assert!(error.starts_with(&format!("line 4 {expected}")), "{line}: {error}");
            assert!(!error.contains("hun"), "{error}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_has_nothing_in_it() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Environment::from_file(&folder.path().join(".env")).unwrap().values.is_empty());
        let error = Environment::from_file(folder.path()).unwrap_err();
        assert_eq!(error.key(), folder.path().display().to_string());
    }
}
