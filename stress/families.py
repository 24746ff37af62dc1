#!/usr/bin/env python3
"""Races of token families: tabs that refresh at the same time, thieves, logouts, kills, and a Django on the same database.

    families.py --manage target/release/manage [--database sqlite|postgres://…] [--instances 1|2] [--rounds 200] [--clients 16]
    families.py … --django .venv/bin/python     also with Django on the same database, from conformance/refproject

Every story ends with a check of the list of logins and of the tables. Exit code 1 if a rule was broken.
"""
import argparse
import contextlib
import json
import random
import socket
import sys
import threading
import time

from service import Database, Service, post, read_response, request, volley

USER = {"username": "racer", "password": "correct horse 1"}
REFRESH = "/api/token/refresh/"
GONE = {"detail": "Token is blacklisted", "code": "token_not_valid"}
# The grace period of the server on which the script waits until it has passed.
SHORT = 0.4


class Rules:
    """Counts rounds and broken rules."""

    def __init__(self):
        self.name, self.rounds, self.broken, self.total = "", 0, [], 0

    def story(self, name):
        self.close()
        self.name, self.rounds, self.broken = name, 0, []

    def expect(self, ok, what):
        if not ok:
            self.broken.append(what)

    def close(self):
        if self.name:
            print("  %-52s %5d rounds, %3d broken" % (self.name, self.rounds, len(self.broken)), flush=True)
            for what in sorted(set(map(str, self.broken)))[:5]:
                print("      %s" % what[:300], flush=True)
            self.total += len(self.broken)
            self.name = ""


def call(port, method, path, access, body=None):
    """A request with an access token; `(status, JSON)`."""
    data = json.dumps(body).encode() if body is not None else b""
    head = "%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n" \
           "Content-Length: %d\r\nConnection: close\r\n\r\n" % (method, path, access, len(data))
    with contextlib.closing(socket.create_connection(("127.0.0.1", port), 60)) as connection:
        connection.sendall(head.encode() + data)
        status, text = read_response(connection)
    return status, json.loads(text) if text else None


class Client:
    """One user's view of a server."""

    def __init__(self, service, rules):
        self.service, self.rules = service, rules

    def port(self, number=0):
        return self.service.ports[number % len(self.service.ports)]

    def login(self):
        status, tokens = post(self.port(), "/api/token/", USER)
        assert status == 200, tokens
        return tokens

    def refresh(self, token, number=0):
        return post(self.port(number), REFRESH, {"refresh": token})

    def rotate(self, token, number=0):
        status, tokens = self.refresh(token, number)
        self.rules.expect(status == 200, ("a living token is refused", status, tokens))
        return tokens if status == 200 else None

    def refuse(self, token, number=0):
        answer = self.refresh(token, number)
        self.rules.expect(answer == (401, GONE), ("a dead token is not refused as it should be", answer))

    def volley(self, paths, body):
        answers = volley(self.service.ports, [request(path, body) for path in paths])
        self.rules.expect(all(status < 500 for status, _ in answers), ("5xx", answers))
        return [(status, json.loads(text) if text else None) for status, text in answers]

    def sessions(self, access):
        status, sessions = call(self.port(), "GET", "/api/token/sessions/", access)
        self.rules.expect(status == 200, ("no list of logins", status, sessions))
        return sessions if status == 200 else []

    def expect_sessions(self, count):
        """Checks the list with one more login, which is then ended."""
        tokens = self.login()
        listed = self.sessions(tokens["access"])
        self.rules.expect(len(listed) == count + 1, ("logins in the list", len(listed) - 1, "instead of", count))
        current = [session for session in listed if session["is_current"]]
        self.rules.expect(len(current) == 1, "the list does not mark the current login")
        if current:
            path = "/api/token/sessions/%d/" % current[0]["id"]
            status, _ = call(self.port(1), "DELETE", path, tokens["access"])
            self.rules.expect(status == 204, ("a login cannot be ended", status))

    def clear(self):
        status, _ = call(self.port(), "POST", "/api/token/logoutall/", self.login()["access"])
        self.rules.expect(status == 204, ("logoutall", status))


def check_tables(database, rules):
    """The rules that hold at any time, also after a kill."""
    def none(what, sql):
        found = database.number("SELECT count(*) FROM " + sql)
        rules.expect(found == 0, (what, found))
    spent = "EXISTS (SELECT 1 FROM token_blacklist_blacklistedtoken b JOIN token_blacklist_outstandingtoken o " \
            "ON o.id = b.token_id WHERE o.jti = t.%s)"
    none("a successor without a row", "family_token t WHERE NOT EXISTS "
         "(SELECT 1 FROM token_blacklist_outstandingtoken o WHERE o.jti = t.successor)")
    none("a rotated token that is not blacklisted", "family_token t WHERE NOT " + spent % "jti")
    none("a family that ended with a living token", "family_activity t WHERE ended_at IS NOT NULL AND NOT " + spent % "jti")
    none("a family that ended and is not blacklisted", "family_activity t WHERE ended_at IS NOT NULL AND NOT EXISTS "
         "(SELECT 1 FROM token_family_blacklistedtokenfamily b WHERE b.family_id = t.family_id)")
    none("a family without activity", "token_family_tokenfamily f WHERE NOT EXISTS "
         "(SELECT 1 FROM family_activity t WHERE t.family_id = f.id)")
    none("two successors of one token", "(SELECT 1 FROM family_token GROUP BY jti HAVING count(*) > 1) AS x")


def counts(database):
    tables = ("token_blacklist_outstandingtoken", "token_blacklist_blacklistedtoken", "family_token",
              "family_activity WHERE reused_at IS NOT NULL", "family_activity WHERE ended_by = 'reuse'")
    return tuple(map(int, database.query("SELECT " + ", ".join("(SELECT count(*) FROM %s)" % t for t in tables))[0]))


def with_grace(client, database, rounds, clients):
    rules = client.rules
    rules.story("parallel refreshes, with grace")
    client.clear()
    tokens = client.login()
    for _ in range(rounds):
        rules.rounds += 1
        before = counts(database)
        answers = client.volley([REFRESH] * clients, {"refresh": tokens["refresh"]})
        new = {answer["refresh"] for status, answer in answers if status == 200}
        rules.expect(all(status == 200 for status, _ in answers), ("a tab is refused", answers))
        rules.expect(len(new) == 1, ("different successors", len(new)))
        rules.expect(len({answer.get("access") for _, answer in answers}) == clients, "access tokens are repeated")
        rules.expect([b - a for a, b in zip(before, counts(database))] == [1, 1, 1, 0, 0], "rows")
        tokens = next(answer for status, answer in answers if status == 200)
        listed = client.sessions(tokens["access"])
        rules.expect([session["is_current"] for session in listed] == [True], ("logins", listed))
    client.expect_sessions(1)


def without_grace(client, database, rounds, clients):
    rules = client.rules
    rules.story("parallel refreshes, without grace")
    client.clear()
    for number in range(rounds):
        rules.rounds += 1
        before = counts(database)
        answers = client.volley([REFRESH] * clients, {"refresh": client.login()["refresh"]})
        won = [answer for status, answer in answers if status == 200]
        rules.expect(len(won) == 1, ("winners", len(won)))
        rules.expect(all(answer == (401, GONE) for answer in answers if answer[0] != 200), ("a wrong refusal", answers))
        # Without a grace period a tab that loses counts as reuse. The end of the family is committed although the answer is 401.
        spent = counts(database)
        rules.expect([b - a for a, b in zip(before, spent)] == [2, 2, 1, 1, 1], ("rows", before, spent))
        for answer in won:
            client.refuse(answer["refresh"], number)
    client.expect_sessions(0)


def replays(client, database, rounds, clients):
    rules = client.rules
    rules.story("replays after the window")
    client.clear()
    other = client.login()
    for number in range(rounds):
        rules.rounds += 1
        old = client.login()["refresh"]
        new = client.rotate(old)
        again = client.rotate(old, 1)
        rules.expect(new and again and new["refresh"] == again["refresh"], "the window has another successor")
        time.sleep(SHORT)
        before = counts(database)
        answers = client.volley([REFRESH] * clients, {"refresh": old})
        rules.expect(all(answer == (401, GONE) for answer in answers), ("a replay is not refused", answers))
        rules.expect([b - a for a, b in zip(before, counts(database))] == [0, 1, 0, 1, 1], "rows")
        if new:
            client.refuse(new["refresh"], number)
        # Only this family.
        other = client.rotate(other["refresh"], number) or other
    client.expect_sessions(1)


def thieves(client, database, rounds):
    rules = client.rules
    rules.story("stolen tokens, told from both sides")
    client.clear()
    for number in range(rounds):
        rules.rounds += 1
        stolen = client.login()["refresh"]
        first = client.rotate(stolen, number)
        second = client.rotate(first["refresh"], number + 1)
        # The token is two generations old, so the family ends, whoever sends it.
        client.refuse(stolen, number)
        client.refuse(second["refresh"], number)
        client.refuse(first["refresh"], number + 1)
        # A logout with the successor is not a theft.
        old = client.login()["refresh"]
        new = client.rotate(old)
        status, _ = post(client.port(number), "/api/token/blacklist/", {"refresh": new["refresh"]})
        rules.expect(status == 200, ("logout", status))
        before = counts(database)
        client.refuse(old, number)
        rules.expect(counts(database) == before, "a logout is taken for reuse")
    client.expect_sessions(0)


def logouts(client, database, rounds, clients):
    rules = client.rules
    for path in ("/api/token/blacklist/", "/api/token/family/blacklist/"):
        rules.story("refresh against " + path)
        client.clear()
        for number in range(rounds):
            rules.rounds += 1
            token = client.login()["refresh"]
            # In pairs, so that each instance gets both kinds.
            paths = [[REFRESH, REFRESH, path, path][i % 4] for i in range(clients)]
            answers = client.volley(paths, {"refresh": token})
            ended = any(status == 200 for (status, _), kind in zip(answers, paths) if kind == path)
            new = {answer["refresh"] for status, answer in answers if status == 200 and "refresh" in answer}
            rules.expect(all(status in (200, 401) for status, _ in answers), ("answers", answers))
            rules.expect(len(new) <= 1, "different successors")
            if path == "/api/token/blacklist/":
                rules.expect(ended != bool(new), ("both or neither", ended, len(new)))
            for token in new:
                if ended:
                    client.refuse(token, number)
                else:
                    client.rotate(token, number)
        check_tables(database, rules)
    rules.story("refresh against /api/token/logoutall/")
    for number in range(rounds):
        rules.rounds += 1
        logins = [client.login() for _ in range(4)]
        head = "POST /api/token/logoutall/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n" \
               "Content-Length: 0\r\nConnection: close\r\n\r\n" % logins[0]["access"]
        requests = [request(REFRESH, {"refresh": logins[i % 4]["refresh"]}) for i in range(clients - 1)]
        answers = volley(client.service.ports, requests + [head.encode()])
        rules.expect(answers[-1][0] == 204, ("logoutall", answers[-1]))
        for status, text in answers[:-1]:
            rules.expect(status in (200, 401), (status, text))
            if status == 200:
                client.refuse(json.loads(text)["refresh"], number)
        client.expect_sessions(0)


class Tabs(threading.Thread):
    """Two tabs with one token, which they refresh again and again until the server has ended."""

    def __init__(self, port, token):
        super().__init__(daemon=True)
        self.port, self.token, self.answered, self.wrong = port, token, 0, []

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                for status, text in volley([self.port], [request(REFRESH, {"refresh": self.token})] * 2):
                    if status != 200:
                        self.wrong.append((status, text))
                        return
                    self.token = json.loads(text)["refresh"]
                    self.answered += 1


def kills(client, database, rounds, chance):
    rules = client.rules
    rules.story("kills in the middle")
    service = client.service
    for _ in range(rounds):
        rules.rounds += 1
        client.clear()
        tabs = [Tabs(client.port(number), client.login()["refresh"]) for number in range(6)]
        for tab in tabs:
            tab.start()
        time.sleep(chance.uniform(0.02, 0.25))
        for port in service.ports:
            service.kill(port)
        for tab in tabs:
            tab.join()
        for port in service.ports:
            service.start(port)
        check_tables(database, rules)
        for tab in tabs:
            # The last token that was answered works. If the answer to its rotation was lost, its successor works.
            rules.expect(not tab.wrong, tab.wrong)
            client.rotate(tab.token)
        client.expect_sessions(len(tabs))


def beside(client, django, database, rounds, clients):
    rules = client.rules
    rules.story("Django beside")
    client.clear()
    for number in range(rounds):
        rules.rounds += 1
        old = client.login()
        status, by_django = post(django.ports[0], REFRESH, {"refresh": old["refresh"]})
        rules.expect(status == 200, ("Django refuses our token", status, by_django))
        before = counts(database)
        client.refuse(old["refresh"], number)
        rules.expect(counts(database) == before, "a rotation by Django is taken for reuse")
        # The family still exists, and the list has it.
        mine = client.rotate(by_django["refresh"], number)
        rules.expect([s["is_current"] for s in client.sessions(mine["access"])] == [True], "logins after Django's rotation")
        status, by_django = post(django.ports[0], REFRESH, {"refresh": mine["refresh"]})
        # The end of the family also ends the token that Django has made.
        how = number % 3
        if how == 0:
            post(client.port(), "/api/token/family/blacklist/", {"refresh": by_django["refresh"]})
        elif how == 1:
            client.clear()
        else:
            listed = client.sessions(mine["access"])
            call(client.port(), "DELETE", "/api/token/sessions/%d/" % listed[0]["id"], mine["access"])
        for port in (django.ports[0], client.port(number)):
            status, answer = post(port, REFRESH, {"refresh": by_django["refresh"]})
            rules.expect((status, answer) == (401, GONE), ("after the end", status, answer))
        # A race against Django. Django may let several refreshes succeed, but no request fails here, and a login that has ended
        # stays ended.
        token = client.login()["refresh"]
        ports = [client.port(0), django.ports[0], client.port(1), django.ports[0]]
        answers = volley(ports, [request(REFRESH, {"refresh": token})] * clients)
        rules.expect(all(status in (200, 401) for status, _ in answers[0::2]), ("answers beside Django", answers[0::2]))
        client.clear()
        for status, text in answers:
            if status == 200:
                for port in (django.ports[0], client.port(number)):
                    status, answer = post(port, REFRESH, {"refresh": json.loads(text)["refresh"]})
                    rules.expect((status, answer) == (401, GONE), ("after logoutall", status, answer))
        # A token that Django has made has no family; our rotation starts one.
        status, tokens = post(django.ports[0], "/api/token/", USER)
        answers = client.volley([REFRESH] * clients, {"refresh": tokens["refresh"]})
        rules.expect(len({answer.get("refresh") for _, answer in answers}) == 1, ("a token of Django in tabs", answers))
        client.clear()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manage", required=True, help="the program under test")
    parser.add_argument("--django", help="a Python with the packages of conformance/requirements-peer.txt")
    parser.add_argument("--database", default="sqlite", help="sqlite, or the URL of a PostgreSQL server")
    parser.add_argument("--instances", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    database = Database(options.database)
    families = {
        "PASSWORD_HASHERS": "MD5PasswordHasher", "DATABASE_POOL_SIZE": "4", "SIMPLE_JWT_TOKEN_FAMILY_ENABLED": "true",
        "SIMPLE_JWT_TOKEN_FAMILY_CHECK_ON_ACCESS": "true", "SIMPLE_JWT_TOKEN_FAMILY_BLACKLIST_ON_REUSE": "true",
    }
    services = [Service(database, options.manage, SIMPLE_JWT_REFRESH_TOKEN_GRACE_PERIOD=grace, **families)
                for grace in ("60s", "0", "%ss" % SHORT)]
    long, none, short = services
    django = Service(database, None, options.django, PASSWORD_HASHERS="MD5PasswordHasher") if options.django else None
    rules = Rules()
    try:
        long.command("migrate")
        long.add_user(USER["username"])
        for service in services:
            for _ in range(options.instances):
                service.start()
        kind = "SQLite" if options.database == "sqlite" else "PostgreSQL"
        print("%s, %d instance(s), %d clients" % (kind, options.instances, options.clients), flush=True)
        with_grace(Client(long, rules), database, options.rounds, options.clients)
        without_grace(Client(none, rules), database, options.rounds, options.clients)
        replays(Client(short, rules), database, max(options.rounds // 4, 1), options.clients)
        thieves(Client(long, rules), database, max(options.rounds // 4, 1))
        logouts(Client(long, rules), database, max(options.rounds // 2, 1), options.clients)
        kills(Client(long, rules), database, max(options.rounds // 10, 1), random.Random(options.seed))
        if django:
            django.start()
            beside(Client(long, rules), django, database, max(options.rounds // 4, 1), options.clients)
        rules.story("tables at the end")
        check_tables(database, rules)
        rules.close()
    finally:
        for service in services + ([django] if django else []):
            service.stop()
        database.remove()
    return 1 if rules.total else 0


if __name__ == "__main__":
    sys.exit(main())
