#!/usr/bin/env python3
"""Two hundred slow clients of each kind at the same time: the server closes their connections, and answers other clients at the same time.

    slow_clients.py --manage target/release/manage [--each 200]

The server has the default time limits. Needs /proc. Exit code 1 if another client waited for two seconds, a slow client was still
connected after a minute and a half, or a descriptor was not closed.
"""
import argparse
import contextlib
import os
import resource
import select
import socket
import sys
import threading
import time

from service import Database, Service, post, request, volley

USER = {"username": "user", "password": "correct horse 1"}
GET = b"GET /api/protected/ HTTP/1.1\r\nHost: a\r\n"
POST = b"POST /api/token/ HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
KINDS = {
    "says nothing": b"",
    "half a line": b"POST /api/tok",
    "half a head": POST + b"X-",
    "half a body": POST + b"Content-Length: 100\r\n\r\n{\"us",
    "half a chunk": POST + b"Transfer-Encoding: chunked\r\n\r\nff\r\n{",
    "a body that no view reads": GET + b"Content-Length: 100\r\n\r\nx",
    "a chunked body that no view reads": GET + b"Transfer-Encoding: chunked\r\n\r\nff\r\nx",
    "half a second head": GET + b"\r\nGET /api/pro",
    "stays after its answer": GET + b"\r\n",
    # One byte a second, until the server closes the connection.
    "a head byte by byte": POST + b"X-A: ",
    "a body byte by byte": POST + b"Content-Length: 1000\r\n\r\n",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manage", required=True)
    parser.add_argument("--each", type=int, default=200)
    options = parser.parse_args()
    wanted = options.each * len(KINDS) + 200
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(wanted * 3, 1024), resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    database = Database("sqlite")
    service = Service(database, options.manage, PASSWORD_HASHERS="MD5PasswordHasher")
    problems = []
    try:
        service.command("migrate")
        service.add_user(USER["username"])
        port = service.start()
        process = service.processes[port]
        # Every worker opens its database.
        volley([port], [request("/api/token/", USER)] * 64)

        def descriptors():
            return len(os.listdir("/proc/%d/fd" % process.pid))

        before = descriptors()
        slow = {}
        for _ in range(options.each):
            for kind, beginning in KINDS.items():
                connection = socket.create_connection(("127.0.0.1", port), 30)
                connection.sendall(beginning)
                connection.setblocking(False)
                slow[connection] = kind
        begin = time.monotonic()
        waits = []
        done = threading.Event()

        def others():
            while not done.is_set():
                start = time.monotonic()
                status, _ = post(port, "/api/token/", USER)
                waits.append(time.monotonic() - start)
                if status != 200:
                    problems.append("another client was answered %d" % status)

        polite = threading.Thread(target=others)
        polite.start()
        closed = {}
        trickled = begin
        while slow and time.monotonic() < begin + 90:
            for connection in select_all(slow, 0.5):
                with contextlib.suppress(BlockingIOError):
                    try:
                        data = connection.recv(65536)
                    except ConnectionError:
                        data = b""
                    if not data:
                        kind = slow.pop(connection)
                        connection.close()
                        closed[kind] = time.monotonic() - begin
            if time.monotonic() > trickled + 1:
                trickled = time.monotonic()
                for connection, kind in slow.items():
                    if kind.endswith("byte by byte"):
                        with contextlib.suppress(OSError):
                            connection.send(b"x")
        done.set()
        polite.join()
        for kind in KINDS:
            left = sum(other == kind for other in slow.values())
            if left:
                problems.append("%d of %d that do %r are still connected" % (left, options.each, kind))
            print("  %-26s all gone after %5.1f s" % (kind, closed.get(kind, float("nan"))))
        time.sleep(8)
        after = descriptors()
        if after > before:
            problems.append("%d descriptors before and %d after" % (before, after))
        print("%d slow clients of each of %d kinds; %d logins of others meanwhile, the slowest in %.2f s; descriptors %d "
              "before and %d after" % (options.each, len(KINDS), len(waits), max(waits), before, after))
        if max(waits) > 2:
            problems.append("another client waited %.1f s" % max(waits))
    finally:
        service.stop()
        database.remove()
    print("as it should be" if not problems else "\n".join(sorted(set(problems))))
    return 1 if problems else 0


def select_all(connections, seconds):
    """The sockets with data to read; `select.select` takes at most 1024."""
    poll = select.poll()
    by_number = {connection.fileno(): connection for connection in connections}
    for number in by_number:
        poll.register(number, select.POLLIN)
    return [by_number[number] for number, _ in poll.poll(seconds * 1000)]


if __name__ == "__main__":
    sys.exit(main())
