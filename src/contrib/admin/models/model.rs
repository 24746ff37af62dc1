//! A model. Python counterpart: `django.db.models.Model` and its `_meta`.

use diesel::{Column, Table};

use super::field::Field;
use super::sql_type::SqlFieldType;
use super::table_name::{TableName, table_name};
use crate::db::migrations::ModelName;

/// The data of Django's `_meta`.
#[derive(Clone, Debug)]
pub struct Model {
    /// Label of the app: `auth`.
    pub app_label: String,
    /// Name of the class in lower case: `user`.
    pub model_name: String,
    /// Name of the class: `User`.
    pub object_name: String,
    /// Default: the name of the class as words in lower case.
    pub verbose_name: String,
    /// Default: `verbose_name` with an `s`.
    pub verbose_name_plural: String,
    /// `db_table`: the name of the table in the database.
    pub table: String,
    /// The fields, in the order of forms. The first is the primary key, unless it was added at another place.
    pub fields: Vec<Field>,
    /// Name of the field that identifies a row in addresses and log entries.
    pub pk: String,
    /// `ordering`, with `-` for descending. Default: none. Lists are then sorted by the key in descending order.
    pub ordering: Vec<String>,
}

impl Model {
    /// The model `object_name` of the app `app_label`, in the table `table` of diesel. Its primary key is that of the table; add
    /// it with [`Model::field`] if the database does not generate it.
    #[must_use]
    pub fn new<T: Table>(app_label: &str, object_name: &str, table: T) -> Self
    where
        T::FromClause: TableName,
        T::PrimaryKey: Column,
        <T::PrimaryKey as diesel::Expression>::SqlType: SqlFieldType,
    {
        let key = Field::of(table.primary_key()).verbose_name("ID").auto();
        Self::described(app_label, object_name, &table_name(&table), key)
    }

    /// Same as [`Model::new`], for a table without a `table!`, with the primary key `key`.
    #[must_use]
    pub fn described(app_label: &str, object_name: &str, table: &str, key: Field) -> Self {
        let verbose_name = camel_case_to_spaces(object_name);
        Self {
            app_label: app_label.to_owned(),
            model_name: object_name.to_lowercase(),
            object_name: object_name.to_owned(),
            verbose_name_plural: format!("{verbose_name}s"),
            verbose_name,
            table: table.to_owned(),
            pk: key.name.clone(),
            fields: vec![key],
            ordering: Vec::new(),
        }
    }

    /// Adds a field. It replaces an earlier field of the same name.
    #[must_use]
    pub fn field(mut self, field: Field) -> Self {
        match self.fields.iter_mut().find(|known| known.name == field.name) {
            Some(known) => *known = field,
            None => self.fields.push(field),
        }
        self
    }

    /// `verbose_name` and `verbose_name_plural`.
    #[must_use]
    pub fn verbose_names(mut self, one: &str, many: &str) -> Self {
        one.clone_into(&mut self.verbose_name);
        many.clone_into(&mut self.verbose_name_plural);
        self
    }

    /// `ordering`: names of fields, with `-` for descending.
    #[must_use]
    pub fn ordering(mut self, fields: &[&str]) -> Self {
        self.ordering = fields.iter().map(|field| (*field).to_owned()).collect();
        self
    }

    /// Identifies rows by another field than the primary key, as a proxy model with its own `pk` does.
    #[must_use]
    pub fn addressed_by(mut self, field: &str) -> Self {
        field.clone_into(&mut self.pk);
        self
    }

    /// The field with that name. `pk` is the primary key.
    #[must_use]
    pub fn get_field(&self, name: &str) -> Option<&Field> {
        let name = if name == "pk" { self.pk.as_str() } else { name };
        self.fields.iter().find(|field| field.name == name)
    }

    /// The label: `auth.User`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}.{}", self.app_label, self.object_name)
    }

    /// Whether `label` names this model, ignoring case.
    #[must_use]
    pub fn is(&self, label: &str) -> bool {
        let (app, name) = label.split_once('.').unwrap_or_default();
        app == self.app_label && name.eq_ignore_ascii_case(&self.object_name)
    }

    /// The permission for `action`, such as `view`: `auth.view_user`.
    #[must_use]
    pub fn permission(&self, action: &str) -> String {
        format!("{}.{action}_{}", self.app_label, self.model_name)
    }

    /// A number of rows in words: `1 order`, `2 orders`.
    #[must_use]
    pub fn counted(&self, count: usize) -> String {
        format!("{count} {}", if count == 1 { &self.verbose_name } else { &self.verbose_name_plural })
    }

    /// The data from which `manage migrate` makes the content type and the permissions.
    #[must_use]
    pub fn content_type(&self) -> ModelName {
        ModelName {
            app: self.app_label.clone(),
            name: self.model_name.clone(),
            verbose_name: self.verbose_name.clone(),
        }
    }

    /// `verbose_name` for one row, `verbose_name_plural` for any other number.
    #[must_use]
    pub fn verbose_name_for(&self, count: u64) -> &str {
        if count == 1 { &self.verbose_name } else { &self.verbose_name_plural }
    }
}

/// `OrderLine` as `order line`.
fn camel_case_to_spaces(name: &str) -> String {
    let mut words = String::new();
    let mut previous = ' ';
    for c in name.chars() {
        if c.is_uppercase() && previous.is_lowercase() {
            words.push(' ');
        }
        words.extend(c.to_lowercase());
        previous = c;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contrib::admin::models::FieldKind;
    use crate::db::schema::{auth_user, authtoken_token};

    #[test]
    fn a_model_is_made_from_a_table_of_diesel() {
        let model = Model::new("auth", "User", auth_user::table)
            .field(Field::of(auth_user::username).max_length(150))
            .field(Field::of(auth_user::last_login));
        assert_eq!((model.table.as_str(), model.pk.as_str()), ("auth_user", "id"));
        assert_eq!((model.label().as_str(), model.permission("view").as_str()), ("auth.User", "auth.view_user"));
        let field = |name| model.get_field(name).unwrap();
        assert_eq!((&field("pk").kind, field("pk").auto), (&FieldKind::Integer, true));
        assert_eq!((&field("username").kind, field("username").null), (&FieldKind::Char, false));
        assert_eq!((&field("last_login").kind, field("last_login").null), (&FieldKind::DateTime, true));
        assert_eq!(field("last_login").verbose_name, "last login");
    }

    #[test]
    fn a_foreign_key_is_named_without_id() {
        let field = Field::foreign_key(authtoken_token::user_id, "auth.User");
        assert_eq!((field.name.as_str(), field.column.as_str()), ("user", "user_id"));
        assert_eq!(field.relation().unwrap().to, "auth.User");
    }

    #[test]
    fn names_of_classes_become_words() {
        for (name, words) in [("User", "user"), ("OrderLine", "order line"), ("TokenProxy", "token proxy")] {
            assert_eq!(camel_case_to_spaces(name), words);
        }
    }
}
