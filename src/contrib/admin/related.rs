//! Rows with the rows that they refer to. Python counterpart: `select_related` and `ModelAdmin.get_object`.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::QueryResult;

use super::models::Row;
use super::sites::{AdminSite, Registered};
use crate::db::DbConnection;

/// The largest number of foreign keys in a path. Models may refer to each other in a circle.
const MAX_DEPTH: usize = 4;

impl AdminSite {
    /// Reads the rows that `rows` refer to: by the foreign keys in `fields` and in `list_select_related`. A path such as
    /// `token__user` continues from the row that was read.
    ///
    /// # Errors
    /// Returns the errors of the statements.
    pub fn select_related(
        &self,
        conn: &mut DbConnection,
        registered: &Registered,
        rows: &mut [Row],
        fields: &[&str],
    ) -> QueryResult<()> {
        self.follow(conn, registered, rows, fields, MAX_DEPTH)
    }

    fn follow(
        &self,
        conn: &mut DbConnection,
        registered: &Registered,
        rows: &mut [Row],
        fields: &[&str],
        depth: usize,
    ) -> QueryResult<()> {
        if rows.is_empty() || depth == 0 {
            return Ok(());
        }
        let mut paths: Vec<(&str, Vec<&str>)> = Vec::new();
        for path in registered.admin.list_select_related().iter().chain(fields) {
            let (field, rest) = path.split_once("__").map_or((*path, None), |(field, rest)| (field, Some(rest)));
            match paths.iter_mut().find(|(known, _)| *known == field) {
                Some((_, known)) => known.extend(rest),
                None => paths.push((field, rest.into_iter().collect())),
            }
        }
        for (field, rest) in paths {
            let relation = registered.model.get_field(field).and_then(|field| field.relation());
            let Some(other) = relation.and_then(|relation| self.model(&relation.to)) else { continue };
            let mut keys: Vec<&str> = rows.iter().filter_map(|row| row.get(field)).collect();
            keys.sort_unstable();
            keys.dedup();
            let mut found = other.objects.filter_by(conn, "pk", &keys)?;
            self.follow(conn, other, &mut found, &rest, depth - 1)?;
            let by_key: HashMap<String, (Arc<Row>, String)> = found
                .into_iter()
                .map(|row| (row.pk().to_owned(), (other.admin.to_string(&row), row)))
                .map(|(key, (label, row))| (key, (Arc::new(row), label)))
                .collect();
            for row in rows.iter_mut() {
                if let Some((related, label)) = row.get(field).and_then(|key| by_key.get(key)) {
                    row.set_related(field, Arc::clone(related), label.clone());
                }
            }
        }
        Ok(())
    }

    /// The row with the key `key`, with its many-to-many keys and the rows that its text needs: `get_object`.
    ///
    /// # Errors
    /// Returns the errors of the statements.
    pub fn get_object(&self, conn: &mut DbConnection, registered: &Registered, key: &str) -> QueryResult<Option<Row>> {
        let Some(mut row) = registered.objects.get(conn, key)? else { return Ok(None) };
        registered.objects.load_many(conn, &mut row)?;
        self.select_related(conn, registered, std::slice::from_mut(&mut row), &[])?;
        Ok(Some(row))
    }
}
