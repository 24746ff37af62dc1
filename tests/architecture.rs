//! Reads `src/` and fails if an import breaks the order of `docs/ARCHITECTURE.md`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The modules of `src/`, from the lowest to the highest. A module may import from lower rows only. Modules in one row
/// must not import each other.
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

/// Crates that a module must not use.
const FORBIDDEN_CRATES: &[(&str, &[&str])] = &[
    ("core", &["actix_web", "actix_http", "diesel", "ureq", "rustls"]),
    ("conf", &["actix_web", "diesel"]),
    ("db", &["actix_web"]),
];

/// The files of an app that speak HTTP. The others know nothing of actix.
const HTTP_FILES: &[&str] =
    &["authentication.rs", "views.rs", "urls.rs", "serializers.rs", "exceptions.rs", "schemas.rs", "mod.rs", "apps.rs"];

struct File {
    path: PathBuf,
    /// Its path as a module, such as `["db", "sqlite", "readers"]`.
    module: Vec<String>,
    /// Its code, without comments and unit tests.
    code: String,
}

impl File {
    fn read(path: PathBuf) -> Self {
        let relative = path.strip_prefix(src()).unwrap().with_extension("");
        let mut module: Vec<_> = relative.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        if module.len() > 1 && module.last().unwrap() == "mod" {
            module.pop();
        }
        let text = fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or(&text);
        let text = text.split("#[cfg(all(test, feature = \"server\"))]\nmod ").next().unwrap_or(text);
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        Self { path, module, code }
    }

    /// The paths that the file imports or names, from the root of the crate: `crate::…` and `super::…`, with groups
    /// taken apart.
    fn paths(&self) -> BTreeSet<Vec<String>> {
        let mut found = BTreeSet::new();
        for (at, _) in self.code.match_indices("crate::") {
            let is_whole_word = !self.code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
            if is_whole_word {
                expand(&self.code[at + "crate::".len()..], &[], &mut found);
            }
        }
        for (at, _) in self.code.match_indices("super::") {
            let before = &self.code[..at];
            if before.ends_with("super::") || before.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let mut rest = &self.code[at..];
            let mut base = self.module.clone();
            while let Some(after) = rest.strip_prefix("super::") {
                base.pop();
                rest = after;
            }
            expand(rest, &base, &mut found);
        }
        found
    }
}

/// Adds the paths that `text` begins with, below `base`: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn expand(text: &str, base: &[String], found: &mut BTreeSet<Vec<String>>) {
    let text = text.trim_start();
    if let Some(group) = text.strip_prefix('{') {
        let mut depth = 0_usize;
        let mut start = 0;
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => {
                    expand(&group[start..at], base, found);
                    return;
                }
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    expand(&group[start..at], base, found);
                    start = at + 1;
                }
                _ => {}
            }
        }
        return;
    }
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    if end == 0 {
        return;
    }
    let mut path = base.to_vec();
    path.push(text[..end].to_owned());
    match text[end..].strip_prefix("::") {
        Some(rest) if rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '{') => {
            expand(rest, &path, found)
        }
        _ => {
            found.insert(path);
        }
    }
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files() -> Vec<File> {
    fn collect(folder: &Path, found: &mut Vec<File>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            // Unit tests that fill a file or a folder of their own, and tests of committed files.
            if path.file_stem().is_some_and(|name| name == "tests" || name == "files") {
                continue;
            }
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(File::read(path));
            }
        }
    }
    let mut found = Vec::new();
    collect(&src(), &mut found);
    found
}

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
fn a_module_imports_from_lower_rows_only() {
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
fn grouped_imports_are_taken_apart() {
    let mut found = BTreeSet::new();
    expand("{conf, db::{self, Database}, http::cors}", &[], &mut found);
    let found: Vec<_> = found.iter().map(|path| path.join("::")).collect();
    assert_eq!(found, ["conf", "db::Database", "db::self", "http::cors"]);
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
fn rules_about_tokens_and_rows_know_no_http() {
    let mut broken = Vec::new();
    for file in files().iter().filter(|file| ["authtoken", "legacy_jwt", "simplejwt"].contains(&&*file.module[0])) {
        // A file that has grown too long continues in a folder of its name.
        let is_http = |path: &Path| HTTP_FILES.iter().any(|name| path.ends_with(name));
        let folder = file.path.parent().unwrap().with_extension("rs");
        if !is_http(&file.path) && !is_http(&folder) && file.code.contains("actix_web") {
            broken.push(format!("{}: only files about HTTP use actix", file.path.display()));
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}
