//! Writes the key of a user to a column and reads it.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql};
#[cfg(feature = "postgres")]
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
#[cfg(feature = "postgres")]
use diesel::sql_types;
#[cfg(feature = "sqlite")]
use diesel::sqlite::{Sqlite, SqliteType, SqliteValue};

use super::UserId;
use crate::db::MultiBackend;
use crate::db::types::UserKey;

/// The server infers the type of the parameter from the column, so the bytes must have that column's width.
#[cfg(feature = "postgres")]
impl ToSql<UserKey, Pg> for UserId {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        use std::io::Write;

        match self {
            Self::Integer(id) => out.write_all(&id.to_be_bytes())?,
            Self::BigInteger(id) => out.write_all(&id.to_be_bytes())?,
            Self::Uuid(id) => out.write_all(id.as_bytes())?,
        }
        Ok(IsNull::No)
    }
}

#[cfg(feature = "postgres")]
impl FromSql<UserKey, Pg> for UserId {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        const INT4: u32 = 23;
        const INT8: u32 = 20;
        const UUID: u32 = 2950;
        match value.get_oid().get() {
            INT4 => FromSql::<sql_types::Integer, Pg>::from_sql(value).map(Self::Integer),
            INT8 => FromSql::<sql_types::BigInt, Pg>::from_sql(value).map(Self::BigInteger),
            UUID => Ok(Self::Uuid(uuid::Uuid::from_slice(value.as_bytes())?)),
            oid => Err(format!("the key of a user has the type {oid}, not integer, bigint or uuid").into()),
        }
    }
}

/// Written as text. SQLite converts the digits of a number when the column holds integers, and Django stores a UUID as 32
/// hexadecimal digits.
#[cfg(feature = "sqlite")]
impl ToSql<UserKey, Sqlite> for UserId {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(match self {
            Self::Uuid(id) => id.simple().to_string(),
            id => id.to_string(),
        });
        Ok(IsNull::No)
    }
}

#[cfg(feature = "sqlite")]
impl FromSql<UserKey, Sqlite> for UserId {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        match value.value_type() {
            Some(SqliteType::Text) => Ok(value.read_text().parse()?),
            // Every integer of SQLite has 64 bits.
            _ => Ok(Self::narrowest(value.read_long())),
        }
    }
}

impl ToSql<UserKey, MultiBackend> for UserId {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
        out.set_value((UserKey, self));
        Ok(IsNull::No)
    }
}

impl FromSql<UserKey, MultiBackend> for UserId {
    fn from_sql(value: <MultiBackend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        value.from_sql::<Self, UserKey>()
    }
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;
    use diesel::sql_query;

    use super::*;
    use crate::db::tests::support::{TestDatabase, text};

    diesel::table! {
        use diesel::sql_types::*;
        use crate::db::types::UserKey;

        pet (id) {
            id -> Integer,
            owner_id -> Nullable<UserKey>,
        }
    }

    #[test]
    fn a_key_is_stored_as_django_stores_it() {
        let uuid = UserId::Uuid("0b9e2c8a-1d58-4a3a-9f4e-3c5f6a7b8c9d".parse().unwrap());
        for test in TestDatabase::each() {
            let is_sqlite = test.url.starts_with("sqlite");
            let shown = if is_sqlite {
                "typeof(owner_id) || ' ' || owner_id"
            } else {
                "pg_typeof(owner_id) || ' ' || owner_id"
            };
            for (column, id, other, sqlite, postgres) in [
                ("integer", UserId::Integer(7), UserId::Integer(8), "integer 7", "integer 7"),
                // A host application writes the key of its row like this: `Some(self.id.into())`.
                ("bigint", 7_i64.into(), 8_i64.into(), "integer 7", "bigint 7"),
                (
                    if is_sqlite { "char(32)" } else { "uuid" },
                    uuid,
                    UserId::Uuid(uuid::Uuid::nil()),
                    "text 0b9e2c8a1d584a3a9f4e3c5f6a7b8c9d",
                    "uuid 0b9e2c8a-1d58-4a3a-9f4e-3c5f6a7b8c9d",
                ),
            ] {
                // A prepared statement has the types of the table for which it was prepared.
                let database = test.open();
                let mut conn = database.connection().unwrap();
                conn.batch_execute(&format!("CREATE TABLE pet (id integer PRIMARY KEY, owner_id {column} NULL)"))
                    .unwrap();
                let insert = diesel::insert_into(pet::table);
                insert.values((pet::id.eq(1), pet::owner_id.eq(id))).execute(&mut *conn).unwrap();
                let stored = text(&mut conn, &format!("SELECT {shown} AS value FROM pet"));
                assert_eq!(stored, if is_sqlite { sqlite } else { postgres });
                let found = |owner: UserId, conn: &mut _| {
                    let row = pet::table.filter(pet::owner_id.eq(owner)).select(pet::owner_id);
                    row.get_result::<Option<UserId>>(conn).optional().unwrap()
                };
                assert_eq!(found(id, &mut *conn), Some(Some(id)));
                assert_eq!(found(other, &mut *conn), None);
                diesel::update(pet::table).set(pet::owner_id.eq(None::<UserId>)).execute(&mut *conn).unwrap();
                assert_eq!(pet::table.select(pet::owner_id).get_result::<Option<UserId>>(&mut *conn), Ok(None));
                sql_query("DROP TABLE pet").execute(&mut *conn).unwrap();
            }
        }
    }
}
