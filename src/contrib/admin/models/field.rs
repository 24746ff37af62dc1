//! The fields of a model. Python counterpart: `django.db.models.fields`.

use diesel::Column;

use super::kind::{DefaultValue, FieldKind, ManyToMany, OnDelete, Relation};
use super::sql_type::SqlFieldType;
use super::table_name::{TableName, table_name};

/// A field of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name: the name of the column, for foreign keys without `_id` at its end.
    pub name: String,
    /// The column. Empty for many-to-many fields.
    pub column: String,
    /// Its type.
    pub kind: FieldKind,
    /// `verbose_name`. Default: the name with spaces for underscores.
    pub verbose_name: String,
    /// `help_text`. Default: none.
    pub help_text: String,
    /// Whether the value may be NULL.
    pub null: bool,
    /// Whether a form may leave it empty. Default: the value of `null`, and true for booleans.
    pub blank: bool,
    /// Whether it is in forms. Default: true.
    pub editable: bool,
    /// Whether no two rows have the same value.
    pub unique: bool,
    /// The error for a value that another row has. Default: "Order with this Number already exists."
    pub unique_message: Option<String>,
    /// Whether the database makes the value of a new row: `AutoField`.
    pub auto: bool,
    /// `choices`: values with their labels. Default: none.
    pub choices: Vec<(String, String)>,
    /// The most characters that the value may have.
    pub max_length: Option<usize>,
    /// `decimal_places` of a decimal number: values are shown with this number of digits after the point.
    pub decimal_places: Option<usize>,
    /// The value in a new row.
    pub default: Option<DefaultValue>,
    /// `auto_now_add`: the time of the insertion is the value, and no form writes it.
    pub auto_now_add: bool,
    /// Whether the value is secret, such as a token. It is masked in pages, messages and the log, and not exported.
    pub secret: bool,
}

impl Field {
    /// The field of the column `column`. Its name, type and `null` come from diesel.
    #[must_use]
    pub fn of<C: Column>(column: C) -> Self
    where
        C::SqlType: SqlFieldType,
    {
        let _ = column;
        Self::new(C::NAME, C::NAME, C::SqlType::KIND, C::SqlType::NULL)
    }

    /// The field of a foreign key to the model with the label `to`, such as `auth.User`. Rows are deleted with the row that they
    /// refer to, unless [`Field::on_delete`] says otherwise.
    #[must_use]
    pub fn foreign_key<C: Column>(column: C, to: &str) -> Self
    where
        C::SqlType: SqlFieldType,
    {
        let _ = column;
        let name = C::NAME.strip_suffix("_id").unwrap_or(C::NAME);
        let relation = Relation { to: to.to_owned(), on_delete: OnDelete::Cascade };
        Self::new(name, C::NAME, FieldKind::ForeignKey(relation), C::SqlType::NULL)
    }

    /// Same as [`Field::foreign_key`], but no two rows refer to the same row.
    #[must_use]
    pub fn one_to_one<C: Column>(column: C, to: &str) -> Self
    where
        C::SqlType: SqlFieldType,
    {
        let mut field = Self::foreign_key(column, to).unique();
        if let FieldKind::ForeignKey(relation) = field.kind {
            field.kind = FieldKind::OneToOne(relation);
        }
        field
    }

    /// A many-to-many field with the model `to`. `source` and `target` are columns of the table between the two, with the keys of
    /// this model and of the other one.
    #[must_use]
    pub fn many_to_many<S: Column, T: Column<Table = S::Table>>(name: &str, to: &str, source: S, target: T) -> Self
    where
        S::Table: diesel::QuerySource + Default,
        <S::Table as diesel::QuerySource>::FromClause: TableName,
    {
        let _ = (source, target);
        let between = ManyToMany {
            to: to.to_owned(),
            through: table_name(&S::Table::default()),
            source: S::NAME.to_owned(),
            target: T::NAME.to_owned(),
        };
        Self::new(name, "", FieldKind::ManyToMany(between), false)
    }

    /// A field of any kind.
    #[must_use]
    pub fn new(name: &str, column: &str, kind: FieldKind, null: bool) -> Self {
        Self {
            name: name.to_owned(),
            column: column.to_owned(),
            verbose_name: name.replace('_', " "),
            help_text: String::new(),
            null,
            blank: null || kind == FieldKind::Boolean,
            editable: true,
            unique: false,
            unique_message: None,
            auto: false,
            choices: Vec::new(),
            max_length: None,
            decimal_places: None,
            default: None,
            auto_now_add: false,
            secret: kind == FieldKind::Password,
            kind,
        }
    }

    /// `verbose_name`.
    #[must_use]
    pub fn verbose_name(mut self, text: &str) -> Self {
        text.clone_into(&mut self.verbose_name);
        self
    }

    /// `help_text`.
    #[must_use]
    pub fn help_text(mut self, text: &str) -> Self {
        text.clone_into(&mut self.help_text);
        self
    }

    /// The most characters that the value may have. Text becomes text of one line.
    #[must_use]
    pub fn max_length(mut self, length: usize) -> Self {
        self.max_length = Some(length);
        if self.kind == FieldKind::Text {
            self.kind = FieldKind::Char;
        }
        self
    }

    /// `decimal_places` of a decimal number.
    #[must_use]
    pub fn decimal_places(mut self, digits: usize) -> Self {
        self.decimal_places = Some(digits);
        self
    }

    /// `EmailField`.
    #[must_use]
    pub fn email(mut self) -> Self {
        self.kind = FieldKind::Email;
        self
    }

    /// `UUIDField`, for a column of text.
    #[must_use]
    pub fn uuid(mut self) -> Self {
        self.kind = FieldKind::Uuid;
        self
    }

    /// A password string.
    #[must_use]
    pub fn password(mut self) -> Self {
        self.kind = FieldKind::Password;
        self.secret()
    }

    /// `blank`: a form may leave it empty.
    #[must_use]
    pub fn blank(mut self) -> Self {
        self.blank = true;
        self
    }

    /// `AutoField`: a key that the database makes.
    #[must_use]
    pub fn auto(mut self) -> Self {
        self.auto = true;
        self.blank = true;
        self.editable = false;
        self.unique = true;
        self
    }

    /// `editable=False`: it is in no form.
    #[must_use]
    pub fn not_editable(mut self) -> Self {
        self.editable = false;
        self
    }

    /// `unique`.
    #[must_use]
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// The error for a value that another row has: `error_messages["unique"]`.
    #[must_use]
    pub fn unique_message(mut self, text: &str) -> Self {
        self.unique_message = Some(text.to_owned());
        self.unique()
    }

    /// `choices`: values with their labels.
    #[must_use]
    pub fn choices(mut self, choices: &[(&str, &str)]) -> Self {
        self.choices = choices.iter().map(|(value, label)| ((*value).to_owned(), (*label).to_owned())).collect();
        self
    }

    /// `default`, in the format of [`Row`](super::Row): `true`, `7`, `2024-03-01`.
    #[must_use]
    pub fn default_value(mut self, value: &str) -> Self {
        self.default = Some(DefaultValue::Value(value.to_owned()));
        self
    }

    /// `default=timezone.now`.
    #[must_use]
    pub fn default_now(mut self) -> Self {
        self.default = Some(DefaultValue::Now);
        self
    }

    /// `default=date.today`, in UTC.
    #[must_use]
    pub fn default_today(mut self) -> Self {
        self.default = Some(DefaultValue::Today);
        self
    }

    /// `auto_now_add`.
    #[must_use]
    pub fn auto_now_add(mut self) -> Self {
        self.auto_now_add = true;
        self.editable = false;
        self
    }

    /// `on_delete` of a foreign key.
    #[must_use]
    pub fn on_delete(mut self, on_delete: OnDelete) -> Self {
        if let FieldKind::ForeignKey(relation) | FieldKind::OneToOne(relation) = &mut self.kind {
            relation.on_delete = on_delete;
        }
        self
    }

    /// Masks the value in pages, messages and the log, and leaves it out of exports.
    #[must_use]
    pub fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// The relation of a foreign key or a one-to-one field.
    #[must_use]
    pub fn relation(&self) -> Option<&Relation> {
        match &self.kind {
            FieldKind::ForeignKey(relation) | FieldKind::OneToOne(relation) => Some(relation),
            _ => None,
        }
    }

    /// The table between the models of a many-to-many field.
    #[must_use]
    pub fn many(&self) -> Option<&ManyToMany> {
        match &self.kind {
            FieldKind::ManyToMany(between) => Some(between),
            _ => None,
        }
    }

    /// Whether it holds text.
    #[must_use]
    pub fn is_text(&self) -> bool {
        matches!(self.kind, FieldKind::Char | FieldKind::Text | FieldKind::Email | FieldKind::Password)
    }

    /// The label of the choice `value`. `None` if there is no such choice.
    #[must_use]
    pub fn choice(&self, value: &str) -> Option<&str> {
        self.choices.iter().find(|(choice, _)| choice == value).map(|(_, label)| label.as_str())
    }
}
