//! The parameters of a list. Python counterpart: `ChangeList.params` and `ChangeList.get_query_string`.

use serde_json::Value;

use crate::core::python;
use crate::http::query_dict::{QueryDict, quote_plus};

/// Shows all rows on one page.
pub(super) const ALL: &str = "all";
/// The columns that the list is sorted by.
pub(super) const ORDER: &str = "o";
/// The number of the page.
pub(super) const PAGE: &str = "p";
/// The search text.
pub(super) const SEARCH: &str = "q";
/// Says that the parameters before this request were wrong.
pub(super) const ERROR: &str = "e";
/// Shows how many rows each choice of a filter has.
pub(super) const FACETS: &str = "_facets";
/// The page is in a popup window of a form.
pub(in crate::contrib::admin) const IS_POPUP: &str = "_popup";
/// The field of the object whose value the form gets from the popup window.
pub(in crate::contrib::admin) const TO_FIELD: &str = "_to_field";
/// Only on the pages of an object: the search and the filters of the list to which the user returns.
pub(in crate::contrib::admin) const CHANGELIST_FILTERS: &str = "_changelist_filters";
/// Searches all rows of a large table. Not in Django.
pub(super) const EVERY_ROW: &str = "_every_row";

/// Parameters that are not filters.
const IGNORED: [&str; 7] = [ALL, ORDER, SEARCH, FACETS, IS_POPUP, TO_FIELD, EVERY_ROW];

/// The largest number of filter values. PostgreSQL takes minutes to plan a condition with a thousand subqueries, and no timeout
/// ends that. SQLite refuses it.
const MAX_VALUES: usize = 100;

/// The largest number of comma-separated values in filters.
const MAX_LISTED: usize = 1_000;

/// The largest length of a search text, in characters. SQLite does not accept longer patterns, or conditions with more words.
const MAX_SEARCH: usize = 400;

/// The parameters of a list.
#[derive(Clone, Debug)]
pub(in crate::contrib::admin) struct Params {
    /// All parameters except the page and the error mark, with their values.
    filter_params: Vec<(String, Vec<String>)>,
    /// The number of the page; 1 if the text is not a number.
    pub(super) page: i64,
    /// The search text.
    pub(in crate::contrib::admin) query: String,
    /// Why the search text was dropped.
    pub(in crate::contrib::admin) search_error: Option<String>,
}

impl Params {
    pub(super) fn new(query: &QueryDict) -> Self {
        let mut filter_params: Vec<(String, Vec<String>)> = Vec::new();
        for (name, value) in query.iter().filter(|(name, _)| *name != PAGE && *name != ERROR) {
            match filter_params.iter_mut().find(|(known, _)| known == name) {
                Some((_, values)) => values.push(value.to_owned()),
                None => filter_params.push((name.to_owned(), vec![value.to_owned()])),
            }
        }
        let page = query.get(PAGE).and_then(|page| python::int(&Value::from(page))).unwrap_or(1);
        let search = query.get(SEARCH).unwrap_or_default();
        let search_error = search_error(search);
        Self {
            page: if query.contains(PAGE) { page } else { 1 },
            query: if search_error.is_some() { String::new() } else { search.to_owned() },
            search_error,
            filter_params,
        }
    }

    /// The last value of a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values(name)?.last().map(String::as_str)
    }

    /// The values of a parameter.
    pub(super) fn values(&self, name: &str) -> Option<&[String]> {
        self.filter_params.iter().find(|(known, _)| known == name).map(|(_, values)| values.as_slice())
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.values(name).is_some()
    }

    /// Whether the filters have more values than a database takes in one condition.
    pub(super) fn has_too_many_values(&self) -> bool {
        let values: usize = self.filters().map(|(_, values)| values.len()).sum();
        let listed = self.filters().filter(|(name, _)| name.ends_with("__in"));
        let listed: usize = listed.flat_map(|(_, values)| values).map(|value| value.split(',').count()).sum();
        values > MAX_VALUES || listed > MAX_LISTED
    }

    /// The parameters that are filters: `get_filters_params`.
    pub(super) fn filters(&self) -> impl Iterator<Item = (&str, &[String])> {
        let is_filter = |(name, _): &&(String, Vec<String>)| !IGNORED.contains(&name.as_str());
        self.filter_params.iter().filter(is_filter).map(|(name, values)| (name.as_str(), values.as_slice()))
    }

    /// The hidden fields of the search form: every parameter with its last value, except the search text.
    pub(in crate::contrib::admin) fn hidden(&self) -> Vec<(String, String)> {
        let params = self.filter_params.iter().filter(|(name, _)| name != SEARCH);
        params.map(|(name, values)| (name.clone(), values.last().cloned().unwrap_or_default())).collect()
    }

    /// The query of a link, with its question mark: `get_query_string`. Parameters that begin with one of `remove` are left out.
    /// Those of `new` replace parameters of the same name; without a value they are left out as well.
    pub(super) fn query_string(&self, new: &[(&str, Option<&str>)], remove: &[&str]) -> String {
        let mut params: Vec<(&str, Vec<&str>)> = self
            .filter_params
            .iter()
            .filter(|(name, _)| !remove.iter().any(|prefix| name.starts_with(prefix)))
            .filter(|(name, _)| !new.iter().any(|(known, _)| known == name))
            .map(|(name, values)| (name.as_str(), values.iter().map(String::as_str).collect()))
            .collect();
        params.extend(new.iter().filter_map(|(name, value)| value.map(|value| (*name, vec![value]))));
        params.sort_by_key(|(name, _)| *name);
        let pairs = params.iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
        let pairs: Vec<_> = pairs.map(|(name, value)| format!("{}={}", quote_plus(name), quote_plus(value))).collect();
        format!("?{}", pairs.join("&"))
    }
}

/// The problem with a search text: the errors of `ChangeListSearchForm`.
fn search_error(text: &str) -> Option<String> {
    if text.contains('\0') {
        return Some("Null characters are not allowed.".to_owned());
    }
    let length = text.chars().count();
    let too_long = || format!("Ensure this value has at most {MAX_SEARCH} characters (it has {length}).");
    (length > MAX_SEARCH).then(too_long)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_keeps_the_other_parameters() {
        let params =
            Params::new(&QueryDict::parse(b"q=a+b&is_staff__exact=1&p=3&e=1&o=-1&is_staff__isnull=x&id=2&id=1"));
        assert_eq!((params.page, params.query.as_str()), (3, "a b"));
        assert_eq!(params.query_string(&[("o", Some("2.-1"))], &["is_staff__"]), "?id=2&id=1&o=2.-1&q=a+b");
        assert_eq!(params.query_string(&[("p", Some("2")), ("q", None)], &["is_staff", "id", "o"]), "?p=2");
        let filters: Vec<_> = params.filters().map(|(name, _)| name).collect();
        assert_eq!(filters, ["is_staff__exact", "is_staff__isnull", "id"]);
        for (page, number) in [("abc", 1), ("0", 0), ("-1", -1), (" 2 ", 2), ("", 1)] {
            let query: QueryDict = [("p", page)].into_iter().collect();
            assert_eq!(Params::new(&query).page, number, "{page}");
        }
    }
}
