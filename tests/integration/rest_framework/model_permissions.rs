//! `DjangoModelPermissions`. Python counterpart: DRF's `test_permissions`, `ModelPermissionsIntegrationTests`.

use actix_simplejwt::authtoken::authentication::TokenAuthentication;
use actix_simplejwt::conf::Environment;
use actix_simplejwt::rest_framework::permissions::{DjangoModelPermissions, ModelInfo, ModelPermissions};
use actix_simplejwt::rest_framework::request::Permitted;
use actix_simplejwt::rest_framework::views::{ApiView, path};
use actix_simplejwt::settings::Settings;
use actix_web::http::Method;
use actix_web::test::{TestRequest, call_service, init_service, read_body_json};
use actix_web::{App, HttpResponse, web};
use diesel::{RunQueryDsl, sql_query};
use serde_json::{Value, json};

use crate::support::TestDatabase;

struct Users;

impl ModelInfo for Users {
    const APP_LABEL: &'static str = "auth";
    const MODEL_NAME: &'static str = "user";
}

async fn fine() -> HttpResponse {
    HttpResponse::Ok().json("fine")
}

async fn permitted(_: Permitted<ModelPermissions<Users>, TokenAuthentication>) -> HttpResponse {
    HttpResponse::Ok().json("fine")
}

fn view(name: &'static str) -> ApiView {
    let view = ApiView::new(name).authentication(TokenAuthentication).permission(DjangoModelPermissions);
    view.get(fine).post(fine).on(Method::PUT, fine).on(Method::DELETE, fine)
}

per_database! {
    async fn writing_takes_the_permission_of_the_model(db: TestDatabase) {
        let env = Environment::default().with("SECRET_KEY", "a-test-secret-key-of-more-than-fifty-characters-0123456789");
        let mut settings = Settings::from_env(&env).unwrap();
        settings.database = db.settings.clone();
        let apps = settings.builder().build().unwrap();
        {
            let mut conn = apps.database().unwrap().connection().unwrap();
            for statement in [
                "INSERT INTO auth_user (id, password, is_superuser, username, last_name, email, is_staff, is_active, \
                 date_joined, first_name) VALUES (7, '', FALSE, 'alice', '', '', FALSE, TRUE, '2024-01-01 00:00:00', '')",
                "INSERT INTO authtoken_token (key, created, user_id) VALUES ('k', '2024-01-01 00:00:00', 7)",
                "INSERT INTO auth_user_user_permissions (user_id, permission_id) \
                 SELECT 7, id FROM auth_permission WHERE codename = 'add_user'",
            ] {
                sql_query(statement).execute(&mut *conn).unwrap();
            }
        }
        let app = App::new()
            .configure(|cfg| apps.configure(cfg))
            .service(path("/users/", view("Users").model::<Users>()))
            .service(path("/nameless/", view("Nameless")))
            .route("/plain/", web::route().to(permitted));
        let app = init_service(app).await;
        let ask = async |method: Method, uri: &str, key: Option<&str>| {
            let mut request = TestRequest::with_uri(uri).method(method);
            if let Some(key) = key {
                request = request.insert_header(("Authorization", format!("Token {key}")));
            }
            let response = call_service(&app, request.to_request()).await;
            (response.status().as_u16(), read_body_json::<Value, _>(response).await)
        };
        let denied = (403, json!({ "detail": "You do not have permission to perform this action." }));
        let unknown = (401, json!({ "detail": "Authentication credentials were not provided." }));
        let fine = (200, json!("fine"));
        for uri in ["/users/", "/plain/"] {
            assert_eq!(ask(Method::GET, uri, Some("k")).await, fine, "{uri}");
            assert_eq!(ask(Method::POST, uri, Some("k")).await, fine, "{uri}");
            assert_eq!(ask(Method::PUT, uri, Some("k")).await, denied, "{uri}");
            assert_eq!(ask(Method::DELETE, uri, Some("k")).await, denied, "{uri}");
            assert_eq!(ask(Method::GET, uri, None).await, unknown, "{uri}");
        }
        assert_eq!(ask(Method::GET, "/nameless/", Some("k")).await, fine);
        assert_eq!(ask(Method::POST, "/nameless/", Some("k")).await, denied);
    }
}
