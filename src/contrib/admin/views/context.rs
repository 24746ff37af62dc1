//! The frame of a page. Python counterpart: `AdminSite.each_context`.

use crate::contrib::admin::chrome::Chrome;
use crate::contrib::admin::error::PageError;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::AdminSite;
use crate::contrib::sessions::Session;

/// The frame of the page that answers `request`.
pub(in crate::contrib) async fn each_context(site: &AdminSite, request: &AdminRequest) -> Result<Chrome, PageError> {
    // Messages that are too long for a cookie are in the session.
    Session::of(&request.req).await.map_err(PageError::internal)?;
    Ok(Chrome::of(site, request))
}
