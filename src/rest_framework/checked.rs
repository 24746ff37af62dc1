//! The results of the checks of a view, or of a middleware around it. The extractors use them.

use std::rc::Rc;

use actix_web::{HttpMessage, HttpRequest};

use super::authentication::Caller;
use super::permissions::PermissionClass;
use super::views::MountedView;

/// The outcome of the checks of a view or of a middleware, kept in the extensions of the request.
#[derive(Clone)]
pub(super) struct Checked {
    pub caller: Option<Caller>,
    /// The view, inside one.
    pub view: Option<Rc<MountedView>>,
    /// The permissions of the scopes around it.
    pub scope_permissions: Vec<PermissionClass>,
}

impl Checked {
    /// Keeps the outcome of a view.
    pub fn by_view(req: &HttpRequest, caller: Option<Caller>, view: Rc<MountedView>) {
        let mut extensions = req.extensions_mut();
        let outer = extensions.remove::<Self>();
        let scope_permissions = outer.map(|outer| outer.scope_permissions).unwrap_or_default();
        extensions.insert(Self { caller, view: Some(view), scope_permissions });
    }

    /// Keeps the outcome of a middleware that has asked `permissions`.
    pub fn by_scope(req: &HttpRequest, caller: Option<Caller>, permissions: &[PermissionClass]) {
        let mut extensions = req.extensions_mut();
        let outer = extensions.remove::<Self>();
        let mut scope_permissions = outer.map(|outer| outer.scope_permissions).unwrap_or_default();
        scope_permissions.extend_from_slice(permissions);
        extensions.insert(Self { caller, view: None, scope_permissions });
    }

    /// Whether there is a view or a scope whose permissions can be asked.
    pub fn has_permissions(&self) -> bool {
        self.view.is_some() || !self.scope_permissions.is_empty()
    }
}
