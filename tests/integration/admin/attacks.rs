//! Requests that no form of the site makes.

use super::{errors, key, logged_in, messages, one, site, site_with, staff, submit};
use crate::support::{Browser, TestDatabase};

per_database! {
    async fn parameters_beyond_what_a_database_takes_are_refused(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        let list = "/admin/auth/user/";
        let repeated = |term: &str, times: usize| vec![term; times].join("&");
        for query in [
            repeated("id=1", 1_000),
            repeated("is_staff__exact=1", 900),
            repeated("groups__id__exact=1", 900),
            repeated("groups__id__exact=1", 101),
            format!("id__in={}", "1,".repeat(1_000)),
        ] {
            for path in [list.to_owned(), format!("{list}export/")] {
                let response = root.get(&format!("{path}?{query}")).await;
                assert_eq!((response.status, response.header("Location")), (302, "/admin/auth/user/?e=1"), "{path} {query:.20}");
            }
        }
        let response = root.get(&format!("{list}?{}", repeated("id=1", 100))).await;
        assert_eq!(response.status, 200, "{}", response.body);
        let response = root.get(&format!("{list}?o={}", vec!["1.2"; 5_000].join("."))).await;
        assert_eq!(response.status, 200, "{}", response.body);
    }

    async fn a_text_that_is_too_long_is_not_searched_for(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        for (text, length) in [("a+".repeat(2_000), 4_000), ("a".repeat(60_000), 60_000), ("_".repeat(401), 401)] {
            let uri = format!("/admin/auth/user/?q={text}");
            let problem = format!("Ensure this value has at most 400 characters (it has {length}).");
            assert_eq!(messages(&root, &uri).await, [problem]);
            let response = root.get(&format!("/admin/auth/user/export/?q={text}")).await;
            assert_eq!((response.status, response.header("Location")), (302, "/admin/auth/user/?e=1"));
        }
        let words = "a+".repeat(200);
        assert_eq!(root.get(&format!("/admin/auth/user/?q={words}")).await.status, 200);
        assert_eq!(root.get("/admin/auth/user/export/?q=%00").await.status, 302);
    }

    async fn no_text_has_a_nul(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        for lookup in ["exact", "iexact", "contains", "icontains", "startswith", "istartswith", "endswith", "in"] {
            let response = root.get(&format!("/admin/auth/user/?username__{lookup}=a%00")).await;
            assert_eq!((response.status, response.header("Location")), (302, "/admin/auth/user/?e=1"), "{lookup}");
        }
    }

    async fn only_the_staff_sends_large_forms(db: TestDatabase) {
        let app = site(db).await;
        let large = [("next", "a".repeat(40_000))];
        let large: Vec<(&str, &str)> = large.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let nobody = Browser::new(app.anonymous());
        nobody.get("/admin/login/").await;
        for uri in ["/admin/login/", "/admin/", "/admin/auth/user/add/"] {
            assert_eq!(submit(&nobody, uri, &large).await.status, 413, "{uri}");
        }
        let root = logged_in(&app, "root").await;
        assert_eq!(submit(&root, "/admin/auth/user/add/", &large).await.status, 200);
        let huge = "a".repeat(2_700_000);
        assert_eq!(submit(&root, "/admin/auth/user/add/", &[("username", huge.as_str())]).await.status, 413);
    }

    async fn forms_share_the_memory_of_all_bodies(db: TestDatabase) {
        let app = site_with(db, |settings| settings.rest_framework.limits.total = 20_000).await;
        let root = logged_in(&app, "root").await;
        for (length, status) in [(15_000, 200), (25_000, 413)] {
            let large = "a".repeat(length);
            assert_eq!(submit(&root, "/admin/auth/user/add/", &[("username", large.as_str())]).await.status, status);
        }
    }

    async fn only_addresses_are_unlocked(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        for address in ["a\0b".to_owned(), "a".repeat(100_000)] {
            assert_eq!(submit(&root, "/admin/search/", &[("address", &address)]).await.status, 400);
        }
        assert_eq!(submit(&root, "/admin/search/", &[("address", "10.0.0.1")]).await.status, 302);
    }

    async fn a_token_does_not_become_that_of_another_user(db: TestDatabase) {
        let app = site(db).await;
        let id = staff(&app, "carol", &["authtoken.view_tokenproxy", "authtoken.change_tokenproxy"]).await;
        let known = "0123456789abcdef0123456789abcdef01234567";
        app.sql(&format!(
            "INSERT INTO authtoken_token (key, created, user_id) VALUES ('{known}', '2026-01-01 00:00:00', {id})"
        ))
        .await;
        let root = key(&app, "auth_user", "username = 'root'").await.to_string();
        let owner = format!("SELECT CAST(user_id AS text) AS text FROM authtoken_token WHERE key = '{known}'");

        let carol = logged_in(&app, "carol").await;
        let page = format!("/admin/authtoken/tokenproxy/{id}/change/");
        let response = submit(&carol, &page, &[("user", &root)]).await;
        let problem = "Only superusers can give a token to another user.".to_owned();
        assert_eq!(errors(&response), [("user".to_owned(), vec![problem])]);
        assert_eq!(one(&app, &owner).await, id.to_string());
        assert_eq!(submit(&carol, &page, &[("user", &id.to_string())]).await.status, 302);

        let superuser = logged_in(&app, "root").await;
        assert_eq!(submit(&superuser, &page, &[("user", &root)]).await.status, 302);
        assert_eq!(one(&app, &owner).await, root);
    }
}
