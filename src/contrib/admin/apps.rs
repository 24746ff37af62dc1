//! What the admin site brings. Python counterpart: `django.contrib.admin.apps`.

use crate::apps::AppConfig;
use crate::db::migrations::{self, Step};

/// `django.contrib.admin`.
#[derive(Clone, Copy, Debug)]
pub struct AdminConfig;

impl AppConfig for AdminConfig {
    fn name(&self) -> &'static str {
        "django.contrib.admin"
    }

    fn requires(&self) -> &'static [&'static str] {
        &["django.contrib.auth", "django.contrib.contenttypes"]
    }

    fn migrations(&self) -> &'static [Step] {
        migrations::ADMIN
    }
}
