//! Passwords as they are stored. Python counterpart: `django.contrib.auth.hashers`.
//!
//! A stored password is one text that begins with the name of its algorithm, and these are Django's, to the letter:
//! each of the two can read what the other wrote.
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
//! # Time tells nothing
//!
//! How long a refusal takes must not tell whether there is such a user, or what is stored for it. So every refusal
//! costs what the dearest kind of text costs that is in use, which is one of the preferred hasher, the first of the list,
//! unless users have dearer ones:
//!
//! * Nothing to compare with, that is no such user ([`PasswordHashers::fake_runtime`]), an unusable password, a text
//!   that no hasher of the list wrote, is malformed or asks for absurd work: the hasher of the dearest kind runs once.
//! * A wrong password for a text of that algorithm with less work: the hasher makes up the difference. Django's
//!   `harden_runtime` does so for PBKDF2 and bcrypt, and leaves it for the others.
//! * A wrong password for a text of another algorithm, or of Argon2 with lower parameters, where Django leaves the
//!   difference: the time that the comparison took is measured, and the hasher of the dearest kind does what is missing.
//!   Measured, because how two algorithms compare depends on the processor: with SHA-256 in hardware it is not the same
//!   as without. The price is a sample of an eighth of that work, so a text as dear takes up to an eighth longer, not
//!   twice as long.
//!
//! A text that is *dearer* than what the preferred hasher writes makes every refusal take as long as it does, once
//! [`PasswordHashers::meet`] or a refusal has seen one. Otherwise the time would tell the names of users who have not logged in
//! since `PASSWORD_HASHERS` was changed.

mod argon2;
mod bcrypt;
mod dearest;
mod hasher;
mod md5;
mod pbkdf2;
mod scrypt;
mod summary;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

pub use self::argon2::Argon2PasswordHasher;
pub use self::bcrypt::BcryptPasswordHasher;
use self::dearest::{Dearest, Target};
pub use self::hasher::{HasherError, PasswordHasher};
pub use self::md5::Md5PasswordHasher;
pub use self::pbkdf2::Pbkdf2PasswordHasher;
pub use self::scrypt::ScryptPasswordHasher;
use crate::core::crypto::{ALPHANUMERIC, random_string};

/// What a text in place of a hash begins with when no password is right.
pub const UNUSABLE_PASSWORD_PREFIX: char = '!';

/// Random characters after the prefix. They keep apart what is derived from the text, such as the link of a password reset.
const UNUSABLE_PASSWORD_SUFFIX_LENGTH: usize = 40;

/// The share of the work of a hasher that is run to learn how long the whole takes.
const SAMPLE: f64 = 0.125;

/// Whether a stored text can have a right password at all.
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
    /// It is correct, and should now be stored anew by [`PasswordHashers::encode`]. Never set for a wrong password,
    /// where Django's `verify_password` may set it.
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
    dearest: Arc<Dearest>,
}

type Constructor = fn() -> Arc<dyn PasswordHasher>;

/// Django's class names and what they stand for here. The hashers of 5.2 are all here; those without a salt went in 5.1.
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
    /// The first of the list is the preferred one. Of two with one algorithm the first reads. `None` for an empty list.
    #[must_use]
    pub fn new(hashers: impl IntoIterator<Item = Arc<dyn PasswordHasher>>) -> Option<Self> {
        let hashers: Vec<_> = hashers.into_iter().collect();
        (!hashers.is_empty()).then(|| Self::of(hashers))
    }

    fn of(hashers: Vec<Arc<dyn PasswordHasher>>) -> Self {
        Self { dearest: Arc::new(Dearest::new(hashers.len(), dearest::time_of)), hashers: hashers.into() }
    }

    /// Django's hashers by the names of their classes, with or without `django.contrib.auth.hashers.` before them.
    ///
    /// # Errors
    /// What was expected in place of the list: for a name that is not among the known ones, or no name at all.
    pub fn from_names(names: &[impl AsRef<str>]) -> Result<Self, String> {
        let known = || KNOWN.map(|(name, _)| name).join(", ");
        let mut hashers = Vec::new();
        for name in names {
            let name = name.as_ref();
            let short = name.strip_prefix("django.contrib.auth.hashers.").unwrap_or(name);
            match KNOWN.iter().find(|(known, _)| *known == short) {
                Some((_, hasher)) => hashers.push(hasher()),
                None => return Err(format!("a list of known password hashers: {name} is none of {}", known())),
            }
        }
        Self::new(hashers).ok_or_else(|| format!("a list of one password hasher or more of {}", known()))
    }

    /// Whether one of the hashers reads texts of that algorithm, the word before the first `$`.
    #[must_use]
    pub fn reads(&self, algorithm: &str) -> bool {
        self.hashers.iter().any(|hasher| hasher.algorithm() == algorithm)
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
    /// When the preferred hasher cannot take the password (plain bcrypt) or has no memory for its work.
    pub fn encode(&self, password: &str) -> Result<String, HasherError> {
        self.preferred().encode(password)
    }

    /// A text to store for a user that shall not log in by password, as Django's `make_password(None)`.
    #[must_use]
    pub fn make_unusable() -> String {
        format!("{UNUSABLE_PASSWORD_PREFIX}{}", random_string(UNUSABLE_PASSWORD_SUFFIX_LENGTH, ALPHANUMERIC))
    }

    /// Compares a password with a stored text, as Django's `verify_password`.
    ///
    /// A text that cannot be read is one without a right password; Django answers some of them with an exception. See
    /// the [module](self) on the time this takes.
    pub fn check(&self, password: &str, encoded: &str) -> PasswordCheck {
        self.compare(password, encoded, false)
    }

    /// As [`PasswordHashers::check`], for a user who is refused even with the right password: takes as long as a refusal.
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
            self.meet(encoded);
            let target = self.dearest.target();
            // A text that was just compared with can be read; another hasher's own mistake costs a whole run.
            let is_target = index == target.hasher;
            let done = if is_target { hasher.relative_work(encoded).unwrap_or(Some(0.0)) } else { None };
            match done {
                Some(done) => self.burn(password, target.hasher, target.work - done),
                None => self.catch_up(password, spent, target),
            }
        }
        let must_update = is_correct && (index != 0 || hasher.must_update(encoded).unwrap_or(true));
        PasswordCheck { is_correct, must_update }
    }

    /// Takes as long as [`PasswordHashers::check`] does for a wrong password. For a user that does not exist.
    pub fn fake_runtime(&self, password: &str) {
        let target = self.dearest.target();
        self.burn(password, target.hasher, target.work);
    }

    /// Notes that a text like this one is in use, so that no refusal takes less time than one for it. Blocks for some tenths
    /// of a second when it is the first of another algorithm than the preferred one, to measure how dear that is.
    pub fn meet(&self, encoded: &str) {
        if let Some((index, hasher)) = self.identify(encoded)
            && let Ok(work) = hasher.estimated_work(encoded)
        {
            self.dearest.meet(index, work, &self.hashers);
        }
    }

    /// The algorithm of the dearest kind of text that was met, if it is dearer than what the preferred hasher writes, and how
    /// many times as dear it is.
    #[must_use]
    pub fn dearer_than_preferred(&self) -> Option<(&'static str, f64)> {
        let target = self.dearest.target();
        (target.cost > 1.0).then(|| (self.hashers[target.hasher].algorithm(), target.cost))
    }

    /// The hasher of the list that wrote a text, as Django's `identify_hasher`, with its index.
    ///
    /// Django calls some unsalted texts by names of their own, `unsalted_md5` and `unsalted_sha1`, which no hasher
    /// bears since 5.1; here they are malformed or of no hasher, which comes to the same.
    fn identify(&self, encoded: &str) -> Option<(usize, &dyn PasswordHasher)> {
        let (algorithm, _) = encoded.split_once('$')?;
        let index = self.hashers.iter().position(|hasher| hasher.algorithm() == algorithm)?;
        Some((index, &*self.hashers[index]))
    }

    /// Makes up for a comparison that took `spent`, when only the clock tells how much of the target that is.
    fn catch_up(&self, password: &str, spent: Duration, target: Target) {
        let started = Instant::now();
        self.burn(password, target.hasher, SAMPLE);
        self.burn(password, target.hasher, missing_work(target.work, spent, started.elapsed()));
    }

    fn burn(&self, password: &str, hasher: usize, work: f64) {
        let mut missing = work;
        while missing > 0.0 {
            self.hashers[hasher].burn(password, missing.min(1.0));
            missing -= 1.0;
        }
    }
}

/// What is left of `work` after a comparison that took `spent` and a sample that took `sample`.
fn missing_work(work: f64, spent: Duration, sample: Duration) -> f64 {
    work - SAMPLE - SAMPLE * spent.as_secs_f64() / sample.as_secs_f64()
}
