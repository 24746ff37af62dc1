//! The list of a model. Python counterpart: `ModelAdmin.changelist_view`.

use actix_web::HttpResponse;

use crate::contrib::admin::error::PageError;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::{AdminSite, Registered};

pub(super) async fn changelist(
    _site: &AdminSite,
    _registered: &Registered,
    _request: &AdminRequest,
) -> Result<HttpResponse, PageError> {
    Err(PageError::NotFound)
}

pub(super) async fn export(
    _site: &AdminSite,
    _registered: &Registered,
    _request: &AdminRequest,
) -> Result<HttpResponse, PageError> {
    Err(PageError::NotFound)
}
