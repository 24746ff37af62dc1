//! Logging in. Python counterpart: `AdminSite.login`, `LoginView` and `AdminAuthenticationForm`.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::http::{Method, StatusCode};
use askama::Template;

use crate::contrib::admin::chrome::Chrome;
use crate::contrib::admin::error::PageError;
use crate::contrib::admin::model_forms::capfirst;
use crate::contrib::admin::render::render;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::AdminSite;
use crate::contrib::auth::validators::normalize_username;
use crate::contrib::auth::{self, AuthError, LimitReached, LoginLimits};
use crate::core::crypto::SecretString;
use crate::core::python;
use crate::http::csrf;
use crate::http::outcome::{Reason, Refusal};
use crate::http::redirects::{redirect, url_has_allowed_host_and_scheme};
use crate::http::request::{get_host, is_secure};

const REQUIRED: &str = "This field is required.";
const NULL: &str = "Null characters are not allowed.";
/// Longest user name if the model has no limit.
const MAX_LENGTH: usize = 254;

#[derive(Template)]
#[template(path = "admin/login.html")]
struct LoginPage {
    chrome: Chrome,
    note: Option<String>,
    authenticated_as: Option<String>,
    username_label: String,
    username_max_length: usize,
    username: String,
    username_error: Option<&'static str>,
    password_error: Option<&'static str>,
    next: String,
}

/// Why the form is shown again.
pub(super) struct Refused {
    status: StatusCode,
    pub(super) note: String,
    /// Seconds.
    retry_after: Option<u64>,
    reason: Reason,
}

/// `login/`.
pub(in crate::contrib::admin::views) async fn login(
    site: &AdminSite,
    request: &AdminRequest,
) -> Result<HttpResponse, PageError> {
    let may_enter = request.user.as_ref().is_some_and(|user| user.is_active() && user.is_staff());
    match *request.req.method() {
        Method::GET if may_enter => Ok(redirect(site.base())),
        Method::GET | Method::HEAD => Ok(render(StatusCode::OK, &LoginPage::new(site, request)?)),
        Method::POST => log_in(site, request).await,
        _ => Ok(HttpResponse::MethodNotAllowed()
            .insert_header((header::ALLOW, "GET, HEAD, POST"))
            .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
            .finish()),
    }
}

async fn log_in(site: &AdminSite, request: &AdminRequest) -> Result<HttpResponse, PageError> {
    let mut page = LoginPage::new(site, request)?;
    page.username = request.form.get("username").unwrap_or_default().to_owned();
    let username = python::strip(&page.username);
    let password = SecretString::new(request.form.get("password").unwrap_or_default().to_owned());
    page.username_error = problem(username);
    page.password_error = problem(password.expose());
    let errors = [page.username_error, page.password_error].iter().flatten().count();
    if errors > 0 {
        let note = if errors == 1 { "Please correct the error below." } else { "Please correct the errors below." };
        page.note = Some(note.to_owned());
        page.chrome = page.chrome.with_errors(true);
        return Ok(render(StatusCode::OK, &page));
    }
    // Django leaves a name alone that is longer than the field.
    let username = match username.chars().count() > page.username_max_length {
        true => username.to_owned(),
        false => normalize_username(username),
    };
    match authenticate(request, &page.username_label, &username, &password).await? {
        Ok(user) => {
            auth::login(&request.req, &user).await?;
            Ok(redirect(next_of(request).as_deref().unwrap_or(site.base())))
        }
        Err(refused) => {
            page.note = Some(refused.note.clone());
            page.chrome = page.chrome.with_errors(true);
            Ok(refused.respond(&page))
        }
    }
}

/// The user, if the limits of the API, the password and the staff status allow it.
async fn authenticate(
    request: &AdminRequest,
    label: &str,
    username: &str,
    password: &SecretString,
) -> Result<Result<auth::SharedUser, Refused>, PageError> {
    let limits = request.apps.get::<LoginLimits>().ok();
    if let Some(limits) = limits {
        match limits.check(&request.req).await {
            Ok(()) => {}
            Err(LimitReached::TooMany(seconds)) => {
                return Ok(Err(Refused::too_many(seconds, "a throttle refused the log-in", Refusal::Throttled)));
            }
            Err(LimitReached::Failed(cause)) => return Err(PageError::Unavailable(cause)),
        }
    }
    let address = limits.map_or_else(String::new, |limits| limits.client_address(&request.req));
    match request.auth()?.authenticate(&request.db, &address, username, password.expose()).await {
        Ok(Some(user)) if user.is_active() && user.is_staff() => Ok(Ok(user)),
        Ok(_) => Ok(Err(Refused {
            status: StatusCode::OK,
            note: format!(
                "Please enter the correct {} and password for a staff account. Note that both fields may be case-sensitive.",
                label.to_lowercase()
            ),
            retry_after: None,
            reason: Reason::refused("wrong user name or password, or not staff".to_owned(), Some(Refusal::User)),
        })),
        Err(error) => Refused::of(error).map(Err),
    }
}

impl Refused {
    /// An attempt that was not made.
    ///
    /// # Errors
    /// Returns a failure of the server as it is.
    pub(super) fn of(error: AuthError) -> Result<Self, PageError> {
        match error {
            AuthError::LockedOut(seconds) => Ok(Self::too_many(Some(seconds), &error.to_string(), Refusal::LockedOut)),
            AuthError::Overloaded => Ok(Self {
                status: StatusCode::SERVICE_UNAVAILABLE,
                note: "Too many people are logging in. Please try again in a moment.".to_owned(),
                retry_after: Some(1),
                reason: Reason::refused(error.to_string(), Some(Refusal::Unavailable)),
            }),
            AuthError::Database(error) => Err(error.into()),
            error => Err(PageError::internal(error)),
        }
    }

    /// `page` with what the client must know.
    pub(super) fn respond(self, page: &impl Template) -> HttpResponse {
        let mut response = render(self.status, page);
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response.extensions_mut().insert(self.reason);
        response
    }

    fn too_many(seconds: Option<u64>, reason: &str, refusal: Refusal) -> Self {
        let when = match seconds {
            None => "later".to_owned(),
            Some(1) => "in 1 second".to_owned(),
            Some(seconds) if seconds < 120 => format!("in {seconds} seconds"),
            Some(seconds) => format!("in {} minutes", seconds.div_ceil(60)),
        };
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            note: format!("Too many attempts to log in. Please try again {when}."),
            retry_after: seconds,
            reason: Reason::refused(reason.to_owned(), Some(refusal)),
        }
    }
}

impl LoginPage {
    fn new(site: &AdminSite, request: &AdminRequest) -> Result<Self, PageError> {
        let users = request.auth()?.users();
        let model = site.known_models().find(|known| known.model.table == users.table());
        let field =
            model.and_then(|known| known.model.fields.iter().find(|field| field.name == users.username_field()));
        let label = field.map_or_else(|| users.username_field().replace('_', " "), |field| field.verbose_name.clone());
        let has_next = request.params.contains("next") || request.form.contains("next");
        let next = if has_next { next_of(request).unwrap_or_default() } else { site.base().to_owned() };
        // Users who have deleted their own account are told so here.
        let mut chrome = Chrome::of_nobody(site, request).titled("Log in").with_messages(request);
        chrome.csrf_token = csrf::get_token(&request.req);
        Ok(Self {
            chrome,
            note: None,
            authenticated_as: request.user.as_ref().map(|user| user.username().to_owned()),
            username_label: capfirst(&label),
            username_max_length: field.and_then(|field| field.max_length).unwrap_or(MAX_LENGTH),
            username: String::new(),
            username_error: None,
            password_error: None,
            next,
        })
    }
}

/// What Django's form has against the value of a field.
fn problem(value: &str) -> Option<&'static str> {
    if value.is_empty() {
        return Some(REQUIRED);
    }
    value.contains('\0').then_some(NULL)
}

/// `get_redirect_url`: where the user wanted to go, if that is on this site.
fn next_of(request: &AdminRequest) -> Option<String> {
    let host = get_host(&request.req).unwrap_or_default();
    let next = request.form.get("next").or_else(|| request.params.get("next"))?;
    url_has_allowed_host_and_scheme(next, &host, is_secure(&request.req)).then(|| next.to_owned())
}
