//! Passwords in the admin site, and the logins that end when they change.

use std::sync::Mutex;

use actix_simplejwt::contrib::auth::signals::{EndOfLogins, LoginsEnded};

use super::{errors, key, logged_in, messages, one, shop, site, submit, urls};
use crate::support::{TestApp, TestDatabase};

/// The notifications of apps, for the tests of this file. Each test has its own users, so keys tell them apart.
static TOLD: Mutex<Vec<(String, EndOfLogins)>> = Mutex::new(Vec::new());

async fn told(app: &TestApp, id: i64) -> Vec<EndOfLogins> {
    let mark = format!("{}:{id}", app.tables().url);
    let told = TOLD.lock().unwrap();
    told.iter().filter(|(known, _)| *known == mark).map(|(_, reason)| *reason).collect()
}

per_database! {
    async fn a_password_that_is_set_ends_the_sessions_of_its_user(db: TestDatabase) {
        let app = site(db).await;
        let (root, alice) = (logged_in(&app, "root").await, logged_in(&app, "alice").await);
        app.sql("UPDATE auth_user SET is_staff = TRUE WHERE username = 'alice'").await;
        assert_eq!(alice.get("/admin/auth/user/add/").await.status, 403);
        let id = key(&app, "auth_user", "username = 'alice'").await;
        let uri = format!("/admin/auth/user/{id}/password/");
        let page = root.get(&uri).await;
        assert!(page.body.contains("Enter a new password for the user <strong>alice</strong>."), "{}", page.body);
        assert!(!page.body.contains("value=\"correct"), "{}", page.body);
        let own = root.cookie("sessionid").unwrap();
        let fields = [
            ("usable_password", "true"),
            ("password1", "a new long phrase"),
            ("password2", "a new long phrase"),
            ("set-password", "x"),
        ];
        let response = submit(&root, &uri, &fields).await;
        let change = format!("/admin/auth/user/{id}/change/");
        assert_eq!((response.status, response.header("Location")), (302, &*change), "{}", response.body);
        // The administrator's session gets a new key.
        assert_ne!(root.cookie("sessionid").unwrap(), own);
        assert_eq!(messages(&root, &change).await, ["Password changed successfully."]);
        let response = alice.get("/admin/auth/user/add/").await;
        assert_eq!((response.status, response.header("Location")), (302, "/admin/login/?next=/admin/auth/user/add/"));
        assert_eq!(alice.cookie("sessionid"), None);
        let stored = one(&app, &format!("SELECT password AS text FROM auth_user WHERE id = {id}")).await;
        assert!(stored.starts_with("md5$") && app.auth().hashers().check("a new long phrase", &stored).is_correct);
        let log = "SELECT object_repr || change_message AS text FROM django_admin_log";
        assert_eq!(one(&app, log).await, "alice[{\"changed\": {\"fields\": [\"password\"]}}]");
        // No part of the password is in the pages.
        let page = root.get(&change).await;
        let (_, hash) = stored.rsplit_once('$').unwrap();
        assert!(!page.body.contains(&hash[..12]) && !page.body.contains("long phrase"), "{}", page.body);
    }

    async fn a_single_new_password_of_ones_own_is_checked_too(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        root.get("/admin/password_change/").await;
        let fields = [("old_password", "correct horse"), ("new_password1", ""), ("new_password2", "short")];
        let response = submit(&root, "/admin/password_change/", &fields).await;
        let too_short = "This password is too short. It must contain at least 8 characters.";
        assert_eq!(errors(&response), [
            ("new_password1".to_owned(), vec!["This field is required.".to_owned()]),
            ("new_password2".to_owned(), vec![too_short.to_owned()]),
        ]);
    }

    async fn a_weak_password_is_refused_whatever_the_client_sends(db: TestDatabase) {
        let app = site(db).await;
        let root = logged_in(&app, "root").await;
        root.get("/admin/auth/user/add/").await;
        let add = "/admin/auth/user/add/";
        for (fields, field, problems) in [
            (&[("password1", "1234"), ("password2", "1234")][..], "password2", &[
                "This password is too short. It must contain at least 8 characters.",
                "This password is too common.",
                "This password is entirely numeric.",
            ][..]),
            (&[("password1", "newcomer1"), ("password2", "newcomer1")], "password2", &[
                "The password is too similar to the username.",
            ]),
            (&[("password1", "a\0long phrase"), ("password2", "a\0long phrase")], "password1", &[
                "Null characters are not allowed.",
            ]),
        ] {
            let mut all = vec![("username", "newcomer"), ("usable_password", "true"), ("is_superuser", "on")];
            all.extend_from_slice(fields);
            let response = submit(&root, add, &all).await;
            let found = errors(&response);
            let problems: Vec<String> = problems.iter().map(|problem| (*problem).to_owned()).collect();
            assert_eq!(found[0], (field.to_owned(), problems), "{fields:?}");
            assert!(!response.body.contains("value=\"1234\""), "{}", response.body);
        }
        assert_eq!(app.count("auth_user WHERE username = 'newcomer'").await, 0);
    }

    async fn apps_are_told_when_logins_end(db: TestDatabase) {
        let extend = |builder: actix_simplejwt::AppsBuilder| {
            shop::register(builder).contribute(LoginsEnded::new(|conn, id, reason| {
                let mark = mark_of(conn)?;
                TOLD.lock().unwrap().push((format!("{mark}:{id}"), reason));
                Ok(())
            }))
        };
        let app = TestApp::build_site(db, urls, |_| {}, extend).await;
        app.sql("UPDATE auth_user SET is_superuser = TRUE, is_staff = TRUE WHERE username = 'alice'").await;
        app.sql(&format!("CREATE TABLE test_mark AS SELECT '{}' AS mark", app.tables().url)).await;
        let alice = logged_in(&app, "alice").await;
        let bob = key(&app, "auth_user", "username = 'bob'").await;
        let fields = [
            ("username", "bob"),
            ("date_joined_0", "2024-03-01"),
            ("date_joined_1", "12:30"),
            ("_save", "x"),
        ];
        let response = submit(&alice, &format!("/admin/auth/user/{bob}/change/"), &fields).await;
        assert_eq!(response.status, 302, "{}", response.body);
        assert_eq!(told(&app, bob).await, [EndOfLogins::Deactivated]);
        // Only once, because he is not active any more.
        submit(&alice, &format!("/admin/auth/user/{bob}/change/"), &fields).await;
        let password = [("usable_password", "false"), ("unset-password", "x")];
        let response = submit(&alice, &format!("/admin/auth/user/{bob}/password/"), &password).await;
        assert_eq!(response.status, 302, "{}", response.body);
        assert_eq!(told(&app, bob).await, [EndOfLogins::Deactivated, EndOfLogins::PasswordChanged]);
        assert_eq!(app.count(&format!("auth_user WHERE id = {bob} AND password LIKE '!%'")).await, 1);
    }
}

fn mark_of(conn: &mut actix_simplejwt::db::DbConnection) -> Result<String, actix_simplejwt::db::DatabaseError> {
    use diesel::prelude::*;

    #[derive(QueryableByName)]
    struct Mark {
        #[diesel(sql_type = diesel::sql_types::Text)]
        mark: String,
    }
    Ok(diesel::sql_query("SELECT mark FROM test_mark").get_result::<Mark>(conn)?.mark)
}
