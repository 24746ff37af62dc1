//! Development mode: what `cargo run` does in a fresh clone.

use std::io::{BufRead, BufReader, Lines};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

use serde_json::json;

use crate::support::process::post;

struct Development {
    child: Child,
    stdout: String,
    address: SocketAddr,
    _log: Lines<BufReader<ChildStderr>>,
}

impl Drop for Development {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts it like `cargo run 2>&1 | tee log`: neither output is a terminal.
fn start(folder: &Path) -> Development {
    let mut child = Command::new(env!("CARGO_BIN_EXE_manage"))
        .env_clear()
        .env("PORT", "0")
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = log.find_map(|line| line.unwrap().split("http://").nth(1).map(|url| url.parse().unwrap()));
    let mut stdout = String::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap) {
        stdout.push_str(&line);
        stdout.push('\n');
        if line == "Stop with Ctrl-C." {
            break;
        }
    }
    Development { child, stdout, address: address.unwrap(), _log: log }
}

#[test]
#[cfg_attr(not(debug_assertions), ignore = "only a debug build has a development mode")]
fn the_password_is_printed_only_to_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().canonicalize().unwrap().join("db.sqlite3.admin-password");
    // A file of a deleted database, readable by everyone.
    std::fs::write(&file, "old").unwrap();
    let server = start(folder.path());
    let password = std::fs::read_to_string(&file).unwrap();
    let password = password.trim();
    assert!(password.len() == 16 && !server.stdout.contains(password), "{}", server.stdout);
    let place = format!("A superuser was made: admin, whose password is in {} (only you", file.display());
    assert!(server.stdout.contains(&place), "{}", server.stdout);
    assert!(
        server.stdout.contains(&format!(r#""password": "'"$(cat '{}')"'"}}')"#, file.display())),
        "{}",
        server.stdout
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let login = json!({ "username": "admin", "password": password });
    let (status, tokens) = post(server.address, "/api/token/", &login).unwrap();
    assert_eq!((status, tokens["access"].is_string()), (200, true));
    drop(server);

    let again = start(folder.path());
    assert!(!again.stdout.contains("A superuser was made"), "{}", again.stdout);
}
