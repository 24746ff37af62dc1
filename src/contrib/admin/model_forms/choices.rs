//! The rows of a model as choices of a field. Python counterpart: `ModelAdmin.get_field_queryset`.

use std::cmp::Ordering;

use diesel::QueryResult;

use crate::contrib::admin::forms::Choices;
use crate::contrib::admin::models::{FieldKind, Row, Selection};
use crate::contrib::admin::sites::{AdminSite, Registered};
use crate::db::DbConnection;

/// The rows of a model, in the order of its list.
#[derive(Clone, Debug)]
pub struct RelatedChoices {
    site: AdminSite,
    related: Registered,
    limit: Option<u64>,
}

impl RelatedChoices {
    /// The rows of `related`. If there are more than `limit`, they are not listed.
    #[must_use]
    pub fn new(site: &AdminSite, related: &Registered, limit: Option<u64>) -> Self {
        Self { site: site.clone(), related: related.clone(), limit }
    }

    /// Keys and texts of the rows, in their order.
    fn sorted(&self, conn: &mut DbConnection, mut rows: Vec<Row>) -> QueryResult<Vec<(String, String)>> {
        let ordering = self.related.get_ordering();
        let related =
            |path: &'_ str| path.trim_start_matches('-').rsplit_once("__").map(|(related, _)| related.to_owned());
        let paths: Vec<String> = ordering.iter().filter_map(|path| related(path)).collect();
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        self.site.select_related(conn, &self.related, &mut rows, &paths)?;
        rows.sort_by(|a, b| {
            let mut by_path = ordering.iter().map(|path| match path.strip_prefix('-') {
                Some(path) => self.compare(path, b, a),
                None => self.compare(path, a, b),
            });
            by_path.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        });
        let admin = &self.related.admin;
        Ok(rows.into_iter().map(|row| (row.pk().to_owned(), admin.to_string(&row))).collect())
    }

    /// Compares two rows by the value at `path`. Foreign keys are compared by the key.
    fn compare(&self, path: &str, a: &Row, b: &Row) -> Ordering {
        let mut model = std::sync::Arc::clone(&self.related.model);
        let (mut a, mut b) = (Some(a), Some(b));
        let mut steps = path.split("__").peekable();
        while let Some(name) = steps.next() {
            let Some(field) = model.get_field(name).cloned() else { return Ordering::Equal };
            let next =
                field.relation().and_then(|relation| self.site.model(&relation.to)).filter(|_| steps.peek().is_some());
            if let Some(next) = next {
                (a, b) = (a.and_then(|row| row.related(name)), b.and_then(|row| row.related(name)));
                model = std::sync::Arc::clone(&next.model);
                continue;
            }
            let (a, b) = (a.and_then(|row| row.get(name)), b.and_then(|row| row.get(name)));
            let number = |value: Option<&str>| value.and_then(|value| value.parse::<f64>().ok());
            let is_text = matches!(field.kind, FieldKind::Char | FieldKind::Text | FieldKind::Email);
            return match (number(a), number(b)) {
                (Some(a), Some(b)) if !is_text => a.total_cmp(&b),
                _ => a.cmp(&b),
            };
        }
        Ordering::Equal
    }
}

impl Choices for RelatedChoices {
    fn all(&self, conn: &mut DbConnection) -> QueryResult<Option<Vec<(String, String)>>> {
        let objects = &self.related.objects;
        let table = objects.table(conn)?;
        let order_by = objects.column(&table, "pk")?.qualified.clone();
        let limit = self.limit.map(|limit| limit.saturating_add(1));
        let rows = objects.select(conn, &Selection { order_by, limit, ..Selection::default() })?;
        if self.limit.is_some_and(|limit| u64::try_from(rows.len()).is_ok_and(|count| count > limit)) {
            return Ok(None);
        }
        self.sorted(conn, rows).map(Some)
    }

    fn find(&self, conn: &mut DbConnection, keys: &[String]) -> QueryResult<Vec<(String, String)>> {
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let rows = self.related.objects.filter_by(conn, "pk", &keys)?;
        self.sorted(conn, rows)
    }

    fn key(&self, conn: &mut DbConnection, text: &str) -> QueryResult<Option<String>> {
        let objects = &self.related.objects;
        let table = objects.table(conn)?;
        Ok(objects.column(&table, "pk")?.kind.parse(text).ok())
    }
}
