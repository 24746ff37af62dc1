#!/usr/bin/env python3
"""`flushexpiredtokens` deletes a million expired tokens while the server answers requests.

    growth.py --manage target/release/manage [--database sqlite|postgres://…] [--rows 1000000] [--clients 4]

Every second one of the expired tokens is on the blacklist. Clients rotate their own tokens without a pause: with the full
tables, while the command runs, and with the emptied tables. Exit code 1 if an answer was wrong, a row was left, a token that had
not expired was lost, or a rotation took longer than `--limit` seconds.
"""
import argparse
import statistics
import sys
import threading
import time

from service import Database, Service, post

USER = {"username": "user", "password": "correct horse 1"}
MOMENT = "'2020-01-01 00:00:00'"


class Client(threading.Thread):
    """Rotates one token. Returns the durations and the wrong responses."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.stop = port, False
        self.times, self.wrong = [], []

    def run(self):
        token = post(self.port, "/api/token/", USER)[1]["refresh"]
        while not self.stop:
            begin = time.perf_counter()
            status, answer = post(self.port, "/api/token/refresh/", {"refresh": token})
            self.times.append(time.perf_counter() - begin)
            if status != 200:
                self.wrong.append((status, answer))
                return
            token = answer["refresh"]


def under_load(name, port, clients, work):
    """The durations and errors of the clients while `work` runs."""
    threads = [Client(port) for _ in range(clients)]
    for thread in threads:
        thread.start()
    begin = time.perf_counter()
    work()
    seconds = time.perf_counter() - begin
    for thread in threads:
        thread.stop = True
    for thread in threads:
        thread.join()
    times = sorted(moment for thread in threads for moment in thread.times)
    p99 = times[int(len(times) * 0.99)]
    print("  %-26s %6.1f s, %6d rotations: median %6.1f ms, p99 %6.1f ms, at most %6.1f ms"
          % (name, seconds, len(times), 1000 * statistics.median(times), 1000 * p99, 1000 * times[-1]), flush=True)
    return times, [problem for thread in threads for problem in thread.wrong]


def fill(database, rows):
    database.query(
        "INSERT INTO token_blacklist_outstandingtoken (jti, token, created_at, expires_at) "
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
        "SELECT 'old-' || i, 'eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.a-token-of-the-usual-length.' || i, %s, %s FROM n"
        % (rows, MOMENT, MOMENT))
    database.query(
        "INSERT INTO token_blacklist_blacklistedtoken (token_id, blacklisted_at) "
        "SELECT id, %s FROM token_blacklist_outstandingtoken WHERE jti LIKE 'old-%%' AND id %% 2 = 0" % MOMENT)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manage", required=True)
    parser.add_argument("--database", default="sqlite")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--limit", type=float, default=2.0, help="seconds that a rotation may wait")
    options = parser.parse_args()
    database = Database(options.database)
    service = Service(database, options.manage, PASSWORD_HASHERS="MD5PasswordHasher")
    problems = []
    try:
        service.command("migrate")
        service.add_user(USER["username"])
        fill(database, options.rows)
        port = service.start()
        print("%s, %d expired tokens, %d clients" % (
            "SQLite" if options.database == "sqlite" else "PostgreSQL", options.rows, options.clients), flush=True)
        results = [
            under_load("beside the full tables", port, options.clients, lambda: time.sleep(10)),
            under_load("while they are flushed", port, options.clients, lambda: service.command("flushexpiredtokens")),
            under_load("beside the emptied tables", port, options.clients, lambda: time.sleep(10)),
        ]
        for times, wrong in results:
            problems += ["a rotation answered %d: %s" % problem for problem in wrong]
            if times[-1] > options.limit:
                problems.append("a rotation took %.1f s" % times[-1])
        if database.number("SELECT count(*) FROM token_blacklist_outstandingtoken WHERE jti LIKE 'old-%'"):
            problems.append("expired tokens are left")
        # A login of each client and one successor of each rotation are still valid.
        expected = sum(len(times) for times, _ in results) + 3 * options.clients
        if database.number("SELECT count(*) FROM token_blacklist_outstandingtoken") != expected:
            problems.append("a token was deleted that had not expired")
    finally:
        service.stop()
        database.remove()
    print("as it should be" if not problems else "\n".join(sorted(set(problems))))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
