//! `INSTALLED_APPS`: only the apps that the project uses.

use super::converter::Converter;
use super::tables::{APPS, find};
use crate::management::adopt::report::Finding;

/// Apps that Django projects use without naming them in `INSTALLED_APPS`, with two signs of their use: the beginning of the path
/// of a view or class, and a setting.
const UNNAMED: &[(&str, &str, &str)] = &[
    ("rest_framework", "rest_framework.", "REST_FRAMEWORK"),
    ("rest_framework_simplejwt", "rest_framework_simplejwt.", "SIMPLE_JWT"),
    ("rest_framework_jwt", "rest_framework_jwt.", "JWT_AUTH"),
];

/// Sets `INSTALLED_APPS` if the export has it.
pub(super) fn convert(converter: &mut Converter<'_>) {
    let Some(django) = converter.export.apps() else { return };
    let known = converter.context.app_names();
    let urls = converter.export.urls();
    let is_used = |package: &str, setting: &str| {
        let is_of = |class: &str| class.starts_with(package);
        converter.export.chosen(setting).is_some()
            || urls.iter().any(|url| is_of(&url.view) || url.bases.iter().any(|base| is_of(base)))
            || converter
                .env
                .get("REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES")
                .is_some_and(|classes| classes.contains(package))
    };
    let mut apps: Vec<&str> = known.iter().copied().filter(|name| django.iter().any(|app| app == name)).collect();
    for (name, package, setting) in UNNAMED {
        if !apps.contains(name) && known.contains(name) && is_used(package, setting) {
            apps.push(name);
        }
    }
    // The blacklist is a separate app in Django. Here it needs `rest_framework_simplejwt` as well.
    let apps: Vec<_> = apps.iter().map(|name| (*name).to_owned()).collect();
    converter.set("INSTALLED_APPS", apps.join(","));
    for name in &django {
        if let Some(entry) = find(APPS, name) {
            let what = format!("{name} is among INSTALLED_APPS.");
            let finding = if entry.clients.is_empty() { Finding::note(what) } else { Finding::noticed(what) };
            converter.report.add(finding.clients(entry.clients).remedy(entry.remedy));
        }
    }
    if !django.iter().any(|app| app == "rest_framework_simplejwt.token_blacklist") {
        converter.report.add(Finding::note(
            "rest_framework_simplejwt.token_blacklist is not installed in Django, and so not here: a refresh token stays valid until it \
             expires.",
        ));
    }
}
