//! Limits how often a client may call. Python counterpart: `rest_framework.throttling`.
//!
//! Off until `DEFAULT_THROTTLE_CLASSES` or a view names a class and `DEFAULT_THROTTLE_RATES` has a rate for its scope:
//!
//! ```text
//! REST_FRAMEWORK_DEFAULT_THROTTLE_CLASSES=AnonRateThrottle,UserRateThrottle,ScopedRateThrottle
//! REST_FRAMEWORK_DEFAULT_THROTTLE_RATES=anon=100/day,user=1000/day,login=5/min
//! ```
//!
//! As in DRF, requests are counted after authentication and permissions, including `OPTIONS` and methods that the view does
//! not have. Without a Redis each server counts in its own memory, so a client has the allowance of each server. With a
//! Redis all servers count together: [`CacheSettings`].

mod base;
mod builtin;
mod cache;
mod check;
mod class;
mod history;
mod ident;
#[cfg(feature = "database")]
mod logins;
mod rates;
#[cfg(feature = "redis")]
mod redis;
mod settings;

pub use self::base::Throttle;
pub use self::builtin::{AnonRateThrottle, ScopedRateThrottle, UserRateThrottle};
pub use self::cache::ThrottleCache;
pub use self::check::{check_throttles, client_address};
pub use self::class::ThrottleClass;
pub use self::history::{Denial, Histories, OverLimit};
#[cfg(feature = "database")]
pub(in crate::rest_framework) use self::logins::ThrottledLogins;
pub use self::rates::{Rate, ThrottleRates};
#[cfg(feature = "redis")]
pub use self::redis::RedisHistories;
pub use self::settings::{CacheSettings, CacheUrl, RedisUrl};
