//! Starts this program on a port of this machine for the comparison.

use std::pin::pin;
use std::sync::mpsc;

use actix_web::HttpServer;
use actix_web::dev::ServerHandle;
use actix_web::rt::System;
use diesel::{RunQueryDsl, sql_query};
use futures_util::FutureExt;

use crate::apps::command::{CommandError, Context, eprintln};
use crate::conf::Environment;
use crate::db::{DatabaseSettings, DatabaseUrl, open_read_only};
use crate::server::{self, Site, signals};

/// A running server. It stops when dropped.
pub(super) struct RunningServer {
    /// Its URL.
    pub(super) base: String,
    handle: ServerHandle,
    thread: Option<std::thread::JoinHandle<()>>,
    _copy: Option<TemporaryDirectory>,
}

/// Starts the project with the settings in `env`. If the database is SQLite, it uses a copy, because opening the file changes it.
///
/// # Errors
/// Returns an error if the project cannot be set up.
pub(super) fn start(context: &Context, env: &Environment) -> Result<RunningServer, CommandError> {
    let mut env = env.clone();
    let mut copy = None;
    let database = context.builder_from(&env)?.registry().settings::<DatabaseSettings>();
    if let DatabaseUrl::Sqlite(_) = database.url {
        let scratch = TemporaryDirectory::new()?;
        scratch.remove_at_signal();
        let file = scratch.0.join("db.sqlite3").display().to_string();
        let statement = format!("VACUUM INTO '{}'", file.replace('\'', "''"));
        sql_query(statement).execute(&mut open_read_only(&database)?)?;
        env = env.with("DATABASE_URL", format!("sqlite://{file}"));
        copy = Some(scratch);
    }
    let site = Site::new(context.builder_from(&env)?.build()?, context.urls);
    let (sender, receiver) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        System::new().block_on(async move {
            let server =
                HttpServer::new(move || server::app(&site)).workers(1).disable_signals().bind(("127.0.0.1", 0));
            match server {
                Ok(server) => {
                    let address = server.addrs().first().copied();
                    let server = server.run();
                    let _ = sender.send(Ok((address, server.handle())));
                    let _ = server.await;
                }
                Err(error) => {
                    let _ = sender.send(Err(error));
                }
            }
        });
    });
    let (address, handle) = receiver.recv()??;
    let address = address.ok_or_else(|| CommandError::new("the server has no address"))?;
    Ok(RunningServer { base: format!("http://{address}"), handle, thread: Some(thread), _copy: copy })
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        // The command is sent at once; the future only waits for the answer.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A temporary directory, removed when dropped. Only its owner can read it, because the copy has password hashes.
struct TemporaryDirectory(std::path::PathBuf);

impl TemporaryDirectory {
    fn new() -> std::io::Result<Self> {
        let name = format!("manage-adopt-{}", uuid::Uuid::new_v4());
        let path = std::env::temp_dir().join(name);
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path)?;
        Ok(Self(path))
    }

    /// Removes the directory at Ctrl-C or SIGTERM, which would end the process without dropping anything.
    fn remove_at_signal(&self) {
        let path = self.0.clone();
        let (listening, is_listening) = mpsc::channel();
        std::thread::spawn(move || {
            System::new().block_on(async {
                let mut signal = pin!(signals::first_signal());
                // The first poll registers the signals.
                if (&mut signal).now_or_never().is_none() {
                    drop(listening);
                    signal.await;
                }
                if let Err(error) = std::fs::remove_dir_all(&path) {
                    eprintln!("The copy of the database is still in {}: {error}", path.display());
                }
                std::process::exit(130);
            });
        });
        // The end of the channel, or of the thread if there is no runtime.
        let _: Result<(), _> = is_listening.recv();
    }
}

impl Drop for TemporaryDirectory {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("The copy of the database is still in {}: {error}", self.0.display());
        }
    }
}
