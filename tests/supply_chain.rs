//! Reads `Cargo.lock` and fails if a dependency is older than the version that fixes a known vulnerability. `deny.toml`
//! checks all advisories if their database can be reached. This list has the vulnerabilities that concern tokens,
//! requests and rows. Some of them are not in that database.

use std::fs;
use std::path::Path;

/// A package, the first good version, and why.
const FLOORS: &[(&str, [u64; 3], &str)] = &[
    ("actix-http", [3, 12, 1], "CVE-2026-73051: request smuggling"),
    ("bcrypt", [0, 19, 2], "RUSTSEC-2026-0199: a malformed hash is a panic"),
    ("diesel", [2, 3, 10], "advisories on what is older"),
    ("h2", [0, 4, 16], "advisories on what is older"),
    ("jsonwebtoken", [10, 3, 0], "CVE-2026-25537: an `exp` of the wrong type counts as absent"),
    ("ring", [0, 17, 12], "RUSTSEC-2025-0009: a panic"),
    ("time", [0, 3, 47], "RUSTSEC-2026-0009: dates that use up the stack"),
];

/// These packages must exist. Otherwise a package in the list above may have been renamed.
const PRESENT: &[&str] = &["actix-http", "bcrypt", "diesel", "jsonwebtoken"];

/// Packages that must not be used, and why.
const BANNED: &[(&str, &str)] =
    &[("rsa", "RUSTSEC-2023-0071: its RSA leaks the key through time"), ("actix-governor", "GPL")];

/// Name and version of every package in the text of a `Cargo.lock`.
fn packages(lock: &str) -> Vec<(&str, [u64; 3])> {
    fn quoted<'a>(block: &'a str, key: &str) -> &'a str {
        let line =
            block.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_else(|| panic!("no {key} in {block}"));
        line.trim_matches('"')
    }
    lock.split("[[package]]")
        .skip(1)
        .map(|block| (quoted(block, "name = "), numbers(quoted(block, "version = "))))
        .collect()
}

/// `1.2.3`, without a suffix after `-` or `+`.
fn numbers(version: &str) -> [u64; 3] {
    let plain = version.split(['-', '+']).next().unwrap();
    let parts: Vec<u64> = plain.split('.').map(|part| part.parse().unwrap()).collect();
    parts.try_into().unwrap()
}

/// The problems of a `Cargo.lock`.
fn problems(lock: &str) -> Vec<String> {
    let packages = packages(lock);
    let has = |name: &str| packages.iter().any(|(known, _)| *known == name);
    let mut problems = Vec::new();
    for (name, version) in &packages {
        for (_, floor, why) in FLOORS.iter().filter(|(known, floor, _)| known == name && version < floor) {
            problems.push(format!("{name} {version:?} is older than {floor:?}: {why}"));
        }
        for (_, why) in BANNED.iter().filter(|(known, _)| known == name) {
            problems.push(format!("{name} must not be there: {why}"));
        }
    }
    problems.extend(PRESENT.iter().filter(|name| !has(name)).map(|name| format!("{name} is gone: correct this list")));
    problems
}

#[test]
fn no_dependency_has_a_known_vulnerability() {
    let lock = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock")).unwrap();
    assert_eq!(problems(&lock), [""; 0]);
}

#[test]
fn an_old_and_a_banned_package_are_reported() {
    let package =
        |(name, version): (&str, &str)| format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\n");
    let good = [("actix-http", "3.12.1"), ("bcrypt", "0.19.2"), ("diesel", "2.3.10"), ("jsonwebtoken", "10.3.0")];
    let lock = |more: &[(&str, &str)]| good.iter().chain(more).copied().map(package).collect::<String>();
    assert_eq!(problems(&lock(&[("h2", "0.4.16"), ("ring", "0.17.14+a.1"), ("time", "1.0.0")])), [""; 0]);
    assert_eq!(
        problems(&lock(&[("h2", "0.4.9"), ("rsa", "0.9.8")])),
        [
            "h2 [0, 4, 9] is older than [0, 4, 16]: advisories on what is older",
            "rsa must not be there: RUSTSEC-2023-0071: its RSA leaks the key through time",
        ]
    );
    assert_eq!(problems("")[0], "actix-http is gone: correct this list");
}
