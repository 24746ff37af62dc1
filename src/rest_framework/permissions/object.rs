//! Permission for one object, asked by a handler.

use std::any::Any;

use actix_web::{HttpMessage, HttpRequest};

use super::class::check_object;
use crate::rest_framework::checked::Checked;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::state::RestFramework;

/// Asks every permission of the view, and of the scopes around it, about `object`: `self.check_object_permissions(request,
/// obj)`. For handlers of an [`ApiView`](crate::rest_framework::views::ApiView) and for scopes with
/// [`require`](crate::rest_framework::middleware::require); a handler with a
/// [`Permitted`](crate::rest_framework::request::Permitted) uses its method instead.
///
/// # Errors
/// 403 if one refuses a user. 401 if one refuses an anonymous request and there is a way to log in. 500 outside of a view and of
/// such a scope, because there is no permission to check.
pub async fn check_object_permissions(req: &HttpRequest, object: &dyn Any) -> Result<(), ApiError> {
    let checked = req.extensions().get::<Checked>().cloned();
    let Some(checked) = checked.filter(Checked::has_permissions) else {
        return Err(ApiError::internal("check_object_permissions was called where no permission is checked"));
    };
    let framework = RestFramework::of(req)?;
    let of_view = checked.view.as_ref().map_or(&[][..], |view| view.permission_classes(framework));
    let can_authenticate = checked.view.as_ref().is_none_or(|view| view.can_authenticate(framework));
    for classes in [&checked.scope_permissions, of_view] {
        check_object(req, classes, checked.caller.as_ref(), can_authenticate, object).await?;
    }
    Ok(())
}
