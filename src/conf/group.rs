//! The declaration of settings. Python counterpart: the `DEFAULTS` dict of a Django app's `settings.py`.
//!
//! ```text
//! settings! {
//!     section "SIMPLE_JWT", prefix "SIMPLE_JWT_", finish Self::finish;
//!
//!     /// How tokens are made and checked.
//!     pub struct SimpleJwtSettings {
//!         /// How long an access token is accepted.
//!         ///
//!         /// An access token cannot be revoked: keep this short.
//!         pub access_token_lifetime: Duration = SIMPLE_JWT_ACCESS_TOKEN_LIFETIME("60m", values::duration);
//!     }
//! }
//! ```
//!
//! Each line has the field, its type, the name of the environment variable, the default as it is written in `.env`, and
//! the parser, which reads the default as well. Values that must not be shown have `secret` after the parser, and URLs
//! with a password in them `url`. The first paragraph of the comment is one line, which `.env.example` repeats;
//! `docs/SETTINGS.md` has all of the comment. After a change run
//! `UPDATE_SETTINGS_FILES=1 cargo test --lib diffsettings`, which writes both files.
//!
//! A `struct` may begin with the settings of another one (`group cache: CacheSettings;`, or
//! `group auth: AuthSettings, of "django.contrib.auth";`, which is read only if that app is installed) and end with fields that have
//! no environment variable (`plain name: Type = value, "documentation";`). Above the `struct` are:
//!
//! * `section`: the heading in `.env.example` and `docs/SETTINGS.md`;
//! * `prefix`: unknown names that begin with it are errors;
//! * `replaced`: names that Python has, and what to use here instead of them;
//! * `finish`: a function `(Self, &Environment) -> Result<Self, SettingsError>`, called with what was read.

use super::{Environment, Setting, SettingsError};

/// The settings of one app.
pub trait SettingsGroup: Sized {
    /// Every environment variable that is read.
    const SETTINGS: &'static [Setting];

    /// Reads the settings. A variable that is not set has its default.
    ///
    /// # Errors
    /// Returns an error if a value is invalid or a name is unknown.
    fn from_env(env: &Environment) -> Result<Self, SettingsError>;
}

/// The number of settings in several groups.
pub(crate) const fn count(groups: &[(&str, &[Setting])]) -> usize {
    let (mut group, mut count) = (0, 0);
    while group < groups.len() {
        count += groups[group].1.len();
        group += 1;
    }
    count
}

/// The settings of several groups, each with the name of its app, in one array. `N` is their number.
pub(crate) const fn concat<const N: usize>(groups: &[(&'static str, &[Setting])]) -> [Setting; N] {
    let mut all = [groups[0].1[0]; N];
    let (mut group, mut count) = (0, 0);
    while group < groups.len() {
        let (app, settings) = groups[group];
        let mut at = 0;
        while at < settings.len() {
            all[count] = settings[at];
            // The settings of an app inside of those of another one keep theirs.
            if all[count].app.is_empty() {
                all[count].app = app;
            }
            (at, count) = (at + 1, count + 1);
        }
        group += 1;
    }
    all
}

/// Declares the settings of an app; see the top of this file.
macro_rules! settings {
    (@is_secret) => { false };
    (@is_secret $kind:ident) => { true };
    (@shown $parse:expr) => { |text| text.to_owned() };
    (@shown $parse:expr, secret) => {
        |text| if text.is_empty() { String::new() } else { "********************".to_owned() }
    };
    (@shown $parse:expr, url) => { |text| $parse(text).map_or_else(|_| String::new(), |url| url.to_string()) };
    (
        section $section:literal
            $(, prefix $prefix:literal)? $(, replaced $replaced:expr)? $(, finish $finish:expr)?;
        $(#[$attribute:meta])*
        pub struct $name:ident {
            $( $(#[cfg($cfg:meta)])? group $group:ident: $group_type:ty $(, of $app:literal)?; )*
            $(
                $(#[doc = $doc:literal])+
                pub $field:ident: $type:ty = $key:ident($default:literal, $parse:expr $(, $kind:ident)?);
            )+
            $( plain $plain:ident: $plain_type:ty = $plain_value:expr, $plain_doc:literal; )*
        }
    ) => {
        $(#[$attribute])*
        pub struct $name {
            $(
                $(#[cfg($cfg)])?
                #[doc = concat!("See [`", stringify!($group_type), "`].")]
                pub $group: $group_type,
            )*
            $(
                $(#[doc = $doc])+
                #[doc = concat!("\n\nDefault: `", stringify!($key), "=", $default, "`")]
                pub $field: $type,
            )+
            $( #[doc = $plain_doc] pub $plain: $plain_type, )*
        }

        impl $crate::conf::SettingsGroup for $name {
            const SETTINGS: &'static [$crate::conf::Setting] = {
                const OWN: &[$crate::conf::Setting] = &[$(
                    $crate::conf::Setting {
                        key: stringify!($key),
                        default: $default,
                        help: concat!($($doc, "\n"),+),
                        app: "",
                        section: $section,
                        secret: $crate::conf::settings!(@is_secret $($kind)?),
                        shown: $crate::conf::settings!(@shown $parse $(, $kind)?),
                    },
                )+];
                const GROUPS: &[(&str, &[$crate::conf::Setting])] = &[
                    ("", OWN),
                    $( $(#[cfg($cfg)])? (concat!($($app)?), <$group_type as $crate::conf::SettingsGroup>::SETTINGS), )*
                ];
                &$crate::conf::concat::<{ $crate::conf::count(GROUPS) }>(GROUPS)
            };

            fn from_env(env: &$crate::conf::Environment) -> Result<Self, $crate::conf::SettingsError> {
                $( env.refuse_replaced($replaced)?; )?
                $( env.refuse_unknown($prefix, Self::SETTINGS)?; )?
                let settings = Self {
                    $(
                        $(#[cfg($cfg)])?
                        $group: if env.has_app(concat!($($app)?)) {
                            $crate::conf::SettingsGroup::from_env(env)?
                        } else {
                            <$group_type>::default()
                        },
                    )*
                    $(
                        $field: env.read(
                            stringify!($key),
                            $default,
                            $crate::conf::settings!(@is_secret $($kind)?),
                            $parse,
                        )?,
                    )+
                    $( $plain: $plain_value, )*
                };
                $( let settings = $finish(settings, env)?; )?
                Ok(settings)
            }
        }

        impl $name {
            /// Every environment variable that is read.
            pub const SETTINGS: &'static [$crate::conf::Setting] = <Self as $crate::conf::SettingsGroup>::SETTINGS;

            /// Reads the settings. A variable that is not set has its default.
            ///
            /// # Errors
            /// Returns an error if a value is invalid or a name is unknown.
            pub fn from_env(env: &$crate::conf::Environment) -> Result<Self, $crate::conf::SettingsError> {
                $crate::conf::SettingsGroup::from_env(env)
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::from_env(&$crate::conf::Environment::default()).expect("the default settings are valid")
            }
        }
    };
}
pub(crate) use settings;
