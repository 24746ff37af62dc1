#!/usr/bin/env python3
"""A mixed load over a long time: every response is correct, and neither memory nor descriptors grow.

    long_load.py --manage target/release/manage [--database sqlite|postgres://…] [--minutes 5] [--clients 8]

Needs /proc. Memory is compared with its value after the first fifth of the time, when caches and pools are full. Exit code 1
if an answer was wrong, or memory or descriptors have grown.
"""
import argparse
import collections
import contextlib
import os
import random
import socket
import sys
import threading
import time

from service import Database, Service, post, read_response

USER = {"username": "user", "password": "correct horse 1"}
# MiB by which memory may still grow: SQLite keeps up to two MiB per connection, and the allocator a few per thread.
SLACK = 8


class Client(threading.Thread):
    """Logs in, rotates, reuses tokens, logs out, sends forged tokens and drops connections."""

    def __init__(self, port, until):
        super().__init__(daemon=True)
        self.port, self.until = port, until
        self.counts = collections.Counter()
        self.wrong = collections.Counter()

    def expect(self, expected, path, body):
        status, answer = post(self.port, path, body)
        self.counts[path] += 1
        if status != expected:
            self.wrong["%s answered %d instead of %d: %s" % (path, status, expected, answer)] += 1
        return answer

    def get(self, expected, path, access):
        with contextlib.closing(socket.create_connection(("127.0.0.1", self.port), 60)) as connection:
            connection.sendall(("GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer %s\r\n\r\n"
                                % (path, access)).encode())
            status, body = read_response(connection)
        self.counts[path] += 1
        if status != expected:
            self.wrong["%s answered %d instead of %d: %s" % (path, status, expected, body)] += 1

    def give_up(self):
        with contextlib.closing(socket.create_connection(("127.0.0.1", self.port), 60)) as connection:
            connection.sendall(b"POST /api/token/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"[:random.randrange(80)])
        self.counts["given up"] += 1

    def run(self):
        while time.monotonic() < self.until:
            tokens = self.expect(200, "/api/token/", USER)
            self.expect(401, "/api/token/", dict(USER, password="wrong"))
            self.expect(400, "/api/token/", {"username": "user"})
            for _ in range(5):
                self.get(200, "/api/protected/", tokens["access"])
                self.get(401, "/api/protected/", tokens["access"][:-4] + "AAAA")
                self.expect(200, "/api/token/verify/", {"token": tokens["access"]})
                spent = tokens["refresh"]
                tokens = self.expect(200, "/api/token/refresh/", {"refresh": spent})
                self.expect(401, "/api/token/refresh/", {"refresh": spent})
                self.give_up()
            self.expect(200, "/api/token/blacklist/", {"refresh": tokens["refresh"]})
            self.expect(401, "/api/token/blacklist/", {"refresh": tokens["refresh"]})
            self.expect(200, "/api/authtoken/", USER)


def memory(process):
    """Resident memory in MiB."""
    with open("/proc/%d/statm" % process.pid) as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2 ** 20


def descriptors(process):
    return len(os.listdir("/proc/%d/fd" % process.pid))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manage", required=True)
    parser.add_argument("--database", default="sqlite")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    database = Database(options.database)
    service = Service(database, options.manage, PASSWORD_HASHERS="MD5PasswordHasher")
    problems = collections.Counter()
    try:
        service.command("migrate")
        service.add_user(USER["username"])
        port = service.start()
        process = service.processes[port]
        begin = time.monotonic()
        until = begin + 60 * options.minutes
        clients = [Client(port, until) for _ in range(options.clients)]
        for client in clients:
            client.start()
        samples = []
        while time.monotonic() < until:
            time.sleep(1)
            samples.append((memory(process), descriptors(process)))
        for client in clients:
            client.join()
            problems.update(client.wrong)
        # Until the last connections are closed.
        time.sleep(15)
        at_rest = descriptors(process)
        early = samples[len(samples) // 5:len(samples) * 2 // 5]
        late = samples[-len(early):]
        counts = sum((client.counts for client in clients), collections.Counter())
        print("%s, %.1f minutes, %d requests, %d connections given up" % (
            "SQLite" if options.database == "sqlite" else "PostgreSQL", options.minutes,
            sum(counts.values()) - counts["given up"], counts["given up"]))
        tenths = [samples[len(samples) * tenth // 10][0] for tenth in range(1, 10)] + [samples[-1][0]]
        print("memory after each tenth of the time: %s MiB" % ", ".join("%.1f" % mib for mib in tenths))
        before, after = (max(mib for mib, _ in part) for part in (early, late))
        peaks = [max(number for _, number in part) for part in (early, late)]
        print("memory at most %.1f MiB early and %.1f MiB late; descriptors at most %d early and %d late, %d at rest"
              % (before, after, *peaks, at_rest))
        if after > before + SLACK:
            problems["memory grows"] += 1
        if peaks[1] > peaks[0] + 2 * options.clients or at_rest > min(number for _, number in samples):
            problems["descriptors are not given back"] += 1
        if process.poll() is not None:
            problems["the server has ended"] += 1
    finally:
        service.stop()
        database.remove()
    print("every answer was right" if not problems else "\n".join("%d x %s" % (n, p) for p, n in problems.most_common()))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
