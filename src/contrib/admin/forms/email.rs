//! E-mail addresses. Python counterpart: `django.core.validators.EmailValidator`.

use std::net::IpAddr;

/// The largest length of an address, in characters.
const MAX_LENGTH: usize = 320;

/// Whether Django accepts `text` as an e-mail address.
#[must_use]
pub fn is_email(text: &str) -> bool {
    if text.chars().count() > MAX_LENGTH {
        return false;
    }
    let Some((user, domain)) = text.rsplit_once('@') else { return false };
    (is_dot_atom(user) || is_quoted(user))
        && (domain.eq_ignore_ascii_case("localhost") || is_domain(domain) || is_literal(domain))
}

fn is_dot_atom(user: &str) -> bool {
    let is_atom_char = |c: char| c.is_ascii_alphanumeric() || "-!#$%&'*+/=?^_`{}|~".contains(c);
    user.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom_char))
}

/// A quoted name. Some characters need a backslash.
fn is_quoted(user: &str) -> bool {
    let Some(inner) = user.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return false };
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        let is_fine = match c {
            '\\' => {
                chars.next().is_some_and(|c| matches!(c, '\u{1}'..='\u{9}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{7f}'))
            }
            c => {
                matches!(c, '\u{1}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '!' | '#'..='[' | ']'..='\u{7f}')
            }
        };
        if !is_fine {
            return false;
        }
    }
    true
}

/// Labels of letters and digits of any script. The last one has at least two characters and no digits, or begins with `xn--`.
fn is_domain(domain: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || ('\u{a1}'..='\u{ffff}').contains(&c);
    let Some((labels, top)) = domain.rsplit_once('.') else { return false };
    let is_label = |label: &str, (least, most): (usize, usize)| {
        let length = label.chars().count();
        (least..=most).contains(&length)
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| is_letter(c) || c == '-')
    };
    let is_encoded = |top: &str| {
        let name = top.get(..4).filter(|prefix| prefix.eq_ignore_ascii_case("xn--")).and(top.get(4..));
        name.is_some_and(|name| (1..=59).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric()))
    };
    let is_top = (is_label(top, (2, 63)) && !top.bytes().any(|b| b.is_ascii_digit())) || is_encoded(top);
    labels.split('.').all(|label| is_label(label, (1, 63))) && is_top
}

/// An IP address in brackets.
fn is_literal(domain: &str) -> bool {
    let address = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    address.is_some_and(|address| address.parse::<IpAddr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_django() {
        for email in [
            "a@b.co",
            "a.b+c@localhost",
            "x@sub.example.org",
            "\"quoted\\ name\"@example.org",
            "a@[127.0.0.1]",
            "a@[::1]",
            "a@müller.de",
            "a@xn--mller-kva.de",
            "a@b.xn--p1ai",
            "a@b1.XN--90a3ac",
        ] {
            assert!(is_email(email), "{email}");
        }
        let long = format!("{}@example.org", "e".repeat(400));
        for email in [
            "",
            "a",
            "a@",
            "@b.co",
            "a@b",
            "a b@c.org",
            "a@-b.org",
            "a..b@c.org",
            "a@b..org",
            "a@b.c",
            "a@b.c1",
            "a@b.xn--",
            "a@b.xn--a-1",
            "a@b.org\n",
            "\"a\"b\"@c.org",
            "a@[1]",
            "a\0@b.co",
            long.as_str(),
        ] {
            assert!(!is_email(email), "{email:?}");
        }
    }
}
