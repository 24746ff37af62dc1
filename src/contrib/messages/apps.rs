//! `django.contrib.messages` as an app.

use super::settings::MessageSettings;
use super::storage::MessageStore;
use crate::apps::{AppConfig, Registry};
use crate::conf::SettingsError;
use crate::contrib::sessions::settings::SessionSettings;

/// `django.contrib.messages`.
#[derive(Clone, Copy, Debug)]
pub struct MessagesConfig;

impl AppConfig for MessagesConfig {
    fn name(&self) -> &'static str {
        "django.contrib.messages"
    }

    fn register(&self, registry: &mut Registry) -> Result<(), SettingsError> {
        let store = MessageStore::new(
            &registry.settings::<MessageSettings>(),
            &registry.settings::<SessionSettings>(),
            registry.secret_key(),
            registry.secret_key_fallbacks(),
        );
        registry.insert(store);
        Ok(())
    }
}
