//! Media types in `Accept` and `Content-Type`. Python counterpart: `rest_framework.utils.mediatypes`.

use crate::http::headers::parse_header_parameters;

/// A media type longer than this matches nothing.
pub const MAX_MEDIA_TYPE_LENGTH: usize = 256;

/// `type/subtype; key=value`, as found in `Accept` and `Content-Type`. Names are lower-cased, values are not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaType {
    main: String,
    sub: String,
    params: Vec<(String, String)>,
}

impl MediaType {
    /// Reads one media type. Every text can be read; an invalid one matches nothing.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let (full, params) = parse_header_parameters(text);
        let (main, sub) = full.split_once('/').unwrap_or((&full, ""));
        Self { main: main.to_owned(), sub: sub.to_owned(), params }
    }

    /// The value of parameter `key`.
    #[must_use]
    pub fn param(&self, key: &str) -> Option<&str> {
        // Python fills a dict: of two spellings of one name the last counts.
        self.params.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Whether this type (of a renderer or parser) satisfies `other` (of the client).
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        let params = self.params.iter().all(|(key, value)| key == "q" || other.param(key) == Some(value));
        let part = |own: &str, others: &str| own == "*" || others == "*" || own == others;
        params && part(&self.sub, &other.sub) && part(&self.main, &other.main)
    }

    /// 0 for `*/*`, 1 for `type/*`, 2 for a full type, 3 for a type with parameters.
    pub(super) fn precedence(&self) -> u8 {
        if self.main == "*" {
            0
        } else if self.sub == "*" {
            1
        } else if self.params.iter().all(|(key, _)| key == "q") {
            2
        } else {
            3
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_parameters_may_hold_separators() {
        let media = MediaType::parse("multipart/form-data; boundary=\"a;b\"; Charset=utf-8");
        assert_eq!(media.param("boundary"), Some("a;b"));
        assert_eq!(media.param("charset"), Some("utf-8"));
    }
}
