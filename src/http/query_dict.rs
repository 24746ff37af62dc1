//! The parameters of a query or of a form. Python counterpart: `django.http.QueryDict`.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};

/// The characters that Python's `quote_plus` does not change, in addition to letters and digits. A space becomes `+`.
const SAFE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'.').remove(b'-').remove(b'~').remove(b' ');

/// Names and values in the order in which they were sent. A name may occur several times.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct QueryDict(Vec<(String, String)>);

impl QueryDict {
    /// Reads `a=1&b=2`, the format of queries and urlencoded forms. Bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn parse(text: &[u8]) -> Self {
        let pairs = text.split(|b| *b == b'&').filter(|pair| !pair.is_empty());
        let read = |pair: &[u8]| {
            let split = pair.iter().position(|b| *b == b'=').unwrap_or(pair.len());
            let (name, value) = pair.split_at(split);
            (decode(name), decode(value.get(1..).unwrap_or_default()))
        };
        Self(pairs.map(read).collect())
    }

    /// The number of fields in `text`, as `DATA_UPLOAD_MAX_NUMBER_FIELDS` limits it. As in Python, an empty pair counts too,
    /// but not an empty text.
    #[must_use]
    pub fn count(text: &[u8]) -> usize {
        if text.is_empty() { 0 } else { text.split(|b| *b == b'&').count() }
    }

    /// The last value of `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The values of `name` in their order: `getlist`.
    #[must_use]
    pub fn get_list(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Whether `name` occurs.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// Adds a value.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// Removes `name` with all of its values.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(key, _)| key != name);
    }

    /// The same, sorted by the names: `sorted(query.items())`.
    #[must_use]
    #[cfg(feature = "server")]
    pub(crate) fn sorted(mut self) -> Self {
        self.0.sort_by(|one, other| one.0.cmp(&other.0));
        self
    }

    /// All names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How many values there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text that [`QueryDict::parse`] reads: `urlencode`. All values of a name are where its first one is.
    #[must_use]
    pub fn urlencode(&self) -> String {
        let is_first = |(index, (name, _)): &(usize, &(String, String))| {
            self.0.iter().position(|(n, _)| n == name) == Some(*index)
        };
        let names = self.0.iter().enumerate().filter(is_first).map(|(_, (name, _))| name);
        let pair = |name: &str, value: &str| format!("{}={}", quote_plus(name), quote_plus(value));
        let pairs = names.flat_map(|name| self.get_list(name).into_iter().map(move |value| pair(name, value)));
        pairs.collect::<Vec<_>>().join("&")
    }

    /// `url` with this query, if it is not empty.
    #[must_use]
    pub fn add_to(&self, url: &str) -> String {
        if self.is_empty() { url.to_owned() } else { format!("{url}?{}", self.urlencode()) }
    }
}

/// Python's `quote_plus`.
#[must_use]
pub fn quote_plus(text: &str) -> String {
    utf8_percent_encode(text, SAFE).to_string().replace(' ', "+")
}

fn decode(part: &[u8]) -> String {
    let spaced: Cow<'_, [u8]> = match part.contains(&b'+') {
        true => part.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect(),
        false => part.into(),
    };
    String::from_utf8_lossy(&Cow::from(percent_decode(&spaced))).into_owned()
}

impl std::fmt::Debug for QueryDict {
    /// Without the values, which may be passwords.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for QueryDict {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted_as_in_python() {
        for (text, count) in [("", 0), ("a", 1), ("&", 2), ("a=1&&b", 3)] {
            assert_eq!(QueryDict::count(text.as_bytes()), count, "{text}");
        }
    }

    #[test]
    fn of_several_values_the_last_is_the_value() {
        let query = QueryDict::parse(b"a=1&b=x+y%21&a=2&flag&=z&c=%FF&&d=%e4%bd%a0");
        assert_eq!((query.get("a"), query.get_list("a")), (Some("2"), vec!["1", "2"]));
        assert_eq!((query.get("b"), query.get("flag"), query.get("")), (Some("x y!"), Some(""), Some("z")));
        assert_eq!((query.get("c"), query.get("d"), query.get("e")), (Some("\u{fffd}"), Some("你"), None));
        assert_eq!(query.len(), 7);
    }

    #[test]
    fn it_is_written_as_python_writes_it() {
        let query: QueryDict = [("a b", "1&2"), ("_f", "is_staff__exact=1"), ("é", "~-.")].into_iter().collect();
        assert_eq!(query.urlencode(), "a+b=1%262&_f=is_staff__exact%3D1&%C3%A9=~-.");
        assert_eq!(QueryDict::parse(query.urlencode().as_bytes()), query);
        assert_eq!(QueryDict::parse(b"a=1&b=2&a=3").urlencode(), "a=1&a=3&b=2");
    }
}
