//! Actions on the selected rows of a list. Python counterpart: `ModelAdmin.actions`.

use std::fmt;
use std::sync::Arc;

use super::error::PageError;
use super::models::{Manager, Row};
use crate::db::DbConnection;

type ActionFn = dyn Fn(&mut DbConnection, &Manager, &[Row]) -> Result<String, PageError> + Send + Sync;

/// An action. It runs in one transaction with the selected rows, which are locked and read in it. It returns the message that the
/// list then shows.
///
/// ```
/// use actix_simplejwt::contrib::admin::Action;
/// use actix_simplejwt::contrib::admin::models::Row;
///
/// let mark_paid = Action::new("mark_paid", "Mark selected orders as paid", |conn, orders, rows| {
///     // A row with one field: `update` writes the fields that it has.
///     let mut paid = Row::new(orders.model());
///     paid.set("is_paid", Some("true".to_owned()));
///     for row in rows {
///         orders.update(conn, row.pk(), &paid)?;
///     }
///     Ok(format!("{} orders were marked as paid.", rows.len()))
/// })
/// .permissions(&["change"]);
/// # drop(mark_paid);
/// ```
#[derive(Clone)]
pub struct Action {
    /// Name, as the form sends it.
    pub name: String,
    /// Text in the menu. `%(verbose_name_plural)s` is replaced by the name of the model.
    pub description: String,
    /// The required permissions for the model, such as `change`. Users without them do not see the action.
    pub permissions: Vec<String>,
    run: Arc<ActionFn>,
}

impl Action {
    /// An action that `run` carries out.
    pub fn new(
        name: &str,
        description: &str,
        run: impl Fn(&mut DbConnection, &Manager, &[Row]) -> Result<String, PageError> + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.to_owned(), description: description.to_owned(), permissions: Vec::new(), run: Arc::new(run) }
    }

    /// The required permissions for the model: any of `add`, `change`, `delete`, `view`.
    #[must_use]
    pub fn permissions(mut self, actions: &[&str]) -> Self {
        self.permissions = actions.iter().map(|action| (*action).to_owned()).collect();
        self
    }

    /// Runs the action.
    ///
    /// # Errors
    /// Returns the errors of the action. Nothing is written then.
    pub fn run(&self, conn: &mut DbConnection, objects: &Manager, rows: &[Row]) -> Result<String, PageError> {
        (self.run)(conn, objects, rows)
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Action({})", self.name)
    }
}
