"""Databases with Django's tables and any number of rows, and a copy for each server."""
import os
import shutil
import sqlite3
import subprocess
import urllib.parse

import tokens

OUTSTANDING = "token_blacklist_outstandingtoken"
BLACKLISTED = "token_blacklist_blacklistedtoken"
# Users with a refresh token that has not been used. The requests use these users.
LIVE = 256

# The differences between the databases in the statements below.
_SQLITE = {
    "numbers": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT %d) ",
    "from": "n",
    "hex": "lower(hex(randomblob(16)))",
    "padding": "hex(randomblob(110))",
    "now": "datetime('now')",
    "later": "datetime('now', '+1 day')",
}
_POSTGRES = {
    "numbers": "",
    "from": "generate_series(1, %d) AS i",
    "hex": "md5(random()::text || i)",
    "padding": "repeat(md5(random()::text || i), 7)",
    "now": "now()",
    "later": "now() + interval '1 day'",
}


class Size:
    """The number of rows."""

    def __init__(self, users, rows):
        self.users = users
        self.rows = rows

    def user_id(self, number):
        """The user of the `number`th request, far from the next one."""
        return 1 + number % LIVE * (self.users // LIVE)


SMALL = Size(users=1000, rows=5000)
LARGE = Size(users=1000000, rows=1000000)
EMPTY = Size(users=LIVE, rows=0)


def _seed(execute, dialect, size, password):
    """Inserts users, and `rows` refresh tokens that were all used."""

    def insert(table, columns, values, count):
        if count:
            numbers, source = dialect["numbers"], dialect["from"]
            numbers, source = (part % count if "%d" in part else part for part in (numbers, source))
            execute("INSERT INTO %s (%s) %sSELECT %s FROM %s" % (table, columns, numbers, values, source))

    insert(
        "auth_user",
        "id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined",
        "i, '%s', false, 'user' || i, '', '', 'user' || i || '@example.com', false, true, %s" % (password, dialect["now"]),
        size.users,
    )
    values = "{padding}, {now}, {later}, 1 + i %% %d, {hex}" % size.users
    columns = "token, created_at, expires_at, user_id, jti"
    insert(OUTSTANDING, columns, values.format(**dialect), size.rows)
    execute("INSERT INTO %s (blacklisted_at, token_id) SELECT %s, id FROM %s" % (BLACKLISTED, dialect["now"], OUTSTANDING))
    for number in range(LIVE if size.rows else 0):
        user = size.user_id(number)
        row = (tokens.token("refresh", number, user), dialect["now"], dialect["later"], user, tokens.jti("refresh", number))
        execute("INSERT INTO %s (%s) VALUES ('%s', %s, %s, %d, '%s')" % ((OUTSTANDING, columns) + row))


def _migrate(manage, url):
    environment = {"PATH": os.environ["PATH"], "SECRET_KEY": tokens.SECRET_KEY, "DATABASE_URL": url, "RUST_LOG": "warn"}
    done = subprocess.run([manage, "migrate"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise RuntimeError("migrate failed: %s" % done.stdout.decode())


class Sqlite:
    """Files in the scratch folder."""

    kind = "sqlite"

    def __init__(self, scratch, manage):
        self.scratch = scratch
        self.manage = manage

    def url(self, name):
        return "sqlite://" + self._file(name)

    def _file(self, name):
        return os.path.join(self.scratch, name + ".sqlite3")

    def create(self, name, size, password):
        _migrate(self.manage, self.url(name))
        connection = sqlite3.connect(self._file(name))
        connection.execute("PRAGMA synchronous = OFF")
        _seed(connection.execute, _SQLITE, size, password)
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()

    def copy(self, source, name):
        shutil.copyfile(self._file(source), self._file(name))
        # The writes of the copy are not those of the server that is measured next.
        descriptor = os.open(self._file(name), os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)

    def drop(self, name):
        for suffix in ("", "-wal", "-shm", "-journal"):
            if os.path.exists(self._file(name) + suffix):
                os.remove(self._file(name) + suffix)

    def spent(self, name):
        """The number of blacklisted tokens."""
        connection = sqlite3.connect(self._file(name), timeout=30)
        try:
            return connection.execute("SELECT count(*) FROM " + BLACKLISTED).fetchone()[0]
        finally:
            connection.close()

    def close(self):
        pass


class Postgres:
    """Databases of a server that is running already, removed at the end."""

    kind = "postgres"

    def __init__(self, server, manage):
        self.server = server
        self.manage = manage
        self.prefix = "bench_%d_" % os.getpid()
        self.made = set()

    def url(self, name):
        parts = urllib.parse.urlsplit(self.server)
        return urllib.parse.urlunsplit(parts._replace(path="/" + self.name(name)))

    def name(self, name):
        """The name of the database on the server, which is also in the titles of its processes."""
        return self.prefix + name.replace("-", "_")

    def _execute(self, statement, url=None):
        import psycopg

        with psycopg.connect(url or self.server, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchone() if cursor.description else None

    def create(self, name, size, password):
        import psycopg

        self._execute("CREATE DATABASE " + self.name(name))
        self.made.add(name)
        _migrate(self.manage, self.url(name))
        with psycopg.connect(self.url(name)) as connection:
            _seed(connection.execute, _POSTGRES, size, password)
            connection.execute("SELECT setval(pg_get_serial_sequence('auth_user', 'id'), %d)" % size.users)
        if size.rows:
            self._execute("VACUUM ANALYZE", self.url(name))

    def copy(self, source, name):
        self.drop(name)
        self._execute("CREATE DATABASE %s TEMPLATE %s" % (self.name(name), self.name(source)))
        self.made.add(name)
        self._execute("CHECKPOINT")

    def drop(self, name):
        self._execute("DROP DATABASE IF EXISTS %s WITH (FORCE)" % self.name(name))
        self.made.discard(name)

    def spent(self, name):
        """The number of blacklisted tokens."""
        return self._execute("SELECT count(*) FROM " + BLACKLISTED, self.url(name))[0]

    def close(self):
        for name in sorted(self.made):
            self.drop(name)
