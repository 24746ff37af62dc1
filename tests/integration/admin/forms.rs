//! Forms of a model of the project: controls, values, errors, and input that no browser sends.

use actix_web::http::Method;

use super::{errors, key, logged_in, messages, one, site, staff, submit};
use crate::support::{Browser, TestApp, TestDatabase};

const ADD: &str = "/admin/shop/order/add/";

/// A valid form. `customer` is the key of Acme.
fn order<'a>(customer: &'a str, changed: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("number", "A-1"),
        ("customer", customer),
        ("quantity", "3"),
        ("weight", ""),
        ("paid_on", ""),
        ("placed_at_0", "2024-03-01"),
        ("placed_at_1", "12:30"),
        ("status", "new"),
        ("email", ""),
        ("note", ""),
        ("_save", "Save"),
    ];
    for (name, value) in changed {
        fields.retain(|(known, _)| known != name);
        fields.push((name, value));
    }
    fields
}

async fn acme(app: &TestApp) -> String {
    key(app, "shop_customer", "name = 'Acme'").await.to_string()
}

/// Sends the form with changes and returns its errors.
async fn refused(app: &TestApp, browser: &Browser, changed: &[(&str, &str)]) -> Vec<(String, Vec<String>)> {
    let acme = acme(app).await;
    let response = submit(browser, ADD, &order(&acme, changed)).await;
    let errors = errors(&response);
    let count: usize = errors.len();
    let note = if count == 1 { "Please correct the error below." } else { "Please correct the errors below." };
    assert!(response.body.contains(note), "{}", response.body);
    assert!(response.body.contains("<title>Error: Add order | Django site admin</title>"), "{}", response.body);
    errors
}

fn error(field: &str, text: &str) -> (String, Vec<String>) {
    (field.to_owned(), vec![text.to_owned()])
}

per_database! {
    async fn every_kind_of_field_has_its_control(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        let page = root.get(ADD).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let (acme, zoo) = (acme(&app).await, key(&app, "shop_customer", "name <> 'Acme'").await);
        for html in [
            r#"<input type="text" name="number" id="id_number" class="vTextField" value="" maxlength="10" required>"#,
            r#"<label for="id_number" class="required">Number:</label>"#,
            &format!(
                "<option value=\"\" selected>---------</option>\n<option value=\"{acme}\">Acme</option>\n\
                 <option value=\"{zoo}\">&#60;b&#62;Zoo&#60;/b&#62;</option>"
            ),
            r#"<div class="help" id="id_quantity_helptext"><p>How many &#60;pieces&#62;.</p></div>"#,
            r#"aria-describedby="id_quantity_helptext""#,
            r#"<input type="checkbox" name="is_paid" id="id_is_paid">"#,
            r#"<input type="text" name="paid_on" id="id_paid_on" class="vDateField" value="">"#,
            r#"<input type="text" name="placed_at_0" id="id_placed_at_0" class="vDateField" size="10" value="2027-01-15""#,
            r#"<input type="hidden" name="initial-placed_at_1" id="initial-id_placed_at_1" value="08:00:00">"#,
            r#"<option value="sent">Sent &#38; gone</option>"#,
            r#"<input type="email" name="email" id="id_email" class="vTextField" value="" maxlength="60">"#,
            r#"<textarea name="note" id="id_note" class="vLargeTextField" cols="40" rows="10">"#,
        ] {
            assert!(page.body.contains(html), "{html}\nis not in\n{}", page.body);
        }
        // A time that is set when the row is made is not in forms.
        assert!(!page.body.contains("name=\"created\""), "{}", page.body);
        // Nothing is inline, because the policy forbids it.
        assert!(page.header("Content-Security-Policy").contains("default-src 'none'"));
        assert!(!page.body.contains("style=") && !page.body.contains("<script>"), "{}", page.body);
    }

    async fn an_order_is_added_changed_and_logged(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        let acme = acme(&app).await;
        let fields = order(&acme, &[
            ("number", " <A>&\"' "),
            ("weight", "1.50"),
            ("is_paid", "on"),
            ("paid_on", "Feb 29, 2024"),
            ("placed_at_1", "12:30:15.5"),
            ("note", "two\r\nlines </textarea><script>"),
            ("email", "a@b.org"),
            // Not in the form.
            ("id", "77"),
            ("created", "1999-01-01"),
            ("customer_id", "99"),
        ]);
        let response = submit(&root, ADD, &fields).await;
        assert_eq!((response.status, response.header("Location")), (302, "/admin/shop/order/"), "{}", response.body);
        let id = key(&app, "shop_order", "id <> 77").await;
        let row = one(&app, "SELECT number || '|' || quantity || '|' || CAST(weight AS text) || '|' || CAST(paid_on AS text) || '|' || \
             CAST(placed_at AS text) || '|' || status || '|' || note AS text FROM shop_order").await;
        assert!(row.starts_with("<A>&\"'|3|1.5|2024-02-29|2024-03-01 12:30:15.5"), "{row}");
        assert!(row.ends_with("|new|two\r\nlines </textarea><script>"), "{row}");
        let created = one(&app, "SELECT CAST(created AS text) AS text FROM shop_order").await;
        assert!(created.starts_with("2027-01-15 08:00:00"), "{created}");
        let log = "SELECT CAST(action_flag AS text) || object_id || object_repr || change_message AS text FROM django_admin_log";
        assert_eq!(one(&app, log).await, format!("1{id}Order <A>&\"'[{{\"added\": {{}}}}]"));

        let page = root.get(&format!("/admin/shop/order/{id}/change/")).await;
        for html in [
            "<title>Order &#60;A&#62;&#38;&#34;&#39; | Change order | Django site admin</title>",
            "value=\"&#60;A&#62;&#38;&#34;&#39;\"",
            "two\r\nlines &#60;/textarea&#62;&#60;script&#62;</textarea>",
            "\">Order &#60;A&#62;&#38;&#34;&#39;</a>” was added successfully.</li>",
            "name=\"is_paid\" id=\"id_is_paid\" checked>",
            "class=\"vDateField\" value=\"2024-02-29\">",
        ] {
            assert!(page.body.contains(html), "{html}\nis not in\n{}", page.body);
        }

        let fields = order(&acme, &[("number", "A-2"), ("quantity", "3"), ("status", "sent"), ("_continue", "x")]);
        let uri = format!("/admin/shop/order/{id}/change/");
        let response = submit(&root, &uri, &fields).await;
        assert_eq!((response.status, response.header("Location")), (302, &*uri), "{}", response.body);
        let log = "SELECT change_message AS text FROM django_admin_log WHERE action_flag = 2";
        assert_eq!(
            one(&app, log).await,
            "[{\"changed\": {\"fields\": [\"Number\", \"Weight\", \"Is paid\", \"Paid on\", \"Placed at\", \"Status\", \"Email\", \
             \"Note\"]}}]"
        );
        assert_eq!(messages(&root, &uri).await, ["The order “Order A-2” was changed successfully. You may edit it again below."]);
        assert_eq!(app.count("shop_order WHERE NOT is_paid AND weight IS NULL AND paid_on IS NULL AND note = ''").await, 1);
    }

    async fn wrong_input_is_told_in_djangos_words(db: TestDatabase) {
        let is_sqlite = db.url.starts_with("sqlite");
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        root.get(ADD).await;
        let largest = if is_sqlite { i64::MAX } else { i64::from(i32::MAX) };
        let too_large = format!("Ensure this value is less than or equal to {largest}.");
        let long = "x".repeat(11);
        for (name, value, text) in [
            ("number", "", "This field is required."),
            ("number", "  ", "This field is required."),
            ("number", long.as_str(), "Ensure this value has at most 10 characters (it has 11)."),
            ("number", "a\0b", "Null characters are not allowed."),
            ("customer", "", "This field is required."),
            ("customer", "999", "Select a valid choice. That choice is not one of the available choices."),
            ("customer", "1 OR 1=1", "Select a valid choice. That choice is not one of the available choices."),
            ("customer", "a\0", "Null characters are not allowed."),
            ("quantity", "", "This field is required."),
            ("quantity", "three", "Enter a whole number."),
            ("quantity", "1.5", "Enter a whole number."),
            ("quantity", "99999999999999999999", &*too_large),
            ("weight", "heavy", "Enter a number."),
            ("weight", "1e999", "Enter a number."),
            ("weight", "NaN", "Enter a number."),
            ("paid_on", "2024-02-30", "Enter a valid date."),
            ("paid_on", "<b>", "Enter a valid date."),
            ("placed_at_0", "", "This field is required."),
            ("placed_at_1", "25:00", "Enter a valid time."),
            ("status", "", "This field is required."),
            ("status", "<lost>", "Select a valid choice. &#60;lost&#62; is not one of the available choices."),
            ("email", "nobody", "Enter a valid email address."),
            ("note", "a\0b", "Null characters are not allowed."),
        ] {
            let field = name.trim_end_matches("_0").trim_end_matches("_1");
            assert_eq!(refused(&app, &root, &[(name, value)]).await, [error(field, text)], "{name} = {value:?}");
        }
        assert_eq!(
            refused(&app, &root, &[("number", ""), ("placed_at_0", "x"), ("placed_at_1", "y")]).await,
            [
                error("number", "This field is required."),
                ("placed_at".to_owned(), vec!["Enter a valid date.".to_owned(), "Enter a valid time.".to_owned()]),
            ]
        );
        assert_eq!((app.count("shop_order").await, app.count("django_admin_log").await), (0, 0));
    }

    async fn a_value_that_another_row_has_is_refused(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        let acme = acme(&app).await;
        assert_eq!(submit(&root, ADD, &order(&acme, &[])).await.status, 302);
        let taken = error("number", "Order with this Number already exists.");
        assert_eq!(refused(&app, &root, &[]).await, [taken]);
        // The unique value of the row itself is accepted.
        let id = key(&app, "shop_order", "number = 'A-1'").await;
        let response = submit(&root, &format!("/admin/shop/order/{id}/change/"), &order(&acme, &[])).await;
        assert_eq!(response.status, 302, "{}", response.body);
    }

    async fn input_that_no_browser_sends_is_no_failure(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        let (acme, token) = (acme(&app).await, root.cookie("csrftoken").unwrap());
        let rest = format!(
            "csrfmiddlewaretoken={token}&customer={acme}&quantity=1&placed_at_0=2024-03-01&placed_at_1=12:30&status=new"
        );
        let urlencoded = Some("application/x-www-form-urlencoded");
        // Bytes that are not UTF-8 are replaced, as in Django.
        let body = format!("number=a%FF%C3&{rest}");
        let response = root.send(Method::POST, ADD, urlencoded, &body, &[]).await;
        assert_eq!(response.status, 302, "{}", response.body);
        assert_eq!(one(&app, "SELECT number AS text FROM shop_order").await, "a\u{fffd}\u{fffd}");
        // If there are several values, the last one counts.
        let body = format!("number=first&number=last&{rest}");
        assert_eq!(root.send(Method::POST, ADD, urlencoded, &body, &[]).await.status, 302);
        assert_eq!(app.count("shop_order WHERE number = 'last'").await, 1);
        // Keys in the address that no row can have.
        for key in ["x", "0", "-1", "99999999999999999999", "%00", "%FF", "1%20OR%201=1", "a/b", "_2F", "%3Cb%3E"] {
            for page in ["change", "delete", "history"] {
                let response = root.get(&format!("/admin/shop/order/{key}/{page}/")).await;
                assert_eq!((response.status, response.header("Location")), (302, "/admin/"), "{key} {page}");
            }
        }
        // Parameters fill in a new form, and are escaped.
        let page = root.get("/admin/shop/order/add/?number=%22%3E%3Cscript%3E&quantity=7&created=1&id=1&customer=x&_to_field=id").await;
        assert!(page.body.contains("value=\"&#34;&#62;&#60;script&#62;\" maxlength=\"10\""), "{}", page.body);
        assert!(page.body.contains("<input type=\"hidden\" name=\"_to_field\" value=\"id\">"), "{}", page.body);
        assert_eq!(root.get("/admin/shop/order/add/?_to_field=note").await.status, 400);
    }

    async fn a_row_that_is_deleted_meanwhile_is_told(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        let acme = acme(&app).await;
        submit(&root, ADD, &order(&acme, &[])).await;
        let id = key(&app, "shop_order", "number = 'A-1'").await;
        messages(&root, ADD).await;
        app.sql("DELETE FROM shop_order").await;
        let response = submit(&root, &format!("/admin/shop/order/{id}/change/"), &order(&acme, &[])).await;
        assert_eq!((response.status, response.header("Location")), (302, "/admin/"));
        assert_eq!(
            messages(&root, ADD).await,
            [format!("Order with ID “{id}” doesn’t exist. Perhaps it was deleted?")]
        );
        app.sql("DELETE FROM shop_customer").await;
        let gone = error("customer", "Select a valid choice. That choice is not one of the available choices.");
        let response = submit(&root, ADD, &order(&acme, &[])).await;
        assert_eq!(errors(&response), [gone]);
    }

    async fn who_may_only_view_sees_and_writes_nothing(db: TestDatabase) {
        let app = site(db).await;
        app.sql("INSERT INTO django_content_type (app_label, model) VALUES ('shop', 'order')").await;
        for action in ["view", "change", "add", "delete"] {
            app.sql(&format!(
                "INSERT INTO auth_permission (name, codename, content_type_id) SELECT 'Can {action} order', '{action}_order', id \
                 FROM django_content_type WHERE model = 'order'"
            ))
            .await;
        }
        staff(&app, "vera", &["shop.view_order"]).await;
        let root = logged_in(&app, "root").await;
        let acme = acme(&app).await;
        submit(&root, ADD, &order(&acme, &[("is_paid", "on"), ("note", "one\n<two>")])).await;
        let id = key(&app, "shop_order", "number = 'A-1'").await;

        let vera = logged_in(&app, "vera").await;
        let uri = format!("/admin/shop/order/{id}/change/");
        let page = vera.get(&uri).await;
        assert_eq!(page.status, 200, "{}", page.body);
        for html in [
            "<title>Order A-1 | View order | Django site admin</title>",
            "<div class=\"readonly\">A-1</div>",
            &format!("<div class=\"readonly\"><a href=\"/admin/shop/customer/{acme}/change/\">Acme</a></div>"),
            "<span class=\"boolean yes\"><span class=\"visually-hidden\">True</span></span>",
            "<div class=\"readonly\">-</div>",
            "<div class=\"readonly\">March 1, 2024, 12:30 p.m.</div>",
            "<div class=\"readonly\">one<br>&#60;two&#62;</div>",
            "class=\"closelink\">Close</a>",
        ] {
            assert!(page.body.contains(html), "{html}\nis not in\n{}", page.body);
        }
        assert!(!page.body.contains("name=\"_save\"") && !page.body.contains("name=\"number\""), "{}", page.body);
        for (uri, fields) in [(&*uri, order(&acme, &[("number", "hacked")])), (ADD, order(&acme, &[]))] {
            assert_eq!(submit(&vera, uri, &fields).await.status, 403, "{uri}");
        }
        assert_eq!(submit(&vera, &format!("/admin/shop/order/{id}/delete/"), &[("post", "yes")]).await.status, 403);
        assert_eq!(app.count("shop_order WHERE number = 'A-1'").await, 1);
    }
}
