//! `examples/shop`: an app of a host, from `migrate` to its view, its pages and its command.

use actix_simplejwt::Apps;
use actix_simplejwt::apps::command::{CommandError, Context};
use actix_simplejwt::apps::{AppConfig, Project};
use actix_simplejwt::db::DatabaseError;
use diesel::connection::SimpleConnection;
use serde_json::json;

use super::{create_user, env, host};
use crate::support::TestDatabase;

#[path = "../../../examples/shop/main.rs"]
#[allow(dead_code, reason = "its main")]
mod example;

per_database! {
    async fn an_app_has_a_table_a_view_permissions_and_a_command(db: TestDatabase) {
        let env = env().with("DATABASE_URL", db.url.as_str());
        let context = Context::new::<example::Site>(env.clone(), 0);
        let applied = context.apps().unwrap().migrations().run(context.apps().unwrap().database().unwrap()).unwrap();
        assert_eq!(applied.iter().map(ToString::to_string).collect::<Vec<_>>(), ["shop.0001_initial"]);

        let site = example::Site::from_env(&env).unwrap();
        let (apps, mut client) = host(site.builder(), <example::Site as Project>::urls).await;
        let alice = create_user(&apps, "alice").await.id;
        let bob = create_user(&apps, "bob").await.id;
        write(&apps, format!(
            "INSERT INTO shop_order (number, customer_id, is_paid) VALUES \
             ('A-1', {alice}, FALSE), ('B-1', {bob}, FALSE), ('A-2', {alice}, TRUE)"
        )).await;
        assert_eq!(client.get("/api/orders/").await.status, 401);
        let tokens = client.post("/api/token/", json!({ "username": "alice", "password": "correct-horse" })).await.json();
        client.credentials("Authorization", format!("Bearer {}", tokens["access"].as_str().unwrap()));
        let orders = client.get("/api/orders/").await;
        let expected =
            json!([{ "id": 1, "number": "A-1", "is_paid": false }, { "id": 3, "number": "A-2", "is_paid": true }]);
        assert_eq!((orders.status, orders.json()), (200, expected));
        assert_eq!(client.get("/admin/shop/order/").await.status, 302);

        let commands = example::shop::apps::ShopConfig.commands();
        let command = commands.iter().find(|command| command.name() == "count_unpaid").unwrap();
        let run = |words: &[&str]| command.run(&context, &command.clap().clone().get_matches_from(words));
        assert_eq!(run(&["count_unpaid"]), Ok(()));
        assert_eq!(run(&["count_unpaid", "--max", "1"]), Err(CommandError::new("Too many orders are not paid.")));
    }
}

async fn write(apps: &Apps, sql: String) {
    let write =
        move |conn: &mut actix_simplejwt::db::DbConnection| conn.batch_execute(&sql).map_err(DatabaseError::from);
    apps.database().unwrap().write(write).await.unwrap();
}
