//! Why a request was refused, and the page that says so. Python counterpart: `django.views.csrf.csrf_failure` and the
//! `REASON_…` texts of `django.middleware.csrf`.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::{HttpResponse, ResponseError};

use crate::http::log_data::Reason;

/// Why a request may come from a page of another site. The texts are Django's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CsrfFailure {
    /// `Origin` is neither this site nor a trusted one.
    #[error("Origin checking failed - {0} does not match any trusted origins.")]
    BadOrigin(String),
    /// A request by HTTPS has neither `Origin` nor `Referer`.
    #[error("Referer checking failed - no Referer.")]
    NoReferer,
    /// `Referer` is not a URL.
    #[error("Referer checking failed - Referer is malformed.")]
    MalformedReferer,
    /// The page came by HTTP, so an attacker on the network may have made it.
    #[error("Referer checking failed - Referer is insecure while host is secure.")]
    InsecureReferer,
    /// `Referer` is neither this site nor a trusted one.
    #[error("Referer checking failed - {0} does not match any trusted origins.")]
    BadReferer(String),
    /// There is no cookie.
    #[error("CSRF cookie not set.")]
    NoCookie,
    /// The cookie cannot be a secret.
    #[error("CSRF cookie {0}.")]
    BadCookie(&'static str),
    /// There is no token.
    #[error("CSRF token missing.")]
    TokenMissing,
    /// The token is not that of the cookie.
    #[error("CSRF token from {source_name} {problem}.")]
    BadToken {
        /// `POST`, or the header.
        source_name: String,
        /// The problem with it.
        problem: &'static str,
    },
    /// The application has no settings for this check.
    #[error("CSRF protection is not set up: {0}")]
    NotSetUp(String),
}

const NO_REFERER: [&str; 3] = [
    "You are seeing this message because this HTTPS site requires a “Referer header” to be sent by your web browser, but \
     none was sent. This header is required for security reasons, to ensure that your browser is not being hijacked by \
     third parties.",
    "If you have configured your browser to disable “Referer” headers, please re-enable them, at least for this site, or \
     for HTTPS connections, or for “same-origin” requests.",
    "If you are using the &lt;meta name=&quot;referrer&quot; content=&quot;no-referrer&quot;&gt; tag or including the \
     “Referrer-Policy: no-referrer” header, please remove them. The CSRF protection requires the “Referer” header to do \
     strict referer checking. If you’re concerned about privacy, use alternatives like &lt;a rel=&quot;noreferrer&quot; \
     …&gt; for links to third-party sites.",
];

const NO_COOKIE: [&str; 2] = [
    "You are seeing this message because this site requires a CSRF cookie when submitting forms. This cookie is required \
     for security reasons, to ensure that your browser is not being hijacked by third parties.",
    "If you have configured your browser to disable cookies, please re-enable them, at least for this site, or for \
     “same-origin” requests.",
];

impl CsrfFailure {
    /// The text without the address of the other page, which may have secrets in it.
    fn for_log(&self) -> String {
        match self {
            Self::BadReferer(_) => Self::BadReferer("the Referer".to_owned()).to_string(),
            _ => self.to_string(),
        }
    }

    /// Django's page (403). Only the log has the reason.
    #[must_use]
    pub fn page(&self) -> HttpResponse {
        let explanation: &[&str] = match self {
            Self::NoReferer => &NO_REFERER,
            Self::NoCookie => &NO_COOKIE,
            _ => &[],
        };
        let explanation: String = explanation.iter().map(|text| format!("  <p>{text}</p>\n")).collect();
        let body = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n  <meta name=\"robots\" content=\"NONE,NOARCHIVE\">\n  \
             <title>403 Forbidden</title>\n</head>\n<body>\n  <h1>Forbidden <span>(403)</span></h1>\n  \
             <p>CSRF verification failed. Request aborted.</p>\n{explanation}  \
             <p>More information is available with DEBUG=True.</p>\n</body>\n</html>\n"
        );
        let mut response = HttpResponse::build(StatusCode::FORBIDDEN).insert_header(ContentType::html()).body(body);
        response.extensions_mut().insert(Reason::refused(self.for_log(), None));
        response
    }
}

impl ResponseError for CsrfFailure {
    fn status_code(&self) -> StatusCode {
        StatusCode::FORBIDDEN
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        self.page()
    }
}
