//! The look-up of a user. Nearly every request needs it.

use std::sync::Arc;

use diesel::QueryResult;
use serde_json::Value;

use super::super::SharedUser;
use super::user_model::UserModel;
use crate::db::{DbConnection, Lookup};

/// The look-up of a user by an attribute, such as the claim of a token.
pub struct UserLookup {
    /// The table of users.
    pub users: Arc<dyn UserModel>,
    /// The attribute, as for [`UserModel::get_by_attribute`].
    pub name: String,
    /// The value that the attribute must have.
    pub value: Value,
}

impl Lookup for UserLookup {
    type Found = SharedUser;

    fn find(&self, conn: &mut DbConnection) -> QueryResult<Option<SharedUser>> {
        self.users.get_by_attribute(conn, &self.name, &self.value)
    }

    fn find_many(keys: &[Self], conn: &mut DbConnection) -> QueryResult<Vec<Option<SharedUser>>> {
        let [first, others @ ..] = keys else { return Ok(Vec::new()) };
        // All look-ups of one application use the same table and attribute. But two applications may share a database.
        if others.iter().all(|key| Arc::ptr_eq(&key.users, &first.users) && key.name == first.name) {
            let values: Vec<_> = keys.iter().map(|key| &key.value).collect();
            return first.users.get_many_by_attribute(conn, &first.name, &values);
        }
        keys.iter().map(|key| key.find(conn)).collect()
    }
}
