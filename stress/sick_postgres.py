#!/usr/bin/env python3
"""A PostgreSQL with faults: lost by a proxy, restarted, failed over, out of disk, and clients that do not wait.

    sick_postgres.py --manage target/release/manage --bin /usr/lib/postgresql/15/bin

Starts its own PostgreSQL servers, with `initdb`, on free ports; as root they run as the user `postgres`. A client sends
protected requests, refreshes and `/readyz` all the time, and then a fault occurs. The script prints for how long requests were not
answered with 200. Requests may fail only with 503 and `Retry-After`, and afterwards everything works without a restart of the
server. The scene with the full disk mounts a small file system, so it needs root. Exit code 1 if a rule was broken.
"""
import argparse
import contextlib
import http.client
import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

from service import Database, Service, post

USER = {"username": "user", "password": "correct horse 1"}
UNAVAILABLE = '{"detail":"Service temporarily unavailable, try again later."}'
LIMITS = {"PASSWORD_HASHERS": "MD5PasswordHasher", "ACTIX_WORKERS": "2"}
# A second after DATABASE_STATEMENT_TIMEOUT, and more for a busy machine.
LIMIT = 10

problems = []


def free_port():
    with contextlib.closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Postgres:
    """A PostgreSQL server in a separate folder."""

    def __init__(self, binaries, copy_of=None, folder=None, **settings):
        self.binaries = binaries
        self.folder = folder or tempfile.mkdtemp(prefix="stress-postgres-")
        self.port = free_port()
        self.data = os.path.join(self.folder, "data")
        if os.geteuid() == 0:
            os.chown(self.folder, pwd.getpwnam("postgres").pw_uid, -1)
        if copy_of:
            self.run("pg_basebackup", "-D", self.data, "-R", "-h", "127.0.0.1", "-p", str(copy_of.port), "-U", "postgres")
        else:
            self.run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")
        self.settings = dict(listen_addresses="127.0.0.1", port=self.port, unix_socket_directories=self.folder, **settings)
        self.start()

    def run(self, program, *arguments, check=True):
        prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        command = prefix + [os.path.join(self.binaries, program)] + list(arguments)
        result = subprocess.run(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if check and result.returncode:
            sys.exit("%s failed:\n%s" % (program, result.stdout))

    def start(self):
        options = " ".join("-c %s=%s" % setting for setting in self.settings.items())
        self.run("pg_ctl", "start", "-w", "-D", self.data, "-l", os.path.join(self.folder, "log"), "-o", options)

    def stop(self, mode="immediate"):
        self.run("pg_ctl", "stop", "-w", "-D", self.data, "-m", mode, check=False)

    def promote(self):
        self.run("pg_ctl", "promote", "-w", "-D", self.data)

    @property
    def url(self):
        return "postgres://postgres@127.0.0.1:%d/postgres" % self.port

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Proxy:
    """Passes bytes on. After `swallow` the bytes of existing connections are acknowledged and never answered."""

    def __init__(self, port):
        self.target = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.pairs = []
        # New connections are swallowed as well.
        self.silent = False
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client = self.listener.accept()[0]
                pair = {"client": client, "server": socket.create_connection(("127.0.0.1", self.target)), "lost": False}
                self.pairs.append(pair)
                pair["lost"] = self.silent
                for source, sink in (("client", "server"), ("server", "client")):
                    threading.Thread(target=self.pump, args=(pair, source, sink), daemon=True).start()

    @staticmethod
    def pump(pair, source, sink):
        with contextlib.suppress(OSError):
            while True:
                data = pair[source].recv(65536)
                if not data:
                    break
                if not pair["lost"]:
                    pair[sink].sendall(data)
        if not (pair["lost"] and source == "server"):
            with contextlib.suppress(OSError):
                pair[sink].shutdown(socket.SHUT_RDWR)

    def swallow(self):
        for pair in self.pairs:
            pair["lost"] = True
            with contextlib.suppress(OSError):
                pair["server"].shutdown(socket.SHUT_RDWR)

    def close(self):
        self.listener.close()
        for pair in self.pairs:
            for end in ("client", "server"):
                with contextlib.suppress(OSError):
                    pair[end].shutdown(socket.SHUT_RDWR)


class Clients:
    """Threads that send one kind of request each without a pause."""

    def __init__(self, port, copies=6):
        self.port = port
        self.stopping = False
        self.lock = threading.Lock()
        self.last_failure = {}
        self.counts = {}
        status, tokens = post(port, "/api/token/", USER)
        if status != 200:
            sys.exit("the server has not recovered: a login answered %d" % status)
        self.threads = [threading.Thread(target=self.work, args=(kind, dict(tokens)))
                        for kind in ("protected",) * copies + ("refresh", "login", "readyz")]
        for thread in self.threads:
            thread.start()

    def call(self, kind, tokens):
        headers, body, method, path = {"Content-Type": "application/json"}, None, "GET", "/readyz"
        if kind == "protected":
            path, headers["Authorization"] = "/api/protected/", "Bearer " + tokens["access"]
        if kind in ("refresh", "login"):
            method, path = "POST", "/api/token/" if kind == "login" else "/api/token/refresh/"
            body = json.dumps(USER if kind == "login" else {"refresh": tokens["refresh"]})
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.getheader("Retry-After"), response.read().decode()

    def work(self, kind, tokens):
        while not self.stopping:
            status, retry, body = self.call(kind, tokens)
            with self.lock:
                self.counts[kind, status] = self.counts.get((kind, status), 0) + 1
                if status != 200:
                    self.last_failure[kind] = time.monotonic()
            if status == 200 and kind == "refresh":
                tokens.update(json.loads(body))
            elif kind == "refresh" and status == 401:
                # The answer to a commit was lost: the rotation was made, and the client logs in again.
                self.counts["refresh", "spent"] = self.counts.get(("refresh", "spent"), 0) + 1
                tokens["refresh"] = self.log_in()
            elif status != 200:
                if (status, retry, body) != (503, "1", UNAVAILABLE):
                    problems.append("%s answered %s %s" % (kind, status, body[:200]))
                time.sleep(0.05)

    def log_in(self):
        while True:
            status, answer = post(self.port, "/api/token/", USER)
            if status == 200:
                return answer["refresh"]
            time.sleep(0.05)

    def stop(self):
        self.stopping = True
        for thread in self.threads:
            thread.join()


def scene(name, service, fault, limit=LIMIT, rest=4):
    """Runs `fault` under load; returns how long requests failed afterwards. `fault` ends when PostgreSQL can answer."""
    port = service.ports[0]
    clients = Clients(port)
    time.sleep(1)
    clients.last_failure.clear()
    fault()
    healthy = time.monotonic()
    time.sleep(limit + rest)
    clients.stop()
    outage = max([0.0] + [when - healthy for when in clients.last_failure.values()])
    failed = {"%s %s" % key: count for key, count in sorted(clients.counts.items(), key=str) if key[1] != 200}
    good = sum(count for (_, status), count in clients.counts.items() if status == 200)
    print("%-58s last failure after %5.1f s; 200: %d; %s" % (name, outage, good, failed), flush=True)
    if outage > limit:
        problems.append("%s: requests failed for %.1f s" % (name, outage))
    process = service.processes[port]
    print("    threads %d, descriptors %d, resident %d KiB" % (
        len(os.listdir("/proc/%d/task" % process.pid)), len(os.listdir("/proc/%d/fd" % process.pid)),
        resident(process.pid)), flush=True)


def resident(pid):
    for line in open("/proc/%d/status" % pid):
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


@contextlib.contextmanager
def serving(manage, postgres, url, **settings):
    """The server on a separate database in `postgres`, which it reaches by `url`."""
    database = Database(postgres.url)
    settings = dict(LIMITS, **settings)
    service = Service(database, manage, **settings)
    service.command("migrate")
    service.add_user(USER["username"])
    address, _, options = url.partition("?")
    service.env["DATABASE_URL"] = "%s/%s?%s" % (address.rsplit("/", 1)[0], database.name, options)
    service.start()
    try:
        yield service, database
    finally:
        service.stop()
        log = open(os.path.join(database.folder, "log")).read()
        if "panicked" in log:
            problems.append("a panic: " + log[-2000:])
        with contextlib.suppress(subprocess.CalledProcessError):
            # The server may have been stopped on purpose.
            database.remove()


def lost_by_proxy(manage, binaries):
    postgres = Postgres(binaries)
    proxy = Proxy(postgres.port)
    try:
        with serving(manage, postgres, "postgres://postgres@127.0.0.1:%d/postgres" % proxy.port) as (service, _):
            for number in range(1, 4):
                scene("connections swallowed by a proxy, time %d" % number, service, proxy.swallow)
    finally:
        proxy.close()
        postgres.remove()


def restarted(manage, binaries):
    postgres = Postgres(binaries)
    try:
        with serving(manage, postgres, postgres.url) as (service, _):
            for mode in ("fast", "immediate"):
                def restart():
                    postgres.stop(mode)
                    time.sleep(2)
                    postgres.start()
                scene("PostgreSQL stopped (%s) for two seconds" % mode, service, restart)
    finally:
        postgres.remove()


def failed_over(manage, binaries):
    first = Postgres(binaries)
    second = None
    try:
        url = "postgres://postgres@127.0.0.1:%d,127.0.0.1:%d/postgres?target_session_attrs=read-write"
        second = Postgres(binaries, copy_of=first)
        with serving(manage, first, url % (first.port, second.port)) as (service, _):
            def fail_over():
                first.stop("immediate")
                second.promote()
            scene("failed over to a standby that was promoted", service, fail_over)
    finally:
        first.remove()
        if second:
            second.remove()


def aborted(manage, binaries, requests=30000, memory=64 * 1024):
    """Clients that send a request and do not wait, while PostgreSQL does not answer."""
    postgres = Postgres(binaries)
    proxy = Proxy(postgres.port)
    try:
        with serving(manage, postgres, "postgres://postgres@127.0.0.1:%d/postgres" % proxy.port) as (service, _):
            port = service.ports[0]
            process = service.processes[port]
            access = post(port, "/api/token/", USER)[1]["access"]
            head = "GET /api/protected/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n" % access
            most = {"resident": 0, "descriptors": 0}
            proxy.silent = True
            proxy.swallow()

            def flood():
                waiting = []
                for _ in range(requests // 10):
                    with contextlib.suppress(OSError):
                        connection = socket.create_connection(("127.0.0.1", port), 60)
                        connection.sendall(head.encode())
                        waiting.append(connection)
                    # Each waits for as long as it takes to send a hundred others.
                    if len(waiting) > 100:
                        waiting.pop(0).close()
                    most["resident"] = max(most["resident"], resident(process.pid))
                for connection in waiting:
                    connection.close()

            threads = [threading.Thread(target=flood) for _ in range(10)]
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                most["descriptors"] = max(most["descriptors"], len(os.listdir("/proc/%d/fd" % process.pid)))
                time.sleep(0.1)
            print("%d aborted requests: resident %d KiB and %d descriptors at most" % (
                requests, most["resident"], most["descriptors"]), flush=True)
            if most["resident"] > memory:
                problems.append("%d KiB were resident" % most["resident"])
            proxy.silent = False
            # Attempts to connect that have begun before end.
            time.sleep(LIMIT)
            scene("  and afterwards", service, lambda: None)
    finally:
        proxy.close()
        postgres.remove()


def out_of_disk(manage, binaries):
    folder = tempfile.mkdtemp(prefix="stress-disk-")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m,mode=777", "stress", folder], check=True)
    postgres = None
    try:
        postgres = Postgres(binaries, folder=folder, max_wal_size="64MB", min_wal_size="32MB")
        with serving(manage, postgres, postgres.url) as (service, _):
            def fill():
                filler = os.path.join(folder, "filler")
                with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
                    while file.write(b"x" * 65536):
                        pass
                time.sleep(5)
                os.remove(filler)
                # Without space for its log PostgreSQL stops. It starts again by itself or by its supervisor.
                postgres.stop()
                postgres.start()
            scene("PostgreSQL's disk full for five seconds", service, fill)
    finally:
        if postgres:
            postgres.stop()
        subprocess.run(["umount", "--lazy", folder], check=True)
        shutil.rmtree(folder, ignore_errors=True)


SCENES = {"swallow": lost_by_proxy, "restart": restarted, "failover": failed_over, "aborted": aborted,
          "disk": out_of_disk}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manage", required=True)
    parser.add_argument("--bin", required=True, help="the folder with initdb and pg_ctl")
    parser.add_argument("--scene", action="append", choices=sorted(SCENES))
    arguments = parser.parse_args()
    for name in arguments.scene or SCENES:
        if name == "disk" and os.geteuid() != 0:
            print("the full disk needs root: left out")
            continue
        SCENES[name](os.path.abspath(arguments.manage), arguments.bin)
    print("as it should be" if not problems else "\n".join(sorted(set(problems))))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
