//! Addresses and their parameters, as Django reads them.

use actix_web::http::Method;

use super::{key, logged_in, messages, shop, site, staff, submit, urls};
use crate::support::{Browser, TestApp, TestDatabase};

/// The attribute `action` of the main form of a page.
fn action(body: &str) -> &str {
    let content = body.split("id=\"content\"").nth(1).unwrap();
    content.split("<form action=\"").nth(1).unwrap().split('"').next().unwrap()
}

per_database! {
    async fn a_form_is_sent_to_the_address_of_its_page(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        let id = key(&app, "auth_user", "username = 'root'").await;
        let (change, delete) = (format!("/admin/auth/user/{id}/change/"), format!("/admin/auth/user/{id}/delete/"));
        for (page, query, sent_to) in [
            (&change, "", ""),
            (&change, "?_popup=1&_to_field=id", "?_popup=1&#38;_to_field=id"),
            (&change, "?_changelist_filters=", "?_changelist_filters="),
            // The search of the list replaces the other parameters.
            (&change, "?_changelist_filters=q%3Da&_popup=1", "?_changelist_filters=q%3Da"),
            (&delete, "?_changelist_filters=q%3Da&_popup=1", "?_changelist_filters=q%3Da&#38;_popup=1"),
        ] {
            let response = root.get(&format!("{page}{query}")).await;
            assert_eq!(action(&response.body), format!("{page}{sent_to}"), "{query}");
        }
    }

    async fn a_window_beside_a_form_may_want_the_key_only(db: TestDatabase) {
        let app = site(db).await;
        let (root, id) = (logged_in(&app, "root").await, key(&app, "auth_user", "username = 'root'").await);
        let delete = format!("/admin/auth/user/{id}/delete/");
        let page = root.get(&format!("{delete}?_popup=1&_to_field=id")).await;
        assert!(page.body.contains("<input type=\"hidden\" name=\"_to_field\" value=\"id\">"), "{}", page.body);
        staff(&app, "newcomer", &[]).await;
        let newcomer = logged_in(&app, "newcomer").await;
        for page in [&*delete, &format!("/admin/auth/user/{id}/change/"), "/admin/auth/user/add/"] {
            for field in ["username", "nothing"] {
                // This is checked before the permissions.
                for browser in [&root, &newcomer] {
                    assert_eq!(browser.get(&format!("{page}?_to_field={field}")).await.status, 400, "{page} {field}");
                }
            }
        }
        assert_eq!(submit(&root, &delete, &[("post", "yes"), ("_to_field", "username")]).await.status, 400);
        assert_eq!(app.count("auth_user WHERE username = 'root'").await, 1);
    }

    async fn a_window_beside_a_form_says_so_in_the_form(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        root.get("/admin/auth/user/0/change/").await;
        for (name, popup, status) in [("One", "", 302), ("Two", "1", 200)] {
            let fields = [("name", name), ("_popup", popup)];
            let fields = if popup.is_empty() { &fields[..1] } else { &fields[..] };
            let response = submit(&root, "/admin/auth/group/add/?_popup=1", fields).await;
            assert_eq!(response.status, status, "{}", response.body);
            let id = key(&app, "auth_group", &format!("name = '{name}'")).await;
            let closed = response.body.contains(&format!("&#34;value&#34;:&#34;{id}&#34;"));
            assert_eq!(closed, status == 200, "{}", response.body);
            let fields = [("post", "yes"), ("_popup", popup)];
            let fields = if popup.is_empty() { &fields[..1] } else { &fields[..] };
            let response = submit(&root, &format!("/admin/auth/group/{id}/delete/?_popup=1"), fields).await;
            assert_eq!(response.status, status, "{}", response.body);
            // The page that closes the window shows no messages, so that none is lost.
            assert!(status != 200 || response.header("Set-Cookie").is_empty(), "{:?}", response.all("Set-Cookie"));
        }
        assert_eq!(messages(&root, "/admin/").await.len(), 3);
    }

    async fn an_address_is_read_and_then_escaped(db: TestDatabase) {
        let app = site(db).await;
        let nobody = Browser::new(app.anonymous());
        for (path, next) in [
            ("/admin/auth/user;x/?q=%c3%a4", "/admin/auth/user%253Bx/%3Fq%3D%25c3%25a4"),
            ("/admin/auth%2Fuser/", "/admin/auth/user/"),
            ("/admin/auth/%75ser/%c3%a4/", "/admin/auth/user/%25C3%25A4/"),
            ("/admin/%ff/", "/admin/%2525FF/"),
            ("/%61dmin/auth/", "/admin/auth/"),
        ] {
            let response = nobody.get(path).await;
            let location = format!("/admin/login/?next={next}");
            assert_eq!((response.status, response.header("Location")), (302, &*location), "{path}");
        }
        let root = logged_in(&app, "root").await;
        let uri = "/admin/auth/user/%ff/change/";
        assert_eq!(messages(&root, "/admin/").await, Vec::<String>::new());
        assert_eq!(root.get(uri).await.header("Location"), "/admin/");
        let told = ["User with ID “%FF” doesn’t exist. Perhaps it was deleted?"];
        assert_eq!(messages(&root, "/admin/").await, told);
    }

    async fn a_log_out_with_a_query_leads_to_the_address_without_it(db: TestDatabase) {
        let app = site(db).await;
        for path in ["/admin/logout/", "/api-auth/logout/"] {
            for (query, next, location) in [
                ("?next=//evil.example", None, path),
                ("?x=1", None, path),
                ("?next=/x/", None, "/x/"),
                ("?next=//evil.example", Some("/y/"), "/y/"),
                ("", Some("//evil.example"), ""),
                ("", Some(path), ""),
                ("", None, ""),
            ] {
                let root = logged_in(&app, "root").await;
                let fields: Vec<(&str, &str)> = next.iter().map(|next| ("next", *next)).collect();
                let response = submit(&root, &format!("{path}{query}"), &fields).await;
                let status = if location.is_empty() { 200 } else { 302 };
                assert_eq!((response.status, response.header("Location")), (status, location), "{path}{query} {next:?}");
                assert_eq!(root.cookie("sessionid"), None);
            }
        }
    }

    async fn odd_addresses_lead_where_they_lead_in_django(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        // No model has a page on the site, but the address is one.
        let response = root.get("/admin/r/4/1").await;
        assert_eq!((response.status, response.header("Location")), (301, "/admin/r/4/1/"));
        assert_eq!(root.get("/admin/r/4/1/").await.status, 404);
        assert_eq!(root.get("/admin/r/4").await.status, 404);
        // A key with a slash has no page for a password.
        let response = root.get("/admin/auth/user/a/b/password/").await;
        assert_eq!((response.status, response.header("Location")), (302, "/admin/auth/user/a/b/password/change/"));
        let response = submit(&root, "/admin/password_change/done/", &[]).await;
        assert_eq!((response.status, response.header("Allow")), (405, "GET, HEAD, OPTIONS"));
    }

    async fn the_methods_of_the_pages_about_oneself_are_those_of_django(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        for (path, allow) in [
            ("/admin/login/", "GET, POST, PUT, HEAD, OPTIONS"),
            ("/admin/password_change/", "GET, POST, PUT, HEAD, OPTIONS"),
            ("/admin/password_change/done/", "GET, HEAD, OPTIONS"),
            ("/admin/logout/", "POST, OPTIONS"),
        ] {
            let response = root.send(Method::OPTIONS, path, None, "", &[]).await;
            assert_eq!((response.status, response.header("Allow")), (200, allow), "{path}");
        }
    }

    async fn a_line_break_is_in_no_address(db: TestDatabase) {
        let app = site(db).await;
        let (nobody, root) = (Browser::new(app.anonymous()), logged_in(&app, "root").await);
        for path in ["/admin/%0A", "/admin/auth/user/1%0A/change/", "/admin/auth/user/%0A", "/admin/auth/group/1%0A/"] {
            for browser in [&nobody, &root] {
                let response = browser.get(path).await;
                assert_eq!((response.status, response.header("Vary")), (404, ""), "{path}");
                assert!(response.body.contains("<h1>Not Found</h1>"), "{}", response.body);
            }
        }
        // This address has another pattern.
        let id = key(&app, "auth_user", "username = 'root'").await;
        assert_eq!(root.get(&format!("/admin/auth/user/{id}%0A/password/")).await.status, 200);
    }

    async fn a_query_with_too_many_parameters_is_refused_where_it_is_read(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        let (enough, too_many) = ("&".repeat(999), "&".repeat(1000));
        for path in ["/admin/auth/user/", "/admin/auth/user/add/", "/api-auth/login/"] {
            assert_eq!(root.get(&format!("{path}?{enough}")).await.status, 200, "{path}");
            let response = root.get(&format!("{path}?{too_many}")).await;
            assert_eq!((response.status, response.header("Content-Type")), (400, "text/html; charset=utf-8"), "{path}");
            assert!(response.body.contains("<h1>Bad Request (400)</h1>"), "{}", response.body);
        }
        assert_eq!(root.get(&format!("/admin/?{too_many}")).await.status, 200);
        assert_eq!(root.get(&format!("/admin/login/?{too_many}")).await.status, 302);
        let nobody = Browser::new(app.anonymous());
        assert_eq!(nobody.get(&format!("/admin/login/?{too_many}")).await.status, 400);
        assert_eq!(nobody.get(&format!("/admin/auth/user/?{too_many}")).await.status, 302);
    }

    async fn a_list_that_cannot_be_shown_has_a_page_for_nobody(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        root.get("/admin/auth/user/0/change/").await;
        let page = root.get("/admin/auth/user/?nothing=1&e=1").await;
        assert_eq!((page.status, page.header("Set-Cookie")), (200, ""));
        assert!(page.body.contains("<span aria-current=\"page\">Database error</span>"), "{}", page.body);
        assert!(!page.body.contains("user-tools") && !page.body.contains("messagelist"), "{}", page.body);
        assert_eq!(messages(&root, "/admin/").await.len(), 1);
    }

    async fn parameters_fill_in_the_form_for_a_user(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        let page = root.get("/admin/auth/user/add/?usable_password=false&password1=secret&username=hugo").await;
        let chosen: Vec<&str> = page.body.split("<input ").filter(|input| input.contains(" checked")).collect();
        assert_eq!(chosen.len(), 1, "{}", page.body);
        assert!(chosen[0].contains("name=\"usable_password\""), "{}", chosen[0]);
        assert!(chosen[0].contains("value=\"false\" checked"), "{}", chosen[0]);
        assert!(page.body.contains("value=\"hugo\"") && !page.body.contains("value=\"secret\""), "{}", page.body);
    }

    async fn a_filter_by_a_model_without_pages_has_no_choices_to_count(db: TestDatabase) {
        let extend = |builder: actix_simplejwt::AppsBuilder| builder.admin(shop::FilteredNoteAdmin);
        let app = TestApp::build_site(db, urls, |_| {}, extend).await;
        shop::make_tables(&app).await;
        app.sql("UPDATE auth_user SET is_superuser = TRUE, is_staff = TRUE WHERE username = 'alice'").await;
        app.sql("INSERT INTO shop_note (text) VALUES ('one')").await;
        let alice = logged_in(&app, "alice").await;
        let page = alice.get("/admin/shop/note/?_facets=True").await;
        assert_eq!(page.status, 200, "{}", page.body);
        assert!(page.body.contains("By text") && !page.body.contains("By order"), "{}", page.body);
        assert!(page.body.contains("one (1)"), "{}", page.body);
    }
}
