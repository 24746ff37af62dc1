//! Permissions of users and groups. Python counterpart: Django's `test_auth_backends`, `BaseModelBackendTest`.

use std::collections::BTreeSet;

use actix_simplejwt::contrib::auth::models::{DjangoUsers, User};
use actix_simplejwt::contrib::auth::permissions::{get_all_permissions, has_perm, has_perms};
use diesel::result::Error;

use crate::support::{TestApp, TestDatabase};

/// alice has the permission to add users. alice and ivan have the permission to change them from their group.
async fn grant(app: &TestApp) {
    app.sql(
        "INSERT INTO auth_user_user_permissions (user_id, permission_id) SELECT u.id, p.id FROM auth_user u, \
         auth_permission p WHERE u.username = 'alice' AND p.codename = 'add_user'",
    )
    .await;
    app.sql("INSERT INTO auth_group (name) VALUES ('editors')").await;
    app.sql(
        "INSERT INTO auth_group_permissions (group_id, permission_id) SELECT g.id, p.id FROM auth_group g, \
         auth_permission p WHERE p.codename = 'change_user'",
    )
    .await;
    app.sql(
        "INSERT INTO auth_user_groups (user_id, group_id) SELECT u.id, g.id FROM auth_user u, auth_group g \
         WHERE u.username IN ('alice', 'ivan')",
    )
    .await;
}

/// Which of four permissions a user has, and all permissions of the user.
async fn permissions(app: &TestApp, username: &'static str) -> ([bool; 4], BTreeSet<String>) {
    app.write(move |conn| {
        let user = User::find_by_username(conn, username)?.ok_or(Error::NotFound)?;
        let mut has = |permission| has_perm(conn, &DjangoUsers, &user, permission);
        let some = [has("auth.add_user")?, has("auth.change_user")?, has("admin.add_user")?, has("nonsense")?];
        let all = get_all_permissions(conn, &DjangoUsers, &user)?;
        let both = has_perms(conn, &DjangoUsers, &user, &["auth.add_user", "auth.change_user"])?;
        assert_eq!(both, some[0] && some[1]);
        assert!(has_perms(conn, &DjangoUsers, &user, &[])?);
        Ok((some, all))
    })
    .await
}

per_database! {
    async fn they_come_from_the_user_and_from_the_groups(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        grant(&app).await;
        let (some, all) = permissions(&app, "alice").await;
        assert_eq!(some, [true, true, false, false]);
        assert_eq!(all, ["auth.add_user", "auth.change_user"].map(str::to_owned).into());
        assert_eq!(permissions(&app, "bob").await, ([false; 4], BTreeSet::new()));
    }

    async fn an_inactive_user_has_none_and_a_superuser_all(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        grant(&app).await;
        assert_eq!(permissions(&app, "ivan").await, ([false; 4], BTreeSet::new()));
        app.sql("UPDATE auth_user SET is_superuser = TRUE").await;
        assert_eq!(permissions(&app, "ivan").await, ([false; 4], BTreeSet::new()));
        let (some, all) = permissions(&app, "bob").await;
        assert_eq!(some, [true; 4]);
        assert_eq!(all.len() as i64, app.count("auth_permission").await);
        assert!(all.contains("authtoken.delete_token"));
    }
}
