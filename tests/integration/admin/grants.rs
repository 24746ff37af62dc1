//! The permissions that members of the staff may give to users and groups.

use super::{errors, key, logged_in, messages, site, staff, submit};
use crate::support::{Browser, Response, TestApp, TestDatabase};

/// Sends the form of a user as it is, with changes.
async fn change(app: &TestApp, browser: &Browser, name: &str, changed: &[(&str, &str)]) -> Response {
    let id = key(app, "auth_user", &format!("username = '{name}'")).await;
    let mut fields = vec![
        ("username", name),
        ("first_name", ""),
        ("last_name", ""),
        ("email", ""),
        ("is_active", "on"),
        ("date_joined_0", "2024-03-01"),
        ("date_joined_1", "12:30"),
        ("_save", "Save"),
    ];
    fields.extend_from_slice(changed);
    submit(browser, &format!("/admin/auth/user/{id}/change/"), &fields).await
}

async fn permission(app: &TestApp, codename: &str) -> String {
    key(app, "auth_permission", &format!("codename = '{codename}'")).await.to_string()
}

per_database! {
    async fn only_superusers_make_superusers(db: TestDatabase) {
        let app = site(db).await;
        staff(&app, "carol", &["auth.change_user"]).await;
        let own = permission(&app, "change_user").await;
        let carol = logged_in(&app, "carol").await;
        for name in ["carol", "bob"] {
            // Her own permission stays.
            let fields = [("is_staff", "on"), ("is_superuser", "on"), ("user_permissions", own.as_str())];
            let response = change(&app, &carol, name, &fields).await;
            assert_eq!(response.status, 302, "{}", response.body);
            assert_eq!(
                messages(&carol, "/admin/auth/user/").await,
                [
                    "The superuser status was not changed: only superusers can change it.".to_owned(),
                    format!("The user “{name}” was changed successfully."),
                ]
            );
        }
        // No other user takes it away either.
        assert_eq!(change(&app, &carol, "root", &[("is_staff", "on")]).await.status, 302);
        assert_eq!(app.count("auth_user WHERE is_superuser AND username = 'root'").await, 1);
        assert_eq!(app.count("auth_user WHERE is_superuser").await, 1);
        assert_eq!(app.count("django_admin_log WHERE change_message LIKE '%uperuser%'").await, 0);

        let root = logged_in(&app, "root").await;
        assert_eq!(change(&app, &root, "bob", &[("is_superuser", "on")]).await.status, 302);
        assert_eq!(app.count("auth_user WHERE is_superuser").await, 2);
    }

    async fn others_give_what_they_have(db: TestDatabase) {
        let app = site(db).await;
        staff(&app, "carol", &["auth.change_user", "auth.view_group", "auth.change_group"]).await;
        app.sql("INSERT INTO auth_group (name) VALUES ('Readers'), ('Writers')").await;
        let (readers, writers) = (key(&app, "auth_group", "name = 'Readers'").await, key(&app, "auth_group", "name = 'Writers'").await);
        let (view, delete) = (permission(&app, "view_group").await, permission(&app, "delete_user").await);
        app.sql(&format!(
            "INSERT INTO auth_group_permissions (group_id, permission_id) VALUES ({readers}, {view}), ({writers}, {delete})"
        ))
        .await;
        let carol = logged_in(&app, "carol").await;
        let (readers, writers) = (readers.to_string(), writers.to_string());
        for (name, value, problem) in [
            ("user_permissions", &delete, "You can only add permissions that you have yourself."),
            ("groups", &writers, "You can only add groups whose permissions you have yourself."),
        ] {
            let response = change(&app, &carol, "carol", &[("is_staff", "on"), (name, value)]).await;
            assert_eq!(errors(&response), [(name.to_owned(), vec![problem.to_owned()])]);
        }
        let group = submit(
            &carol,
            &format!("/admin/auth/group/{readers}/change/"),
            &[("name", "Readers"), ("permissions", &view), ("permissions", &delete)],
        )
        .await;
        assert_eq!(
            errors(&group),
            [("permissions".to_owned(), vec!["You can only add permissions that you have yourself.".to_owned()])]
        );
        let response = change(&app, &carol, "bob", &[("user_permissions", &view), ("groups", &readers)]).await;
        assert_eq!(response.status, 302, "{}", response.body);
        // Permissions that a user already has may stay, and be taken away.
        app.sql(&format!("INSERT INTO auth_user_groups (user_id, group_id) SELECT id, {writers} FROM auth_user WHERE username = 'bob'"))
            .await;
        let response = change(&app, &carol, "bob", &[("groups", &readers), ("groups", &writers)]).await;
        assert_eq!(response.status, 302, "{}", response.body);
        assert_eq!(change(&app, &carol, "bob", &[]).await.status, 302);
        assert_eq!((app.count("auth_user_groups").await, app.count("auth_group_permissions").await), (0, 2));
    }

    async fn the_password_of_a_superuser_is_set_by_superusers(db: TestDatabase) {
        let app = site(db).await;
        staff(&app, "carol", &["auth.change_user"]).await;
        let carol = logged_in(&app, "carol").await;
        let root = key(&app, "auth_user", "username = 'root'").await;
        let uri = format!("/admin/auth/user/{root}/password/");
        assert_eq!(carol.get(&uri).await.status, 403);
        let fields = [("password1", "a new long phrase"), ("password2", "a new long phrase"), ("set-password", "x")];
        assert_eq!(submit(&carol, &uri, &fields).await.status, 403);
        assert_eq!(app.count("django_admin_log").await, 0);
    }
}
