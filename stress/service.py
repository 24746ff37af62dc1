"""Starts and stops the server under test, on a separate database, and sends HTTP on plain sockets.

Needs only Python 3.8, and `psql` for PostgreSQL. The other programs here use it.
"""
import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
REFPROJECT = os.path.join(HERE, "..", "conformance", "refproject")
# The line after the rows of a statement.
END = "end-of-statement"
SECRET_KEY = "a-key-for-stress-tests-of-more-than-fifty-characters-0123456789"


class Database:
    """A SQLite file or a PostgreSQL database that is made here and removed at the end."""

    def __init__(self, kind):
        self.folder = tempfile.mkdtemp(prefix="stress-")
        self.server, self.session, self.lock = None, None, threading.Lock()
        if kind == "sqlite":
            self.file = os.path.join(self.folder, "db.sqlite3")
            self.url = "sqlite://" + self.file
        else:
            self.server = kind
            self.name = "stress_%d_%d" % (os.getpid(), time.monotonic_ns() % 1000000)
            self._psql(kind, "CREATE DATABASE " + self.name)
            parts = urllib.parse.urlsplit(kind)
            self.url = urllib.parse.urlunsplit(parts._replace(path="/" + self.name))

    @staticmethod
    def _psql(url, sql):
        subprocess.run(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", url, "-c", sql], check=True)

    def _lines(self, sql):
        """What psql prints for a statement. It stays open, because its start takes longer than most statements."""
        with self.lock:
            if self.session is None:
                command = ["psql", "-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", self.url]
                self.session = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, universal_newlines=True)
            self.session.stdin.write("%s;\n\\echo %s\n" % (sql, END))
            self.session.stdin.flush()
            lines = []
            while True:
                line = self.session.stdout.readline()
                if not line:
                    raise RuntimeError("psql has ended at: " + sql)
                if line == END + "\n":
                    return lines
                lines.append(line[:-1])

    def query(self, sql):
        """Runs and commits a statement. Returns its rows as text."""
        if self.server:
            return [tuple(line.split("\t")) for line in self._lines(sql)]
        with contextlib.closing(sqlite3.connect(self.file, timeout=30)) as connection, connection:
            return [tuple(map(str, row)) for row in connection.execute(sql)]

    def number(self, sql):
        return int(self.query(sql)[0][0])

    def remove(self):
        if self.session:
            self.session.communicate()
        if self.server:
            self._psql(self.server, "DROP DATABASE IF EXISTS %s WITH (FORCE)" % self.name)
        shutil.rmtree(self.folder, ignore_errors=True)


class Service:
    """Instances of one program on one database."""

    def __init__(self, database, manage=None, django=None, user=None, **settings):
        """`user` is the number of the user to run as, for root only."""
        self.manage = manage and os.path.abspath(manage)
        self.become = (lambda: os.setuid(user)) if user is not None else None
        self.django = django
        self.processes = {}
        self.ports = []
        self.env = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TMPDIR", "LANG", "LD_LIBRARY_PATH")}
        self.env.update(SECRET_KEY=SECRET_KEY, DATABASE_URL=database.url, ALLOWED_HOSTS="*", RUST_LOG="warn",
                        SIMPLE_JWT_ROTATE_REFRESH_TOKENS="true", SIMPLE_JWT_BLACKLIST_AFTER_ROTATION="true", **settings)
        self.folder = database.folder
        if django:
            self.env.update(PYTHONPATH=REFPROJECT, DJANGO_SETTINGS_MODULE="refsite.settings", PYTHONDONTWRITEBYTECODE="1")

    def command(self, *arguments, **env):
        """Runs a management command."""
        program = [self.django, "-m", "django"] if self.django else [self.manage]
        if arguments[0] == "migrate" and self.django:
            arguments += ("-v", "0")
        result = subprocess.run(program + list(arguments), env=dict(self.env, **env), cwd=self.folder,
                                preexec_fn=self.become, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                universal_newlines=True)
        if result.returncode:
            sys.exit("%s failed:\n%s" % (" ".join(arguments), result.stdout))

    def add_user(self, name, password="correct horse 1", **env):
        self.command("createsuperuser", "--noinput", "--username", name, "--email", name + "@example.com",
                     DJANGO_SUPERUSER_PASSWORD=password, **env)

    def start(self, port=None):
        """Starts an instance and waits until it answers; returns its port."""
        if port is None:
            with contextlib.closing(socket.socket()) as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            self.ports.append(port)
        if self.django:
            # As many threads as clients. Otherwise the requests would wait for each other instead of racing.
            program = [self.django, "-W", "ignore", "-m", "gunicorn", "-b", "127.0.0.1:%d" % port, "-w", "1",
                       "--threads", "16", "--log-level", "critical", "refsite.wsgi"]
        else:
            program = [self.manage, "runserver", "127.0.0.1:%d" % port]
        log = open(os.path.join(self.folder, "log"), "ab")
        self.processes[port] = subprocess.Popen(program, env=self.env, cwd=self.folder, preexec_fn=self.become,
                                                stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                return port
            if self.processes[port].poll() is not None or time.monotonic() > deadline:
                sys.exit("the server did not start:\n" + open(log.name).read()[-2000:])
            time.sleep(0.01)

    def kill(self, port):
        """kill -9."""
        self.processes[port].kill()
        self.processes[port].wait()

    def stop(self):
        """Sends SIGTERM to all instances. Returns their exit codes."""
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        return [process.wait(60) for process in self.processes.values()]


def request(path, body, keep_alive=False):
    """The bytes of a POST request."""
    body = json.dumps(body).encode()
    head = "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n"
    return (head % (path, len(body), "" if keep_alive else "Connection: close\r\n")).encode() + body


def read_response(connection):
    """Status and body; raises OSError if the response is incomplete."""
    data = b""
    while b"\r\n\r\n" not in data:
        received = connection.recv(65536)
        if not received:
            raise ConnectionResetError("no whole head")
        data += received
    head, body = data.split(b"\r\n\r\n", 1)
    length = None
    for line in head.split(b"\r\n")[1:]:
        name, value = line.split(b":", 1)
        if name.lower() == b"content-length":
            length = int(value)
    while length is None or len(body) < length:
        received = connection.recv(65536)
        if not received:
            if length is None:
                break
            raise ConnectionResetError("no whole body")
        body += received
    return int(head.split()[1]), body.decode()


def post(port, path, body):
    """One request on a new connection; `(status, JSON)`."""
    with contextlib.closing(socket.create_connection(("127.0.0.1", port), 60)) as connection:
        connection.sendall(request(path, body))
        status, text = read_response(connection)
    return status, json.loads(text) if text.startswith(("{", "[")) else text


def volley(ports, requests):
    """Sends all `requests` at the same moment: everything but the last byte first, then all the last bytes."""
    connections = []
    try:
        for index, data in enumerate(requests):
            connection = socket.create_connection(("127.0.0.1", ports[index % len(ports)]), 60)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connections.append(connection)
            connection.sendall(data[:-1])
        # The servers have read all data and wait.
        time.sleep(0.02)
        for connection, data in zip(connections, requests):
            connection.send(data[-1:])
        return [read_response(connection) for connection in connections]
    finally:
        for connection in connections:
            connection.close()
