//! The pages of one object. Python counterpart: `ModelAdmin.changeform_view`, `delete_view` and `history_view`.

use actix_web::HttpResponse;

use crate::contrib::admin::error::PageError;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::{AdminSite, Registered};

pub(super) async fn add(
    _site: &AdminSite,
    _registered: &Registered,
    _request: &AdminRequest,
) -> Result<HttpResponse, PageError> {
    Err(PageError::NotFound)
}

/// `key` is the key itself, no longer as in the address.
pub(super) async fn change(
    _site: &AdminSite,
    _registered: &Registered,
    _key: &str,
    _request: &AdminRequest,
) -> Result<HttpResponse, PageError> {
    Err(PageError::NotFound)
}

pub(super) async fn delete(
    _site: &AdminSite,
    _registered: &Registered,
    _key: &str,
    _request: &AdminRequest,
) -> Result<HttpResponse, PageError> {
    Err(PageError::NotFound)
}

pub(super) async fn history(
    _site: &AdminSite,
    _registered: &Registered,
    _key: &str,
    _request: &AdminRequest,
) -> Result<HttpResponse, PageError> {
    Err(PageError::NotFound)
}
