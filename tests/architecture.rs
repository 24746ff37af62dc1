//! Reads `src/` and fails when an import breaks the table of `docs/ARCHITECTURE.md`.

use std::fs;
use std::path::{Path, PathBuf};

/// A folder or file under `src/`, and what no line of it may name.
const RULES: &[(&str, &[&str])] = &[
    ("core", &["actix", "diesel", "crate::conf", "crate::db", "crate::contrib::auth", "crate::rest_framework", APPS]),
    ("conf", &["actix", "diesel", "crate::db", "crate::contrib::auth", "crate::rest_framework", APPS]),
    ("db", &["actix", "crate::contrib::auth", "crate::rest_framework", APPS]),
    ("contrib/auth", &["actix", "crate::rest_framework", APPS]),
    ("rest_framework", &[APPS]),
    ("apps", &[PROJECT]),
    ("authtoken", &["crate::simplejwt", "crate::legacy_jwt", PROJECT]),
    ("legacy_jwt", &["crate::simplejwt", "crate::authtoken", PROJECT]),
    ("simplejwt", &["crate::authtoken", "crate::legacy_jwt", PROJECT]),
    ("simplejwt/token_blacklist", &["crate::simplejwt", "super::super", "actix", "crate::rest_framework", PROJECT]),
];

const APPS: &str = "the apps";
const PROJECT: &str = "the project";

/// Inside an app, what talks HTTP and what must not.
const HTTP_FILES: &[&str] = &[
    "authentication.rs",
    "views.rs",
    "urls.rs",
    "serializers.rs",
    "request.rs",
    "exceptions.rs",
    "schemas.rs",
    "mod.rs",
];

fn expand<'a>(forbidden: &'a [&'a str]) -> Vec<&'a str> {
    let mut all = Vec::new();
    for name in forbidden {
        match *name {
            APPS => all.extend(["crate::authtoken", "crate::simplejwt", "crate::legacy_jwt", "crate::server"]),
            PROJECT => all.extend([
                "crate::settings::",
                "crate::urls",
                "crate::views",
                "crate::server",
                "crate::checks",
                "crate::management",
            ]),
            other => all.push(other),
        }
    }
    all
}

fn rust_files(place: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(place).unwrap_or_else(|e| panic!("{}: {e}", place.display())) {
        let path = entry.unwrap().path();
        if path.file_stem().is_some_and(|name| name == "tests") {
            continue;
        }
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            found.push(path);
        }
    }
}

/// The lines of a file that are code, numbered: no comments and no unit tests.
fn code(path: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(path).unwrap();
    let before_tests = text.split("#[cfg(test)]\nmod tests").next().unwrap_or(&text);
    // The crate's own name has "actix" in it.
    let lines = before_tests.lines().enumerate().map(|(n, line)| (n + 1, line.trim().replace("actix_simplejwt", "")));
    lines.filter(|(_, line)| !line.starts_with("//")).collect()
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

#[test]
fn nobody_imports_what_stands_above_them() {
    let mut broken = Vec::new();
    for (room, forbidden) in RULES {
        let mut files = Vec::new();
        rust_files(&src().join(room), &mut files);
        assert!(!files.is_empty(), "src/{room} is gone: mend this table");
        for file in files {
            for (number, line) in code(&file) {
                for name in expand(forbidden).into_iter().filter(|name| line.contains(name)) {
                    broken.push(format!("{}:{number}: src/{room} must not use {name}", file.display()));
                }
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn rules_about_tokens_and_rows_know_no_http() {
    let mut broken = Vec::new();
    for app in ["authtoken", "legacy_jwt", "simplejwt"] {
        let mut files = Vec::new();
        rust_files(&src().join(app), &mut files);
        // A file that has grown too long continues in a folder of its name.
        let is_http = |file: &Path| HTTP_FILES.iter().any(|name| file.ends_with(name));
        files.retain(|file| {
            !is_http(file) && !file.parent().is_some_and(|folder| is_http(&folder.with_extension("rs")))
        });
        for file in files {
            for (number, _) in code(&file).into_iter().filter(|(_, line)| line.contains("actix_web")) {
                broken.push(format!("{}:{number}: only the HTTP edge uses actix", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}
