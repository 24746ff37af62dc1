//! The list of a model: columns, order, search, filters and pages. Python counterpart:
//! `django.contrib.admin.views.main.ChangeList`.
//!
//! [`ChangeList::load`] reads all data of the page. Rows are counted only up to [`COUNTED`], because counting a million rows
//! takes longer than showing a hundred. Up to that number the list is the same as in Django.

mod error;
mod filters;
mod lookups;
mod ordering;
mod paginator;
mod params;
mod path;
mod query;
mod search;

pub(in crate::contrib::admin) use self::error::ChangeListError;
use self::filters::Filter;
pub(in crate::contrib::admin) use self::filters::FilterLink;
use self::ordering::{order_field, sorted_columns};
pub(in crate::contrib::admin) use self::paginator::get_elided_page_range;
use self::paginator::{COUNTED, Paginator, RowCount};
use self::params::{ALL, EVERY_ROW, FACETS, ORDER, PAGE};
pub(in crate::contrib::admin) use self::params::{CHANGELIST_FILTERS, IS_POPUP, Params, TO_FIELD};
use self::query::Query;
pub(in crate::contrib::admin) use self::query::{CHECKBOX, ListRequest, Wanted};
use super::models::Row;
use super::sites::{AdminSite, Registered};
use crate::db::DbConnection;

/// The data of a list for its page.
#[derive(Clone, Debug)]
pub(in crate::contrib::admin) struct ChangeList {
    pub(in crate::contrib::admin) params: Params,
    /// The columns: names of fields, computed ones, and [`CHECKBOX`].
    pub(in crate::contrib::admin) columns: Vec<String>,
    /// The rows of this page, with the rows that they refer to.
    pub(in crate::contrib::admin) rows: Vec<Row>,
    /// The number of rows that were found.
    pub(in crate::contrib::admin) result_count: RowCount,
    /// The number of rows without search and filters.
    pub(in crate::contrib::admin) full_count: RowCount,
    filters: Vec<Filter>,
    /// The numbers of rows of the choices of each filter, if they are shown.
    facets: Vec<Vec<u64>>,
    /// The other parameters, which no filter has read.
    remaining: Vec<(String, Vec<String>)>,
    /// Whether only a part of a large table was searched.
    pub(in crate::contrib::admin) is_partly_searched: bool,
    paginator: Paginator,
    has_next_page: bool,
}

impl ChangeList {
    /// Reads the list of `registered`.
    ///
    /// # Errors
    /// Returns the errors of the parameters and of the database.
    pub(in crate::contrib::admin) fn load(
        conn: &mut DbConnection,
        site: &AdminSite,
        registered: &Registered,
        request: &ListRequest,
    ) -> Result<Self, ChangeListError> {
        let params = Params::new(&request.params);
        let mut query = Query::new(conn, site, registered, &params, request)?;
        let count = match query.condition.is_empty() {
            true => query.full_count,
            false => RowCount::new(registered.objects.count_of(conn, &query.selection(Some(COUNTED + 1)))?),
        };
        let paginator = Paginator {
            count,
            per_page: registered.admin.list_per_page().max(1),
            max_show_all: registered.admin.list_max_show_all(),
            wants_all: params.contains(ALL),
            number: params.page,
        };
        let mut selection = query.selection(Some(paginator.per_page + 1));
        if paginator.is_paginated() {
            selection.offset = paginator.offset()?;
        } else {
            selection.limit = Some(paginator.per_page.max(paginator.max_show_all));
        }
        let mut rows = query.select(conn, &selection)?;
        if rows.is_empty() && selection.offset > 0 {
            return Err(ChangeListError::Incorrect);
        }
        let per_page = usize::try_from(paginator.per_page).unwrap_or(usize::MAX);
        let has_next_page = paginator.is_paginated() && rows.len() > per_page;
        if has_next_page {
            rows.truncate(per_page);
        }
        let facets = if params.contains(FACETS) { query.facets(conn)? } else { Vec::new() };
        Ok(Self {
            params,
            columns: query.columns,
            rows,
            result_count: count,
            full_count: query.full_count,
            filters: query.filters,
            facets,
            remaining: query.remaining,
            is_partly_searched: !query.part.is_empty(),
            paginator,
            has_next_page,
        })
    }

    /// The query of the list without its order and page.
    pub(in crate::contrib::admin) fn every_page_query(&self) -> String {
        self.params.query_string(&[(ALL, None), (ORDER, None)], &[])
    }

    /// The pages that have a link, with `None` for those between: `get_elided_page_range`. Empty if there is one page.
    pub(in crate::contrib::admin) fn pages(&self) -> Vec<Option<u64>> {
        self.paginator.pages(self.has_next_page)
    }

    /// The number of this page.
    pub(in crate::contrib::admin) fn page(&self) -> u64 {
        self.paginator.page()
    }

    /// The link to a page.
    pub(in crate::contrib::admin) fn page_url(&self, page: u64) -> String {
        self.params.query_string(&[(PAGE, Some(&page.to_string()))], &[])
    }

    /// The link that shows all rows on one page, if there are not too many.
    pub(in crate::contrib::admin) fn show_all_url(&self) -> Option<String> {
        (self.paginator.can_show_all() && self.paginator.is_paginated())
            .then(|| self.params.query_string(&[(ALL, Some(""))], &[]))
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
        // As in Django, the link has the values as the look-ups use them.
        let prepared = |(name, values): &(String, Vec<String>)| {
            let values: Vec<String> = values.iter().map(|value| lookups::prepared(name, value)).collect();
            (name.clone(), values)
        };
        let remaining: Vec<(String, Vec<String>)> = self.remaining.iter().map(prepared).collect();
        let new: Vec<(&str, Option<&str>)> = remaining
            .iter()
            .flat_map(|(name, values)| values.iter().map(|value| (name.as_str(), Some(value.as_str()))))
            .collect();
        self.filters.iter().any(|filter| filter.is_active).then(|| self.params.query_string(&new, &filters))
    }

    /// The filters: heading, choices, and whether there are more values than choices.
    pub(in crate::contrib::admin) fn filters(&self) -> Vec<(&str, Vec<FilterLink>, bool)> {
        let links =
            |(index, filter): (usize, &Filter)| filter.links(&self.params, self.facets.get(index).map(Vec::as_slice));
        let filters = self.filters.iter().enumerate().filter(|(_, filter)| filter.is_shown);
        filters.map(|filter| (filter.1.title.as_str(), links(filter), filter.1.is_cut)).collect()
    }

    /// Whether the list is in a popup window.
    pub(in crate::contrib::admin) fn is_popup(&self) -> bool {
        self.params.contains(IS_POPUP)
    }

    /// The field whose value the popup window returns.
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

    /// The columns by which the list is sorted: the position in the list, and whether the order is descending.
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
        // As in Django, a name with `__` counts as sortable, even `__str__`, although it does not sort anything.
        is_allowed && (column.contains("__") || order_field(registered, column).is_some())
    }
}
