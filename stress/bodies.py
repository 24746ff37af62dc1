#!/usr/bin/env python3
"""Many clients hold large bodies that never end. The memory of the server must stay small, and others must log in.

    bodies.py --manage target/release/manage [--connections 400] [--seconds 10] [--limit 64]

The clients send a body without its last byte, with a Content-Length or in a chunk, all at the same time and as fast as they can. Its
size is 2.5 MB, or the limit of views that take credentials. Each kind has its own server, because memory that was used
once is not always returned. Exit code 1 if the server takes more than `--limit` MB, if a login of another client fails during this
time, or if a client does not get its refusal. Needs Linux.
"""
import argparse
import collections
import contextlib
import selectors
import socket
import sys
import threading
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


def hold(port, data, connections, seconds, answers):
    """Sends `data` on all connections, and counts the first answers: a status, or `none`."""
    selector, open_ones = selectors.DefaultSelector(), []
    for _ in range(connections):
        connection = socket.create_connection(("127.0.0.1", port), 60)
        connection.setblocking(False)
        open_ones.append(connection)
        selector.register(connection, selectors.EVENT_WRITE, memoryview(data))
    end = time.monotonic() + seconds
    while selector.get_map() and time.monotonic() < end:
        for key, _ in selector.select(0.1):
            rest = key.data
            # A refused client may be disconnected while it sends.
            with contextlib.suppress(OSError):
                rest = rest[key.fileobj.send(rest[:65536]):]
                if rest:
                    selector.modify(key.fileobj, selectors.EVENT_WRITE, rest)
                    continue
            selector.unregister(key.fileobj)
    time.sleep(max(0, end - time.monotonic()))
    for connection in open_ones:
        answer = b"none"
        with contextlib.suppress(OSError):
            answer = connection.recv(20)[9:12] or answer
        answers[answer.decode()] += 1
        connection.close()


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
        for name, data, expected in (
            ("2.5 MB, announced", announced(DJANGO_LIMIT), "413"),
            ("2.5 MB in a chunk", chunked(DJANGO_LIMIT), "413"),
            ("32 KiB, announced", announced(VIEW_LIMIT), "none"),
            ("32 KiB in a chunk", chunked(VIEW_LIMIT), "none"),
        ):
            port = service.start()
            process = service.processes[port]
            alone, memory, logins, answers = megabytes(process, "VmRSS"), 0, 0, collections.Counter()
            arguments = (port, data, options.connections, options.seconds, answers)
            clients = threading.Thread(target=hold, args=arguments)
            clients.start()
            while clients.is_alive():
                memory = max(memory, megabytes(process, "VmRSS"))
                status, answer = post(port, "/api/token/", {"username": "user", "password": PASSWORD})
                logins += 1
                if status != 200:
                    problems.append("a login beside %s answered %d: %s" % (name, status, answer))
                time.sleep(0.05)
            print("  %d x %s: %3.0f MB (%.0f alone), answers %s, %d logins of others" % (
                options.connections, name, memory, alone, dict(answers), logins), flush=True)
            if memory > options.limit:
                problems.append("%.0f MB with %s" % (memory, name))
            if set(answers) != {expected}:
                problems.append("answers %s instead of %s with %s" % (dict(answers), expected, name))
            service.kill(port)
    finally:
        service.stop()
        database.remove()
    print("as it should be" if not problems else "\n".join(sorted(set(problems))))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
