//! The filters beside a list. Python counterpart: `django.contrib.admin.filters`.

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};

use super::error::ChangeListError;
use super::lookups::condition;
use super::ordering::related_order;
use super::params::Params;
use super::path::Joins;
use crate::contrib::admin::models::{Field, FieldKind, Selection};
use crate::contrib::admin::sites::{AdminSite, Registered};
use crate::db::DbConnection;
use crate::db::tables::Statement;
use crate::db::text_query::TextRow;

/// The maximum number of choices of a filter. A list of all users would make the page too large.
const MAX_CHOICES: u64 = 100;

/// A filter: a field with the values that the list can be limited to.
#[derive(Clone, Debug)]
pub(in crate::contrib::admin) struct Filter {
    /// Heading.
    pub(in crate::contrib::admin) title: String,
    /// The parameters that it reads.
    expected: Vec<String>,
    /// The prefixes of the parameters that its links leave out.
    removed: Vec<String>,
    choices: Vec<Choice>,
    /// Whether the choice "All" has its number of rows as well.
    counts_everything: bool,
    /// The condition of the parameters that were sent.
    pub(super) condition: Statement,
    /// Whether any of them was sent.
    pub(super) is_active: bool,
    /// Whether there are more values than choices.
    pub(in crate::contrib::admin) is_cut: bool,
    /// Whether it has choices. As in Django, a filter without choices still takes its parameters, and does nothing.
    pub(super) is_shown: bool,
}

/// A value that the list can be limited to.
#[derive(Clone, Debug)]
struct Choice {
    text: String,
    is_selected: bool,
    /// The parameters of the value. Empty for the choice "All".
    params: Vec<(String, String)>,
}

/// A choice as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::contrib::admin) struct FilterLink {
    pub(in crate::contrib::admin) text: String,
    pub(in crate::contrib::admin) url: String,
    pub(in crate::contrib::admin) is_selected: bool,
}

impl Filter {
    /// The filter of the field at `path`. `None` if there is no such field.
    pub(super) fn new(
        conn: &mut DbConnection,
        site: &AdminSite,
        registered: &Registered,
        joins: &mut Joins<'_>,
        path: &str,
        params: &Params,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, ChangeListError> {
        let Some(field) = registered.model.get_field(path) else { return Ok(None) };
        let mut filter = Self {
            title: field.verbose_name.clone(),
            expected: Vec::new(),
            removed: Vec::new(),
            choices: Vec::new(),
            counts_everything: false,
            condition: Statement::default(),
            is_active: false,
            is_cut: false,
            is_shown: true,
        };
        filter.is_shown = match &field.kind {
            FieldKind::ForeignKey(_) | FieldKind::OneToOne(_) | FieldKind::ManyToMany(_) => {
                filter.relation(conn, site, field, params)?
            }
            FieldKind::Boolean => filter.boolean(field, params),
            _ if !field.choices.is_empty() => filter.of_choices(field, params),
            FieldKind::Date | FieldKind::DateTime => filter.date(field, params, now),
            _ => filter.all_values(conn, registered, field, params)?,
        };
        if filter.removed.is_empty() {
            filter.removed.clone_from(&filter.expected);
        }
        for name in filter.expected.iter().filter(|_| filter.is_shown) {
            if let Some(values) = params.values(name) {
                let one = condition(conn, joins, name, values)?;
                filter.condition.push(if filter.condition.is_empty() { "" } else { " AND " }).append(one);
                filter.is_active = true;
            }
        }
        Ok(Some(filter))
    }

    /// Whether it reads the parameter `name`.
    pub(super) fn reads(&self, name: &str) -> bool {
        self.expected.iter().any(|known| known == name)
    }

    fn choice(&mut self, text: impl Into<String>, is_selected: bool, params: &[(&str, &str)]) {
        let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.choices.push(Choice { text: text.into(), is_selected, params });
    }

    /// `RelatedFieldListFilter`.
    fn relation(
        &mut self,
        conn: &mut DbConnection,
        site: &AdminSite,
        field: &Field,
        params: &Params,
    ) -> Result<bool, ChangeListError> {
        let to = field.relation().map(|relation| &relation.to).or(field.many().map(|between| &between.to));
        let Some(other) = to.and_then(|to| site.model(to)) else { return Ok(false) };
        let (exact, isnull) = (format!("{}__{}__exact", field.name, other.model.pk), format!("{}__isnull", field.name));
        let (value, is_null) = (params.values(&exact), params.get(&isnull).is_some_and(|value| !value.is_empty()));
        let (joins, order_by) = related_order(conn, site, other)?;
        let selection = Selection { joins, order_by, limit: Some(MAX_CHOICES + 1), ..Selection::default() };
        let mut rows = other.objects.select(conn, &selection)?;
        self.is_cut = u64::try_from(rows.len()).is_ok_and(|count| count > MAX_CHOICES);
        rows.truncate(usize::try_from(MAX_CHOICES).unwrap_or(usize::MAX));
        site.select_related(conn, other, &mut rows, &[])?;
        self.choice("All", value.is_none() && !is_null, &[]);
        for row in &rows {
            let key = row.pk();
            let is_selected = value.is_some_and(|values| values.iter().any(|value| value == key));
            self.choice(other.admin.to_string(row), is_selected, &[(&exact, key)]);
        }
        let offers_none = field.null || field.many().is_some();
        if offers_none {
            self.choice("-", is_null, &[(&isnull, "True")]);
        }
        self.expected = vec![exact, isnull];
        Ok(rows.len() + usize::from(offers_none) > 1)
    }

    /// `BooleanFieldListFilter`.
    fn boolean(&mut self, field: &Field, params: &Params) -> bool {
        let (exact, isnull) = (format!("{}__exact", field.name), format!("{}__isnull", field.name));
        let (value, null) = (params.get(&exact), params.get(&isnull));
        let has_null = null.is_some_and(|null| !null.is_empty());
        let label = |value: &str, text: &str| field.choice(value).unwrap_or(text).to_owned();
        self.choice("All", value.is_none() && !has_null, &[]);
        self.choice(label("true", "Yes"), value == Some("1") && !has_null, &[(&exact, "1")]);
        self.choice(label("false", "No"), value == Some("0") && !has_null, &[(&exact, "0")]);
        if field.null {
            self.choice("Unknown", null == Some("True"), &[(&isnull, "True")]);
        }
        self.expected = vec![exact, isnull];
        true
    }

    /// `ChoicesFieldListFilter`.
    fn of_choices(&mut self, field: &Field, params: &Params) -> bool {
        let (exact, isnull) = (format!("{}__exact", field.name), format!("{}__isnull", field.name));
        let values = params.values(&exact);
        self.choice("All", values.is_none(), &[]);
        for (value, label) in &field.choices {
            let is_selected = values.is_some_and(|values| values.contains(value));
            self.choice(label.as_str(), is_selected, &[(&exact, value)]);
        }
        self.expected = vec![exact, isnull];
        true
    }

    /// `DateFieldListFilter`.
    fn date(&mut self, field: &Field, params: &Params, now: DateTime<Utc>) -> bool {
        let start = format!("{}__", field.name);
        let (since, until, isnull) = (format!("{start}gte"), format!("{start}lt"), format!("{start}isnull"));
        let sent: Vec<(String, String)> = params
            .filters()
            .filter(|(name, _)| name.starts_with(&start))
            .map(|(name, values)| (name.to_owned(), values.last().cloned().unwrap_or_default()))
            .collect();
        let is_sent = |wanted: &[(&str, &str)]| {
            let has = |(name, value): &(&str, &str)| sent.iter().any(|(n, v)| n == name && v == value);
            wanted.len() == sent.len() && wanted.iter().all(has)
        };
        let today = now.date_naive();
        let text = |date: NaiveDate| match field.kind {
            FieldKind::DateTime => format!("{date} 00:00:00+00:00"),
            _ => date.to_string(),
        };
        let first = |year: i32, month: u32| NaiveDate::from_ymd_opt(year, month, 1).unwrap_or(today);
        let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(today);
        let week_ago = today.checked_sub_days(Days::new(7)).unwrap_or(today);
        let (year, month) = (today.year(), today.month());
        let next_month = if month == 12 { first(year + 1, 1) } else { first(year, month + 1) };
        self.choice("Any date", is_sent(&[]), &[]);
        for (label, from, to) in [
            ("Today", today, tomorrow),
            ("Past 7 days", week_ago, tomorrow),
            ("This month", first(year, month), next_month),
            ("This year", first(year, 1), first(year + 1, 1)),
        ] {
            let (from, to) = (text(from), text(to));
            let range = [(since.as_str(), from.as_str()), (until.as_str(), to.as_str())];
            self.choice(label, is_sent(&range), &range);
        }
        self.counts_everything = true;
        self.removed = vec![start];
        self.expected = vec![since, until];
        if field.null {
            for (label, value) in [("No date", "True"), ("Has date", "False")] {
                let params = [(isnull.as_str(), value)];
                self.choice(label, is_sent(&params), &params);
            }
            self.expected.push(isnull);
        }
        true
    }

    /// `AllValuesFieldListFilter`.
    fn all_values(
        &mut self,
        conn: &mut DbConnection,
        registered: &Registered,
        field: &Field,
        params: &Params,
    ) -> Result<bool, ChangeListError> {
        let isnull = format!("{}__isnull", field.name);
        let (values, is_null) = (params.values(&field.name), params.get(&isnull));
        let table = registered.objects.table(conn)?;
        let column = table.column(&field.column)?;
        let distinct = format!(
            "SELECT {} FROM (SELECT DISTINCT {} FROM {} ORDER BY 1 LIMIT {}) AS {}",
            column.kind.selected(&column.quoted, &column.column),
            column.qualified,
            table.quoted,
            MAX_CHOICES + 1,
            "found"
        );
        let mut rows = Statement::new(distinct).rows(conn)?;
        self.is_cut = u64::try_from(rows.len()).is_ok_and(|count| count > MAX_CHOICES);
        rows.truncate(usize::try_from(MAX_CHOICES).unwrap_or(usize::MAX));
        self.choice("All", values.is_none() && is_null.is_none(), &[]);
        let mut has_null = false;
        for TextRow(row) in rows {
            match row.into_iter().next().flatten() {
                None => has_null = true,
                Some(value) => {
                    let value = column.kind.read(value);
                    let is_selected = values.is_some_and(|values| values.contains(&value));
                    self.choice(value.as_str(), is_selected, &[(&field.name, &value)]);
                }
            }
        }
        if has_null {
            self.choice("-", is_null.is_some_and(|value| !value.is_empty()), &[(&isnull, "True")]);
        }
        self.expected = vec![field.name.clone(), isnull];
        Ok(true)
    }

    /// The links of the choices. `counts` are the numbers of rows of the choices, if they are shown.
    pub(super) fn links(&self, params: &Params, counts: Option<&[u64]>) -> Vec<FilterLink> {
        let own: Vec<&str> = self.removed.iter().map(String::as_str).collect();
        let link = |(index, choice): (usize, &Choice)| {
            let count = counts.and_then(|counts| counts.get(index)).filter(|_| index > 0 || self.counts_everything);
            let new: Vec<(&str, Option<&str>)> =
                choice.params.iter().map(|(name, value)| (name.as_str(), Some(value.as_str()))).collect();
            FilterLink {
                text: count.map_or_else(|| choice.text.clone(), |count| format!("{} ({count})", choice.text)),
                url: params.query_string(&new, &own),
                is_selected: choice.is_selected,
            }
        };
        self.choices.iter().enumerate().map(link).collect()
    }

    /// The number of rows of each choice, among the rows of `part` that meet `others`, the conditions of the search and the other
    /// filters.
    pub(super) fn counts(
        &self,
        conn: &mut DbConnection,
        registered: &Registered,
        joins: &mut Joins<'_>,
        part: &Statement,
        others: &Statement,
    ) -> Result<Vec<u64>, ChangeListError> {
        // Without a choice the statement would have no columns.
        if self.choices.is_empty() {
            return Ok(Vec::new());
        }
        let table = registered.objects.table(conn)?;
        let mut statement = Statement::new("SELECT ");
        for (index, choice) in self.choices.iter().enumerate() {
            statement.push(if index == 0 { "" } else { ", " }).push("CAST(count(CASE WHEN ");
            if choice.params.is_empty() {
                statement.push("1 = 1");
            }
            for (index, (name, value)) in choice.params.iter().enumerate() {
                statement.push(if index == 0 { "" } else { " AND " });
                statement.append(condition(conn, joins, name, std::slice::from_ref(value))?);
            }
            statement.push(" THEN 1 END) AS text)");
        }
        statement.push(" FROM ");
        statement.append(if part.is_empty() { Statement::new(table.quoted.as_str()) } else { part.clone() });
        statement.push(&joins.sql);
        if !others.is_empty() {
            statement.push(" WHERE ").append(others.clone());
        }
        let row = statement.rows(conn)?.into_iter().next().map(|TextRow(values)| values).unwrap_or_default();
        Ok(row.into_iter().map(|count| count.and_then(|count| count.parse().ok()).unwrap_or_default()).collect())
    }
}
