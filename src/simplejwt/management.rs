//! `manage generatekey` and `manage rotatekey`. Python counterpart: none.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chrono::Duration;

use super::keys::{CurrentKey, KeyRotation, Moment, POLL_INTERVAL, RotationStep, key_file, read_file};
use super::oauth2;
use super::settings::{KeyId, SimpleJwtSettings};
use super::tokens::AuthToken;
use crate::apps::Registry;
use crate::apps::command::{Command, CommandError, Context, println};
use crate::core::crypto::{SecretString, hex, random_bytes};
use crate::core::jwt::{Algorithm, generate_key};

/// The commands of this app.
pub(super) fn commands() -> Vec<Command> {
    vec![
        Command::new("generatekey", "Prints a new key that signs tokens, as lines for .env", generatekey),
        Command::new("rotatekey", "Takes the next step of a rotation of keys in a key file", rotatekey),
        oauth2::management::command(),
    ]
}

/// The arguments of `generatekey`.
#[derive(clap::Args, Debug)]
struct GenerateKey {
    /// The algorithm of the tokens.
    #[arg(long, default_value = "ES256")]
    algorithm: Algorithm,
}

fn generatekey(_context: &Context, arguments: GenerateKey) -> Result<(), CommandError> {
    let algorithm = arguments.algorithm;
    let key = generate_key(algorithm).map_err(|error| CommandError::new(error.to_string()))?;
    let key = key.expose().trim_end().replace('\n', "\\n");
    println!("SIMPLE_JWT_ALGORITHM={algorithm}");
    println!("SIMPLE_JWT_SIGNING_KEY='{key}'");
    Ok(())
}

/// The arguments of `rotatekey`.
#[derive(clap::Args, Debug)]
struct RotateKey {
    /// The key file, which SIMPLE_JWT_SIGNING_KEY=file:FILE names. It is made if it does not exist.
    file: PathBuf,
    /// Begin a rotation although keys of an earlier one are still needed.
    #[arg(long)]
    new: bool,
}

fn rotatekey(context: &Context, arguments: RotateKey) -> Result<(), CommandError> {
    let RotateKey { file, new } = arguments;
    let builder = context.builder()?;
    let rotation = rotation(builder.registry(), &file, new)?;
    let failed = |error: io::Error| CommandError::new(format!("{}: {error}", file.display()));
    // Two concurrent commands would publish two keys, and one of them would be lost.
    let _lock = lock(&file).map_err(failed)?;
    let text = match read_file(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => SecretString::default(),
        text => text.map_err(failed)?,
    };
    let outcome = rotation.next(text.expose());
    let (text, step) = outcome.map_err(|error| CommandError::new(format!("{}: {error}", file.display())))?;
    replace(&file, text.expose()).map_err(failed)?;
    context.say(describe(&step, &file));
    Ok(())
}

/// The state of a rotation of the keys of `file`, from the settings.
fn rotation(registry: &Registry, file: &Path, wants_new: bool) -> Result<KeyRotation, CommandError> {
    let settings = registry.settings::<SimpleJwtSettings>();
    let is_file = |setting: &Option<SecretString>| {
        let named = setting.as_ref().and_then(key_file);
        named.is_some_and(|named| absolute(&named) == absolute(file))
    };
    let signs = is_file(&settings.signing_key);
    let kid = match &settings.key_id {
        KeyId::Text(text) if !settings.algorithm.is_hmac() => Some(text.clone()),
        _ => None,
    };
    let text = match &settings.signing_key {
        _ if signs => None,
        Some(key) => match key_file(key) {
            Some(other) => {
                let (setting, other) = ("SIMPLE_JWT_SIGNING_KEY", other.display());
                let text = format!("{setting} names another key file, {other}. Rotate the keys of that one.");
                return Err(CommandError::new(text));
            }
            None => Some(key.clone()),
        },
        None if settings.algorithm.is_hmac() => {
            Some(registry.secret_key().clone()).filter(|key| !key.expose().is_empty())
        }
        None => None,
    };
    let current = text.map(|text| CurrentKey { text, kid });
    let mut longest = settings.refresh_token_lifetime.max(settings.access_token_lifetime);
    if settings.auth_token_classes.contains(&AuthToken::Sliding) {
        longest = longest.max(settings.sliding_token_lifetime);
    }
    let longest = longest + settings.leeway;
    let max_age = Duration::from_std(settings.jwks_max_age);
    let max_age = max_age.map_err(|_| CommandError::new("SIMPLE_JWT_JWKS_MAX_AGE: is too long"))?;
    // Instances publish the key when they have read the file twice.
    let until_read = Duration::from_std(POLL_INTERVAL * 3).unwrap_or_default();
    Ok(KeyRotation {
        algorithm: settings.algorithm,
        current,
        is_named: signs || is_file(&settings.signing_keys_inactive),
        publish_for: max_age + until_read,
        retire_after: longest.max(Duration::zero()) + until_read,
        wants_new,
        now: registry.clock().now(),
    })
}

fn absolute(path: &Path) -> PathBuf {
    fs::canonicalize(path).or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
}

fn describe(step: &RotationStep, file: &Path) -> String {
    let named = |kid: &Option<String>| kid.as_ref().map(|kid| format!(" (kid {kid})")).unwrap_or_default();
    match step {
        RotationStep::Made => format!(
            "{0} has the key that signs. Set SIMPLE_JWT_SIGNING_KEY=file:{0} and restart every instance once. Then run this \
             again to begin a rotation.",
            file.display()
        ),
        RotationStep::Published { kid, may_sign } => format!(
            "A new key{} is published, and verifies. Run this again at {} or later: then it signs.",
            named(kid),
            Moment(*may_sign)
        ),
        RotationStep::Signs { kid, retires } => format!(
            "The new key{} signs. The old one verifies what it has signed. Run this again at {} or later: then it is removed.",
            named(kid),
            Moment(*retires)
        ),
        RotationStep::Removed(1) => "The old key is removed. The rotation is complete.".to_owned(),
        RotationStep::Removed(count) => format!("{count} old keys are removed. The rotation is complete."),
    }
}

/// Locks the folder of the file, because the file itself is replaced. Dropping the value releases the lock.
fn lock(file: &Path) -> io::Result<Option<File>> {
    if cfg!(not(unix)) {
        return Ok(None);
    }
    let folder = File::open(folder(file))?;
    folder.lock()?;
    Ok(Some(folder))
}

fn folder(file: &Path) -> &Path {
    file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Replaces the file in one step, so that no reader finds a part of it. Only its owner can use the new file, and its group if it
/// could use the old file.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    // A symbolic link stays a symbolic link.
    let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let name = file.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not the name of a file"))?;
    let unfinished = file.with_file_name(format!(".{}.{}.tmp", name.to_string_lossy(), hex(&random_bytes::<8>())));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&unfinished).and_then(|mut new| {
        new.write_all(text.as_bytes())?;
        if let Ok(old) = fs::metadata(&file) {
            keep_owner(&new, &old)?;
        }
        new.sync_all()?;
        fs::rename(&unfinished, &file)
    });
    if written.is_err() {
        // The unfinished file contains keys.
        let _ = fs::remove_file(&unfinished);
        return written;
    }
    #[cfg(unix)]
    File::open(folder(&file))?.sync_all()?;
    Ok(())
}

/// Gives `new` the owner of the file that it replaces, so that the service can still read the file after root has run the
/// command.
#[cfg(unix)]
fn keep_owner(new: &File, old: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

    let own = new.metadata()?;
    if (own.uid(), own.gid()) != (old.uid(), old.gid()) {
        fchown(new, Some(old.uid()), Some(old.gid()))?;
    }
    let is_closed = old.mode() & 0o007 == 0;
    let mode = if is_closed { old.mode() & 0o060 | 0o600 } else { 0o600 };
    new.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn keep_owner(_new: &File, _old: &fs::Metadata) -> io::Result<()> {
    Ok(())
}
