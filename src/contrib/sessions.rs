//! The table of sessions. Python counterpart: `django.contrib.sessions`.

use crate::apps::AppConfig;
use crate::db::migrations::{self, Step};

/// `django.contrib.sessions`.
#[derive(Clone, Copy, Debug)]
pub struct SessionsConfig;

impl AppConfig for SessionsConfig {
    fn name(&self) -> &'static str {
        "django.contrib.sessions"
    }

    fn migrations(&self) -> &'static [Step] {
        migrations::SESSIONS
    }
}
