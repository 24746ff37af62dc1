#!/usr/bin/env python3
"""The time of a refused login must not reveal whether the user exists, or which hash is stored.

    login_timing.py --manage target/release/manage [--database sqlite|postgres://…] [--samples 200] [--path /api/token/]
                    [--without-expensive]

The kinds of refusals are timed alternately, so that a busy machine slows all of them down equally. Exit code 1 if the median of a
kind is more than 5 % away from the time of a wrong password.
"""
import argparse
import random
import statistics
import sys
import time

from service import Database, Service, post

PASSWORD = "correct horse 1"
LIMIT = 0.05
# The stored value of each name. The password that is sent matches none of them.
STORED = {
    "wrong password": None,
    "inactive, wrong password": None,
    "inactive, right password": None,
    "unusable password": "!abcdefghijklmnopqrstuvwxyzabcdefghijklmno",
    "empty password": "",
    "malformed password": "pbkdf2_sha256$x$y$z",
    "old hash: MD5": "md5$salt$0123456789abcdef0123456789abcdef",
    "old hash: PBKDF2, 36,000": "pbkdf2_sha256$36000$salt$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYWx0c2FsdHNhbHQ=",
    "old hash: PBKDF2 with SHA1": "pbkdf2_sha1$36000$salt$c2FsdHNhbHRzYWx0c2FsdHNhbHQ=",
}
# Kinds that are slower to check than the output of the preferred hasher.
EXPENSIVE = {
    "more expensive hash: bcrypt": "BCryptSHA256PasswordHasher",
    "more expensive hash: Argon2": "Argon2PasswordHasher",
}
HASHERS = ("PBKDF2PasswordHasher,PBKDF2SHA1PasswordHasher,Argon2PasswordHasher,BCryptSHA256PasswordHasher,"
           "MD5PasswordHasher")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manage", required=True)
    parser.add_argument("--database", default="sqlite")
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--path", default="/api/token/")
    parser.add_argument("--without-expensive", action="store_true",
                        help="no user has a hash that is more expensive than the preferred hasher's")
    options = parser.parse_args()
    database = Database(options.database)
    service = Service(database, options.manage, PASSWORD_HASHERS=HASHERS)
    expensive = {} if options.without_expensive else EXPENSIVE
    times = {kind: [] for kind in ["unknown name", *STORED, *expensive]}
    names = {kind: "user%d" % number for number, kind in enumerate(times)}
    try:
        service.command("migrate")
        for kind, stored in STORED.items():
            service.add_user(names[kind], PASSWORD)
            if stored is not None:
                database.query("UPDATE auth_user SET password = '%s' WHERE username = '%s'" % (stored, names[kind]))
            if kind.startswith("inactive"):
                database.query("UPDATE auth_user SET is_active = FALSE WHERE username = '%s'" % names[kind])
        for kind, hasher in expensive.items():
            service.add_user(names[kind], PASSWORD, PASSWORD_HASHERS=hasher)
        port = service.start()
        answers = set()
        for turn in range(options.samples + 3):
            for kind in random.sample(sorted(times), len(times)):
                password = PASSWORD if kind.endswith("right password") else "not that one"
                started = time.perf_counter()
                status, body = post(port, options.path, {"username": names[kind], "password": password})
                # The first turns open connections and files.
                if turn >= 3:
                    times[kind].append(time.perf_counter() - started)
                answers.add((status, str(body)))
    finally:
        service.stop()
        database.remove()
    print("%s, %s, %d samples of each kind" % (
        "SQLite" if options.database == "sqlite" else "PostgreSQL", options.path, options.samples))
    reference = statistics.median(times["wrong password"])
    worst = 0
    for kind, seen in times.items():
        difference = statistics.median(seen) / reference - 1
        worst = max(worst, abs(difference))
        print("  %-28s median %7.2f ms  %+5.1f %%" % (kind, 1000 * statistics.median(seen), 100 * difference))
    if len(answers) != 1:
        print("the answers differ: %s" % answers)
    return 1 if worst > LIMIT or len(answers) != 1 else 0


if __name__ == "__main__":
    sys.exit(main())
