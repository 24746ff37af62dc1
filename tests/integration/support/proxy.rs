//! A wire between the server and its database that a test can cut.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// Passes bytes on to another address until it is cut, and again when it is mended.
pub struct Proxy {
    address: SocketAddr,
    wire: Arc<Wire>,
}

#[derive(Default)]
struct Wire {
    shared: Mutex<Shared>,
    thawed: Condvar,
}

#[derive(Default)]
struct Shared {
    is_cut: bool,
    is_frozen: bool,
    open: Vec<TcpStream>,
}

impl Proxy {
    /// Listens on a free port.
    pub fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let wire = Arc::new(Wire::default());
        let accepting = Arc::clone(&wire);
        thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { break };
                let mut shared = accepting.shared.lock().unwrap();
                // Dropping it closes it: to the client that is a server that went away.
                if shared.is_cut {
                    continue;
                }
                let server = TcpStream::connect(target).unwrap();
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let wire = Arc::clone(&accepting);
                    thread::spawn(move || wire.pass_on(from, to));
                }
                shared.open.extend([client, server]);
            }
        });
        Self { address, wire }
    }

    /// Where to connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends every connection and refuses new ones.
    pub fn cut(&self) {
        let mut shared = self.wire.shared.lock().unwrap();
        shared.is_cut = true;
        for stream in shared.open.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Accepts connections again.
    pub fn mend(&self) {
        self.wire.shared.lock().unwrap().is_cut = false;
    }

    /// Holds every byte back, in both directions, and leaves the connections open.
    pub fn freeze(&self) {
        self.wire.shared.lock().unwrap().is_frozen = true;
    }

    /// Lets the bytes through again.
    pub fn thaw(&self) {
        self.wire.shared.lock().unwrap().is_frozen = false;
        self.wire.thawed.notify_all();
    }
}

impl Wire {
    fn pass_on(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            let shared = self.shared.lock().unwrap();
            drop(self.thawed.wait_while(shared, |shared| shared.is_frozen).unwrap());
            if to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    }
}
