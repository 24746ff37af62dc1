//! Reads `src/` and fails if an import breaks the order of `docs/ARCHITECTURE.md`.

mod circles;
mod source;

use std::path::Path;

use self::source::files;

/// The modules of `src/`, from the lowest to the highest. A module may import only from the rows above its own in this
/// list. Modules in one row must not import each other.
const ORDER: &[&[&str]] = &[
    &["core"],
    &["conf"],
    &["db"],
    &["apps"],
    &["http"],
    &["contrib"],
    &["rest_framework"],
    &["authtoken", "legacy_jwt", "simplejwt"],
    &["server"],
    &["management"],
    // The project itself.
    &["lib", "main", "settings", "urls", "views"],
];

/// The apps of `contrib`, in the same way.
const CONTRIB: &[&str] = &["contenttypes", "sessions", "messages", "auth", "admin"];

/// The files in which an app tells the admin site about its models and the logins of its users. As `admin.py` in Django, they may
/// import the apps that come later. `apps.rs` registers what these files have.
const FOR_ADMIN: &[&str] = &["admin", "accounts", "apps"];

/// Crates that a module must not use.
const FORBIDDEN_CRATES: &[(&str, &[&str])] = &[
    ("core", &["actix_web", "actix_http", "diesel", "ureq", "rustls"]),
    ("conf", &["actix_web", "diesel"]),
    ("db", &["actix_web"]),
];

/// The files of an app that use HTTP. The other files must not use actix.
const HTTP_FILES: &[&str] = &[
    "authentication.rs",
    "views.rs",
    "urls.rs",
    "forms.rs",
    "serializers.rs",
    "exceptions.rs",
    "schemas.rs",
    "mod.rs",
    "apps.rs",
];

fn row(module: &str) -> Option<usize> {
    ORDER.iter().position(|row| row.contains(&module))
}

#[test]
fn every_module_has_a_place_in_the_order() {
    for file in files() {
        assert!(row(&file.module[0]).is_some(), "{}: add its module to ORDER", file.path.display());
    }
}

#[test]
fn a_module_imports_only_from_modules_before_it() {
    let mut broken = Vec::new();
    for file in files() {
        let own = file.module[0].as_str();
        for path in file.paths() {
            // Names of the crate's root, such as `crate::Settings`, belong to the project.
            let other = path[0].as_str();
            let other_row = row(other).unwrap_or(ORDER.len() - 1);
            if other != own && other_row >= row(own).unwrap() && own != "lib" && row(own) != Some(ORDER.len() - 1) {
                broken.push(format!("{}: {own} must not use {}", file.path.display(), path.join("::")));
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn an_app_of_contrib_imports_only_apps_before_it() {
    let place =
        |app: &str| CONTRIB.iter().position(|name| *name == app).unwrap_or_else(|| panic!("add {app} to CONTRIB"));
    let mut broken = Vec::new();
    for file in files().iter().filter(|file| file.module[0] == "contrib" && file.module.len() > 1) {
        if file.module.get(2).is_some_and(|name| FOR_ADMIN.contains(&name.as_str())) {
            continue;
        }
        let own = file.module[1].as_str();
        for path in file.paths().iter().filter(|path| path[0] == "contrib" && path.len() > 1) {
            if place(&path[1]) > place(own) {
                broken.push(format!("{}: {own} must not use {}", file.path.display(), path.join("::")));
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

/// The apps below it can be left without the admin site.
#[test]
fn only_files_for_the_admin_site_import_it() {
    let apps = ["authtoken", "legacy_jwt", "simplejwt", "rest_framework"];
    let mut broken = Vec::new();
    for file in files().iter().filter(|file| apps.contains(&file.module[0].as_str())) {
        let uses_admin = file.paths().iter().any(|path| path.starts_with(&["contrib".into(), "admin".into()]));
        let is_for_admin = file.module.iter().any(|name| FOR_ADMIN.contains(&name.as_str()));
        if uses_admin && !is_for_admin {
            broken.push(format!("{}: only {} use the admin site", file.path.display(), FOR_ADMIN.join(", ")));
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn the_blacklist_does_not_know_its_parent() {
    for file in files().iter().filter(|file| file.module.starts_with(&["simplejwt".into(), "token_blacklist".into()])) {
        for path in file.paths().iter().filter(|path| path[0] == "simplejwt") {
            assert_eq!(path.get(1).map(String::as_str), Some("token_blacklist"), "{}: {path:?}", file.path.display());
        }
    }
}

#[test]
fn forbidden_crates_are_not_used() {
    let mut broken = Vec::new();
    for file in files() {
        for (module, crates) in FORBIDDEN_CRATES.iter().filter(|(module, _)| file.module[0] == *module) {
            for name in crates.iter().filter(|name| file.code.contains(&format!("{name}::"))) {
                broken.push(format!("{}: {module} must not use {name}", file.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn rules_about_tokens_and_rows_do_not_use_http() {
    let mut broken = Vec::new();
    for file in files().iter().filter(|file| ["authtoken", "legacy_jwt", "simplejwt"].contains(&&*file.module[0])) {
        // A file may continue in a folder with its name.
        let is_http = |path: &Path| HTTP_FILES.iter().any(|name| path.ends_with(name));
        let folder = file.path.parent().unwrap().with_extension("rs");
        if !is_http(&file.path) && !is_http(&folder) && file.code.contains("actix_web") {
            broken.push(format!("{}: only files about HTTP use actix", file.path.display()));
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn no_two_files_depend_on_each_other() {
    let circles = circles::circles(&files());
    assert!(circles.is_empty(), "\n{}", circles.join("\n"));
}
