//! Finds the kind of stored text that is most expensive to compare with. Python counterpart: none.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::PasswordHasher;

/// The maximum cost of a refusal, as a multiple of the preferred hasher's cost. Without it a single user with an
/// extremely expensive hash would slow down every refusal. Django's hashers with their default parameters stay below
/// it.
const MAX_COST: f64 = 4.0;

/// How often the work of a hasher is timed. The fastest time counts: other work on the machine only makes it longer.
const TIMES: u32 = 2;

/// The kinds of texts in use, as far as they are known.
#[derive(Debug)]
pub(super) struct MostExpensive {
    /// By hasher.
    kinds: Mutex<Vec<HasherCost>>,
    /// How long the work of a hasher takes.
    time_of: fn(&dyn PasswordHasher) -> Duration,
}

/// The cost of the texts of a hasher.
#[derive(Clone, Copy, Debug, Default)]
struct HasherCost {
    /// The largest work of a text so far, as a share of the hasher's work for a new hash.
    work: f64,
    /// The cost of a new hash of this hasher, as a multiple of the preferred hasher's. `None` before it was timed.
    cost: Option<f64>,
}

/// The cost of every refusal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct RefusalCost {
    /// The index of the hasher of the most expensive kind.
    pub hasher: usize,
    /// Its work, as a share of the hasher's work for a new hash.
    pub work: f64,
    /// Its cost, as a multiple of the preferred hasher's.
    pub cost: f64,
}

impl MostExpensive {
    /// For this number of hashers. The first is the preferred one.
    pub(super) fn new(hashers: usize, time_of: fn(&dyn PasswordHasher) -> Duration) -> Self {
        let mut kinds = vec![HasherCost::default(); hashers];
        if let Some(preferred) = kinds.first_mut() {
            *preferred = HasherCost { work: 1.0, cost: Some(1.0) };
        }
        Self { kinds: Mutex::new(kinds), time_of }
    }

    /// Records a text of the hasher at `index` with this `work`. The first text of a hasher is timed.
    pub(super) fn observe(&self, index: usize, work: f64, hashers: &[Arc<dyn PasswordHasher>]) {
        let is_timed = {
            let mut kinds = self.lock();
            let kind = &mut kinds[index];
            kind.work = kind.work.max(work);
            kind.cost.is_some()
        };
        if !is_timed {
            // Not under the lock, because it takes long. Two callers may do it at the same time.
            let fastest = |hasher: &dyn PasswordHasher| (0..TIMES).map(|_| (self.time_of)(hasher)).min();
            let (time, preferred) = (fastest(&*hashers[index]), fastest(&*hashers[0]));
            let seconds = |time: Option<Duration>| time.unwrap_or_default().as_secs_f64();
            self.lock()[index].cost = Some(seconds(time) / seconds(preferred).max(1e-9));
        }
    }

    /// The cost of the own work of the hasher at `index`, in units of the preferred hasher's. `None` before one of its texts
    /// was found.
    pub(super) fn unit(&self, index: usize) -> Option<f64> {
        self.lock().get(index)?.cost
    }

    /// The most expensive kind so far.
    pub(super) fn target(&self) -> RefusalCost {
        let kinds = self.lock();
        let targets = kinds.iter().enumerate().filter_map(|(hasher, kind)| {
            let unit = kind.cost.filter(|unit| *unit > 0.0)?;
            let cost = (unit * kind.work).min(MAX_COST);
            Some(RefusalCost { hasher, work: cost / unit, cost })
        });
        let preferred = RefusalCost { hasher: 0, work: 1.0, cost: 1.0 };
        // The first of equal kinds.
        targets.fold(preferred, |most, target| if target.cost > most.cost { target } else { most })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<HasherCost>> {
        // A panic cannot leave it inconsistent.
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time of the full work of `hasher`.
pub(super) fn time_of(hasher: &dyn PasswordHasher) -> Duration {
    let started = Instant::now();
    hasher.harden_runtime("correct horse", 1.0);
    started.elapsed()
}
