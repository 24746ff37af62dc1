//! Lists of classes. The project's own classes do not exist here until they are added in Rust.

use super::converter::Converter;
use super::tables::{CLASS_LISTS, ClassList};
use crate::conf::values::class_name;
use crate::management::adopt::report::Finding;

/// Removes from each list the classes that do not exist here.
pub(super) fn convert(converter: &mut Converter<'_>) {
    for list in CLASS_LISTS {
        let Some(text) = converter.env.get(list.key).map(str::to_owned) else { continue };
        let names: Vec<&str> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        let (there, missing): (Vec<_>, Vec<_>) =
            names.iter().copied().partition(|name| converter.refusal(list.key, name).is_none());
        for name in &missing {
            report(converter, list, name);
        }
        if missing.is_empty() {
            let short: Vec<_> = there.iter().map(|name| class_name(name)).collect();
            converter.set(list.key, short.join(","));
        } else if list.is_vital {
            // The finding above stops everything; a shorter list would allow more.
        } else if there.is_empty() && converter.refusal(list.key, "").is_some() {
            converter.env.remove(list.key);
        } else {
            let short: Vec<_> = there.iter().map(|name| class_name(name)).collect();
            converter.set(list.key, short.join(","));
        }
    }
}

fn report(converter: &mut Converter<'_>, list: &ClassList, name: &str) {
    let class = class_name(name);
    let bases = converter.export.backend_bases(name);
    let derived = bases.first().map_or(String::new(), |base| format!(", derived from {}", class_name(base)));
    let what = format!("{} names {name}{derived}, which does not exist here.", list.key);
    let finding = match (list.is_vital, list.line.is_empty()) {
        (true, _) => Finding::blocking(what),
        (false, false) => Finding::code(what),
        (false, true) => Finding::noticed(what),
    };
    let finding = finding.clients(list.clients).remedy(list.remedy);
    let finding = if list.line.is_empty() { finding } else { finding.lines([list.line.replace("{class}", class)]) };
    converter.report.add(finding);
}
