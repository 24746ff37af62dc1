//! URLs that clients send, such as `Origin` and `next`. Python counterpart: `urllib.parse.urlsplit`.

/// The parts of a URL, as `urlsplit` of Python finds them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SplitUrl<'a> {
    /// In lower case. Empty if there is none.
    pub(super) scheme: String,
    /// The host with its port, and a user name if there is one. Empty if there is none.
    pub(super) netloc: &'a str,
    /// From the path on.
    rest: &'a str,
}

impl<'a> SplitUrl<'a> {
    /// `None` if there is a host with only one of its brackets.
    pub(super) fn split(text: &'a str) -> Option<Self> {
        let text = text.trim_start_matches(|c: char| c <= ' ');
        let is_scheme = |scheme: &str| {
            scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        };
        let (scheme, rest) = text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)).unwrap_or(("", text));
        let (netloc, rest) = match rest.strip_prefix("//") {
            Some(rest) => rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())),
            None => ("", rest),
        };
        let has_both_or_none = netloc.contains('[') == netloc.contains(']');
        has_both_or_none.then(|| Self { scheme: scheme.to_ascii_lowercase(), netloc, rest })
    }

    /// `geturl()`, for a URL with scheme and host.
    pub(super) fn to_text(&self) -> String {
        format!("{}://{}{}", self.scheme, self.netloc, self.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_split_as_in_python() {
        let url = |scheme: &str, netloc: &'static str, rest: &'static str| {
            Some(SplitUrl { scheme: scheme.to_owned(), netloc, rest })
        };
        for (text, expected) in [
            ("https://a.org/x?y", url("https", "a.org", "/x?y")),
            (" HTTPS://A.org", url("https", "A.org", "")),
            ("https:a.org", url("https", "", "a.org")),
            ("//a.org?x", url("", "a.org", "?x")),
            ("1https://a.org", url("", "", "1https://a.org")),
            ("https://[::1]:80/", url("https", "[::1]:80", "/")),
            ("https://[::1/", None),
            ("null", url("", "", "null")),
            ("", url("", "", "")),
        ] {
            assert_eq!(SplitUrl::split(text), expected, "{text}");
        }
    }
}
