//! The table of models that permissions refer to. Python counterpart: `django.contrib.contenttypes`.

use crate::apps::AppConfig;
use crate::db::migrations::{self, Step};

/// `django.contrib.contenttypes`.
#[derive(Clone, Copy, Debug)]
pub struct ContentTypesConfig;

impl AppConfig for ContentTypesConfig {
    fn name(&self) -> &'static str {
        "django.contrib.contenttypes"
    }

    fn migrations(&self) -> &'static [Step] {
        migrations::CONTENTTYPES
    }
}
