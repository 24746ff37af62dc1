//! Logging in. Python counterpart: `AdminSite.login`, `LoginView` and `AdminAuthenticationForm`.

use actix_web::HttpResponse;
use actix_web::http::{Method, StatusCode};
use askama::Template;

use crate::contrib::admin::chrome::Chrome;
use crate::contrib::admin::error::{PageError, method_not_allowed};
use crate::contrib::admin::render::render;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::AdminSite;
use crate::contrib::auth::validators::normalize_username;
use crate::contrib::auth::{self, RefusedLogin};
use crate::core::crypto::SecretString;
use crate::core::python;
use crate::core::python::capfirst;
use crate::http::csrf;
use crate::http::redirects::redirect;

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
        _ => Ok(method_not_allowed("GET, POST, PUT, HEAD, OPTIONS")),
    }
}

async fn log_in(site: &AdminSite, request: &AdminRequest) -> Result<HttpResponse, PageError> {
    let mut page = LoginPage::new(site, request)?;
    page.username = request.form.get("username").unwrap_or_default().to_owned();
    let username = python::strip(&page.username);
    let password = SecretString::new(request.form.get("password").unwrap_or_default().to_owned());
    page.username_error = auth::required(username);
    page.password_error = auth::required(password.expose());
    let errors = [page.username_error, page.password_error].iter().flatten().count();
    if errors > 0 {
        let note = if errors == 1 { "Please correct the error below." } else { "Please correct the errors below." };
        page.note = Some(note.to_owned());
        page.chrome = page.chrome.with_errors(true);
        return Ok(render(StatusCode::OK, &page));
    }
    // As in Django, a name that is longer than the field is not normalized.
    let username = match username.chars().count() > page.username_max_length {
        true => username.to_owned(),
        false => normalize_username(username),
    };
    let refused = match auth::authenticate(&request.req, request.auth()?, &request.db, &username, &password).await {
        Ok(Some(user)) if user.is_active() && user.is_staff() => {
            auth::login(&request.req, &user).await?;
            return Ok(redirect(request.next().unwrap_or(site.base())));
        }
        Ok(Some(user)) if !user.is_active() => RefusedLogin::inactive(),
        Ok(_) => {
            let problem = format!(
                "Please enter the correct {} and password for a staff account. Note that both fields may be case-sensitive.",
                page.username_label.to_lowercase()
            );
            RefusedLogin::wrong(problem, "wrong user name or password, or not staff")
        }
        Err(error) => RefusedLogin::of(error)?,
    };
    page.note = Some(refused.problem.clone());
    page.chrome = page.chrome.with_errors(true);
    Ok(refused.respond(render(StatusCode::OK, &page)))
}

impl LoginPage {
    fn new(site: &AdminSite, request: &AdminRequest) -> Result<Self, PageError> {
        let users = request.auth()?.users();
        let model = site.known_models().find(|known| known.model.table == users.table());
        let field =
            model.and_then(|known| known.model.fields.iter().find(|field| field.name == users.username_field()));
        let label = field.map_or_else(|| users.username_field().replace('_', " "), |field| field.verbose_name.clone());
        let has_next = request.params.contains("next") || request.form.contains("next");
        let next = if has_next { request.next().unwrap_or_default() } else { site.base() };
        // Users who have deleted their own account see the message here.
        let mut chrome = Chrome::anonymous(site, request).titled("Log in").with_messages(request);
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
            next: next.to_owned(),
        })
    }
}
