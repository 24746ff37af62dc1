#!/usr/bin/env python3
"""Kills the server with SIGKILL at random moments under load. No acknowledged write may be lost.

    kills.py --manage target/release/manage [--database sqlite|postgres://…] [--kills 20] [--stops 20] [--clients 8] [--seed 1]

Clients rotate refresh tokens, log out, and log in with passwords that must be hashed again. After each kill the server is
started again on the same files, and everything that was acknowledged to a client is looked up. Then the server is stopped
with SIGTERM in the same way, and every request must be answered. Exit code 1 if something was lost.
"""
import argparse
import contextlib
import json
import random
import socket
import sys
import threading
import time

from service import Database, Service, post, read_response, request

PASSWORD = "correct horse 1"
FAST = "MD5PasswordHasher"
SLOW = "ScryptPasswordHasher,MD5PasswordHasher"
SPENT = "EXISTS (SELECT 1 FROM token_blacklist_blacklistedtoken b WHERE b.token_id = o.id)"


class Client(threading.Thread):
    """Rotates its own tokens and blacklists every fifth. The state of a token is unknown if its request got no response."""

    def __init__(self, port, tokens):
        super().__init__(daemon=True)
        self.port, self.tokens = port, tokens
        self.rotated, self.ended, self.unknown, self.wrong = [], [], [], []
        self.token = None
        self.stop = False

    def run(self):
        steps = 0
        while not self.stop:
            if self.token is None:
                if not self.tokens:
                    return
                self.token = self.tokens.pop()
            steps += 1
            logout = steps % 5 == 0
            path = "/api/token/blacklist/" if logout else "/api/token/refresh/"
            try:
                connection = socket.create_connection(("127.0.0.1", self.port), 30)
            except OSError:
                # Not running: the request was never sent.
                time.sleep(0.005)
                continue
            token, self.token = self.token, None
            try:
                with contextlib.closing(connection):
                    connection.sendall(request(path, {"refresh": token}))
                    status, text = read_response(connection)
            except OSError:
                self.unknown.append((token, logout))
                continue
            if status != 200:
                self.wrong.append((path, status, text))
            elif logout:
                self.ended.append(token)
            else:
                self.token = json.loads(text)["refresh"]
                self.rotated.append((token, self.token))


def check(database, clients, upgraded, pool):
    """All errors, as text."""
    problems = [problem for client in clients for problem in map(str, client.wrong)]
    states = dict(database.query(
        "SELECT o.token, CASE WHEN %s THEN 'spent' ELSE 'live' END FROM token_blacklist_outstandingtoken o" % SPENT))
    for client in list(clients):
        for old, new in list(client.rotated):
            if states.get(old) != "spent":
                problems.append("an acknowledged rotation is undone")
            if new not in states:
                problems.append("a successor is missing")
        problems += ["a logout is undone" for token in list(client.ended) if states.get(token) != "spent"]
    encoded = dict(database.query("SELECT username, substr(password, 1, 7) FROM auth_user"))
    problems += ["the new hash of %s is lost" % name for name in upgraded if encoded[name] != "scrypt$"]
    # A rotation ends one token and makes one; so only logouts change the number of valid tokens.
    live = sum(state == "live" for state in states.values())
    ended = sum(len(client.ended) for client in clients)
    perhaps = sum(logout for client in clients for _, logout in client.unknown)
    if not pool - ended - perhaps <= live <= pool - ended:
        problems.append("torn: %d live tokens, of %d made and %d to %d ended" % (live, pool, ended, ended + perhaps))
    if not database.server and database.query("PRAGMA integrity_check") != [("ok",)]:
        problems.append("integrity_check failed")
    return problems


class Logins(threading.Thread):
    """Logs in users whose password is still hashed the old way, one after the other, until the server has ended."""

    def __init__(self, port, names, upgraded):
        super().__init__(daemon=True)
        self.port, self.names, self.upgraded = port, names, upgraded
        self.cut_off = 0

    def run(self):
        while self.names:
            try:
                connection = socket.create_connection(("127.0.0.1", self.port), 30)
            except OSError:
                return
            try:
                with contextlib.closing(connection):
                    connection.sendall(request("/api/token/", {"username": self.names[-1], "password": PASSWORD}))
                    status, _ = read_response(connection)
            except OSError:
                self.cut_off += 1
                return
            assert status == 200
            self.upgraded.append(self.names.pop())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manage", required=True)
    parser.add_argument("--database", default="sqlite")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--stops", type=int, default=20)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    database = Database(options.database)
    service = Service(database, options.manage, PASSWORD_HASHERS=FAST)
    problems = []
    try:
        service.command("migrate")
        service.add_user("client")
        names = ["user%d" % number for number in range((options.kills + options.stops) * 30)]
        database.query(
            "INSERT INTO auth_user (username, password, first_name, last_name, email, is_superuser, is_staff, is_active, "
            "date_joined) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
            "SELECT 'user' || n.i, u.password, '', '', '', u.is_superuser, u.is_staff, u.is_active, u.date_joined "
            "FROM auth_user u CROSS JOIN n" % (len(names) - 1))
        port = service.start()
        login = {"username": "client", "password": PASSWORD}
        pool = options.clients * ((options.kills + options.stops) * 40 + 20)
        tokens = [post(port, "/api/token/", login)[1]["refresh"] for _ in range(pool)]
        service.stop()

        service.env["PASSWORD_HASHERS"] = SLOW
        service.start(port)
        share = len(tokens) // options.clients
        clients = [Client(port, tokens[i * share:(i + 1) * share]) for i in range(options.clients)]
        upgraded = []
        codes, unanswered = [], 0
        for client in clients:
            client.start()
        for step in range(options.kills + options.stops):
            before = len(upgraded)
            cut_off = sum(len(client.unknown) for client in clients)
            logins = Logins(port, names, upgraded)
            logins.start()
            # At least one login is answered, after that the moment is random.
            while len(upgraded) == before and logins.is_alive():
                time.sleep(0.001)
            time.sleep(chance.uniform(0, 0.3))
            if step < options.kills:
                service.kill(port)
            else:
                codes += service.stop()
            logins.join()
            service.start(port)
            if step >= options.kills:
                unanswered += sum(len(client.unknown) for client in clients) - cut_off + logins.cut_off
        for client in clients:
            client.stop = True
        for client in clients:
            client.join()
        # The logins of the other clients. A login without a response may be in the database or not.
        pool += database.number("SELECT count(*) FROM token_blacklist_outstandingtoken o "
                                "JOIN auth_user u ON u.id = o.user_id WHERE u.username LIKE 'user%'")
        problems += check(database, clients, upgraded, pool)
        for client in clients:
            if client.token and post(port, "/api/token/refresh/", {"refresh": client.token})[0] != 200:
                problems.append("the newest token of a client does not work")
            for token, _ in client.unknown:
                status, answer = post(port, "/api/token/refresh/", {"refresh": token})
                if status != 200 and answer.get("detail") != "Token is blacklisted":
                    problems.append("a token without an answer is neither good nor spent: %s" % answer)
        rotated, ended, unknown = (sum(len(getattr(c, what)) for c in clients) for what in ("rotated", "ended", "unknown"))
        print("%d kills and %d stops: %d rotations, %d logouts and %d new hashes acknowledged, %d requests cut off by kills, "
              "%d by stops" % (options.kills, options.stops, rotated, ended, len(upgraded), unknown - unanswered, unanswered))
        if unanswered:
            problems.append("SIGTERM left %d requests without an answer" % unanswered)
        if codes != [0] * options.stops:
            problems.append("exit codes %s after SIGTERM" % codes)
    finally:
        service.stop()
        database.remove()
    print("nothing lost, nothing torn" if not problems else "\n".join(sorted(set(problems))))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
