//! The file `.env`. Python counterpart: `environ.Env.read_env` of django-environ.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Environment, SettingsError};

impl Environment {
    /// Reads the process environment, and below it the file `.env` of the working directory if there is one.
    ///
    /// # Errors
    /// When `.env` exists but cannot be read, or has a line that is not `NAME=value`.
    pub fn load() -> Result<Self, SettingsError> {
        Self::load_from(Path::new(".env"))
    }

    /// As [`Environment::load`], with another file in place of `.env`.
    ///
    /// # Errors
    /// As [`Environment::load`].
    pub fn load_from(file: &Path) -> Result<Self, SettingsError> {
        let mut names = BTreeMap::new();
        let problem = |e: dotenvy::Error| SettingsError::new(file.display().to_string(), e.to_string());
        match dotenvy::from_path_iter(file) {
            Ok(lines) => {
                for line in lines {
                    let (name, value) = line.map_err(problem)?;
                    names.insert(name, value);
                }
            }
            Err(dotenvy::Error::Io(e)) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(problem(e)),
        }
        names.extend(Self::from_process().0);
        Ok(Self(names))
    }
}
