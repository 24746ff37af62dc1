//! Ends connections on which nothing is asked. Python counterpart: the `timeout` and `keepalive` of gunicorn.
//!
//! actix's own time limits have two gaps, through which a client can keep a connection for ever: the head of a second
//! request on a connection may take as long as it likes, and so may the rest of a chunked body that no view has read.
//! Here a connection has so and so long from the end of one answer to the beginning of the next request's view.

use std::any::Any;
use std::cell::{Cell, OnceCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Extensions, ServiceRequest};
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpResponse};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::settings::ServerSettings;
use crate::http::middleware::{Middleware, RequestInfo};

/// A connection, from the side of who watches it.
struct Connection {
    /// A second handle to the socket: the first belongs to actix, which lets nobody close it.
    #[cfg(unix)]
    socket: std::net::TcpStream,
    /// Requests in a view, or with an answer on its way.
    busy: Cell<usize>,
    idle_since: Cell<Instant>,
    watcher: OnceCell<AbortHandle>,
}

/// Watches a new connection; for `HttpServer::on_connect`. `limit` is how long it may ask for nothing.
pub(super) fn watch(io: &dyn Any, data: &mut Extensions, limit: Duration) {
    let Some(connection) = Connection::of(io) else { return };
    let connection = Rc::new(connection);
    let watcher = actix_web::rt::spawn(close_when_idle(Rc::downgrade(&connection), limit));
    // Nobody has set it before: the connection was made two lines above.
    let _ = connection.watcher.set(watcher.abort_handle());
    data.insert(connection);
}

impl Drop for Connection {
    /// Nobody sleeps on for a connection that has gone: with clients that make a new one for each request those would be
    /// tens of thousands.
    fn drop(&mut self) {
        if let Some(watcher) = self.watcher.get() {
            watcher.abort();
        }
    }
}

/// How long a connection may ask for nothing: idle, and then sending a head. `None` where a setting says for ever.
pub(super) fn limit(settings: &ServerSettings) -> Option<Duration> {
    let request = settings.client_request_timeout;
    (!request.is_zero()).then(|| settings.keep_alive + request + settings.client_disconnect_timeout)
}

/// Looks at the connection whenever it could have been idle for too long.
async fn close_when_idle(connection: Weak<Connection>, limit: Duration) {
    loop {
        let next = match connection.upgrade() {
            None => return,
            Some(connection) => {
                let now = Instant::now();
                let deadline = connection.idle_since.get() + limit;
                match (connection.busy.get(), now < deadline) {
                    (0, true) => deadline,
                    (0, false) => return connection.close(),
                    _ => now + limit,
                }
            }
        };
        tokio::time::sleep_until(next).await;
    }
}

impl Connection {
    #[cfg(unix)]
    fn of(io: &dyn Any) -> Option<Self> {
        use std::os::fd::AsFd;

        let stream = io.downcast_ref::<actix_web::rt::net::TcpStream>()?;
        let socket = stream.as_fd().try_clone_to_owned().ok()?.into();
        let idle_since = Cell::new(Instant::now());
        Some(Self { socket, busy: Cell::new(0), idle_since, watcher: OnceCell::new() })
    }

    /// Elsewhere the limits of actix are all there is.
    #[cfg(not(unix))]
    fn of(_io: &dyn Any) -> Option<Self> {
        None
    }

    fn close(&self) {
        // It may be closed already, which is as good. actix reads the end of the stream and drops its handle.
        #[cfg(unix)]
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
    }
}

/// Leaves the connection of a request alone until the response is sent.
pub(super) struct WatchedConnections;

impl Middleware for WatchedConnections {
    fn process_request(&self, req: &ServiceRequest, _info: &mut RequestInfo) -> Option<HttpResponse> {
        if let Some(connection) = req.conn_data::<Rc<Connection>>().map(Rc::clone) {
            connection.busy.set(connection.busy.get() + 1);
            req.extensions_mut().insert(Busy(connection));
        }
        None
    }

    fn process_response(&self, info: &RequestInfo, response: &mut HttpResponse) {
        let busy = info.request.as_ref().and_then(|req| req.extensions_mut().remove::<Busy>());
        // Any other body is in memory; sending a stream takes time.
        if let Some(busy) = busy.filter(|_| response.body().size() == BodySize::Stream) {
            let sent = std::mem::replace(response, HttpResponse::new(StatusCode::OK));
            *response = sent.map_body(|_, body| Streaming { body, _busy: busy }.boxed());
        }
    }
}

/// A request being served.
struct Busy(Rc<Connection>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.set(self.0.busy.get() - 1);
        self.0.idle_since.set(Instant::now());
    }
}

struct Streaming {
    body: BoxBody,
    _busy: Busy,
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
        let watcher = data.get::<Rc<Connection>>().unwrap().watcher.get().unwrap().clone();
        tokio::task::yield_now().await;
        assert!(!watcher.is_finished());

        let busy = Rc::clone(data.get::<Rc<Connection>>().unwrap());
        data.clear();
        tokio::task::yield_now().await;
        assert!(!watcher.is_finished());

        drop(busy);
        tokio::task::yield_now().await;
        assert!(watcher.is_finished());
    }
}
