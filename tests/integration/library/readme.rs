//! The view with a serializer in `README.md`.

use actix_simplejwt::Apps;
use actix_simplejwt::rest_framework::views::{mount, path};
use serde_json::json;

use super::{bearer, create_user, host, settings};
use crate::support::TestDatabase;

mod example {
    use actix_simplejwt::Authenticated;
    use actix_simplejwt::rest_framework::fields::CharField;
    use actix_simplejwt::rest_framework::request::RequestData;
    use actix_simplejwt::rest_framework::serializers::{Fields, Serializer};
    use actix_simplejwt::rest_framework::views::ApiView;
    use actix_web::HttpResponse;
    use serde_json::json;

    // README.md has the following lines.
    struct NewNote {
        title: String,
    }

    impl Serializer for NewNote {
        fn read(fields: &mut Fields<'_>) -> Self {
            Self { title: fields.read(CharField::new("title")) }
        }
    }

    pub fn notes() -> ApiView {
        ApiView::new("Notes").serializer::<NewNote>().post(add_note)
    }

    async fn add_note(auth: Authenticated, note: RequestData<NewNote>) -> HttpResponse {
        let NewNote { title } = note.into_inner();
        HttpResponse::Created().json(json!({ "title": title, "author": auth.user.username() }))
    }
    // End of the lines.
}

#[test]
fn the_readme_has_this_view() {
    let (_, code) = include_str!("readme.rs").split_once("README.md has the following lines.\n").unwrap();
    let (code, _) = code.split_once("    // End of the lines.").unwrap();
    let code: Vec<_> = code.lines().map(|line| line.strip_prefix("    ").unwrap_or(line)).collect();
    assert!(include_str!("../../../README.md").contains(&code.join("\n")));
}

per_database! {
    async fn its_serializer_reads_the_body(db: TestDatabase) {
        let routes = |cfg: &mut _, apps: &Apps| mount(cfg, apps, vec![path("/api/notes/", example::notes())]);
        let (apps, mut client) = host(Apps::builder(settings(&db)), routes).await;
        apps.migrations().run(apps.database().unwrap()).unwrap();
        assert_eq!(client.post("/api/notes/", json!({ "title": "milk" })).await.status, 401);
        let alice = create_user(&apps, "alice").await;
        client.credentials("Authorization", bearer(&apps, &alice));
        let note = client.post("/api/notes/", json!({ "title": " milk " })).await;
        assert_eq!((note.status, note.json()), (201, json!({ "title": "milk", "author": "alice" })));
        let refused = client.post("/api/notes/", json!({})).await;
        assert_eq!((refused.status, refused.json()), (400, json!({ "title": ["This field is required."] })));
    }
}
