//! The order of a list. Python counterpart: `ChangeList.get_ordering`.

use serde_json::Value;

use super::error::ChangeListError;
use super::params::{ORDER, Params};
use super::path::{Joins, PathTarget};
use crate::contrib::admin::sites::{AdminSite, Registered};
use crate::core::python;
use crate::db::DbConnection;

/// The numbers of the columns that the list is sorted by, and whether each order is descending: `get_ordering_field_columns`.
pub(super) fn sorted_columns(registered: &Registered, columns: &[String], params: &Params) -> Vec<(i64, bool)> {
    let mut sorted: Vec<(i64, bool)> = Vec::new();
    let Some(order) = params.get(ORDER) else {
        for field in registered.get_ordering() {
            let (name, descends) = field.strip_prefix('-').map_or((field.as_str(), false), |name| (name, true));
            let place = columns.iter().position(|column| order_field(registered, column).as_deref() == Some(name));
            if let Some(place) = place.and_then(|place| i64::try_from(place).ok()) {
                set(&mut sorted, place, descends);
            }
        }
        return sorted;
    };
    for part in order.split('.') {
        let (prefix, number) = part.rsplit_once('-').map_or(("", part), |(_, number)| ("-", number));
        if let Some(number) = python::int(&Value::from(number)) {
            set(&mut sorted, number, prefix == "-");
        }
    }
    sorted
}

/// Like a Python dictionary: a later value replaces an earlier one.
fn set(sorted: &mut Vec<(i64, bool)>, number: i64, descends: bool) {
    match sorted.iter_mut().find(|(known, _)| *known == number) {
        Some(known) => known.1 = descends,
        None => sorted.push((number, descends)),
    }
}

/// The field that a column is sorted by. `None` if it cannot be sorted by.
pub(super) fn order_field(registered: &Registered, column: &str) -> Option<String> {
    match registered.model.get_field(column) {
        Some(field) if field.many().is_some() => None,
        Some(field) => Some(field.name.clone()),
        None => registered.admin.column_order(column).map(str::to_owned),
    }
}

/// The order of the parameter `o`.
fn chosen_ordering(registered: &Registered, columns: &[String], params: &Params) -> Vec<String> {
    let mut ordering: Vec<String> = Vec::new();
    for part in params.get(ORDER).unwrap_or_default().split('.') {
        let (prefix, number) = part.rsplit_once('-').map_or(("", part), |(_, number)| ("-", number));
        let Some(number) = python::int(&Value::from(number)) else { continue };
        let Some(column) = usize::try_from(number).ok().and_then(|number| columns.get(number)) else { continue };
        let Some(field) = order_field(registered, column) else { continue };
        let name = field.trim_start_matches('-');
        // A column that was used already does not change the order.
        if ordering.iter().any(|known| known.trim_start_matches('-') == name) {
            continue;
        }
        ordering.push(match (prefix, field.strip_prefix('-')) {
            ("-", Some(field)) => field.to_owned(),
            _ => format!("{prefix}{field}"),
        });
    }
    ordering
}

/// The text after `ORDER BY`.
pub(super) fn order_by(
    conn: &mut DbConnection,
    joins: &mut Joins<'_>,
    registered: &Registered,
    columns: &[String],
    params: &Params,
) -> Result<String, ChangeListError> {
    let mut ordering = registered.get_ordering();
    if params.get(ORDER).is_some_and(|order| !order.is_empty()) {
        ordering = chosen_ordering(registered, columns, params);
        // As in Django, equal rows are sorted by the order of the list.
        ordering.extend(registered.admin.ordering().iter().map(|field| (*field).to_owned()));
    }
    let mut terms = Vec::new();
    let mut is_total = false;
    for field in &ordering {
        let (path, descends) = field.strip_prefix('-').map_or((field.as_str(), false), |path| (path, true));
        add_terms(conn, joins, path, descends, &mut terms)?;
        is_total |= is_total_order(registered, path);
        if is_total {
            break;
        }
    }
    if !is_total {
        add_terms(conn, joins, "pk", true, &mut terms)?;
    }
    Ok(terms.join(", "))
}

/// Whether no two rows have the same value of the field.
fn is_total_order(registered: &Registered, path: &str) -> bool {
    let field = registered.model.get_field(path);
    field.is_some_and(|field| field.unique && !field.null && field.relation().is_none())
}

fn add_terms(
    conn: &mut DbConnection,
    joins: &mut Joins<'_>,
    path: &str,
    descends: bool,
    terms: &mut Vec<String>,
) -> Result<(), ChangeListError> {
    let Some(resolved) = joins.resolve(conn, path)? else { return Ok(()) };
    let PathTarget::Column(column) = resolved.target else { return Ok(()) };
    // A foreign key is sorted by the ordering of the referenced model.
    for field in &column.related_ordering {
        let (name, is_opposite) = field.strip_prefix('-').map_or((field.as_str(), false), |name| (name, true));
        // Models may refer to each other in a circle.
        if path.matches("__").count() < 4 {
            add_terms(conn, joins, &format!("{path}__{name}"), descends != is_opposite, terms)?;
        }
    }
    if column.related_ordering.is_empty() {
        terms.push(format!("{}{}", column.sql, if descends { " DESC" } else { "" }));
    }
    Ok(())
}

/// The joins and the order of the rows of `related` as choices: the order of its list, or of the model, or of the keys.
pub(super) fn related_order(
    conn: &mut DbConnection,
    site: &AdminSite,
    related: &Registered,
) -> Result<(String, String), ChangeListError> {
    let mut joins = Joins::new(site, related);
    let mut terms = Vec::new();
    for field in related.get_ordering() {
        let (path, descends) = field.strip_prefix('-').map_or((field.as_str(), false), |path| (path, true));
        add_terms(conn, &mut joins, path, descends, &mut terms)?;
    }
    add_terms(conn, &mut joins, "pk", false, &mut terms)?;
    Ok((joins.sql, terms.join(", ")))
}
