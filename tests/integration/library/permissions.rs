//! Permissions of a host application. Python counterpart: DRF's `tests/test_permissions.py`.

use std::any::Any;

use actix_simplejwt::contrib::auth::SharedUser;
use actix_simplejwt::contrib::auth::models::User;
use actix_simplejwt::db::{Database, DatabaseError};
use actix_simplejwt::rest_framework::authentication::Caller;
use actix_simplejwt::rest_framework::exceptions::ApiError;
use actix_simplejwt::rest_framework::middleware::require;
use actix_simplejwt::rest_framework::permissions::{
    HasPerm, IsAdminUser, Permission, check_object_permissions, has_perm,
};
use actix_simplejwt::rest_framework::state::app_data;
use actix_simplejwt::rest_framework::test::ApiResponse;
use actix_simplejwt::rest_framework::views::{ApiView, path};
use actix_simplejwt::{Apps, Permitted};
use actix_web::HttpRequest;
use actix_web::web::{self, ServiceConfig};
use diesel::{RunQueryDsl, sql_query};
use serde_json::{Value, json};

use super::{bearer, create_superuser, create_user, host, settings};
use crate::support::TestDatabase;

const DENIED: &str = "You do not have permission to perform this action.";

struct Order {
    customer: &'static str,
}

#[derive(Default)]
struct IsOwner;

impl Permission for IsOwner {
    async fn has_permission(&self, _req: &HttpRequest, caller: Option<&Caller>) -> Result<bool, ApiError> {
        Ok(caller.is_some())
    }

    async fn has_object_permission(
        &self,
        _req: &HttpRequest,
        caller: Option<&Caller>,
        object: &dyn Any,
    ) -> Result<bool, ApiError> {
        let order = object.downcast_ref::<Order>();
        Ok(caller.zip(order).is_some_and(|(caller, order)| caller.user.username() == order.customer))
    }

    fn message(&self) -> Option<String> {
        Some("This is not your order.".to_owned())
    }
}

/// Refuses everyone, with a message.
struct Closed(&'static str);

impl Permission for Closed {
    async fn has_permission(&self, _req: &HttpRequest, _caller: Option<&Caller>) -> Result<bool, ApiError> {
        Ok(false)
    }

    fn message(&self) -> Option<String> {
        Some(format!("Closed until {}.", self.0))
    }
}

/// Asks for a permission, takes every permission from every user, and asks again. Only a second query sees the change.
struct AsksTwice;

impl Permission for AsksTwice {
    async fn has_permission(&self, req: &HttpRequest, caller: Option<&Caller>) -> Result<bool, ApiError> {
        let Some(caller) = caller else { return Ok(false) };
        let before = has_perm(req, &caller.user, "auth.add_user").await?;
        let revoke = |conn: &mut _| {
            sql_query("DELETE FROM auth_user_user_permissions").execute(conn).map_err(DatabaseError::from)
        };
        app_data::<Database>(req)?.write(revoke).await?;
        let after = has_perm(req, &caller.user, "auth.add_user").await?;
        assert_eq!(before, after);
        Ok(after && has_perm(req, &caller.user, "auth.change_user").await?)
    }
}

async fn fine() -> &'static str {
    "fine"
}

async fn empty() -> web::Json<Value> {
    web::Json(json!({}))
}

async fn order_of_alice(req: HttpRequest) -> Result<&'static str, ApiError> {
    check_object_permissions(&req, &Order { customer: "alice" }).await?;
    fine_order()
}

async fn permitted(req: HttpRequest, by: Permitted<IsOwner>) -> Result<&'static str, ApiError> {
    by.check_object_permissions(&req, &Order { customer: "alice" }).await?;
    fine_order()
}

fn fine_order() -> Result<&'static str, ApiError> {
    Ok("the order of alice")
}

fn routes(cfg: &mut ServiceConfig, _apps: &Apps) {
    let add_and_change = HasPerm("auth.add_user").and(HasPerm("auth.change_user"));
    cfg.service(path("/add/", ApiView::new("Add").permission(HasPerm("auth.add_user")).get(fine)))
        .service(path("/both/", ApiView::new("Both").permission(add_and_change).get(fine)))
        .service(path("/not-staff/", ApiView::new("Not staff").permission(IsAdminUser.not()).get(fine)))
        .service(path("/closed/", ApiView::new("Closed").permission(Closed("noon")).get(fine)))
        .service(path("/staff-or-closed/", ApiView::new("Either").permission(IsAdminUser.or(Closed("noon"))).get(fine)))
        .service(path("/twice/", ApiView::new("Twice").permission(AsksTwice).get(fine)))
        .service(path("/owner/", ApiView::new("Owner").permission(IsOwner).get(order_of_alice)))
        .service(path("/order/", ApiView::new("Order").permission(IsAdminUser.or(IsOwner)).get(order_of_alice)))
        .service(path("/read-only/", ApiView::new("Read Only").permission(ReadOnly).get(empty).post(empty)))
        .service(path("/public/", ApiView::new("Public").permission(OpenToRead).get(order_of_alice)))
        .service(
            web::scope("/scope")
                .wrap(require(IsOwner))
                .route("/order", web::get().to(order_of_alice))
                .service(path("/view/", ApiView::new("View").public().get(order_of_alice))),
        )
        .service(
            web::scope("/perm")
                .wrap(require(HasPerm("auth.add_user")))
                .route("/x", web::get().to(fine))
                .service(path("/change/", ApiView::new("Change").permission(HasPerm("auth.change_user")).get(fine))),
        )
        .route("/permitted", web::get().to(permitted))
        .route("/unchecked", web::get().to(order_of_alice));
}

/// Allows everyone to read and nobody to write.
struct ReadOnly;

impl Permission for ReadOnly {
    async fn has_permission(&self, req: &HttpRequest, _caller: Option<&Caller>) -> Result<bool, ApiError> {
        Ok(req.method().is_safe())
    }
}

/// Allows every request and only the owner's objects.
struct OpenToRead;

impl Permission for OpenToRead {
    async fn has_permission(&self, _req: &HttpRequest, _caller: Option<&Caller>) -> Result<bool, ApiError> {
        Ok(true)
    }

    async fn has_object_permission(
        &self,
        req: &HttpRequest,
        caller: Option<&Caller>,
        object: &dyn Any,
    ) -> Result<bool, ApiError> {
        IsOwner.has_object_permission(req, caller, object).await
    }
}

#[track_caller]
fn is(response: &ApiResponse, status: u16, detail: &str) {
    assert_eq!(response.status, status);
    assert_eq!(response.json(), json!({ "detail": detail }));
}

#[track_caller]
fn is_not_authenticated(response: &ApiResponse) {
    is(response, 401, "Authentication credentials were not provided.");
    assert_eq!(response.header("WWW-Authenticate"), "Bearer realm=\"api\"");
}

async fn grant(apps: &Apps, user: &User, codename: &str) {
    let statement = format!(
        "INSERT INTO auth_user_user_permissions (user_id, permission_id) \
         SELECT u.id, p.id FROM auth_user u, auth_permission p WHERE u.username = '{}' AND p.codename = '{codename}'",
        user.username
    );
    let insert = move |conn: &mut _| sql_query(statement).execute(conn).map_err(DatabaseError::from);
    apps.database().unwrap().write(insert).await.unwrap();
}

per_database! {
    /// The form is for a request that does not exist yet, so the permission is asked about the request of the page.
    async fn a_page_has_a_form_that_a_permission_refuses_when_it_is_sent(db: TestDatabase) {
        let (_, mut client) = host(Apps::builder(settings(&db)), routes).await;
        client.credentials("Accept", "text/html");
        let page = client.get("/read-only/").await;
        let form = "<form class=\"panel needs-script\" action=\"/read-only/\" method=\"post\" data-raw>";
        assert!(page.status == 200 && page.text().contains(form), "{}", page.text());
        client.credentials("Accept", "application/json");
        let sent = client.post("/read-only/", json!({})).await;
        let denied = "Authentication credentials were not provided.";
        assert_eq!((sent.status, sent.json()), (401, json!({ "detail": denied })));
    }

    async fn a_permission_has_arguments_and_combines_with_others(db: TestDatabase) {
        let (apps, mut client) = host(Apps::builder(settings(&db)), routes).await;
        let (alice, root) = (create_user(&apps, "alice").await, create_superuser(&apps, "root").await);
        for uri in ["/add/", "/both/", "/perm/x"] {
            is_not_authenticated(&client.get(uri).await);
        }

        client.force_authenticate(Some(SharedUser::new(root)));
        for uri in ["/add/", "/both/", "/perm/x"] {
            assert_eq!(client.get(uri).await.text(), "fine", "{uri}");
        }
        is(&client.get("/not-staff/").await, 403, DENIED);

        client.logout().credentials("Authorization", bearer(&apps, &alice));
        for uri in ["/add/", "/both/", "/perm/x"] {
            is(&client.get(uri).await, 403, DENIED);
        }
        assert_eq!(client.get("/not-staff/").await.text(), "fine");
        grant(&apps, &alice, "add_user").await;
        for uri in ["/add/", "/perm/x"] {
            assert_eq!(client.get(uri).await.text(), "fine", "{uri}");
        }
        // Two values of one class are two permissions.
        for uri in ["/both/", "/perm/change/"] {
            is(&client.get(uri).await, 403, DENIED);
        }
        grant(&apps, &alice, "change_user").await;
        for uri in ["/both/", "/perm/change/"] {
            assert_eq!(client.get(uri).await.text(), "fine", "{uri}");
        }
    }

    async fn the_permissions_of_a_user_are_one_query_per_request(db: TestDatabase) {
        let (apps, mut client) = host(Apps::builder(settings(&db)), routes).await;
        let alice = create_user(&apps, "alice").await;
        grant(&apps, &alice, "add_user").await;
        grant(&apps, &alice, "change_user").await;
        client.credentials("Authorization", bearer(&apps, &alice));
        assert_eq!(client.get("/twice/").await.text(), "fine");
        // The next request runs the query again.
        is(&client.get("/twice/").await, 403, DENIED);
    }

    async fn the_message_of_a_permission_is_the_detail(db: TestDatabase) {
        let (apps, mut client) = host(Apps::builder(settings(&db)), routes).await;
        let alice = create_user(&apps, "alice").await;
        is_not_authenticated(&client.get("/closed/").await);
        client.credentials("Authorization", bearer(&apps, &alice));
        is(&client.get("/closed/").await, 403, "Closed until noon.");
        // As in DRF, a combination has no message.
        is(&client.get("/staff-or-closed/").await, 403, DENIED);
    }

    async fn an_object_is_checked_by_the_permissions_around_the_handler(db: TestDatabase) {
        let (apps, mut client) = host(Apps::builder(settings(&db)), routes).await;
        let (alice, bob) = (create_user(&apps, "alice").await, create_user(&apps, "bob").await);
        let root = create_superuser(&apps, "root").await;
        let everywhere = ["/owner/", "/order/", "/public/", "/scope/order", "/scope/view/", "/permitted"];
        for uri in everywhere {
            is_not_authenticated(&client.get(uri).await);
        }
        client.credentials("Authorization", bearer(&apps, &alice));
        for uri in everywhere {
            assert_eq!(client.get(uri).await.text(), "the order of alice", "{uri}");
        }
        client.credentials("Authorization", bearer(&apps, &bob));
        for uri in ["/owner/", "/scope/order", "/scope/view/", "/permitted"] {
            is(&client.get(uri).await, 403, "This is not your order.");
        }
        for uri in ["/order/", "/public/"] {
            is(&client.get(uri).await, 403, DENIED);
        }
        client.credentials("Authorization", bearer(&apps, &root));
        assert_eq!(client.get("/order/").await.text(), "the order of alice");
        is(&client.get("/owner/").await, 403, "This is not your order.");
        is(&client.get("/unchecked").await, 500, "A server error occurred.");
    }
}
