//! The text of a `.env`, and writing it to a file.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use crate::conf::{Environment, Setting};

/// Names and values, in the order in which they were set.
#[derive(Clone, Debug, Default)]
pub(super) struct EnvFile(Vec<(String, String)>);

impl EnvFile {
    pub(super) fn set(&mut self, key: &str, value: impl Into<String>) {
        self.remove(key);
        self.0.push((key.to_owned(), value.into()));
    }

    pub(super) fn remove(&mut self, key: &str) {
        self.0.retain(|(name, _)| name != key);
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The settings, before they are written as text.
    pub(super) fn environment(&self) -> Environment {
        self.0.iter().cloned().collect()
    }

    /// The text of the file: a line for each setting, below the heading of its section.
    pub(super) fn text(&self, known: &[Setting]) -> String {
        let mut text =
            "# Django's settings, carried over by `manage adopt`. Keep this file as secret as they are.\n".to_owned();
        let mut sections: Vec<&str> = Vec::new();
        for setting in known.iter().filter(|setting| self.has(setting.key)) {
            if !sections.contains(&setting.section) {
                sections.push(setting.section);
            }
        }
        for section in sections {
            let _ = writeln!(text, "\n# {section}");
            for setting in known.iter().filter(|setting| setting.section == section) {
                if let Some(value) = self.get(setting.key) {
                    let _ = writeln!(text, "{}={}", setting.key, quoted(value));
                }
            }
        }
        text
    }

    /// Whether a reader of the text finds the same names and values.
    pub(super) fn round_trips_as(&self, text: &str) -> bool {
        let Ok(read) = Environment::parse(text, &Environment::default()) else { return false };
        let mut meant: Vec<_> = self.0.iter().map(|(name, value)| (name.as_str(), Some(value.as_str()))).collect();
        meant.sort_unstable();
        read.names().map(|name| (name, read.get(name))).eq(meant)
    }
}

/// A value in the format of `.env` files. `$`, `#` and spaces in it are quoted, so that they have no special meaning.
pub(in crate::management) fn quoted(value: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:,@%+=*".contains(c);
    if value.chars().all(is_plain) {
        value.to_owned()
    } else if !value.contains('\'') && !value.ends_with('\\') {
        format!("'{value}'")
    } else {
        let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$").replace('\n', "\\n");
        format!("\"{escaped}\"")
    }
}

/// Writes `text` to the new file `path`, which only its owner can read. The file is complete, or it does not exist.
///
/// # Errors
/// Returns an error if the file exists already or cannot be written.
pub(super) fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let name = path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not the name of a file"))?;
    let mut unfinished = name.to_owned();
    unfinished.push(format!(".{}.tmp", std::process::id()));
    let unfinished = path.with_file_name(unfinished);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&unfinished).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    // Unlike a rename, a link never replaces a file.
    let outcome = written.and_then(|()| fs::hard_link(&unfinished, path));
    let removed = fs::remove_file(&unfinished);
    outcome.and(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_value_is_read_back_as_it_was() {
        for value in [
            "plain",
            "",
            "a b#c",
            "django-insecure-$x(y)'z\"\\#",
            "$HOME",
            "it's",
            "-----BEGIN-----\\nabc=\\n",
            "a\\'b\\n",
            "two\nlines\\n",
        ] {
            let mut env = EnvFile::default();
            env.set("SECRET_KEY", value);
            let text = env.text(&crate::Settings::declared());
            assert!(env.round_trips_as(&text), "{text}");
        }
    }

    #[test]
    fn a_file_is_never_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(".env");
        write_new(&path, "A=1\n").unwrap();
        assert_eq!(write_new(&path, "A=2\n").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "A=1\n");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}
