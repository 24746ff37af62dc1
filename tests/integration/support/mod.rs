//! What every test stands on: a database, the application in process, clients and users.

mod app;
mod database;
mod description;
pub mod log;
pub mod process;
mod proxy;
mod redis;
mod socket;
mod users;

pub use app::{Client, Response, TestApp};
pub use database::TestDatabase;
pub use description::ApiDescription;
pub use proxy::Proxy;
pub use redis::TestRedis;
pub use socket::{SocketApp, read_to_close, status};
pub use users::{TestUser, alice, bob, ivan};

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
