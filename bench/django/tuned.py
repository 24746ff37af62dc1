"""The reference project's settings, made as fast as Django allows without taking away what an API needs.

Of the seven middlewares of `startproject` two are left: SecurityMiddleware, and CommonMiddleware, without which an answer
has no Content-Length. Connections stay open. SQLite is set as the other servers set it.
"""
from refsite.settings import *  # noqa: F401,F403
from refsite.settings import DATABASES

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
]
DATABASES["default"]["CONN_MAX_AGE"] = None
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
    }
