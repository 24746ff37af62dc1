//! The file `.env`. Python counterpart: `environ.Env.read_env` of django-environ.

use std::path::Path;

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
        let mut env = Self::default();
        let mut place = "the first line".to_owned();
        let problem = |error, place: &str| SettingsError::new(file.display().to_string(), describe(&error, place));
        match dotenvy::from_path_iter(file) {
            Ok(lines) => {
                for line in lines {
                    let (name, value) = line.map_err(|error| problem(error, &place))?;
                    place = format!("the line after {name}");
                    env = env.with(&name, value);
                }
            }
            Err(dotenvy::Error::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(problem(error, &place)),
        }
        env.0.extend(Self::from_process().0);
        Ok(env)
    }
}

/// What is wrong, without the text of the line, which may be a secret.
fn describe(error: &dotenvy::Error, place: &str) -> String {
    match error {
        dotenvy::Error::LineParse(..) => {
            format!("{place} is not NAME=value; put a value with spaces, line breaks, #, $ or \\ in single quotes")
        }
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_line_is_not_shown() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join(".env");
        for (text, place) in [("SECRET_KEY=hunter2 x\n", "the first line"), ("A=1\nhunter2\n", "the line after A")] {
            std::fs::write(&file, text).unwrap();
            assert_eq!(
                Environment::load_from(&file).unwrap_err().to_string(),
                format!(
                    "{}: {place} is not NAME=value; put a value with spaces, line breaks, #, $ or \\ in single quotes",
                    file.display()
                )
            );
        }
    }
}
