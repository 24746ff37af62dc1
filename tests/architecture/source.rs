//! The files of `src/` and the paths that they name.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A path such as `["db", "sqlite", "readers"]`, from the root of the crate.
pub type ModulePath = Vec<String>;

/// A file of `src/`.
pub struct File {
    pub path: PathBuf,
    pub module: ModulePath,
    /// Its code, without comments and unit tests.
    pub code: String,
}

/// The name that a `use` statement binds in a file: `c` for `use crate::a::{b as c}`.
pub struct Binding {
    pub name: String,
    pub target: ModulePath,
    /// Whether the statement begins with `pub`.
    pub is_public: bool,
}

impl File {
    pub fn read(path: PathBuf) -> Self {
        let relative = path.strip_prefix(src()).unwrap().with_extension("");
        let mut module: Vec<_> = relative.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        if module.len() > 1 && module.last().unwrap() == "mod" {
            module.pop();
        }
        let text = fs::read_to_string(&path).unwrap();
        Self::new(path, module, &text)
    }

    pub fn new(path: PathBuf, module: ModulePath, text: &str) -> Self {
        let text = without_unit_tests(text);
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        Self { path, module, code }
    }

    /// The module that holds the file's items. `lib.rs` is the root of the crate.
    pub fn home(&self) -> &[String] {
        if self.module == ["lib"] { &[] } else { &self.module }
    }

    /// The paths that the file imports or names, from the root of the crate: `crate::…` and `super::…`, with groups
    /// expanded.
    pub fn paths(&self) -> BTreeSet<ModulePath> {
        let mut found = BTreeSet::new();
        for at in starts(&self.code, "crate::") {
            expand(&self.code[at + "crate::".len()..], &[], &mut found);
        }
        for at in starts(&self.code, "super::") {
            if let Some((base, rest)) = self.absolute(&self.code[at..]) {
                expand(rest, &base, &mut found);
            }
        }
        found
    }

    /// The paths in `text`, the code of this file or a part of it, that begin with `first`: the name of a module.
    pub fn paths_from(&self, text: &str, first: &str, target: &[String]) -> BTreeSet<ModulePath> {
        let mut found = BTreeSet::new();
        let first = format!("{first}::");
        for at in starts(text, &first) {
            expand(&text[at + first.len()..], target, &mut found);
        }
        found
    }

    /// The submodules in separate files.
    pub fn submodules(&self) -> Vec<String> {
        self.code.lines().filter_map(declared_module).map(str::to_owned).collect()
    }

    /// The names that `use` statements bind to items of this crate.
    pub fn bindings(&self) -> Vec<Binding> {
        let submodules = self.submodules();
        let mut bindings = Vec::new();
        for (statement, is_public) in self.use_statements() {
            let first = statement.split("::").next().unwrap_or(statement);
            let (base, rest) = match first {
                "crate" => (Vec::new(), &statement["crate::".len()..]),
                "super" | "self" => match self.absolute(statement) {
                    Some(found) => found,
                    None => continue,
                },
                first if submodules.iter().any(|name| name == first) => (self.home().to_vec(), statement),
                _ => continue,
            };
            let mut leaves = Vec::new();
            expand_leaves(rest, &base, &mut leaves);
            bindings.extend(leaves.into_iter().map(|(target, name)| Binding { name, target, is_public }));
        }
        bindings
    }

    /// The code without its `use` statements and its declarations of submodules.
    pub fn code_without_imports(&self) -> String {
        let mut code = self.code.clone();
        for (statement, _) in self.use_statements() {
            code = code.replacen(statement, "", 1);
        }
        code.lines().filter(|line| declared_module(line).is_none()).collect::<Vec<_>>().join("\n")
    }

    /// The trees of the `use` statements, and whether each is public.
    fn use_statements(&self) -> Vec<(&str, bool)> {
        let mut found = Vec::new();
        for at in starts(&self.code, "use ") {
            let line_start = self.code[..at].rfind('\n').map_or(0, |end| end + 1);
            let before = self.code[line_start..at].trim();
            if !before.is_empty() && !before.starts_with("pub") {
                continue;
            }
            let tree = &self.code[at + "use ".len()..];
            found.push((&tree[..tree.find(';').unwrap_or(tree.len())], before.starts_with("pub")));
        }
        found
    }

    /// Removes `super::` and `self::` from the beginning of `text`. Returns the module that they name and the rest.
    fn absolute<'a>(&self, text: &'a str) -> Option<(ModulePath, &'a str)> {
        let mut base = self.home().to_vec();
        let mut rest = text.strip_prefix("self::").unwrap_or(text);
        while let Some(after) = rest.strip_prefix("super::") {
            base.pop()?;
            rest = after;
        }
        Some((base, rest))
    }
}

/// The text before the module of unit tests.
fn without_unit_tests(text: &str) -> &str {
    let is_tests = |at: &usize| text[*at..].split_once("]\nmod ").is_some_and(|(cfg, _)| !cfg.contains('\n'));
    let starts = ["#[cfg(test)]", "#[cfg(all(test, "].iter().flat_map(|start| text.match_indices(start));
    starts.map(|(at, _)| at).filter(is_tests).min().map_or(text, |at| &text[..at])
}

/// The name in `mod name;`.
fn declared_module(line: &str) -> Option<&str> {
    let (before, name) = line.strip_suffix(';')?.rsplit_once("mod ")?;
    (before.is_empty() || before.starts_with("pub")).then_some(name)
}

/// The positions in `code` of paths or words that begin with `word`.
fn starts<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_inside = |before: &str| {
        before.ends_with("::") || before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.'))
    };
    code.match_indices(word).map(|(at, _)| at).filter(move |at| !is_inside(&code[..*at]))
}

/// Whether `code` contains `word` as a whole word.
pub fn has_word(code: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word)
        .any(|(at, _)| !code[..at].ends_with(is_part) && !code[at + word.len()..].starts_with(is_part))
}

/// Adds the paths that `text` begins with, below `base`: `a::{b, c::d}` is `a::b` and `a::c::d`.
pub fn expand(text: &str, base: &[String], found: &mut BTreeSet<ModulePath>) {
    let mut leaves = Vec::new();
    expand_leaves(text, base, &mut leaves);
    found.extend(leaves.into_iter().map(|(path, _)| path));
}

/// Same as [`expand`], with the name that an import gives to each path.
fn expand_leaves(text: &str, base: &[String], found: &mut Vec<(ModulePath, String)>) {
    let text = text.trim_start();
    if let Some(group) = text.strip_prefix('{') {
        let mut depth = 0_usize;
        let mut start = 0;
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => {
                    expand_leaves(&group[start..at], base, found);
                    return;
                }
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    expand_leaves(&group[start..at], base, found);
                    start = at + 1;
                }
                _ => {}
            }
        }
        return;
    }
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    if word.is_empty() {
        return;
    }
    let mut path = base.to_vec();
    if word != "self" {
        path.push(word.to_owned());
    }
    match rest.strip_prefix("::") {
        Some(rest) if rest.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '{') => {
            expand_leaves(rest, &path, found)
        }
        _ => {
            let alias = rest.trim_start().strip_prefix("as ").map(|name| name.trim().to_owned());
            let name = alias.or_else(|| path.last().cloned()).unwrap_or_default();
            found.push((path, name));
        }
    }
}

pub fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every file of `src/`, without unit tests.
pub fn files() -> Vec<File> {
    fn collect(folder: &Path, found: &mut Vec<File>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            // Unit tests in separate files or folders, and tests of committed files.
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
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

#[test]
fn grouped_imports_are_taken_apart() {
    let mut found = BTreeSet::new();
    expand("{conf, db::{self, Database}, http::cors as c}", &[], &mut found);
    let found: Vec<_> = found.iter().map(|path| path.join("::")).collect();
    assert_eq!(found, ["conf", "db", "db::Database", "http::cors"]);
}
