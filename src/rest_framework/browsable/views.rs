//! Logging in and out by a page. Python counterpart: `rest_framework.urls`, with `LoginView` and `LogoutView` of
//! `django.contrib.auth.views`.

use std::time::Duration;

use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::{LOGIN, page_headers, url_of};
use crate::apps::Apps;
use crate::contrib::auth::validators::normalize_username;
use crate::contrib::auth::{self, AuthError, LimitReached, LoginLimits};
use crate::core::crypto::SecretString;
use crate::core::python;
use crate::http::csrf;
use crate::http::error_pages::{server_error, service_unavailable};
use crate::http::form_data::{FormError, FormLimits, read_form};
use crate::http::outcome::{Reason, Refusal};
use crate::http::query_dict::QueryDict;
use crate::http::redirects::{redirect, url_has_allowed_host_and_scheme};
use crate::http::request::{get_host, is_secure};

/// `LOGIN_REDIRECT_URL`: where a log-in leads that came from no page.
const LOGIN_REDIRECT_URL: &str = "/accounts/profile/";

/// The cache of the browser must not show these pages later: `never_cache`.
const NEVER_CACHE: HeaderValue = HeaderValue::from_static("max-age=0, no-cache, no-store, must-revalidate, private");

/// The limits of these forms.
const LIMITS: FormLimits = FormLimits { bytes: 32 * 1024, fields: 100, time: Duration::from_secs(30) };

#[derive(Template)]
#[template(path = "rest_framework/login.html")]
struct LoginPage {
    action: String,
    csrf_token: String,
    next: String,
    problem: Option<String>,
    label: String,
    username: String,
    username_is_missing: bool,
    password_is_missing: bool,
}

#[derive(Template)]
#[template(path = "rest_framework/logged_out.html")]
struct LoggedOutPage {
    login_url: String,
}

/// Why a log-in was refused.
struct Refused {
    status: StatusCode,
    problem: String,
    /// Seconds.
    retry_after: Option<u64>,
    reason: Reason,
}

/// `login/`.
pub(super) async fn login(req: HttpRequest, payload: web::Payload) -> HttpResponse {
    let form = match read(&req, payload).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    let params = QueryDict::parse(req.query_string().as_bytes());
    let next = next(&req, &form, &params);
    let mut page = match LoginPage::new(&req, next.clone()) {
        Ok(page) => page,
        Err(cause) => return server_error(cause),
    };
    let response = match *req.method() {
        Method::GET | Method::HEAD => answer(StatusCode::OK, &page),
        Method::POST => {
            page.username = form.get("username").unwrap_or_default().to_owned();
            let username = normalize_username(python::strip(&page.username));
            let password = SecretString::new(form.get("password").unwrap_or_default().to_owned());
            (page.username_is_missing, page.password_is_missing) = (username.is_empty(), password.expose().is_empty());
            if page.username_is_missing || page.password_is_missing {
                answer(StatusCode::OK, &page)
            } else {
                match authenticate(&req, &page.label, &username, &password).await {
                    Ok(Ok(user)) => match auth::login(&req, &user).await {
                        Ok(()) => redirect(next.as_deref().unwrap_or(LOGIN_REDIRECT_URL)),
                        Err(error) => return server_error(error.to_string()),
                    },
                    Ok(Err(refused)) => {
                        page.problem = Some(refused.problem);
                        let mut response = answer(refused.status, &page);
                        if let Some(seconds) = refused.retry_after {
                            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
                        }
                        response.extensions_mut().insert(refused.reason);
                        response
                    }
                    Err(response) => return response,
                }
            }
        }
        _ => not_allowed(&req, "GET, POST, PUT, HEAD, OPTIONS"),
    };
    uncached(&req, response)
}

/// `logout/`.
pub(super) async fn logout(req: HttpRequest, payload: web::Payload) -> HttpResponse {
    let form = match read(&req, payload).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    if *req.method() != Method::POST {
        return uncached(&req, not_allowed(&req, "OPTIONS, POST"));
    }
    if let Err(error) = auth::logout(&req).await {
        return server_error(error.to_string());
    }
    let params = QueryDict::parse(req.query_string().as_bytes());
    let response = match next(&req, &form, &params) {
        Some(next) => redirect(&next),
        None => {
            let login_url = url_of(&req, LOGIN).unwrap_or_default();
            answer(StatusCode::OK, &LoggedOutPage { login_url })
        }
    };
    uncached(&req, response)
}

/// The form of an unsafe request, whose CSRF token is checked. Or the response that refuses it.
async fn read(req: &HttpRequest, payload: web::Payload) -> Result<QueryDict, HttpResponse> {
    let form = match *req.method() {
        Method::GET | Method::HEAD | Method::OPTIONS => QueryDict::default(),
        _ => read_form(req.headers(), payload.into_inner(), LIMITS).await.map_err(|error| {
            let status = match error {
                FormError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
                FormError::TooSlow => StatusCode::REQUEST_TIMEOUT,
                FormError::TooManyFields | FormError::Unreadable(_) => StatusCode::BAD_REQUEST,
            };
            let mut response = HttpResponse::build(status).finish();
            response.extensions_mut().insert(Reason::refused(error.to_string(), None));
            response
        })?,
    };
    csrf::check(req, form.get(csrf::FIELD)).map_err(|failure| failure.page())?;
    Ok(form)
}

/// Where the client wants to go, if that is on this site.
fn next(req: &HttpRequest, form: &QueryDict, params: &QueryDict) -> Option<String> {
    let host = get_host(req).unwrap_or_default();
    let next = form.get("next").or_else(|| params.get("next"))?;
    url_has_allowed_host_and_scheme(next, &host, is_secure(req)).then(|| next.to_owned())
}

/// The user, if the limits and the password allow it.
async fn authenticate(
    req: &HttpRequest,
    label: &str,
    username: &str,
    password: &SecretString,
) -> Result<Result<auth::SharedUser, Refused>, HttpResponse> {
    let apps = Apps::of(req).map_err(|error| server_error(error.to_string()))?;
    let limits = apps.get::<LoginLimits>().ok();
    if let Some(limits) = limits {
        match limits.check(req).await {
            Ok(()) => {}
            Err(LimitReached::TooMany(seconds)) => {
                return Ok(Err(Refused::too_many(seconds, "a throttle refused the log-in", Refusal::Throttled)));
            }
            Err(LimitReached::Failed(cause)) => return Err(service_unavailable(cause)),
        }
    }
    let address = limits.map_or_else(String::new, |limits| limits.client_address(req));
    let (state, database) = match (apps.auth(), apps.database()) {
        (Ok(state), Ok(database)) => (state, database),
        (Err(error), _) | (_, Err(error)) => return Err(server_error(error.to_string())),
    };
    match state.authenticate(database, &address, username, password.expose()).await {
        Ok(Some(user)) => Ok(Ok(user)),
        Ok(None) => Ok(Err(Refused {
            status: StatusCode::OK,
            problem: format!(
                "Please enter a correct {} and password. Note that both fields may be case-sensitive.",
                label.to_lowercase()
            ),
            retry_after: None,
            reason: Reason::refused("wrong user name or password".to_owned(), Some(Refusal::User)),
        })),
        Err(AuthError::LockedOut(seconds)) => {
            let why = AuthError::LockedOut(seconds).to_string();
            Ok(Err(Refused::too_many(Some(seconds), &why, Refusal::LockedOut)))
        }
        Err(AuthError::Overloaded) => Ok(Err(Refused {
            status: StatusCode::SERVICE_UNAVAILABLE,
            problem: "Too many people are logging in. Please try again in a moment.".to_owned(),
            retry_after: Some(1),
            reason: Reason::refused(AuthError::Overloaded.to_string(), Some(Refusal::Unavailable)),
        })),
        Err(AuthError::Database(error)) => Err(service_unavailable(error.to_string())),
        Err(error) => Err(server_error(error.to_string())),
    }
}

impl Refused {
    fn too_many(seconds: Option<u64>, reason: &str, refusal: Refusal) -> Self {
        let when = seconds.map_or_else(|| "later".to_owned(), |seconds| format!("in {seconds} seconds"));
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            problem: format!("Too many attempts to log in. Please try again {when}."),
            retry_after: seconds,
            reason: Reason::refused(reason.to_owned(), Some(refusal)),
        }
    }
}

impl LoginPage {
    fn new(req: &HttpRequest, next: Option<String>) -> Result<Self, String> {
        let apps = Apps::of(req).map_err(|error| error.to_string())?;
        let field = apps.auth().map_err(|error| error.to_string())?.users().username_field().replace('_', " ");
        let mut letters = field.chars();
        let label = letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect());
        Ok(Self {
            action: req.path().to_owned(),
            csrf_token: csrf::get_token(req),
            next: next.unwrap_or_default(),
            problem: None,
            label,
            username: String::new(),
            username_is_missing: false,
            password_is_missing: false,
        })
    }
}

fn answer(status: StatusCode, page: &impl Template) -> HttpResponse {
    match page.render() {
        Ok(text) => {
            let mut response = HttpResponse::build(status).body(text);
            page_headers(&mut response);
            response
        }
        Err(error) => server_error(error.to_string()),
    }
}

fn not_allowed(req: &HttpRequest, allow: &'static str) -> HttpResponse {
    let is_question = *req.method() == Method::OPTIONS;
    HttpResponse::build(if is_question { StatusCode::OK } else { StatusCode::METHOD_NOT_ALLOWED })
        .insert_header((header::ALLOW, allow))
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .finish()
}

fn uncached(req: &HttpRequest, mut response: HttpResponse) -> HttpResponse {
    response.headers_mut().insert(header::CACHE_CONTROL, NEVER_CACHE);
    let now = Apps::of(req).ok().map(|apps| apps.clock().now().format("%a, %d %b %Y %H:%M:%S GMT").to_string());
    if let Some(now) = now.and_then(|now| HeaderValue::from_str(&now).ok()) {
        response.headers_mut().insert(header::EXPIRES, now);
    }
    response
}
