#!/usr/bin/env python3
"""The list of users in the admin site must not be slower with a million users than with ten thousand.

    admin_list.py --manage target/release/manage [--database sqlite|postgres://…] [--rows 10000 1000000] [--rounds 30]

Two servers, each with its own database, get requests in turn, so that other load on the machine affects both. The script prints the
medians of the times until the whole page has arrived. Exit code 1 if the first page or a search takes more than 1.5 times as long
with the larger table, or if a page is larger than 100 kB. "Search of every row" may be refused with 503 after
`DATABASE_STATEMENT_TIMEOUT`; then its line says so.
"""
import argparse
import http.cookiejar
import re
import statistics
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

from service import Database, Service

PASSWORD = "correct horse 1"
LIST = "/admin/auth/user/"

# The promised ones, and others for information.
PROMISED = {
    "first page": "",
    "search of a name": "?q=user-0000777",
    "search of a part of a name": "?q=ser-00",
    "search of an address": "?q=user-0000777%40example.com",
    "search without a result": "?q=nobody",
}
OTHERS = {
    "second page": "?p=2",
    "last page with a link": "?p=100",
    "sorted by name, last first": "?o=-1",
    "sorted by a column without an index": "?o=3",
    "filter: staff": "?is_staff__exact=1",
    "search of every row": "?q=user-0000777&_every_row=1",
}


class Site:
    """A server with `rows` users, and a browser that is logged in to its admin site."""

    def __init__(self, options, rows):
        self.rows = rows
        self.database = Database(options.database)
        self.service = Service(self.database, options.manage, PASSWORD_HASHERS="MD5PasswordHasher,PBKDF2PasswordHasher")
        self.service.command("migrate")
        self.service.add_user("root", PASSWORD)
        postgres = options.database != "sqlite"
        name = "'user-' || lpad(CAST(i AS text), 7, '0')" if postgres else "printf('user-%07d', i)"
        true, false = ("true", "false") if postgres else ("1", "0")
        self.database.query(
            "INSERT INTO auth_user (password, is_superuser, username, first_name, last_name, email, is_staff, is_active, "
            "date_joined) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) "
            "SELECT '!', {false}, {name}, 'First ' || i % 997, 'Last ' || i % 1009, {name} || '@example.com', "
            "CASE WHEN i % 1000 = 0 THEN {true} ELSE {false} END, {true}, '2024-03-01 12:30:15.123456' FROM n"
            .format(rows=rows, name=name, true=true, false=false))
        if postgres:
            self.database.query("VACUUM ANALYZE auth_user")
        self.url = "http://127.0.0.1:%d" % self.service.start()
        self.browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        page = self.get("/admin/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page).group(1)
        form = {"csrfmiddlewaretoken": token, "username": "root", "password": PASSWORD, "next": "/admin/"}
        self.browser.open(self.url + "/admin/login/", urllib.parse.urlencode(form).encode()).read()

    def get(self, path):
        return self.browser.open(self.url + path).read().decode()

    def time(self, query):
        """Seconds and characters of a page."""
        begin = time.perf_counter()
        page = self.get(LIST + query)
        assert "id=\"changelist\"" in page, page[:500]
        return time.perf_counter() - begin, len(page.encode())

    def stop(self):
        self.service.stop()
        self.database.remove()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manage", required=True)
    parser.add_argument("--database", default="sqlite")
    parser.add_argument("--rows", type=int, nargs=2, default=(10_000, 1_000_000))
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    sites, problems = [], []
    try:
        for rows in options.rows:
            sites.append(Site(options, rows))
        print("SQLite" if options.database == "sqlite" else "PostgreSQL", flush=True)
        print("  %-40s %12s %12s   ratio    page" % ("", *("%d users" % site.rows for site in sites)))
        for name, query in {**PROMISED, **OTHERS}.items():
            rounds = options.rounds if name in PROMISED else max(3, options.rounds // 10)
            times, sizes, timeouts = [[] for _ in sites], [], [0 for _ in sites]
            for turn in range(rounds + 1):
                for place, site in enumerate(sites):
                    try:
                        seconds, size = site.time(query)
                    except urllib.error.HTTPError as error:
                        if error.code != 503 or name != "search of every row":
                            raise
                        error.close()
                        timeouts[place] += 1
                        continue
                    # The first request reads the file.
                    if turn:
                        times[place].append(seconds)
                    sizes.append(size)
            if any(timeouts):
                print("  %-40s 503 after DATABASE_STATEMENT_TIMEOUT: %d and %d times" % (name, *timeouts), flush=True)
                continue
            medians = [statistics.median(each) for each in times]
            ratio = medians[1] / medians[0]
            print("  %-40s %9.1f ms %9.1f ms   %5.2f  %4.0f kB"
                  % (name, 1000 * medians[0], 1000 * medians[1], ratio, max(sizes) / 1000), flush=True)
            if name in PROMISED and ratio > 1.5:
                problems.append("%s: %.2f times as long" % (name, ratio))
            if max(sizes) > 100_000:
                problems.append("%s: %d bytes" % (name, max(sizes)))
    finally:
        for site in sites:
            site.stop()
    for problem in problems:
        print("FAILED  " + problem)
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
