//! The list of a model: columns, order, search, filters and pages. Python counterpart:
//! `django.contrib.admin.views.main.ChangeList`.
//!
//! [`ChangeList::load`] reads everything that the page needs, by one statement for each need. Rows are counted up to
//! [`COUNTED`] only: to count a million takes longer than to show a hundred. Up to that number all is as in Django.

mod error;
mod filters;
mod lookups;
mod ordering;
mod params;
mod path;
mod search;

use chrono::{DateTime, Utc};

pub(in crate::contrib::admin) use self::error::ListError;
use self::filters::Filter;
pub(in crate::contrib::admin) use self::filters::FilterLink;
use self::ordering::{order_by, order_field, sorted_columns};
pub(in crate::contrib::admin) use self::params::Params;
use self::params::{ALL, EVERY_ROW, FACETS, ORDER, PAGE, POPUP, TO_FIELD};
use self::path::{Joins, is_allowed};
use super::models::{Row, Selection};
use super::sites::{AdminSite, Registered};
use crate::db::DbConnection;
use crate::db::tables::Statement;
use crate::http::query_dict::QueryDict;

/// Rows are counted up to this number.
pub(in crate::contrib::admin) const COUNTED: u64 = 10_000;

/// Pages on each side of the current one that have a link.
const ON_EACH_SIDE: u64 = 3;

/// Pages at each end that have a link.
const ON_ENDS: u64 = 2;

/// The name of the column with the boxes that select rows.
pub(in crate::contrib::admin) const CHECKBOX: &str = "action_checkbox";

/// How many rows there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::contrib::admin) enum Count {
    /// So many.
    Exactly(u64),
    /// More than [`COUNTED`].
    More,
}

impl Count {
    fn new(counted: u64) -> Self {
        if counted > COUNTED { Self::More } else { Self::Exactly(counted) }
    }

    /// Whether there are more than `number`, which is at most [`COUNTED`].
    pub(in crate::contrib::admin) fn exceeds(self, number: u64) -> bool {
        match self {
            Self::Exactly(count) => count > number,
            Self::More => true,
        }
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exactly(count) => count.fmt(f),
            Self::More => write!(f, "more than {COUNTED}"),
        }
    }
}

/// What a list shows. Everything but the names of its rows is read from here by the page.
#[derive(Clone, Debug)]
pub(in crate::contrib::admin) struct ChangeList {
    pub(in crate::contrib::admin) params: Params,
    /// The columns: names of fields, computed ones, and [`CHECKBOX`].
    pub(in crate::contrib::admin) columns: Vec<String>,
    /// The rows of this page, with the rows that they refer to.
    pub(in crate::contrib::admin) rows: Vec<Row>,
    /// How many rows were found.
    pub(in crate::contrib::admin) result_count: Count,
    /// How many rows there are without search and filters.
    pub(in crate::contrib::admin) full_count: Count,
    filters: Vec<Filter>,
    /// For each filter the numbers of rows of its choices, if they were asked for.
    facets: Vec<Vec<u64>>,
    /// The rest of the parameters, which no filter has read.
    remaining: Vec<(String, Vec<String>)>,
    /// Whether only a part of a large table was searched.
    pub(in crate::contrib::admin) is_partly_searched: bool,
    has_next_page: bool,
    per_page: u64,
    max_show_all: u64,
}

/// What a list is loaded with.
#[derive(Clone, Debug)]
pub(in crate::contrib::admin) struct Request {
    pub(in crate::contrib::admin) params: QueryDict,
    /// Whether rows can be selected.
    pub(in crate::contrib::admin) has_actions: bool,
    pub(in crate::contrib::admin) now: DateTime<Utc>,
}

/// Rows as a list has them: the condition, the order, and what search and filters say.
struct Found<'a> {
    joins: Joins<'a>,
    condition: Statement,
    order_by: String,
    filters: Vec<Filter>,
    remaining: Vec<(String, Vec<String>)>,
    search: Statement,
    /// The part of the table that is searched. Empty for all of it.
    part: Statement,
    full_count: Count,
}

impl ChangeList {
    /// Reads the list of `registered`.
    ///
    /// # Errors
    /// Those of the parameters and of the database.
    pub(in crate::contrib::admin) fn load(
        conn: &mut DbConnection,
        site: &AdminSite,
        registered: &Registered,
        request: &Request,
    ) -> Result<Self, ListError> {
        let params = Params::new(&request.params);
        let columns = columns(registered, request.has_actions);
        let mut found = find(conn, site, registered, &params, &columns, request.now)?;
        let result_count = match found.condition.is_empty() {
            true => found.full_count,
            false => Count::new(registered.objects.count_of(conn, &found.selection(Some(COUNTED + 1)))?),
        };
        let (per_page, max_show_all) = (registered.admin.list_per_page().max(1), registered.admin.list_max_show_all());
        let shows_all = params.contains(ALL) && !result_count.exceeds(max_show_all.min(COUNTED));
        let is_one_page = !result_count.exceeds(per_page.min(COUNTED));
        let mut selection = found.selection(Some(per_page + 1));
        if shows_all || is_one_page {
            selection.limit = Some(per_page.max(max_show_all).max(1));
        } else {
            let page = u64::try_from(params.page).ok().and_then(|page| page.checked_sub(1));
            let offset = page.and_then(|page| page.checked_mul(per_page)).ok_or(ListError::Incorrect)?;
            // Beyond what was counted, the page decides by itself whether it exists.
            let exists = match result_count {
                Count::Exactly(count) => offset < count,
                Count::More => i64::try_from(offset).is_ok(),
            };
            selection.offset = if exists { offset } else { return Err(ListError::Incorrect) };
        }
        let mut rows = registered.objects.select(conn, &selection)?;
        if rows.is_empty() && selection.offset > 0 {
            return Err(ListError::Incorrect);
        }
        let has_next_page = !shows_all && !is_one_page && u64::try_from(rows.len()).is_ok_and(|n| n > per_page);
        if has_next_page {
            rows.truncate(usize::try_from(per_page).unwrap_or(usize::MAX));
        }
        let relations: Vec<&str> =
            columns.iter().map(String::as_str).filter(|column| is_relation(registered, column)).collect();
        site.select_related(conn, registered, &mut rows, &relations)?;
        let mut facets = Vec::new();
        if params.contains(FACETS) {
            for index in 0..found.filters.len() {
                let others = found.condition_without(index);
                facets.push(found.filters[index].counts(conn, registered, &mut found.joins, &found.part, &others)?);
            }
        }
        Ok(Self {
            params,
            columns,
            rows,
            result_count,
            full_count: found.full_count,
            filters: found.filters,
            facets,
            remaining: found.remaining,
            is_partly_searched: !found.part.is_empty(),
            has_next_page,
            per_page,
            max_show_all,
        })
    }

    /// The keys of all rows that the list would show on its pages, or of those among `wanted`; at most `limit`.
    ///
    /// # Errors
    /// Those of the parameters and of the database.
    pub(in crate::contrib::admin) fn select(
        conn: &mut DbConnection,
        site: &AdminSite,
        registered: &Registered,
        request: &Request,
        wanted: Option<&[&str]>,
        limit: u64,
    ) -> Result<Vec<Row>, ListError> {
        let params = Params::new(&request.params);
        let columns = columns(registered, request.has_actions);
        let found = find(conn, site, registered, &params, &columns, request.now)?;
        let mut selection = found.selection(Some(limit));
        if let Some(wanted) = wanted {
            let table = registered.objects.table(conn)?;
            let key = registered.objects.column(&table, "pk")?;
            let Some(keys) = super::models::one_of(&table, key, wanted) else { return Ok(Vec::new()) };
            selection.condition.push(if selection.condition.is_empty() { "" } else { " AND " }).append(keys);
        }
        Ok(registered.objects.select(conn, &selection)?)
    }

    /// At most `limit` of the rows that the list would show on its pages, in the order of their keys, beginning behind the key
    /// `after`.
    ///
    /// # Errors
    /// Those of the parameters and of the database.
    pub(in crate::contrib::admin) fn select_after(
        conn: &mut DbConnection,
        site: &AdminSite,
        registered: &Registered,
        request: &Request,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Vec<Row>, ListError> {
        let params = Params::new(&request.params);
        // Every row would be more than was asked for, and nothing would say so.
        if params.search_error.is_some() {
            return Err(ListError::Incorrect);
        }
        let columns = columns(registered, request.has_actions);
        let found = find(conn, site, registered, &params, &columns, request.now)?;
        let mut selection = found.selection(Some(limit));
        let table = registered.objects.table(conn)?;
        let key = registered.objects.column(&table, "pk")?;
        selection.order_by.clone_from(&key.qualified);
        if let Some(after) = after {
            selection.condition.push(if selection.condition.is_empty() { "" } else { " AND " });
            selection.condition.push(&format!("{} > ", key.qualified)).bind(key, Some(after), table.vendor);
        }
        let mut rows = registered.objects.select(conn, &selection)?;
        let relations: Vec<&str> =
            columns.iter().map(String::as_str).filter(|column| is_relation(registered, column)).collect();
        site.select_related(conn, registered, &mut rows, &relations)?;
        Ok(rows)
    }

    /// The query of the list without its order and page.
    pub(in crate::contrib::admin) fn every_page_query(&self) -> String {
        self.params.query_string(&[(ALL, None), (ORDER, None)], &[])
    }

    /// The last page. 0 where the rows were not all counted.
    fn last_page(&self) -> u64 {
        match self.result_count {
            Count::Exactly(count) => count.div_ceil(self.per_page).max(1),
            Count::More => 0,
        }
    }

    /// Whether the rows are on several pages, and these are not shown at once.
    fn is_paginated(&self) -> bool {
        self.result_count.exceeds(self.per_page.min(COUNTED)) && !(self.params.contains(ALL) && self.can_show_all())
    }

    fn can_show_all(&self) -> bool {
        !self.result_count.exceeds(self.max_show_all.min(COUNTED))
    }

    /// The pages that have a link, with `None` for those between: `get_elided_page_range`. Empty if there is one page.
    pub(in crate::contrib::admin) fn pages(&self) -> Vec<Option<u64>> {
        if !self.is_paginated() {
            return Vec::new();
        }
        let page = self.page();
        match self.last_page() {
            // How many there are is not known.
            0 => {
                let known = (COUNTED / self.per_page).max(page + u64::from(self.has_next_page));
                let mut pages = elided(page, known);
                if self.has_next_page {
                    pages.push(None);
                }
                pages
            }
            last => elided(page, last),
        }
    }

    /// The number of this page.
    pub(in crate::contrib::admin) fn page(&self) -> u64 {
        u64::try_from(self.params.page).unwrap_or(1).max(1)
    }

    /// The link to a page.
    pub(in crate::contrib::admin) fn page_url(&self, page: u64) -> String {
        self.params.query_string(&[(PAGE, Some(&page.to_string()))], &[])
    }

    /// The link that shows all rows on one page, if there are not too many.
    pub(in crate::contrib::admin) fn show_all_url(&self) -> Option<String> {
        (self.can_show_all() && self.is_paginated()).then(|| self.params.query_string(&[(ALL, Some(""))], &[]))
    }

    /// Whether the numbers of rows are shown beside the choices of filters.
    pub(in crate::contrib::admin) fn has_facets(&self) -> bool {
        self.params.contains(FACETS)
    }

    /// The link that shows or hides those numbers.
    pub(in crate::contrib::admin) fn facets_url(&self) -> String {
        match self.has_facets() {
            true => self.params.query_string(&[], &[FACETS]),
            false => self.params.query_string(&[(FACETS, Some("True"))], &[]),
        }
    }

    /// The link that clears all filters, if any is set.
    pub(in crate::contrib::admin) fn clear_url(&self) -> Option<String> {
        let filters: Vec<&str> = self.params.filters().map(|(name, _)| name).collect();
        let remaining: Vec<(&str, Option<&str>)> =
            self.remaining.iter().map(|(name, values)| (name.as_str(), values.last().map(String::as_str))).collect();
        self.filters.iter().any(|filter| filter.is_active).then(|| self.params.query_string(&remaining, &filters))
    }

    /// The filters: heading, choices, and whether there are more values than choices.
    pub(in crate::contrib::admin) fn filters(&self) -> Vec<(&str, Vec<FilterLink>, bool)> {
        let links =
            |(index, filter): (usize, &Filter)| filter.links(&self.params, self.facets.get(index).map(Vec::as_slice));
        let filters = self.filters.iter().enumerate();
        filters.map(|filter| (filter.1.title.as_str(), links(filter), filter.1.is_cut)).collect()
    }

    /// Whether the list is in a window of its own.
    pub(in crate::contrib::admin) fn is_popup(&self) -> bool {
        self.params.contains(POPUP)
    }

    /// The field whose value a window of its own returns.
    pub(in crate::contrib::admin) fn to_field(&self) -> Option<&str> {
        self.params.get(TO_FIELD).filter(|field| !field.is_empty())
    }

    /// The link that removes search and filters.
    pub(in crate::contrib::admin) fn total_url(&self) -> String {
        let popup = self.is_popup().then_some("_popup=1");
        let facets = self.has_facets().then_some("_facets");
        format!("?{}", [popup, facets].into_iter().flatten().collect::<Vec<_>>().join("&"))
    }

    /// The link that searches every row of a large table.
    pub(in crate::contrib::admin) fn every_row_url(&self) -> String {
        self.params.query_string(&[(EVERY_ROW, Some("1"))], &[])
    }

    /// The columns by which the list is sorted: place in the list, and whether it descends.
    pub(in crate::contrib::admin) fn sorted(&self, registered: &Registered) -> Vec<(i64, bool)> {
        sorted_columns(registered, &self.columns, &self.params)
    }

    /// The link that sorts by `order`.
    pub(in crate::contrib::admin) fn order_url(&self, order: &[(i64, bool)]) -> String {
        let term = |(place, descends): &(i64, bool)| format!("{}{place}", if *descends { "-" } else { "" });
        let order = order.iter().map(term).collect::<Vec<_>>().join(".");
        self.params.query_string(&[(ORDER, Some(&order))], &[])
    }

    /// Whether the list can be sorted by `column`.
    pub(in crate::contrib::admin) fn is_sortable(registered: &Registered, column: &str) -> bool {
        let is_allowed = registered.admin.sortable_by().is_none_or(|columns| columns.contains(&column));
        // As in Django, a name with `__` counts, even `__str__`, by which nothing is sorted.
        is_allowed && (column.contains("__") || order_field(registered, column).is_some())
    }
}

impl Found<'_> {
    fn selection(&self, limit: Option<u64>) -> Selection {
        Selection {
            part: self.part.clone(),
            joins: self.joins.sql.clone(),
            condition: self.condition.clone(),
            order_by: self.order_by.clone(),
            limit,
            offset: 0,
        }
    }

    /// The condition without that of one filter.
    fn condition_without(&self, index: usize) -> Statement {
        let mut condition = self.search.clone();
        for (other, filter) in self.filters.iter().enumerate() {
            if other != index {
                condition = and(condition, filter.condition.clone());
            }
        }
        condition
    }
}

fn and(mut condition: Statement, other: Statement) -> Statement {
    if !condition.is_empty() && !other.is_empty() {
        condition.push(" AND ");
    }
    condition.append(other);
    condition
}

/// What search, filters and other parameters say.
fn find<'a>(
    conn: &mut DbConnection,
    site: &'a AdminSite,
    registered: &'a Registered,
    params: &Params,
    columns: &[String],
    now: DateTime<Utc>,
) -> Result<Found<'a>, ListError> {
    if let Some((path, _)) = params.filters().find(|(path, values)| !is_allowed(site, registered, path, values)) {
        return Err(ListError::Disallowed(path.to_owned()));
    }
    if let Some(field) = params.get(TO_FIELD).filter(|field| !field.is_empty() && !is_key(registered, field)) {
        return Err(ListError::Disallowed(field.to_owned()));
    }
    if params.has_too_many_values() {
        return Err(ListError::Incorrect);
    }
    let mut joins = Joins::new(site, registered);
    let mut filters = Vec::new();
    for path in registered.admin.list_filter() {
        filters.extend(Filter::new(conn, site, registered, &mut joins, path, params, now)?);
    }
    let remaining: Vec<(String, Vec<String>)> = params
        .filters()
        .filter(|(name, _)| !filters.iter().any(|filter: &Filter| filter.reads(name)))
        .map(|(name, values)| (name.to_owned(), values.to_vec()))
        .collect();
    let mut search = Statement::default();
    for (path, values) in &remaining {
        search = and(search, lookups::condition(conn, &mut joins, path, values)?);
    }
    let order_by = order_by(conn, &mut joins, registered, columns, params)?;
    let full_count = Count::new(registered.objects.count(conn, &Statement::default(), Some(COUNTED + 1))?);
    let words = search::condition(conn, &mut joins, registered, &params.query)?;
    let is_partly_searched = full_count == Count::More && !words.is_empty() && !params.contains(EVERY_ROW);
    let part = match is_partly_searched {
        true => search::searched_part(conn, &mut joins, registered, &params.query)?,
        false => Statement::default(),
    };
    search = and(search, words);
    let filtered = filters.iter().fold(search.clone(), |all, filter| and(all, filter.condition.clone()));
    Ok(Found { joins, condition: filtered, order_by, filters, remaining, search, part, full_count })
}

/// The columns of the list.
fn columns(registered: &Registered, has_actions: bool) -> Vec<String> {
    let checkbox = has_actions.then_some(CHECKBOX);
    checkbox.into_iter().chain(registered.admin.list_display().iter().copied()).map(str::to_owned).collect()
}

fn is_relation(registered: &Registered, column: &str) -> bool {
    registered.model.get_field(column).is_some_and(|field| field.relation().is_some())
}

/// Whether other models may refer to the rows by the field: `to_field_allowed`.
fn is_key(registered: &Registered, field: &str) -> bool {
    registered.model.get_field(field).is_some_and(|field| field.name == registered.model.pk)
}

/// Django's `Paginator.get_elided_page_range`.
fn elided(page: u64, last: u64) -> Vec<Option<u64>> {
    if last <= (ON_EACH_SIDE + ON_ENDS) * 2 {
        return (1..=last).map(Some).collect();
    }
    let mut pages = Vec::new();
    if page > 1 + ON_EACH_SIDE + ON_ENDS + 1 {
        pages.extend((1..=ON_ENDS).map(Some));
        pages.push(None);
        pages.extend((page - ON_EACH_SIDE..=page).map(Some));
    } else {
        pages.extend((1..=page).map(Some));
    }
    if page + ON_EACH_SIDE + ON_ENDS + 1 < last {
        pages.extend((page + 1..=page + ON_EACH_SIDE).map(Some));
        pages.push(None);
        pages.extend((last - ON_ENDS + 1..=last).map(Some));
    } else {
        pages.extend((page + 1..=last).map(Some));
    }
    pages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_between_are_left_out() {
        let shown = |page, last| {
            let pages = elided(page, last).into_iter();
            pages.map(|page| page.map_or_else(|| "…".to_owned(), |page| page.to_string())).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(shown(1, 3), "1 2 3");
        assert_eq!(shown(5, 10), "1 2 3 4 5 6 7 8 9 10");
        assert_eq!(shown(1, 50), "1 2 3 4 … 49 50");
        assert_eq!(shown(7, 50), "1 2 3 4 5 6 7 8 9 10 … 49 50");
        assert_eq!(shown(8, 50), "1 2 … 5 6 7 8 9 10 11 … 49 50");
        assert_eq!(shown(43, 50), "1 2 … 40 41 42 43 44 45 46 … 49 50");
        assert_eq!(shown(44, 50), "1 2 … 41 42 43 44 45 46 47 48 49 50");
        assert_eq!(shown(50, 50), "1 2 … 47 48 49 50");
    }
}
