//! Cookies of requests and responses. Python counterpart: `django.http.cookie`, and `set_cookie` and `delete_cookie` of
//! `HttpResponse`.

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use chrono::{DateTime, Duration, Utc};

use crate::conf::values;

/// The attributes of all cookies of one kind, from the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieOptions {
    /// What comes before the `=`.
    pub name: String,
    /// The path below which a browser sends it.
    pub path: String,
    /// The domain of the cookie. With `None` only the host that has set it gets it.
    pub domain: Option<String>,
    /// Whether it is sent by HTTPS only.
    pub secure: bool,
    /// Whether scripts cannot read it.
    pub http_only: bool,
    /// Whether it is sent with requests from other sites.
    pub same_site: Option<SameSite>,
}

/// `SameSite` of a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameSite {
    /// Sent with links from other sites, but not with their forms.
    Lax,
    /// Never with requests from other sites.
    Strict,
    /// Sent with all requests. Browsers also require `Secure`.
    None,
}

impl SameSite {
    /// The value of a setting: `Lax`, `Strict`, `None`, or `false` or empty text for no such attribute.
    ///
    /// # Errors
    /// Returns an error for any other value. The text lists the valid ones.
    pub fn parse(text: &str) -> Result<Option<Self>, String> {
        // `values::optional` cannot be used, because it reads `None` as no value.
        const CHOICES: &[(&str, Option<SameSite>)] = &[
            ("Lax", Some(SameSite::Lax)),
            ("Strict", Some(SameSite::Strict)),
            ("None", Some(SameSite::None)),
            ("false", None),
            ("", None),
        ];
        values::choice(CHOICES, "Lax, Strict, None or false")(text)
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Lax => "Lax",
            Self::Strict => "Strict",
            Self::None => "None",
        }
    }
}

impl CookieOptions {
    /// Sets the cookie in `response`. Without a `max_age` a browser forgets it when it closes. `value` must consist of
    /// characters that a cookie may have.
    pub fn set(&self, response: &mut HttpResponse, value: &str, max_age: Option<Duration>, now: DateTime<Utc>) {
        let lifetime = max_age.map(|max_age| {
            let expires = now.checked_add_signed(max_age).unwrap_or(DateTime::<Utc>::MAX_UTC);
            (http_date(expires), max_age.num_seconds())
        });
        self.append(response, value, lifetime, self.secure, self.http_only);
    }

    /// Tells the browser to delete the cookie.
    pub fn delete(&self, response: &mut HttpResponse) {
        // Without `Secure` browsers ignore the line in these cases.
        let is_secure = self.name.starts_with("__Secure-")
            || self.name.starts_with("__Host-")
            || self.same_site == Some(SameSite::None);
        let past = ("Thu, 01 Jan 1970 00:00:00 GMT".to_owned(), 0);
        self.append(response, "\"\"", Some(past), is_secure, false);
    }

    /// Adds the line. `lifetime` is the time when the cookie expires, and the seconds until then. The attributes have the order and
    /// spelling of Python's `http.cookies`.
    fn append(
        &self,
        response: &mut HttpResponse,
        value: &str,
        lifetime: Option<(String, i64)>,
        secure: bool,
        http_only: bool,
    ) {
        let mut text = format!("{}={value}", self.name);
        if let Some(domain) = &self.domain {
            text += &format!("; Domain={domain}");
        }
        if let Some((expires, _)) = &lifetime {
            text += &format!("; expires={expires}");
        }
        if http_only {
            text += "; HttpOnly";
        }
        if let Some((_, max_age)) = lifetime {
            text += &format!("; Max-Age={max_age}");
        }
        text += &format!("; Path={}", self.path);
        if let Some(same_site) = self.same_site {
            text += &format!("; SameSite={}", same_site.as_str());
        }
        if secure {
            text += "; Secure";
        }
        if let Ok(value) = HeaderValue::try_from(text) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
}

/// `http_date` of `django.utils.http`: `Wed, 21 Oct 2015 07:28:00 GMT`.
#[must_use]
pub fn http_date(moment: DateTime<Utc>) -> String {
    moment.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// `request.COOKIES.get(name)`. If the client sends several of this name, the last one counts, as in Django.
#[must_use]
pub fn get(req: &HttpRequest, name: &str) -> Option<String> {
    let mut found = None;
    for header in req.headers().get_all(header::COOKIE) {
        let text = String::from_utf8_lossy(header.as_bytes());
        for pair in text.split(';') {
            let (key, value) = pair.split_once('=').unwrap_or(("", pair));
            if key.trim() == name {
                found = Some(unquote(value.trim()));
            }
        }
    }
    found
}

/// A value in double quotes may have escaped characters: `\"`, or three octal digits.
fn unquote(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return value.to_owned();
    };
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        let (plain, escaped) = rest.split_at(at);
        text.push_str(plain);
        let escaped = escaped.get(1..).unwrap_or_default();
        let octal = escaped.get(..3).filter(|digits| digits.bytes().all(|b| (b'0'..=b'7').contains(&b)));
        let octal = octal.and_then(|digits| u8::from_str_radix(digits, 8).ok());
        if let Some(byte) = octal {
            text.push(char::from(byte));
            rest = escaped.get(3..).unwrap_or_default();
        } else {
            let mut chars = escaped.chars();
            text.push(chars.next().unwrap_or('\\'));
            rest = chars.as_str();
        }
    }
    text.push_str(rest);
    text
}

/// Marks a request whose view has used something that is kept in cookies.
struct UsesCookies;

/// Lets the middleware know that the response may need cookies. The modules that keep something in cookies call it.
pub fn mark(req: &HttpRequest) {
    req.extensions_mut().insert(UsesCookies);
}

/// Whether the request has cookies, or the view has used something that is kept in them. For nearly all requests to the API
/// neither is true, and this check is all that they cost.
pub(super) fn are_used(req: &HttpRequest) -> bool {
    req.headers().contains_key(header::COOKIE) || req.extensions().contains::<UsesCookies>()
}

/// `patch_vary_headers(response, ["Cookie"])`: says that the response depends on the cookies of the request.
pub fn vary_on_cookie(response: &mut HttpResponse) {
    let is_cookie = |name: &str| name.trim().eq_ignore_ascii_case("cookie") || name.trim() == "*";
    let varies = |value: &HeaderValue| value.to_str().is_ok_and(|value| value.split(',').any(is_cookie));
    if !response.headers().get_all(header::VARY).any(varies) {
        response.headers_mut().append(header::VARY, HeaderValue::from_static("Cookie"));
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn options() -> CookieOptions {
        CookieOptions {
            name: "sessionid".to_owned(),
            path: "/".to_owned(),
            domain: None,
            secure: false,
            http_only: true,
            same_site: Some(SameSite::Lax),
        }
    }

    fn lines(f: impl FnOnce(&mut HttpResponse)) -> Vec<String> {
        let mut response = HttpResponse::Ok().finish();
        f(&mut response);
        let lines = response.headers().get_all(header::SET_COOKIE);
        lines.map(|line| line.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_cookie_is_set_with_its_attributes() {
        let now = DateTime::from_timestamp(1_445_412_480, 0).unwrap();
        assert_eq!(
            lines(|response| options().set(response, "abc", Some(Duration::days(14)), now)),
            ["sessionid=abc; expires=Wed, 04 Nov 2015 07:28:00 GMT; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax"]
        );
        let other = CookieOptions {
            domain: Some("example.org".to_owned()),
            secure: true,
            http_only: false,
            same_site: None,
            ..options()
        };
        assert_eq!(
            lines(|response| other.set(response, "abc", None, now)),
            ["sessionid=abc; Domain=example.org; Path=/; Secure"]
        );
    }

    #[test]
    fn a_cookie_is_deleted_by_a_time_in_the_past() {
        assert_eq!(
            lines(|response| options().delete(response)),
            ["sessionid=\"\"; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=Lax"]
        );
        let other = CookieOptions { same_site: Some(SameSite::None), ..options() };
        assert!(lines(|response| other.delete(response))[0].ends_with("; SameSite=None; Secure"));
    }

    #[test]
    fn cookies_are_read_as_django_reads_them() {
        for (header, value) in [
            ("sessionid=abc", Some("abc")),
            ("a=1; sessionid=abc ;b", Some("abc")),
            ("sessionid=abc; sessionid=def", Some("def")),
            ("sessionid=", Some("")),
            ("sessionid=a=b", Some("a=b")),
            ("sessionid=\"a\\\"b\\101\\\\\\q\"", Some("a\"bA\\q")),
            ("sessionid=\"abc", Some("\"abc")),
            ("sessionid=\"\\\"", Some("\\")),
            ("xsessionid=abc", None),
            ("SESSIONID=abc", None),
            ("sessionid", None),
            ("", None),
        ] {
            let req = TestRequest::default().insert_header(("Cookie", header)).to_http_request();
            assert_eq!(get(&req, "sessionid").as_deref(), value, "{header}");
        }
        assert_eq!(get(&TestRequest::default().to_http_request(), "sessionid"), None);
    }

    #[test]
    fn vary_names_cookies_once() {
        let mut response = HttpResponse::Ok().insert_header(("Vary", "Accept")).finish();
        vary_on_cookie(&mut response);
        vary_on_cookie(&mut response);
        let values: Vec<_> = response.headers().get_all(header::VARY).collect();
        assert_eq!(values, ["Accept", "Cookie"]);
        let mut response = HttpResponse::Ok().insert_header(("Vary", "Accept, cookie")).finish();
        vary_on_cookie(&mut response);
        assert_eq!(response.headers().get_all(header::VARY).count(), 1);
    }
}
