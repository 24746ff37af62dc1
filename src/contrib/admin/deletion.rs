//! The rows that a deletion affects. Python counterpart: `django.db.models.deletion` and
//! `django.contrib.admin.utils.NestedObjects`.

use std::collections::HashSet;
use std::sync::Arc;

use diesel::QueryResult;

use super::models::{Field, KEYS_PER_STATEMENT, ManyToMany, OnDelete, Row, Selection, one_of};
use super::request::AdminRequest;
use super::sites::{AdminSite, Registered};
use crate::core::python::capfirst;
use crate::db::DbConnection;
use crate::db::tables::{Statement, Table};
use crate::db::text_query::TextRow;

/// The largest number of rows of a model without pages that are listed. The others are counted and deleted as well.
const MAX_LISTED: u64 = 100;

/// A row that is deleted, with the rows that are deleted because of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedObject {
    /// Name of the model, in upper case at the start.
    pub model: String,
    /// `str(object)`.
    pub text: String,
    /// The path of its page in the admin site, if it has one.
    pub url: Option<String>,
    /// The rows that are deleted because of it.
    pub children: Vec<DeletedObject>,
}

/// A step of writing nested lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TreeStep<'a> {
    /// `<ul>`: the rows that are deleted because of the item before.
    Open,
    /// `<li>` and its text.
    Item(&'a DeletedObject),
    /// `</li>`
    EndItem,
    /// `</ul>`
    Close,
}

/// The steps of writing `objects` as nested lists, because templates cannot be recursive.
#[must_use]
pub fn tree(objects: &[DeletedObject]) -> Vec<TreeStep<'_>> {
    let mut steps = Vec::new();
    write_tree(objects, &mut steps);
    steps
}

fn write_tree<'a>(objects: &'a [DeletedObject], steps: &mut Vec<TreeStep<'a>>) {
    if objects.is_empty() {
        return;
    }
    steps.push(TreeStep::Open);
    for object in objects {
        steps.push(TreeStep::Item(object));
        write_tree(&object.children, steps);
        steps.push(TreeStep::EndItem);
    }
    steps.push(TreeStep::Close);
}

/// The rows that a deletion affects, at the time when they were collected.
#[derive(Clone, Debug, Default)]
pub struct Deletion {
    /// The rows to be deleted, each with the rows that are deleted because of it.
    pub objects: Vec<DeletedObject>,
    /// The number of rows of each model, by its plural name.
    pub model_count: Vec<(String, u64)>,
    /// Rows that forbid the deletion: `PROTECT`.
    pub protected: Vec<DeletedObject>,
    /// The rows of models that have pages: the user needs the permission to delete them.
    asked: Vec<(Registered, Row)>,
    steps: Vec<DeletionStep>,
}

/// A statement, to be run before the rows themselves are deleted.
#[derive(Clone, Debug)]
struct DeletionStep {
    table: Arc<Table>,
    column: String,
    keys: Vec<String>,
    /// Whether the column is set to NULL. Otherwise the row is deleted.
    sets_null: bool,
}

impl DeletionStep {
    fn run(&self, conn: &mut DbConnection) -> QueryResult<()> {
        let column = self.table.column(&self.column)?;
        for keys in self.keys.chunks(KEYS_PER_STATEMENT) {
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            let Some(condition) = one_of(&self.table, column, &keys) else { continue };
            let mut statement = match self.sets_null {
                true => Statement::new(format!("UPDATE {} SET {} = NULL WHERE ", self.table.quoted, column.quoted)),
                false => Statement::new(format!("DELETE FROM {} WHERE ", self.table.quoted)),
            };
            statement.append(condition).run(conn)?;
        }
        Ok(())
    }
}

impl Deletion {
    /// The rows that the deletion of `rows` affects. They are rows of `registered`.
    ///
    /// # Errors
    /// Returns the errors of the statements.
    pub fn collect(
        conn: &mut DbConnection,
        site: &AdminSite,
        registered: &Registered,
        rows: &[Row],
    ) -> QueryResult<Self> {
        let mut collector = Collector { site, deletion: Self::default(), seen: HashSet::new() };
        let objects = collector.collect(conn, registered, rows.to_vec(), "pk")?;
        collector.deletion.objects = objects.into_iter().map(|(_, object)| object).collect();
        Ok(collector.deletion)
    }

    /// The names of the models whose affected rows the user may not delete.
    #[must_use]
    pub fn perms_needed(&self, request: &AdminRequest) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (registered, row) in &self.asked {
            let name = &registered.model.verbose_name;
            if !names.contains(name) && !registered.has_delete_permission(request, Some(row)) {
                names.push(name.clone());
            }
        }
        names.sort();
        names
    }

    /// Whether every row of a model with pages that this deletion affects is in `other` too.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        let rows = |deletion: &Self| -> HashSet<(String, String)> {
            let row = |(registered, row): &(Registered, Row)| (registered.model.label(), row.pk().to_owned());
            deletion.asked.iter().map(row).collect()
        };
        rows(self).is_subset(&rows(other))
    }

    /// Locks the row `object` for this transaction, so that it is deleted only once. Returns whether it still exists.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    pub fn claim(conn: &mut DbConnection, registered: &Registered, object: &Row) -> QueryResult<bool> {
        let table = registered.objects.table(conn)?;
        let key = registered.objects.column(&table, "pk")?;
        let mut claim =
            Statement::new(format!("UPDATE {} SET {} = {} WHERE ", table.quoted, key.quoted, key.qualified));
        claim.push(&key.qualified).push(" = ").bind(key, Some(object.pk()), table.vendor);
        Ok(claim.run(conn)? > 0)
    }

    /// Deletes the dependent rows. The rows themselves are deleted by
    /// [`ModelAdmin::delete_model`](super::ModelAdmin::delete_model).
    ///
    /// # Errors
    /// Returns the errors of the statements.
    pub fn delete_related(&self, conn: &mut DbConnection) -> QueryResult<()> {
        self.steps.iter().try_for_each(|step| step.run(conn))
    }
}

/// A reference to the rows of a model.
enum Reference<'a> {
    ForeignKey(&'a Registered, &'a Field, OnDelete),
    /// A table between two models, with its column that has the key of this model.
    Between(&'a Registered, &'a Field, &'a ManyToMany, &'a str),
}

struct Collector<'a> {
    site: &'a AdminSite,
    deletion: Deletion,
    /// Tables and keys of the rows that were collected.
    seen: HashSet<(String, String)>,
}

impl Collector<'_> {
    /// Collects `rows` and their dependent rows. Each is returned with its value of `field`.
    fn collect(
        &mut self,
        conn: &mut DbConnection,
        registered: &Registered,
        mut rows: Vec<Row>,
        field: &str,
    ) -> QueryResult<Vec<(String, DeletedObject)>> {
        rows.retain(|row| self.seen.insert((registered.model.table.clone(), row.pk().to_owned())));
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        self.site.select_related(conn, registered, &mut rows, &[])?;
        self.count(&registered.model.verbose_name_plural, rows.len().try_into().unwrap_or(u64::MAX));
        let mut objects: Vec<(String, String, DeletedObject)> = rows
            .iter()
            .map(|row| (row.pk().to_owned(), row.text(field).to_owned(), self.deleted_object(registered, row)))
            .collect();
        let keys: Vec<String> = objects.iter().map(|(key, ..)| key.clone()).collect();
        if registered.has_pages {
            self.deletion.asked.extend(rows.into_iter().map(|row| (registered.clone(), row)));
        }
        for reference in references(self.site, registered) {
            for (key, child) in self.follow(conn, &reference, &keys)? {
                if let Some((.., parent)) = objects.iter_mut().find(|(known, ..)| *known == key) {
                    parent.children.push(child);
                }
            }
        }
        Ok(objects.into_iter().map(|(_, value, object)| (value, object)).collect())
    }

    /// The rows that refer to the rows `keys`, each with the key that it refers to.
    fn follow(
        &mut self,
        conn: &mut DbConnection,
        reference: &Reference<'_>,
        keys: &[String],
    ) -> QueryResult<Vec<(String, DeletedObject)>> {
        let (other, field, on_delete) = match reference {
            Reference::ForeignKey(other, field, on_delete) => (*other, *field, *on_delete),
            Reference::Between(owner, field, between, column) => {
                return self.unlink(conn, owner, field, between, column, keys);
            }
        };
        let table = other.objects.table(conn)?;
        let step = |sets_null| DeletionStep {
            table: Arc::clone(&table),
            column: field.column.clone(),
            keys: keys.to_vec(),
            sets_null,
        };
        let borrowed: Vec<&str> = keys.iter().map(String::as_str).collect();
        match on_delete {
            OnDelete::DoNothing => Ok(Vec::new()),
            OnDelete::SetNull => {
                self.deletion.steps.push(step(true));
                Ok(Vec::new())
            }
            OnDelete::Protect => {
                let mut rows = other.objects.filter_by(conn, &field.name, &borrowed)?;
                self.site.select_related(conn, other, &mut rows, &[])?;
                self.deletion
                    .protected
                    .extend(rows.iter().map(|row| self.deleted_object(other, row)).collect::<Vec<_>>());
                Ok(Vec::new())
            }
            // No table refers to these rows. Their model has no pages, so no permission is checked. They only have to be counted.
            OnDelete::Cascade if !other.has_pages && references(self.site, other).is_empty() => {
                let Some(condition) = one_of(&table, table.column(&field.column)?, &borrowed) else {
                    return Ok(Vec::new());
                };
                let count = other.objects.count(conn, &condition, None)?;
                let order_by = other.objects.order_by(&table)?;
                let selection = Selection { condition, order_by, limit: Some(MAX_LISTED), ..Selection::default() };
                let mut rows = other.objects.select(conn, &selection)?;
                self.site.select_related(conn, other, &mut rows, &[])?;
                let listed = rows.iter().map(|row| (row.text(&field.name).to_owned(), self.deleted_object(other, row)));
                let listed = and_more(listed.collect(), count);
                self.count(&other.model.verbose_name_plural, count);
                self.deletion.steps.push(step(false));
                Ok(listed)
            }
            OnDelete::Cascade => {
                let rows = other.objects.filter_by(conn, &field.name, &borrowed)?;
                let children = self.collect(conn, other, rows, &field.name)?;
                self.deletion.steps.push(step(false));
                Ok(children)
            }
        }
    }

    /// The rows of a table between two models.
    fn unlink(
        &mut self,
        conn: &mut DbConnection,
        owner: &Registered,
        field: &Field,
        between: &ManyToMany,
        column: &str,
        keys: &[String],
    ) -> QueryResult<Vec<(String, DeletedObject)>> {
        let table = owner.objects.through(conn, between)?;
        let borrowed: Vec<&str> = keys.iter().map(String::as_str).collect();
        let own = table.column(column)?;
        let Some(condition) = one_of(&table, own, &borrowed) else { return Ok(Vec::new()) };
        let mut count = Statement::new(format!("SELECT CAST(count(*) AS text) FROM {} WHERE ", table.quoted));
        let count = count.append(condition.clone()).scalar(conn)?;
        let count = count.and_then(|count| count.parse().ok()).unwrap_or_default();
        let key = table.columns.iter().find(|column| column.column.is_primary_key).unwrap_or(own);
        let (key, own_key) =
            (key.kind.selected(&key.qualified, &key.column), own.kind.selected(&own.qualified, &own.column));
        let mut rows = Statement::new(format!("SELECT {key}, {own_key} FROM {} WHERE ", table.quoted));
        rows.append(condition).push(&format!(" ORDER BY 1 LIMIT {MAX_LISTED}"));
        let other = self.site.model(&between.to).map_or("", |other| other.model.model_name.as_str());
        let name = format!("{}-{other} relationship", owner.model.model_name);
        let listed = rows.rows(conn)?.into_iter().map(|TextRow(values)| {
            let mut values = values.into_iter().map(Option::unwrap_or_default);
            let (key, own_key) = (values.next().unwrap_or_default(), values.next().unwrap_or_default());
            let text = format!("{}_{} object ({key})", owner.model.object_name, field.name);
            (own.kind.read(own_key), DeletedObject { model: capfirst(&name), text, url: None, children: Vec::new() })
        });
        let listed = and_more(listed.collect(), count);
        self.count(&format!("{name}s"), count);
        self.deletion.steps.push(DeletionStep {
            table,
            column: column.to_owned(),
            keys: keys.to_vec(),
            sets_null: false,
        });
        Ok(listed)
    }

    fn deleted_object(&self, registered: &Registered, row: &Row) -> DeletedObject {
        DeletedObject {
            model: capfirst(&registered.model.verbose_name),
            text: registered.admin.to_string(row),
            url: registered.has_pages.then(|| self.site.change_url(registered, row.pk())),
            children: Vec::new(),
        }
    }

    fn count(&mut self, name: &str, count: u64) {
        if count == 0 {
            return;
        }
        match self.deletion.model_count.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known += count,
            None => self.deletion.model_count.push((name.to_owned(), count)),
        }
    }
}

/// Adds a line at the end of a list that says how many more rows there are.
fn and_more(mut listed: Vec<(String, DeletedObject)>, count: u64) -> Vec<(String, DeletedObject)> {
    let missing = count.saturating_sub(listed.len().try_into().unwrap_or(u64::MAX));
    if let Some((key, last)) = listed.last().filter(|_| missing > 0).cloned() {
        let text = format!("… and {missing} more");
        listed.push((key, DeletedObject { text, ..last }));
    }
    listed
}

/// The references to the rows of `registered`, in the order of the installed apps. If several models have the same table, such as
/// a proxy model and its original, the model without pages counts.
fn references<'a>(site: &'a AdminSite, registered: &Registered) -> Vec<Reference<'a>> {
    let is_meant = |label: &str| site.model(label).is_some_and(|model| model.model.table == registered.model.table);
    let mut references = Vec::new();
    for other in site.models_by_app() {
        let has_original = site.known_models().any(|known| {
            !known.has_pages && known.model.table == other.model.table && known.model.label() != other.model.label()
        });
        if other.has_pages && has_original {
            continue;
        }
        for field in &other.model.fields {
            if let Some(relation) = field.relation().filter(|relation| is_meant(&relation.to)) {
                references.push(Reference::ForeignKey(other, field, relation.on_delete));
            }
            let Some(between) = field.many() else { continue };
            if other.model.table == registered.model.table {
                references.push(Reference::Between(other, field, between, &between.source));
            }
            if is_meant(&between.to) {
                references.push(Reference::Between(other, field, between, &between.target));
            }
        }
    }
    references
}
