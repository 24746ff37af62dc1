//! Protection against forms of other sites that a logged-in browser sends here. Python counterpart: `django.middleware.csrf`.
//!
//! A browser sends its cookies with every request, whichever site's page has started it. So a view that trusts a cookie asks
//! for a token too, which only pages of this site know:
//!
//! 1. A page with a form has [`get_token`] in a hidden field named [`FIELD`]. The cookie `csrftoken` with the secret is set.
//! 2. The view that takes the form calls [`check`] with that field. The answer of a [`CsrfFailure`] is Django's page.
//! 3. A login calls [`rotate_token`]: the secret changes, so a cookie that an attacker set before the login is useless after it.
//!
//! Views that do not trust cookies, such as those with tokens, need none of this.

mod check;
mod failure;
mod middleware;
mod settings;
mod token;
mod trusted;

pub use self::check::check;
pub use self::failure::CsrfFailure;
pub use self::middleware::CsrfViewMiddleware;
pub use self::settings::CsrfSettings;
pub use self::token::{get_token, header_name, rotate_token};
pub use self::trusted::Csrf;

/// The name of the form's field.
pub const FIELD: &str = "csrfmiddlewaretoken";
