//! A request to the admin site. Python counterpart: `HttpRequest`.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::Method;
use chrono::{DateTime, Utc};

use super::error::PageError;
use crate::apps::Apps;
use crate::contrib::auth::{AuthState, SharedUser, models::UserPermissions};
use crate::db::Database;
use crate::http::query_dict::QueryDict;
use crate::http::redirects::url_has_allowed_host_and_scheme;
use crate::http::request::{get_full_path, get_host, is_secure};

/// A request whose body was read. The caller has passed the checks of `views/dispatch.rs`.
pub struct AdminRequest {
    /// The request of actix.
    pub req: HttpRequest,
    /// The installed apps.
    pub apps: Apps,
    /// The database.
    pub db: Database,
    /// The user who is logged in. `None` only on the pages for logging in and out.
    pub user: Option<SharedUser>,
    /// The permissions of the user.
    pub permissions: Arc<UserPermissions>,
    /// The parameters of the query: `request.GET`.
    pub params: QueryDict,
    /// The fields of the form: `request.POST`.
    pub form: QueryDict,
    /// The path of the admin site, with a slash at both ends: `/admin/`.
    pub base: String,
}

impl AdminRequest {
    /// The user. Every page but those for logging in and out has one.
    ///
    /// # Errors
    /// 403 without a user.
    pub fn user(&self) -> Result<&SharedUser, PageError> {
        self.user.as_ref().ok_or(PageError::PermissionDenied)
    }

    /// Whether the user has `permission`, such as `auth.view_user`.
    #[must_use]
    pub fn has_perm(&self, permission: &str) -> bool {
        self.permissions.contains(permission)
    }

    /// Whether it is a `POST`.
    #[must_use]
    pub fn is_post(&self) -> bool {
        self.req.method() == Method::POST
    }

    /// The address of a page of the admin site: `request.url("auth/user/")` is `/admin/auth/user/`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Whether `url` is on this site, so that a redirect may lead there.
    #[must_use]
    pub fn is_own_url(&self, url: &str) -> bool {
        let host = get_host(&self.req).unwrap_or_default();
        url_has_allowed_host_and_scheme(url, &host, is_secure(&self.req))
    }

    /// `get_redirect_url`: the address in `next`, if it is on this site.
    #[must_use]
    pub fn next(&self) -> Option<&str> {
        let next = self.form.get("next").or_else(|| self.params.get("next"));
        next.filter(|next| self.is_own_url(next))
    }

    /// Path and query, escaped as Django does: `get_full_path`.
    #[must_use]
    pub fn full_path(&self) -> String {
        get_full_path(&self.req)
    }

    /// The time by the clock of the project.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.apps.clock().now()
    }

    /// Users and passwords.
    ///
    /// # Errors
    /// 500 if `django.contrib.auth` is not installed.
    pub fn auth(&self) -> Result<&AuthState, PageError> {
        Ok(self.apps.auth()?)
    }
}

impl std::fmt::Debug for AdminRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AdminRequest({} {})", self.req.method(), self.req.path())
    }
}
