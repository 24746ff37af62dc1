//! The field type for diesel's type of a column. Python counterpart: `inspectdb`.

use diesel::sql_types;

use super::kind::FieldKind;
use crate::db::types::UserKey;

/// A type of diesel for which there is a field type.
pub trait SqlFieldType {
    /// The type of the field.
    const KIND: FieldKind;
    /// Whether it may be NULL.
    const NULL: bool = false;
}

macro_rules! kinds {
    ($($kind:ident: $($type:ty),+;)+) => {
        $($(impl SqlFieldType for $type {
            const KIND: FieldKind = FieldKind::$kind;
        })+)+
    };
}

kinds! {
    Boolean: sql_types::Bool;
    Integer: sql_types::SmallInt, sql_types::Integer, sql_types::BigInt, UserKey;
    Float: sql_types::Float, sql_types::Double;
    Decimal: sql_types::Numeric;
    Text: sql_types::Text;
    Date: sql_types::Date;
    DateTime: sql_types::Timestamp;
}

#[cfg(feature = "postgres")]
kinds! {
    DateTime: sql_types::Timestamptz;
    Uuid: sql_types::Uuid;
}

#[cfg(feature = "sqlite")]
kinds! {
    DateTime: sql_types::TimestamptzSqlite;
}

impl<T: SqlFieldType> SqlFieldType for sql_types::Nullable<T>
where
    T: diesel::sql_types::SqlType,
{
    const KIND: FieldKind = T::KIND;
    const NULL: bool = true;
}
