//! The server on a real socket, and clients that write bytes themselves.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use actix_simplejwt::conf::Environment;
use actix_simplejwt::server::{Application, Site};
use actix_simplejwt::settings::Settings;
use actix_simplejwt::urls;

use super::TestDatabase;

/// A server on a free port. It runs until the test binary ends.
pub struct SocketApp {
    address: SocketAddr,
    _kept: TestDatabase,
}

impl SocketApp {
    /// A server with one worker, whose settings `adjust` may change.
    pub fn start(adjust: impl FnOnce(&mut Settings)) -> Self {
        let kept = TestDatabase::sqlite();
        let env: Environment = [
            ("SECRET_KEY", "a-test-secret-key-of-more-than-fifty-characters-0123456789"),
            ("PASSWORD_HASHERS", "MD5PasswordHasher"),
            ("BIND", "127.0.0.1:0"),
            ("ACTIX_WORKERS", "1"),
        ]
        .into_iter()
        .collect();
        let mut settings = Settings::from_env(&env).unwrap();
        settings.database = kept.settings.clone();
        adjust(&mut settings);
        let (report, reported) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let application =
                    Application::build(Site::new(settings.builder().build().unwrap(), urls::configure)).unwrap();
                report.send(application.address()).unwrap();
                application.run().await.unwrap();
            });
        });
        Self { address: reported.recv().unwrap(), _kept: kept }
    }

    /// A connection that waits at most a minute, so that a test does not hang without an answer.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    /// Sends bytes and reads until the server closes the connection. It is a failure if the server neither responds nor closes.
    pub fn exchange(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect();
        // The server may close the connection before everything was sent.
        let _ = stream.write_all(bytes.as_ref());
        read_to_close(&mut stream)
    }

    /// Whether a well-behaved client is served.
    pub fn is_alive(&self) -> bool {
        let head = "GET /api/protected/ HTTP/1.1\r\nHost: testserver\r\nConnection: close\r\n\r\n";
        self.exchange(head).starts_with("HTTP/1.1 401 ")
    }
}

/// Everything until the server closes the connection, or resets it.
pub fn read_to_close(stream: &mut TcpStream) -> String {
    let mut received = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => received.extend_from_slice(&buffer[..n]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            // The process was stopped and continued.
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&received)),
        }
    }
    String::from_utf8_lossy(&received).into_owned()
}

/// The status of the first response; 0 without a response.
pub fn status(response: &str) -> u16 {
    response.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).and_then(|code| code.parse().ok()).unwrap_or(0)
}
