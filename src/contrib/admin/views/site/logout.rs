//! Logging out. Python counterpart: `AdminSite.logout` and `LogoutView`.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header;
use askama::Template;

use crate::contrib::admin::chrome::Chrome;
use crate::contrib::admin::error::PageError;
use crate::contrib::admin::render::render;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::AdminSite;
use crate::contrib::auth;
use crate::http::redirects::{redirect, url_has_allowed_host_and_scheme};
use crate::http::request::{after_logout, get_host, is_secure};

#[derive(Template)]
#[template(path = "admin/logged_out.html")]
struct LoggedOutPage {
    chrome: Chrome,
}

/// `logout/`, for a user who is logged in.
pub(in crate::contrib::admin::views) async fn logout(
    site: &AdminSite,
    request: &AdminRequest,
) -> Result<HttpResponse, PageError> {
    if !request.is_post() {
        return Ok(HttpResponse::MethodNotAllowed()
            .insert_header((header::ALLOW, "OPTIONS, POST"))
            .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
            .finish());
    }
    auth::logout(&request.req).await?;
    let host = get_host(&request.req).unwrap_or_default();
    let next = request.form.get("next").or_else(|| request.params.get("next"));
    let next = next.filter(|next| url_has_allowed_host_and_scheme(next, &host, is_secure(&request.req)));
    if let Some(url) = after_logout(&request.req, next) {
        return Ok(redirect(&url));
    }
    let page = LoggedOutPage { chrome: Chrome::of_nobody(site, request).titled("Logged out") };
    Ok(render(StatusCode::OK, &page))
}
