//! `rest_framework::test`, as a host uses it. Python counterpart: DRF's `tests/test_testing.py`.

use actix_simplejwt::contrib::auth::SharedUser;
use actix_simplejwt::rest_framework::test::Body;
use actix_simplejwt::rest_framework::views::{ApiView, path};
use actix_simplejwt::{Apps, Authenticated, JwtAuthentication, JwtStatelessUserAuthentication};
use actix_web::web::{self, ServiceConfig};
use serde_json::json;

use super::{create_user, host, settings};
use crate::support::TestDatabase;

async fn default(auth: Authenticated) -> String {
    auth.user.username().to_owned()
}

async fn jwt(auth: Authenticated<JwtAuthentication>) -> String {
    format!("{} {}", auth.user.username(), auth.auth.get("user_id").unwrap())
}

async fn stateless(auth: Authenticated<JwtStatelessUserAuthentication>) -> String {
    auth.user.id().to_string()
}

fn routes(cfg: &mut ServiceConfig, apps: &Apps) {
    cfg.route("/default", web::get().to(default))
        .route("/jwt", web::get().to(jwt))
        .route("/stateless", web::get().to(stateless))
        .service(path("/view/", ApiView::new("View").get(default)))
        .service(web::scope("/api").configure(|cfg| actix_simplejwt::simplejwt::urls::configure(cfg, apps)));
}

per_database! {
    async fn a_forced_user_is_used_for_every_request_until_it_is_removed(db: TestDatabase) {
        let (apps, mut client) = host(Apps::builder(settings(&db)), routes).await;
        let alice = create_user(&apps, "alice").await;
        let id = alice.id;
        client.force_authenticate(Some(SharedUser::new(alice)));
        assert_eq!(client.get("/default").await.text(), "alice");
        assert_eq!(client.get("/view/").await.text(), "alice");
        assert_eq!(client.get("/jwt").await.text(), format!("alice \"{id}\""));
        assert_eq!(client.get("/stateless").await.text(), format!("\"{id}\""));

        // Clones are independent.
        let twin = client.clone();
        client.force_authenticate(None);
        for uri in ["/default", "/view/", "/jwt", "/stateless"] {
            assert_eq!(client.get(uri).await.status, 401, "{uri}");
            assert_eq!(twin.get(uri).await.status, 200, "{uri}");
        }
    }

    async fn bodies_are_sent_as_json_forms_and_multipart(db: TestDatabase) {
        let (apps, client) = host(Apps::builder(settings(&db)), routes).await;
        create_user(&apps, "alice").await;
        let fields = [("username", "alice"), ("password", "correct-horse")];
        let json = json!({ "username": "alice", "password": "correct-horse" });
        for body in [Body::form(&fields), Body::multipart(&fields), Body::Json(json)] {
            assert_eq!(client.post("/api/token/", body.clone()).await.status, 200, "{body:?}");
        }
        let refused = client.post("/api/token/", Body::Raw("text/plain".to_owned(), b"alice".to_vec())).await;
        assert_eq!(refused.status, 415);
        assert_eq!(refused.json(), json!({ "detail": "Unsupported media type \"text/plain\" in request." }));
        assert_eq!(client.head("/view/").await.status, 401);
    }
}
