//! Logging in and out by a page. Python counterpart: `rest_framework.urls`, with `LoginView` and `LogoutView` of
//! `django.contrib.auth.views`.

use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::{LOGIN, page_headers, url_of};
use crate::apps::Apps;
use crate::contrib::auth::validators::normalize_username;
use crate::contrib::auth::{self, AuthError, AuthState, RefusedLogin};
use crate::core::crypto::SecretString;
use crate::core::python;
use crate::core::python::capfirst;
use crate::http::body::{BodyError, CREDENTIALS_BODY, Limits};
use crate::http::cookies::http_date;
use crate::http::csrf;
use crate::http::error_pages::{bad_request, server_error, service_unavailable};
use crate::http::form_data::{FormError, read_form};
use crate::http::log_data::Reason;
use crate::http::query_dict::QueryDict;
use crate::http::redirects::{redirect, url_has_allowed_host_and_scheme};
use crate::http::request::{after_logout, get_host, is_secure};
use crate::rest_framework::state::RestFramework;

/// `LOGIN_REDIRECT_URL`: the address after a login without `next`.
const LOGIN_REDIRECT_URL: &str = "/accounts/profile/";

/// The cache of the browser must not show these pages later: `never_cache`.
const NEVER_CACHE: HeaderValue = HeaderValue::from_static("max-age=0, no-cache, no-store, must-revalidate, private");

#[derive(Template)]
#[template(path = "rest_framework/login.html")]
struct ApiLoginPage {
    action: String,
    csrf_token: String,
    next: String,
    problem: Option<String>,
    label: String,
    username: String,
    username_error: Option<&'static str>,
    password_error: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "rest_framework/logged_out.html")]
struct ApiLoggedOutPage {
    login_url: String,
}

/// `login/`.
pub(super) async fn login(req: HttpRequest, payload: web::Payload) -> HttpResponse {
    let form = match read(&req, payload).await {
        Ok(form) => form,
        Err(response) => return response,
    };
    match *req.method() {
        Method::GET | Method::HEAD | Method::POST => match show_or_log_in(&req, &form).await {
            Ok(response) => uncached(&req, response),
            Err(failure) => failure,
        },
        _ => uncached(&req, not_allowed(&req, "GET, POST, PUT, HEAD, OPTIONS")),
    }
}

/// The page, or the redirect of a login. An error is the page of a failure.
async fn show_or_log_in(req: &HttpRequest, form: &QueryDict) -> Result<HttpResponse, HttpResponse> {
    let apps = Apps::of(req).map_err(failed)?;
    let (state, db) = (apps.auth().map_err(failed)?, apps.database().map_err(failed)?);
    let next = next(req, form).map_err(unreadable_form)?;
    let mut page = ApiLoginPage::new(req, state, next.clone());
    if *req.method() != Method::POST {
        return Ok(answer(&page));
    }
    page.username = form.get("username").unwrap_or_default().to_owned();
    let username = normalize_username(python::strip(&page.username));
    let password = SecretString::new(form.get("password").unwrap_or_default().to_owned());
    (page.username_error, page.password_error) = (auth::required(&username), auth::required(password.expose()));
    if page.username_error.is_some() || page.password_error.is_some() {
        return Ok(answer(&page));
    }
    let refused = match auth::authenticate(req, state, db, &username, &password).await {
        Ok(Some(user)) if !user.is_active() => RefusedLogin::inactive(),
        Ok(Some(user)) => {
            auth::login(req, &user).await.map_err(|error| error.page())?;
            return Ok(redirect(next.as_deref().unwrap_or(LOGIN_REDIRECT_URL)));
        }
        Ok(None) => {
            let problem = format!(
                "Please enter a correct {} and password. Note that both fields may be case-sensitive.",
                page.label.to_lowercase()
            );
            RefusedLogin::wrong(problem, "wrong user name or password")
        }
        Err(error) => RefusedLogin::of(error).map_err(|error| match error {
            AuthError::Hashing(_) => failed(error),
            _ => service_unavailable(error.to_string()),
        })?,
    };
    page.problem = Some(refused.problem.clone());
    Ok(refused.respond(answer(&page)))
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
        return error.page();
    }
    let next = match next(&req, &form) {
        Ok(next) => next,
        Err(error) => return unreadable_form(error),
    };
    let response = match after_logout(&req, next.as_deref()) {
        Some(url) => redirect(&url),
        None => {
            let login_url = url_of(&req, LOGIN).unwrap_or_default();
            answer(&ApiLoggedOutPage { login_url })
        }
    };
    uncached(&req, response)
}

/// The form of an unsafe request, whose CSRF token is checked. Or the response that refuses it.
async fn read(req: &HttpRequest, payload: web::Payload) -> Result<QueryDict, HttpResponse> {
    let form = match *req.method() {
        Method::GET | Method::HEAD | Method::OPTIONS => QueryDict::default(),
        _ => {
            let framework = RestFramework::of(req).map_err(failed)?;
            let limits = framework.settings.limits;
            let limits = Limits { body: CREDENTIALS_BODY.min(limits.body), ..limits };
            read_form(req.headers(), payload.into_inner(), limits, &framework.body_budget)
                .await
                .map_err(unreadable_form)?
        }
    };
    csrf::check(req, form.get(csrf::FIELD)).map_err(|failure| failure.page())?;
    Ok(form)
}

/// The response to a form that was not read.
fn unreadable_form(error: FormError) -> HttpResponse {
    let status = match error {
        FormError::Body(BodyError::OverBudget(_)) => return service_unavailable(error.to_string()),
        FormError::Body(BodyError::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
        FormError::Body(BodyError::TooSlow) => StatusCode::REQUEST_TIMEOUT,
        _ => return bad_request(error.to_string()),
    };
    let mut response = HttpResponse::build(status).finish();
    response.extensions_mut().insert(Reason::refused(error.to_string(), None));
    response
}

/// Where the client wants to go, if that is on this site.
fn next(req: &HttpRequest, form: &QueryDict) -> Result<Option<String>, FormError> {
    let query = req.query_string().as_bytes();
    if RestFramework::of(req).is_ok_and(|framework| QueryDict::count(query) > framework.settings.limits.fields) {
        return Err(FormError::TooManyFields);
    }
    let (params, host) = (QueryDict::parse(query), get_host(req).unwrap_or_default());
    let next = form.get("next").or_else(|| params.get("next"));
    let next = next.filter(|next| url_has_allowed_host_and_scheme(next, &host, is_secure(req)));
    Ok(next.map(str::to_owned))
}

impl ApiLoginPage {
    fn new(req: &HttpRequest, auth: &AuthState, next: Option<String>) -> Self {
        let label = capfirst(&auth.users().username_field().replace('_', " "));
        Self {
            action: req.path().to_owned(),
            csrf_token: csrf::get_token(req),
            next: next.unwrap_or_default(),
            problem: None,
            label,
            username: String::new(),
            username_error: None,
            password_error: None,
        }
    }
}

fn failed(error: impl ToString) -> HttpResponse {
    server_error(error.to_string())
}

fn answer(page: &impl Template) -> HttpResponse {
    match page.render() {
        Ok(text) => {
            let mut response = HttpResponse::Ok().body(text);
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
    let now = Apps::of(req).ok().map(|apps| http_date(apps.clock().now()));
    if let Some(now) = now.and_then(|now| HeaderValue::try_from(now).ok()) {
        response.headers_mut().insert(header::EXPIRES, now);
    }
    response
}
