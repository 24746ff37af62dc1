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

/// How often the files are read. A change counts when it has been read twice.
pub const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// The largest key file in bytes. A key has a few hundred bytes, and the largest has a few thousand.
const MAX_LENGTH: u64 = 1024 * 1024;

/// The keys in files. A separate thread reads them, because a file system may be slow and workers must not wait for it.
#[derive(Debug)]
pub(super) struct KeyFiles(Arc<Inner>);

struct Inner {
    spec: KeySpec,
    current: RwLock<Arc<KeyRing>>,
    /// The last contents, usable or not.
    last: Mutex<LastRead>,
}

/// What was last read from the files.
struct LastRead {
    contents: Contents,
    /// The contents that the current keys were read from.
    used: Contents,
    /// Whether the contents are new. They are used when they are read once more, because a half-written list of secrets looks
    /// like a complete list.
    is_new: bool,
    /// The reason why the files could not be used. It is logged once.
    problem: Option<String>,
}

impl KeyFiles {
    /// Reads the files, and starts the thread.
    pub(super) fn new(spec: KeySpec) -> Result<Self, Vec<SettingsError>> {
        let inner = Arc::new(Inner::new(spec)?);
        watch(Arc::downgrade(&inner), &inner.spec.names());
        Ok(Self(inner))
    }

    /// The current keys.
    pub(super) fn current(&self) -> Arc<KeyRing> {
        self.0.current()
    }

    pub(super) fn reload(&self) {
        self.0.reload();
    }
}

impl Inner {
    fn new(spec: KeySpec) -> Result<Self, Vec<SettingsError>> {
        let contents = read(&spec)?;
        let ring = spec.key_ring(&contents, None)?;
        let last = Mutex::new(LastRead { used: contents.clone(), contents, is_new: false, problem: None });
        Ok(Self { spec, current: RwLock::new(Arc::new(ring)), last })
    }

    fn current(&self) -> Arc<KeyRing> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn reload(&self) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let problem = match read(&self.spec) {
            Ok(contents) if contents != last.contents => {
                last.contents = contents;
                last.is_new = true;
                return;
            }
            Ok(_) if !last.is_new => return,
            Ok(contents) => {
                last.is_new = false;
                let previous = self.current();
                let ring = self.spec.check_replaced(&last.used, &contents).map_err(|error| vec![error]);
                match ring.and_then(|()| self.spec.key_ring(&contents, Some(&previous))) {
                    Ok(ring) => {
                        last.used = contents;
                        let (count, kid) = (ring.len(), ring.kid().unwrap_or("none").to_owned());
                        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
                        last.problem = None;
                        let names = self.spec.names();
                        log::info!("{names} was read: {count} keys verify, and new tokens have the kid {kid}");
                        return;
                    }
                    Err(errors) => text(&errors),
                }
            }
            Err(errors) => {
                // When the files can be read again, they are used even if their contents have not changed.
                last.is_new = true;
                text(&errors)
            }
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

/// Reads the files regularly, until the keys are dropped.
fn watch(files: Weak<Inner>, names: &str) {
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
        log::error!("{names} will not be read again when it changes, because there is no thread for it: {error}");
    }
}

/// The texts of the files.
fn read(spec: &KeySpec) -> Result<Contents, Vec<SettingsError>> {
    let mut contents = Contents::new();
    let mut errors = Vec::new();
    for (name, path) in spec.files() {
        if contents.contains_key(path) {
            continue;
        }
        if path.as_os_str().is_empty() {
            errors.push(SettingsError::new(name, "a path has to follow file:"));
            continue;
        }
        match read_file(path) {
            Ok(text) => drop(contents.insert(path.to_owned(), text)),
            Err(error) => errors.push(SettingsError::new(name, format!("{}: {error}", path.display()))),
        }
    }
    if errors.is_empty() { Ok(contents) } else { Err(errors) }
}

/// The errors in one line.
fn text(errors: &[SettingsError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// The text of a key file.
///
/// # Errors
/// Returns an error if the file cannot be read, is too large or is not text.
pub fn read_file(path: &Path) -> io::Result<SecretString> {
    // Opening a pipe may wait for a writer forever, and the text in a pipe can be read only once.
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("this is not a regular file"));
    }
    let mut text = String::new();
    File::open(path)?.take(MAX_LENGTH + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_LENGTH {
        return Err(io::Error::other("the file is too large for keys"));
    }
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::jwt::{Claims, SigningKey, encode};
    use crate::simplejwt::settings::SimpleJwtSettings;

    /// A part of a secret is a secret as well, so a half-written file looks like a complete one.
    #[test]
    fn what_a_file_has_counts_when_it_was_read_twice() {
        const FIRST: &str = "the first secret of thirty-two bytes";
        const SECOND: &str = "the second secret of thirty-two byte";
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let write = |text: &str| std::fs::write(&path, text).unwrap();
        write(FIRST);
        let signing_key = Some(format!("file:{}", path.display()).into());
        let settings = SimpleJwtSettings { signing_key, ..SimpleJwtSettings::default() };
        let files = Inner::new(KeySpec::new(&settings, &"".into(), &[])).unwrap();
        let assert_signs = |secret: &str| {
            let key = SigningKey::new(settings.algorithm, &secret.into()).unwrap();
            let token = files.current().encode(&Claims::new()).unwrap().unwrap();
            assert_eq!(token, encode(&Claims::new(), &key).unwrap(), "{secret}");
        };
        let changed = format!("{FIRST}\n# signing since 2026-11-26T18:00:00Z\n{SECOND}");
        for cut in [31, 16, 0] {
            write(&changed[..changed.len() - cut]);
            files.reload();
            assert_signs(FIRST);
        }
        files.reload();
        assert_signs(SECOND);
        // A file that is missing for a short time, while it is replaced.
        std::fs::remove_file(&path).unwrap();
        files.reload();
        write(&changed);
        files.reload();
        assert_signs(SECOND);
        write(FIRST);
        files.reload();
        assert_signs(SECOND);
        files.reload();
        assert_signs(FIRST);
    }
}
