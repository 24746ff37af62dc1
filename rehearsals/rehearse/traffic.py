"""The live clients, their reports, and the servers that have answered them."""

import json
import subprocess
import sys
import threading
from collections import Counter

from .site import HERE

PASSWORD = "correct-horse-7-battery"
NAMES = {"django": "Django", "login": "this server"}
# The requests that a server must have answered before a step of the move ends.
A_FEW = {"call": 4, "call with key": 2, "refresh": 2, "verify": 1}
ALL_KINDS = {"call": 20, "call with key": 6, "refresh": 8, "verify": 3, "replay": 2, "logout": 1, "login": 1}

CROSSING = ("call", "verify", "refresh", "replay")
PAIRS = (("django", "login"), ("login", "django"))


class ClientFailed(Exception):
    """A client got an answer that a correct client does not expect."""


class Traffic:
    def __init__(self, site, users):
        self.site, self.users = site, users
        self.records, self.clients, self.readers = [], [], []

    def start(self):
        for user in self.users:
            client = subprocess.Popen(
                [sys.executable, "-m", "rehearse.clients", self.site.url, json.dumps(user)],
                cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )
            reader = threading.Thread(target=self.read, args=[client], daemon=True)
            reader.start()
            self.clients.append(client)
            self.readers.append(reader)

    def read(self, client):
        for line in client.stdout:
            self.records.append(json.loads(line))

    def who(self, request):
        """The server that has answered: `django` or `login`; None if nginx has not written it yet."""
        lines = self.site.upstreams.get(request)
        return lines[-1].split(", ")[-1] if lines else None

    def check(self):
        """Raises ClientFailed if a client was refused, or got no answer."""
        self.site.read_access_log()
        bad = [record for record in self.records if not record["ok"]]
        if bad:
            shown = "\n".join(f"{record} answered by {self.who(record['id'])}" for record in bad[:5])
            raise ClientFailed(f"{len(bad)} unexpected answers:\n{shown}")
        for client in self.clients:
            if client.poll():
                raise ClientFailed(f"a client has ended with code {client.returncode}")

    def answered(self, first=0):
        """The number of requests of each kind that each server has answered, from the record number `first` on."""
        counts = {name: Counter() for name in NAMES}
        for record in self.records[first:]:
            who = self.who(record["id"])
            if who:
                counts[who][record["what"]] += 1
        return counts

    def crossings(self, first=0):
        """The number of requests of each kind that went to another server than the one that had made or used the token.

        The keys are `(kind, server that made or used the token, server that got it)`.
        """
        counts = Counter()
        for record in self.records[first:]:
            origin = record.get("minted") or record.get("spent_by")
            if origin:
                counts[record["what"], self.who(origin), self.who(record["id"])] += 1
        return counts

    def wait_for(self, needs, crossed=False):
        """Waits until each server of `needs` has answered this number of requests of each kind, from now on.

        With `crossed`, also until each has received tokens of the other: in calls, verifications, refreshes and replays.
        """
        first = len(self.records)

        def missing():
            self.check()
            counts, crossings = self.answered(first), self.crossings(first)
            lacking = [
                f"{what} by {NAMES[who]}: {counts[who][what]} of {count}"
                for who, kinds in needs.items() for what, count in kinds.items() if counts[who][what] < count
            ]
            return lacking + [
                f"{what} at {NAMES[to]} with a token of the other"
                for what in CROSSING for by, to in PAIRS if crossed and not crossings[what, by, to]
            ]

        self.site.wait_until(lambda: not missing(), 240, lambda: f"enough traffic; missing: {missing()}")

    def finish(self):
        """Ends the clients; each shows at its end that it is logged in."""
        for client in self.clients:
            client.stdin.close()
        for client, reader in zip(self.clients, self.readers):
            code = client.wait(60)
            reader.join()
            self.check()
            if code != 0:
                raise ClientFailed(f"a client has ended with code {code}")

    def kill(self):
        for client in self.clients:
            client.kill()
            client.wait()


def users(case):
    """Four users; two of them sometimes log out and in again, two stay logged in all the time."""
    return [
        {
            "field": case.username_field,
            "name": f"user{number}@example.com",
            "password": PASSWORD,
            "leaves": number % 2 == 0,
            "origin": case.origin,
            "claims": case.claims and {**case.claims, "name": f"User {number}"},
        }
        for number in range(1, 5)
    ]
