//! Checks whether users can be read.

use diesel::QueryResult;

use super::{Proof, sql};
use crate::apps::AppsBuilder;
use crate::apps::command::CommandError;
use crate::contrib::auth::settings::AuthSettings;
use crate::contrib::auth::{AuthState, SharedUser};
use crate::db::DbConnection;
use crate::db::migrations::UserTable;
use crate::management::adopt::export::ExportedUserModel;
use crate::management::adopt::report::Finding;

/// The table of users and the names of its columns.
pub(super) struct Users {
    pub(super) table: String,
    pub(super) pk: String,
    pub(super) password: String,
    username: String,
    model: Option<ExportedUserModel>,
}

impl Users {
    pub(super) fn of(builder: &AppsBuilder, proof: &Proof<'_>) -> Self {
        let table = builder.registry().settings::<UserTable>();
        let table = table.name();
        // The model of the program may be another one than that of the export.
        let model = proof.export.user_model().filter(|model| model.table == table);
        let renamed = builder.registry().settings::<AuthSettings>().auth_user_columns;
        let column = |name: &str| {
            let field = model.as_ref().and_then(|model| model.fields.iter().find(|field| field.name == name));
            let setting =
                || renamed.iter().find(|(field, _)| field == name).map_or(name, |(_, column)| column.as_str());
            field.map_or_else(setting, |field| field.column.as_str()).to_owned()
        };
        let username = model.as_ref().map_or("username", |model| model.username_field.as_str());
        let pk = model.as_ref().map_or("id", |model| model.pk.as_str());
        let [pk, password, username] = [pk, "password", username].map(|name| sql::name(&column(name)));
        Self { table: sql::name(table), pk, password, username, model }
    }

    pub(super) fn column(&self, name: &str) -> Option<String> {
        self.columns().into_iter().find(|(field, _)| field == name).map(|(_, column)| column)
    }

    /// Names of fields and their columns in quotes, without the password.
    pub(super) fn columns(&self) -> Vec<(String, String)> {
        let fields = self.model.iter().flat_map(|model| &model.fields).filter(|field| field.name != "password");
        fields.map(|field| (field.name.clone(), sql::name(&field.column))).collect()
    }

    /// The user name of the user that was made last.
    fn newest_name(&self, conn: &mut DbConnection) -> QueryResult<Option<String>> {
        let newest = format!("FROM {} ORDER BY {} DESC LIMIT 1", self.table, self.pk);
        Ok(sql::texts(conn, &self.username, &newest)?.pop().flatten())
    }

    /// The user that was made last.
    pub(super) fn newest(&self, auth: &AuthState, conn: &mut DbConnection) -> QueryResult<Option<SharedUser>> {
        match self.newest_name(conn)? {
            Some(name) => auth.users().get_by_natural_key(conn, &name),
            None => Ok(None),
        }
    }

    fn key_kind(&self) -> &str {
        let model = self.model.as_ref();
        let pk = model.and_then(|model| model.fields.iter().find(|field| field.name == model.pk));
        match pk.map(|field| field.kind.as_str()) {
            Some("UUIDField") => "UUID",
            Some("BigAutoField" | "BigIntegerField") => "bigint",
            _ => "integer",
        }
    }
}

impl Proof<'_> {
    pub(super) fn users(&mut self, builder: &AppsBuilder, conn: &mut DbConnection) -> Result<(), CommandError> {
        let Some(auth) = builder.registry().get::<AuthState>() else { return Ok(()) };
        let users = Users::of(builder, self);
        let total = sql::count(conn, &format!("FROM {}", users.table))?;
        let is_active = match users.model {
            None => Some("is_active".to_owned()),
            Some(_) => users.column("is_active"),
        };
        let inactive = match is_active {
            Some(column) => sql::count(conn, &format!("FROM {} WHERE NOT {column}", users.table))?,
            None => 0,
        };
        let label = self.env.get("AUTH_USER_MODEL").unwrap_or("auth.User");
        self.report.fact(format!(
            "Users: {total} in {} ({label}, key {}), of them inactive: {inactive}",
            users.table.trim_matches('"'),
            users.key_kind()
        ));
        self.passwords(auth, conn, &users, total)?;
        let Some(username) = users.newest_name(conn)? else { return Ok(()) };
        match auth.users().get_by_natural_key(conn, &username)? {
            Some(user) if user.username() == username => {
                self.report.add(Finding::proven(format!("Users are found by {}.", auth.users().username_field())));
            }
            _ => self.report.add(
                Finding::blocking(format!("A user of {} is not found by its user name.", users.table))
                    .clients("No user could log in.")
                    .remedy("Compare AUTH_USER_MODEL, AUTH_USER_TABLE and USERNAME_FIELD with the model."),
            ),
        }
        Ok(())
    }
}
