//! Answers connections that arrive while the server stops. Python counterpart: none; gunicorn resets them.
//!
//! When actix stops, it resets the connections that wait to be accepted, although their clients may have sent a request and
//! cannot know that it was not processed. So a second handle to the socket stays open until actix has closed its own. New
//! connections are answered here meanwhile, and the port is closed at a moment when none is waiting.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_http::error::DispatchError;
use actix_http::{HttpService, KeepAlive};
use actix_service::{Service, ServiceFactory, map_config};
use actix_web::dev::{AppConfig, ServerHandle};
use actix_web::rt;
use actix_web::rt::net::{TcpSocket, TcpStream};
use actix_web::rt::task::JoinHandle;
use futures_util::future::join_all;
use tokio::time::{Instant, sleep, timeout};

use super::connections;
use super::settings::ServerSettings;
use super::site::{Site, app};

/// How long the threads of actix may take to follow a command. They do not report that they have.
const MOMENT: Duration = Duration::from_millis(100);
/// Largest number of connections that wait to be accepted; actix's own number.
const BACKLOG: u32 = 2_048;

/// Size of the buffer in which the system keeps what a connection has received, in bytes. actix reads all of it at once, up to 131 kB,
/// before it looks at the request, and keeps that memory until the connection is closed. A distant client can send no more than
/// the buffer in each round trip.
const RECEIVE_BUFFER: u32 = 16 * 1024;

/// Binds the address. Returns two handles to its socket.
pub(super) fn bind(address: SocketAddr) -> io::Result<(TcpListener, TcpListener)> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Without this a restarted server would have to wait for the last connections of its predecessor.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    // The connections inherit it.
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    socket.bind(address)?;
    let listener = socket.listen(BACKLOG)?.into_std()?;
    Ok((listener.try_clone()?, listener))
}

/// Stops the server behind `handle`, and answers connections that arrive at its socket `listener` during this time.
pub(super) async fn stop(
    handle: ServerHandle,
    listener: TcpListener,
    site: &Site,
    settings: &ServerSettings,
) -> io::Result<()> {
    let service = service(site, settings).await?;
    let mut open = Vec::new();
    // The workers serve the connections that they have got before, and get no new ones.
    handle.pause().await;
    serve_for(MOMENT, &listener, &service, &mut open).await;
    let stopping = rt::spawn(handle.stop(true));
    // Until actix has closed its handle to the socket.
    serve_for(MOMENT, &listener, &service, &mut open).await;
    drop(listener);
    if timeout(settings.shutdown_timeout, join_all(open)).await.is_err() {
        log::warn!("stopped with requests in flight");
    }
    stopping.await.map_err(io::Error::other)
}

/// The application, for one request per connection.
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

/// Serves the connections to `listener` for this time. At the end no connection is waiting.
async fn serve_for<S>(time: Duration, listener: &TcpListener, service: &S, open: &mut Vec<JoinHandle<()>>)
where
    S: Service<TcpStream, Response = (), Error = DispatchError>,
    S::Future: 'static,
{
    let end = Instant::now() + time;
    loop {
        let is_last = Instant::now() >= end;
        // tokio's sockets do not block, and neither do the handles made of them.
        while let Ok((stream, _)) = listener.accept() {
            match stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream)) {
                Ok(stream) => {
                    let answered = service.call(stream);
                    open.push(rt::spawn(async move {
                        if let Err(error) = answered.await {
                            log::debug!("a connection broke while the server stopped: {error}");
                        }
                    }));
                }
                Err(error) => log::warn!("a connection could not be served: {error}"),
            }
        }
        if is_last {
            return;
        }
        sleep(Duration::from_millis(1)).await;
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
    async fn waiting_connections_are_answered_when_the_server_stops_and_then_the_port_is_closed() {
        let directory = tempfile::tempdir().unwrap();
        let site = migrated(&directory);
        let server = HttpServer::new({
            let site = site.clone();
            move || app(&site)
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap().run();
        let handle = server.handle();
        let server = rt::spawn(server);
        // Not the port of that server, whose threads might accept first.
        let (listener, other) = bind(([127, 0, 0, 1], 0).into()).unwrap();
        drop(other);
        let address = listener.local_addr().unwrap();
        let mut waiting: Vec<_> = (0..20).map(|_| TcpStream::connect(address).unwrap()).collect();
        for client in &mut waiting {
            client.write_all(b"GET /api/protected/ HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        }
        stop(handle, listener, &site, &ServerSettings::default()).await.unwrap();
        server.await.unwrap().unwrap();
        for mut client in waiting {
            let mut answer = String::new();
            client.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        }
        TcpStream::connect(address).unwrap_err();
    }

    #[actix_web::test]
    async fn a_connection_has_the_small_buffer_of_its_listener() {
        let (listener, _other) = bind(([127, 0, 0, 1], 0).into()).unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        listener.set_nonblocking(false).unwrap();
        let (connection, _) = listener.accept().unwrap();
        // Linux doubles the size, because it counts its own data as well.
        let size = TcpSocket::from_std_stream(connection).recv_buffer_size().unwrap();
        assert!(size <= 2 * RECEIVE_BUFFER, "{size}");
    }
}
