//! The types of fields. Python counterpart: the field classes of `django.db.models`.

/// The type of a field, as Django's field classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// `BooleanField`.
    Boolean,
    /// `IntegerField` and its relatives.
    Integer,
    /// `FloatField`.
    Float,
    /// `DecimalField`.
    Decimal,
    /// `CharField`: text of one line.
    Char,
    /// `TextField`: text of several lines.
    Text,
    /// `EmailField`.
    Email,
    /// `UUIDField`.
    Uuid,
    /// `DateTimeField`, in UTC.
    DateTime,
    /// `DateField`.
    Date,
    /// A password string. Pages show how it was hashed and never its text, and no form writes it.
    Password,
    /// `ForeignKey`.
    ForeignKey(Relation),
    /// `OneToOneField`.
    OneToOne(Relation),
    /// `ManyToManyField`.
    ManyToMany(ManyToMany),
}

/// The model that a foreign key refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// Label of the model: `auth.User`. That label always means the users of the project, whichever model they are.
    pub to: String,
    /// What happens to the row when the one that it refers to is deleted.
    pub on_delete: OnDelete,
}

/// `on_delete` of a foreign key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDelete {
    /// `CASCADE`: the row is deleted as well.
    Cascade,
    /// `PROTECT`: nothing is deleted.
    Protect,
    /// `SET_NULL`.
    SetNull,
    /// `DO_NOTHING`: the database decides.
    DoNothing,
}

/// The table between two models.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManyToMany {
    /// Label of the other model: `auth.Group`.
    pub to: String,
    /// The table between them: `auth_user_groups`.
    pub through: String,
    /// Its column with the key of this model.
    pub source: String,
    /// Its column with the key of the other model.
    pub target: String,
}

/// The value of a field in a new row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefaultValue {
    /// A value in the format of [`Row`](super::Row).
    Value(String),
    /// The time at which the form is shown: `default=timezone.now`.
    Now,
    /// The day on which the form is shown.
    Today,
}
