//! Style sheet, script and icon of the pages. Python counterpart: `rest_framework/static/rest_framework`.

use actix_web::web::ServiceConfig;

use crate::http::static_files::{StaticFile, mount};

static FILES: [StaticFile; 3] = [
    StaticFile::new("rest_framework/api", "css", include_bytes!("../../../static/rest_framework/api.css")),
    StaticFile::new("rest_framework/api", "js", include_bytes!("../../../static/rest_framework/api.js")),
    StaticFile::new("rest_framework/icon", "svg", include_bytes!("../../../static/admin/icon.svg")),
];

/// The path of the style sheet.
pub(super) fn css_url() -> String {
    FILES[0].url()
}

/// The path of the script.
pub(super) fn js_url() -> String {
    FILES[1].url()
}

/// The path of the icon.
pub(super) fn icon_url() -> String {
    FILES[2].url()
}

/// Serves the files.
pub(super) fn configure(cfg: &mut ServiceConfig) {
    mount(cfg, &FILES);
}
