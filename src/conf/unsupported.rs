//! Settings of Django, DRF, simplejwt and the packages around them that do not apply here, and why.

/// Package, reason and names in each line. A name that ends with `_` is the beginning of names.
const SETTINGS: &str = "\
Django | URLs are in src/urls.rs | ABSOLUTE_URL_OVERRIDES ROOT_URLCONF
Django | the server sends no e-mail | ADMINS MANAGERS EMAIL_BACKEND EMAIL_FILE_PATH EMAIL_HOST EMAIL_HOST_ EMAIL_PORT \
    EMAIL_SSL_ EMAIL_SUBJECT_PREFIX EMAIL_TIMEOUT EMAIL_USE_ DEFAULT_FROM_EMAIL SERVER_EMAIL PASSWORD_RESET_TIMEOUT
Django | `manage runserver` is the server | ASGI_APPLICATION WSGI_APPLICATION
Django | settings are in the environment and in .env | DJANGO_SETTINGS_MODULE
Django | use CACHE_URL | CACHES
Django | connections are kept; see DATABASE_POOL_SIZE | CONN_MAX_AGE
Django | use DATABASE_URL | DATABASES
Django | there is one database | DATABASE_ROUTERS
Django | the tables are the tables of Django's apps | DEFAULT_AUTO_FIELD
Django | the pages are those of the admin site and the browsable API | LOGIN_URL LOGIN_REDIRECT_URL \
    LOGOUT_REDIRECT_URL TEMPLATES FORM_RENDERER SITE_ID
Django | messages are in a cookie, and in the session if they are long | MESSAGE_STORAGE
Django | messages have Django's tags | MESSAGE_TAGS
Django | the server has no files of the project; a proxy serves them | STATIC_ STATICFILES_ STORAGES MEDIA_ \
    FILE_UPLOAD_
Django | messages are English | LANGUAGE_CODE LANGUAGES LOCALE_PATHS USE_I18N
Django | times are UTC | TIME_ZONE USE_TZ
Django | use RUST_LOG | LOGGING
Django | the list is in src/settings.rs | MIDDLEWARE
Django | a proxy redirects to another host | PREPEND_WWW
Django | there are no debug pages | INTERNAL_IPS
Django | tests are run by cargo test | TEST_
Django | configure the proxy to pass on the Host header | USE_X_FORWARDED_HOST USE_X_FORWARDED_PORT
Django REST Framework | the negotiation is DRF's | REST_FRAMEWORK_DEFAULT_CONTENT_NEGOTIATION_CLASS
Django REST Framework | the response to OPTIONS follows SimpleMetadata | REST_FRAMEWORK_DEFAULT_METADATA_CLASS
Django REST Framework | there are no list views | REST_FRAMEWORK_DEFAULT_PAGINATION_CLASS \
    REST_FRAMEWORK_DEFAULT_FILTER_BACKENDS REST_FRAMEWORK_PAGE_SIZE REST_FRAMEWORK_SEARCH_PARAM \
    REST_FRAMEWORK_ORDERING_PARAM REST_FRAMEWORK_MAX_PAGINATE_BY
Django REST Framework | the schema is made of the views; see docs/API.md | REST_FRAMEWORK_DEFAULT_SCHEMA_CLASS \
    REST_FRAMEWORK_SCHEMA_
Django REST Framework | an API version is a scope in src/urls.rs | REST_FRAMEWORK_DEFAULT_VERSION \
    REST_FRAMEWORK_ALLOWED_VERSIONS REST_FRAMEWORK_VERSION_PARAM
Django REST Framework | errors become responses in src/rest_framework/exceptions.rs | \
    REST_FRAMEWORK_EXCEPTION_HANDLER
Django REST Framework | a view is named in ApiView::new | REST_FRAMEWORK_VIEW_
Django REST Framework | a request without a user has none: MaybeAuthenticated | REST_FRAMEWORK_UNAUTHENTICATED_
Django REST Framework | tests use rest_framework::test::ApiClient | REST_FRAMEWORK_TEST_REQUEST_
Django REST Framework | URLs have no suffix for the format | REST_FRAMEWORK_FORMAT_SUFFIX_KWARG
Django REST Framework | there are no hyperlinked serializers | REST_FRAMEWORK_URL_FIELD_NAME
Django REST Framework | serializers return what the view writes; format values there | REST_FRAMEWORK_DATE \
    REST_FRAMEWORK_TIME REST_FRAMEWORK_COERCE_ REST_FRAMEWORK_UPLOADED_FILES_USE_URL
Django REST Framework | the forms of the browsable API have no selections | REST_FRAMEWORK_HTML_SELECT_
Django REST Framework | JSON is written as with DRF's default | REST_FRAMEWORK_UNICODE_JSON \
    REST_FRAMEWORK_COMPACT_JSON
Django REST Framework | each entry is a separate variable, such as REST_FRAMEWORK_NUM_PROXIES | REST_FRAMEWORK
drf-spectacular | the schema is made of the views; see docs/API.md | SPECTACULAR_SETTINGS
dj-rest-auth | the package is not here | REST_AUTH
djoser | the package is not here | DJOSER
simplejwt | each entry is a separate variable, such as SIMPLE_JWT_ACCESS_TOKEN_LIFETIME | SIMPLE_JWT
djangorestframework-jwt | each entry is a separate variable, such as JWT_EXPIRATION_DELTA | JWT_AUTH";

/// The message about `name` if it is a setting of one of the packages that does not apply here.
pub(super) fn explanation(name: &str) -> Option<String> {
    let is_meant = |known: &str| name == known || (known.ends_with('_') && name.starts_with(known));
    let mut lines = SETTINGS.lines().map(|line| line.splitn(3, " | ").collect::<Vec<_>>());
    lines.find_map(|line| match line[..] {
        [package, reason, names] if names.split(' ').any(is_meant) => {
            Some(format!("is a setting of {package} that does not apply here: {reason}"))
        }
        _ => None,
    })
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
    fn each_line_has_three_parts() {
        for line in SETTINGS.lines() {
            assert_eq!(line.matches(" | ").count(), 2, "{line}");
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
