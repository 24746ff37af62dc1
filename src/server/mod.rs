//! The server. Python counterpart: `wsgi.py`, and the WSGI server that runs it.
//!
//! ```no_run
//! use actix_simplejwt::conf::Environment;
//! use actix_simplejwt::server::Application;
//! use actix_simplejwt::settings::Settings;
//!
//! #[actix_web::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let settings = Settings::from_env(&Environment::load()?)?;
//!     let server = Application::build(&settings)?;
//!     println!("listening on port {}", server.port());
//!     server.run().await?;
//!     Ok(())
//! }
//! ```
//!
//! [`app`] is the application alone, for tests in process; [`configure`] are its routes and data, for a host
//! application that has middleware of its own.

pub(crate) mod connections;
pub mod health;
mod late;
pub mod metrics;
pub mod settings;
pub mod signals;
pub mod state;
pub mod sweeper;

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{App, Error, HttpServer, web};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use self::metrics::Metrics;
pub use self::state::{AppState, StateError};
use crate::checks::{self, CheckMessage, Level};
use crate::core::clock::Clock;
use crate::db::DatabaseError;
use crate::db::migrations::MigrationPlan;
use crate::http::error_pages;
use crate::rest_framework::throttling::ThrottleCache;
use crate::settings::Settings;
use crate::urls;

/// Why the server did not start. The text names the setting or the command that mends it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The key that signs tokens is missing or empty.
    #[error(
        "The SECRET_KEY setting must not be empty. Make one with `openssl rand -base64 48` and set it in the \
         environment or in .env"
    )]
    NoSecretKey,
    /// Some check has found an error.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Checks(Vec<CheckMessage>),
    /// A setting or the database cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// The database failed when it was asked for its migrations.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The tables are not those that this program needs.
    #[error(
        "You have {count} unapplied migration(s) for app(s): {apps}. Run `manage migrate` to apply them",
        apps = apps.join(", ")
    )]
    UnappliedMigrations {
        /// How many.
        count: usize,
        /// Labels of the apps, sorted.
        apps: Vec<&'static str>,
    },
    /// The address is taken or not ours.
    #[error("cannot listen on {address}: {error}")]
    Bind {
        /// What was asked for.
        address: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
}

/// A server that has its port and is not serving yet.
pub struct Application {
    address: SocketAddr,
    server: Server,
    /// What stops the server and ends with it.
    stop: LocalBoxFuture<'static, io::Result<()>>,
    /// The server at `METRICS_ADDRESS`, and where that is.
    metrics: Option<(SocketAddr, Server)>,
    sweeper: Option<LocalBoxFuture<'static, ()>>,
    throttle_cache: Arc<ThrottleCache>,
}

impl Application {
    /// Checks the settings and the database, binds the address and prepares the workers. Nothing is served before
    /// [`Application::run`].
    ///
    /// # Errors
    /// When a setting, the database or the address cannot be used; see [`StartError`].
    pub fn build(settings: &Settings) -> Result<Self, StartError> {
        check(settings)?;
        let state = AppState::new(settings, Clock::system())?;
        check_migrations(&state)?;

        let bind_error = |address| move |error| StartError::Bind { address, error };
        let metrics = match (settings.server.metrics_address, state.metrics()) {
            (Some(address), Some(metrics)) => Some(metrics_server(address, metrics).map_err(bind_error(address))?),
            _ => None,
        };
        let sweeper = sweeper::start(&state.database, &state.clock, settings.server.token_sweep_interval);
        let throttle_cache = state.throttle_cache();
        let late_state = state.clone();
        let server = HttpServer::new(move || app(&state))
            .keep_alive(settings.server.keep_alive)
            .client_request_timeout(settings.server.client_request_timeout)
            .client_disconnect_timeout(settings.server.client_disconnect_timeout)
            .shutdown_timeout(settings.server.shutdown_timeout.as_secs())
            .max_connections(settings.server.max_connections)
            .disable_signals();
        let server = match connections::limit(&settings.server) {
            Some(limit) => server.on_connect(move |io, data| connections::watch(io, data, limit)),
            None => server,
        };
        let server = match settings.server.workers {
            Some(workers) => server.workers(workers),
            None => server,
        };
        let bind_error = bind_error(settings.server.bind);
        let (listener, kept) = late::bind(settings.server.bind).map_err(bind_error)?;
        let server = server.listen(listener).map_err(bind_error)?;
        let address = server.addrs().first().copied().unwrap_or(settings.server.bind);
        let server = server.run();
        let (handle, settings) = (server.handle(), settings.server.clone());
        let stop = async move {
            signals::stop_requested().await;
            late::stop(handle, kept, &late_state, &settings).await
        };
        let sweeper = sweeper.map(FutureExt::boxed_local);
        Ok(Self { address, server, stop: stop.boxed_local(), metrics, sweeper, throttle_cache })
    }

    /// The address that the server listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of the metrics, if there are any.
    #[must_use]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(|(address, _)| *address)
    }

    /// The port that the server listens on; the system's choice when 0 was asked for.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Serves until SIGTERM or Ctrl-C, and then until the requests in flight are answered.
    ///
    /// # Errors
    /// When the workers cannot be started.
    pub async fn run(self) -> io::Result<()> {
        let sweeper = self.sweeper.map(actix_web::rt::spawn);
        actix_web::rt::spawn(warn_without_cache(self.throttle_cache));
        let metrics = self.metrics.map(|(_, server)| (server.handle(), actix_web::rt::spawn(server)));
        let stop = actix_web::rt::spawn(self.stop);
        let outcome = self.server.await;
        let outcome = if outcome.is_ok() { stop.await.map_err(io::Error::other)? } else { outcome };
        if let Some(sweeper) = sweeper {
            sweeper.abort();
        }
        if let Some((handle, _)) = metrics {
            handle.stop(false).await;
        }
        outcome
    }
}

impl std::fmt::Debug for Application {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Application({})", self.address)
    }
}

/// The whole application: middleware, data and routes.
pub fn app(
    state: &AppState,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    let stack = Rc::new(state.middleware());
    App::new()
        .wrap(from_fn(move |req, next| {
            let stack = Rc::clone(&stack);
            async move { stack.serve(req, next).await }
        }))
        .configure(|cfg| configure(cfg, state))
        .default_service(web::to(error_pages::page_not_found))
}

/// The routes and what they need, without middleware, for a host application's `App` or for one of its scopes.
pub fn configure(cfg: &mut web::ServiceConfig, state: &AppState) {
    state.provide(cfg);
    urls::configure(cfg);
    if state.api_docs {
        urls::configure_docs(cfg);
    }
}

/// No reason not to start: what has no limit is served without it, and it may come up later than the server.
async fn warn_without_cache(cache: Arc<ThrottleCache>) {
    if let Err(reason) = cache.ping().await {
        log::warn!("CACHE_URL: {reason}. Until it answers, requests with a limit are answered 503");
    }
}

fn metrics_server(address: SocketAddr, metrics: Metrics) -> io::Result<(SocketAddr, Server)> {
    let metrics = web::Data::new(metrics);
    let app = move || App::new().app_data(metrics.clone()).route("/metrics", web::get().to(metrics::page));
    let server = HttpServer::new(app).workers(1).disable_signals().bind(address)?;
    let address = server.addrs().first().copied().unwrap_or(address);
    Ok((address, server.run()))
}

fn check(settings: &Settings) -> Result<(), StartError> {
    if settings.secret_key.expose().is_empty() {
        return Err(StartError::NoSecretKey);
    }
    let (errors, others): (Vec<_>, Vec<_>) =
        checks::run_start_checks(settings).messages.into_iter().partition(|message| message.level >= Level::Error);
    for message in others {
        log::warn!("{message}");
    }
    if errors.is_empty() { Ok(()) } else { Err(StartError::Checks(errors)) }
}

fn check_migrations(state: &AppState) -> Result<(), StartError> {
    let unapplied = MigrationPlan::default().unapplied(&mut *state.database.connection()?)?;
    if unapplied.is_empty() {
        return Ok(());
    }
    let mut apps: Vec<_> = unapplied.iter().map(|migration| migration.app).collect();
    apps.sort_unstable();
    apps.dedup();
    Err(StartError::UnappliedMigrations { count: unapplied.len(), apps })
}

#[cfg(test)]
mod tests {
    use actix_web::http::header;
    use actix_web::test::{TestRequest, call_service, init_service, read_body};

    use super::*;
    use crate::conf::Environment;

    /// Settings of a server on a database of its own, on any free port.
    pub(super) fn settings(directory: &tempfile::TempDir, secret_key: &str) -> Settings {
        let database = format!("sqlite://{}", directory.path().join("db.sqlite3").display());
        let env: Environment =
            [("SECRET_KEY", secret_key), ("DATABASE_URL", &database), ("PORT", "0")].into_iter().collect();
        Settings::from_env(&env).unwrap()
    }

    pub(super) fn migrate(settings: &Settings) -> AppState {
        let state = AppState::new(settings, Clock::system()).unwrap();
        MigrationPlan::default().migrate(&mut state.database.connection().unwrap(), state.clock.now()).unwrap();
        state
    }

    #[test]
    fn a_server_without_a_key_does_not_start() {
        let directory = tempfile::tempdir().unwrap();
        let error = Application::build(&settings(&directory, "")).unwrap_err();
        assert!(matches!(error, StartError::NoSecretKey), "{error}");
        assert!(error.to_string().contains("openssl rand -base64 48"), "{error}");
    }

    #[test]
    fn a_server_without_its_tables_does_not_start() {
        let directory = tempfile::tempdir().unwrap();
        let error = Application::build(&settings(&directory, "a key")).unwrap_err();
        assert!(error.to_string().ends_with("Run `manage migrate` to apply them"), "{error}");
    }

    #[actix_web::test]
    async fn a_server_that_chose_its_port_says_which() {
        let directory = tempfile::tempdir().unwrap();
        let settings = settings(&directory, "a key");
        drop(migrate(&settings));
        assert_ne!(Application::build(&settings).unwrap().port(), 0);
    }

    #[actix_web::test]
    async fn the_routes_are_served_in_process() {
        let directory = tempfile::tempdir().unwrap();
        let service = init_service(app(&migrate(&settings(&directory, "a key")))).await;
        let request = |req: TestRequest| req.insert_header((header::HOST, "localhost")).to_request();

        let response = call_service(&service, request(TestRequest::get().uri("/api/protected/"))).await;
        assert_eq!(response.status(), 401);
        assert_eq!(response.headers().get(header::WWW_AUTHENTICATE).unwrap(), "Bearer realm=\"api\"");
        assert_eq!(read_body(response).await, r#"{"detail":"Authentication credentials were not provided."}"#);

        for path in
            ["token", "token/refresh", "token/verify", "token/blacklist", "token/sliding", "token/sliding/refresh"]
        {
            let empty = TestRequest::post().uri(&format!("/api/{path}/")).set_json(serde_json::json!({}));
            assert_eq!(call_service(&service, request(empty)).await.status(), 400, "{path}");
        }
        let response = call_service(&service, request(TestRequest::post().uri("/access-token"))).await;
        assert_eq!(response.headers().get(header::LOCATION).unwrap(), "/access-token/");
    }
}
