//! Deletions: the dependent rows, protected rows, and permissions.

use super::{key, logged_in, messages, one, site, staff, submit};
use crate::support::{TestApp, TestDatabase};

/// An order of Acme with two lines and a note. Returns its key.
async fn order(app: &TestApp, number: &str) -> i64 {
    app.sql(&format!(
        "INSERT INTO shop_order (number, customer_id, quantity, is_paid, placed_at, status, email, note, created) \
         SELECT '{number}', id, 1, FALSE, '2024-03-01 12:30:00', 'new', '', '', '2024-03-01 12:30:00' FROM shop_customer \
         WHERE name = 'Acme'"
    ))
    .await;
    let id = key(app, "shop_order", &format!("number = '{number}'")).await;
    app.sql(&format!("INSERT INTO shop_line (order_id, text) VALUES ({id}, 'one <b>'), ({id}, 'two')")).await;
    app.sql(&format!("INSERT INTO shop_note (order_id, text) VALUES ({id}, 'a note')")).await;
    id
}

per_database! {
    async fn what_refers_to_a_row_goes_with_it(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        let first = order(&app, "A-1").await;
        order(&app, "A-2").await;
        let acme = key(&app, "shop_customer", "name = 'Acme'").await;
        let uri = format!("/admin/shop/customer/{acme}/delete/");
        let page = root.get(&uri).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let tree = page.body.split("<h2>Summary</h2>").nth(1).unwrap().split("<form").next().unwrap();
        let text: String = tree.split_inclusive('>').filter(|part| !part.trim().is_empty()).collect();
        let lines = [
            key(&app, "shop_line", &format!("order_id = {first} AND text <> 'two'")).await,
            key(&app, "shop_line", &format!("order_id = {first} AND text = 'two'")).await,
        ];
        let link = |model: &str, key: i64, text: &str| format!("<a href=\"/admin/shop/{model}/{key}/change/\">{text}</a>");
        for html in [
            "<li>Customers: 1</li><li>Orders: 2</li><li>Order lines: 4</li>".to_owned(),
            format!("<li>Customer: {}", link("customer", acme, "Acme")),
            format!("<li>Order: {}", link("order", first, "Order A-1")),
            format!("<li>Order line: {}</li>", link("orderline", lines[0], "one &#60;b&#62;")),
            format!("<li>Order line: {}</li></ul></li>", link("orderline", lines[1], "two")),
        ] {
            assert!(text.replace('\n', "").contains(&html), "{html}\nis not in\n{text}");
        }
        assert!(!text.contains("a note"), "{text}");

        let response = submit(&root, &uri, &[("post", "yes")]).await;
        assert_eq!((response.status, response.header("Location")), (302, "/admin/shop/customer/"), "{}", response.body);
        for (table, count) in [("shop_customer", 1), ("shop_order", 0), ("shop_line", 0), ("shop_note WHERE order_id IS NULL", 2)] {
            assert_eq!(app.count(table).await, count, "{table}");
        }
        assert_eq!(
            one(&app, "SELECT action_flag || object_repr || change_message AS text FROM django_admin_log").await,
            "3Acme"
        );
        assert_eq!(messages(&root, "/admin/shop/customer/add/").await, ["The customer “Acme” was deleted successfully."]);
    }

    async fn a_protected_row_stays(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        let id = order(&app, "A-1").await;
        app.sql(&format!("INSERT INTO shop_invoice (order_id) VALUES ({id})")).await;
        let invoice = key(&app, "shop_invoice", "1 = 1").await;
        let acme = key(&app, "shop_customer", "name = 'Acme'").await;
        for uri in [format!("/admin/shop/order/{id}/delete/"), format!("/admin/shop/customer/{acme}/delete/")] {
            for response in [root.get(&uri).await, submit(&root, &uri, &[("post", "yes")]).await] {
                assert_eq!(response.status, 200);
                assert!(response.body.contains("would require deleting the following protected related objects:"));
                let link = format!("Invoice: <a href=\"/admin/shop/invoice/{invoice}/change/\">Invoice object ({invoice})</a>");
                assert!(response.body.contains(&link), "{}", response.body);
                assert!(response.body.contains("<title>Cannot delete "), "{}", response.body);
                assert!(!response.body.contains("Yes, I’m sure"), "{}", response.body);
            }
        }
        assert_eq!(app.count("shop_order").await, 1);
    }

    async fn a_hook_can_refuse_a_request(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        let id = order(&app, "A-1").await.to_string();
        for (text, status) in [("refused by clean", 403), ("refused by saved", 403), ("unknown", 404)] {
            let response = submit(&root, "/admin/shop/orderline/add/", &[("order", &id), ("text", text)]).await;
            assert_eq!(response.status, status, "{text}");
        }
        app.sql(&format!("INSERT INTO shop_line (order_id, text) VALUES ({id}, 'kept')")).await;
        let line = key(&app, "shop_line", "text = 'kept'").await;
        let response = submit(&root, &format!("/admin/shop/orderline/{line}/delete/"), &[("post", "yes")]).await;
        assert_eq!((response.status, app.count("shop_line").await), (403, 3));
    }

    async fn who_may_delete_a_row_needs_the_same_for_what_goes_with_it(db: TestDatabase) {
        let app = site(db).await;
        app.sql("INSERT INTO django_content_type (app_label, model) VALUES ('shop', 'customer')").await;
        app.sql(
            "INSERT INTO auth_permission (name, codename, content_type_id) SELECT 'Can delete customer', 'delete_customer', id \
             FROM django_content_type WHERE model = 'customer'",
        )
        .await;
        staff(&app, "dora", &["shop.delete_customer"]).await;
        order(&app, "A-1").await;
        let dora = logged_in(&app, "dora").await;
        let acme = key(&app, "shop_customer", "name = 'Acme'").await;
        let uri = format!("/admin/shop/customer/{acme}/delete/");
        let page = dora.get(&uri).await;
        assert!(
            page.body.contains("<ul id=\"deleted-objects\"><li>order</li><li>order line</li></ul>"),
            "{}",
            page.body
        );
        assert_eq!(submit(&dora, &uri, &[("post", "yes")]).await.status, 403);
        assert_eq!(app.count("shop_customer").await, 2);
        // The other customer has no orders.
        let zoo = key(&app, "shop_customer", "name <> 'Acme'").await;
        let response = submit(&dora, &format!("/admin/shop/customer/{zoo}/delete/"), &[("post", "yes")]).await;
        assert_eq!((response.status, response.header("Location")), (302, "/admin/"), "{}", response.body);
        assert_eq!(app.count("shop_customer").await, 1);
    }

    async fn of_many_rows_without_pages_some_are_listed_and_all_are_deleted(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        let alice = key(&app, "auth_user", "username = 'alice'").await;
        let entry = format!("('2024-03-01 12:30:00', {alice}, 'x', 1, '')");
        let entries = vec![entry; 130].join(", ");
        app.sql(&format!(
            "INSERT INTO django_admin_log (action_time, user_id, object_repr, action_flag, change_message) VALUES {entries}"
        ))
        .await;
        let uri = format!("/admin/auth/user/{alice}/delete/");
        let page = root.get(&uri).await;
        assert!(page.body.contains("<li>Log entries: 130</li>"), "{}", page.body);
        assert_eq!(page.body.matches("<li>Log entry: Added “x”.").count(), 100);
        assert!(page.body.contains("<li>Log entry: … and 30 more"), "{}", page.body);
        assert!(page.body.len() < 100_000);
        assert_eq!(submit(&root, &uri, &[("post", "yes")]).await.status, 302);
        assert_eq!(app.count("django_admin_log").await, 1);
        assert_eq!(app.count("auth_user WHERE username = 'alice'").await, 0);
    }

    async fn a_row_is_deleted_once(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        let id = order(&app, "A-1").await;
        let uri = format!("/admin/shop/order/{id}/delete/");
        let fields = [("post", "yes")];
        let answers = futures_util::future::join(submit(&root, &uri, &fields), submit(&root, &uri, &fields)).await;
        assert_eq!((answers.0.status, answers.1.status), (302, 302));
        assert_eq!((app.count("shop_order").await, app.count("django_admin_log WHERE action_flag = 3").await), (0, 1));
    }
}
