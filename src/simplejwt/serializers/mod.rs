//! The rules of the views of this app. Python counterpart: `rest_framework_simplejwt.serializers`.

mod context;
mod obtain;
mod refresh;
mod verify;

pub use self::context::{Context, TokenData, TokenSerializer};
pub(super) use self::context::{NO_ACCOUNT_FOR_CREDENTIALS, PASSWORD_CHANGED};
pub use self::obtain::{TokenObtainPairSerializer, TokenObtainSerializer, TokenObtainSlidingSerializer};
pub use self::refresh::{TokenRefreshSerializer, TokenRefreshSlidingSerializer};
pub use self::verify::{TokenBlacklistSerializer, TokenVerifySerializer};
