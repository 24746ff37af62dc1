//! The pages of users: unexpected behaviour of Django.

use super::{errors, key, logged_in, one, site, submit};
use crate::support::{TestApp, TestDatabase};

/// The last entry of the log.
async fn last_change(app: &TestApp) -> String {
    one(app, "SELECT change_message AS text FROM django_admin_log ORDER BY id DESC LIMIT 1").await
}

per_database! {
    async fn the_domain_of_an_address_is_stored_in_lower_case(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        let uri = format!("/admin/auth/user/{}/change/", key(&app, "auth_user", "username = 'alice'").await);
        let user = |email| {
            [("username", "alice"), ("email", email), ("date_joined_0", "2024-03-01"), ("date_joined_1", "12:30:00")]
        };
        let response = submit(&root, &uri, &user("Alice.B@EXAMPLE.Org")).await;
        assert_eq!(response.status, 302, "{}", response.body);
        let email = "SELECT email AS text FROM auth_user WHERE username = 'alice'";
        assert_eq!(one(&app, email).await, "Alice.B@example.org");
        let refused = submit(&root, &uri, &user("alice@example.o1")).await;
        assert_eq!(errors(&refused), [("email".to_owned(), vec!["Enter a valid email address.".to_owned()])]);
    }

    async fn a_group_is_chosen_by_its_key_as_the_page_has_it(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        app.sql("INSERT INTO auth_group (name) VALUES ('Editors')").await;
        let group = key(&app, "auth_group", "name = 'Editors'").await;
        let id = key(&app, "auth_user", "username = 'alice'").await;
        let spaced = format!(" {group}");
        for (sent, problem) in [
            (&*spaced, format!("Select a valid choice. {spaced} is not one of the available choices.")),
            ("1\0", "Null characters are not allowed.".to_owned()),
        ] {
            let fields = [
                ("username", "alice"),
                ("date_joined_0", "2024-03-01"),
                ("date_joined_1", "12:30:00"),
                ("groups", sent),
            ];
            let refused = submit(&root, &format!("/admin/auth/user/{id}/change/"), &fields).await;
            assert_eq!(errors(&refused), [("groups".to_owned(), vec![problem])]);
        }
        assert_eq!(app.count("auth_user_groups").await, 0);
    }

    async fn the_log_names_a_password_that_was_typed_and_not_used(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        let uri = format!("/admin/auth/user/{}/password/", key(&app, "auth_user", "username = 'alice'").await);
        for (typed, message) in [("a new long phrase", r#"[{"changed": {"fields": ["password"]}}]"#), ("", "[]")] {
            app.sql("UPDATE auth_user SET password = '' WHERE username = 'alice'").await;
            // An empty password string counts as a usable password, which can be disabled.
            let page = root.get(&uri).await;
            assert!(page.body.contains("name=\"unset-password\""), "{}", page.body);
            let fields =
                [("usable_password", "false"), ("password1", typed), ("password2", typed), ("unset-password", "x")];
            let response = submit(&root, &uri, &fields).await;
            assert_eq!(response.status, 302, "{}", response.body);
            assert_eq!(last_change(&app).await, message);
            let stored = one(&app, "SELECT password AS text FROM auth_user WHERE username = 'alice'").await;
            assert!(stored.starts_with('!'), "{stored}");
        }
    }

    async fn a_deletion_lists_the_newest_entries_of_the_log_first(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        let id = key(&app, "auth_user", "username = 'alice'").await;
        for (day, name) in [("02", "second"), ("03", "third"), ("01", "first")] {
            app.sql(&format!(
                "INSERT INTO django_admin_log (action_time, object_repr, action_flag, change_message, user_id) \
                 VALUES ('2024-03-{day} 12:00:00', '{name}', 3, '', {id})"
            ))
            .await;
        }
        let page = root.get(&format!("/admin/auth/user/{id}/delete/")).await;
        let entries: Vec<&str> = page.body.split("Log entry: Deleted “").skip(1).map(|text| text.split('.').next().unwrap()).collect();
        assert_eq!(entries, ["third", "second", "first"], "{}", page.body);
    }

    async fn a_filter_without_choices_does_nothing(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        for query in ["groups__id__exact=1", "groups__id__exact=x", "groups__isnull=False"] {
            let page = root.get(&format!("/admin/auth/user/?{query}")).await;
            assert_eq!(page.status, 200);
            assert!(page.body.contains("4 users\n"), "{}", page.body);
            assert!(!page.body.contains("Clear all filters") && !page.body.contains("By groups"), "{}", page.body);
        }
        app.sql("INSERT INTO auth_group (id, name) VALUES (1, 'Editors')").await;
        let page = root.get("/admin/auth/user/?groups__id__exact=1").await;
        assert!(page.body.contains("0 users") && page.body.contains("Clear all filters"), "{}", page.body);
    }

    async fn numbers_are_those_of_python(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        let id = key(&app, "auth_user", "username = 'root'").await;
        // The digits of Arabic: U+0660 is the zero.
        let other_digits: String = id.to_string().bytes().map(|digit| format!("%D9%{:X}", 0xa0 + digit - b'0')).collect();
        let too_large = "99999999999999999999";
        for (query, rows) in [
            (format!("id={other_digits}"), "1 user\n"),
            (format!("id={too_large}"), "0 users\n"),
            (format!("id__gt={too_large}"), "0 users\n"),
            (format!("id__lt={too_large}"), "4 users\n"),
            (format!("id__lte={too_large}"), "4 users\n"),
            (format!("id__gte=-{too_large}"), "4 users\n"),
            (format!("id__lt=-{too_large}"), "0 users\n"),
            // A separator that Unicode does not count as white space.
            ("q=%1Froot".to_owned(), "1 user\n"),
        ] {
            let page = root.get(&format!("/admin/auth/user/?{query}")).await;
            assert!(page.status == 200 && page.body.contains(rows), "{query}: {}", page.body);
        }
        assert_eq!(root.get(&format!("/admin/auth/user/{other_digits}/change/")).await.status, 200);
    }

    async fn the_link_that_clears_filters_keeps_the_other_conditions(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        let query = "is_staff__exact=1&username__in=root,x&id=1&id=2&last_login__isnull=1&q=a";
        let page = root.get(&format!("/admin/auth/user/?{query}")).await;
        let link = page.body.split("\">✖ Clear all filters").next().unwrap().rsplit("href=\"").next().unwrap();
        let kept = "id=1&#38;id=2&#38;last_login__isnull=True&#38;q=a&#38;username__in=%5B%27root%27%2C+%27x%27%5D";
        assert_eq!(link, format!("?{kept}"), "{}", page.body);
    }

    async fn a_filter_takes_the_truth_values_of_python(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        for value in ["1", "t", "True", "0", "f", "False"] {
            assert_eq!(root.get(&format!("/admin/auth/user/?is_staff__exact={value}")).await.status, 200, "{value}");
        }
        for value in ["true", "TRUE", "false", "on", "2"] {
            let response = root.get(&format!("/admin/auth/user/?is_staff__exact={value}")).await;
            assert_eq!((response.status, response.header("Location")), (302, "/admin/auth/user/?e=1"), "{value}");
        }
    }
}
