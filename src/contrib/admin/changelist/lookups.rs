//! Conditions such as `is_staff__exact=1` and `created__gte=2024-01-01`. Python counterpart: `django.db.models.lookups`.

use chrono::{Datelike, Days, NaiveDate};
use serde_json::Value;

use super::error::ChangeListError;
use super::path::{Joins, PathColumn, PathTarget};
use crate::core::python;
use crate::db::DbConnection;
use crate::db::tables::{ColumnKind, Statement};

/// The condition that the parameter `path` has one of `values`.
pub(super) fn condition(
    conn: &mut DbConnection,
    joins: &mut Joins<'_>,
    path: &str,
    values: &[String],
) -> Result<Statement, ChangeListError> {
    let resolved = joins.resolve(conn, path)?.ok_or(ChangeListError::Incorrect)?;
    let mut any = Statement::default();
    for value in values {
        let one = match &resolved.target {
            PathTarget::Column(column) => of_column(column, &resolved.rest, value, path)?,
            PathTarget::Many { between, table, own_key } => {
                let (source, target) = (table.column(&between.source)?, table.column(&between.target)?);
                let column = PathColumn {
                    sql: target.qualified.clone(),
                    column: target.clone(),
                    related_ordering: Vec::new(),
                    vendor: table.vendor,
                };
                let is_null = resolved.rest == ["isnull"] && is_true(value);
                let mut exists = Statement::new(if is_null { "NOT EXISTS (" } else { "EXISTS (" });
                exists.push(&format!("SELECT 1 FROM {} WHERE {} = {own_key}", table.quoted, source.qualified));
                if resolved.rest != ["isnull"] {
                    exists.push(" AND ").append(of_column(&column, &resolved.rest, value, path)?);
                }
                exists.push(")");
                exists
            }
        };
        any.push(if any.is_empty() { "(" } else { " OR " }).append(one);
    }
    any.push(if any.is_empty() { "" } else { ")" });
    Ok(any)
}

/// The text of the value that `prepare_lookup_value` makes: a list for `in`, a boolean for `isnull`.
pub(super) fn prepared(path: &str, value: &str) -> String {
    if path.ends_with("__in") {
        python::text(&value.split(',').collect())
    } else if path.ends_with("__isnull") {
        python::text(&is_true(value).into())
    } else {
        value.to_owned()
    }
}

/// `prepare_lookup_value` for `isnull`.
fn is_true(value: &str) -> bool {
    !["", "false", "0"].contains(&value.to_lowercase().as_str())
}

/// The condition of one value.
fn of_column(column: &PathColumn, rest: &[&str], value: &str, path: &str) -> Result<Statement, ChangeListError> {
    // No text has a NUL, and PostgreSQL refuses the statement.
    if value.contains('\0') {
        return Err(ChangeListError::Incorrect);
    }
    let lookup = match rest {
        [] => "exact",
        [lookup] => lookup,
        ["date" | "year" | "month" | "day", "exact"] => rest.first().copied().unwrap_or_default(),
        _ => return Err(ChangeListError::Incorrect),
    };
    let sql = &column.sql;
    let compared = |operator: &str| {
        let mut condition = Statement::new(format!("{sql} {operator} "));
        match parsed(column, value)? {
            Some(value) => {
                condition.bind(&column.column, Some(&value), column.vendor);
                Ok(condition)
            }
            // A number that no row can have.
            None => {
                let is_negative = python::strip(value).starts_with('-');
                let is_every_row = if is_negative { operator.starts_with('>') } else { operator.starts_with('<') };
                Ok(Statement::new(if is_every_row { "1 = 1" } else { "1 = 0" }))
            }
        }
    };
    match lookup {
        "exact" => compared("="),
        "gt" => compared(">"),
        "gte" => compared(">="),
        "lt" => compared("<"),
        "lte" => compared("<="),
        "in" => {
            let mut condition = Statement::new(format!("{sql} IN ("));
            let mut count = 0;
            for value in value.split(',') {
                if let Some(value) = parsed(column, value)? {
                    condition.push(if count == 0 { "" } else { ", " });
                    condition.bind(&column.column, Some(&value), column.vendor);
                    count += 1;
                }
            }
            condition.push(")");
            Ok(if count == 0 { Statement::new("1 = 0") } else { condition })
        }
        "isnull" => Ok(Statement::new(format!("{sql} IS {}NULL", if is_true(value) { "" } else { "NOT " }))),
        "year" | "month" | "day" | "date" if matches!(column.column.kind, ColumnKind::DateTime | ColumnKind::Date) => {
            part_of_date(column, lookup, value)
        }
        "iexact" => Ok(like(column, &escaped(value), true)),
        "contains" | "icontains" => Ok(like(column, &format!("%{}%", escaped(value)), lookup == "icontains")),
        "startswith" | "istartswith" => Ok(like(column, &format!("{}%", escaped(value)), lookup == "istartswith")),
        "endswith" | "iendswith" => Ok(like(column, &format!("%{}", escaped(value)), lookup == "iendswith")),
        // A regular expression of a client could keep the database busy.
        "regex" | "iregex" => Err(ChangeListError::Disallowed(path.to_owned())),
        _ => Err(ChangeListError::Incorrect),
    }
}

/// The value of the column for `value`. `None` for a number that the column cannot hold.
fn parsed(column: &PathColumn, value: &str) -> Result<Option<String>, ChangeListError> {
    // The values of look-ups differ from the values of forms: `BooleanField.to_python`.
    if column.column.kind == ColumnKind::Boolean && !["t", "True", "1", "f", "False", "0"].contains(&value) {
        return Err(ChangeListError::Incorrect);
    }
    match column.column.kind.parse(value) {
        Ok(value) => Ok(Some(value)),
        Err(_) if matches!(column.column.kind, ColumnKind::Integer(_)) => {
            let digits = python::ascii_digits(python::strip(value));
            let digits = digits.trim_start_matches(['+', '-']);
            let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            if is_number { Ok(None) } else { Err(ChangeListError::Incorrect) }
        }
        Err(_) => Err(ChangeListError::Incorrect),
    }
}

/// The condition that the year, month or day of a date is `value`. A year or a day is a range, so that an index can be used.
fn part_of_date(column: &PathColumn, part: &str, value: &str) -> Result<Statement, ChangeListError> {
    let number = || python::int(&Value::from(value)).ok_or(ChangeListError::Incorrect);
    let day = |year: i64, month, day| {
        let year = i32::try_from(year).ok().filter(|year| (1..=9999).contains(year));
        year.and_then(|year| NaiveDate::from_ymd_opt(year, month, day)).ok_or(ChangeListError::Incorrect)
    };
    let (from, to) = match part {
        "year" => {
            let year = number()?;
            (day(year, 1, 1)?, day(year, 12, 31)?)
        }
        "date" => {
            let date: NaiveDate = value.parse().map_err(|_| ChangeListError::Incorrect)?;
            (date, date)
        }
        _ => {
            let number = number()?;
            let (unit, from) = if part == "month" { ("MONTH", 6) } else { ("DAY", 9) };
            let sql = &column.sql;
            let expression = match column.vendor {
                "sqlite" => format!("CAST(substr({sql}, {from}, 2) AS integer)"),
                _ => format!("EXTRACT({unit} FROM {sql})"),
            };
            return Ok(Statement::new(format!("{expression} = {number}")));
        }
    };
    range(column, from, to)
}

/// The condition that a date is one of the days from `from` to `to`.
pub(super) fn range(column: &PathColumn, from: NaiveDate, to: NaiveDate) -> Result<Statement, ChangeListError> {
    let end = to.checked_add_days(Days::new(1)).filter(|end| end.year() <= 9999).ok_or(ChangeListError::Incorrect)?;
    let mut condition = Statement::new(format!("({} >= ", column.sql));
    for (index, day) in [from, end].into_iter().enumerate() {
        condition.push(if index == 0 { "" } else { " AND " });
        if index == 1 {
            condition.push(&format!("{} < ", column.sql));
        }
        let value = column.column.kind.parse(&day.to_string()).map_err(|_| ChangeListError::Incorrect)?;
        condition.bind(&column.column, Some(&value), column.vendor);
    }
    condition.push(")");
    Ok(condition)
}

/// `text` with the special characters of patterns escaped.
pub(super) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// The condition that the text of a column has a pattern. As in Django, SQLite always ignores the case of ASCII letters.
pub(super) fn like(column: &PathColumn, pattern: &str, ignores_case: bool) -> Statement {
    let text = match column.column.kind {
        ColumnKind::Text => column.sql.clone(),
        _ => format!("CAST({} AS text)", column.sql),
    };
    let mut condition = match column.vendor {
        "sqlite" => Statement::new(format!("{text} LIKE ")),
        _ if ignores_case => Statement::new(format!("UPPER(CAST({text} AS text)) LIKE UPPER(")),
        _ => Statement::new(format!("{text} LIKE ")),
    };
    condition.bind_text(pattern);
    condition.push(if column.vendor != "sqlite" && ignores_case { ")" } else { "" });
    condition.push(" ESCAPE '\\'");
    condition
}
