//! User names and e-mail addresses. Python counterpart: `django.contrib.auth.validators`, and the `normalize_…` methods
//! of `django.contrib.auth.base_user`.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A user name that is empty or has a character other than letters, digits and `@ . + - _`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters.")]
pub struct InvalidUsername;

impl InvalidUsername {
    /// Code of the error in Django.
    pub const CODE: &str = "invalid";
}

/// Django's `UnicodeUsernameValidator`. It does not check the length.
///
/// # Errors
/// Returns an error when Django would refuse the name.
pub fn validate_username(username: &str) -> Result<(), InvalidUsername> {
    let is_valid = !username.is_empty() && username.chars().all(|c| is_word(c) || "@.+-".contains(c));
    if is_valid { Ok(()) } else { Err(InvalidUsername) }
}

/// The same text for all names that look the same (NFKC), as Django's `normalize_username`.
#[must_use]
pub fn normalize_username(username: &str) -> String {
    username.nfkc().collect()
}

/// An address with the part behind its last `@` in lower case, as Django's `normalize_email`.
///
/// Without an `@` it is returned unchanged, including white space, as in Django.
#[must_use]
pub fn normalize_email(email: &str) -> String {
    match strip(email).rsplit_once('@') {
        Some((name, domain)) => format!("{name}@{}", domain.to_lowercase()),
        None => email.to_owned(),
    }
}

/// Python's `\w`: `_` and what `str.isalnum` accepts, that is letters and numbers of all scripts.
///
/// Rust's `is_alphanumeric` also accepts what Unicode calls *Other_Alphabetic*: vowel signs and other marks that
/// are on a letter, and letters in circles and squares.
pub(super) fn is_word(c: char) -> bool {
    let is_enclosed = matches!(c, '\u{24b6}'..='\u{24e9}' | '\u{1f130}'..='\u{1f189}');
    c == '_' || (c.is_alphanumeric() && !is_combining_mark(c) && !is_enclosed)
}

/// Python's `str.strip`, which counts the separators `\x1c` to `\x1f` as white space.
pub(super) fn strip(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || ('\x1c'..='\x1f').contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_letters_numbers_and_a_few_signs_are_valid() {
        for name in ["joe", "René", "ᴮᴵᴳᴮᴵᴿᴰ", "أحمد", "小明", "a.b+c-d_e@f", "1", "½", "Ⅷ"] {
            assert_eq!(validate_username(name), Ok(()), "{name}");
        }
        for name in ["", "o'connell", "a b", "joe\n", "zero\u{200b}width", "कि", "Ⓐ", "a/b", "\0"] {
            assert_eq!(validate_username(name), Err(InvalidUsername), "{name:?}");
        }
    }

    #[test]
    fn names_that_look_the_same_become_the_same() {
        assert_eq!(normalize_username("iamtheΩ"), normalize_username("iamtheΩ"));
        assert_eq!(normalize_username("ﬁﬂ①"), "fifl1");
    }

    #[test]
    fn only_the_domain_of_an_address_is_changed_to_lower_case() {
        for (address, expected) in [
            ("Normal@DOMAIN.COM", "Normal@domain.com"),
            ("a@B@C.D", "a@B@c.d"),
            (" a@B.C\x1f\n", "a@b.c"),
            (" No At ", " No At "),
            ("@D", "@d"),
            ("", ""),
        ] {
            assert_eq!(normalize_email(address), expected, "{address:?}");
        }
    }
}
