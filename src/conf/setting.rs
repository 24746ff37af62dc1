//! The description of an environment variable, made by the macro `settings!`.

/// The declaration of one environment variable.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The name of the environment variable.
    pub key: &'static str,
    /// Its default, as it is written in `.env`.
    pub default: &'static str,
    /// Its meaning, in Markdown. The first paragraph is a summary of one line.
    pub help: &'static str,
    /// Heading under which it is documented.
    pub section: &'static str,
    /// It is read only if all these apps are installed.
    pub apps: &'static [&'static str],
    /// Whether error messages must not repeat the value.
    pub secret: bool,
    /// Returns the value without secrets, for `manage diffsettings`.
    pub shown: fn(&str) -> String,
}
