//! Users of a table of the project. Python counterpart: a `UserAdmin` for the model that `AUTH_USER_MODEL` names.
//!
//! The columns are read from the database when the project is set up.

use std::sync::Arc;

use diesel::QueryResult;

use super::super::models::UserModel;
use super::super::settings::AuthSettings;
use super::user::UserAdmin;
use super::user_model::like_abstract_user;
use crate::contrib::admin::ModelAdmin;
use crate::contrib::admin::models::{DefaultValue, Field, FieldKind, ManyToMany, Model, OnDelete, Relation, Row};
use crate::core::python::capfirst;
use crate::db::DbConnection;
use crate::db::introspection::{columns, foreign_keys};
use crate::db::tables::{ColumnKind, Table, TableColumn};

/// A table that users refer to, such as one of tenants. It has no pages.
pub(super) struct OtherTable {
    model: Model,
}

impl ModelAdmin for OtherTable {
    fn model(&self) -> Model {
        self.model.clone()
    }

    /// The name of the row, if the table has one.
    fn to_string(&self, row: &Row) -> String {
        let name = ["name", "title", "code"].iter().find_map(|name| row.get(name));
        name.map_or_else(|| format!("{} object ({})", self.model.object_name, row.pk()), str::to_owned)
    }
}

/// The pages of the users in the table of `users`, and the tables that they refer to. `None` if the table does not exist, or has
/// no primary key of one column.
pub(super) fn user_admin(
    conn: &mut DbConnection,
    users: &dyn UserModel,
    settings: &AuthSettings,
) -> QueryResult<Option<(UserAdmin, Vec<OtherTable>)>> {
    if columns(conn, users.table())?.is_empty() {
        return Ok(None);
    }
    let table = Table::read(conn, users.table())?;
    let keys: Vec<&TableColumn> = table.columns.iter().filter(|column| column.column.is_primary_key).collect();
    let [key] = keys[..] else { return Ok(None) };
    let (app, _) = settings.auth_user_model.names();
    let mut model = Model::described(&app, &settings.auth_user_model.model, &table.name, primary_key(key));
    let mut others: Vec<OtherTable> = Vec::new();
    let references = foreign_keys(conn, &table.name)?;
    for column in table.columns.iter().filter(|column| column.column.name != key.column.name) {
        let Some(mut field) = field(column, settings) else { continue };
        if let Some(reference) = references.iter().find(|reference| reference.column == column.column.name) {
            let Some(other) = other_table(conn, &app, &reference.table)? else { continue };
            let relation = Relation { to: other.model.label(), on_delete: OnDelete::DoNothing };
            field.name = field.name.strip_suffix("_id").unwrap_or(&field.name).to_owned();
            field = field.clone().verbose_name(&field.name.replace('_', " "));
            field.kind = FieldKind::ForeignKey(relation);
            if !others.iter().any(|known| known.model.table == other.model.table) {
                others.push(other);
            }
        }
        model = model.field(like_abstract_user(field));
    }
    for (name, to, other) in
        [("groups", "auth.Group", "group_id"), ("user_permissions", "auth.Permission", "permission_id")]
    {
        if let Some(between) = between(conn, &table.name, name, to, other)? {
            let field = Field::new(name, "", FieldKind::ManyToMany(between), false);
            model = model.field(like_abstract_user(field));
        }
    }
    let (username, email) = (users.username_field(), users.email_field());
    if let Some(field) = model.fields.iter_mut().find(|field| field.name == username) {
        // As `createsuperuser` does.
        field.blank = false;
        if username == email {
            field.kind = FieldKind::Email;
        }
    }
    let required = users.required_fields();
    let admin = UserAdmin::new(model, username, &required, Arc::from(settings.auth_password_validators.clone()));
    Ok(Some((admin, others)))
}

/// The model of a table that users refer to. `None` if it has no primary key of one column.
fn other_table(conn: &mut DbConnection, app: &str, name: &str) -> QueryResult<Option<OtherTable>> {
    let table = Table::read(conn, name)?;
    let keys: Vec<&TableColumn> = table.columns.iter().filter(|column| column.column.is_primary_key).collect();
    let [key] = keys[..] else { return Ok(None) };
    let object_name = capfirst(name.strip_prefix(&format!("{app}_")).unwrap_or(name));
    let mut model = Model::described(app, &object_name, name, primary_key(key));
    for column in table.columns.iter().filter(|column| ["name", "title", "code"].contains(&column.column.name.as_str()))
    {
        let name = column.column.name.as_str();
        model = model.field(Field::new(name, name, FieldKind::Char, column.column.is_nullable));
    }
    Ok(Some(OtherTable { model }))
}

fn primary_key(column: &TableColumn) -> Field {
    let kind = if column.kind == ColumnKind::Uuid { FieldKind::Uuid } else { FieldKind::Integer };
    let mut key =
        Field::new(&column.column.name, &column.column.name, kind, false).verbose_name("ID").not_editable().unique();
    key.auto = column.column.has_default;
    key.blank = true;
    key
}

/// The field of a column. `None` for a type that forms cannot show.
fn field(column: &TableColumn, settings: &AuthSettings) -> Option<Field> {
    let described = &column.column;
    let alias = settings.auth_user_columns.iter().find(|(_, known)| *known == described.name);
    let name = alias.map_or(described.name.as_str(), |(field, _)| field.as_str());
    let max_length = described.max_length.and_then(|length| usize::try_from(length).ok());
    let kind = match column.kind {
        ColumnKind::Boolean => FieldKind::Boolean,
        ColumnKind::Integer(_) => FieldKind::Integer,
        ColumnKind::Float => FieldKind::Float,
        ColumnKind::Decimal => FieldKind::Decimal,
        ColumnKind::Text if settings.email_field.as_deref().unwrap_or("email") == name => FieldKind::Email,
        ColumnKind::Text if max_length.is_some() => FieldKind::Char,
        ColumnKind::Text => FieldKind::Text,
        ColumnKind::Uuid => FieldKind::Uuid,
        ColumnKind::DateTime => FieldKind::DateTime,
        ColumnKind::Date => FieldKind::Date,
        ColumnKind::Json | ColumnKind::Array | ColumnKind::Binary | ColumnKind::Other => return None,
    };
    let mut field = Field::new(name, &described.name, kind, described.is_nullable);
    field.max_length = max_length;
    field.unique = described.is_unique;
    // A field is not required if the database or the model usually has a default.
    field.blank |= described.has_default || (column.kind == ColumnKind::Text && !described.is_unique);
    if !described.is_nullable && !described.has_default {
        field.default = match column.kind {
            ColumnKind::Boolean => Some(DefaultValue::Value("false".to_owned())),
            ColumnKind::DateTime => Some(DefaultValue::Now),
            ColumnKind::Date => Some(DefaultValue::Today),
            _ => None,
        };
    }
    Some(field)
}

/// The table between users and another model, as `PermissionsMixin` has it.
fn between(
    conn: &mut DbConnection,
    table: &str,
    name: &str,
    to: &str,
    target: &str,
) -> QueryResult<Option<ManyToMany>> {
    let through = format!("{table}_{name}");
    let mut others = columns(conn, &through)?;
    others.retain(|column| column.name != "id" && column.name != target);
    let source = others.pop().filter(|_| others.is_empty());
    Ok(source.map(|source| ManyToMany { to: to.to_owned(), through, source: source.name, target: target.to_owned() }))
}
