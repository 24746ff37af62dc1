//! Runs the system checks of the installed apps. Python counterpart: `django.core.checks.registry`.

use std::cmp::Reverse;

use super::registry::Registry;
use crate::core::checks::{CheckMessage, Level};
#[cfg(feature = "database")]
use crate::db::{DatabaseError, DbConnection};

/// A check: a function that checks the settings of the registered apps.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// The ids of its messages. `SILENCED_SYSTEM_CHECKS` can name them.
    pub ids: &'static [&'static str],
    /// When it runs.
    pub when: When,
    /// Looks for problems.
    pub run: fn(&Registry) -> Vec<CheckMessage>,
}

/// A check of what is in the database. It runs by `manage check --database default` only.
#[cfg(feature = "database")]
#[derive(Clone, Copy, Debug)]
pub struct DatabaseCheck {
    /// The ids of its messages, as in [`Check::ids`].
    pub ids: &'static [&'static str],
    /// When it runs.
    pub when: When,
    /// Looks for problems.
    pub run: fn(&Registry, &mut DbConnection) -> Result<Vec<CheckMessage>, DatabaseError>,
}

/// When a check runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At every start and by `manage check`.
    Always,
    /// At every start and by `manage check --deploy`: not while developing, but too dangerous to miss in production.
    StartAndDeploy,
    /// Runs only with `manage check --deploy`.
    Deploy,
}

/// Which checks to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckScope {
    /// The checks of every start.
    Start,
    /// The checks of `manage check`.
    Check,
    /// The checks of `manage check --deploy`.
    Deploy,
}

/// What `manage check` finds besides the checks of the apps, and what `SILENCED_SYSTEM_CHECKS` can name of it.
const COMMAND_IDS: [&str; 2] = ["database.E901", "settings.W901"];

impl Check {
    /// The tags of its messages: the part of each id before the dot.
    pub fn tags(&self) -> impl Iterator<Item = &'static str> {
        tags(self.ids)
    }
}

#[cfg(feature = "database")]
impl DatabaseCheck {
    /// The tags of its messages, as [`Check::tags`].
    pub fn tags(&self) -> impl Iterator<Item = &'static str> {
        tags(self.ids)
    }
}

fn tags(ids: &'static [&'static str]) -> impl Iterator<Item = &'static str> {
    ids.iter().map(|id| id.split('.').next().unwrap_or(id))
}

impl CheckScope {
    /// Whether a check that runs `when` is one of them.
    #[must_use]
    pub fn includes(self, when: When) -> bool {
        match when {
            When::Always => true,
            When::StartAndDeploy => self != Self::Check,
            When::Deploy => self == Self::Deploy,
        }
    }
}

impl Registry {
    /// Adds checks to the checks of the installed apps.
    pub fn add_checks(&mut self, checks: &[Check]) {
        checks.iter().for_each(|check| self.push(*check));
    }

    pub(super) fn checks(&self) -> &[Check] {
        self.list()
    }
}

/// The outcome of the checks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// The messages, the most severe first, then by their text.
    pub messages: Vec<CheckMessage>,
    /// How many more messages `SILENCED_SYSTEM_CHECKS` hides.
    pub silenced: usize,
}

/// Runs the checks of `registry` that are `wanted`. Errors about single settings, found while the apps were registered, come with
/// them.
pub(super) fn run(registry: &Registry, which: CheckScope, wanted: impl Fn(&Check) -> bool) -> Findings {
    let silenced_ids = registry.silenced_checks();
    let wanted = registry.checks().iter().filter(|check| which.includes(check.when) && wanted(check));
    let (silenced, mut messages): (Vec<_>, Vec<_>) = wanted
        .flat_map(|check| (check.run)(registry))
        .partition(|message| silenced_ids.iter().any(|id| id == message.id));
    messages.extend(registry.errors().iter().map(|error| {
        // An error of the settings cannot be silenced, because the server would still not start.
        CheckMessage::new(Level::Error, "settings.E901", error.to_string())
    }));
    messages.extend(unknown_ids(registry, silenced_ids));
    messages.sort_by_key(|message| (Reverse(message.level), message.to_string()));
    Findings { messages, silenced: silenced.len() }
}

fn unknown_ids<'a>(registry: &'a Registry, silenced: &'a [String]) -> impl Iterator<Item = CheckMessage> + 'a {
    silenced.iter().filter(move |id| !is_known(registry, id)).map(|id| {
        let text = format!("SILENCED_SYSTEM_CHECKS names {id}, but no installed app has a check with this id.");
        CheckMessage::new(Level::Info, "checks.I901", text)
    })
}

fn is_known(registry: &Registry, id: &str) -> bool {
    #[cfg(feature = "database")]
    if registry.list::<DatabaseCheck>().iter().any(|check| check.ids.contains(&id)) {
        return true;
    }
    COMMAND_IDS.contains(&id) || registry.checks().iter().any(|check| check.ids.contains(&id))
}
