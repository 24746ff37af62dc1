//! The kinds of password hashes that users have. Python counterpart: none.

use std::collections::BTreeMap;
use std::fmt;

use super::PasswordHashers;

/// The smallest difference of cost that matters. The time of a hash varies more than a smaller one.
const EXPENSIVE: f64 = 1.1;

/// Counts stored passwords by kind, to find those that are more expensive to compare with than the preferred hasher's.
#[derive(Clone, Debug, Default)]
pub struct StoredPasswords {
    /// Users by the index of the hasher and the work in per cent of that hasher's own work.
    kinds: BTreeMap<(usize, u64), u64>,
}

/// Users whose passwords cost more than those of the preferred hasher, all of one kind. Shown as a sentence for operators.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpensivePasswords {
    /// The algorithm, as in the stored text.
    pub algorithm: &'static str,
    /// The work as a share of the own work of that algorithm's hasher, rounded to per cents.
    pub work: f64,
    /// The number of users.
    pub users: u64,
}

impl StoredPasswords {
    /// Counts a stored text. A new kind is passed to [`PasswordHashers::observe`], so this may block for some tenths of a second.
    pub fn add(&mut self, hashers: &PasswordHashers, encoded: &str) {
        let Some((index, hasher)) = hashers.identify(encoded) else { return };
        let Ok(work) = hasher.estimated_work(encoded) else { return };
        let users = self.kinds.entry((index, per_cent(work))).or_insert(0);
        *users += 1;
        if *users == 1 {
            hashers.observe(encoded);
        }
    }

    /// The kinds that are more expensive than the preferred hasher's. The most expensive is the last one.
    #[must_use]
    pub fn expensive(&self, hashers: &PasswordHashers) -> Vec<ExpensivePasswords> {
        let mut found: Vec<_> = self
            .kinds
            .iter()
            .filter_map(|(&(index, work), &users)| {
                let work = work as f64 / 100.0;
                let cost = hashers.most_expensive.unit(index)? * work;
                let algorithm = hashers.hashers.get(index)?.algorithm();
                (cost > EXPENSIVE).then_some((cost, ExpensivePasswords { algorithm, work, users }))
            })
            .collect();
        found.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        found.into_iter().map(|(_, kind)| kind).collect()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "work is positive, and bounded by the hashers"
)]
fn per_cent(work: f64) -> u64 {
    (work * 100.0).round() as u64
}

impl fmt::Display for ExpensivePasswords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { algorithm, work, users } = self;
        write!(f, "{users} user(s) have a password of {algorithm}")?;
        if (*work - 1.0).abs() > 0.1 {
            write!(f, " with {work} times its usual work")?;
        }
        write!(
            f,
            ", which is more expensive than the first of PASSWORD_HASHERS. Until they have logged in, every refused login takes \
             as long."
        )
    }
}
