//! Stored passwords. Python counterpart: `django.contrib.auth.hashers`.
//!
//! A stored password is a text that begins with the name of its algorithm. The texts are exactly Django's, so Django
//! and this server can read each other's.
//!
//! ```
//! use actix_simplejwt::contrib::auth::hashers::PasswordHashers;
//!
//! let hashers = PasswordHashers::from_names(&["MD5PasswordHasher", "PBKDF2PasswordHasher"]).unwrap();
//! let encoded = hashers.encode("correct horse").unwrap();
//! assert!(hashers.check("correct horse", &encoded).is_correct);
//! assert!(!hashers.check("battery staple", &encoded).is_correct);
//! ```
//!
//! # All refusals take the same time
//!
//! The time of a refusal must not reveal whether the user exists, or which hash is stored. So every refusal takes the
//! time of the most expensive kind of hash in use. This is a hash of the preferred hasher, the first of the list,
//! unless users have more expensive ones:
//!
//! * There is nothing to compare with: the user does not exist ([`PasswordHashers::fake_runtime`]), the password is
//!   unusable, or the text is malformed, asks for absurd work or comes from no hasher of the list. Then the hasher of the
//!   most expensive kind runs once.
//! * The password is wrong, and the text is of that algorithm with less work: the hasher does the missing work. Django's
//!   `harden_runtime` does this only for PBKDF2 and bcrypt.
//! * The password is wrong, and the text is of another algorithm, or of Argon2 with lower parameters: the time of the comparison
//!   is measured, and the hasher of the most expensive kind does the missing work. Django does nothing here. The time must be
//!   measured, because the ratio of two algorithms depends on the processor, for example on SHA-256 in hardware. The measurement
//!   is a part of the missing work. If nearly nothing is missing, the measurement is a thirty-second of the whole work, and the
//!   refusal takes that much longer.
//!
//! A text that is more expensive than those of the preferred hasher slows down every refusal, after [`PasswordHashers::observe`] or
//! a refusal has found it. Otherwise the time would reveal which users have not logged in since `PASSWORD_HASHERS` was changed. A
//! server reads the stored passwords once after its start, so it soon knows all kinds ([`StoredPasswords`]).

mod argon2;
mod bcrypt;
mod hasher;
mod md5;
mod most_expensive;
mod pbkdf2;
mod scrypt;
mod stored;
mod summary;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

pub use self::argon2::Argon2PasswordHasher;
pub use self::bcrypt::BcryptPasswordHasher;
pub use self::hasher::{HasherError, PasswordHasher};
pub use self::md5::Md5PasswordHasher;
use self::most_expensive::{MostExpensive, RefusalCost};
pub use self::pbkdf2::Pbkdf2PasswordHasher;
pub use self::scrypt::ScryptPasswordHasher;
pub use self::stored::{ExpensivePasswords, StoredPasswords};
use crate::core::crypto::{ALPHANUMERIC, random_string};

/// The first character of the text of an unusable password.
pub const UNUSABLE_PASSWORD_PREFIX: char = '!';

/// Random characters after the prefix. They make values that are derived from the text unique, such as the link of a
/// password reset.
const UNUSABLE_PASSWORD_SUFFIX_LENGTH: usize = 40;

/// The share of a hasher's work that is run to measure the time of the whole. A smaller one is measured less exactly.
const MAX_SAMPLE: f64 = 0.125;

/// The smallest such share, if less than [`MAX_SAMPLE`] seems to be missing. More work than is missing would make the refusal take
/// too long.
const MIN_SAMPLE: f64 = MAX_SAMPLE / 4.0;

/// Whether a stored text can match any password.
#[must_use]
pub fn is_password_usable(encoded: &str) -> bool {
    !encoded.starts_with(UNUSABLE_PASSWORD_PREFIX)
}

/// The answer of [`PasswordHashers::check`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct PasswordCheck {
    /// The password is the one that was stored.
    pub is_correct: bool,
    /// The password is correct, and should be hashed again by [`PasswordHashers::encode`]. Never set for a wrong
    /// password, unlike in Django's `verify_password`.
    pub must_update: bool,
}

impl PasswordCheck {
    const WRONG: Self = Self { is_correct: false, must_update: false };
}

/// The setting `PASSWORD_HASHERS`: the first hasher writes, all of them read. Cheap to clone.
#[derive(Clone, Debug)]
pub struct PasswordHashers {
    /// The preferred one first. Not empty.
    hashers: Arc<[Arc<dyn PasswordHasher>]>,
    most_expensive: Arc<MostExpensive>,
}

type Constructor = fn() -> Arc<dyn PasswordHasher>;

/// Django's class names and the hashers. All hashers of Django 5.2 are here. Django 5.1 has removed the hashers without
/// a salt.
const KNOWN: [(&str, Constructor); 7] = [
    ("PBKDF2PasswordHasher", || Arc::new(Pbkdf2PasswordHasher::SHA256)),
    ("PBKDF2SHA1PasswordHasher", || Arc::new(Pbkdf2PasswordHasher::SHA1)),
    ("Argon2PasswordHasher", || Arc::new(Argon2PasswordHasher::default())),
    ("BCryptSHA256PasswordHasher", || Arc::new(BcryptPasswordHasher::SHA256)),
    ("BCryptPasswordHasher", || Arc::new(BcryptPasswordHasher::PLAIN)),
    ("ScryptPasswordHasher", || Arc::new(ScryptPasswordHasher::default())),
    ("MD5PasswordHasher", || Arc::new(Md5PasswordHasher)),
];

impl Default for PasswordHashers {
    /// Django's: PBKDF2, PBKDF2 with SHA1, Argon2, bcrypt over SHA256, scrypt.
    fn default() -> Self {
        Self::of(vec![
            Arc::new(Pbkdf2PasswordHasher::SHA256),
            Arc::new(Pbkdf2PasswordHasher::SHA1),
            Arc::new(Argon2PasswordHasher::default()),
            Arc::new(BcryptPasswordHasher::SHA256),
            Arc::new(ScryptPasswordHasher::default()),
        ])
    }
}

impl PasswordHashers {
    /// The first of the list is the preferred one. If two have the same algorithm, the first one reads. `None` for an
    /// empty list.
    #[must_use]
    pub fn new(hashers: impl IntoIterator<Item = Arc<dyn PasswordHasher>>) -> Option<Self> {
        let hashers: Vec<_> = hashers.into_iter().collect();
        (!hashers.is_empty()).then(|| Self::of(hashers))
    }

    fn of(hashers: Vec<Arc<dyn PasswordHasher>>) -> Self {
        Self {
            most_expensive: Arc::new(MostExpensive::new(hashers.len(), most_expensive::time_of)),
            hashers: hashers.into(),
        }
    }

    /// Django's hashers by the names of their classes, with or without `django.contrib.auth.hashers.` before them.
    ///
    /// # Errors
    /// Returns what was expected, if a name is unknown or the list is empty.
    pub fn from_names(names: &[impl AsRef<str>]) -> Result<Self, String> {
        let known = || KNOWN.map(|(name, _)| name).join(", ");
        let mut hashers = Vec::new();
        for name in names {
            let name = name.as_ref();
            let short = name.strip_prefix("django.contrib.auth.hashers.").unwrap_or(name);
            match KNOWN.iter().find(|(known, _)| *known == short) {
                Some((_, hasher)) => hashers.push(hasher()),
                None => return Err(format!("a list of known password hashers: {name} is not one of {}", known())),
            }
        }
        Self::new(hashers).ok_or_else(|| format!("a list of one password hasher or more of {}", known()))
    }

    /// Whether one of the hashers reads texts of that algorithm, the word before the first `$`.
    #[must_use]
    pub fn reads(&self, algorithm: &str) -> bool {
        self.hashers.iter().any(|hasher| hasher.algorithm() == algorithm)
    }

    /// Whether one of the hashers can compare a password with this text. A text that is damaged or asks for absurd work matches
    /// no password.
    #[must_use]
    pub fn is_readable(&self, encoded: &str) -> bool {
        self.identify(encoded).is_some_and(|(_, hasher)| hasher.must_update(encoded).is_ok())
    }

    /// The hasher that writes.
    #[must_use]
    pub fn preferred(&self) -> &dyn PasswordHasher {
        &*self.hashers[0]
    }

    /// The algorithms that the hashers read, the preferred one first.
    pub fn algorithms(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.hashers.iter().map(|hasher| hasher.algorithm())
    }

    /// The text to store for a new password, as Django's `make_password`.
    ///
    /// # Errors
    /// Returns an error if the preferred hasher cannot hash the password (plain bcrypt) or does not get the memory for
    /// its work.
    pub fn encode(&self, password: &str) -> Result<String, HasherError> {
        self.preferred().encode(password)
    }

    /// A text to store for a user who must not log in with a password. Django's `make_password(None)`.
    #[must_use]
    pub fn make_unusable() -> String {
        format!("{UNUSABLE_PASSWORD_PREFIX}{}", random_string(UNUSABLE_PASSWORD_SUFFIX_LENGTH, ALPHANUMERIC))
    }

    /// Compares a password with a stored text, as Django's `verify_password`.
    ///
    /// If the text cannot be read, it matches no password. Django raises an exception for some of these texts. See the
    /// [module](self) on the time this takes.
    pub fn check(&self, password: &str, encoded: &str) -> PasswordCheck {
        self.compare(password, encoded, false)
    }

    /// Same as [`PasswordHashers::check`], for a user who is refused even with the right password: it takes the time of
    /// a refusal.
    pub fn check_of_refused(&self, password: &str, encoded: &str) -> PasswordCheck {
        self.compare(password, encoded, true)
    }

    fn compare(&self, password: &str, encoded: &str, is_refused: bool) -> PasswordCheck {
        let Some((index, hasher)) = self.identify(encoded) else {
            self.fake_runtime(password);
            return PasswordCheck::WRONG;
        };
        let started = Instant::now();
        let Ok(is_correct) = hasher.verify(password, encoded) else {
            self.fake_runtime(password);
            return PasswordCheck::WRONG;
        };
        let spent = started.elapsed();
        if !is_correct || is_refused {
            self.observe(encoded);
            let target = self.most_expensive.target();
            // The text was just compared, so it can be read. If a custom hasher still fails, its full work is done.
            let is_target = index == target.hasher;
            let done = if is_target { hasher.relative_work(encoded).unwrap_or(Some(0.0)) } else { None };
            match done {
                Some(done) => self.harden_runtime(password, target.hasher, target.work - done),
                None => {
                    let estimate =
                        hasher.estimated_work(encoded).unwrap_or(0.0) * self.most_expensive.unit(index).unwrap_or(0.0);
                    let sample = (target.work * (1.0 - estimate / target.cost)).clamp(MIN_SAMPLE, MAX_SAMPLE);
                    self.catch_up(password, spent, target, sample);
                }
            }
        }
        let must_update = is_correct && (index != 0 || hasher.must_update(encoded).unwrap_or(true));
        PasswordCheck { is_correct, must_update }
    }

    /// Takes the time of [`PasswordHashers::check`] with a wrong password. For a user that does not exist.
    pub fn fake_runtime(&self, password: &str) {
        let target = self.most_expensive.target();
        self.harden_runtime(password, target.hasher, target.work);
    }

    /// Records that a text like this one is in use, so that every refusal takes at least its time. Blocks for some
    /// tenths of a second at the first text of an algorithm that is not the preferred one, to measure its cost.
    pub fn observe(&self, encoded: &str) {
        if let Some((index, hasher)) = self.identify(encoded)
            && let Ok(work) = hasher.estimated_work(encoded)
        {
            self.most_expensive.observe(index, work, &self.hashers);
        }
    }

    /// The algorithm of the most expensive kind of text so far, and its cost as a multiple of the preferred hasher's.
    /// `None` if no kind is more expensive than the preferred one.
    #[must_use]
    pub fn more_expensive_than_preferred(&self) -> Option<(&'static str, f64)> {
        let target = self.most_expensive.target();
        (target.cost > 1.0).then(|| (self.hashers[target.hasher].algorithm(), target.cost))
    }

    /// The hasher of the list that wrote a text, as Django's `identify_hasher`, with its index.
    ///
    /// Django has the names `unsalted_md5` and `unsalted_sha1` for some unsalted texts, which have no hasher since 5.1.
    /// Here such a text is malformed or has no hasher, which gives the same result.
    fn identify(&self, encoded: &str) -> Option<(usize, &dyn PasswordHasher)> {
        let (algorithm, _) = encoded.split_once('$')?;
        let index = self.hashers.iter().position(|hasher| hasher.algorithm() == algorithm)?;
        Some((index, &*self.hashers[index]))
    }

    /// Does the missing work after a comparison that took `spent`, if only a measurement shows how much is missing. `sample`
    /// is the share of the work that is measured.
    fn catch_up(&self, password: &str, spent: Duration, target: RefusalCost, sample: f64) {
        let started = Instant::now();
        self.harden_runtime(password, target.hasher, sample);
        self.harden_runtime(password, target.hasher, missing_work(target.work, spent, sample, started.elapsed()));
    }

    fn harden_runtime(&self, password: &str, hasher: usize, work: f64) {
        let mut missing = work;
        while missing > 0.0 {
            self.hashers[hasher].harden_runtime(password, missing.min(1.0));
            missing -= 1.0;
        }
    }
}

/// The rest of `work` after a comparison that took `spent` and a sample of it that took `elapsed`.
fn missing_work(work: f64, spent: Duration, sample: f64, elapsed: Duration) -> f64 {
    work - sample - sample * spent.as_secs_f64() / elapsed.as_secs_f64()
}
