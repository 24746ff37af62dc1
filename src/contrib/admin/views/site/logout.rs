//! Logging out. Python counterpart: `AdminSite.logout` and `LogoutView`.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::contrib::admin::chrome::Chrome;
use crate::contrib::admin::error::{PageError, method_not_allowed};
use crate::contrib::admin::render::render;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::AdminSite;
use crate::contrib::auth;
use crate::http::redirects::redirect;
use crate::http::request::after_logout;

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
        return Ok(method_not_allowed("POST, OPTIONS"));
    }
    auth::logout(&request.req).await?;
    if let Some(url) = after_logout(&request.req, request.next()) {
        return Ok(redirect(&url));
    }
    let page = LoggedOutPage { chrome: Chrome::anonymous(site, request).titled("Logged out") };
    Ok(render(StatusCode::OK, &page))
}
