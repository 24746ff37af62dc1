//! Keys in files, which are read again while the server runs.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::thread;
use std::time::Duration;

use super::ring::KeyRing;
use super::spec::{Contents, KeySpec};
use crate::conf::SettingsError;
use crate::core::crypto::SecretString;

/// How long it takes at most until a changed file is read.
pub const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// The largest key file in bytes. A key has some hundred bytes, the largest some thousand.
const MAX_LENGTH: u64 = 1024 * 1024;

/// Keys of files. A thread of its own reads them, because a file system may be slow and workers must not wait for it.
#[derive(Debug)]
pub(super) struct KeyFiles(Arc<Inner>);

struct Inner {
    spec: KeySpec,
    current: RwLock<Arc<KeyRing>>,
    /// What was read last, good or not.
    last: Mutex<Last>,
}

struct Last {
    contents: Contents,
    /// Why the files could not be used, if they could not. It is logged once.
    problem: Option<String>,
}

impl KeyFiles {
    /// Reads the files, and starts the thread.
    pub(super) fn new(spec: KeySpec) -> Result<Self, SettingsError> {
        let contents = read(&spec)?;
        let ring = spec.ring(&contents, None)?;
        let last = Mutex::new(Last { contents, problem: None });
        let inner = Arc::new(Inner { spec, current: RwLock::new(Arc::new(ring)), last });
        watch(Arc::downgrade(&inner));
        Ok(Self(inner))
    }

    /// The keys of this moment.
    pub(super) fn current(&self) -> Arc<KeyRing> {
        Arc::clone(&self.0.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn reload(&self) {
        self.0.reload();
    }
}

impl Inner {
    fn reload(&self) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let problem = match read(&self.spec) {
            Ok(contents) if contents == last.contents && last.problem.is_none() => return,
            Ok(contents) => {
                let previous = Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner));
                let ring = self.spec.ring(&contents, Some(&previous));
                last.contents = contents;
                match ring {
                    Ok(ring) => {
                        let (count, kid) = (ring.len(), ring.kid().unwrap_or("none").to_owned());
                        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
                        last.problem = None;
                        log::info!("the key file was read: {count} keys verify, and new tokens have the kid {kid}");
                        return;
                    }
                    Err(error) => error.to_string(),
                }
            }
            Err(error) => error.to_string(),
        };
        if last.problem.as_ref() != Some(&problem) {
            log::error!("the key file cannot be used, so the last good keys stay: {problem}");
            last.problem = Some(problem);
        }
    }
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyFiles").field("files", &self.spec.files().collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

/// Reads the files again and again, as long as they are used.
fn watch(files: Weak<Inner>) {
    let look = move || {
        loop {
            thread::sleep(POLL_INTERVAL);
            match files.upgrade() {
                Some(files) => files.reload(),
                None => return,
            }
        }
    };
    if let Err(error) = thread::Builder::new().name("key file".to_owned()).spawn(look) {
        log::error!("the key file is not read again when it changes, because there is no thread for it: {error}");
    }
}

/// The texts of the files.
fn read(spec: &KeySpec) -> Result<Contents, SettingsError> {
    let mut contents = Contents::new();
    for (name, path) in spec.files() {
        let unreadable = |error: io::Error| SettingsError::new(name, format!("{}: {error}", path.display()));
        if !contents.contains_key(path) {
            contents.insert(path.to_owned(), read_file(path).map_err(unreadable)?);
        }
    }
    Ok(contents)
}

/// The text of a key file.
///
/// # Errors
/// Returns an error if the file cannot be read, is too large or is not text.
pub fn read_file(path: &Path) -> io::Result<SecretString> {
    let mut text = String::new();
    File::open(path)?.take(MAX_LENGTH + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_LENGTH {
        return Err(io::Error::other("the file is too large for keys"));
    }
    Ok(text.into())
}
