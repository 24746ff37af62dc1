//! Closes connections without requests. Python counterpart: the `timeout` and `keepalive` of gunicorn.
//!
//! Two things have no time limit in actix, so that a client could keep a connection open without end: the head of a second
//! request on a connection, and the rest of a chunked body that no view has read. Here the time from the end of one response to
//! the view of the next request is limited.

use std::any::Any;
use std::cell::Cell;
use std::net::Shutdown;
use std::rc::{Rc, Weak};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Extensions, ServiceRequest};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpResponse};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::settings::ServerSettings;
use crate::http::middleware::{Middleware, RequestInfo};

/// A watched connection.
struct WatchedConnection {
    /// A second handle to the socket. The first belongs to actix, which has no way to close it.
    socket: std::net::TcpStream,
    /// Number of requests that are in a view or whose response is being sent.
    busy: Cell<usize>,
    idle_since: Cell<Instant>,
    watcher: AbortHandle,
}

/// Watches a new connection; for `HttpServer::on_connect`. `limit` is the maximum time without a request.
pub(super) fn watch(io: &dyn Any, data: &mut Extensions, limit: Duration) {
    let Some(socket) = clone_socket(io) else { return };
    data.insert(Rc::new_cyclic(|connection| WatchedConnection {
        socket,
        busy: Cell::new(0),
        idle_since: Cell::new(Instant::now()),
        watcher: actix_web::rt::spawn(close_when_idle(connection.clone(), limit)).abort_handle(),
    }));
}

#[cfg(unix)]
fn clone_socket(io: &dyn Any) -> Option<std::net::TcpStream> {
    use std::os::fd::AsFd;

    let stream = io.downcast_ref::<actix_web::rt::net::TcpStream>()?;
    Some(stream.as_fd().try_clone_to_owned().ok()?.into())
}

/// Other systems only have the limits of actix.
#[cfg(not(unix))]
fn clone_socket(_io: &dyn Any) -> Option<std::net::TcpStream> {
    None
}

impl Drop for WatchedConnection {
    /// Ends the watcher too. Otherwise clients that make a connection for each request would leave tens of thousands of watchers.
    fn drop(&mut self) {
        self.watcher.abort();
    }
}

/// How long a connection may be without a request: idle, and then sending a head. `None` if a setting turns that limit off.
pub(super) fn limit(settings: &ServerSettings) -> Option<Duration> {
    let request = settings.client_request_timeout;
    (!request.is_zero()).then(|| settings.keep_alive + request + settings.client_disconnect_timeout)
}

/// Checks the connection each time that it could have reached the limit.
async fn close_when_idle(connection: Weak<WatchedConnection>, limit: Duration) {
    while let Some(connection) = connection.upgrade() {
        let now = Instant::now();
        let deadline = connection.idle_since.get() + limit;
        let next = match connection.busy.get() {
            0 if now >= deadline => {
                // An error means that it is closed already. actix reads the end of the stream and drops its handle.
                let _ = connection.socket.shutdown(Shutdown::Both);
                return;
            }
            0 => deadline,
            _ => now + limit,
        };
        drop(connection);
        tokio::time::sleep_until(next).await;
    }
}

/// Does not close the connection of a request until the response is sent, and tells the client how long it is kept
/// afterwards.
pub(super) struct WatchedConnections {
    keep_alive: Option<HeaderValue>,
}

impl WatchedConnections {
    /// The header `Keep-Alive: timeout=` has a second less than `keep_alive`. If a client keeps connections for longer than the
    /// server, it sometimes sends a request just when the server closes the connection, and the request is lost.
    pub(super) fn new(keep_alive: Option<Duration>) -> Self {
        let seconds = keep_alive.and_then(|time| time.as_secs().checked_sub(1)).filter(|seconds| *seconds > 0);
        Self { keep_alive: seconds.and_then(|seconds| HeaderValue::try_from(format!("timeout={seconds}")).ok()) }
    }
}

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

impl Middleware for WatchedConnections {
    fn process_request(&self, req: &ServiceRequest, _info: &mut RequestInfo) -> Option<HttpResponse> {
        if let Some(connection) = req.conn_data::<Rc<WatchedConnection>>().map(Rc::clone) {
            connection.busy.set(connection.busy.get() + 1);
            req.extensions_mut().insert(RequestGuard(connection));
        }
        None
    }

    fn process_response(&self, info: &RequestInfo, response: &mut HttpResponse) {
        let closes = |connection| connection == ConnectionType::Close;
        let is_last = info.request.as_ref().is_none_or(|req| closes(req.head().connection_type()));
        if let Some(time) = self.keep_alive.as_ref().filter(|_| !is_last && !closes(response.head().connection_type()))
        {
            response.headers_mut().insert(KEEP_ALIVE, time.clone());
        }
        let busy = info.request.as_ref().and_then(|req| req.extensions_mut().remove::<RequestGuard>());
        // Any other body is in memory; sending a stream takes time.
        if let Some(busy) = busy.filter(|_| response.body().size() == BodySize::Stream) {
            let sent = std::mem::replace(response, HttpResponse::new(StatusCode::OK));
            *response = sent.map_body(|_, body| Streaming { body, _busy: busy }.boxed());
        }
    }
}

/// A request being served.
struct RequestGuard(Rc<WatchedConnection>);

impl Drop for RequestGuard {
    fn drop(&mut self) {
        self.0.busy.set(self.0.busy.get() - 1);
        self.0.idle_since.set(Instant::now());
    }
}

struct Streaming {
    body: BoxBody,
    _busy: RequestGuard,
}

impl MessageBody for Streaming {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Bytes, Self::Error>>> {
        std::pin::Pin::new(&mut self.body).poll_next(cx)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use actix_web::rt::net::{TcpListener, TcpStream};

    use super::*;

    #[actix_web::test]
    async fn the_watcher_of_a_connection_ends_with_it() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let mut data = Extensions::new();
        watch(&stream, &mut data, Duration::from_secs(3600));
        let watcher = data.get::<Rc<WatchedConnection>>().unwrap().watcher.clone();
        tokio::task::yield_now().await;
        assert!(!watcher.is_finished());

        let busy = Rc::clone(data.get::<Rc<WatchedConnection>>().unwrap());
        data.clear();
        tokio::task::yield_now().await;
        assert!(!watcher.is_finished());

        drop(busy);
        tokio::task::yield_now().await;
        assert!(watcher.is_finished());
    }
}
