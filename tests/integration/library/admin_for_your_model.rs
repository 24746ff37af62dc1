//! `examples/admin_for_your_model.rs`: a model of a host in the admin site, from `migrate` to the CSV file.

use actix_simplejwt::apps::command::Context;
use actix_simplejwt::contrib::auth as django_auth;
use actix_simplejwt::contrib::sessions::SessionError;
use actix_simplejwt::{Apps, urls};
use actix_web::HttpRequest;
use actix_web::web::{Path, ServiceConfig, post};

use super::env;
use crate::support::{Browser, Response, TestApp, TestDatabase, TestUser};

#[path = "../../../examples/admin_for_your_model.rs"]
#[allow(dead_code, reason = "its main")]
mod example;

const LIST: &str = "/admin/shop/order/";

fn routes(cfg: &mut ServiceConfig, apps: &Apps) {
    cfg.route("/login/{name}/", post().to(login));
    urls::configure(cfg, apps);
}

/// Logs in without asking for a password.
async fn login(req: HttpRequest, name: Path<String>) -> Result<&'static str, SessionError> {
    let apps = Apps::of(&req)?;
    let users = std::sync::Arc::clone(apps.auth()?.users());
    let find = move |conn: &mut _| Ok::<_, SessionError>(users.get_by_natural_key(conn, &name).unwrap().unwrap());
    let user = apps.database()?.read(find).await?;
    django_auth::login(&req, &user).await?;
    Ok("in")
}

async fn browser(app: &TestApp, name: &str) -> Browser {
    let browser = Browser::new(app.anonymous());
    assert_eq!(browser.post(&format!("/login/{name}/"), &[]).await.status, 200);
    browser
}

fn staff(username: &'static str) -> TestUser {
    TestUser { username, password: "correct horse", email: "", is_active: true, is_staff: true }
}

/// A shop whose tables `migrate` has made, with a superuser and three orders.
async fn shop(db: TestDatabase) -> TestApp {
    let context = Context::new::<example::Shop>(env().with("DATABASE_URL", db.url.as_str()), 0);
    let apps = context.apps().unwrap();
    let applied = apps.migrations().run(apps.database().unwrap()).unwrap();
    assert_eq!(applied.iter().map(ToString::to_string).collect::<Vec<_>>(), ["shop.0001_initial"]);

    let app = TestApp::build_site(db, routes, |_| {}, example::register).await;
    app.add_user(staff("root")).await;
    app.add_user(staff("clerk")).await;
    app.sql("UPDATE auth_user SET is_superuser = TRUE WHERE username = 'root'").await;
    for (number, customer, status, total, is_paid, day, note) in [
        ("A-1", "alice", "new", "9.50", false, "2026-11-01", "=1+1"),
        ("A-2", "bob", "sent", "20.00", true, "2026-11-03", "a, b"),
        ("B-3", "alice", "sent", "5.25", false, "2026-11-02", ""),
    ] {
        app.sql(&format!(
            "INSERT INTO shop_order (number, customer_id, status, total, is_paid, ordered_on, note) SELECT '{number}', id, \
             '{status}', {total}, {is_paid}, '{day}', '{note}' FROM auth_user WHERE username = '{customer}'"
        ))
        .await;
    }
    app
}

/// The cells of each row of a list.
fn rows(response: &Response) -> Vec<Vec<String>> {
    assert_eq!(response.status, 200, "{}", response.body);
    // The navigation has tables as well.
    let Some((_, table)) = response.body.split_once("id=\"result_list\"") else { return Vec::new() };
    let (_, body) = table.split_once("<tbody>").unwrap();
    let (body, _) = body.split_once("</tbody>").unwrap();
    let text = |cell: &str| {
        let mut text = String::new();
        for part in cell.split('<') {
            text.push_str(part.split_once('>').map_or(part, |(_, text)| text));
        }
        text
    };
    let cells = |row: &str| {
        let cells = row.split(" class=\"field-").skip(1);
        cells.map(|cell| text(cell.split_once('>').unwrap().1.split("</t").next().unwrap())).collect()
    };
    body.split("<tr>").skip(1).map(cells).collect()
}

fn numbers(response: &Response) -> Vec<String> {
    rows(response).into_iter().map(|row| row[0].clone()).collect()
}

per_database! {
    async fn migrate_makes_the_permissions_of_a_registered_model(db: TestDatabase) {
        let app = shop(db).await;
        let of_model = "auth_permission p JOIN django_content_type c ON c.id = p.content_type_id \
            WHERE c.app_label = 'shop' AND c.model = 'order' AND p.name IN \
            ('Can add order', 'Can change order', 'Can delete order', 'Can view order')";
        assert_eq!(app.count(of_model).await, 4);
    }

    async fn the_list_shows_sorts_searches_and_filters(db: TestDatabase) {
        let app = shop(db).await;
        let root = browser(&app, "root").await;
        let list = root.get(LIST).await;
        assert_eq!(
            rows(&list),
            [
                ["A-2", "bob", "Sent", "20.00", "True", "Nov. 3, 2026"],
                ["B-3", "alice", "Sent", "5.25", "False", "Nov. 2, 2026"],
                ["A-1", "alice", "New", "9.50", "False", "Nov. 1, 2026"],
            ]
        );
        assert!(list.body.contains("<title>Select order to change | Django site admin</title>"), "{}", list.body);
        for (query, expected) in [
            ("o=1", vec!["A-1", "A-2", "B-3"]),
            ("o=-4", vec!["A-2", "A-1", "B-3"]),
            ("o=2.-1", vec!["B-3", "A-1", "A-2"]),
            ("q=a-", vec!["A-2", "A-1"]),
            ("q=BOB", vec!["A-2"]),
            ("q=alice+b-", vec!["B-3"]),
            ("q=%25", vec![]),
            ("status__exact=sent", vec!["A-2", "B-3"]),
            ("is_paid__exact=0&status__exact=sent", vec!["B-3"]),
            ("ordered_on__gte=2026-11-02&ordered_on__lt=2026-11-03", vec!["B-3"]),
            ("ordered_on__year=2025", vec![]),
            ("total__gt=9", vec!["A-2", "A-1"]),
            ("customer__id__exact=0", vec![]),
        ] {
            assert_eq!(numbers(&root.get(&format!("{LIST}?{query}")).await), expected, "{query}");
        }
        for (query, location) in [
            ("color=red", format!("{LIST}?e=1")),
            ("status__colour=x", format!("{LIST}?e=1")),
            ("is_paid__exact=maybe", format!("{LIST}?e=1")),
            ("ordered_on__gte=soon", format!("{LIST}?e=1")),
            ("total__gt=%27", format!("{LIST}?e=1")),
        ] {
            let response = root.get(&format!("{LIST}?{query}")).await;
            assert_eq!((response.status, response.header("Location")), (302, location.as_str()), "{query}");
        }
        for query in ["customer__password__startswith=x", "customer__username=bob", "number__regex=(a%2B)%2B"] {
            assert_eq!(root.get(&format!("{LIST}?{query}")).await.status, 400, "{query}");
        }
    }

    async fn a_long_text_is_cut_in_the_list_only(db: TestDatabase) {
        let app = shop(db).await;
        let root = browser(&app, "root").await;
        let long = "ü".repeat(501);
        if app.tables().url.starts_with("postgres") {
            app.sql("ALTER TABLE shop_order ALTER COLUMN number TYPE TEXT").await;
        }
        app.sql(&format!("UPDATE shop_order SET number = '{long}' WHERE number = 'A-1'")).await;
        assert_eq!(numbers(&root.get(&format!("{LIST}?o=1&status__exact=new")).await), [format!("{}…", "ü".repeat(500))]);
        assert!(root.get(&format!("{LIST}1/change/")).await.body.contains(&long));
        assert!(root.get(&format!("{LIST}export/")).await.body.contains(&long));
    }

    async fn an_action_and_the_deletion_apply_to_the_selected_rows(db: TestDatabase) {
        let app = shop(db).await;
        let root = browser(&app, "root").await;
        root.get(LIST).await;
        let token = root.cookie("csrftoken").unwrap();
        let key = app.count("(SELECT id FROM shop_order WHERE number <= 'A-1') AS t").await;
        assert_eq!(key, 1);
        let send = async |fields: &[(&str, &str)], query: &str| {
            let all = [&[("csrfmiddlewaretoken", token.as_str()), ("index", "0")], fields].concat();
            root.post(&format!("{LIST}{query}"), &all).await
        };
        let response = send(&[("action", "mark_paid"), ("_selected_action", "1"), ("_selected_action", "999")], "").await;
        assert_eq!((response.status, response.header("Location")), (302, LIST));
        assert!(root.get(LIST).await.body.contains("<li class=\"success\">Marked 1 order as paid.</li>"));
        assert_eq!(app.count("shop_order WHERE is_paid").await, 2);
        // All rows that the filter shows, whichever are selected.
        send(&[("action", "mark_paid"), ("_selected_action", "1"), ("select_across", "1")], "?status__exact=sent").await;
        assert_eq!(app.count("shop_order WHERE is_paid").await, 3);

        let question = send(&[("action", "delete_selected"), ("_selected_action", "1")], "").await;
        assert_eq!(question.status, 200);
        assert!(question.body.contains("Are you sure you want to delete the selected order?"), "{}", question.body);
        assert_eq!(app.count("shop_order").await, 3);
        let fields = [("action", "delete_selected"), ("_selected_action", "1"), ("post", "yes")];
        assert_eq!(send(&fields, "").await.status, 302);
        assert_eq!(numbers(&root.get(LIST).await), ["A-2", "B-3"]);
        assert_eq!(app.count("django_admin_log WHERE object_repr = 'Order A-1' AND action_flag = 3").await, 1);
    }

    async fn the_action_writes_one_column(db: TestDatabase) {
        let app = shop(db).await;
        let root = browser(&app, "root").await;
        root.get(LIST).await;
        // Triggers that refuse a statement with another column, even if it stores the same value.
        let others = "number, customer_id, status, total, ordered_on, note";
        if app.tables().url.starts_with("postgres") {
            app.sql("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''written''; END'").await;
            app.sql(&format!("CREATE TRIGGER other BEFORE UPDATE OF {others} ON shop_order FOR EACH ROW EXECUTE FUNCTION refuse()"))
                .await;
        } else {
            app.sql(&format!(
                "CREATE TRIGGER other BEFORE UPDATE OF {others} ON shop_order BEGIN SELECT RAISE(ABORT, 'written'); END"
            ))
            .await;
        }
        let token = root.cookie("csrftoken").unwrap();
        let fields = [("csrfmiddlewaretoken", token.as_str()), ("index", "0"), ("action", "mark_paid"), ("_selected_action", "1")];
        let response = root.post(LIST, &fields).await;
        assert_eq!((response.status, response.header("Location")), (302, LIST), "{}", response.body);
        assert_eq!(app.count("shop_order WHERE is_paid").await, 2);
    }

    async fn permissions_decide_what_is_shown_and_done(db: TestDatabase) {
        let app = shop(db).await;
        let clerk = browser(&app, "clerk").await;
        assert_eq!(clerk.get(LIST).await.status, 403);
        assert_eq!(clerk.get(&format!("{LIST}export/")).await.status, 403);
        app.sql(
            "INSERT INTO auth_user_user_permissions (user_id, permission_id) SELECT u.id, p.id FROM auth_user u, \
             auth_permission p WHERE u.username = 'clerk' AND p.codename = 'view_order'",
        )
        .await;
        let list = clerk.get(LIST).await;
        assert_eq!(numbers(&list).len(), 3);
        assert!(list.body.contains("<title>Select order to view | Django site admin</title>"), "{}", list.body);
        assert!(!list.body.contains("name=\"action\""));
        let token = clerk.cookie("csrftoken").unwrap();
        let fields = [("csrfmiddlewaretoken", token.as_str()), ("index", "0"), ("action", "mark_paid"), ("_selected_action", "1")];
        assert_eq!(clerk.post(LIST, &fields).await.status, 200);
        assert_eq!(app.count("shop_order WHERE is_paid").await, 1);
    }

    async fn a_list_is_exported_without_formulas(db: TestDatabase) {
        let app = shop(db).await;
        let root = browser(&app, "root").await;
        let file = root.get(&format!("{LIST}export/?status__exact=sent")).await;
        assert_eq!((file.status, file.header("Content-Type")), (200, "text/csv; charset=utf-8"));
        assert_eq!(file.header("Content-Disposition"), "attachment; filename=\"order-2027-01-15.csv\"");
        let lines: Vec<&str> = file.body.split("\r\n").collect();
        assert_eq!(lines[0], "number,customer,status,total,is_paid,ordered_on,id,customer_id,note");
        assert!(lines[1].starts_with("A-2,bob,sent,20.00,true,2026-11-03,2,") && lines[1].ends_with(",\"a, b\""), "{lines:?}");
        assert!(lines[2].starts_with("B-3,alice,sent,5.25,false,2026-11-02,3,"), "{lines:?}");
        assert_eq!(lines.len(), 4);
        let all = root.get(&format!("{LIST}export/")).await;
        assert!(all.body.contains(",'=1+1\r\n"), "{}", all.body);
        assert_eq!(root.get(&format!("{LIST}export/?color=red")).await.header("Location"), format!("{LIST}?e=1"));
        let users = root.get("/admin/auth/user/export/").await;
        assert!(users.body.starts_with("username,email,first_name,last_name,is_staff,"), "{}", users.body);
        assert!(!users.body.contains("password") && !users.body.contains("md5$"), "{}", users.body);
    }

    async fn a_large_table_is_counted_and_searched_in_part(db: TestDatabase) {
        let app = shop(db).await;
        let root = browser(&app, "root").await;
        // Two numbers: an old one with another beginning, and a new one.
        let rows = match app.tables().url.starts_with("postgres") {
            true => "generate_series(1, 10100) AS n(i)",
            false => "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10100) SELECT i FROM n) AS n",
        };
        app.sql(&format!(
            "INSERT INTO shop_order (number, customer_id, status, total, is_paid, ordered_on, note) SELECT 'N' || n.i, u.id, \
             'new', 1, FALSE, '2020-01-01', '' FROM {rows}, auth_user u WHERE u.username = 'bob'"
        ))
        .await;
        let list = root.get(LIST).await;
        assert_eq!(numbers(&list).len(), 100);
        assert!(list.body.contains("more than 10000 orders"), "{}", list.body);
        assert!(list.body.len() < 100_000, "{}", list.body.len());
        assert_eq!(numbers(&root.get(&format!("{LIST}?p=102")).await).len(), 3);
        assert_eq!(root.get(&format!("{LIST}?p=103")).await.header("Location"), format!("{LIST}?e=1"));
        // The newest rows are searched in full, the others only by the beginning.
        let found = root.get(&format!("{LIST}?q=10100")).await;
        assert_eq!(numbers(&found), ["N10100"]);
        assert!(found.body.contains("This table is large."), "{}", found.body);
        assert_eq!(numbers(&root.get(&format!("{LIST}?q=A-1")).await), ["A-1"]);
        assert!(numbers(&root.get(&format!("{LIST}?q=-1")).await).is_empty());
        assert_eq!(numbers(&root.get(&format!("{LIST}?q=-1&_every_row=1")).await), ["A-1"]);
        // The file has every row.
        let file = root.get(&format!("{LIST}export/")).await;
        assert_eq!(file.body.lines().count(), 10_104);
    }
}
