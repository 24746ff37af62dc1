//! The declaration of settings. Python counterpart: the `DEFAULTS` dict of a Django app's `settings.py`.

/// Declares the settings of an app: name, type, default and documentation, once.
///
/// ```
/// use actix_simplejwt::conf::{Environment, settings, values};
///
/// settings! {
///     section "Shop", app "shop", prefix "SHOP_";
///
///     /// What customers may order.
///     #[derive(Clone, Debug)]
///     pub struct ShopSettings {
///         /// The currency of all prices.
///         pub currency: String = SHOP_CURRENCY("EUR", values::one_of(&["EUR", "USD"]));
///         /// How many unpaid orders a customer may have.
///         ///
///         /// **With `0`, no customer can order.**
///         pub max_unpaid: i64 = SHOP_MAX_UNPAID("3", values::number_in(0..=100));
///     }
/// }
///
/// let env = Environment::default().with("SHOP_MAX_UNPAID", "5");
/// let settings = ShopSettings::from_env(&env)?;
/// assert_eq!((settings.currency.as_str(), settings.max_unpaid), ("EUR", 5));
///
/// let error = ShopSettings::from_env(&env.with("SHOP_CURRENCY", "DM")).unwrap_err();
/// assert_eq!(error.to_string(), "SHOP_CURRENCY: \"DM\" is not one of EUR, USD");
/// # Ok::<(), actix_simplejwt::conf::SettingsError>(())
/// ```
///
/// Each line has the field, its type, the name of the environment variable, the default as it is written in `.env`, and the
/// parser, which reads the default as well: a function of [`values`](crate::conf::values), or any function or closure from `&str`
/// to `Result<T, String>`, whose error says what was expected. After the parser, `secret` marks a value that must not be shown,
/// and `url` marks a URL that may contain a password. The first paragraph of the comment is one line, a summary.
///
/// The struct gets `from_env`, `Default`, and `declared()`, which `manage diffsettings` reads. `Default` panics if a default in the
/// declaration is invalid, so a test of your own should call it. The project inserts the value into
/// the [`Registry`](crate::apps::Registry), and [`Apps::get`](crate::Apps::get) finds it by its type.
///
/// A `struct` may begin with the settings of another one: `group cache: CacheSettings;`. Above the `struct` are:
///
/// * `section`: the heading in `.env.example` and `docs/SETTINGS.md`;
/// * `app`: an app, as `INSTALLED_APPS` names it, without which the settings are not read. There may be several;
/// * `prefix`: unknown names that begin with it are errors;
/// * `shared_prefix`: a prefix that other programs use too. An unknown name is an error only if it is a setting of Python that
///   has a replacement here. The field `misspelt` has errors for names that are probably misspelt settings, for the system
///   checks;
/// * `finish`: a function `(&mut Self, &Environment) -> Result<(), SettingsError>`, called with the settings that were read.
///
/// In this project, run `UPDATE_SETTINGS_FILES=1 cargo test --lib diffsettings` after a change. It writes `.env.example`, which
/// has the summaries, and `docs/SETTINGS.md`, which has the whole comments. `src/conf/unsupported.txt` has the names of Python that
/// are not settings here.
#[doc(hidden)]
#[macro_export]
macro_rules! __settings {
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
            $(, app $app:literal)* $(, prefix $prefix:literal)? $(, shared_prefix $shared:literal)?
            $(, finish $finish:expr)?;
        $(#[$attribute:meta])*
        pub struct $name:ident {
            $( $(#[cfg($cfg:meta)])? group $group:ident: $group_type:ty; )*
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
            /// All of these settings, whichever apps are installed.
            #[must_use]
            pub fn declared() -> Vec<$crate::conf::Setting> {
                let apps = &[$($app),*];
                let declared = vec![$(
                    $crate::conf::Setting {
                        key: stringify!($key),
                        default: $default,
                        help: concat!($($doc, "\n"),+),
                        section: $section,
                        apps,
                        secret: $crate::conf::settings!(@is_secret $($kind)?),
                        shown: $crate::conf::settings!(@shown $parse $(, $kind)?),
                    },
                )+];
                [declared, $( $(#[cfg($cfg)])? <$group_type>::declared(), )*].concat()
            }

            $crate::conf::settings!(@groups $( $(#[cfg($cfg)])? $group )*);

            /// Reads the settings. A variable that is not set has its default. If the app is not installed, all settings have
            /// their defaults.
            ///
            /// # Errors
            /// Returns an error if a value is invalid or a name is unknown.
            pub fn from_env(env: &$crate::conf::Environment) -> Result<Self, $crate::conf::SettingsError> {
                $( if !env.has_app($app) { return Ok(Self::default()); } )*
                $( env.refuse_unknown($prefix, &Self::declared())?; )?
                $( env.refuse_replaced($shared, &Self::declared())?; )?
                #[allow(unused_mut, reason = "only `finish` changes them")]
                let mut settings = Self {
                    $( $(#[cfg($cfg)])? $group: <$group_type>::from_env(env)?, )*
                    $( $field: env.read(stringify!($key), $default, $crate::conf::settings!(@is_secret $($kind)?), $parse)?, )+
                    $( misspelt: env.misspelt($shared, &Self::declared()), )?
                };
                $( $finish(&mut settings, env)?; )?
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
#[doc(inline)]
pub use __settings as settings;
