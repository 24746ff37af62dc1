//! The connections that come while the server stops. Python counterpart: none; gunicorn resets them.
//!
//! When actix stops it resets the connections that wait for a worker or to be accepted, though their clients may have sent
//! the request: they cannot tell that it was not done. Here a second handle to the socket stays open until actix is out of
//! the way. What comes meanwhile is answered, and the port is closed at a moment when nobody waits.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use actix_http::error::DispatchError;
use actix_http::{HttpService, KeepAlive};
use actix_service::{Service, ServiceFactory, map_config};
use actix_web::dev::{AppConfig, ServerHandle};
use actix_web::rt;
use actix_web::rt::net::{TcpListener, TcpSocket, TcpStream};
use actix_web::rt::task::JoinHandle;
use futures_util::future::join_all;
use tokio::time::timeout;

use super::settings::ServerSettings;
use super::{Site, app, connections};

/// How long the threads of actix may take to notice something. They say nothing when they have.
const MOMENT: Duration = Duration::from_millis(100);
/// Connections that may wait to be accepted; actix's own number.
const BACKLOG: u32 = 2_048;

/// Binds the address; two handles to its socket.
pub(super) fn bind(address: SocketAddr) -> io::Result<(std::net::TcpListener, std::net::TcpListener)> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Or a server that is started again would have to wait for the last connections of the one before.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let listener = socket.listen(BACKLOG)?.into_std()?;
    Ok((listener.try_clone()?, listener))
}

/// Stops the server behind `handle` and serves what else comes to `listener`, its socket, until both are done.
pub(super) async fn stop(
    handle: ServerHandle,
    listener: std::net::TcpListener,
    site: &Site,
    settings: &ServerSettings,
) -> io::Result<()> {
    // Workers take up what they were given before, and nothing new comes to them.
    handle.pause().await;
    let mut late = Late { service: service(site, settings).await?, open: Vec::new() };
    let listener = TcpListener::from_std(listener)?;
    late.accept_for(MOMENT, &listener).await;
    let stopping = rt::spawn(handle.stop(true));
    // Until their copy of the socket is closed as well.
    late.accept_for(MOMENT, &listener).await;
    late.accept_the_rest(listener.into_std()?)?;
    if timeout(settings.shutdown_timeout, join_all(late.open)).await.is_err() {
        log::warn!("stopped with requests in flight");
    }
    stopping.await.map_err(io::Error::other)
}

/// One request of a connection.
async fn service(
    site: &Site,
    settings: &ServerSettings,
) -> io::Result<impl Service<TcpStream, Response = (), Error = DispatchError> + use<>> {
    let limit = connections::limit(settings);
    let service = HttpService::build()
        .keep_alive(KeepAlive::Disabled)
        .client_request_timeout(settings.client_request_timeout)
        .client_disconnect_timeout(settings.client_disconnect_timeout)
        .on_connect_ext(move |io: &TcpStream, data| {
            if let Some(limit) = limit {
                connections::watch(io, data, limit);
            }
        })
        .finish(map_config(app(site), |()| AppConfig::default()))
        .tcp();
    service.new_service(()).await.map_err(|()| io::Error::other("the application cannot be started a second time"))
}

/// Late connections, and what serves them.
struct Late<S> {
    service: S,
    open: Vec<JoinHandle<()>>,
}

impl<S> Late<S>
where
    S: Service<TcpStream, Response = (), Error = DispatchError>,
    S::Future: 'static,
{
    async fn accept_for(&mut self, time: Duration, listener: &TcpListener) {
        let accepting = async {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => self.serve(stream),
                    Err(error) => {
                        log::warn!("a connection could not be accepted: {error}");
                        tokio::task::yield_now().await;
                    }
                }
            }
        };
        // Ends by time alone.
        timeout(time, accepting).await.unwrap_or(());
    }

    /// Those that wait at this moment; then the port is closed.
    fn accept_the_rest(&mut self, listener: std::net::TcpListener) -> io::Result<()> {
        loop {
            match listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(true)?;
                    self.serve(TcpStream::from_std(stream)?);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn serve(&mut self, stream: TcpStream) {
        let answered = self.service.call(stream);
        self.open.push(rt::spawn(async move {
            if let Err(error) = answered.await {
                log::debug!("a late connection broke: {error}");
            }
        }));
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use actix_web::HttpServer;

    use super::super::tests::migrated;
    use super::*;

    #[actix_web::test]
    async fn whoever_waits_when_the_server_stops_is_answered_and_then_the_port_is_closed() {
        let directory = tempfile::tempdir().unwrap();
        let state = migrated(&directory);
        let server = HttpServer::new({
            let state = state.clone();
            move || app(&state)
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap().run();
        let handle = server.handle();
        let server = rt::spawn(server);
        // Not the port of that server, or its threads might be quicker.
        let (listener, other) = bind(([127, 0, 0, 1], 0).into()).unwrap();
        drop(other);
        let address = listener.local_addr().unwrap();
        let mut waiting: Vec<_> = (0..20).map(|_| TcpStream::connect(address).unwrap()).collect();
        for client in &mut waiting {
            client.write_all(b"GET /api/protected/ HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        }
        stop(handle, listener, &state, &ServerSettings::default()).await.unwrap();
        server.await.unwrap().unwrap();
        for mut client in waiting {
            let mut answer = String::new();
            client.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        }
        TcpStream::connect(address).unwrap_err();
    }
}
