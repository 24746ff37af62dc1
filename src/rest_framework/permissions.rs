//! Who may use a view. Python counterpart: `rest_framework.permissions`.

use actix_web::HttpRequest;
use actix_web::http::Method;
use futures_util::future::{LocalBoxFuture, ready};

use super::authentication::Caller;
use super::exceptions::ApiError;

/// The answer of a permission class.
pub type Deciding = LocalBoxFuture<'static, Result<bool, ApiError>>;

/// A condition on the caller and the request: DRF's `BasePermission`.
pub trait Permission: 'static {
    /// Class name, as written in `DEFAULT_PERMISSION_CLASSES`.
    const NAME: &'static str;

    /// Whether `caller` (nobody when `None`) may go on.
    fn has_permission(req: &HttpRequest, caller: Option<&Caller>) -> Deciding;

    /// Who may come in by `method`, for the API's description. Default: some users.
    fn admits(_method: &Method) -> Admits {
        Admits::SomeUsers
    }
}

/// Whom a permission class lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Admits {
    /// Whoever comes.
    Everybody,
    /// Whoever is logged in.
    EveryUser,
    /// Some of those who are logged in; the others get a 403.
    SomeUsers,
}

/// A [`Permission`] as a value, to be kept in lists.
#[derive(Clone, Copy)]
pub struct PermissionClass {
    /// Class name.
    pub name: &'static str,
    has_permission: fn(&HttpRequest, Option<&Caller>) -> Deciding,
    pub(super) admits: fn(&Method) -> Admits,
}

impl PermissionClass {
    /// The class `P`.
    #[must_use]
    pub fn of<P: Permission>() -> Self {
        Self { name: P::NAME, has_permission: P::has_permission, admits: P::admits }
    }
}

impl std::fmt::Debug for PermissionClass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// Asks every one of `classes`.
///
/// # Errors
/// 403 when one says no to somebody; `NotAuthenticated` when it says no to nobody and there was a way to log in.
pub async fn check_permissions(
    req: &HttpRequest,
    classes: &[PermissionClass],
    caller: Option<&Caller>,
    can_authenticate: bool,
) -> Result<(), ApiError> {
    for class in classes {
        if !(class.has_permission)(req, caller).await? {
            let refusal = match caller {
                None if can_authenticate => ApiError::not_authenticated(),
                _ => ApiError::permission_denied(),
            };
            let who = caller.map_or_else(|| "an anonymous user".to_owned(), |c| c.user.to_string());
            return Err(refusal.because(format_args!("{} refused {who}", class.name)));
        }
    }
    Ok(())
}

fn decide(answer: bool) -> Deciding {
    Box::pin(ready(Ok(answer)))
}

/// Everybody.
#[derive(Debug)]
pub struct AllowAny;

impl Permission for AllowAny {
    const NAME: &'static str = "AllowAny";

    fn has_permission(_req: &HttpRequest, _caller: Option<&Caller>) -> Deciding {
        decide(true)
    }

    fn admits(_method: &Method) -> Admits {
        Admits::Everybody
    }
}

/// Whoever is logged in.
#[derive(Debug)]
pub struct IsAuthenticated;

impl Permission for IsAuthenticated {
    const NAME: &'static str = "IsAuthenticated";

    fn has_permission(_req: &HttpRequest, caller: Option<&Caller>) -> Deciding {
        decide(caller.is_some())
    }

    fn admits(_method: &Method) -> Admits {
        Admits::EveryUser
    }
}

/// Users with `is_staff`.
#[derive(Debug)]
pub struct IsAdminUser;

impl Permission for IsAdminUser {
    const NAME: &'static str = "IsAdminUser";

    fn has_permission(_req: &HttpRequest, caller: Option<&Caller>) -> Deciding {
        decide(caller.is_some_and(|caller| caller.user.is_staff()))
    }
}

/// Whoever is logged in; everybody for `GET`, `HEAD` and `OPTIONS`.
#[derive(Debug)]
pub struct IsAuthenticatedOrReadOnly;

impl Permission for IsAuthenticatedOrReadOnly {
    const NAME: &'static str = "IsAuthenticatedOrReadOnly";

    fn has_permission(req: &HttpRequest, caller: Option<&Caller>) -> Deciding {
        decide(caller.is_some() || is_safe(req.method()))
    }

    fn admits(method: &Method) -> Admits {
        if is_safe(method) { Admits::Everybody } else { Admits::EveryUser }
    }
}

/// DRF's `SAFE_METHODS`.
#[must_use]
pub fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}
