//! Settings of Django, DRF, simplejwt and the packages around them that do not apply here, and why.

/// A name, or a beginning of names that ends with `_`; the package; and the replacement.
const SETTINGS: &[(&str, &str, &str)] = &[
    ("ABSOLUTE_URL_OVERRIDES", "Django", "URLs are in src/urls.rs"),
    ("ADMINS", "Django", NO_MAIL),
    ("MANAGERS", "Django", NO_MAIL),
    ("EMAIL_BACKEND", "Django", NO_MAIL),
    ("EMAIL_FILE_PATH", "Django", NO_MAIL),
    ("EMAIL_HOST", "Django", NO_MAIL),
    ("EMAIL_HOST_", "Django", NO_MAIL),
    ("EMAIL_PORT", "Django", NO_MAIL),
    ("EMAIL_SSL_", "Django", NO_MAIL),
    ("EMAIL_SUBJECT_PREFIX", "Django", NO_MAIL),
    ("EMAIL_TIMEOUT", "Django", NO_MAIL),
    ("EMAIL_USE_", "Django", NO_MAIL),
    ("DEFAULT_FROM_EMAIL", "Django", NO_MAIL),
    ("SERVER_EMAIL", "Django", NO_MAIL),
    ("ASGI_APPLICATION", "Django", "`manage runserver` is the server"),
    ("WSGI_APPLICATION", "Django", "`manage runserver` is the server"),
    ("DJANGO_SETTINGS_MODULE", "Django", "settings are in the environment and in .env"),
    ("CACHES", "Django", "use CACHE_URL"),
    ("CONN_MAX_AGE", "Django", "connections are kept; see DATABASE_POOL_SIZE"),
    ("DATABASES", "Django", "use DATABASE_URL"),
    ("DATABASE_ROUTERS", "Django", "there is one database"),
    ("DEFAULT_AUTO_FIELD", "Django", "the tables are the tables of Django's apps"),
    ("LOGIN_URL", "Django", OWN_PAGES),
    ("LOGIN_REDIRECT_URL", "Django", OWN_PAGES),
    ("LOGOUT_REDIRECT_URL", "Django", OWN_PAGES),
    ("MESSAGE_STORAGE", "Django", "messages are in a cookie, and in the session if they are long"),
    ("MESSAGE_TAGS", "Django", "messages have Django's tags"),
    ("TEMPLATES", "Django", OWN_PAGES),
    ("FORM_RENDERER", "Django", OWN_PAGES),
    ("PASSWORD_RESET_TIMEOUT", "Django", NO_MAIL),
    ("STATIC_", "Django", NO_FILES),
    ("STATICFILES_", "Django", NO_FILES),
    ("STORAGES", "Django", NO_FILES),
    ("MEDIA_", "Django", NO_FILES),
    ("FILE_UPLOAD_", "Django", NO_FILES),
    ("LANGUAGE_CODE", "Django", ENGLISH),
    ("LANGUAGES", "Django", ENGLISH),
    ("LOCALE_PATHS", "Django", ENGLISH),
    ("USE_I18N", "Django", ENGLISH),
    ("TIME_ZONE", "Django", "times are UTC"),
    ("USE_TZ", "Django", "times are UTC"),
    ("LOGGING", "Django", "use RUST_LOG"),
    ("MIDDLEWARE", "Django", "the list is in src/settings.rs"),
    ("ROOT_URLCONF", "Django", "URLs are in src/urls.rs"),
    ("PREPEND_WWW", "Django", "a proxy redirects to another host"),
    ("INTERNAL_IPS", "Django", "there are no debug pages"),
    ("SITE_ID", "Django", OWN_PAGES),
    ("TEST_", "Django", "tests are run by cargo test"),
    ("USE_X_FORWARDED_HOST", "Django", "configure the proxy to pass on the Host header"),
    ("USE_X_FORWARDED_PORT", "Django", "configure the proxy to pass on the Host header"),
    ("REST_FRAMEWORK_DEFAULT_CONTENT_NEGOTIATION_CLASS", DRF, "the negotiation is DRF's"),
    ("REST_FRAMEWORK_DEFAULT_METADATA_CLASS", DRF, "the response to OPTIONS follows SimpleMetadata"),
    ("REST_FRAMEWORK_DEFAULT_PAGINATION_CLASS", DRF, NO_LISTS),
    ("REST_FRAMEWORK_DEFAULT_FILTER_BACKENDS", DRF, NO_LISTS),
    ("REST_FRAMEWORK_PAGE_SIZE", DRF, NO_LISTS),
    ("REST_FRAMEWORK_SEARCH_PARAM", DRF, NO_LISTS),
    ("REST_FRAMEWORK_ORDERING_PARAM", DRF, NO_LISTS),
    ("REST_FRAMEWORK_MAX_PAGINATE_BY", DRF, NO_LISTS),
    ("REST_FRAMEWORK_DEFAULT_SCHEMA_CLASS", DRF, "the schema is made of the views; see docs/API.md"),
    ("REST_FRAMEWORK_SCHEMA_", DRF, "the schema is made of the views; see docs/API.md"),
    ("REST_FRAMEWORK_DEFAULT_VERSION", DRF, NO_VERSIONS),
    ("REST_FRAMEWORK_ALLOWED_VERSIONS", DRF, NO_VERSIONS),
    ("REST_FRAMEWORK_VERSION_PARAM", DRF, NO_VERSIONS),
    ("REST_FRAMEWORK_EXCEPTION_HANDLER", DRF, "errors become responses in src/rest_framework/exceptions.rs"),
    ("REST_FRAMEWORK_VIEW_", DRF, "a view is named in ApiView::new"),
    ("REST_FRAMEWORK_UNAUTHENTICATED_", DRF, "a request without a user has none: MaybeAuthenticated"),
    ("REST_FRAMEWORK_TEST_REQUEST_", DRF, "tests use rest_framework::test::ApiClient"),
    ("REST_FRAMEWORK_FORMAT_SUFFIX_KWARG", DRF, "URLs have no suffix for the format"),
    ("REST_FRAMEWORK_URL_FIELD_NAME", DRF, "there are no hyperlinked serializers"),
    ("REST_FRAMEWORK_DATE", DRF, NO_MODELS),
    ("REST_FRAMEWORK_TIME", DRF, NO_MODELS),
    ("REST_FRAMEWORK_COERCE_", DRF, NO_MODELS),
    ("REST_FRAMEWORK_UPLOADED_FILES_USE_URL", DRF, NO_MODELS),
    ("REST_FRAMEWORK_HTML_SELECT_", DRF, "the forms of the browsable API have no selections"),
    ("REST_FRAMEWORK_UNICODE_JSON", DRF, "JSON is written as with DRF's default"),
    ("REST_FRAMEWORK_COMPACT_JSON", DRF, "JSON is written as with DRF's default"),
    ("SPECTACULAR_SETTINGS", "drf-spectacular", "the schema is made of the views; see docs/API.md"),
    ("REST_AUTH", "dj-rest-auth", "the package is not here"),
    ("DJOSER", "djoser", "the package is not here"),
    ("SIMPLE_JWT", "simplejwt", "each entry is a separate variable, such as SIMPLE_JWT_ACCESS_TOKEN_LIFETIME"),
    ("REST_FRAMEWORK", DRF, "each entry is a separate variable, such as REST_FRAMEWORK_NUM_PROXIES"),
    ("JWT_AUTH", "djangorestframework-jwt", "each entry is a separate variable, such as JWT_EXPIRATION_DELTA"),
];

const DRF: &str = "Django REST Framework";
const NO_MAIL: &str = "the server sends no e-mail";
const OWN_PAGES: &str = "the pages are those of the admin site and the browsable API";
const NO_FILES: &str = "the server has no files of the project; a proxy serves them";
const ENGLISH: &str = "messages are English";
const NO_LISTS: &str = "there are no list views";
const NO_VERSIONS: &str = "an API version is a scope in src/urls.rs";
const NO_MODELS: &str = "serializers return what the view writes; format values there";

/// The message about `name` if it is a setting of one of the packages that does not apply here.
pub(super) fn explanation(name: &str) -> Option<String> {
    let is_meant = |known: &str| name == known || (known.ends_with('_') && name.starts_with(known));
    let (_, package, reason) = SETTINGS.iter().find(|(known, ..)| is_meant(known))?;
    Some(format!("is a setting of {package} that does not apply here: {reason}"))
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::Settings;

    #[test]
    fn a_setting_of_this_server_is_not_in_the_list() {
        for setting in Settings::declared(&|_| true) {
            assert_eq!(explanation(setting.key), None, "{}", setting.key);
        }
    }

    #[test]
    fn a_setting_of_a_package_is_recognised() {
        for (name, expected) in [
            ("EMAIL_HOST", "is a setting of Django that does not apply here: the server sends no e-mail"),
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
