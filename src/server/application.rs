//! Listens and serves until a signal stops it. Python counterpart: the WSGI server.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::rt::task::JoinHandle;
use actix_web::{App, HttpServer, web};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use tokio::sync::oneshot;

use super::metrics::{self, Metrics};
use super::settings::ServerSettings;
use super::site::{Site, app};
use super::{connections, late, signals, sweeper};
use crate::apps::{Apps, LookupError};
use crate::contrib::auth::models::UserModelError;
use crate::db::DatabaseError;

/// Why the server did not start. The text names the setting or the command that fixes it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The key that signs tokens is missing or empty.
    #[error(
        "The SECRET_KEY setting must not be empty. Make one with `openssl rand -base64 48` and set it in the \
         environment or in .env"
    )]
    NoSecretKey,
    /// An app that the server needs is not installed.
    #[error(transparent)]
    Apps(#[from] LookupError),
    /// The migrations could not be read from the database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Users cannot be read.
    #[error(transparent)]
    Users(#[from] UserModelError),
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
    /// The address is in use, or this machine does not have it.
    #[error("{setting}: cannot listen on {address}: {error}")]
    Bind {
        /// The setting of the address.
        setting: &'static str,
        /// The address that could not be listened on.
        address: SocketAddr,
        /// The error of the system.
        error: io::Error,
    },
}

/// A server that has its port and is not serving yet.
pub struct Application {
    address: SocketAddr,
    server: Server,
    /// The task that stops the server and ends with it.
    stop: LocalBoxFuture<'static, io::Result<()>>,
    /// The server at `METRICS_ADDRESS`, and where that is.
    metrics: Option<(SocketAddr, Server)>,
    sweeper: Option<LocalBoxFuture<'static, ()>>,
    /// How long the background tasks of the apps may take to end.
    shutdown_timeout: Duration,
    apps: Apps,
}

impl Application {
    /// Checks the key and the tables, binds the address and prepares the workers. Nothing is served before
    /// [`Application::run`].
    ///
    /// # Errors
    /// Returns an error if the key, the tables or the address cannot be used; see [`StartError`].
    pub fn build(mut site: Site) -> Result<Self, StartError> {
        let apps = site.apps.clone();
        if apps.secret_key().expose().is_empty() {
            return Err(StartError::NoSecretKey);
        }
        check_migrations(&apps)?;
        let settings = apps.get::<ServerSettings>()?.clone();
        if settings.metrics_address.is_some() {
            site.metrics = Some(Metrics::new(apps.database()?.clone(), apps.clone()));
        }

        let bind_error = |setting, address| move |error| StartError::Bind { setting, address, error };
        let metrics = match (settings.metrics_address, site.metrics.clone()) {
            (Some(address), Some(metrics)) => {
                Some(metrics_server(address, metrics).map_err(bind_error("METRICS_ADDRESS", address))?)
            }
            _ => None,
        };
        let (database, sweeps) = (apps.database()?.clone(), apps.registry().list().to_vec());
        let sweeper = settings
            .token_sweep_interval
            .filter(|_| !sweeps.is_empty())
            .map(|interval| sweeper::run(database, apps.clock().clone(), interval, sweeps).boxed_local());
        let late_site = site.clone();
        let server = HttpServer::new(move || app(&site))
            .keep_alive(settings.keep_alive)
            .client_request_timeout(settings.client_request_timeout)
            .client_disconnect_timeout(settings.client_disconnect_timeout)
            .shutdown_timeout(settings.shutdown_timeout.as_secs())
            .max_connections(settings.max_connections)
            // A request whose client has closed the connection ends. Otherwise requests of clients that do not wait would
            // pile up while the database does not answer.
            .h1_allow_half_closed(false)
            .disable_signals();
        let server = match connections::limit(&settings) {
            Some(limit) => server.on_connect(move |io, data| connections::watch(io, data, limit)),
            None => server,
        };
        let server = match settings.workers {
            Some(workers) => server.workers(workers),
            None => server,
        };
        let bind_error = bind_error("BIND", settings.bind);
        let (listener, kept) = late::bind(settings.bind).map_err(bind_error)?;
        let server = server.listen(listener).map_err(bind_error)?;
        let address = server.addrs().first().copied().unwrap_or(settings.bind);
        let server = server.run();
        let (handle, shutdown_timeout) = (server.handle(), settings.shutdown_timeout);
        let stop = async move {
            signals::stop_requested().await;
            late::stop(handle, kept, &late_site, &settings).await
        };
        Ok(Self { address, server, stop: stop.boxed_local(), metrics, sweeper, shutdown_timeout, apps })
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

    /// The port that the server listens on. If the setting is 0, the system has chosen it.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Serves until SIGTERM or Ctrl-C, and then until the requests in flight are answered.
    ///
    /// # Errors
    /// Returns an error when the workers cannot be started.
    pub async fn run(self) -> io::Result<()> {
        let sweeper = self.sweeper.map(actix_web::rt::spawn);
        let (stopped, tasks) = start_tasks(&self.apps);
        let metrics = self.metrics.map(|(_, server)| (server.handle(), actix_web::rt::spawn(server)));
        let stop = actix_web::rt::spawn(self.stop);
        let outcome = self.server.await;
        let outcome = if outcome.is_ok() { stop.await.map_err(io::Error::other)? } else { outcome };
        if let Some(sweeper) = sweeper {
            sweeper.abort();
        }
        drop(stopped);
        for task in tasks {
            // A panic there is in the log.
            if actix_web::rt::time::timeout(self.shutdown_timeout, task).await.is_err() {
                log::warn!("a background task of an app did not end within ACTIX_SHUTDOWN_TIMEOUT");
            }
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

/// Starts the background tasks of the apps. They stop when the sender is dropped.
pub(super) fn start_tasks(apps: &Apps) -> (oneshot::Sender<()>, Vec<JoinHandle<()>>) {
    let (stopped, stop) = oneshot::channel();
    let stop = stop.map(drop).shared();
    let tasks = apps.installed().iter().filter_map(|app| app.background_task(apps, stop.clone().boxed_local()));
    (stopped, tasks.map(actix_web::rt::spawn).collect())
}

fn metrics_server(address: SocketAddr, metrics: Metrics) -> io::Result<(SocketAddr, Server)> {
    let metrics = web::Data::new(metrics);
    let app = move || App::new().app_data(metrics.clone()).route("/metrics", web::get().to(metrics::page));
    let server = HttpServer::new(app).workers(1).disable_signals().bind(address)?;
    let address = server.addrs().first().copied().unwrap_or(address);
    Ok((address, server.run()))
}

fn check_migrations(apps: &Apps) -> Result<(), StartError> {
    let mut conn = apps.database()?.connection()?;
    let unapplied = apps.required_migrations().unapplied(&mut conn)?;
    if unapplied.is_empty() {
        return Ok(apps.check_users(&mut conn)?);
    }
    let mut labels: Vec<_> = unapplied.iter().map(|migration| migration.app).collect();
    labels.sort_unstable();
    labels.dedup();
    Err(StartError::UnappliedMigrations { count: unapplied.len(), apps: labels })
}
