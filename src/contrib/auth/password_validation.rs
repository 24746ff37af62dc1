//! Checks of new passwords. Python counterpart: `django.contrib.auth.password_validation`.
//!
//! `common_passwords.txt` holds the 19,640 entries of Django's `common-passwords.txt.gz`, sorted; Royce Williams
//! collected them. Django is Copyright (c) Django Software Foundation and individual contributors, BSD-3-Clause.

use std::collections::HashMap;

use super::validators::{is_word, strip};

const COMMON_PASSWORDS: &str = include_str!("common_passwords.txt");

/// A problem of a new password. Its text is Django's message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Similar to an attribute of the user.
    #[error("The password is too similar to the {verbose_name}.")]
    TooSimilar {
        /// The name of the field, for example `email address`.
        verbose_name: &'static str,
    },
    /// The password has too few characters.
    #[error("This password is too short. It must contain at least {min_length} character{}.", plural(*min_length))]
    TooShort {
        /// In Unicode code points.
        min_length: usize,
    },
    /// It is in the list of common passwords.
    #[error("This password is too common.")]
    TooCommon,
    /// The password has only digits.
    #[error("This password is entirely numeric.")]
    EntirelyNumeric,
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

impl WeakPassword {
    /// Django's code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooSimilar { .. } => "password_too_similar",
            Self::TooShort { .. } => "password_too_short",
            Self::TooCommon => "password_too_common",
            Self::EntirelyNumeric => "password_entirely_numeric",
        }
    }
}

/// The attributes that a password must not resemble. Unknown attributes are empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserAttributes<'a> {
    /// `User.username`.
    pub username: &'a str,
    /// `User.first_name`.
    pub first_name: &'a str,
    /// `User.last_name`.
    pub last_name: &'a str,
    /// `User.email`.
    pub email: &'a str,
}

/// One entry of `AUTH_PASSWORD_VALIDATORS`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PasswordValidator {
    /// `UserAttributeSimilarityValidator`.
    UserAttributeSimilarity {
        /// Passwords with this similarity or more are refused: 0 means no common character, 1 means all. Django takes 0.1 or
        /// more.
        max_similarity: f64,
    },
    /// `MinimumLengthValidator`.
    MinimumLength {
        /// In Unicode code points.
        min_length: usize,
    },
    /// `CommonPasswordValidator`.
    CommonPassword,
    /// `NumericPasswordValidator`.
    NumericPassword,
}

/// The validators of a project made by `django-admin startproject`.
pub const DEFAULT_PASSWORD_VALIDATORS: [PasswordValidator; 4] = [
    PasswordValidator::UserAttributeSimilarity { max_similarity: 0.7 },
    PasswordValidator::MinimumLength { min_length: 8 },
    PasswordValidator::CommonPassword,
    PasswordValidator::NumericPassword,
];

fn expected() -> String {
    "a list of UserAttributeSimilarityValidator (max_similarity from 0.1 to 1), MinimumLengthValidator (min_length from 1), \
     CommonPasswordValidator and NumericPasswordValidator, with options as in MinimumLengthValidator:min_length=12, or none"
        .to_owned()
}

/// Asks every validator, in their order.
///
/// # Errors
/// Returns the messages of all validators that refuse the password.
pub fn validate_password(
    password: &str,
    user: &UserAttributes<'_>,
    validators: &[PasswordValidator],
) -> Result<(), Vec<WeakPassword>> {
    let problems: Vec<_> = validators.iter().filter_map(|validator| validator.problem(password, user)).collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// The rules for new passwords, one sentence for each validator: `password_validators_help_texts`.
#[must_use]
pub fn password_validators_help_texts(validators: &[PasswordValidator]) -> Vec<String> {
    validators.iter().map(|validator| validator.get_help_text()).collect()
}

impl PasswordValidator {
    /// The validator that an entry of `AUTH_PASSWORD_VALIDATORS` names: the class, and behind a colon its options with semicolons
    /// between them.
    pub(super) fn parse(entry: &str) -> Result<Self, String> {
        let (name, options) = entry.split_once(':').unwrap_or((entry, ""));
        let options = options.split(';').map(str::trim).filter(|option| !option.is_empty());
        let options: Vec<(&str, &str)> = options
            .map(|option| option.split_once('=').map(|(name, value)| (name.trim(), value.trim())))
            .collect::<Option<_>>()
            .ok_or_else(expected)?;
        let name = name.trim();
        match (name.strip_prefix("django.contrib.auth.password_validation.").unwrap_or(name), &options[..]) {
            ("UserAttributeSimilarityValidator", []) => Ok(Self::UserAttributeSimilarity { max_similarity: 0.7 }),
            ("UserAttributeSimilarityValidator", [("max_similarity", value)]) => {
                let value = value.parse().ok().filter(|value| (0.1..=1.0).contains(value));
                value.map(|max_similarity| Self::UserAttributeSimilarity { max_similarity }).ok_or_else(expected)
            }
            ("MinimumLengthValidator", []) => Ok(Self::MinimumLength { min_length: 8 }),
            ("MinimumLengthValidator", [("min_length", value)]) => {
                let value = value.parse().ok().filter(|value| (1..=4096).contains(value));
                value.map(|min_length| Self::MinimumLength { min_length }).ok_or_else(expected)
            }
            ("CommonPasswordValidator", []) => Ok(Self::CommonPassword),
            ("NumericPasswordValidator", []) => Ok(Self::NumericPassword),
            _ => Err(expected()),
        }
    }

    /// The rule for a new password.
    #[must_use]
    pub fn get_help_text(&self) -> String {
        match self {
            Self::UserAttributeSimilarity { .. } => {
                "Your password can’t be too similar to your other personal information.".to_owned()
            }
            Self::MinimumLength { min_length } => {
                format!("Your password must contain at least {min_length} character{}.", plural(*min_length))
            }
            Self::CommonPassword => "Your password can’t be a commonly used password.".to_owned(),
            Self::NumericPassword => "Your password can’t be entirely numeric.".to_owned(),
        }
    }

    fn problem(&self, password: &str, user: &UserAttributes<'_>) -> Option<WeakPassword> {
        let (is_weak, problem) = match *self {
            Self::UserAttributeSimilarity { max_similarity } => {
                return similar_attribute(password, user, max_similarity)
                    .map(|verbose_name| WeakPassword::TooSimilar { verbose_name });
            }
            Self::MinimumLength { min_length } => {
                (password.chars().count() < min_length, WeakPassword::TooShort { min_length })
            }
            Self::CommonPassword => (is_common(password), WeakPassword::TooCommon),
            Self::NumericPassword => {
                (!password.is_empty() && password.chars().all(is_digit), WeakPassword::EntirelyNumeric)
            }
        };
        is_weak.then_some(problem)
    }
}

/// The verbose name of the first attribute that the password resembles. The whole attribute and each of its words are
/// compared.
fn similar_attribute(password: &str, user: &UserAttributes<'_>, max_similarity: f64) -> Option<&'static str> {
    let password: Vec<char> = password.to_lowercase().chars().collect();
    let attributes = [
        ("username", user.username),
        ("first name", user.first_name),
        ("last name", user.last_name),
        ("email address", user.email),
    ];
    let is_similar = |value: &str| {
        let value = value.to_lowercase();
        let is_separator = |c| !is_word(c);
        // Python's `re.split` finds an empty word before a separator at the start and behind one at the end. It
        // resembles only an empty password.
        let at_an_end = value.starts_with(is_separator) || value.ends_with(is_separator);
        let words = value.split(is_separator).filter(|word| !word.is_empty()).chain(at_an_end.then_some(""));
        let mut parts = words.chain([value.as_str()]);
        parts.any(|part| {
            let part: Vec<char> = part.chars().collect();
            !is_much_longer(password.len(), part.len(), max_similarity)
                && quick_ratio(&password, &part) >= max_similarity
        })
    };
    attributes.into_iter().find(|(_, value)| !value.is_empty() && is_similar(value)).map(|(name, _)| name)
}

/// Whether the password is so much longer than the value that they cannot be similar: Django's
/// `exceeds_maximum_length_ratio`, which spares a long comparison.
#[expect(clippy::cast_precision_loss, reason = "lengths of texts in memory")]
fn is_much_longer(password: usize, value: usize, max_similarity: f64) -> bool {
    password >= 10 * value && (value as f64) < max_similarity / 2.0 * password as f64
}

/// The characters that two texts have in common, in any order, as a share of both: `SequenceMatcher.quick_ratio` of
/// Python's `difflib`.
#[expect(clippy::cast_precision_loss, reason = "lengths of texts in memory")]
fn quick_ratio(a: &[char], b: &[char]) -> f64 {
    if a.is_empty() && b.is_empty() {
        return 1.0;
    }
    let mut available: HashMap<char, usize> = HashMap::new();
    for c in b {
        *available.entry(*c).or_default() += 1;
    }
    let mut matches = 0_usize;
    for c in a {
        if let Some(count) = available.get_mut(c).filter(|count| **count > 0) {
            *count -= 1;
            matches += 1;
        }
    }
    2.0 * matches as f64 / (a.len() + b.len()) as f64
}

fn is_common(password: &str) -> bool {
    let password = password.to_lowercase();
    let password = strip(&password);
    COMMON_PASSWORDS.lines().any(|common| common == password)
}

/// Python's `str.isdigit`: decimal digits of all scripts, and digits in superscript, in circles and similar.
fn is_digit(c: char) -> bool {
    let c = u32::from(c);
    TEN_DIGITS.iter().any(|zero| (*zero..*zero + 10).contains(&c))
        || OTHER_DIGITS.iter().any(|(first, last)| (*first..=*last).contains(&c))
}

/// The zeros that nine more digits follow, in Unicode 14.
const TEN_DIGITS: [u32; 61] = [
    0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0x2080, 0xa620,
    0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0,
    0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60,
    0x16ac0, 0x16b50, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
];

/// First and last of the other runs.
const OTHER_DIGITS: [(u32, u32); 20] = [
    (0xb2, 0xb3),
    (0xb9, 0xb9),
    (0x1369, 0x1371),
    (0x19d0, 0x19da),
    (0x2070, 0x2070),
    (0x2074, 0x2079),
    (0x2460, 0x2468),
    (0x2474, 0x247c),
    (0x2488, 0x2490),
    (0x24ea, 0x24ea),
    (0x24f5, 0x24fd),
    (0x24ff, 0x24ff),
    (0x2776, 0x277e),
    (0x2780, 0x2788),
    (0x278a, 0x2792),
    (0x10a40, 0x10a43),
    (0x10e60, 0x10e68),
    (0x11052, 0x1105a),
    (0x1d7ce, 0x1d7ff),
    (0x1f100, 0x1f10a),
];

#[cfg(test)]
mod tests {
    use super::*;

    const JOE: UserAttributes<'_> = UserAttributes {
        username: "testclient",
        first_name: "Jöe",
        last_name: "Smith-Jones",
        email: "joe@example.com",
    };

    fn problems(password: &str) -> Vec<String> {
        let problems = validate_password(password, &JOE, &DEFAULT_PASSWORD_VALIDATORS).err().unwrap_or_default();
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_good_password_has_no_problems() {
        assert_eq!(validate_password("correct horse", &JOE, &DEFAULT_PASSWORD_VALIDATORS), Ok(()));
    }

    #[test]
    fn the_validators_give_the_messages_of_django_in_order() {
        assert_eq!(
            problems("1234567"),
            [
                "This password is too short. It must contain at least 8 characters.",
                "This password is too common.",
                "This password is entirely numeric.",
            ]
        );
        assert_eq!(WeakPassword::TooShort { min_length: 1 }.to_string().split(' ').next_back(), Some("character."));
    }

    #[test]
    fn similarity_to_the_user_is_refused_whole_or_in_words() {
        for (password, name) in [
            ("TESTCLIENT", Some("username")),
            ("tneilctset", Some("username")),
            ("testclient12345", Some("username")),
            ("smithsmith", None),
            ("jonesxyz", Some("last name")),
            ("example.", Some("email address")),
            ("testclient1234567890", None),
        ] {
            let expected = name.map(|name| format!("The password is too similar to the {name}."));
            assert_eq!(problems(password).first(), expected.as_ref(), "{password}");
        }
    }

    #[test]
    fn common_passwords_are_found_in_any_case_and_within_spaces() {
        assert_eq!(problems(" PassWord\n"), ["This password is too common."]);
        assert_eq!(
            problems("ПРИВЕТ"),
            ["This password is too short. It must contain at least 8 characters.", "This password is too common."]
        );
        assert_eq!(COMMON_PASSWORDS.lines().count(), 19_640);
    }

    #[test]
    fn digits_of_any_script_are_numeric_and_fractions_are_not() {
        assert_eq!(problems("٧٤٩٢٦١٨٣"), ["This password is entirely numeric."]);
        assert_eq!(problems("²⁴⑨⓿𝟡①②③"), ["This password is entirely numeric."]);
        assert_eq!(problems("7492618½"), [""; 0]);
        assert!(!problems("").contains(&"This password is entirely numeric.".to_owned()));
    }

    #[test]
    fn codes_are_djangos() {
        let user = UserAttributes { username: "12345", ..UserAttributes::default() };
        let problems = validate_password("12345", &user, &DEFAULT_PASSWORD_VALIDATORS).unwrap_err();
        assert_eq!(
            problems.iter().map(WeakPassword::code).collect::<Vec<_>>(),
            ["password_too_similar", "password_too_short", "password_too_common", "password_entirely_numeric"]
        );
    }
}
