//! The registry in which apps put their parts while the project is set up. Python counterpart: `django.apps.registry`.

use std::any::{Any, TypeId, type_name};

use crate::conf::SettingsError;
use crate::core::clock::Clock;
use crate::core::crypto::SecretString;

/// The parts of all apps, found by their type.
///
/// There is one value per type: an app's settings, its state, a hook of the host. Values that several apps contribute,
/// such as authentication classes, are lists: [`Registry::push`] adds to one, and [`Registry::list`] reads it.
#[derive(Default)]
pub struct Registry {
    // A project has a dozen parts. Comparing a dozen type ids is faster than hashing one.
    parts: Vec<(TypeId, Box<dyn Any + Send + Sync>)>,
    silenced_checks: Vec<String>,
    errors: Vec<SettingsError>,
    secret_key: SecretString,
    secret_key_fallbacks: Vec<SecretString>,
    clock: Clock,
}

impl Registry {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, ..Self::default() }
    }

    /// Registers a value. It replaces an earlier value of the same type.
    pub fn insert<T: Any + Send + Sync>(&mut self, value: T) {
        self.insert_boxed(Box::new(value));
    }

    /// Same as [`Registry::insert`], for a value whose type is known at run time only, such as the `groups` of
    /// [`settings!`](crate::conf::settings).
    pub fn insert_boxed(&mut self, value: Box<dyn Any + Send + Sync>) {
        let of_type = (*value).type_id();
        match self.parts.iter_mut().find(|(id, _)| *id == of_type) {
            Some((_, old)) => *old = value,
            None => self.parts.push((of_type, value)),
        }
    }

    /// The registered value of type `T`.
    #[must_use]
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.parts.iter().find(|(id, _)| *id == TypeId::of::<T>()).and_then(|(_, value)| value.downcast_ref())
    }

    /// Removes the registered value of type `T`.
    pub fn take<T: Any>(&mut self) -> Option<T> {
        let place = self.parts.iter().position(|(id, _)| *id == TypeId::of::<T>())?;
        self.parts.swap_remove(place).1.downcast().ok().map(|value| *value)
    }

    /// Adds `item` to the list of type `T`.
    pub fn push<T: Any + Send + Sync>(&mut self, item: T) {
        let mut list: Vec<T> = self.take().unwrap_or_default();
        list.push(item);
        self.insert(list);
    }

    /// The items of type `T` that apps have added.
    #[must_use]
    pub fn list<T: Any>(&self) -> &[T] {
        self.get::<Vec<T>>().map_or(&[], Vec::as_slice)
    }

    /// The settings of type `T`. Returns the defaults if the project has none.
    #[must_use]
    pub fn settings<T: Any + Clone + Default>(&self) -> T {
        self.get::<T>().cloned().unwrap_or_default()
    }

    /// `SECRET_KEY`.
    #[must_use]
    pub fn secret_key(&self) -> &SecretString {
        &self.secret_key
    }

    /// Sets `SECRET_KEY`.
    pub(crate) fn set_secret_key(&mut self, key: SecretString) {
        self.secret_key = key;
    }

    /// `SECRET_KEY_FALLBACKS`: old keys. They verify existing signatures and make no new ones.
    #[must_use]
    pub fn secret_key_fallbacks(&self) -> &[SecretString] {
        &self.secret_key_fallbacks
    }

    /// Sets `SECRET_KEY_FALLBACKS`.
    pub(crate) fn set_secret_key_fallbacks(&mut self, keys: Vec<SecretString>) {
        self.secret_key_fallbacks = keys;
    }

    /// The clock that all times are read from.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(super) fn set_clock(&mut self, clock: Clock) {
        self.clock = clock;
    }

    /// Sets `SILENCED_SYSTEM_CHECKS`.
    pub(crate) fn silence_checks(&mut self, ids: Vec<String>) {
        self.silenced_checks = ids;
    }

    /// `SILENCED_SYSTEM_CHECKS`.
    #[must_use]
    pub fn silenced_checks(&self) -> &[String] {
        &self.silenced_checks
    }

    /// Adds an error that stops the set-up, for an app that has found several. `manage check` reports all of them.
    pub fn add_error(&mut self, error: SettingsError) {
        self.errors.push(error);
    }

    pub(super) fn errors(&self) -> &[SettingsError] {
        &self.errors
    }

    pub(super) fn take_first_error(&mut self) -> Option<SettingsError> {
        if self.errors.is_empty() { None } else { Some(self.errors.swap_remove(0)) }
    }
}

/// The error of a part that no installed app provides.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no installed app provides {0}; see INSTALLED_APPS")]
pub struct LookupError(pub(super) &'static str);

impl LookupError {
    pub(super) fn of<T>() -> Self {
        Self(type_name::<T>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_found_by_its_type_and_replaced_by_another_of_it() {
        let mut registry = Registry::default();
        assert_eq!(registry.get::<u8>(), None);
        registry.insert(1_u8);
        registry.insert("text");
        registry.insert(2_u8);
        assert_eq!((registry.get::<u8>(), registry.get::<&str>()), (Some(&2), Some(&"text")));
        assert_eq!((registry.take::<u8>(), registry.get::<u8>()), (Some(2), None));
    }

    #[test]
    fn lists_keep_the_order_in_which_items_were_added() {
        let mut registry = Registry::default();
        assert!(registry.list::<u8>().is_empty());
        registry.push(1_u8);
        registry.push(2_u8);
        assert_eq!(registry.list::<u8>(), [1, 2]);
    }
}
