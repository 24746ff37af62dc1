//! The style sheet, the script and the icon. Python counterpart: `django/contrib/admin/static/admin`.
//!
//! They are served outside of the URLs of the admin site, because those lead anonymous clients to the login page.

use actix_web::web::ServiceConfig;

use crate::http::static_files::{StaticFile, mount};

/// The files of the admin site.
static FILES: [StaticFile; 3] = [
    StaticFile::new("admin/admin", "css", include_bytes!("../../../static/admin/admin.css")),
    StaticFile::new("admin/admin", "js", include_bytes!("../../../static/admin/admin.js")),
    StaticFile::new("admin/icon", "svg", include_bytes!("../../../static/admin/icon.svg")),
];

/// The path of the style sheet.
#[must_use]
pub fn css_url() -> String {
    FILES[0].url()
}

/// The path of the script.
#[must_use]
pub fn js_url() -> String {
    FILES[1].url()
}

/// The path of the icon.
#[must_use]
pub fn icon_url() -> String {
    FILES[2].url()
}

/// Serves the files.
pub fn configure(cfg: &mut ServiceConfig) {
    mount(cfg, &FILES);
}
