//! Permissions of users and groups. Python counterpart: Django's `test_auth_backends`, `BaseModelBackendTest`.

use actix_simplejwt::contrib::auth::models::{DjangoUsers, User, UserModel};
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

/// Which of four permissions a user has.
async fn permissions(app: &TestApp, username: &'static str) -> [bool; 4] {
    app.write(move |conn| {
        let user = User::find_by_username(conn, username)?.ok_or(Error::NotFound)?;
        let own = DjangoUsers.permissions(conn, &user)?;
        Ok(["auth.add_user", "auth.change_user", "admin.add_user", "nonsense"]
            .map(|permission| own.contains(permission)))
    })
    .await
}

per_database! {
    async fn they_come_from_the_user_and_from_the_groups(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        grant(&app).await;
        assert_eq!(permissions(&app, "alice").await, [true, true, false, false]);
        assert_eq!(permissions(&app, "bob").await, [false; 4]);
    }

    async fn an_inactive_user_has_none_and_a_superuser_all(db: TestDatabase) {
        let app = TestApp::build(db, |_| {}).await;
        grant(&app).await;
        assert_eq!(permissions(&app, "ivan").await, [false; 4]);
        app.sql("UPDATE auth_user SET is_superuser = TRUE").await;
        assert_eq!(permissions(&app, "ivan").await, [false; 4]);
        assert_eq!(permissions(&app, "bob").await, [true; 4]);
    }
}
