//! Two instances on one database: a decision of one applies in the other from the next request on.

use futures_util::future::join_all;
use serde_json::json;

use super::text;
use crate::support::{TestApp, TestDatabase, alice, bob};

/// Number of rounds; `stress/volleys.py` sends more rounds to real processes.
const ROUNDS: usize = 12;

/// Concurrent requests of a round, half of them to each instance.
const CLIENTS: usize = 16;

async fn pair(db: TestDatabase) -> [TestApp; 2] {
    let first = TestApp::build(db, |settings| settings.simple_jwt.blacklist_after_rotation = true).await;
    let second = first.another(|settings| settings.simple_jwt.blacklist_after_rotation = true).await;
    [first, second]
}

per_database! {
    async fn one_of_many_refreshes_on_two_instances_succeeds(db: TestDatabase) {
        let apps = pair(db).await;
        let clients = [apps[0].anonymous(), apps[1].anonymous()];
        for _round in 0..ROUNDS {
            let refresh = text(&apps[0].login(&alice()).await, "refresh");
            let volley =
                (0..CLIENTS).map(|i| clients[i % 2].post("/api/token/refresh/", json!({ "refresh": refresh })));
            let answers = join_all(volley).await;
            let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
            assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
            assert_eq!(statuses.iter().filter(|status| **status == 401).count(), CLIENTS - 1, "{statuses:?}");
        }
        // Each round has a login and one successor. The first of these two tokens is blacklisted.
        assert_eq!(apps[0].count("token_blacklist_outstandingtoken").await, 2 * ROUNDS as i64);
        assert_eq!(apps[1].count("token_blacklist_blacklistedtoken").await, ROUNDS as i64);
    }

    async fn a_refresh_and_a_logout_on_two_instances_never_both_succeed(db: TestDatabase) {
        let apps = pair(db).await;
        let clients = [apps[0].anonymous(), apps[1].anonymous()];
        for _round in 0..ROUNDS {
            let refresh = text(&apps[0].login(&alice()).await, "refresh");
            let uris = ["/api/token/refresh/", "/api/token/blacklist/"];
            let volley = (0..CLIENTS).map(|i| clients[i % 2].post(uris[i / 2 % 2], json!({ "refresh": refresh })));
            let won = join_all(volley).await.into_iter().filter(|answer| answer.status == 200).count();
            assert_eq!(won, 1);
        }
    }

    async fn first_logins_on_two_instances_give_one_key(db: TestDatabase) {
        let apps = pair(db).await;
        let clients = [apps[0].anonymous(), apps[1].anonymous()];
        for _round in 0..ROUNDS {
            apps[0].sql("DELETE FROM authtoken_token").await;
            let login = json!({ "username": bob().username, "password": bob().password });
            let volley = (0..CLIENTS).map(|i| clients[i % 2].post("/api/authtoken/", login.clone()));
            let answers = join_all(volley).await;
            for answer in &answers {
                assert_eq!((answer.status, &answer.body), (200, &answers[0].body));
            }
            assert_eq!(apps[1].count("authtoken_token").await, 1);
        }
    }

    async fn a_token_blacklisted_on_one_instance_is_refused_on_the_other(db: TestDatabase) {
        let first = TestApp::build(db, |settings| settings.simple_jwt.check_revoke_token = true).await;
        let second = first.another(|settings| settings.simple_jwt.check_revoke_token = true).await;
        let tokens = first.login(&alice()).await;
        let user = second.anonymous().with_header("Authorization", format!("Bearer {}", text(&tokens, "access")));
        let refresh = json!({ "refresh": text(&tokens, "refresh") });
        assert_eq!(user.get("/api/protected/").await.status, 200);

        assert_eq!(first.anonymous().post("/api/token/blacklist/", refresh.clone()).await.status, 200);
        assert_eq!(second.anonymous().post("/api/token/refresh/", refresh).await.status, 401);

        first.sql("UPDATE auth_user SET is_active = FALSE WHERE username = 'alice'").await;
        assert_eq!(user.get("/api/protected/").await.status, 401);
        first.sql("UPDATE auth_user SET is_active = TRUE WHERE username = 'alice'").await;
        assert_eq!(user.get("/api/protected/").await.status, 200);

        first.sql("UPDATE auth_user SET password = 'md5$x$y' WHERE username = 'alice'").await;
        assert_eq!(user.get("/api/protected/").await.status, 401);
    }
}
