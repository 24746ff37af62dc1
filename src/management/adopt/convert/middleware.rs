//! `MIDDLEWARE`: settings without their middleware have no effect in Django, and the project's own middleware does not exist
//! here.

use serde_json::Value;

use super::converter::Converter;
use super::tables::{MIDDLEWARE, MIDDLEWARE_SETTINGS, find};
use crate::management::adopt::report::Finding;

/// Checks the list, if the export has it.
pub(super) fn convert(converter: &mut Converter<'_>) {
    let Some(Value::Array(list)) = converter.export.setting("MIDDLEWARE") else { return };
    let list: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
    for (class, prefix) in MIDDLEWARE_SETTINGS {
        if list.contains(class) {
            continue;
        }
        let settings = converter.known.iter().map(|setting| setting.key).filter(|key| key.starts_with(prefix));
        let without_effect: Vec<_> = settings.filter(|key| converter.env.has(key)).collect();
        without_effect.iter().for_each(|key| converter.env.remove(key));
        if !without_effect.is_empty() {
            let what = format!("{} has no effect in Django without {class} in MIDDLEWARE.", without_effect.join(", "));
            converter.report.add(Finding::note(what).remedy("It is not in the .env either."));
        }
        if *prefix == "SECURE_" {
            let what = format!("MIDDLEWARE does not have {class}.");
            converter.report.add(
                Finding::noticed(what)
                    .clients("Responses have more headers here: X-Content-Type-Options, Referrer-Policy, Cross-Origin-Opener-Policy.")
                    .remedy("To send none, set SECURE_CONTENT_TYPE_NOSNIFF=false and the other two to none."),
            );
        }
    }
    if !list.contains(&"django.middleware.common.CommonMiddleware") {
        converter.set("APPEND_SLASH", "false");
    }
    if !list.contains(&"django.middleware.clickjacking.XFrameOptionsMiddleware") {
        converter.report.add(
            Finding::noticed("MIDDLEWARE does not have XFrameOptionsMiddleware.")
                .clients("Responses have X-Frame-Options here.")
                .remedy("If pages of other sites show responses in a frame, remove the middleware in src/settings.rs."),
        );
    }
    for class in list {
        match find(MIDDLEWARE, class) {
            Some(entry) if entry.clients.is_empty() => {}
            Some(entry) => converter.report.add(
                Finding::noticed(format!("MIDDLEWARE has {class}.")).clients(entry.clients).remedy(entry.remedy),
            ),
            None => converter.report.add(
                Finding::code(format!("MIDDLEWARE has {class}, which does not exist here."))
                    .clients("What it does to requests and responses does not happen.")
                    .remedy("If clients depend on it, write it in Rust and add it to the list `middleware` in src/settings.rs."),
            ),
        }
    }
}
