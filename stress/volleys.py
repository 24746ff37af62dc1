#!/usr/bin/env python3
"""Races: many clients send the same request at the same moment, and at most one may succeed.

    volleys.py --manage target/release/manage [--database sqlite|postgres://…] [--instances 2] [--rounds 200]
    volleys.py --django .venv/bin/python …     the same against Django, from conformance/refproject

Exit code 1 if a rule was broken.
"""
import argparse
import json
import sys

from service import Database, Service, post, request, volley

USER = {"username": "racer", "password": "correct horse 1"}


class Tally:
    """The number of violations of each rule."""

    def __init__(self, name):
        self.name = name
        self.rounds = self.broken = self.errors = 0
        self.worst = 0

    def count(self, ok, winners, answers):
        self.rounds += 1
        self.worst = max(self.worst, winners)
        self.errors += sum(status >= 500 for status, _ in answers)
        if not ok:
            self.broken += 1

    def __str__(self):
        return "%-28s %4d rounds, %3d broken (%5.1f %%), at most %d winners, %d answers 5xx" % (
            self.name, self.rounds, self.broken, 100.0 * self.broken / self.rounds, self.worst, self.errors)


def login(service):
    status, tokens = post(service.ports[0], "/api/token/", USER)
    assert status == 200, tokens
    return tokens["refresh"]


def refresh_against_refresh(service, database, rounds, clients):
    tally = Tally("refresh against refresh")
    for _ in range(rounds):
        before = counts(database)
        body = {"refresh": login(service)}
        answers = volley(service.ports, [request("/api/token/refresh/", body)] * clients)
        winners = sum(status == 200 for status, _ in answers)
        losers = sum(status == 401 for status, _ in answers)
        after = counts(database)
        # The login and one successor; one of them is blacklisted.
        rows = (after[0] - before[0], after[1] - before[1])
        tally.count(winners == 1 and losers == clients - 1 and rows == (2, 1), winners, answers)
    return tally


def refresh_against_logout(service, database, rounds, clients):
    tally = Tally("refresh against blacklist")
    for _ in range(rounds):
        body = {"refresh": login(service)}
        # In pairs, so that each instance gets both kinds.
        paths = ["/api/token/refresh/"] * 2 + ["/api/token/blacklist/"] * 2
        answers = volley(service.ports, [request(paths[i % 4], body) for i in range(clients)])
        refreshed, ended = (sum(status == 200 for status, _ in answers[first::4] + answers[first + 1::4]) for first in (0, 2))
        # A second logout does no harm. Django answers 200 to it.
        winners = refreshed + min(ended, 1)
        tally.count(winners == 1 and all(status in (200, 401) for status, _ in answers), winners, answers)
        tally.both = getattr(tally, "both", 0) + (refreshed > 0 and ended > 0)
    return tally


def first_logins(service, database, rounds, clients):
    tally = Tally("first authtoken logins")
    for _ in range(rounds):
        database.query("DELETE FROM authtoken_token")
        answers = volley(service.ports, [request("/api/authtoken/", USER)] * clients)
        keys = {json.loads(body)["token"] for status, body in answers if status == 200}
        rows = database.number("SELECT count(*) FROM authtoken_token")
        tally.count(len(keys) == 1 and rows == 1 and all(s == 200 for s, _ in answers), len(keys), answers)
    return tally


def counts(database):
    return tuple(database.number("SELECT count(*) FROM token_blacklist_%stoken" % table)
                 for table in ("outstanding", "blacklisted"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manage", help="the program under test")
    parser.add_argument("--django", help="a Python with the packages of conformance/requirements-peer.txt")
    parser.add_argument("--database", default="sqlite", help="sqlite, or the URL of a PostgreSQL server")
    parser.add_argument("--instances", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--clients", type=int, default=16)
    options = parser.parse_args()
    if bool(options.manage) == bool(options.django):
        parser.error("give --manage or --django")
    database = Database(options.database)
    # A fast hasher, because the test is about tokens and not about passwords.
    service = Service(database, options.manage, options.django, PASSWORD_HASHERS="MD5PasswordHasher")
    try:
        service.command("migrate")
        service.add_user(USER["username"])
        for _ in range(options.instances):
            service.start()
        kind = "SQLite" if options.database == "sqlite" else "PostgreSQL"
        print("%s, %s, %d instance(s), %d clients" % (
            "Django" if options.django else "actix-simplejwt", kind, options.instances, options.clients), flush=True)
        broken = 0
        for race in (refresh_against_refresh, refresh_against_logout, first_logins):
            tally = race(service, database, options.rounds, options.clients)
            broken += tally.broken
            both = ", both kinds won in %d" % tally.both if hasattr(tally, "both") else ""
            print("  %s%s" % (tally, both), flush=True)
    finally:
        service.stop()
        database.remove()
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
