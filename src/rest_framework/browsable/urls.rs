//! Python counterpart: `rest_framework.urls`.

use actix_web::web::{self, ServiceConfig};

use super::{LOGIN, LOGOUT, static_files, views};
use crate::apps::Apps;
use crate::contrib::sessions;

/// Mounts `login/` and `logout/` below `prefix`, which ends with a slash, and the files of the pages: `include('rest_framework.urls')`.
///
/// Without `django.contrib.sessions` there is nothing to log in to, and only the files are served.
pub fn configure(cfg: &mut ServiceConfig, apps: &Apps, prefix: &str) {
    static_files::configure(cfg);
    if apps.is_installed(sessions::apps::NAME) {
        cfg.service(web::resource(format!("{prefix}login/")).name(LOGIN).to(views::login));
        cfg.service(web::resource(format!("{prefix}logout/")).name(LOGOUT).to(views::logout));
    }
}
