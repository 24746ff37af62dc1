//! Permissions of any type in one list, such as `DEFAULT_PERMISSION_CLASSES`.

use std::any::Any;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::Method;
use futures_util::future::LocalBoxFuture;

use super::base::{Admits, Permission};
use crate::rest_framework::authentication::Caller;
use crate::rest_framework::exceptions::ApiError;

/// A [`Permission`] of any type. Cheap to clone.
#[derive(Clone)]
pub struct PermissionClass(Arc<dyn AnyPermission>);

/// [`Permission`] with boxed futures.
trait AnyPermission: Send + Sync {
    fn name(&self) -> Cow<'static, str>;
    fn has_permission<'a>(&'a self, req: &'a HttpRequest, caller: Option<&'a Caller>) -> Deciding<'a>;
    fn has_object_permission<'a>(
        &'a self,
        req: &'a HttpRequest,
        caller: Option<&'a Caller>,
        object: &'a dyn Any,
    ) -> Deciding<'a>;
    fn message(&self) -> Option<String>;
    fn admits(&self, method: &Method) -> Admits;
}

type Deciding<'a> = LocalBoxFuture<'a, Result<bool, ApiError>>;

impl<P: Permission> AnyPermission for P {
    fn name(&self) -> Cow<'static, str> {
        Permission::name(self)
    }

    fn has_permission<'a>(&'a self, req: &'a HttpRequest, caller: Option<&'a Caller>) -> Deciding<'a> {
        Box::pin(Permission::has_permission(self, req, caller))
    }

    fn has_object_permission<'a>(
        &'a self,
        req: &'a HttpRequest,
        caller: Option<&'a Caller>,
        object: &'a dyn Any,
    ) -> Deciding<'a> {
        Box::pin(Permission::has_object_permission(self, req, caller, object))
    }

    fn message(&self) -> Option<String> {
        Permission::message(self)
    }

    fn admits(&self, method: &Method) -> Admits {
        Permission::admits(self, method)
    }
}

impl PermissionClass {
    /// Wraps `permission`.
    pub fn new(permission: impl Permission) -> Self {
        Self(Arc::new(permission))
    }

    /// The name for `DEFAULT_PERMISSION_CLASSES` and the log.
    #[must_use]
    pub fn name(&self) -> Cow<'static, str> {
        self.0.name()
    }

    pub(in crate::rest_framework) fn admits(&self, method: &Method) -> Admits {
        self.0.admits(method)
    }

    /// The error for a user without this permission.
    pub(in crate::rest_framework) fn denied(&self) -> ApiError {
        self.0.message().map_or_else(ApiError::permission_denied, ApiError::permission_denied_with)
    }

    /// `APIView.permission_denied`.
    fn refusal(&self, caller: Option<&Caller>, can_authenticate: bool) -> ApiError {
        let (error, who) = match caller {
            None if can_authenticate => (ApiError::not_authenticated(), "an anonymous request".to_owned()),
            None => (self.denied(), "an anonymous request".to_owned()),
            Some(caller) => (self.denied(), caller.user.to_string()),
        };
        error.because(format_args!("{} refused {who}", self.name()))
    }
}

impl fmt::Debug for PermissionClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// Checks every class of `classes`: `APIView.check_permissions`.
///
/// # Errors
/// 403 if one refuses a user. `NotAuthenticated` if one refuses an anonymous request and there is a way to log in.
pub async fn check_permissions(
    req: &HttpRequest,
    classes: &[PermissionClass],
    caller: Option<&Caller>,
    can_authenticate: bool,
) -> Result<(), ApiError> {
    for class in classes {
        if !class.0.has_permission(req, caller).await? {
            return Err(class.refusal(caller, can_authenticate));
        }
    }
    Ok(())
}

/// Checks every class of `classes` for `object`.
pub(in crate::rest_framework) async fn check_object(
    req: &HttpRequest,
    classes: &[PermissionClass],
    caller: Option<&Caller>,
    can_authenticate: bool,
    object: &dyn Any,
) -> Result<(), ApiError> {
    for class in classes {
        if !class.0.has_object_permission(req, caller, object).await? {
            return Err(class.refusal(caller, can_authenticate));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::super::{AllowAny, IsAdminUser};
    use super::*;
    use crate::contrib::auth::{AbstractUser, SharedUser, UserId};
    use crate::rest_framework::authentication::{Authentication, Found};

    #[derive(Debug)]
    struct Customer(Option<UserId>);

    impl AbstractUser for Customer {
        fn pk(&self) -> Option<UserId> {
            self.0
        }

        fn username(&self) -> &str {
            "alice"
        }

        fn attribute(&self, _name: &str) -> Option<serde_json::Value> {
            None
        }
    }

    struct Trusting;

    impl Authentication for Trusting {
        type User = SharedUser;
        type Credential = ();

        async fn authenticate(&self, _req: &HttpRequest) -> Result<Found<Self>, ApiError> {
            Ok(None)
        }

        fn challenge(&self, _req: &HttpRequest) -> Option<String> {
            None
        }
    }

    async fn refusal(caller: Option<Caller>, can_authenticate: bool) -> (u16, String) {
        let req = TestRequest::default().to_http_request();
        let classes = [PermissionClass::new(AllowAny), PermissionClass::new(IsAdminUser)];
        let error = check_permissions(&req, &classes, caller.as_ref(), can_authenticate).await.unwrap_err();
        let shown = format!("{error:?}");
        let reason = shown.split_once("reason: Some(\"").and_then(|(_, rest)| rest.split_once("\"), refusal"));
        (error.status().as_u16(), reason.unwrap().0.replace("\\\"", "'"))
    }

    #[actix_web::test]
    async fn the_log_names_the_permission_and_the_user() {
        let caller = |pk| Some(Caller::new::<Trusting>(SharedUser::new(Customer(pk)), ()));
        assert_eq!(
            refusal(caller(Some(UserId::Integer(7))), true).await,
            (403, "IsAdminUser refused user 7".to_owned())
        );
        assert_eq!(refusal(caller(None), true).await, (403, "IsAdminUser refused user 'alice'".to_owned()));
        assert_eq!(refusal(None, true).await, (401, "IsAdminUser refused an anonymous request".to_owned()));
        assert_eq!(refusal(None, false).await, (403, "IsAdminUser refused an anonymous request".to_owned()));
    }
}
