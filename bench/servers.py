"""The compared servers: starts and stops each of them, on one core with one worker."""
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time

import processes
import tokens

HERE = os.path.dirname(os.path.abspath(__file__))
REFPROJECT = os.path.join(HERE, "..", "conformance", "refproject")
NODE = os.path.join(HERE, "peers", "node")
BOTH = ("sqlite", "postgres")


class Tools:
    """The paths of the programs; None for a missing one."""

    def __init__(self, manage, target):
        self.manage = manage
        self.load = os.path.join(target, "release", "load")
        self.hello = os.path.join(target, "release", "hello")
        self.obvious = os.path.join(target, "obvious", "release", "obvious")
        go = os.path.join(target, "release", "go-peer")
        self.go = go if os.path.exists(go) else None
        self.venv = os.path.join(HERE, ".venv", "bin")
        self.node = shutil.which("node") if os.path.exists(os.path.join(NODE, "node_modules", "fastify")) else None


class Server:
    """A server. `command` and `environment` take the tools and the port."""

    def __init__(self, name, title, command, environment=None, databases=BOTH, works=None, cores=(processes.SERVER_CORE,)):
        self.name = name
        self.title = title
        self.command = command
        self.environment = environment or (lambda tools, port: {})
        self.databases = databases
        # Names of works; None is all of them.
        self.works = works
        self.cores = cores

    def serves(self, work, kind):
        return kind in self.databases and (self.works is None or work in self.works)


def _manage(tools, port):
    return [tools.manage, "runserver", "127.0.0.1:%d" % port]


def _granian(threads):
    def command(tools, port):
        options = "--interface wsgi --workers 1 --http 1 --no-ws --no-log --host 127.0.0.1".split()
        options += ["--blocking-threads", str(threads), "--port", str(port)]
        return [os.path.join(tools.venv, "granian")] + options + ["refsite.wsgi:application"]

    return command


def _gunicorn(tools, port):
    options = ["-w", "1", "-b", "127.0.0.1:%d" % port, "--log-level", "critical"]
    return [os.path.join(tools.venv, "python"), "-m", "gunicorn"] + options + ["refsite.wsgi"]


def _django(settings):
    path = os.pathsep.join([REFPROJECT, os.path.join(HERE, "django")])
    return lambda tools, port: {"PYTHONPATH": path, "DJANGO_SETTINGS_MODULE": settings}


# gunicorn is not measured on PostgreSQL: by default Django closes a connection with its request, and then the CPU time of its
# PostgreSQL process is lost. Logins take as long as under granian.
SERVERS = [
    Server("hello", "bare actix-web", lambda tools, port: [tools.hello, "127.0.0.1:%d" % port],
           works=("protected", "protected-new", "stateless")),
    Server("ours", "actix-simplejwt", _manage, lambda tools, port: {"RUST_LOG": "warn", "ACTIX_WORKERS": "1"}),
    Server("ours-logging", "actix-simplejwt, a line per request", _manage, lambda tools, port: {"ACTIX_WORKERS": "1"},
           databases=("sqlite",), works=("protected", "rotate")),
    Server("ours-families", "actix-simplejwt, token families", _manage,
           lambda tools, port: {"RUST_LOG": "warn", "ACTIX_WORKERS": "1", "SIMPLE_JWT_TOKEN_FAMILY_ENABLED": "true"},
           works=("rotate",)),
    Server("ours-cores", "actix-simplejwt, a worker per core", _manage, lambda tools, port: {"RUST_LOG": "warn"},
           databases=("sqlite",), works=("cores",), cores=processes.CORES),
    Server("obvious", "actix-web, r2d2, web::block", lambda tools, port: [tools.obvious],
           lambda tools, port: {"BIND": "127.0.0.1:%d" % port},
           works=("protected", "protected-new", "verify", "refresh", "rotate", "obtain-pbkdf2", "obtain-bcrypt", "mixed")),
    Server("node", "fastify, better-sqlite3, fast-jwt", lambda tools, port: [tools.node, os.path.join(NODE, "server.js")],
           lambda tools, port: {"PORT": str(port), "NODE_ENV": "production"}, databases=("sqlite",),
           works=("protected", "protected-new", "verify", "refresh", "rotate", "obtain-pbkdf2")),
    Server("go", "gin, mattn/go-sqlite3, golang-jwt", lambda tools, port: [tools.go],
           lambda tools, port: {"PORT": str(port), "GOMAXPROCS": "1"}, databases=("sqlite",),
           works=("protected", "protected-new", "verify", "refresh", "rotate", "obtain-pbkdf2", "mixed")),
    Server("granian", "Django, granian, tuned", _granian(1), _django("tuned")),
    Server("granian-threads", "Django, granian, tuned, 16 threads", _granian(16), _django("tuned"), works=("mixed",)),
    Server("gunicorn", "Django, gunicorn sync, as it comes", _gunicorn, _django("refsite.settings"),
           databases=("sqlite",), works=("protected", "stateless", "verify", "refresh", "rotate")),
]


class Process:
    """A started server."""

    def __init__(self, server, tools, scratch, settings, database=None):
        """`settings` are the environment of the work; `database` is the name by which PostgreSQL knows it."""
        self.server = server
        self.database = database
        self.port = _free_port()
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        environment.update(SECRET_KEY=tokens.SECRET_KEY, ALLOWED_HOSTS="*", PYTHONDONTWRITEBYTECODE="1", **settings)
        environment.update(server.environment(tools, self.port))
        pinned = ["taskset", "-c", ",".join(map(str, server.cores))]
        self.log = os.path.join(scratch, "%s-%d.log" % (server.name, self.port))
        begin = time.monotonic()
        with open(self.log, "wb") as log:
            # A separate process group, so that its workers are stopped with it.
            self.popen = subprocess.Popen(pinned + server.command(tools, self.port), env=environment, cwd=scratch,
                                          stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.ready_after = self._wait() - begin

    def _wait(self):
        """The time of the first answer, with any status."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.popen.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 10) as connection:
                connection.sendall(b"GET /api/protected/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                if connection.recv(12):
                    return time.monotonic()
            time.sleep(0.0005)
        self.stop()
        with open(self.log, errors="replace") as log:
            raise RuntimeError("%s did not start:\n%s" % (self.server.name, log.read()[-2000:]))

    def cpu(self):
        return processes.cpu(self.popen.pid)

    def memory(self):
        return processes.memory(self.popen.pid)

    def stop(self):
        for sign in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.popen.pid, sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.popen.wait(3)
                break
        # The leader may end before its workers.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)


def _free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
