//! Compares URLs: those of Django that this program serves or does not serve, and those that it adds.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::header;
use actix_web::rt::SystemRunner;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use serde_json::Value;

use super::export::{Export, ExportedUrl};
use super::report::{Finding, Report};
use crate::apps::command::{CommandError, Context};
use crate::conf::Environment;
use crate::rest_framework::schemas::ApiDocs;
use crate::server::{self, Site};

/// Views of the packages, and the functions that are their counterparts.
const VIEWS: &[(&str, &str)] = &[
    ("rest_framework_simplejwt.views.TokenObtainPairView", "simplejwt::views::token_obtain_pair()"),
    ("rest_framework_simplejwt.views.TokenRefreshView", "simplejwt::views::token_refresh()"),
    ("rest_framework_simplejwt.views.TokenVerifyView", "simplejwt::views::token_verify()"),
    ("rest_framework_simplejwt.views.TokenBlacklistView", "simplejwt::views::token_blacklist()"),
    ("rest_framework_simplejwt.views.TokenObtainSlidingView", "simplejwt::views::token_obtain_sliding()"),
    ("rest_framework_simplejwt.views.TokenRefreshSlidingView", "simplejwt::views::token_refresh_sliding()"),
    ("rest_framework.authtoken.views.ObtainAuthToken", "authtoken::views::obtain_auth_token()"),
    ("rest_framework_jwt.views.ObtainJSONWebToken", "legacy_jwt::views::obtain_jwt_token()"),
    ("rest_framework_jwt.views.RefreshJSONWebToken", "legacy_jwt::views::refresh_jwt_token()"),
    ("rest_framework_jwt.views.VerifyJSONWebToken", "legacy_jwt::views::verify_jwt_token()"),
];

/// How many URLs are listed one by one.
const MAX_LISTED: usize = 40;

/// The paths that the program serves with these settings, from its own description of the API. Empty if it publishes none.
///
/// # Errors
/// Returns an error if the project cannot be set up.
pub(super) fn own(
    context: &Context,
    env: &Environment,
    system: &SystemRunner,
) -> Result<BTreeSet<String>, CommandError> {
    let env = env.clone().with("ALLOWED_HOSTS", "*").with("SECURE_SSL_REDIRECT", "false");
    let apps = context.builder_from(&env)?.without_database().hook(ApiDocs(true)).build()?;
    let site = Site::new(apps, context.urls);
    let document: Value = system.block_on(async {
        let service = init_service(server::app(&site)).await;
        let request = TestRequest::get().uri("/api/schema/").insert_header((header::HOST, "localhost"));
        let request = request.insert_header((header::ACCEPT, "application/json")).to_request();
        let body = read_body(call_service(&service, request).await).await;
        serde_json::from_slice(&body).unwrap_or_default()
    });
    Ok(document["paths"].as_object().into_iter().flat_map(|paths| paths.keys().cloned()).collect())
}

/// Compares the URLs of the export with those of the program.
pub(super) fn compare(export: &Export, own: &BTreeSet<String>, report: &mut Report) {
    let urls = export.urls();
    if urls.is_empty() {
        return;
    }
    let mut served = Vec::new();
    let mut other_code = Vec::new();
    let mut lines = Vec::new();
    let mut staying: BTreeMap<String, usize> = BTreeMap::new();
    for url in &urls {
        let path = format!("/{}", url.path);
        let counterpart = counterpart(&url.view);
        match (own.contains(&path), counterpart) {
            (true, Some(_)) => served.push(path),
            (true, None) => other_code.push(format!("{path:<32} {}{}", url.view, derived(url))),
            (false, Some(function)) => lines.push(format!("path({path:?}, {function}),")),
            (false, None) => *staying.entry(shown(url, &path)).or_default() += 1,
        }
    }
    if !served.is_empty() {
        report.add(Finding::proven("These URLs are served by the same views as in Django:").lines(served));
    }
    if !other_code.is_empty() {
        report.add(
            Finding::code("This program serves these URLs by other views than Django:")
                .clients("Responses may differ from those of your views.")
                .remedy("Write these views in src/views.rs, or remove their lines in src/urls.rs and leave the URLs with Django.")
                .lines(other_code),
        );
    }
    if !lines.is_empty() {
        report.add(
            Finding::code("Django serves views of the packages at URLs that this program does not have:")
                .clients("404, until the lines are there or a proxy sends these URLs to Django.")
                .remedy("Add to `urlpatterns` in src/urls.rs, or leave the URLs with Django:")
                .lines(lines),
        );
    }
    if !staying.is_empty() {
        let hidden = staying.len().saturating_sub(MAX_LISTED);
        let row =
            |(text, count): (&String, &usize)| if *count > 1 { format!("{text} ({count} URLs)") } else { text.clone() };
        let mut rows: Vec<_> = staying.iter().take(MAX_LISTED).map(row).collect();
        if hidden > 0 {
            rows.push(format!("… and {hidden} more"));
        }
        report.add(
            Finding::noticed(format!(
                "{} of Django's {} URLs are not served here:",
                staying.values().sum::<usize>(),
                urls.len()
            ))
            .clients("404, if a proxy sends them to this server.")
            .remedy("Let the proxy send them to Django, or write their views in src/views.rs and src/urls.rs.")
            .lines(rows),
        );
    }
    let theirs: BTreeSet<String> = urls.iter().map(|url| format!("/{}", url.path)).collect();
    let added: Vec<_> = own.difference(&theirs).cloned().collect();
    if !added.is_empty() {
        let finding = Finding::note("This program serves URLs that Django does not have:");
        report.add(finding.remedy("Remove those that are not wanted from src/urls.rs.").lines(added));
    }
}

fn counterpart(view: &str) -> Option<&'static str> {
    VIEWS.iter().find(|(name, _)| *name == view).map(|(_, function)| *function)
}

/// The view of a package that a view is derived from.
fn derived(url: &ExportedUrl) -> String {
    let base = url.bases.iter().find(|base| counterpart(base).is_some());
    base.map_or(String::new(), |base| format!(", derived from {}", base.rsplit('.').next().unwrap_or(base)))
}

/// The URLs of one namespace, such as the admin's, are one line.
fn shown(url: &ExportedUrl, path: &str) -> String {
    let namespace = url.name.split_once(':').map_or(url.namespace.as_str(), |(namespace, _)| namespace);
    if namespace.is_empty() {
        return format!("{path:<32} {}{}", url.view, derived(url));
    }
    let beginning = path.split_inclusive('/').take(2).collect::<String>();
    format!("{:<32} namespace {namespace}", format!("{beginning}…"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_listed_without_a_database() {
        let url =
            if cfg!(feature = "sqlite") { "sqlite:///nowhere/db.sqlite3" } else { "postgres://127.0.0.1:1/nothing" };
        let key = "a-test-secret-key-of-more-than-fifty-characters-0123456789";
        let env = Environment::default().with("SECRET_KEY", key).with("DATABASE_URL", url);
        let context = Context::new::<crate::Settings>(env.clone(), 0);
        assert!(context.apps().is_err());
        let own = own(&context, &env, &actix_web::rt::System::new()).unwrap();
        assert!(own.contains("/api/token/"), "{own:?}");
    }
}
