#!/usr/bin/env python3
"""Many clients hold large bodies that never end. The memory of the server must stay small, and others must log in.

    bodies.py --manage target/release/manage [--connections 400] [--seconds 10] [--limit 64]

The clients send a body without its last byte, with a Content-Length or in a chunk. Its size is 2.5 MB, or the limit of views
that take credentials. Exit code 1 if the server takes more than `--limit` MB, or if a login of another client fails during this time. Needs Linux.
"""
import argparse
import contextlib
import socket
import sys
import time

from service import Database, Service, post

PASSWORD = "correct horse 1"
DJANGO_LIMIT = 2_621_440
VIEW_LIMIT = 32 * 1024
HEAD = b"POST /api/token/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def announced(length):
    return HEAD + b"Content-Length: %d\r\n\r\n" % length + b" " * (length - 1)


def chunked(length):
    return HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n" % length + b" " * (length - 1)


def megabytes(process, key):
    for line in open("/proc/%d/status" % process.pid):
        if line.startswith(key + ":"):
            return int(line.split()[1]) / 1024
    raise KeyError(key)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manage", required=True)
    parser.add_argument("--connections", type=int, default=400)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--limit", type=float, default=64, help="MB")
    options = parser.parse_args()
    database = Database("sqlite")
    service = Service(database, options.manage, PASSWORD_HASHERS="MD5PasswordHasher")
    problems = []
    try:
        service.command("migrate")
        service.add_user("user", PASSWORD)
        port = service.start()
        process = service.processes[port]
        print("%d connections; the server alone takes %.0f MB" % (options.connections, megabytes(process, "VmRSS")))
        for name, data in (
            ("2.5 MB, announced", announced(DJANGO_LIMIT)),
            ("32 KiB, announced", announced(VIEW_LIMIT)),
            ("32 KiB in a chunk", chunked(VIEW_LIMIT)),
        ):
            connections, refused, logins = [], 0, 0
            for _ in range(options.connections):
                connection = socket.create_connection(("127.0.0.1", port), 10)
                connections.append(connection)
                with contextlib.suppress(OSError):
                    connection.sendall(data)
            end = time.monotonic() + options.seconds
            memory = 0
            while time.monotonic() < end:
                memory = max(memory, megabytes(process, "VmRSS"))
                status, answer = post(port, "/api/token/", {"username": "user", "password": PASSWORD})
                logins += 1
                if status != 200:
                    problems.append("a login beside %s answered %d: %s" % (name, status, answer))
                time.sleep(0.05)
            for connection in connections:
                connection.setblocking(False)
                with contextlib.suppress(OSError):
                    refused += connection.recv(20)[9:12] in (b"413", b"503")
                connection.close()
            print("  %s: %3.0f MB, %d refused, %d logins of others" % (name, memory, refused, logins), flush=True)
            if memory > options.limit:
                problems.append("%.0f MB with %s" % (memory, name))
    finally:
        service.stop()
        database.remove()
    print("as it should be" if not problems else "\n".join(sorted(set(problems))))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
