//! The parts of every test: a database, the application in process, clients and users.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

mod app;
mod browser;
mod database;
mod description;
mod json_schema;
pub mod log;
pub mod process;
mod proxy;
mod redis;
mod socket;
mod users;

pub use app::{Client, Response, TestApp};
pub use browser::Browser;
pub use database::TestDatabase;
pub use description::ApiDescription;
pub use proxy::Proxy;
pub use redis::TestRedis;
pub use socket::{SocketApp, read_to_close, status};
pub use users::{TestUser, alice, bob, ivan};

/// The address of a server, from the environment variable `name`.
///
/// Without the variable the test is skipped and says so, with the number of tests skipped until then. In CI it fails.
fn server_address(name: &str) -> Option<String> {
    static SKIPPED: AtomicUsize = AtomicUsize::new(0);
    let address = std::env::var(name).ok();
    if address.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{name} is not set, and CI runs every test");
        let number = SKIPPED.fetch_add(1, Ordering::Relaxed) + 1;
        let thread = std::thread::current();
        let test = thread.name().unwrap_or("a test");
        // `eprintln!` would be captured.
        std::io::stderr().write_all(format!("SKIPPED {number}: {test}: {name} is not set\n").as_bytes()).unwrap();
    }
    address
}

/// Runs the same body on every database.
macro_rules! per_database {
    ($($(#[$doc:meta])* async fn $name:ident($db:ident: TestDatabase) $body:block)*) => {
        $(
            $(#[$doc])*
            mod $name {
                use super::*;

                async fn run($db: TestDatabase) $body

                #[actix_web::test]
                async fn sqlite() {
                    run(TestDatabase::sqlite()).await;
                }

                #[actix_web::test]
                async fn postgres() {
                    if let Some(database) = TestDatabase::postgres() {
                        run(database).await;
                    }
                }
            }
        )*
    };
}
