"""The machine of the rehearsal: a database, nginx, Django under gunicorn and this server, each on separate ports.

The document names `/srv/django`, `/srv/login`, `/etc/nginx`, `/run/nginx.pid`, port 8000 for Django and port 8001 for this server.
Here these are paths in a temporary directory and free ports.
"""

import os
import random
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent.parent
# The key of the Django project, with characters that are difficult in a `.env`.
SECRET_KEY = "r$h#arsal 'of' \"the\" move \\ 0123456789 abcdefghijklmnop"
LOG_FORMAT = "$http_x_request_id $upstream_addr $status"
NGINX_CONF = """\
{user}pid {etc}/nginx.pid;
error_log {etc}/error.log notice;
worker_processes 2;
events {{ worker_connections 256; }}
http {{
    log_format rehearsal "{log_format}";
    access_log {etc}/access.log rehearsal;
    keepalive_requests 100000;
    include {etc}/conf.d/*.conf;
}}
"""


def free_ports(count):
    """Free ports, all different; not from the range in which the system chooses ports for outgoing connections."""
    ports = []
    for port in random.SystemRandom().sample(range(10_000, 32_000), 1_000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                ports.append(port)
        if len(ports) == count:
            return ports
    raise OSError("there are not enough free ports")


class CommandFailed(Exception):
    """A command of the document did not end with code 0."""


class Site:
    def __init__(self, scratch, project, package, postgres_url, manage):
        self.scratch, self.package, self.postgres_url = scratch, package, postgres_url
        self.django, self.login, self.etc = scratch / "django", scratch / "login", scratch / "nginx"
        self.bin = scratch / "bin"
        for folder in (self.login, self.etc / "conf.d", self.bin):
            folder.mkdir(parents=True)
        subprocess.run(["cp", "-r", HERE / "projects" / project, self.django], check=True)
        self.django_port, self.login_port, self.port = free_ports(3)
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = f"rehearsal_{project}_{os.getpid()}"
        self.database_url = urlsplit(postgres_url)._replace(path=f"/{self.database}").geturl()
        self.running = {}
        self.log_position, self.upstreams = 0, {}
        user = "user root;\n" if os.geteuid() == 0 else ""
        (self.etc / "nginx.conf").write_text(NGINX_CONF.format(user=user, etc=self.etc, log_format=LOG_FORMAT))
        self.install(manage)
        self.make_commands()

    def install(self, program):
        """Makes `program` the `manage` of the document. It is a copy, because a build during the run must not change it."""
        subprocess.run(["install", "-m", "0755", program, self.bin / "manage"], check=True)

    def make_commands(self):
        """`manage`, `python`, `gunicorn` and `nginx`, as the document calls them."""
        django = f"export SECRET_KEY={shlex.quote(SECRET_KEY)} DATABASE_URL={shlex.quote(self.database_url)}\nexec "
        venv = Path(sys.executable).parent
        nginx = subprocess.run(["which", "nginx"], capture_output=True, text=True, check=True).stdout.strip()
        programs = {
            "python": f"{django}{venv}/python",
            "gunicorn": f"{django}{venv}/gunicorn",
            "nginx": f"exec {nginx} -e {self.etc}/error.log -c {self.etc}/nginx.conf",
        }
        for name, command in programs.items():
            (self.bin / name).write_text(f'#!/bin/sh\n{command} "$@"\n')
            (self.bin / name).chmod(0o755)

    def here(self, text):
        """The text of the document with the paths and ports of this machine."""
        for name, mine in {
            "/srv/django": self.django,
            "/srv/login": self.login,
            "/etc/nginx": self.etc,
            "/run/nginx.pid": self.etc / "nginx.pid",
            "127.0.0.1:8000": f"127.0.0.1:{self.django_port}",
            "127.0.0.1:8001": f"127.0.0.1:{self.login_port}",
            "listen 80;": f"listen 127.0.0.1:{self.port};",
        }.items():
            text = text.replace(name, str(mine))
        return text

    def in_the_document(self, text):
        """The output of a command, with the names of the document."""
        for name, mine in {
            "/srv/django": self.django,
            "/srv/login": self.login,
            "/etc/nginx": self.etc,
            "127.0.0.1:8000": f"127.0.0.1:{self.django_port}",
            "127.0.0.1:8001": f"127.0.0.1:{self.login_port}",
        }.items():
            text = text.replace(str(mine), name)
        return text

    def environment(self):
        """The environment of the tests must not reach the programs: settings come from `.env`, as in the document."""
        kept = {name: value for name, value in os.environ.items() if name in ("LANG", "TMPDIR", "USER")}
        return {**kept, "HOME": str(self.scratch), "PATH": f"{self.bin}:{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1"}

    def run(self, script):
        """Runs the text of a block in bash and returns what it printed.

        Raises CommandFailed if one of its commands fails.
        """
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self.here(script)],
            cwd=self.scratch, env=self.environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        printed = self.in_the_document(done.stdout)
        if done.returncode != 0:
            raise CommandFailed(f"{script.strip()}\nended with code {done.returncode}:\n{printed}")
        return printed

    def start(self, name, script):
        """Runs a block that does not end: a server."""
        log = open(self.scratch / f"{name}.log", "a")
        # The server takes the place of the shell, so that SIGTERM reaches it.
        *lines, server = script.rstrip().split("\n")
        command = ["bash", "-euc", self.here("\n".join([*lines, f"exec {server}"]))]
        self.running[name] = subprocess.Popen(
            command, cwd=self.scratch, env=self.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )

    def stop(self, name):
        """Stops a server with SIGTERM and returns its exit code."""
        server = self.running.pop(name)
        server.send_signal(signal.SIGTERM)
        return server.wait(60)

    def log_of(self, name):
        path = self.scratch / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def write_nginx(self, text):
        """Writes a block to the file that its first line names."""
        name = re.match(r"# (/etc/nginx/\S+)\n", text)
        Path(self.here(name[1])).write_text(self.here(text))

    def psql(self, statement, database=None):
        url = database or self.database_url
        command = ["psql", url, "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", statement]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()

    def wait_until(self, is_true, seconds, what):
        """Waits for an event. Raises TimeoutError if it does not come."""
        end = time.monotonic() + seconds
        while not is_true():
            for name, server in self.running.items():
                if server.poll() is not None:
                    raise CommandFailed(f"{name} has ended with code {server.returncode}:\n{self.log_of(name)[-3000:]}")
            if time.monotonic() > end:
                raise TimeoutError(f"in {seconds} seconds there was not {what()}")
            time.sleep(0.1)

    def read_access_log(self):
        """The lines of nginx's log: `{id: [servers that answered]}`, with `django`, `login` or both (`django, login`)."""
        names = {f"127.0.0.1:{self.django_port}": "django", f"127.0.0.1:{self.login_port}": "login"}
        path = self.etc / "access.log"
        if not path.exists():
            return self.upstreams
        with open(path) as log:
            log.seek(self.log_position)
            # A line may be half written.
            for line in iter(log.readline, ""):
                if not line.endswith("\n"):
                    break
                self.log_position += len(line)
                request, rest = line.split(" ", 1)
                upstream = rest.rsplit(" ", 1)[0]
                who = ", ".join(names.get(each, each) for each in upstream.split(", "))
                self.upstreams.setdefault(request, []).append(who)
        return self.upstreams

    def close(self):
        """Stops all programs and drops the database."""
        for name in list(self.running):
            try:
                self.stop(name)
            except subprocess.TimeoutExpired:
                os.killpg(self.running[name].pid, signal.SIGKILL)
        pid = self.etc / "nginx.pid"
        if pid.exists():
            subprocess.run([self.bin / "nginx", "-s", "stop"], env=self.environment(), capture_output=True)
            self.wait_until(lambda: not pid.exists(), 10, lambda: "an end of nginx")
        self.psql(f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)", self.postgres_url)
