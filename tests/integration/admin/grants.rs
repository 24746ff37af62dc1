//! The permissions that members of the staff may give to users and groups.

use super::{errors, key, logged_in, messages, one, site, staff, submit};
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
        assert_eq!(change(&app, &carol, "root", &[("is_staff", "on")]).await.status, 403);
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
        assert_eq!((app.count("auth_user_groups").await, app.count("auth_user_user_permissions").await), (1, 4));
        assert_eq!(change(&app, &carol, "bob", &[]).await.status, 302);
        assert_eq!((app.count("auth_user_groups").await, app.count("auth_user_user_permissions").await), (0, 3));
        // Permissions that a group already has may stay, and be taken away.
        let uri = format!("/admin/auth/group/{writers}/change/");
        let response = submit(&carol, &uri, &[("name", "Authors"), ("permissions", &delete)]).await;
        assert_eq!(response.status, 302, "{}", response.body);
        assert_eq!(app.count("auth_group_permissions").await, 2);
        assert_eq!(submit(&carol, &uri, &[("name", "Authors")]).await.status, 302);
        assert_eq!(app.count("auth_group_permissions").await, 1);
    }

    async fn users_with_more_permissions_can_only_be_looked_at(db: TestDatabase) {
        let app = site(db).await;
        staff(&app, "carol", &["auth.change_user"]).await;
        staff(&app, "dan", &["auth.change_user", "auth.delete_user"]).await;
        staff(&app, "erin", &["auth.change_user"]).await;
        // An inactive user counts as well: who may change one could activate the account.
        app.sql("UPDATE auth_user SET is_active = FALSE WHERE username = 'dan'").await;
        app.sql("INSERT INTO auth_group (name) VALUES ('Writers')").await;
        app.sql(
            "INSERT INTO auth_group_permissions (group_id, permission_id) SELECT g.id, p.id FROM auth_group g, auth_permission p \
             WHERE p.codename = 'add_group'",
        )
        .await;
        app.sql("INSERT INTO auth_user_groups (user_id, group_id) SELECT u.id, g.id FROM auth_user u, auth_group g WHERE u.username = 'bob'")
            .await;
        let carol = logged_in(&app, "carol").await;
        let passwords = [("password1", "a new long phrase"), ("password2", "a new long phrase"), ("set-password", "x")];
        let stored = "SELECT username || email || CAST(is_active AS text) || password AS text FROM auth_user WHERE id = ";
        for name in ["root", "dan", "bob"] {
            let id = key(&app, "auth_user", &format!("username = '{name}'")).await;
            let before = one(&app, &format!("{stored}{id}")).await;
            let uri = format!("/admin/auth/user/{id}/");
            let page = carol.get(&format!("{uri}change/")).await;
            assert_eq!(page.status, 200, "{}", page.body);
            assert!(page.body.contains(&format!("<title>{name} | View user | Django site admin</title>")), "{}", page.body);
            for html in ["name=\"_save\"", "name=\"username\"", "name=\"do\"", "deletelink"] {
                assert!(!page.body.contains(html), "{html} is in {}", page.body);
            }
            let fields = [("username", "taken"), ("email", "taken@example.com"), ("is_active", "")];
            assert_eq!(change(&app, &carol, name, &fields).await.status, 403);
            assert_eq!(carol.get(&format!("{uri}password/")).await.status, 403);
            assert_eq!(submit(&carol, &format!("{uri}password/"), &passwords).await.status, 403);
            assert_eq!(submit(&carol, &format!("{uri}logins/"), &[("do", "end_all")]).await.status, 403);
            assert_eq!(one(&app, &format!("{stored}{id}")).await, before);
        }
        assert_eq!(app.count("django_admin_log").await, 0);
        // Users without permissions, and those with the same, stay as they are in Django.
        for name in ["alice", "erin"] {
            let id = key(&app, "auth_user", &format!("username = '{name}'")).await;
            let response = submit(&carol, &format!("/admin/auth/user/{id}/password/"), &passwords).await;
            assert_eq!(response.status, 302, "{}", response.body);
            let response = submit(&carol, &format!("/admin/auth/user/{id}/logins/"), &[("do", "end_all")]).await;
            assert_eq!(response.status, 302, "{}", response.body);
            assert_eq!(change(&app, &carol, name, &[("email", "new@example.com"), ("is_active", "")]).await.status, 302);
        }
        assert_eq!(app.count("auth_user WHERE email = 'new@example.com'").await, 2);
    }

    async fn superusers_are_deleted_by_superusers(db: TestDatabase) {
        let app = site(db).await;
        staff(&app, "carol", &["auth.view_user", "auth.delete_user"]).await;
        staff(&app, "dan", &["auth.change_user"]).await;
        let carol = logged_in(&app, "carol").await;
        let root = key(&app, "auth_user", "username = 'root'").await.to_string();
        let dan = key(&app, "auth_user", "username = 'dan'").await.to_string();
        let uri = format!("/admin/auth/user/{root}/delete/");
        assert!(!carol.get(&format!("/admin/auth/user/{root}/change/")).await.body.contains("deletelink"));
        assert_eq!(carol.get(&uri).await.status, 403);
        assert_eq!(submit(&carol, &uri, &[("post", "yes")]).await.status, 403);
        let selected = [("action", "delete_selected"), ("_selected_action", &*root), ("_selected_action", &*dan)];
        let question = submit(&carol, "/admin/auth/user/", &selected).await;
        assert_eq!(question.status, 200, "{}", question.body);
        assert!(question.body.contains("<title>Cannot delete users | Django site admin</title>"), "{}", question.body);
        let confirmed = [&selected[..], &[("post", "yes")]].concat();
        assert_eq!(submit(&carol, "/admin/auth/user/", &confirmed).await.status, 403);
        assert_eq!(app.count("auth_user WHERE username IN ('root', 'dan')").await, 2);
        assert_eq!(app.count("django_admin_log").await, 0);
        // As in Django, a user with other permissions can be deleted. Nobody can act as that user afterwards.
        let response = submit(&carol, &format!("/admin/auth/user/{dan}/delete/"), &[("post", "yes")]).await;
        assert_eq!((response.status, response.header("Location")), (302, "/admin/"), "{}", response.body);
        assert_eq!(app.count("auth_user WHERE username = 'dan'").await, 0);
        let boss = logged_in(&app, "root").await;
        let uri = format!("/admin/auth/user/{}/delete/", staff(&app, "ria", &[]).await);
        app.sql("UPDATE auth_user SET is_superuser = TRUE WHERE username = 'ria'").await;
        assert_eq!(submit(&boss, &uri, &[("post", "yes")]).await.status, 302);
        assert_eq!(app.count("auth_user WHERE username = 'ria'").await, 0);
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

/// On SQLite transactions that write do not overlap.
#[actix_web::test]
async fn a_user_who_gets_a_permission_before_the_commit_is_not_changed() {
    let Some(db) = TestDatabase::postgres() else { return };
    let app = site(db).await;
    staff(&app, "carol", &["auth.change_user"]).await;
    let carol = logged_in(&app, "carol").await;
    let stored = "SELECT username || password AS text FROM auth_user WHERE email = 'given@example.com'";
    let take =
        "DELETE FROM auth_user_user_permissions WHERE user_id IN (SELECT id FROM auth_user WHERE username = 'alice')";
    // As the page of the user gives it: first the row, then the permissions.
    let give = "UPDATE auth_user SET email = 'given@example.com' WHERE username = 'alice'; \
                INSERT INTO auth_user_user_permissions (user_id, permission_id) SELECT u.id, p.id \
                FROM auth_user u, auth_permission p WHERE u.username = 'alice' AND p.codename = 'delete_user'";
    let id = key(&app, "auth_user", "username = 'alice'").await;
    let before = one(&app, "SELECT username || password AS text FROM auth_user WHERE username = 'alice'").await;

    let uri = format!("/admin/auth/user/{id}/password/");
    let fields = [("password1", "a new long phrase"), ("password2", "a new long phrase"), ("set-password", "x")];
    let answer = app.tables().meet_transaction(give, submit(&carol, &uri, &fields)).await;
    assert_eq!(answer.status, 403);
    assert_eq!(one(&app, stored).await, before);

    app.sql(take).await;
    let uri = format!("/admin/auth/user/{id}/change/");
    let fields =
        [("username", "taken"), ("date_joined_0", "2024-03-01"), ("date_joined_1", "12:30"), ("_save", "Save")];
    let answer = app.tables().meet_transaction(give, submit(&carol, &uri, &fields)).await;
    assert_eq!(answer.status, 403);
    assert_eq!(one(&app, stored).await, before);
}
