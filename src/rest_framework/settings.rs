//! Settings of the framework. Python counterpart: the `REST_FRAMEWORK` dict and `rest_framework.settings`.

use super::parsers::Parser;
use super::renderers::Renderer;
use super::throttling::{CacheSettings, ThrottleRates};
use crate::conf::{settings, values};
use crate::http::body::Limits;

settings! {
    section "REST_FRAMEWORK", app "rest_framework", prefix "REST_FRAMEWORK_";

    /// Names and defaults of DRF, with the prefix `REST_FRAMEWORK_` in the environment.
    ///
    /// Start from `RestFrameworkSettings::default()` and assign what differs; new fields may appear in minor versions.
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct RestFrameworkSettings {
        group cache: CacheSettings;
        group limits: Limits;
        /// Authentication classes of views that do not set their own: they identify the user of a request.
        ///
        /// The classes are tried in this order. The challenge of the first one is sent with a 401. DRF's own default is session
        /// and basic authentication.
        pub default_authentication_classes: Vec<String> =
            REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES("JWTAuthentication", values::class_names);
        /// Permission classes of views that do not set their own: they decide who may use a view.
        ///
        /// DRF's own default is `AllowAny`: **everyone**.
        pub default_permission_classes: Vec<String> =
            REST_FRAMEWORK_DEFAULT_PERMISSION_CLASSES("IsAuthenticated", values::class_names);
        /// Formats of responses.
        pub default_renderer_classes: Vec<Renderer> = REST_FRAMEWORK_DEFAULT_RENDERER_CLASSES(
            "JSONRenderer,BrowsableAPIRenderer",
            values::classes(Renderer::from_class_name, "JSONRenderer,BrowsableAPIRenderer")
        );
        /// Formats of request bodies. Another format is refused with 415.
        pub default_parser_classes: Vec<Parser> = REST_FRAMEWORK_DEFAULT_PARSER_CLASSES(
            "JSONParser,FormParser,MultiPartParser",
            values::classes(Parser::from_class_name, "JSONParser,FormParser,MultiPartParser")
        );
        /// Key of error messages that do not belong to a single field.
        pub non_field_errors_key: String = REST_FRAMEWORK_NON_FIELD_ERRORS_KEY("non_field_errors", values::string);
        /// Query parameter that chooses the renderer; `none` for no such parameter.
        pub url_format_override: Option<String> =
            REST_FRAMEWORK_URL_FORMAT_OVERRIDE("format", values::optional(values::string));
        /// Throttle classes of views that do not set their own: they limit the number of requests.
        ///
        /// The classes of DRF: `AnonRateThrottle`, `UserRateThrottle` and `ScopedRateThrottle`.
        pub default_throttle_classes: Vec<String> =
            REST_FRAMEWORK_DEFAULT_THROTTLE_CLASSES("", values::class_names);
        /// Number of requests in a period of time, by scope: `anon=100/day,user=1000/day,login=5/min`.
        ///
        /// The views for logging in have the scope `login`. Set a rate for it, because it has no limit by default.
        pub default_throttle_rates: ThrottleRates = REST_FRAMEWORK_DEFAULT_THROTTLE_RATES("", ThrottleRates::parse);
        /// Number of proxies in front of the server. Each must add an address to `X-Forwarded-For`.
        ///
        /// Without a proxy it is `0`. With `none` a caller is identified by the whole header, and **a client that
        /// changes the header gets a new allowance**.
        pub num_proxies: Option<usize> = REST_FRAMEWORK_NUM_PROXIES("none", values::optional(values::number));
        /// Length of the prefix that identifies a client with an IPv6 address, in bits. Not in DRF.
        ///
        /// Throttles, `LOGIN_FAILURE_LIMIT` and the queue of logins count all addresses with the same prefix as one client. A
        /// customer of an internet provider has at least a /64. With `128` **a client gets a new allowance with each of its
        /// addresses**.
        pub ipv6_prefix: u8 = CLIENT_IPV6_PREFIX("64", values::number_in(1..=128));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::Environment;

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
