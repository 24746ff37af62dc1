//! PostgreSQL. Python counterpart: `django.db.backends.postgresql`.

mod lookups;
mod manager;
pub(super) mod pool;
mod session;
mod sessions;

use std::time::Duration;

use diesel::PgConnection;
use diesel::connection::{Connection, SimpleConnection};

use super::{DatabaseSettings, DatabaseUrl, PostgresUrl};
use crate::core::crypto::SecretString;

/// A new connection with all its settings.
pub(super) fn open(url: &PostgresUrl, settings: &DatabaseSettings) -> Result<PgConnection, String> {
    let defaults = [
        ("connect_timeout", connect_timeout(settings).as_secs().to_string()),
        ("tcp_user_timeout", "30000".to_owned()),
        // To detect an unreachable server while a statement waits for its result.
        ("keepalives_idle", "30".to_owned()),
        ("keepalives_interval", "10".to_owned()),
        ("keepalives_count", "3".to_owned()),
        ("fallback_application_name", env!("CARGO_PKG_NAME").to_owned()),
    ];
    let address = connection_string(url, &defaults);
    let mut conn = PgConnection::establish(address.expose()).map_err(|error| explained(&error.to_string()))?;
    let set_up = format!(
        // Messages in English, which `DatabaseError` reads. Not every user may change the language.
        "SET TIME ZONE 'UTC'; SET statement_timeout = {}; \
         DO $$ BEGIN SET lc_messages = 'C'; EXCEPTION WHEN insufficient_privilege THEN NULL; END $$",
        settings.statement_timeout.map_or(0, |limit| limit.as_millis()),
    );
    conn.batch_execute(&set_up).map_err(|error| error.to_string())?;
    Ok(conn)
}

/// How long after its time limit a statement may still be answered: the message has to come through the network.
const GRACE: Duration = Duration::from_secs(1);

/// How long a statement may be without an answer. `None` if there is no limit.
fn answer_limit(settings: &DatabaseSettings) -> Option<Duration> {
    settings.statement_timeout.map(|limit| limit + GRACE)
}

/// How long libpq waits for one host. All of them together should not delay a request longer than the pool, but libpq waits
/// for at least two seconds.
fn connect_timeout(settings: &DatabaseSettings) -> Duration {
    Duration::from_secs((settings.pool_timeout / hosts(settings)).as_secs().max(2))
}

/// How long libpq waits for all of them.
fn connect_limit(settings: &DatabaseSettings) -> Duration {
    connect_timeout(settings) * hosts(settings)
}

fn hosts(settings: &DatabaseSettings) -> u32 {
    match &settings.url {
        DatabaseUrl::Postgres(url) => url.hosts(),
        DatabaseUrl::Sqlite(_) => 1,
    }
}

/// The error of libpq, with a hint.
fn explained(message: &str) -> String {
    let message = message.trim_end();
    let hint = if message.ends_with("SSL support is not compiled in") { " (feature `postgres-tls`)" } else { "" };
    format!("{message}{hint}")
}

/// A connection that cannot write.
pub(super) fn open_read_only(url: &PostgresUrl, settings: &DatabaseSettings) -> Result<PgConnection, String> {
    let mut conn = open(url, settings)?;
    conn.batch_execute("SET default_transaction_read_only = on").map_err(|error| error.to_string())?;
    Ok(conn)
}

/// The connection string for libpq. `defaults` are used for keys that the URL does not set.
fn connection_string(url: &PostgresUrl, defaults: &[(&str, String)]) -> SecretString {
    let is_set = |key: &str| url.parameters.iter().any(|(name, _)| name == key);
    let set = url.parameters.iter().map(|(key, value)| (key.as_str(), value.expose()));
    let default = defaults.iter().map(|(key, value)| (*key, value.as_str())).filter(|(key, _)| !is_set(key));
    let quoted = |value: &str| value.replace('\\', "\\\\").replace('\'', "\\'");
    let text: Vec<String> = set.chain(default).map(|(key, value)| format!("{key}='{}'", quoted(value))).collect();
    SecretString::new(text.join(" "))
}

#[cfg(test)]
mod tests {
    use super::super::DatabaseUrl;

    fn connection_string(text: &str) -> String {
        let DatabaseUrl::Postgres(url) = DatabaseUrl::parse(text).unwrap() else { panic!("{text} is not PostgreSQL") };
        super::connection_string(&url, &[("connect_timeout", "5".to_owned())]).expose().to_owned()
    }

    #[test]
    fn postgres_urls_become_keywords_of_libpq() {
        assert_eq!(
            connection_string(
                "postgres://ann:p%40ss'\\@db.example:5433/shop?sslmode=require&options=-csearch_path%3Dt1"
            ),
            "host='db.example' port='5433' user='ann' password='p@ss\\'\\\\' dbname='shop' sslmode='require' \
             options='-csearch_path=t1' connect_timeout='5'"
        );
        assert_eq!(connection_string("postgresql:///shop?connect_timeout=1"), "dbname='shop' connect_timeout='1'");
        assert_eq!(
            connection_string("postgres://ann@[::1]:5432/shop"),
            "host='::1' port='5432' user='ann' dbname='shop' connect_timeout='5'"
        );
        assert_eq!(
            connection_string("postgres://%2Frun%2Fpostgresql/shop"),
            "host='/run/postgresql' dbname='shop' connect_timeout='5'"
        );
        assert_eq!(
            connection_string("postgres://a:5432,b:5433/shop"),
            "host='a,b' port='5432,5433' dbname='shop' connect_timeout='5'"
        );
    }
}
