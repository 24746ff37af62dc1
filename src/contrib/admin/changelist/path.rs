//! Fields by their paths, such as `token__user__username`, as columns of joined tables. Python counterpart:
//! `django.db.models.sql.Query.setup_joins`.

use std::sync::Arc;

use super::error::ChangeListError;
use crate::contrib::admin::cell::SHOWN_OF_SECRETS;
use crate::contrib::admin::models::{Field, FieldKind, ManyToMany, Model};
use crate::contrib::admin::sites::{AdminSite, Registered};
use crate::db::DbConnection;
use crate::db::tables::{Table, TableColumn};

/// The tables that a list needs besides that of its model.
#[derive(Clone, Debug)]
pub(super) struct Joins<'a> {
    site: &'a AdminSite,
    registered: &'a Registered,
    /// The path of each table, its name in the statement, and the table.
    joined: Vec<(String, String, Arc<Table>)>,
    /// The text after the name of the model's table in `FROM`.
    pub(super) sql: String,
}

/// A column of a statement.
#[derive(Clone, Debug)]
pub(super) struct PathColumn {
    /// The column with the name of its table.
    pub(super) sql: String,
    pub(super) column: TableColumn,
    /// The order of the model that the field refers to, if it is a foreign key and nothing follows it.
    pub(super) related_ordering: Vec<String>,
    pub(super) vendor: &'static str,
}

/// The target of a path.
#[derive(Clone, Debug)]
pub(super) enum PathTarget {
    Column(PathColumn),
    /// A many-to-many field of the model itself. The last is the column with the key of the other model.
    Many {
        between: ManyToMany,
        table: Arc<Table>,
        own_key: String,
    },
}

/// A parsed path: its target, and the rest, such as `exact`.
#[derive(Clone, Debug)]
pub(super) struct Resolved<'p> {
    pub(super) target: PathTarget,
    pub(super) rest: Vec<&'p str>,
}

impl<'a> Joins<'a> {
    pub(super) fn new(site: &'a AdminSite, registered: &'a Registered) -> Self {
        Self { site, registered, joined: Vec::new(), sql: String::new() }
    }

    /// The target of `path`. `None` if its first part is not a field.
    pub(super) fn resolve<'p>(
        &mut self,
        conn: &mut DbConnection,
        path: &'p str,
    ) -> Result<Option<Resolved<'p>>, ChangeListError> {
        let mut parts = path.split("__").peekable();
        let Some(mut field) = parts.next().and_then(|part| field_of(&self.registered.model, part)) else {
            return Ok(None);
        };
        let registered = self.registered;
        let mut table = registered.objects.table(conn)?;
        let mut alias = table.quoted.clone();
        let mut walked = String::new();
        if let Some(between) = field.many() {
            let own_key = format!("{alias}.{}", registered.objects.column(&table, "pk")?.quoted);
            let other = self.site.model(&between.to);
            let is_key = |part: &&str| other.and_then(|other| field_of(&other.model, part)).is_some();
            parts.next_if(is_key);
            let target = PathTarget::Many {
                between: between.clone(),
                table: registered.objects.through(conn, between)?,
                own_key,
            };
            return Ok(Some(Resolved { target, rest: parts.collect() }));
        }
        while let Some(relation) = field.relation() {
            let Some(other) = self.site.model(&relation.to) else { break };
            let Some(next) = parts.peek().and_then(|part| field_of(&other.model, part)) else { break };
            parts.next();
            // The key of the other row is in this table.
            if next.name == other.model.pk && next.relation().is_none() {
                break;
            }
            walked = if walked.is_empty() { field.name.clone() } else { format!("{walked}__{}", field.name) };
            let from = format!("{alias}.{}", table.column(&field.column)?.quoted);
            (alias, table) = self.join(conn, &walked, &from, other)?;
            field = next;
        }
        let column = table.column(&field.column)?.clone();
        let related_ordering = match field.relation().and_then(|relation| self.site.model(&relation.to)) {
            Some(other) => other.model.ordering.clone(),
            None => Vec::new(),
        };
        let sql = format!("{alias}.{}", column.quoted);
        let target = PathTarget::Column(PathColumn { sql, column, related_ordering, vendor: table.vendor });
        Ok(Some(Resolved { target, rest: parts.collect() }))
    }

    /// Joins the table of `other`, whose key is in the column `from`, unless this path has joined it already.
    fn join(
        &mut self,
        conn: &mut DbConnection,
        path: &str,
        from: &str,
        other: &Registered,
    ) -> Result<(String, Arc<Table>), ChangeListError> {
        if let Some((_, alias, table)) = self.joined.iter().find(|(known, ..)| known == path) {
            return Ok((alias.clone(), Arc::clone(table)));
        }
        let table = other.objects.table(conn)?;
        let alias = format!("t{}", self.joined.len() + 1);
        let key = &other.objects.column(&table, "pk")?.quoted;
        self.sql.push_str(&format!(" LEFT JOIN {} {alias} ON {alias}.{key} = {from}", table.quoted));
        self.joined.push((path.to_owned(), alias.clone(), Arc::clone(&table)));
        Ok((alias, table))
    }
}

/// The field of `model` with that name. A foreign key is also found by the name of its column.
pub(super) fn field_of<'m>(model: &'m Model, name: &str) -> Option<&'m Field> {
    model.get_field(name).or_else(|| model.fields.iter().find(|field| !name.is_empty() && field.column == name))
}

/// Whether the list may be filtered by `path`. Fields of the model are allowed, fields of other models only if a filter offers
/// them, and secrets only by the characters that a masked secret shows. A path that is not a field is checked elsewhere.
pub(super) fn is_allowed(site: &AdminSite, registered: &Registered, path: &str, values: &[String]) -> bool {
    let mut model = Arc::clone(&registered.model);
    let mut is_behind_relation = false;
    let mut relations: Vec<&str> = Vec::new();
    let mut last = "";
    for part in path.split("__") {
        let Some(field) = field_of(&model, part).cloned() else { break };
        if field.secret {
            // With longer prefixes a secret could be found letter by letter.
            let is_beginning = path.ends_with(&format!("{part}__startswith"));
            let is_shown = |value: &String| value.chars().count() <= SHOWN_OF_SECRETS;
            return is_beginning && field.kind != FieldKind::Password && values.iter().all(is_shown);
        }
        last = part;
        let to = field.relation().map(|relation| &relation.to).or(field.many().map(|between| &between.to)).cloned();
        if !is_behind_relation || to.is_some() || field.name != model.pk {
            relations.push(part);
        }
        let Some(other) = to.and_then(|to| site.model(&to)) else { break };
        model = Arc::clone(&other.model);
        is_behind_relation = true;
    }
    let offered = |path: &str| registered.admin.list_filter().contains(&path);
    relations.len() <= 1 || offered(&relations.join("__")) || offered(&format!("{}__{last}", relations.join("__")))
}
