//! `.env.example` and the tables of `docs/SETTINGS.md` are generated from the declarations of the settings.
//!
//! `UPDATE_SETTINGS_FILES=1 cargo test --lib diffsettings` writes both.

use std::fmt::Write;
use std::path::Path;

use crate::Settings;
use crate::conf::{Environment, Setting, unsupported};
use crate::management::adopt::env_file::quoted;

const HEAD: &str = "\
# Every setting with its default. Copy this file to .env and remove the # in front of the lines that you change. The
# environment has precedence over .env. docs/SETTINGS.md explains how values are written and says more about each.
";

fn all() -> Vec<Setting> {
    Settings::declared()
}

/// The settings of each section, in the order in which the sections appear first.
fn sections() -> Vec<(&'static str, Vec<Setting>)> {
    let mut sections: Vec<(&str, Vec<Setting>)> = Vec::new();
    for setting in all() {
        match sections.iter_mut().find(|(section, _)| *section == setting.section) {
            Some((_, settings)) => settings.push(setting),
            None => sections.push((setting.section, vec![setting])),
        }
    }
    sections
}

/// The paragraphs of a comment, each on one line.
fn paragraphs(setting: &Setting) -> Vec<String> {
    let lines: Vec<_> = setting.help.lines().map(str::trim).collect();
    lines.split(|line| line.is_empty()).map(|lines| lines.join(" ")).filter(|text| !text.is_empty()).collect()
}

fn env_example() -> String {
    let mut file = HEAD.to_owned();
    for (section, settings) in sections() {
        write!(file, "\n# {section} {}\n", "-".repeat(116 - section.len())).unwrap();
        for setting in settings {
            let mut paragraphs = paragraphs(&setting);
            let summary = paragraphs.remove(0).replace("**", "");
            writeln!(file, "\n# {summary}").unwrap();
            for danger in paragraphs.iter().flat_map(|paragraph| dangers(paragraph)) {
                writeln!(file, "# {danger}").unwrap();
            }
            writeln!(file, "#{}={}", setting.key, quoted(setting.default)).unwrap();
        }
    }
    file
}

/// The sentences of `paragraph` that have words in bold, each as lines of a comment.
fn dangers(paragraph: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut is_bold = false;
    // The full stop may be inside of the bold words.
    for sentence in paragraph.replace(".** ", "**. ").split_inclusive(". ").map(str::trim) {
        let has_bold = is_bold || sentence.contains("**");
        is_bold ^= sentence.matches("**").count() % 2 == 1;
        if has_bold {
            lines.extend(wrapped(&sentence.replace("**", "")));
        }
    }
    lines
}

/// `text` in lines of at most 116 characters.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().unwrap();
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + word.chars().count() < 116 {
            write!(line, " {word}").unwrap();
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// The table of Django's settings that are not settings here.
fn no_counterpart() -> String {
    let mut table = "| setting | here |\n|---|---|\n".to_owned();
    for (names, text) in unsupported::rows() {
        let shown = |name: &&str| match name.strip_suffix('_') {
            Some(prefix) => format!("`{prefix}_…`"),
            None => format!("`{name}`"),
        };
        writeln!(table, "| {} | {text} |", names.iter().map(shown).collect::<Vec<_>>().join(", ")).unwrap();
    }
    table
}

fn table(settings: &[Setting]) -> String {
    let mut table = "| key | default | meaning |\n|---|---|---|\n".to_owned();
    for setting in settings {
        let default = if setting.default.is_empty() { "–".to_owned() } else { format!("`{}`", setting.default) };
        let help = paragraphs(setting).join(" ").replace('|', "\\|");
        writeln!(table, "| `{}` | {default} | {help} |", setting.key).unwrap();
    }
    table
}

/// `page` with the tables between its markers replaced.
fn settings_page(page: &str) -> String {
    let tables = sections().into_iter().map(|(section, settings)| (format!("settings: {section}"), table(&settings)));
    let mut page = page.to_owned();
    for (name, table) in tables.chain([("no counterpart".to_owned(), no_counterpart())]) {
        let marker = format!("<!-- {name} -->\n\n");
        let (before, rest) = page.split_once(&marker).unwrap_or_else(|| panic!("docs/SETTINGS.md has no {marker}"));
        let (_, after) = rest.split_once("\n<!-- end -->").unwrap_or_else(|| panic!("{marker} has no end"));
        page = format!("{before}{marker}{table}\n<!-- end -->{after}");
    }
    page
}

fn compare(name: &str, expected: impl Fn(&str) -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let committed = std::fs::read_to_string(&path).unwrap();
    let expected = expected(&committed);
    if std::env::var_os("UPDATE_SETTINGS_FILES").is_some() {
        std::fs::write(&path, expected).unwrap();
    } else if let Some((line, _)) = expected.lines().zip(committed.lines().chain([""])).find(|(a, b)| a != b) {
        panic!(
            "{name} differs from the declarations of the settings, first at:\n{line}\n\
             CheckScope UPDATE_SETTINGS_FILES=1 cargo test --lib diffsettings"
        );
    } else {
        assert_eq!(committed, expected, "{name}");
    }
}

#[test]
fn the_example_file_is_up_to_date() {
    compare(".env.example", |_| env_example());
}

#[test]
fn the_lines_of_the_example_file_are_the_defaults() {
    let file = env_example();
    let lines = file.lines().filter_map(|line| line.strip_prefix('#').filter(|line| !line.starts_with(' ')));
    let lines = lines.collect::<Vec<_>>().join("\n");
    let env = Environment::parse(&lines, &Environment::default()).unwrap();
    for setting in all() {
        assert_eq!(env.get(setting.key), Some(setting.default), "{}", setting.key);
    }
}

#[test]
fn the_settings_page_is_up_to_date() {
    compare("docs/SETTINGS.md", settings_page);
}

#[test]
fn the_summary_of_each_setting_is_one_line() {
    for setting in all() {
        let summary = paragraphs(&setting).swap_remove(0);
        assert!(summary.chars().count() <= 116, "{}: {summary}", setting.key);
    }
}

#[test]
fn each_key_is_declared_once() {
    let mut keys: Vec<_> = all().iter().map(|setting| setting.key).collect();
    let count = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), count);
}

#[test]
fn each_key_is_read() {
    let default = format!("{:?}", Settings::default());
    // `Debug` hides this one.
    for setting in all().iter().filter(|setting| setting.key != "SECRET_KEY") {
        // One of these is another valid value, or an invalid one.
        let mut values = ["true", "false", "0", "7", "x", "none", "AllowAllUsersModelBackend", "DENY,x"].iter();
        let is_read = |value: &str| {
            let settings = Settings::from_env(&Environment::default().with(setting.key, value));
            settings.map_or_else(|error| error.key() == setting.key, |settings| format!("{settings:?}") != default)
        };
        assert!(values.any(|value| is_read(value)), "{} is not read", setting.key);
    }
}
