//! The real program, started as an administrator starts it, and a client on a plain socket.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::TestDatabase;

/// `manage runserver` on a free port; killed when dropped.
pub struct Process {
    child: Child,
    pub address: SocketAddr,
    /// The address of the metrics, if `METRICS_ADDRESS` was set.
    pub metrics: Option<SocketAddr>,
}

impl Process {
    /// Starts the server and waits until it listens.
    pub fn start(db: &TestDatabase, env: &[(&str, &str)]) -> Self {
        Self::start_by(Command::new(env!("CARGO_BIN_EXE_manage")), db, env)
    }

    /// The same with a limit on its open files and sockets.
    pub fn start_with_descriptors(limit: u32, db: &TestDatabase, env: &[(&str, &str)]) -> Self {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &format!("ulimit -n {limit} && exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_manage")]);
        Self::start_by(shell, db, env)
    }

    fn start_by(mut program: Command, db: &TestDatabase, env: &[(&str, &str)]) -> Self {
        let mut child = program
            .args(["runserver", "127.0.0.1:0"])
            .env_clear()
            .env("DATABASE_URL", &db.url)
            .env("SECRET_KEY", "a-test-secret-key-of-more-than-fifty-characters-0123456789")
            .env("SIMPLE_JWT_BLACKLIST_AFTER_ROTATION", "true")
            .envs(env.iter().copied())
            // No `.env` there.
            .current_dir("/")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let (mut address, mut metrics, mut seen) = (None, None, String::new());
        while address.is_none() || (metrics.is_none() && env.iter().any(|(key, _)| *key == "METRICS_ADDRESS")) {
            let line = log.next().unwrap_or_else(|| panic!("the server did not start: {seen}")).unwrap();
            let url = line.split("http://").nth(1).map(|url| url.trim_end_matches("/metrics").parse().unwrap());
            match url {
                Some(url) if line.contains("metrics on") => metrics = Some(url),
                Some(url) => address = Some(url),
                None => seen.push_str(&line),
            }
        }
        // A full pipe would stop the server.
        thread::spawn(move || log.for_each(drop));
        Self { child, address: address.unwrap(), metrics }
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM.
    pub fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    /// Waits until this number of requests wait for the database. For a server with `METRICS_ADDRESS`.
    pub fn wait_for_queue(&self, length: usize) {
        let line = format!("actix_simplejwt_database_queue {length}");
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let page = get(self.metrics.unwrap(), "/metrics").unwrap().1;
            if page.lines().any(|found| found == line) {
                return;
            }
            assert!(Instant::now() < deadline, "{line} never came: {page}");
        }
    }

    /// Waits until the server accepts no more connections.
    pub fn wait_for_closed_port(&self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(self.address).is_ok() {
            assert!(Instant::now() < deadline, "{} is still open", self.address);
        }
    }

    /// The number of open files and sockets.
    #[cfg(target_os = "linux")]
    pub fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// Waits for the end.
    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The exit code and the output of `manage`.
#[derive(Debug, PartialEq, Eq)]
pub struct Managed {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Runs `manage` with these arguments, in `folder`, with these variables and no others.
pub fn manage_in(folder: &Path, words: &[&str], env: &[(&str, &str)]) -> Managed {
    let output = Command::new(env!("CARGO_BIN_EXE_manage"))
        .args(words)
        .env_clear()
        .envs(env.iter().copied())
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Managed {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs `manage` in an empty folder.
pub fn manage(words: &[&str], env: &[(&str, &str)]) -> Managed {
    manage_in(tempfile::tempdir().unwrap().path(), words, env)
}

/// Sends one request on a new connection.
pub fn send(address: SocketAddr, method: &str, path: &str, body: &str) -> io::Result<TcpStream> {
    let mut connection = TcpStream::connect(address)?;
    connection.set_read_timeout(Some(Duration::from_secs(60)))?;
    let length = body.len();
    write!(
        connection,
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )?;
    Ok(connection)
}

/// Reads status and body of the response. Returns an error if it is incomplete.
pub fn receive(mut connection: TcpStream) -> io::Result<(u16, String)> {
    let mut text = String::new();
    connection.read_to_string(&mut text)?;
    let broken = || io::Error::new(io::ErrorKind::UnexpectedEof, "not a whole response");
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(broken)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    if length.is_some_and(|length: usize| length != body.len()) {
        return Err(broken());
    }
    Ok((status, body.to_owned()))
}

/// A POST with JSON.
pub fn post(address: SocketAddr, path: &str, body: &Value) -> io::Result<(u16, Value)> {
    let (status, body) = receive(send(address, "POST", path, &body.to_string())?)?;
    Ok((status, serde_json::from_str(&body).unwrap_or(Value::Null)))
}

/// A GET.
pub fn get(address: SocketAddr, path: &str) -> io::Result<(u16, String)> {
    receive(send(address, "GET", path, "")?)
}
