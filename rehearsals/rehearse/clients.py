"""A client like a real user's: one user, two tabs that share a store of tokens, kept connections.

    python -m rehearse.clients URL USER     # USER is JSON: see traffic.users

Each request is written to standard output as one line of JSON when it has been answered. The client stops at the end of
its standard input. It does what docs/API.md tells client authors: it refreshes one at a time, with a lock that both tabs
share, and saves the new refresh token before it uses the new access token.
"""

import http.client
import json
import random
import select
import sys
import threading
import time
import uuid
from typing import NamedTuple
from urllib.parse import urlsplit

JSON = {"Content-Type": "application/json", "Accept": "application/json"}
REUSED = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)
# A person does not click without a pause, and three rehearsals share the machine.
PAUSE = 0.08
BLACKLISTED = {"detail": "Token is blacklisted", "code": "token_not_valid"}


class Stopped(Exception):
    """An answer that a correct client does not expect: it was reported, and the client cannot go on."""


class Tokens(NamedTuple):
    access: str
    refresh: str
    # The id of the request that returned them.
    minted: str


class Connection:
    """A kept connection of one tab."""

    def __init__(self, url, origin, report):
        self.address = urlsplit(url).netloc
        # A browser application on another origin.
        self.origin = {"Origin": origin} if origin else {}
        self.report = report
        self.connection = http.client.HTTPConnection(self.address, timeout=30)

    def is_kept(self):
        """Whether there is an open connection that the server has not closed."""
        sock = self.connection.sock
        if sock is not None and select.select([sock], [], [], 0)[0]:
            self.connection.close()
        return self.connection.sock is not None

    def may_read(self, response):
        """Whether a browser would give the response to the application."""
        allowed = response.getheader("Access-Control-Allow-Origin"), response.getheader("Access-Control-Allow-Credentials")
        return not self.origin or allowed == (self.origin["Origin"], "true")

    def request(self, what, method, path, body, headers, expected, **facts):
        """Sends a request, reports it and returns its body.

        nginx closes idle connections when it reloads, perhaps just when the client sends a request on one. Such a
        request is sent once more, with the same id, as browsers do. nginx's log shows later that it was seen once.
        """
        record = {"id": uuid.uuid4().hex, "what": what, "began": time.time(), "resent": False, **facts}
        headers = {"X-Request-ID": record["id"], **self.origin, **headers}
        data = None if body is None else json.dumps(body)
        try:
            is_kept = self.is_kept()
            try:
                self.connection.request(method, path, data, headers)
                response = self.connection.getresponse()
            except REUSED:
                if not is_kept:
                    raise
                record["resent"] = True
                self.connection.close()
                self.connection.request(method, path, data, headers)
                response = self.connection.getresponse()
            record["status"], text = response.status, response.read().decode()
            try:
                answer = json.loads(text)
            except ValueError:
                answer = text
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            record["status"], answer = None, repr(error)
        record["ended"] = time.time()
        record["ok"] = record["status"] is not None and expected(record["status"], answer) and self.may_read(response)
        if not record["ok"]:
            record["answer"] = str(answer)[:500]
        self.report(record)
        if not record["ok"]:
            raise Stopped(what)
        return answer, record["id"]


class Client:
    """The data that both tabs share."""

    def __init__(self, url, user, report):
        self.url, self.user, self.report = url, user, report
        self.lock = threading.Lock()
        self.stop, self.failed = threading.Event(), threading.Event()
        self.tokens = None
        self.key = None

    def post(self, connection, what, path, body, expected, **facts):
        return connection.request(what, "POST", path, body, JSON, expected, **facts)

    def log_in(self, connection):
        body = {self.user["field"]: self.user["name"], "password": self.user["password"]}
        has_pair = lambda status, answer: status == 200 and list(answer) == ["refresh", "access"]
        answer, minted = self.post(connection, "login", "/api/token/", body, has_pair)
        self.tokens = Tokens(answer["access"], answer["refresh"], minted)

    def fetch_key(self, connection):
        """Every login of rest_framework.authtoken returns the same key."""
        body = {"username": self.user["name"], "password": self.user["password"]}
        is_same = lambda status, answer: status == 200 and self.key in (None, answer["token"])
        answer, _ = self.post(connection, "authtoken", "/api/authtoken/", body, is_same)
        self.key = answer["token"]

    def call(self, connection):
        tokens = self.tokens
        mine = {"message": "Hello, authenticated user!", "user": self.user["name"]}
        path = "/api/protected/"
        if self.user["claims"] and random.random() < 0.5:
            path, mine = "/api/whoami/", self.user["claims"]
        self.get(connection, "call", path, f"Bearer {tokens.access}", mine, minted=tokens.minted)

    def call_with_key(self, connection):
        mine = {"message": f"Hello, {self.user['name']}! You are authenticated with Token."}
        self.get(connection, "call with key", "/api/hello/token/", f"Token {self.key}", mine)

    def get(self, connection, what, path, authorization, mine, **facts):
        headers = {"Accept": "application/json", "Authorization": authorization}
        connection.request(what, "GET", path, None, headers, lambda *answer: answer == (200, mine), **facts)

    def preflight(self, connection):
        """The preflight request of a browser before it sends a token to another origin."""
        headers = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
        is_allowed = lambda *answer: answer == (200, "")
        connection.request("preflight", "OPTIONS", "/api/protected/", None, headers, is_allowed)

    def verify(self, connection):
        tokens = self.tokens
        body = {"token": tokens.access}
        self.post(connection, "verify", "/api/token/verify/", body, is_done, minted=tokens.minted)

    def rotate(self, connection):
        with self.lock:
            spent = self.tokens
            has_pair = lambda status, answer: status == 200 and sorted(answer) == ["access", "refresh"]
            body, path = {"refresh": spent.refresh}, "/api/token/refresh/"
            answer, minted = self.post(connection, "refresh", path, body, has_pair, minted=spent.minted)
            self.tokens = Tokens(answer["access"], answer["refresh"], minted)
            if random.random() < 0.4:
                self.replay(connection, spent.refresh, minted)

    def replay(self, connection, spent, by):
        """A thief's request: the request `by` has already used the token."""
        is_refused = lambda *answer: answer == (401, BLACKLISTED)
        self.post(connection, "replay", "/api/token/refresh/", {"refresh": spent}, is_refused, spent_by=by)

    def log_out_and_in(self, connection):
        with self.lock:
            body, path = {"refresh": self.tokens.refresh}, "/api/token/blacklist/"
            _, by = self.post(connection, "logout", path, body, is_done, minted=self.tokens.minted)
            self.replay(connection, self.tokens.refresh, by)
            self.log_in(connection)

    def tab(self, connection):
        asks_first = [self.preflight] if self.user["origin"] else []
        actions = asks_first + [self.call] * 6 + [self.call_with_key] * 3 + [self.rotate] * 2 + [self.verify]
        while not self.stop.wait(PAUSE):
            random.choice(actions)(connection)
            if random.random() < 0.01:
                self.fetch_key(connection)
            if self.user["leaves"] and random.random() < 0.03:
                self.log_out_and_in(connection)


def is_done(status, answer):
    return (status, answer) == (200, {})


def main():
    url, user = sys.argv[1], json.loads(sys.argv[2])
    # The choices are the same in each run; only their order differs.
    random.seed(user["name"])
    writing = threading.Lock()

    def report(record):
        with writing:
            print(json.dumps({"user": user["name"], **record}), flush=True)

    client = Client(url, user, report)
    tabs = [Connection(url, user["origin"], report) for _ in range(2)]

    def work(connection):
        try:
            client.tab(connection)
        except Stopped:
            client.failed.set()
            client.stop.set()

    def wait_for_the_end():
        sys.stdin.read()
        client.stop.set()

    try:
        client.log_in(tabs[0])
        client.fetch_key(tabs[0])
        threading.Thread(target=wait_for_the_end, daemon=True).start()
        threads = [threading.Thread(target=work, args=[tab]) for tab in tabs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if not client.failed.is_set():
            # Still logged in.
            client.call(tabs[0])
            client.rotate(tabs[1])
            client.call(tabs[0])
    except Stopped:
        client.failed.set()
    return 1 if client.failed.is_set() else 0


if __name__ == "__main__":
    sys.exit(main())
