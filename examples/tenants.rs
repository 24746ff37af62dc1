//! A complete project with custom claims and a custom view: a `manage` like the one of this crate. The claims are the
//! ones that a Django project adds with its `get_token`; `rehearsals/` moves such a project here with this program.
//!
//! A copy of this project has the same lines in `src/settings.rs`, `src/views.rs` and `src/urls.rs`, and needs no type
//! `Portal` around its settings.
//!
//! `cargo run --example tenants -- help`

use std::process::ExitCode;

use actix_simplejwt::apps::Project;
use actix_simplejwt::conf::{Environment, SettingsError};
use actix_simplejwt::management::execute_from_command_line;
use actix_simplejwt::rest_framework::views::{ApiView, path};
use actix_simplejwt::{Apps, AppsBuilder, Authenticated, IsAuthenticated, JwtAuthentication, Settings, urls};
use actix_web::{HttpResponse, web};
use serde_json::json;

/// `GET`: the claims of the caller's token.
fn who_am_i() -> ApiView {
    ApiView::new("Who Am I").authentication(JwtAuthentication).permission(IsAuthenticated).get(tell)
}

async fn tell(caller: Authenticated<JwtAuthentication>) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "tenant": caller.auth.get("tenant"), "name": caller.auth.get("name") }))
}

#[derive(Default)]
struct Portal(Settings);

impl Project for Portal {
    fn builder(self) -> AppsBuilder {
        Apps::builder(self).claims(|user, claims| {
            let text =
                |name| user.attribute(name).and_then(|value| Some(value.as_str()?.to_owned())).unwrap_or_default();
            // In Python: user.get_full_name()
            claims.insert("name", format!("{} {}", text("first_name"), text("last_name")).trim().into());
            // In Python: user.tenant
            claims.insert("tenant", user.attribute("tenant").unwrap_or_default());
        })
    }

    fn urls(cfg: &mut web::ServiceConfig, apps: &Apps) {
        cfg.service(path("/api/whoami/", who_am_i()));
        urls::configure(cfg, apps);
    }

    fn from_env(env: &Environment) -> Result<Self, SettingsError> {
        Settings::from_env(env).map(Self)
    }

    fn base(&self) -> Option<&dyn Project> {
        Some(&self.0)
    }
}

fn main() -> ExitCode {
    execute_from_command_line::<Portal>()
}
