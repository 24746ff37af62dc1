//! Deadlocks on PostgreSQL. A foreign key locks its referenced row only at the commit. For example, the log of a deletion refers
//! to the user who deletes.

use super::{key, logged_in, site, submit};
use crate::support::{Browser, TestApp, TestDatabase};

/// A site whose superuser is a member of the group `staff`, their keys, and the superuser's browser.
async fn story() -> Option<(TestApp, Browser, i64, i64)> {
    let app = site(TestDatabase::postgres()?).await;
    app.sql("INSERT INTO auth_group (name) VALUES ('staff')").await;
    let (root, staff) =
        (key(&app, "auth_user", "username = 'root'").await, key(&app, "auth_group", "name = 'staff'").await);
    app.sql(&format!("INSERT INTO auth_user_groups (user_id, group_id) VALUES ({root}, {staff})")).await;
    let browser = logged_in(&app, "root").await;
    Some((app, browser, root, staff))
}

#[actix_web::test]
async fn a_group_is_deleted_although_its_deletion_and_a_change_of_the_user_waited_for_each_other() {
    let Some((app, browser, root, staff)) = story().await else { return };
    let rename = format!("UPDATE auth_user SET username = 'boss' WHERE id = {root}");
    let leave = format!("DELETE FROM auth_user_groups WHERE user_id = {root}");
    let uri = format!("/admin/auth/group/{staff}/delete/");
    let answer = app.tables().meet_deadlock(&rename, &leave, submit(&browser, &uri, &[("post", "yes")])).await;
    assert_eq!(answer.status, 302, "{}", answer.body);
    assert_eq!(app.count("auth_group").await, 0);
    assert_eq!(app.count("django_admin_log").await, 1);
}

#[actix_web::test]
async fn selected_groups_are_deleted_although_a_change_of_the_user_waited_as_well() {
    let Some((app, browser, root, staff)) = story().await else { return };
    let rename = format!("UPDATE auth_user SET username = 'boss' WHERE id = {root}");
    let leave = format!("DELETE FROM auth_user_groups WHERE user_id = {root}");
    let staff = staff.to_string();
    let fields = [("action", "delete_selected"), ("_selected_action", staff.as_str()), ("post", "yes")];
    let request = submit(&browser, "/admin/auth/group/", &fields);
    let answer = app.tables().meet_deadlock(&rename, &leave, request).await;
    assert_eq!(answer.status, 302, "{}", answer.body);
    assert_eq!(app.count("auth_group").await, 0);
    assert_eq!(app.count("django_admin_log").await, 1);
}

#[actix_web::test]
async fn a_user_is_changed_although_the_deletion_of_a_group_waited_as_well() {
    let Some((app, browser, root, staff)) = story().await else { return };
    let empty = format!("DELETE FROM auth_user_groups WHERE group_id = {staff}");
    let log = format!("SELECT 1 FROM auth_user WHERE id = {root} FOR KEY SHARE");
    let fields = [
        ("username", "boss"),
        ("is_active", "on"),
        ("is_staff", "on"),
        ("is_superuser", "on"),
        ("date_joined_0", "2024-03-01"),
        ("date_joined_1", "12:30"),
        ("_save", "x"),
    ];
    let uri = format!("/admin/auth/user/{root}/change/");
    let answer = app.tables().meet_deadlock(&empty, &log, submit(&browser, &uri, &fields)).await;
    assert_eq!(answer.status, 302, "{}", answer.body);
    assert_eq!(app.count("auth_user WHERE username = 'boss'").await, 1);
    assert_eq!(app.count("auth_user_groups").await, 0);
}
