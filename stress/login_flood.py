#!/usr/bin/env python3
"""A flood of logins with invented names from one address must not prevent other logins or refreshes.

    login_flood.py --manage target/release/manage [--database sqlite|postgres://…] [--rows 1000000] [--connections 200]
                   [--seconds 30]

The flood comes from 127.0.0.2, the other clients from separate addresses. It runs twice, with an empty table `login_failures`
and with a table of a million rows, of which only the last 1,000 have not expired. Exit code 1 if a legitimate login was refused, if the 95th
percentile of their times is more than 2 seconds, if the time of refreshes is more than twice as long with the full table, or
if refused logins left rows. Needs Linux, where every address of 127.0.0.0/8 is a loopback address.
"""
import argparse
import asyncio
import json
import sys
import time

from service import Database, Service, request

PASSWORD = "correct horse 1"
FLOOD = "127.0.0.2"
COOLOFF = 900


async def send(connection, path, body):
    """Sends a request on an open connection. Returns status and JSON."""
    reader, writer = connection
    writer.write(request(path, body, keep_alive=True))
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
    return int(head.split()[1]), json.loads(await reader.readexactly(length))


async def from_address(port, address, path, body):
    """One request on a new connection."""
    connection = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
    try:
        return await send(connection, path, body)
    finally:
        connection[1].close()


async def flood(port, number, answers):
    """Logs in with a new name after each response."""
    connection, turn = None, 0
    while True:
        turn += 1
        try:
            if connection is None:
                connection = await asyncio.open_connection("127.0.0.1", port, local_addr=(FLOOD, 0))
            body = {"username": "invented-%d-%d" % (number, turn), "password": "x"}
            status, _ = await send(connection, "/api/token/", body)
            answers[status] = answers.get(status, 0) + 1
        except (OSError, asyncio.IncompleteReadError):
            connection = None
            await asyncio.sleep(0.01)


async def log_in(port, address, times, refused):
    """A legitimate user who logs in repeatedly."""
    while True:
        begin = time.perf_counter()
        status, answer = await from_address(port, address, "/api/token/", {"username": "user", "password": PASSWORD})
        times.append(time.perf_counter() - begin)
        if status != 200:
            refused.append((status, answer))
        await asyncio.sleep(0.5)


async def refresh(port, address, times, refused):
    """A client that rotates its token."""
    _, tokens = await from_address(port, address, "/api/token/", {"username": "user", "password": PASSWORD})
    connection = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
    while True:
        begin = time.perf_counter()
        status, answer = await send(connection, "/api/token/refresh/", {"refresh": tokens["refresh"]})
        times.append(time.perf_counter() - begin)
        if status != 200:
            refused.append((status, answer))
            return
        tokens = answer
        await asyncio.sleep(0.02)


async def measure(port, options):
    """The 95th percentiles of logins and refreshes, the answers to the flood, and the refusals of others."""
    answers, refused, logins, refreshes = {}, [], [], []
    # Their first logins come before the flood.
    tasks = [asyncio.ensure_future(refresh(port, "127.0.1.%d" % (n + 1), refreshes, refused)) for n in range(4)]
    await asyncio.sleep(2)
    tasks += [asyncio.ensure_future(flood(port, n, answers)) for n in range(options.connections)]
    await asyncio.sleep(2)
    refreshes.clear()
    tasks += [asyncio.ensure_future(log_in(port, "127.0.2.%d" % (n + 1), logins, refused)) for n in range(3)]
    await asyncio.sleep(options.seconds)
    for task in tasks:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    refused += [outcome for outcome in outcomes if not isinstance(outcome, asyncio.CancelledError) and outcome]
    return p95(logins), p95(refreshes), len(logins), len(refreshes), answers, refused


def p95(times):
    return sorted(times)[int(len(times) * 0.95)] if times else float("inf")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manage", required=True)
    parser.add_argument("--database", default="sqlite")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--connections", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--hashers", default="PBKDF2PasswordHasher",
                        help="PASSWORD_HASHERS; in a debug build PBKDF2 is not optimised and BCryptSHA256PasswordHasher is")
    options = parser.parse_args()
    database = Database(options.database)
    service = Service(database, options.manage, LOGIN_FAILURE_LIMIT="5", LOGIN_COOLOFF="%ds" % COOLOFF,
                      PASSWORD_HASHERS=options.hashers)
    problems, percentiles = [], []
    try:
        service.command("migrate")
        service.add_user("user", PASSWORD)
        port = service.start()
        print("SQLite" if options.database == "sqlite" else "PostgreSQL", flush=True)
        for rows in (0, options.rows):
            database.query("DELETE FROM login_failures")
            if rows:
                now = int(time.time())
                database.query(
                    "INSERT INTO login_failures (attempt, failures, since) "
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
                    "SELECT 'row-' || (CAST(i AS bigint) * 7919 %% 1000003) || '-' || i, 1, CASE WHEN i <= 1000 THEN %d ELSE %d - i %% 100000 END "
                    "FROM n" % (rows, now, now - COOLOFF))
            login, refreshed, logins, refreshes, answers, refused = asyncio.run(measure(port, options))
            percentiles.append(refreshed)
            print("  %9d rows: %4d logins of others, p95 %5.0f ms; %6d refreshes, p95 %6.1f ms; the flood got %s"
                  % (rows, logins, 1000 * login, refreshes, 1000 * refreshed, answers), flush=True)
            problems += ["refused: %s" % (refusal,) for refusal in refused]
            if login > 2:
                problems.append("a login took %.1f s" % login)
            if not rows:
                # At the end some logins may still be hashed: at most one for each thread and place in the queue.
                written = database.number("SELECT count(*) FROM login_failures")
                tried = answers.get(401, 0)
                print("  %9s %d logins of the flood were hashed, %d rows were written" % ("", tried, written))
                if written > tried + 70:
                    problems.append("logins that were not tried left rows")
        if percentiles[1] > 2 * percentiles[0]:
            problems.append("refreshes take %.1f times as long beside a full table" % (percentiles[1] / percentiles[0]))
        left = database.number("SELECT count(*) FROM login_failures WHERE since <= %d" % (time.time() - COOLOFF))
        print("  %d expired rows are left after %d s" % (left, options.seconds + 4))
    finally:
        service.stop()
        database.remove()
    print("as it should be" if not problems else "\n".join(sorted(set(problems))))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
