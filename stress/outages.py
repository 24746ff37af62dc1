#!/usr/bin/env python3
"""A SQLite file that cannot be written: read-only, on a full disk, or locked by another process.

    outages.py --manage target/debug/manage

Requests that do not write are answered as usual, and writes with 503 and `Retry-After`. Afterwards the same server accepts the
tokens that it has refused during the outage. The server also starts in that state. If the script runs as root, the server runs as
the user `nobody`, because root can write read-only files, and a small file system is mounted and filled. Without root that part is
skipped. Exit code 1 if something else happened.
"""
import argparse
import contextlib
import http.client
import json
import os
import sqlite3
import subprocess
import sys

from service import Database, Service, post

USER = {"username": "user", "password": "correct horse 1"}
NOBODY = 65534
UNAVAILABLE = '{"detail":"Service temporarily unavailable, try again later."}'
LIMITS = {"PASSWORD_HASHERS": "MD5PasswordHasher", "SQLITE_BUSY_TIMEOUT": "0.2s", "ACTIX_WORKERS": "2"}

problems = []


def call(port, path, body=None, access=None):
    """Status, `Retry-After` and body."""
    headers = {"Content-Type": "application/json"}
    if access:
        headers["Authorization"] = "Bearer " + access
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("POST" if body else "GET", path, json.dumps(body) if body else None, headers)
        response = connection.getresponse()
        return response.status, response.getheader("Retry-After"), response.read().decode()


class Outage:
    """A server on its own database before, during and after an outage."""

    def __init__(self, name):
        self.name = name
        self.database = Database("sqlite")
        self.service = None

    def set_up(self, manage):
        """A migrated database with a user, and a server that has read and written."""
        if os.geteuid() == 0:
            os.chown(self.database.folder, NOBODY, NOBODY)
        self.service = Service(self.database, manage, user=NOBODY if os.geteuid() == 0 else None, **LIMITS)
        self.service.command("migrate")
        self.service.add_user(USER["username"])
        self.service.start()
        self.port = self.service.ports[0]
        self.tokens = post(self.port, "/api/token/", USER)[1]
        self.expect(200, "/api/protected/", access=self.tokens["access"])

    def expect(self, status, *request, **access):
        seen = call(self.port, *request, **access)
        expected = (503, "1", UNAVAILABLE) if status == 503 else (status, None, seen[2])
        if seen != expected:
            problems.append("%s: %s answered %s" % (self.name, request[0], seen))
        return seen[2]

    def check_outage(self):
        for _ in range(8):
            self.expect(200, "/api/protected/", access=self.tokens["access"])
            self.expect(200, "/api/token/verify/", {"token": self.tokens["refresh"]})
            self.expect(401, "/api/token/", dict(USER, password="wrong"))
            self.expect(503, "/api/token/refresh/", {"refresh": self.tokens["refresh"]})
            self.expect(503, "/api/token/blacklist/", {"refresh": self.tokens["refresh"]})
            self.expect(503, "/api/token/", USER)
        self.expect(200, "/healthz")
        self.expect(200, "/readyz")

    def check_recovery(self):
        for _ in range(8):
            old = self.tokens["refresh"]
            answer = json.loads(self.expect(200, "/api/token/refresh/", {"refresh": old}))
            self.tokens.update({key: answer.get(key, self.tokens[key]) for key in self.tokens})
            self.expect(401, "/api/token/refresh/", {"refresh": old})
        if self.database.query("PRAGMA integrity_check") != [("ok",)]:
            problems.append(self.name + ": integrity_check failed")

    def restart(self, kill=False):
        """Stops or kills the server; `start` starts it again."""
        if kill:
            self.service.kill(self.port)
        else:
            self.service.stop()

    def start(self):
        self.service.start(self.port)

    def allow(self, folder, files):
        for name in os.listdir(self.database.folder):
            if name.startswith("db.sqlite3"):
                os.chmod(os.path.join(self.database.folder, name), files)
        os.chmod(self.database.folder, folder)


@contextlib.contextmanager
def outage(name, manage, set_up=True):
    print(name, flush=True)
    one = Outage(name)
    try:
        if set_up:
            one.set_up(manage)
        yield one
    finally:
        if one.service:
            one.service.stop()
        one.allow(0o755, 0o644)
        one.database.remove()


def read_only(manage, name, folder, kill=False, rollback_journal=False):
    """Starts the server on files, or a folder, that it may not write."""
    with outage(name, manage) as one:
        one.restart(kill)
        if rollback_journal:
            one.database.query("PRAGMA journal_mode = DELETE")
        one.allow(folder, 0o444)
        one.start()
        one.check_outage()
        one.allow(0o755, 0o644)
        one.check_recovery()


def locked(manage):
    with outage("locked by another process", manage) as one:
        with contextlib.closing(sqlite3.connect(one.database.file, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            one.check_outage()
            other.execute("ROLLBACK")
        one.check_recovery()


def full(manage):
    with outage("full disk", manage, set_up=False) as one:
        # A separate file, because the log of the server is in the other one.
        disk = os.path.join(one.database.folder, "disk")
        os.mkdir(disk)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=777", "stress", disk], check=True)
        try:
            one.database.file = os.path.join(disk, "db.sqlite3")
            one.database.url = "sqlite://" + one.database.file
            one.set_up(manage)
            filler = os.path.join(disk, "filler")

            def fill():
                with open(filler, "ab", buffering=0) as file, contextlib.suppress(OSError):
                    while file.write(b"x" * 512):
                        pass

            for start_again in (False, True):
                fill()
                # The free space in the files is used first.
                while True:
                    status, _, body = call(one.port, "/api/token/refresh/", {"refresh": one.tokens["refresh"]})
                    if status != 200:
                        break
                    one.tokens.update(json.loads(body))
                one.check_outage()
                if start_again:
                    one.restart()
                    fill()
                    one.start()
                    one.check_outage()
                os.remove(filler)
                one.check_recovery()
            one.service.stop()
        finally:
            subprocess.run(["umount", "--lazy", disk], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manage", required=True)
    manage = os.path.abspath(parser.parse_args().manage)
    read_only(manage, "read-only file", 0o755)
    read_only(manage, "read-only file and folder", 0o555)
    read_only(manage, "read-only file and folder after kill -9", 0o555, kill=True)
    read_only(manage, "read-only file after kill -9", 0o755, kill=True)
    read_only(manage, "read-only file and folder as Django leaves them", 0o555, rollback_journal=True)
    locked(manage)
    if os.geteuid() == 0:
        full(manage)
    print("as it should be" if not problems else "\n".join(sorted(set(problems))))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
