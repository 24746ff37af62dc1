//! The permissions of a user of the model. Python counterpart: `PermissionsMixin`.

use diesel::QueryResult;

use crate::db::DbConnection;
use crate::db::introspection::columns;
use crate::db::tables::TableColumn;
use crate::db::text_query::quote_name;

/// The query for the permissions of a user, if the model has `PermissionsMixin`. Its tables have three columns each.
pub(super) fn permissions_query(
    conn: &mut DbConnection,
    table: &str,
    pk: &TableColumn,
) -> QueryResult<Option<[String; 3]>> {
    let mut related_column = |suffix: &str, other: &str| -> QueryResult<Option<(String, String)>> {
        let table = format!("{table}{suffix}");
        let mut columns = columns(conn, &table)?;
        columns.retain(|column| column.name != "id" && column.name != other);
        Ok(columns.pop().filter(|_| columns.is_empty()).map(|column| (quote_name(&table), quote_name(&column.name))))
    };
    let Some((own, own_user)) = related_column("_user_permissions", "permission_id")? else { return Ok(None) };
    let Some((groups, groups_user)) = related_column("_groups", "group_id")? else { return Ok(None) };
    let cast = &pk.cast;
    Ok(Some([
        format!(
            "SELECT c.app_label || '.' || p.codename FROM auth_permission p \
             JOIN django_content_type c ON c.id = p.content_type_id WHERE p.id IN \
             (SELECT o.permission_id FROM {own} o WHERE o.{own_user} = CAST("
        ),
        format!(
            "{cast}) OR p.id IN (SELECT g.permission_id FROM auth_group_permissions g \
             JOIN {groups} m ON m.group_id = g.group_id WHERE m.{groups_user} = CAST("
        ),
        format!("{cast})"),
    ]))
}
