//! `&`, `|` and `~` of permissions. Python counterpart: `AND`, `OR` and `NOT` of `rest_framework.permissions`.

use std::any::Any;
use std::borrow::Cow;

use actix_web::HttpRequest;
use actix_web::http::Method;

use super::base::{Admits, And, Not, Or, Permission};
use crate::rest_framework::authentication::Caller;
use crate::rest_framework::exceptions::ApiError;

impl<A: Permission, B: Permission> Permission for And<A, B> {
    fn name(&self) -> Cow<'static, str> {
        format!("({} & {})", self.0.name(), self.1.name()).into()
    }

    async fn has_permission(&self, req: &HttpRequest, caller: Option<&Caller>) -> Result<bool, ApiError> {
        Ok(self.0.has_permission(req, caller).await? && self.1.has_permission(req, caller).await?)
    }

    async fn has_object_permission(
        &self,
        req: &HttpRequest,
        caller: Option<&Caller>,
        object: &dyn Any,
    ) -> Result<bool, ApiError> {
        Ok(self.0.has_object_permission(req, caller, object).await?
            && self.1.has_object_permission(req, caller, object).await?)
    }

    fn admits(&self, method: &Method) -> Admits {
        self.0.admits(method).max(self.1.admits(method))
    }
}

impl<A: Permission, B: Permission> Permission for Or<A, B> {
    fn name(&self) -> Cow<'static, str> {
        format!("({} | {})", self.0.name(), self.1.name()).into()
    }

    async fn has_permission(&self, req: &HttpRequest, caller: Option<&Caller>) -> Result<bool, ApiError> {
        Ok(self.0.has_permission(req, caller).await? || self.1.has_permission(req, caller).await?)
    }

    /// The permission that allows the object must be the one that allows the request: an object check that allows everything
    /// by default must not open the objects of the other permission.
    async fn has_object_permission(
        &self,
        req: &HttpRequest,
        caller: Option<&Caller>,
        object: &dyn Any,
    ) -> Result<bool, ApiError> {
        Ok(has_both(&self.0, req, caller, object).await? || has_both(&self.1, req, caller, object).await?)
    }

    fn admits(&self, method: &Method) -> Admits {
        self.0.admits(method).min(self.1.admits(method))
    }
}

async fn has_both<P: Permission>(
    permission: &P,
    req: &HttpRequest,
    caller: Option<&Caller>,
    object: &dyn Any,
) -> Result<bool, ApiError> {
    Ok(permission.has_permission(req, caller).await? && permission.has_object_permission(req, caller, object).await?)
}

impl<A: Permission> Permission for Not<A> {
    fn name(&self) -> Cow<'static, str> {
        format!("~{}", self.0.name()).into()
    }

    async fn has_permission(&self, req: &HttpRequest, caller: Option<&Caller>) -> Result<bool, ApiError> {
        Ok(!self.0.has_permission(req, caller).await?)
    }

    async fn has_object_permission(
        &self,
        req: &HttpRequest,
        caller: Option<&Caller>,
        object: &dyn Any,
    ) -> Result<bool, ApiError> {
        Ok(!self.0.has_object_permission(req, caller, object).await?)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::super::{AllowAny, IsAdminUser, IsAuthenticated, PermissionClass};
    use super::*;

    /// Answers for the request and for the object.
    #[derive(Clone, Copy)]
    struct Fixed(bool, bool);

    impl Permission for Fixed {
        async fn has_permission(&self, _req: &HttpRequest, _caller: Option<&Caller>) -> Result<bool, ApiError> {
            Ok(self.0)
        }

        async fn has_object_permission(
            &self,
            _req: &HttpRequest,
            _caller: Option<&Caller>,
            _object: &dyn Any,
        ) -> Result<bool, ApiError> {
            Ok(self.1)
        }

        fn message(&self) -> Option<String> {
            Some("Fixed.".to_owned())
        }
    }

    async fn answers(permission: impl Permission) -> (bool, bool) {
        let req = TestRequest::default().to_http_request();
        let of_request = permission.has_permission(&req, None).await.unwrap();
        (of_request, permission.has_object_permission(&req, None, &()).await.unwrap())
    }

    /// All sixteen answers of two permissions.
    fn pairs() -> impl Iterator<Item = (Fixed, Fixed)> {
        (0..16).map(|bits| (Fixed(bits & 8 != 0, bits & 4 != 0), Fixed(bits & 2 != 0, bits & 1 != 0)))
    }

    // The expected values were printed by DRF 3.16, in the order of `pairs`.

    #[actix_web::test]
    async fn and_answers_as_in_drf() {
        let requests = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1];
        let objects = [0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1];
        for ((a, b), expected) in pairs().zip(requests.into_iter().zip(objects)) {
            assert_eq!(answers(a.and(b)).await, (expected.0 == 1, expected.1 == 1));
        }
    }

    #[actix_web::test]
    async fn or_answers_as_in_drf() {
        let requests = [0, 0, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1];
        let objects = [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1];
        for ((a, b), expected) in pairs().zip(requests.into_iter().zip(objects)) {
            assert_eq!(answers(a.or(b)).await, (expected.0 == 1, expected.1 == 1));
        }
    }

    #[actix_web::test]
    async fn not_answers_as_in_drf() {
        for of_request in [false, true] {
            for of_object in [false, true] {
                assert_eq!(answers(Fixed(of_request, of_object).not()).await, (!of_request, !of_object));
            }
        }
    }

    #[test]
    fn a_combination_has_a_name_and_no_message() {
        let class = PermissionClass::new(IsAdminUser.or(IsAuthenticated.and(Fixed(true, true)).not()));
        assert_eq!(class.name(), "(IsAdminUser | ~(IsAuthenticated & Fixed))");
        assert_eq!(class.denied().body()["detail"], "You do not have permission to perform this action.");
        assert_eq!(PermissionClass::new(Fixed(true, true)).denied().body()["detail"], "Fixed.");
    }

    #[test]
    fn the_description_says_who_passes_a_combination() {
        let admits = |permission: &dyn Fn(&Method) -> Admits| permission(&Method::GET);
        assert_eq!(admits(&|m| AllowAny.or(IsAdminUser).admits(m)), Admits::Everyone);
        assert_eq!(admits(&|m| IsAuthenticated.or(IsAdminUser).admits(m)), Admits::EveryUser);
        assert_eq!(admits(&|m| IsAuthenticated.and(IsAdminUser).admits(m)), Admits::SomeUsers);
        assert_eq!(admits(&|m| AllowAny.not().admits(m)), Admits::SomeUsers);
    }
}
