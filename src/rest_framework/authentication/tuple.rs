//! Several authentication classes as one: `Authenticated<(JwtAuthentication, TokenAuthentication)>`.

use std::borrow::Cow;

use actix_web::HttpRequest;

use super::base::{Authentication, Credential, Found, authenticate_by};
use crate::contrib::auth::SharedUser;
use crate::core::jwt::Claims;
use crate::rest_framework::exceptions::ApiError;

/// Implements [`Authentication`] for a tuple, whose classes are tried in order.
macro_rules! authentication_tuple {
    ($($class:ident $index:tt),+) => {
        impl<$($class: Authentication),+> Authentication for ($($class,)+) {
            type User = SharedUser;
            type Credential = Credential;

            fn name(&self) -> Cow<'static, str> {
                format!("({})", [$(self.$index.name()),+].join(", ")).into()
            }

            async fn authenticate(&self, req: &HttpRequest) -> Result<Found<Self>, ApiError> {
                $(
                    if let Some((user, auth)) = authenticate_by(&self.$index, req).await? {
                        return Ok(Some((user.into(), Credential::new::<$class>(auth))));
                    }
                )+
                Ok(None)
            }

            fn challenge(&self, req: &HttpRequest) -> Option<String> {
                self.0.challenge(req)
            }

            fn claims(credential: &Credential) -> Option<&Claims> {
                credential.claims()
            }
        }
    };
}

authentication_tuple!(A 0, B 1);
authentication_tuple!(A 0, B 1, C 2);
authentication_tuple!(A 0, B 1, C 2, D 3);
