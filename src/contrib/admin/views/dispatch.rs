//! Routes a request to its page. Python counterpart: `AdminSite.admin_view`, `AdminSite.catch_all_view` and `CsrfViewMiddleware`.

use std::sync::Arc;

use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, web};

use super::{changelist, dashboard, export, objects, site as site_pages};
use crate::apps::Apps;
use crate::contrib::admin::error::{PageError, method_not_allowed, redirect};
use crate::contrib::admin::render;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::AdminSite;
use crate::contrib::admin::urls::{ModelPage, SitePage, resolve, unquote};
use crate::contrib::auth::models::UserPermissions;
use crate::contrib::auth::{SharedUser, get_user};
use crate::contrib::sessions::SessionError;
use crate::db::{DatabaseError, DbConnection};
use crate::http::body::{BodyBudget, BodyError, CREDENTIALS_BODY, Limits};
use crate::http::common::decode_path;
use crate::http::cookies::http_date;
use crate::http::csrf;
use crate::http::error_pages::{server_error, service_unavailable};
use crate::http::form_data::{FormError, read_form};
use crate::http::log_data::Reason;
use crate::http::query_dict::{QueryDict, quote_plus};

/// No cache may keep pages of the admin site: `never_cache`.
const NEVER_CACHE: HeaderValue = HeaderValue::from_static("max-age=0, no-cache, no-store, must-revalidate, private");

/// Serves every page of the admin site.
pub(in crate::contrib::admin) async fn dispatch(req: HttpRequest, payload: web::Payload) -> HttpResponse {
    let base = match Apps::of(&req).map_err(PageError::internal).and_then(AdminSite::of_apps) {
        Ok(site) => site.base().to_owned(),
        Err(error) => return error_response(error, "/"),
    };
    match serve(req, payload).await {
        Ok(response) => response,
        Err(error) => error_response(error, &base),
    }
}

async fn serve(req: HttpRequest, payload: web::Payload) -> Result<HttpResponse, PageError> {
    let apps = Apps::of(&req).map_err(PageError::internal)?.clone();
    let site = AdminSite::of_apps(&apps)?;
    if !is_matched(&site, &decode_path(req.path())) {
        return Err(PageError::NotFound);
    }
    let form = match *req.method() {
        Method::GET | Method::HEAD | Method::OPTIONS => QueryDict::default(),
        _ => {
            let limits = form_limits(&req, apps.registry().settings::<Limits>()).await?;
            let budget = apps.get::<Arc<BodyBudget>>().cloned().unwrap_or_default();
            read_form(req.headers(), payload.into_inner(), limits, &budget).await?
        }
    };
    if let Err(failure) = csrf::check(&req, form.get(csrf::FIELD)) {
        return Ok(failure.page());
    }
    let db = apps.database()?.clone();
    let user = get_user(&req).await?;
    let permissions = match &user {
        Some(user) => permissions(&apps, user.clone()).await?,
        None => UserPermissions::none(),
    };
    let request = AdminRequest {
        params: QueryDict::parse(req.query_string().as_bytes()),
        base: site.base().to_owned(),
        req,
        apps,
        db,
        user,
        permissions: Arc::new(permissions),
        form,
    };
    let mut response = view(&site, &request).await?;
    // The cache of the browser must not show pages after the user has logged out. Django allows caches for the pages about the
    // user's own password, which have no data.
    let may_be_kept = request.req.path().starts_with(&request.url("password_change/"));
    if !may_be_kept && !response.headers().contains_key(header::CACHE_CONTROL) {
        response.headers_mut().insert(header::CACHE_CONTROL, NEVER_CACHE);
        if let Ok(now) = HeaderValue::try_from(http_date(request.now())) {
            response.headers_mut().insert(header::EXPIRES, now);
        }
    }
    Ok(response)
}

/// The limits on the form of `req`. The user is looked up before reading only if the form is large. Otherwise the form is read
/// first, as in Django.
async fn form_limits(req: &HttpRequest, limits: Limits) -> Result<Limits, PageError> {
    let headers = req.headers();
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    let may_be_large = match length {
        Some(length) => length > CREDENTIALS_BODY,
        None => headers.contains_key(header::TRANSFER_ENCODING),
    };
    if may_be_large && get_user(req).await?.is_some_and(|user| user.is_active() && user.is_staff()) {
        return Ok(limits);
    }
    Ok(Limits { body: CREDENTIALS_BODY.min(limits.body), ..limits })
}

/// Django's patterns do not match line breaks, except in the keys of the pages that an app has added.
fn is_matched(site: &AdminSite, path: &str) -> bool {
    let page = || resolve(site, path.strip_prefix(site.base()).unwrap_or_default());
    !path.contains('\n') || matches!(page(), Some(SitePage::Model(_, ModelPage::Own(..))))
}

/// The page at the path of the request, in Django's order: an anonymous client is sent to the login page from every path.
async fn view(site: &AdminSite, request: &AdminRequest) -> Result<HttpResponse, PageError> {
    let path = decode_path(request.req.path());
    let path = path.strip_prefix(site.base()).unwrap_or_default();
    let page = resolve(site, path);
    let is_staff = request.user.as_ref().is_some_and(|user| user.is_active() && user.is_staff());
    if !is_staff && !matches!(page, Some(SitePage::Login)) {
        return Ok(match page {
            Some(SitePage::Logout) => redirect(site.base()),
            _ => redirect(&format!("{}login/?next={}", site.base(), next(&request.full_path()))),
        });
    }
    let Some(page) = page else { return catch_all(site, request, path) };
    let allow = match page {
        SitePage::Login | SitePage::PasswordChange => "GET, POST, PUT, HEAD, OPTIONS",
        SitePage::PasswordChangeDone => "GET, HEAD, OPTIONS",
        SitePage::Logout => "POST, OPTIONS",
        _ => "GET, HEAD, POST, OPTIONS",
    };
    let method = request.req.method();
    let is_known = matches!(*method, Method::GET | Method::HEAD | Method::POST);
    if !is_known || (matches!(page, SitePage::PasswordChangeDone) && request.is_post()) {
        return Ok(unknown_method(method, allow));
    }
    let reads_query = match page {
        SitePage::Login => !is_staff || request.is_post(),
        SitePage::Model(_, page) => !matches!(page, ModelPage::Object),
        _ => false,
    };
    let limits: Limits = request.apps.registry().settings();
    if reads_query && QueryDict::count(request.req.query_string().as_bytes()) > limits.fields {
        return Err(FormError::TooManyFields.into());
    }
    match page {
        SitePage::Index => site_pages::index(site, request).await,
        SitePage::Login => site_pages::login(site, request).await,
        SitePage::Logout => site_pages::logout(site, request).await,
        SitePage::PasswordChange => site_pages::password_change(site, request).await,
        SitePage::PasswordChangeDone => site_pages::password_change_done(site, request).await,
        SitePage::Autocomplete => Err(PageError::PermissionDenied),
        SitePage::ViewOnSite => Err(PageError::NotFound),
        SitePage::Dashboard => dashboard::dashboard(site, request).await,
        SitePage::Search => dashboard::search(site, request).await,
        SitePage::Theme => site_pages::theme(site, request).await,
        SitePage::AppIndex(label) => site_pages::app_index(site, label, request).await,
        SitePage::Model(registered, page) => match page {
            ModelPage::ChangeList => changelist::changelist(site, registered, request).await,
            ModelPage::Export => export::export(site, registered, request).await,
            ModelPage::Add => objects::add(site, registered, request).await,
            ModelPage::Change(key) => objects::change(site, registered, &unquote(key), request).await,
            ModelPage::Delete(key) => objects::delete(site, registered, &unquote(key), request).await,
            ModelPage::History(key) => objects::history(site, registered, &unquote(key), request).await,
            ModelPage::Object => Ok(redirect(&format!("{}change/", request.req.path()))),
            ModelPage::Own(key, name) => {
                let pages = registered.admin.object_pages();
                let own = pages.iter().find(|own| own.name == name).ok_or(PageError::NotFound)?;
                (own.view)(request, &unquote(key)).await
            }
        },
    }
}

/// `AdminSite.catch_all_view`: a 301 if only the slash at the end is missing.
fn catch_all(site: &AdminSite, request: &AdminRequest, path: &str) -> Result<HttpResponse, PageError> {
    let with_slash = format!("{path}/");
    if path.ends_with('/') || resolve(site, &with_slash).is_none() {
        return Err(PageError::NotFound);
    }
    let query = request.req.query_string();
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    let mut response = redirect(&format!("{}/{query}", request.req.path()));
    *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
    Ok(response)
}

/// The value of `next`: slashes stay as they are.
fn next(full_path: &str) -> String {
    quote_plus(full_path).replace("%2F", "/")
}

/// Answers OPTIONS as well, as Django's views do.
fn unknown_method(method: &Method, allow: &'static str) -> HttpResponse {
    let response = method_not_allowed(allow);
    if *method == Method::OPTIONS { status(response, StatusCode::OK) } else { response }
}

async fn permissions(apps: &Apps, user: SharedUser) -> Result<UserPermissions, PageError> {
    if !user.is_active() {
        return Ok(UserPermissions::none());
    }
    if user.is_superuser() {
        return Ok(UserPermissions::Every);
    }
    let users = Arc::clone(apps.auth()?.users());
    let read = move |conn: &mut DbConnection| users.permissions(conn, &*user).map_err(DatabaseError::from);
    Ok(apps.database()?.read(read).await?)
}

impl From<SessionError> for PageError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Database(error) => Self::Database(error),
            SessionError::Interrupted => Self::BadRequest(error.to_string()),
            _ => Self::internal(error),
        }
    }
}

impl From<FormError> for PageError {
    fn from(error: FormError) -> Self {
        match error {
            FormError::Body(BodyError::TooLarge) => Self::TooLarge,
            FormError::Body(BodyError::TooSlow) => Self::TooSlow,
            FormError::Body(BodyError::OverBudget(_)) => Self::Unavailable(error.to_string()),
            _ => Self::BadRequest(error.to_string()),
        }
    }
}

/// The one place where an error becomes a response. Causes go to the log.
fn error_response(error: PageError, base: &str) -> HttpResponse {
    let text = error.to_string();
    let (mut response, reason) = match error {
        PageError::Redirect(location) => return redirect(&location),
        PageError::NotFound => return render::page_not_found(base),
        PageError::PermissionDenied => (render::permission_denied(base), Reason::refused(text, None)),
        PageError::BadRequest(_) => (render::bad_request(base), Reason::refused(text, None)),
        PageError::TooLarge => {
            (status(render::bad_request(base), StatusCode::PAYLOAD_TOO_LARGE), Reason::refused(text, None))
        }
        PageError::TooSlow => {
            (status(render::bad_request(base), StatusCode::REQUEST_TIMEOUT), Reason::refused(text, None))
        }
        PageError::Database(DatabaseError::Unavailable(_)) | PageError::Unavailable(_) => {
            return service_unavailable(text);
        }
        PageError::Database(_) | PageError::Internal(_) => return server_error(text),
    };
    response.extensions_mut().insert(reason);
    response
}

fn status(mut response: HttpResponse, status: StatusCode) -> HttpResponse {
    *response.status_mut() = status;
    response
}
