//! A view that is part of an application.

use actix_web::http::header::HeaderValue;

use super::view::ApiView;
use crate::rest_framework::parsers::Parser;
use crate::rest_framework::permissions::PermissionClass;
use crate::rest_framework::state::RestFramework;

/// A view at its path, with the header that every response has.
pub(in crate::rest_framework) struct MountedView {
    pub(super) view: ApiView,
    pub(super) allow: HeaderValue,
}

impl MountedView {
    pub(super) fn new(view: ApiView) -> Self {
        // Method names, commas and spaces are a valid header value.
        let allow = HeaderValue::from_str(&view.allow()).unwrap_or(HeaderValue::from_static("OPTIONS"));
        Self { view, allow }
    }

    /// The view itself.
    #[cfg(feature = "server")]
    pub(in crate::rest_framework) fn view(&self) -> &ApiView {
        &self.view
    }

    /// The parsers of the view.
    pub(in crate::rest_framework) fn parser_classes<'a>(&'a self, framework: &'a RestFramework) -> &'a [Parser] {
        self.view.parser_classes(framework)
    }

    /// The limit on bodies of the view.
    pub(in crate::rest_framework) fn body_limit(&self) -> Option<usize> {
        self.view.body_limit
    }

    /// The permissions of the view.
    pub(in crate::rest_framework) fn permission_classes<'a>(
        &'a self,
        framework: &'a RestFramework,
    ) -> &'a [PermissionClass] {
        self.view.permission_classes(framework)
    }

    /// Whether the view has a way to log in.
    pub(in crate::rest_framework) fn can_authenticate(&self, framework: &RestFramework) -> bool {
        !self.view.authentication_classes(framework).is_empty()
    }
}
