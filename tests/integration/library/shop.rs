//! `examples/shop`: an app of a host, from `migrate` to its view, its pages and its command.

use actix_simplejwt::Apps;
use actix_simplejwt::apps::command::{CommandError, Context};
use actix_simplejwt::apps::{AppConfig, CheckScope, Project};
use actix_simplejwt::conf::Environment;
use actix_simplejwt::db::DatabaseError;
use actix_simplejwt::management::settings_of;
use diesel::connection::SimpleConnection;
use serde_json::json;

use super::{create_user, env, host};
use crate::support::TestDatabase;

#[path = "../../../examples/shop/main.rs"]
#[allow(dead_code, reason = "its main")]
mod example;

per_database! {
    async fn an_app_has_a_table_a_view_permissions_and_a_command(db: TestDatabase) {
        let env = env().with("DATABASE_URL", db.url.as_str()).with("SHOP_MAX_UNPAID_ORDERS", "3");
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

        let order = async |number: &str| {
            let response = client.post("/api/orders/", json!({ "number": number })).await;
            (response.status, response.json())
        };
        assert_eq!(order("").await, (400, json!({ "number": ["This field may not be blank."] })));
        let message = "Ensure this field has no more than 20 characters.";
        assert_eq!(order(&"x".repeat(21)).await, (400, json!({ "number": [message] })));
        assert_eq!(order("A-3").await, (201, json!({ "id": 4, "number": "A-3", "is_paid": false })));
        assert_eq!(order("B-1").await, (400, json!({ "number": ["order with this number already exists."] })));
        // SHOP_MAX_UNPAID_ORDERS is 3.
        write(&apps, format!("INSERT INTO shop_order (number, customer_id, is_paid) VALUES ('A-5', {alice}, FALSE)")).await;
        assert_eq!(order("A-4").await, (400, json!({ "non_field_errors": ["Pay your orders first."] })));

        let commands = example::shop::apps::ShopConfig.commands();
        let command = commands.iter().find(|command| command.name() == "count_unpaid").unwrap();
        let run = |words: &[&str]| command.run(&context, &command.clap().clone().get_matches_from(words));
        assert_eq!(run(&["count_unpaid"]), Ok(()));
        assert_eq!(run(&["count_unpaid", "--max", "1"]), Err(CommandError::new("Too many orders are not paid.")));
    }
}

fn error(env: &Environment) -> String {
    example::Site::from_env(env).err().unwrap().to_string()
}

#[test]
fn a_wrong_value_of_its_setting_is_refused_with_the_name_of_the_setting() {
    assert_eq!(
        error(&env().with("SHOP_MAX_UNPAID_ORDERS", "many")),
        "SHOP_MAX_UNPAID_ORDERS: \"many\" is not a whole number from 0 to 1000"
    );
    assert_eq!(
        error(&env().with("SHOP_MAX_UNPAID", "1")),
        "SHOP_MAX_UNPAID: there is no such setting; did you mean SHOP_MAX_UNPAID_ORDERS?"
    );
    assert!(error(&env().with("INSTALLED_APPS", "shops")).contains("\"shops\" is not one of django.contrib.admin, "));
}

#[test]
fn its_check_reads_its_setting() {
    let warnings = |value: &str| {
        let site = example::Site::from_env(&env().with("SHOP_MAX_UNPAID_ORDERS", value)).unwrap();
        let messages = site.builder().check(CheckScope::Check).messages;
        messages.iter().filter(|message| message.id == "shop.W001").map(ToString::to_string).collect::<Vec<_>>()
    };
    let warning =
        "?: (shop.W001) SHOP_MAX_UNPAID_ORDERS is 0, so customers cannot order.\n\tHINT: Set it to 1 or more.";
    assert_eq!(warnings("0"), [warning]);
    assert!(warnings("1").is_empty());
}

#[test]
fn installed_apps_can_leave_it_out_with_its_settings() {
    // The installed apps, and whether `manage diffsettings` lists the setting.
    let installed = |env: &Environment| {
        let site = example::Site::from_env(env).unwrap();
        let is_listed = settings_of(&site).iter().any(|setting| setting.key == "SHOP_MAX_UNPAID_ORDERS");
        (site.installed_apps().iter().map(|app| app.name()).collect::<Vec<_>>(), is_listed)
    };
    let (names, is_listed) = installed(&env());
    assert_eq!((names.first(), names.last(), is_listed), (Some(&"django.contrib.admin"), Some(&"shop"), true));
    let apps = "rest_framework,shop";
    assert_eq!(installed(&env().with("INSTALLED_APPS", apps)), (vec!["rest_framework", "shop"], true));
    assert_eq!(installed(&env().with("INSTALLED_APPS", "shop")), (vec!["shop"], true));
    let without = env().with("INSTALLED_APPS", "rest_framework").with("SHOP_MAX_UNPAID_ORDERS", "many");
    assert_eq!(installed(&without), (vec!["rest_framework"], false));
}

async fn write(apps: &Apps, sql: String) {
    let write =
        move |conn: &mut actix_simplejwt::db::DbConnection| conn.batch_execute(&sql).map_err(DatabaseError::from);
    apps.database().unwrap().write(write).await.unwrap();
}
