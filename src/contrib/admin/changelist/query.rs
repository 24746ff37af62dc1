//! The rows of a list, selected by search, filters and other parameters. Python counterpart: `ChangeList.get_queryset`.

use chrono::{DateTime, Utc};

use super::error::ChangeListError;
use super::filters::Filter;
use super::ordering::order_by;
use super::paginator::{COUNTED, RowCount};
use super::params::{EVERY_ROW, Params, TO_FIELD};
use super::path::{Joins, is_allowed};
use super::{lookups, search};
use crate::contrib::admin::models::{Row, Selection, one_of};
use crate::contrib::admin::sites::{AdminSite, Registered};
use crate::db::DbConnection;
use crate::db::tables::Statement;
use crate::http::query_dict::QueryDict;

/// The name of the column with the boxes that select rows.
pub(in crate::contrib::admin) const CHECKBOX: &str = "action_checkbox";

/// The inputs for loading a list.
#[derive(Clone, Debug)]
pub(in crate::contrib::admin) struct ListRequest {
    pub(in crate::contrib::admin) params: QueryDict,
    /// Whether rows can be selected.
    pub(in crate::contrib::admin) has_actions: bool,
    pub(in crate::contrib::admin) now: DateTime<Utc>,
}

/// Selects rows of a list, in addition to its parameters.
#[derive(Clone, Copy, Debug)]
pub(in crate::contrib::admin) enum Wanted<'a> {
    /// All rows, in the order of the list.
    All,
    /// The rows with these keys, in the order of the list.
    Keys(&'a [&'a str]),
    /// All rows, or the rows after this key, in the order of the keys.
    After(Option<&'a str>),
}

/// The rows of a list: the condition, the order, the search and the filters.
pub(super) struct Query<'a> {
    site: &'a AdminSite,
    registered: &'a Registered,
    pub(super) joins: Joins<'a>,
    pub(super) condition: Statement,
    order_by: String,
    /// The columns: names of fields, computed ones, and [`CHECKBOX`].
    pub(super) columns: Vec<String>,
    pub(super) filters: Vec<Filter>,
    /// The other parameters, which no filter has read.
    pub(super) remaining: Vec<(String, Vec<String>)>,
    search: Statement,
    /// The part of the table that is searched. Empty for all of it.
    pub(super) part: Statement,
    /// The number of rows without search and filters.
    pub(super) full_count: RowCount,
}

impl ListRequest {
    /// At most `limit` of the rows that the list would show on its pages.
    ///
    /// # Errors
    /// Returns the errors of the parameters and of the database.
    pub(in crate::contrib::admin) fn rows(
        &self,
        conn: &mut DbConnection,
        site: &AdminSite,
        registered: &Registered,
        wanted: Wanted<'_>,
        limit: u64,
    ) -> Result<Vec<Row>, ChangeListError> {
        let params = Params::new(&self.params);
        // The search text was dropped. Reading all rows would return more than was asked for, without a message.
        if params.search_error.is_some() && matches!(wanted, Wanted::After(_)) {
            return Err(ChangeListError::Incorrect);
        }
        let query = Query::new(conn, site, registered, &params, self)?;
        let mut selection = query.selection(Some(limit));
        let table = registered.objects.table(conn)?;
        let key = registered.objects.column(&table, "pk")?;
        let further = match wanted {
            Wanted::All => Statement::default(),
            Wanted::Keys(keys) => match one_of(&table, key, keys) {
                Some(condition) => condition,
                None => return Ok(Vec::new()),
            },
            Wanted::After(after) => {
                selection.order_by.clone_from(&key.qualified);
                let mut condition = Statement::default();
                if let Some(after) = after {
                    condition.push(&format!("{} > ", key.qualified)).bind(key, Some(after), table.vendor);
                }
                condition
            }
        };
        selection.condition = and(selection.condition, further);
        query.select(conn, &selection)
    }
}

impl<'a> Query<'a> {
    pub(super) fn new(
        conn: &mut DbConnection,
        site: &'a AdminSite,
        registered: &'a Registered,
        params: &Params,
        request: &ListRequest,
    ) -> Result<Self, ChangeListError> {
        if let Some((path, _)) = params.filters().find(|(path, values)| !is_allowed(site, registered, path, values)) {
            return Err(ChangeListError::Disallowed(path.to_owned()));
        }
        if let Some(field) = params.get(TO_FIELD).filter(|field| !field.is_empty() && !is_key(registered, field)) {
            return Err(ChangeListError::Disallowed(field.to_owned()));
        }
        if params.has_too_many_values() {
            return Err(ChangeListError::Incorrect);
        }
        let checkbox = request.has_actions.then_some(CHECKBOX);
        let columns = checkbox.into_iter().chain(registered.admin.list_display().iter().copied());
        let columns: Vec<String> = columns.map(str::to_owned).collect();
        let mut joins = Joins::new(site, registered);
        let mut filters = Vec::new();
        for path in registered.admin.list_filter() {
            filters.extend(Filter::new(conn, site, registered, &mut joins, path, params, request.now)?);
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
        let order_by = order_by(conn, &mut joins, registered, &columns, params)?;
        let full_count = RowCount::new(registered.objects.count(conn, &Statement::default(), Some(COUNTED + 1))?);
        let words = search::condition(conn, &mut joins, registered, &params.query)?;
        let is_partly_searched = full_count == RowCount::More && !words.is_empty() && !params.contains(EVERY_ROW);
        let part = match is_partly_searched {
            true => search::searched_part(conn, &mut joins, registered, &params.query)?,
            false => Statement::default(),
        };
        search = and(search, words);
        let condition = filters.iter().fold(search.clone(), |all, filter| and(all, filter.condition.clone()));
        Ok(Self { site, registered, joins, condition, order_by, columns, filters, remaining, search, part, full_count })
    }

    pub(super) fn selection(&self, limit: Option<u64>) -> Selection {
        Selection {
            part: self.part.clone(),
            joins: self.joins.sql.clone(),
            condition: self.condition.clone(),
            order_by: self.order_by.clone(),
            limit,
            offset: 0,
        }
    }

    /// The rows of `selection`, with the rows that their columns refer to.
    pub(super) fn select(&self, conn: &mut DbConnection, selection: &Selection) -> Result<Vec<Row>, ChangeListError> {
        let mut rows = self.registered.objects.select(conn, selection)?;
        let relations: Vec<&str> =
            self.columns.iter().map(String::as_str).filter(|name| self.is_relation(name)).collect();
        self.site.select_related(conn, self.registered, &mut rows, &relations)?;
        Ok(rows)
    }

    fn is_relation(&self, column: &str) -> bool {
        self.registered.model.get_field(column).is_some_and(|field| field.relation().is_some())
    }

    /// The numbers of rows of the choices of each filter.
    pub(super) fn facets(&mut self, conn: &mut DbConnection) -> Result<Vec<Vec<u64>>, ChangeListError> {
        let mut facets = Vec::new();
        for (index, filter) in self.filters.iter().enumerate() {
            let others = self.filters.iter().enumerate().filter(|(other, _)| *other != index);
            let others = others.fold(self.search.clone(), |all, (_, other)| and(all, other.condition.clone()));
            facets.push(filter.counts(conn, self.registered, &mut self.joins, &self.part, &others)?);
        }
        Ok(facets)
    }
}

fn and(mut condition: Statement, other: Statement) -> Statement {
    if !condition.is_empty() && !other.is_empty() {
        condition.push(" AND ");
    }
    condition.append(other);
    condition
}

/// Whether other models may refer to the rows by the field: `to_field_allowed`.
fn is_key(registered: &Registered, field: &str) -> bool {
    registered.model.get_field(field).is_some_and(|field| field.name == registered.model.pk)
}
