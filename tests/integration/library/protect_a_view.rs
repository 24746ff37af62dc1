//! `examples/protect_a_view.rs`.

use serde_json::json;

use super::{bearer, create_superuser, create_user, host, settings};
use crate::support::TestDatabase;

#[path = "../../../examples/protect_a_view.rs"]
#[allow(dead_code, reason = "its main")]
mod example;

per_database! {
    async fn each_handler_gets_the_user_that_its_arguments_require(db: TestDatabase) {
        let (apps, mut client) = host(example::set_up(settings(&db)), example::configure).await;
        let (alice, root) = (create_user(&apps, "alice").await, create_superuser(&apps, "root").await);

        for uri in ["/whoami", "/either", "/report", "/internal/health"] {
            let response = client.get(uri).await;
            assert_eq!(response.status, 401, "{uri}");
            assert_eq!(response.header("WWW-Authenticate"), "Bearer realm=\"api\"", "{uri}");
            assert_eq!(response.json(), json!({ "detail": "Authentication credentials were not provided." }), "{uri}");
        }
        assert_eq!(client.get("/welcome").await.text(), "Welcome, stranger!");

        client.credentials("Authorization", bearer(&apps, &alice));
        assert_eq!(client.get("/whoami").await.text(), "You are alice.");
        assert_eq!(client.get("/welcome").await.text(), "Welcome back, alice!");
        assert_eq!(client.get("/either").await.text(), "One of two ways, alice.");
        for uri in ["/report", "/internal/health"] {
            let response = client.get(uri).await;
            assert_eq!(response.status, 403, "{uri}");
            let detail = "You do not have permission to perform this action.";
            assert_eq!(response.json(), json!({ "detail": detail }), "{uri}");
        }

        client.credentials("Authorization", bearer(&apps, &root));
        assert_eq!(client.get("/report").await.text(), "For root only.");
        let health = "Only staff sees this, though the handler says nothing.";
        assert_eq!(client.get("/internal/health").await.text(), health);
    }

    async fn an_invalid_credential_is_never_an_anonymous_user(db: TestDatabase) {
        let (_apps, mut client) = host(example::set_up(settings(&db)), example::configure).await;
        client.credentials("Authorization", "Bearer abc");
        for uri in ["/welcome", "/internal/health"] {
            let response = client.get(uri).await;
            assert_eq!(response.status, 401, "{uri}");
            assert_eq!(response.json()["code"], "token_not_valid", "{uri}");
        }
        client.credentials("Authorization", "Token abc");
        assert_eq!(client.get("/either").await.json(), json!({ "detail": "Invalid token." }));
    }
}
