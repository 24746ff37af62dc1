//! The pages that belong to no model. Python counterpart: `AdminSite.index`, `login`, `logout` and their neighbours.

use actix_web::HttpResponse;

use crate::contrib::admin::error::PageError;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::AdminSite;

pub(super) async fn index(_site: &AdminSite, _request: &AdminRequest) -> Result<HttpResponse, PageError> {
    Err(PageError::NotFound)
}

pub(super) async fn app_index(
    _site: &AdminSite,
    _app_label: &str,
    _request: &AdminRequest,
) -> Result<HttpResponse, PageError> {
    Err(PageError::NotFound)
}

pub(super) async fn login(_site: &AdminSite, _request: &AdminRequest) -> Result<HttpResponse, PageError> {
    Err(PageError::NotFound)
}

pub(super) async fn logout(_site: &AdminSite, _request: &AdminRequest) -> Result<HttpResponse, PageError> {
    Err(PageError::NotFound)
}

pub(super) async fn password_change(_site: &AdminSite, _request: &AdminRequest) -> Result<HttpResponse, PageError> {
    Err(PageError::NotFound)
}

pub(super) async fn password_change_done(
    _site: &AdminSite,
    _request: &AdminRequest,
) -> Result<HttpResponse, PageError> {
    Err(PageError::NotFound)
}
