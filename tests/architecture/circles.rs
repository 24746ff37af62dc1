//! No two files may depend on each other, directly or through other files.
//!
//! A file needs the file that *defines* what it names. A re-exported name is followed to its definition,
//! so a `mod.rs` that only declares and re-exports is not part of a circle. A re-export that the same file also uses counts.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::source::{Binding, File, ModulePath, has_word};

struct Crate<'a> {
    files: &'a [File],
    bindings: Vec<Vec<Binding>>,
    /// The index of each module's file.
    modules: BTreeMap<&'a [String], usize>,
}

impl<'a> Crate<'a> {
    fn new(files: &'a [File]) -> Self {
        let bindings = files.iter().map(File::bindings).collect();
        let modules = files.iter().enumerate().map(|(index, file)| (file.home(), index)).collect();
        Self { files, bindings, modules }
    }

    /// The file that defines what `path` names. `None` if it is a module, or not of this crate.
    fn definition(&self, path: &[String], steps: usize) -> Option<usize> {
        assert!(steps < 20, "{} has no definition", path.join("::"));
        let length = (0..=path.len()).rev().find(|length| self.modules.contains_key(&path[..*length]))?;
        let file = self.modules[&path[..length]];
        let item = path.get(length)?;
        match self.bindings[file].iter().find(|binding| binding.name == *item) {
            Some(binding) => {
                let target: ModulePath = binding.target.iter().chain(&path[length + 1..]).cloned().collect();
                self.definition(&target, steps + 1)
            }
            None => Some(file),
        }
    }

    /// The files that file `index` needs.
    fn needs(&self, index: usize) -> BTreeSet<usize> {
        let file = &self.files[index];
        let code = file.code_without_imports();
        let mut paths = BTreeSet::new();
        for binding in &self.bindings[index] {
            if !binding.is_public || has_word(&code, &binding.name) {
                paths.insert(binding.target.clone());
            }
            // The binding may be a module: `db::Database` after `use crate::db`.
            paths.extend(file.paths_from(&code, &binding.name, &binding.target));
        }
        for name in file.submodules() {
            let submodule: ModulePath = file.home().iter().chain([&name]).cloned().collect();
            paths.extend(file.paths_from(&code, &name, &submodule));
        }
        let rest = File { path: file.path.clone(), module: file.module.clone(), code };
        paths.extend(rest.paths());
        paths.iter().filter_map(|path| self.definition(path, 0)).filter(|other| *other != index).collect()
    }

    /// The shortest circle through each file that is in one. Each circle is listed once.
    fn circles(&self) -> Vec<String> {
        let needs: Vec<_> = (0..self.files.len()).map(|index| self.needs(index)).collect();
        let mut seen = BTreeSet::new();
        let mut circles = Vec::new();
        for start in 0..needs.len() {
            let Some(circle) = shortest_circle(&needs, start) else { continue };
            if seen.insert(circle.iter().copied().collect::<BTreeSet<_>>()) {
                let names = circle.iter().chain([&start]).map(|index| self.files[*index].module.join("::"));
                circles.push(names.collect::<Vec<_>>().join(" → "));
            }
        }
        circles
    }
}

fn shortest_circle(needs: &[BTreeSet<usize>], start: usize) -> Option<Vec<usize>> {
    let mut came_from = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(file) = queue.pop_front() {
        for next in &needs[file] {
            if *next == start {
                let mut circle = vec![file];
                while let Some(previous) = came_from.get(circle.last().unwrap()) {
                    circle.push(*previous);
                }
                circle.reverse();
                return Some(circle);
            }
            if !came_from.contains_key(next) {
                came_from.insert(*next, file);
                queue.push_back(*next);
            }
        }
    }
    None
}

pub fn circles(files: &[File]) -> Vec<String> {
    Crate::new(files).circles()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circles_of(files: &[(&str, &str)]) -> Vec<String> {
        let file = |(module, text): &(&str, &str)| {
            File::new((*module).into(), module.split("::").map(str::to_owned).collect(), text)
        };
        circles(&files.iter().map(file).collect::<Vec<_>>())
    }

    const LIB: (&str, &str) = ("lib", "pub mod a;\npub mod b;");

    #[test]
    fn two_files_that_depend_on_each_other_are_found() {
        let files =
            [LIB, ("a", "use crate::{b::B, c};\npub struct A;"), ("b", "fn f(a: &super::a::A) {}\npub struct B;")];
        assert_eq!(circles_of(&files), ["a → b → a"]);
        let files = [LIB, ("a", "use crate::b;\npub struct A(b::B);"), ("b", "use crate::a::A;\npub struct B;")];
        assert_eq!(circles_of(&files), ["a → b → a"]);
    }

    #[test]
    fn a_re_export_is_followed_and_is_not_counted_itself() {
        let re_exporting = "mod x;\nmod y;\npub use self::x::X;\npub use y::Y as Z;";
        let files = [LIB, ("a", re_exporting), ("a::x", "pub struct X;"), ("a::y", "use super::X;\npub struct Y(X);")];
        assert!(circles_of(&files).is_empty());
        let files = [LIB, ("a", re_exporting), ("a::x", "use super::Z;\npub struct X;"), ("a::y", "use crate::a::X;")];
        assert_eq!(circles_of(&files), ["a::x → a::y → a::x"]);
    }

    #[test]
    fn a_folder_that_uses_its_re_exports_is_counted() {
        let files =
            [LIB, ("a", "mod x;\npub use self::x::X;\npub struct A(X);"), ("a::x", "use super::A;\npub struct X;")];
        assert_eq!(circles_of(&files), ["a → a::x → a"]);
        let files = [LIB, ("a", "mod x;\npub struct A;\nfn f() -> A { x::make() }"), ("a::x", "use super::A;")];
        assert_eq!(circles_of(&files), ["a → a::x → a"]);
    }
}
