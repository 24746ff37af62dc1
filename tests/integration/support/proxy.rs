//! A proxy between the server and its database or Redis, in which a test injects faults.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

/// Passes bytes on to another address. It stops when dropped.
pub struct Proxy {
    address: SocketAddr,
    wire: Arc<Wire>,
    /// Has the port.
    accepting: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Wire {
    shared: Mutex<Shared>,
    thawed: Condvar,
}

#[derive(Default)]
struct Shared {
    is_cut: bool,
    is_stopped: bool,
    is_frozen: bool,
    is_silent: bool,
    trigger: Option<Trigger>,
    open: Vec<Arc<Pair>>,
}

/// Swallows the connection on which the client sends this.
struct Trigger {
    text: &'static [u8],
    /// Whether the server still gets what was sent.
    is_passed_on: bool,
}

/// A connection of a client and the one to the server.
struct Pair {
    client: TcpStream,
    server: TcpStream,
    is_swallowed: AtomicBool,
}

impl Pair {
    /// The client's bytes are acknowledged and discarded. The server sees that its client has disconnected.
    fn swallow(&self) {
        self.is_swallowed.store(true, Ordering::Relaxed);
        let _ = self.server.shutdown(Shutdown::Both);
    }

    fn cut(&self) {
        for stream in [&self.client, &self.server] {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Proxy {
    /// Listens on a free port.
    pub fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let wire = Arc::new(Wire::default());
        let accepting = Arc::clone(&wire);
        let thread = thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { break };
                let mut shared = accepting.shared.lock().unwrap();
                if shared.is_stopped {
                    break;
                }
                // Dropping it closes it. The client sees that the server has disconnected.
                if shared.is_cut {
                    continue;
                }
                let server = TcpStream::connect(target).unwrap();
                let pair = Arc::new(Pair { client, server, is_swallowed: AtomicBool::default() });
                if shared.is_silent {
                    pair.swallow();
                }
                for is_client in [true, false] {
                    let (wire, pair) = (Arc::clone(&accepting), Arc::clone(&pair));
                    thread::spawn(move || wire.pass_on(&pair, is_client));
                }
                shared.open.push(pair);
            }
        });
        Self { address, wire, accepting: Some(thread) }
    }

    /// Where to connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends every connection and refuses new ones.
    pub fn cut(&self) {
        let mut shared = self.wire.shared.lock().unwrap();
        shared.is_cut = true;
        shared.open.drain(..).for_each(|pair| pair.cut());
    }

    /// Ends every connection and closes the port, for good.
    pub fn stop(&mut self) {
        self.cut();
        self.wire.shared.lock().unwrap().is_stopped = true;
        // Wakes the thread.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.accepting.take() {
            thread.join().unwrap();
        }
    }

    /// Delays all data in both directions and leaves the connections open.
    pub fn freeze(&self) {
        self.wire.shared.lock().unwrap().is_frozen = true;
    }

    /// Forwards data again.
    pub fn thaw(&self) {
        self.wire.shared.lock().unwrap().is_frozen = false;
        self.wire.thawed.notify_all();
    }

    /// The server disconnects from the open connections, and the client does not notice: its bytes are acknowledged,
    /// but no answer comes. New connections work.
    pub fn swallow(&self) {
        self.wire.shared.lock().unwrap().open.iter().for_each(|pair| pair.swallow());
    }

    /// The same, for new connections as well.
    pub fn silence(&self) {
        self.wire.shared.lock().unwrap().is_silent = true;
        self.swallow();
    }

    /// The same, for the connection on which the client sends `text` next. The server gets `text` or not.
    pub fn swallow_at(&self, text: &'static str, is_passed_on: bool) {
        self.wire.shared.lock().unwrap().trigger = Some(Trigger { text: text.as_bytes(), is_passed_on });
    }

    /// Whether the client has not sent that text yet.
    pub fn is_armed(&self) -> bool {
        self.wire.shared.lock().unwrap().trigger.is_some()
    }

    /// The server closes its direction of the open connections, as if it had stopped sending but still read.
    pub fn half_close(&self) {
        for pair in &self.wire.shared.lock().unwrap().open {
            let _ = pair.client.shutdown(Shutdown::Write);
        }
    }

    /// New connections work again.
    pub fn restore(&self) {
        let mut shared = self.wire.shared.lock().unwrap();
        shared.is_cut = false;
        shared.is_silent = false;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.thaw();
        self.stop();
    }
}

impl Wire {
    fn pass_on(&self, pair: &Pair, is_client: bool) {
        let (mut from, mut to) = if is_client { (&pair.client, &pair.server) } else { (&pair.server, &pair.client) };
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            let shared = self.shared.lock().unwrap();
            let mut shared = self.thawed.wait_while(shared, |shared| shared.is_frozen).unwrap();
            let fires = |trigger: &mut Trigger| {
                is_client && buffer[..length].windows(trigger.text.len()).any(|part| part == trigger.text)
            };
            let fired = shared.trigger.take_if(fires);
            drop(shared);
            match fired {
                // Swallowed when the server has answered.
                Some(Trigger { is_passed_on: true, .. }) => pair.is_swallowed.store(true, Ordering::Relaxed),
                Some(_) => pair.swallow(),
                None if pair.is_swallowed.load(Ordering::Relaxed) => {
                    pair.swallow();
                    continue;
                }
                None => {}
            }
            if to.write_all(&buffer[..length]).is_err() && !pair.is_swallowed.load(Ordering::Relaxed) {
                break;
            }
        }
        if is_client || !pair.is_swallowed.load(Ordering::Relaxed) {
            let _ = to.shutdown(Shutdown::Write);
        }
    }
}
