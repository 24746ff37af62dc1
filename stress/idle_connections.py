#!/usr/bin/env python3
"""Ten thousand clients keep a connection open and send nothing. Other clients must be served as before.

    idle_connections.py --manage target/release/manage [--connections 10000] [--seconds 5] [--limit 192]

Three scenes. In the first the clients have had one response each and keep the connection (`ACTIX_KEEP_ALIVE` is long). In the
second they connect and send nothing, ever. In the third the server has 256 file descriptors (`ulimit -n 256`) and 400 clients:
new clients wait, or get 503, until the server has closed idle connections, which it does by itself. The script prints memory, file
descriptors and the times of other clients. Exit code 1 if a request of another client failed, if their 95th percentile is more than
twice as long as before and more than 50 ms, if the server takes more than `--limit` MB, if descriptors stay open, or if no login succeeds 10
seconds after the 256 descriptors were used up. Needs Linux.
"""
import argparse
import contextlib
import os
import resource
import socket
import sys
import time

from service import Database, Service, read_response, request

PASSWORD = "correct horse 1"
BODY = {"username": "user", "password": PASSWORD}
GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


def megabytes(process):
    for line in open("/proc/%d/status" % process.pid):
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise KeyError("VmRSS")


def descriptors(process):
    return len(os.listdir("/proc/%d/fd" % process.pid))


def wait_for(what, seconds):
    """Whether `what()` becomes true in that time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.1)
    return False


def others(port, seconds, problems, scene):
    """The 95th percentile of logins on new connections, in seconds."""
    times, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        begin = time.monotonic()
        try:
            with contextlib.closing(socket.create_connection(("127.0.0.1", port), 10)) as connection:
                connection.settimeout(10)
                connection.sendall(request("/api/token/", BODY))
                status = read_response(connection)[0]
        except OSError as error:
            status = error
        times.append(time.monotonic() - begin)
        if status != 200:
            problems.append("%s: a login answered %s" % (scene, status))
        time.sleep(0.01)
    return sorted(times)[int(len(times) * 0.95)]


def connect(port, number, data):
    """That many connections, which have had the response to `data`."""
    connections = []
    for _ in range(number):
        connection = socket.create_connection(("127.0.0.1", port), 10)
        connection.settimeout(10)
        connections.append(connection)
        if data:
            connection.sendall(data)
            connection.recv(4096)
    return connections


def many(options, problems):
    database = Database("sqlite")
    service = Service(database, options.manage, PASSWORD_HASHERS="MD5PasswordHasher", ACTIX_KEEP_ALIVE="10m",
                      ACTIX_CLIENT_REQUEST_TIMEOUT="0")
    try:
        service.command("migrate")
        service.add_user("user", PASSWORD)
        port = service.start()
        process = service.processes[port]
        before = others(port, options.seconds, problems, "alone")
        at_start = descriptors(process)
        print("alone: logins p95 %.1f ms, %.0f MB, %d descriptors" % (1000 * before, megabytes(process), at_start))
        for scene, data in (("kept after a response", GET), ("nothing sent", b"")):
            connections = connect(port, options.connections, data)
            p95 = others(port, options.seconds, problems, scene)
            memory = megabytes(process)
            print("%d connections, %s: logins p95 %.1f ms, %.0f MB, %d descriptors"
                  % (options.connections, scene, 1000 * p95, memory, descriptors(process)), flush=True)
            if p95 > max(2 * before, 0.05):
                problems.append("%s: p95 %.1f ms, before %.1f ms" % (scene, 1000 * p95, 1000 * before))
            if memory > options.limit:
                problems.append("%s: %.0f MB" % (scene, memory))
            for connection in connections:
                connection.close()
            if not wait_for(lambda: descriptors(process) <= at_start + 10, 20):
                problems.append("%s: %d descriptors stay open" % (scene, descriptors(process) - at_start))
    finally:
        service.stop()
        database.remove()


def few_descriptors(options, problems):
    database = Database("sqlite")
    service = Service(database, options.manage, PASSWORD_HASHERS="MD5PasswordHasher", ACTIX_KEEP_ALIVE="2s",
                      ACTIX_CLIENT_REQUEST_TIMEOUT="2s")
    service.become = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
    try:
        service.command("migrate")
        service.add_user("user", PASSWORD)
        port = service.start()
        process = service.processes[port]
        connections = connect(port, 400, b"")
        begin, refused = time.monotonic(), []
        while True:
            refused.clear()
            others(port, 0.01, refused, "256 descriptors")
            waited = time.monotonic() - begin
            if not refused or waited > 10:
                break
        problems += refused
        p95 = others(port, options.seconds, problems, "256 descriptors, later")
        print("256 descriptors, 400 connections: a login succeeded after %.1f s, later p95 %.1f ms" % (waited, 1000 * p95), flush=True)
        if process.poll() is not None:
            problems.append("256 descriptors: the server has stopped")
        for connection in connections:
            connection.close()
    finally:
        service.stop()
        database.remove()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manage", required=True)
    parser.add_argument("--connections", type=int, default=10000)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--limit", type=float, default=192, help="MB")
    options = parser.parse_args()
    wanted = options.connections + 1000
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit[0] < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, limit[1])))
        except (ValueError, OSError):
            sys.exit("%d connections need %d file descriptors; there are %d" % (options.connections, wanted, limit[1]))
    problems = []
    many(options, problems)
    few_descriptors(options, problems)
    print("as it should be" if not problems else "\n".join(sorted(set(problems))))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
