"""The kinds of work: settings, requests and right answers."""
import contextlib
import http.client
import json

import databases
import tokens

GREETING = {"message": "Hello, authenticated user!"}
ROTATING = {"SIMPLE_JWT_ROTATE_REFRESH_TOKENS": "true", "SIMPLE_JWT_BLACKLIST_AFTER_ROTATION": "true"}
KEEPING = dict(ROTATING, SIMPLE_JWT_ROTATE_REFRESH_TOKENS="false")


def _compact(value):
    return json.dumps(value, separators=(",", ":"))


class Work:
    """One kind of request. `exchange(number, user_id)` is a request with its answer, as `load` reads it."""

    def __init__(self, name, title, request_line, exchange, settings=ROTATING, password=tokens.pbkdf2_sha256, slow=False,
                 database=True, chain=False, count=databases.LIVE):
        self.name = name
        self.title = title
        self.settings = settings
        self.password = password
        # A request takes a tenth of a second and more.
        self.slow = slow
        # The answer depends on how fast it is; else a single kind is enough.
        self.database = database
        self.chain = chain
        # The number of different requests that are sent in turn.
        self.count = count
        self.head = "%s HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n" % request_line
        if request_line.startswith("POST"):
            self.head += "Content-Type: application/json\r\n"
        self._exchange = exchange

    def plan(self, server, size, connections):
        """The requests of a plan for `load`."""
        count = connections if self.chain else self.count
        exchanges = [self._exchange(number, size.user_id(number)) for number in range(count)]
        if server == "hello":
            exchanges = [dict(exchange, answer=_greeting("user1")) for exchange in exchanges]
        return {"head": self.head, "exchanges": exchanges, "chain": self.chain, "connections": connections}


def _greeting(user):
    return _compact(dict(GREETING, user=user))


def _bearer(number, user_id):
    return {"headers": "Authorization: Bearer %s\r\n" % tokens.token("access", number, user_id)}


def _protected(number, user_id):
    return dict(_bearer(number, user_id), answer=_greeting("user%d" % user_id))


def _stateless(number, user_id):
    # A TokenUser has the name in the token, and there is none.
    return dict(_bearer(number, user_id), answer=_greeting(""))


def _verify(number, user_id):
    return {"body": _compact({"token": tokens.token("refresh", number, user_id)}), "answer": "{}"}


def _refresh(*names):
    def exchange(number, user_id):
        return {"body": _compact({"refresh": tokens.token("refresh", number, user_id)}), "tokens": list(names)}

    return exchange


def _obtain(number, user_id):
    login = {"username": "user%d" % user_id, "password": tokens.PASSWORD}
    return {"body": _compact(login), "tokens": ["access", "refresh"]}


WORKS = [
    Work("protected", "protected GET, user looked up", "GET /api/protected/", _protected),
    # More tokens than any server caches, so that each token counts as new at its turn.
    Work("protected-new", "protected GET, tokens not seen before", "GET /api/protected/", _protected, database=False, count=20000),
    Work("stateless", "protected GET, JWTStatelessUserAuthentication", "GET /api/protected/", _stateless, database=False,
         settings=dict(ROTATING, REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES="JWTStatelessUserAuthentication")),
    Work("verify", "verify, blacklist on", "POST /api/token/verify/", _verify),
    Work("refresh", "refresh, no rotation", "POST /api/token/refresh/", _refresh("access"), settings=KEEPING),
    Work("rotate", "refresh, rotation and blacklist", "POST /api/token/refresh/", _refresh("access", "refresh"), chain=True),
    Work("obtain-pbkdf2", "obtain, PBKDF2 (1,000,000)", "POST /api/token/", _obtain, slow=True, database=False),
    Work("obtain-bcrypt", "obtain, bcrypt (12)", "POST /api/token/", _obtain, slow=True, database=False,
         password=tokens.bcrypt_sha256, settings=dict(ROTATING, PASSWORD_HASHERS="BCryptSHA256PasswordHasher")),
]
BY_NAME = {work.name: work for work in WORKS}


def problem_of(body):
    """The problem with the tokens in the body of an answer, or None."""
    for name, token in json.loads(body).items():
        if name in ("access", "refresh"):
            problem = tokens.problem_of(token, name)
            if problem:
                return "%s: %s" % (name, problem)
    return None


def is_refused(port, body):
    """Whether a refresh with this body is a 401."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("POST", "/api/token/refresh/", body, {"Content-Type": "application/json"})
        return connection.getresponse().status == 401
