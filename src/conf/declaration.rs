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
//! A `struct` may begin with the settings of another one: `group cache: CacheSettings;`, or
//! `group auth: AuthSettings, of "django.contrib.auth";`, which is read only if that app is installed. Above the `struct` are:
//!
//! * `section`: the heading in `.env.example` and `docs/SETTINGS.md`;
//! * `prefix`: unknown names that begin with it are errors;
//! * `shared_prefix`: the same for a prefix that other programs use too, so the field `misspelt` has only the names that are
//!   probably meant to be one of these settings, for the system checks;
//! * `replaced`: names that Python has, and what to use here instead of them;
//! * `finish`: a function `(Self, &Environment) -> Result<Self, SettingsError>`, called with what was read.

/// Declares the settings of an app; see the top of this file.
macro_rules! settings {
    (@is_secret) => { false };
    (@is_secret $kind:ident) => { true };
    (@shown $parse:expr) => { |text| text.to_owned() };
    (@shown $parse:expr, secret) => {
        |text| if text.is_empty() { String::new() } else { "********************".to_owned() }
    };
    (@shown $parse:expr, url) => { |text| $parse(text).map_or_else(|_| String::new(), |url| url.to_string()) };
    (@groups) => {};
    (@groups $( $(#[cfg($cfg:meta)])? $group:ident )+) => {
        /// The groups, each as a value of its own.
        #[must_use]
        pub fn groups(&self) -> Vec<Box<dyn std::any::Any + Send + Sync>> {
            vec![$( $(#[cfg($cfg)])? Box::new(self.$group.clone()), )+]
        }
    };
    (
        section $section:literal
            $(, prefix $prefix:literal)? $(, shared_prefix $shared:literal)?
            $(, replaced $replaced:expr)? $(, finish $finish:expr)?;
        $(#[$attribute:meta])*
        pub struct $name:ident {
            $( $(#[cfg($cfg:meta)])? group $group:ident: $group_type:ty $(, of $app:literal)?; )*
            $(
                $(#[doc = $doc:literal])+
                pub $field:ident: $type:ty = $key:ident($default:literal, $parse:expr $(, $kind:ident)?);
            )+
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
            $(
                #[doc = concat!("Names that begin with `", $shared, "` and are probably meant to be one of these settings.")]
                pub misspelt: Vec<$crate::conf::SettingsError>,
            )?
        }

        impl $name {
            /// The settings that are read if `is_installed` says so of the names of apps.
            #[must_use]
            pub fn declared(is_installed: &dyn Fn(&str) -> bool) -> Vec<$crate::conf::Setting> {
                let _ = is_installed;
                let mut declared = Vec::new();
                declared.extend([$(
                    $crate::conf::Setting {
                        key: stringify!($key),
                        default: $default,
                        help: concat!($($doc, "\n"),+),
                        section: $section,
                        secret: $crate::conf::settings!(@is_secret $($kind)?),
                        shown: $crate::conf::settings!(@shown $parse $(, $kind)?),
                    },
                )+]);
                $(
                    $(#[cfg($cfg)])?
                    $(if is_installed($app))? {
                        declared.extend(<$group_type>::declared(is_installed));
                    }
                )*
                declared
            }

            $crate::conf::settings!(@groups $( $(#[cfg($cfg)])? $group )*);

            /// Reads the settings. A variable that is not set has its default.
            ///
            /// # Errors
            /// Returns an error if a value is invalid or a name is unknown.
            pub fn from_env(env: &$crate::conf::Environment) -> Result<Self, $crate::conf::SettingsError> {
                $( env.refuse_replaced($replaced)?; )?
                $( env.refuse_unknown($prefix, &Self::declared(&|_| true))?; )?
                let settings = Self {
                    $(
                        $(#[cfg($cfg)])?
                        $group: $(if !env.has_app($app) { <$group_type>::default() } else)? {
                            <$group_type>::from_env(env)?
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
                    $( misspelt: env.misspelt($shared, &Self::declared(&|_| true)), )?
                };
                $( let settings = $finish(settings, env)?; )?
                Ok(settings)
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
