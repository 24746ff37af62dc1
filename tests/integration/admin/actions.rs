//! Actions on the selected rows of a list.

use actix_simplejwt::contrib::admin::Action;
use actix_simplejwt::contrib::admin::models::Row;

use super::{key, logged_in, messages, one, site, staff, submit};
use crate::support::{Browser, TestApp, TestDatabase};

/// An action that writes the whole row, as it was read.
pub fn add_a_piece() -> Action {
    let action = Action::new("add_a_piece", "Add a piece", |conn, orders, rows| {
        for row in rows {
            let mut order: Row = row.clone();
            let quantity: i32 = row.text("quantity").parse().unwrap();
            order.set("quantity", Some((quantity + 1).to_string()));
            orders.update(conn, row.pk(), &order)?;
        }
        Ok(format!("Changed {}.", orders.model().counted(rows.len())))
    });
    action.permissions(&["change"])
}

async fn make_order(app: &TestApp, number: &str) -> String {
    app.sql(&format!(
        "INSERT INTO shop_order (number, customer_id, quantity, is_paid, placed_at, status, email, note, created) \
         SELECT '{number}', min(id), 1, FALSE, '2024-03-01 12:00:00', 'new', '', 'before', '2024-03-01 12:00:00' FROM shop_customer"
    ))
    .await;
    key(app, "shop_order", &format!("number = '{number}'")).await.to_string()
}

/// A browser of a member of the staff who may change orders.
async fn clerk(app: &TestApp) -> Browser {
    app.sql("INSERT INTO django_content_type (app_label, model) VALUES ('shop', 'order')").await;
    app.sql(
        "INSERT INTO auth_permission (name, codename, content_type_id) SELECT 'Can change order', 'change_order', id \
         FROM django_content_type WHERE model = 'order'",
    )
    .await;
    staff(app, "carol", &["shop.change_order"]).await;
    logged_in(app, "carol").await
}

const ORDERS: &str = "/admin/shop/order/";

async fn orders(app: &TestApp) -> String {
    let text = "number || ' ' || CAST(quantity AS text) || ' ' || note";
    let first = one(app, &format!("SELECT {text} AS text FROM shop_order ORDER BY number LIMIT 1")).await;
    let last = one(app, &format!("SELECT {text} AS text FROM shop_order ORDER BY number DESC LIMIT 1")).await;
    format!("{first}, {last}")
}

per_database! {
    async fn an_action_changes_the_selected_rows(db: TestDatabase) {
        let app = site(db).await;
        let (first, _) = (make_order(&app, "A1").await, make_order(&app, "A2").await);
        let root = logged_in(&app, "root").await;
        let fields = [("action", "add_a_piece"), ("_selected_action", &*first)];
        let response = submit(&root, ORDERS, &fields).await;
        assert_eq!((response.status, response.header("Location")), (302, ORDERS), "{}", response.body);
        assert_eq!(messages(&root, ORDERS).await, ["Changed 1 order."]);
        assert_eq!(orders(&app).await, "A1 2 before, A2 1 before");
        let response = submit(&root, ORDERS, &[&fields[..], &[("select_across", "1")]].concat()).await;
        assert_eq!((response.status, response.header("Location")), (302, ORDERS), "{}", response.body);
        assert_eq!(messages(&root, ORDERS).await, ["Changed 2 orders."]);
        assert_eq!(orders(&app).await, "A1 3 before, A2 2 before");
    }

    async fn an_action_is_refused_if_a_row_may_not_be_changed(db: TestDatabase) {
        let app = site(db).await;
        let (first, protected) = (make_order(&app, "A1").await, make_order(&app, "A2").await);
        app.sql("UPDATE shop_order SET note = 'protected' WHERE number = 'A2'").await;
        let carol = clerk(&app).await;
        let fields = [("action", "add_a_piece"), ("_selected_action", &*first), ("_selected_action", &*protected)];
        let response = submit(&carol, ORDERS, &fields).await;
        assert_eq!((response.status, response.header("Location")), (302, ORDERS), "{}", response.body);
        assert_eq!(
            messages(&carol, ORDERS).await,
            ["You may not change some of the selected items. No items have been changed."]
        );
        assert_eq!(orders(&app).await, "A1 1 before, A2 1 protected");
        assert_eq!(submit(&carol, ORDERS, &fields[..2]).await.status, 302);
        assert_eq!(messages(&carol, ORDERS).await, ["Changed 1 order."]);
        assert_eq!(orders(&app).await, "A1 2 before, A2 1 protected");
    }
}

/// On SQLite transactions that write do not overlap.
#[actix_web::test]
async fn an_action_keeps_what_another_transaction_changes_meanwhile() {
    let Some(db) = TestDatabase::postgres() else { return };
    let app = site(db).await;
    let (first, second) = (make_order(&app, "A1").await, make_order(&app, "A2").await);
    let root = logged_in(&app, "root").await;
    let fields = [("action", "add_a_piece"), ("_selected_action", &*first), ("_selected_action", &*second)];
    let change = "UPDATE shop_order SET quantity = 5, note = 'meanwhile' WHERE number = 'A1'";
    let response = app.tables().meet_transaction(change, submit(&root, ORDERS, &fields)).await;
    assert_eq!((response.status, response.header("Location")), (302, ORDERS), "{}", response.body);
    assert_eq!(orders(&app).await, "A1 6 meanwhile, A2 2 before");

    // Rows that are not in the list any more are left alone: they were deleted, or the filter excludes them.
    let change =
        format!("DELETE FROM shop_order WHERE id = {second}; UPDATE shop_order SET note = 'hidden' WHERE id = {first}");
    let list = format!("{ORDERS}?note=meanwhile");
    let response = app.tables().meet_transaction(&change, submit(&root, &list, &fields)).await;
    assert_eq!((response.status, response.header("Location")), (302, &*list), "{}", response.body);
    assert_eq!(messages(&root, ORDERS).await, ["Changed 2 orders.", "Changed 0 orders."]);
    assert_eq!(orders(&app).await, "A1 6 hidden, A1 6 hidden");
}

/// A row with the text "protected" can be changed by superusers.
#[actix_web::test]
async fn a_row_that_becomes_protected_before_the_commit_is_not_changed() {
    let Some(db) = TestDatabase::postgres() else { return };
    let app = site(db).await;
    let first = make_order(&app, "A1").await;
    let carol = clerk(&app).await;
    let fields = [("action", "add_a_piece"), ("_selected_action", &*first)];
    let change = "UPDATE shop_order SET note = 'protected'";
    let response = app.tables().meet_transaction(change, submit(&carol, ORDERS, &fields)).await;
    assert_eq!(response.status, 403);
    assert_eq!(orders(&app).await, "A1 1 protected, A1 1 protected");
}
