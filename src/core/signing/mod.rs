//! Text and JSON that carry a signature. Python counterpart: `django.core.signing`.
//!
//! Django and this server can read data that the other has signed, if both have the same keys and salt. Sessions and
//! the cookie of messages are signed by this.
//!
//! ```
//! use actix_simplejwt::core::signing::TimestampSigner;
//! use chrono::Utc;
//! use serde_json::json;
//!
//! let signer = TimestampSigner::new(&"the key of the site".into(), &[], "django.core.signing");
//! let text = signer.sign_object(&json!({ "user": 7 }), true, Utc::now());
//! assert_eq!(signer.unsign_object(&text)?, json!({ "user": 7 }));
//! # Ok::<(), actix_simplejwt::core::signing::BadSignature>(())
//! ```

mod signer;
mod timestamp;

pub use self::signer::{BadSignature, Signer};
pub use self::timestamp::TimestampSigner;
