//! Settings of Django, DRF, simplejwt and related packages that are not settings here, and the messages about them.

/// Each line has a package, a reason and names. If the first word is `use` instead of a package, the server does not start with
/// these names, and the second part says what to use instead. A name that ends with `_` matches all names that begin with it.
const TABLE: &str = include_str!("unsupported.txt");

/// The first word of a line with names that have a replacement here.
const USE: &str = "use";

/// The message about `name` if the table has it.
pub(super) fn explanation(name: &str) -> Option<String> {
    let (package, reason) = find(name)?;
    Some(match package {
        USE => format!("is not a setting; use {reason} instead"),
        _ => format!("is a setting of {package} that does not apply here: {reason}"),
    })
}

/// Whether `name` has a replacement here.
pub(super) fn is_replaced(name: &str) -> bool {
    find(name).is_some_and(|(package, _)| package == USE)
}

/// The rows of the table in `docs/SETTINGS.md`: the names, and what to use or why they have no effect.
#[cfg(all(test, feature = "server"))]
pub(crate) fn rows() -> Vec<(Vec<&'static str>, String)> {
    let mut rows: Vec<(Vec<_>, String)> = Vec::new();
    for line in TABLE.lines() {
        let [package, reason, names] = line.splitn(3, " | ").collect::<Vec<_>>()[..] else { continue };
        let text = if package == USE { format!("use {reason}") } else { reason.to_owned() };
        match rows.iter_mut().find(|(_, known)| *known == text) {
            Some((known, _)) => known.extend(names.split(' ')),
            None => rows.push((names.split(' ').collect(), text)),
        }
    }
    rows
}

fn find(name: &str) -> Option<(&'static str, &'static str)> {
    let is_meant = |known: &str| name == known || (known.ends_with('_') && name.starts_with(known));
    let mut lines = TABLE.lines().map(|line| line.splitn(3, " | ").collect::<Vec<_>>());
    lines.find_map(|line| match line[..] {
        [package, reason, names] if names.split(' ').any(is_meant) => Some((package, reason)),
        _ => None,
    })
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::Settings;

    #[test]
    fn a_setting_of_this_server_is_not_in_the_list() {
        for setting in Settings::declared() {
            assert_eq!(explanation(setting.key), None, "{}", setting.key);
        }
    }

    #[test]
    fn each_line_has_three_parts() {
        for line in TABLE.lines() {
            assert_eq!(line.matches(" | ").count(), 2, "{line}");
        }
    }

    #[test]
    fn a_setting_of_a_package_is_recognised() {
        for (name, expected) in [
            ("EMAIL_HOST", "is a setting of Django that does not apply here: the server sends no e-mail"),
            ("SESSION_SERIALIZER", "is not a setting; use JSON, which Django uses by default instead"),
            ("DATABASES", "is a setting of Django that does not apply here: use DATABASE_URL"),
            (
                "REST_FRAMEWORK_PAGE_SIZE",
                "is a setting of Django REST Framework that does not apply here: there are no list views",
            ),
        ] {
            assert_eq!(explanation(name).as_deref(), Some(expected));
        }
    }
}
