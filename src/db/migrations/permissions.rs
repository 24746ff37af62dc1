//! Rows that `migrate` adds after the tables. Python counterpart: `create_contenttypes`, `create_permissions`.

use std::collections::HashSet;

use diesel::prelude::*;

use super::super::schema::{auth_permission, django_content_type};
use super::super::{DatabaseError, DbConnection};

/// `default_permissions` of a Django model.
const ACTIONS: [&str; 4] = ["add", "change", "delete", "view"];

/// A model outside of the steps, whose table the project or another program makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelName {
    /// Label of the app.
    pub app: String,
    /// Lower-case name of the class.
    pub name: String,
    /// `verbose_name`.
    pub verbose_name: String,
}

/// Adds the content types and permissions of `models` that are not there. Rows that are there stay as they are.
pub(super) fn create(conn: &mut DbConnection, models: impl Iterator<Item = ModelName>) -> Result<(), DatabaseError> {
    let known = auth_permission::table.select((auth_permission::content_type_id, auth_permission::codename));
    let known: HashSet<(i32, String)> = known.load(conn)?.into_iter().collect();
    for model in models {
        let content_type = content_type(conn, &model.app, &model.name)?;
        for action in ACTIONS {
            let codename = format!("{action}_{}", model.name);
            let name = format!("Can {action} {}", model.verbose_name);
            if !known.contains(&(content_type, codename.clone())) {
                let row = (
                    auth_permission::content_type_id.eq(content_type),
                    auth_permission::codename.eq(codename),
                    auth_permission::name.eq(name),
                );
                diesel::insert_into(auth_permission::table).values(row).execute(conn)?;
            }
        }
    }
    Ok(())
}

/// The id of a model's content type, made when there is none.
fn content_type(conn: &mut DbConnection, app: &str, model: &str) -> Result<i32, DatabaseError> {
    let known = django_content_type::table
        .filter(django_content_type::app_label.eq(app))
        .filter(django_content_type::model.eq(model))
        .select(django_content_type::id);
    if let Some(id) = known.get_result(conn).optional()? {
        return Ok(id);
    }
    let row = (django_content_type::app_label.eq(app), django_content_type::model.eq(model));
    let insert = diesel::insert_into(django_content_type::table).values(row);
    Ok(insert.returning(django_content_type::id).get_result(conn)?)
}
