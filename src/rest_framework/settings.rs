//! Settings of the framework. Python counterpart: the `REST_FRAMEWORK` dict and `rest_framework.settings`.

use crate::conf::{Environment, SettingsError, values};

use super::parsers::{Limits, Parser};
use super::renderers::Renderer;
use super::throttling::{CacheSettings, ThrottleRates};

/// Names and defaults of DRF, under the prefix `REST_FRAMEWORK_` in the environment.
///
/// Start from `RestFrameworkSettings::default()` and assign what differs; new fields may appear in minor versions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RestFrameworkSettings {
    /// Classes that look for a user in a request, in this order. The first one's challenge is sent with a 401.
    /// Default: `JWTAuthentication` (DRF's own are session and basic, for which this project has no use).
    pub default_authentication_classes: Vec<String>,
    /// Who may use a view that does not say it. Default: `IsAuthenticated` (DRF: `AllowAny`), so that a view somebody
    /// forgot is closed.
    pub default_permission_classes: Vec<String>,
    /// How answers may be written. Default: `JSONRenderer,BrowsableAPIRenderer`.
    pub default_renderer_classes: Vec<Renderer>,
    /// How bodies may be written. Default: `JSONParser,FormParser,MultiPartParser`.
    pub default_parser_classes: Vec<Parser>,
    /// Key of messages that are about no single field. Default: `non_field_errors`.
    pub non_field_errors_key: String,
    /// Query parameter that chooses the renderer; `none` for no such parameter. Default: `format`.
    pub url_format_override: Option<String>,
    /// Limits on the number of requests that every view has. Default: none.
    pub default_throttle_classes: Vec<String>,
    /// How many requests in what time, by scope: `anon=100/day,user=1000/day,login=5/min`. Default: no limit for the
    /// scopes `anon` and `user`, nor for `login`, which this project's views for logging in have.
    pub default_throttle_rates: ThrottleRates,
    /// How many proxies stand before the server, each of which adds an address to `X-Forwarded-For`. Default: `none`,
    /// which counts a caller by the whole header. **Danger**: whoever may write that header gets a new allowance by
    /// writing another one, so a limit that is to hold needs this to be set, to 0 without a proxy.
    pub num_proxies: Option<usize>,
    /// Where requests are counted. Default: in the memory of each server.
    pub cache: CacheSettings,
    /// Sizes beyond which a body is refused, `DATA_UPLOAD_MAX_MEMORY_SIZE` and `DATA_UPLOAD_MAX_NUMBER_FIELDS`, and
    /// `DATA_UPLOAD_TIMEOUT`, the time after which it is.
    pub limits: Limits,
}

impl Default for RestFrameworkSettings {
    fn default() -> Self {
        Self {
            default_authentication_classes: vec!["JWTAuthentication".to_owned()],
            default_permission_classes: vec!["IsAuthenticated".to_owned()],
            default_renderer_classes: vec![Renderer::Json, Renderer::BrowsableApi],
            default_parser_classes: vec![Parser::Json, Parser::Form, Parser::MultiPart],
            non_field_errors_key: "non_field_errors".to_owned(),
            url_format_override: Some("format".to_owned()),
            default_throttle_classes: Vec::new(),
            default_throttle_rates: ThrottleRates::default(),
            num_proxies: None,
            cache: CacheSettings::default(),
            limits: Limits::default(),
        }
    }
}

impl RestFrameworkSettings {
    /// Every key read here, whole.
    pub const KEYS: &'static [&'static str] = &[
        "REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES",
        "REST_FRAMEWORK_DEFAULT_PERMISSION_CLASSES",
        "REST_FRAMEWORK_DEFAULT_RENDERER_CLASSES",
        "REST_FRAMEWORK_DEFAULT_PARSER_CLASSES",
        "REST_FRAMEWORK_NON_FIELD_ERRORS_KEY",
        "REST_FRAMEWORK_URL_FORMAT_OVERRIDE",
        "REST_FRAMEWORK_STRICT_JSON",
        "DATA_UPLOAD_MAX_MEMORY_SIZE",
        "DATA_UPLOAD_MAX_NUMBER_FIELDS",
        "REST_FRAMEWORK_DEFAULT_THROTTLE_CLASSES",
        "REST_FRAMEWORK_DEFAULT_THROTTLE_RATES",
        "REST_FRAMEWORK_NUM_PROXIES",
        "DATA_UPLOAD_TIMEOUT",
    ];

    /// Reads the keys that `env` has over the defaults.
    ///
    /// # Errors
    /// For an unknown `REST_FRAMEWORK_…` key and for a value that is none.
    pub fn from_env(env: &Environment) -> Result<Self, SettingsError> {
        env.refuse_unknown("REST_FRAMEWORK_", Self::KEYS)?;
        let mut s = Self { cache: CacheSettings::from_env(env)?, ..Self::default() };
        env.read(Self::KEYS[0], &mut s.default_authentication_classes, class_names)?;
        env.read(Self::KEYS[1], &mut s.default_permission_classes, class_names)?;
        env.read(Self::KEYS[2], &mut s.default_renderer_classes, |text| {
            classes(text, Renderer::from_class_name, "JSONRenderer,BrowsableAPIRenderer")
        })?;
        env.read(Self::KEYS[3], &mut s.default_parser_classes, |text| {
            classes(text, Parser::from_class_name, "JSONParser,FormParser,MultiPartParser")
        })?;
        env.read(Self::KEYS[4], &mut s.non_field_errors_key, values::string)?;
        env.read(Self::KEYS[5], &mut s.url_format_override, values::optional)?;
        let mut strict_json = true;
        env.read(Self::KEYS[6], &mut strict_json, values::boolean)?;
        if !strict_json {
            // JSON with NaN in it is not JSON, and nothing else here could carry such a value on.
            return Err(SettingsError::new(Self::KEYS[6], "only true is supported: NaN and Infinity are not JSON"));
        }
        env.read(Self::KEYS[7], &mut s.limits.body, values::number)?;
        env.read(Self::KEYS[8], &mut s.limits.fields, values::number)?;
        env.read(Self::KEYS[9], &mut s.default_throttle_classes, class_names)?;
        env.read(Self::KEYS[10], &mut s.default_throttle_rates, ThrottleRates::parse)?;
        env.read(Self::KEYS[11], &mut s.num_proxies, |text| {
            values::optional(text)?.as_deref().map(values::number).transpose()
        })?;
        env.read(Self::KEYS[12], &mut s.limits.time, |text| {
            values::duration(text)?.to_std().map_err(|_| "a duration that is not negative".to_owned())
        })?;
        Ok(s)
    }
}

fn class_names(text: &str) -> Result<Vec<String>, String> {
    Ok(values::list(text)?.iter().map(|name| values::class_name(name).to_owned()).collect())
}

fn classes<T>(text: &str, parse: fn(&str) -> Option<T>, known: &str) -> Result<Vec<T>, String> {
    let parsed: Option<Vec<T>> = values::list(text)?.iter().map(|name| parse(values::class_name(name))).collect();
    parsed.filter(|classes| !classes.is_empty()).ok_or_else(|| format!("a list of one or more of {known}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_names_may_be_short_or_dotted() {
        let env: Environment = [
            ("REST_FRAMEWORK_DEFAULT_RENDERER_CLASSES", "rest_framework.renderers.JSONRenderer"),
            ("REST_FRAMEWORK_DEFAULT_PERMISSION_CLASSES", "AllowAny"),
        ]
        .into_iter()
        .collect();
        let settings = RestFrameworkSettings::from_env(&env).unwrap();
        assert_eq!(settings.default_renderer_classes, [Renderer::Json]);
        assert_eq!(settings.default_permission_classes, ["AllowAny"]);
    }

    #[test]
    fn an_unknown_class_stops_the_start() {
        let env: Environment = [("REST_FRAMEWORK_DEFAULT_PARSER_CLASSES", "YAMLParser")].into_iter().collect();
        assert_eq!(
            RestFrameworkSettings::from_env(&env).unwrap_err().to_string(),
            "REST_FRAMEWORK_DEFAULT_PARSER_CLASSES: \"YAMLParser\" is not a list of one or more of \
             JSONParser,FormParser,MultiPartParser"
        );
    }
}
