//! The authentication stack of Django REST Framework on actix-web: the same URLs, bodies, tokens, tables and password
//! strings as `rest_framework_simplejwt`, `rest_framework.authtoken` and `djangorestframework-jwt`.
//!
//! It is a server (`manage runserver`), a project to copy, and this library, which adds logins and protected views to your actix
//! application. Users are in Django's tables, which a Django site can use at the same time.
//!
//! # Protect a view
//!
//! Access is in the signature. A handler with an [`Authenticated`] argument runs for logged-in users only;
//! everyone else gets the 401 that DRF would send.
//!
//! ```
//! use actix_simplejwt::{Apps, Authenticated, JwtStatelessUserAuthentication, Settings};
//! use actix_simplejwt::{rest_framework::test::ApiClient, simplejwt::tokens::AccessToken};
//! use actix_web::{App, web};
//! use serde_json::json;
//!
//! async fn whoami(auth: Authenticated<JwtStatelessUserAuthentication>) -> String {
//!     format!("You are user {}.", auth.user.id())
//! }
//!
//! # actix_web::rt::System::new().block_on(async {
//! // Once, at start. A missing or unsuitable key is an error here.
//! let settings = Settings::new("a secret of at least thirty-two bytes").stateless();
//! let apps = Apps::builder(settings).build()?;
//! let jwt = apps.jwt()?.clone();
//!
//! // In the closure of `HttpServer::new`.
//! let app = App::new().configure(|cfg| apps.configure(cfg)).route("/whoami", web::get().to(whoami));
//! // The response to a client.
//! let mut client = ApiClient::new(app).await;
//! let response = client.get("/whoami").await;
//! assert_eq!(response.status, 401);
//! assert_eq!(response.header("WWW-Authenticate"), "Bearer realm=\"api\"");
//! assert_eq!(response.json(), json!({ "detail": "Authentication credentials were not provided." }));
//!
//! let mut token = AccessToken::new(&jwt);
//! token["user_id"] = "7".into();
//! client.credentials("Authorization", format!("Bearer {}", token.encode(&jwt)?));
//! assert_eq!(client.get("/whoami").await.text(), "You are user \"7\".");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
#![cfg_attr(
    feature = "database",
    doc = r#"
# Embed the login

With a database, users log in at simplejwt's own endpoints, below a prefix of yours.

```
use actix_simplejwt::rest_framework::test::ApiClient;
use actix_simplejwt::{Apps, Authenticated, Settings, simplejwt};
use actix_web::{App, web};
use serde_json::json;

async fn whoami(auth: Authenticated) -> String {
    format!("You are {}.", auth.user.username())
}

# let folder = tempfile::tempdir()?;
# let url = format!("sqlite://{}/db.sqlite3", folder.path().display());
# actix_web::rt::System::new().block_on(async {
let settings = Settings::new("a secret of at least thirty-two bytes").database_url(&url)?;
let apps = Apps::builder(settings).build()?;

// Django's tables. On a database that Django has migrated there is nothing to do.
let database = apps.database()?;
apps.migrations().run(database)?;
apps.auth()?.create_user(database, "alice", "alice@example.com", "correct-horse").await?;

let app = App::new()
    .configure(|cfg| apps.configure(cfg))
    .service(web::scope("/api").configure(|cfg| simplejwt::urls::configure(cfg, &apps)))
    .route("/whoami", web::get().to(whoami));

let mut client = ApiClient::new(app).await;
let tokens = client.post("/api/token/", json!({ "username": "alice", "password": "correct-horse" })).await.json();
client.credentials("Authorization", format!("Bearer {}", tokens["access"].as_str().unwrap()));
assert_eq!(client.get("/whoami").await.text(), "You are alice.");
# Ok::<(), Box<dyn std::error::Error>>(())
# }).unwrap();
# Ok::<(), Box<dyn std::error::Error>>(())
```
"#
)]
//!
//! # What you write
//!
//! | you want | you write |
//! |---|---|
//! | a logged-in user, by the default classes of the settings | `auth: `[`Authenticated`] |
//! | … by a given class | `auth: Authenticated<JwtAuthentication>` |
//! | a user or an anonymous client; a *bad* credential is still 401 | `auth: `[`MaybeAuthenticated`] |
//! | staff only, at a handler | `by: `[`Permitted`]`<IsAdminUser>` |
//! | staff only, at a scope | `.wrap(`[`require`](rest_framework::middleware::require)`(IsAdminUser))` |
//! | one of two permissions, at a view | `.permission(IsAdminUser.or(IsOwner))`, see [`permissions`](rest_framework::permissions) |
//! | one of Django's permissions | `.permission(HasPerm("shop.add_order"))` |
//! | several schemes | `Authenticated<(JwtAuthentication, TokenAuthentication)>` |
//! | no database | [`Authenticated`]`<`[`JwtStatelessUserAuthentication`]`>`, whose `user` is a [`TokenUser`] |
//! | the middleware of actix-web-httpauth | [`HttpAuthentication::with_fn(validator::<…>)`](rest_framework::middleware::validator) |
//! | a view with DRF's methods, negotiation and errors | [`path`](rest_framework::views::path)`("/x/", `[`ApiView`](rest_framework::views::ApiView)`::new("X").get(x))` |
//! | a token in code | `RefreshToken::for_user(…)`, `.access_token(…)`, `token["name"] = "…".into()` |
//! | your own kind of token | `impl `[`TokenClass`](simplejwt::tokens::TokenClass)` for Invite`, then `Token<Invite>` |
//! | your own table of users | the setting `AUTH_USER_MODEL`; for your own row type, `UserModel` and [`AbstractUser`](contrib::auth::AbstractUser) |
//! | your own claims, at login *and* at refresh | [`AppsBuilder::claims`]; with queries, [`AppsBuilder::claims_from_database`] |
//! | your own login scheme or permission | [`Authentication`](rest_framework::authentication::Authentication), [`Permission`](rest_framework::permissions::Permission) |
//! | the endpoints under your prefix | `web::scope("/api").configure(\|cfg\| simplejwt::urls::configure(cfg, &apps))` |
//! | a test client | [`ApiClient`](rest_framework::test::ApiClient) and its `force_authenticate` |
//!
//! The folder `examples/` has applications for these, and `docs/DJANGO_MAP.md` lists what Django has and where it is here.
//!
//! # Closed by default
//!
//! An `ApiView` without a permission is for logged-in users; a public view must say so
//! ([`ApiView::public`](rest_framework::views::ApiView::public)). A plain actix route is as open as actix leaves it: give its
//! handler an [`Authenticated`], or its scope a [`require`](rest_framework::middleware::require).
//!
//! Do not use `Option<Authenticated>`: actix turns every error into `None`, so a client with an expired token would count as
//! anonymous. Use [`MaybeAuthenticated`] instead.
//!
//! # Features
//!
//! | feature | what it adds | needs |
//! |---|---|---|
//! | `sqlite` (default) | users, logins, the blacklist, on SQLite | diesel; SQLite is compiled in |
//! | `postgres` (default) | the same on PostgreSQL | diesel; libpq is compiled in |
//! | `postgres-tls` | encrypted connections to PostgreSQL | OpenSSL is compiled in, which takes perl and make |
//! | `redis` (default) | limits on the number of requests that several servers share, `CACHE_URL` | redis |
//! | `server` (default) | the project: settings, URLs, server, `manage`; with `sqlite` or `postgres` | clap and others |
//! | `swagger-ui` (default) | the page at `/api/docs/` | – |
//!
//! With `default-features = false` the crate has the extractors and token types for a service that reads tokens with a
//! public key or a JWK set: no diesel, no C library of a database. The only code in C is then AWS-LC, which does the
//! cryptography.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod apps;
#[cfg(feature = "database")]
pub mod authtoken;
pub mod conf;
pub mod contrib;
pub mod core;
#[cfg(feature = "database")]
pub mod db;
pub mod http;
#[cfg(feature = "database")]
pub mod legacy_jwt;
#[cfg(feature = "server")]
pub mod management;
pub mod rest_framework;
#[cfg(feature = "server")]
pub mod server;
pub mod settings;
pub mod simplejwt;
#[cfg(feature = "server")]
pub mod urls;
#[cfg(feature = "server")]
pub mod views;

pub use apps::{Apps, AppsBuilder};
#[cfg(feature = "database")]
pub use authtoken::authentication::TokenAuthentication;
/// The diesel of this crate. An application that declares tables also needs `diesel` 2.3 among its dependencies, because
/// `table!` looks for it there.
#[cfg(feature = "database")]
pub use diesel;
pub use rest_framework::permissions::{IsAdminUser, IsAuthenticated};
pub use rest_framework::request::{Authenticated, MaybeAuthenticated, Permitted};
pub use settings::Settings;
#[cfg(feature = "database")]
pub use simplejwt::authentication::JwtAuthentication;
pub use simplejwt::authentication::JwtStatelessUserAuthentication;
pub use simplejwt::models::TokenUser;
pub use simplejwt::tokens::{AccessToken, RefreshToken, SlidingToken, UntypedToken};

/// Compiles the program of `docs/EMBEDDING.md`.
#[cfg(all(doctest, feature = "server"))]
#[doc = include_str!("../docs/EMBEDDING.md")]
struct Embedding;
