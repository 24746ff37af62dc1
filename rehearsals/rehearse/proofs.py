"""The checks after the traffic is back at Django."""

import json
import subprocess
from collections import Counter

from .site import HERE
from .traffic import NAMES, PAIRS

# Made by `manage migrate`; Django does not know it and leaves it alone.
OWN_TABLES = {
    "admin_event_counts", "family_activity", "family_token", "login_failure_origins", "login_failures",
    "token_family_blacklistedtokenfamily", "token_family_tokenfamily",
}
COLUMNS = """SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default, is_identity
    FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2"""
CONSTRAINTS = """SELECT conrelid::regclass, conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2"""
INDEXES = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2"


class ProofFailed(Exception):
    """A promise of the document was broken."""


def prove(holds, what):
    if not holds:
        raise ProofFailed(what)


def schema(site):
    """Columns, constraints and indexes of all tables except the tables that only this server has."""
    rows = [row for query in (COLUMNS, CONSTRAINTS, INDEXES) for row in site.psql(query)]
    return [row for row in rows if row.split("|")[0] not in OWN_TABLES]


def no_request_was_lost(site, traffic):
    """Every request is in nginx's log exactly once, and every line of the log is a request with an answer."""
    log = site.read_access_log()
    sent = {record["id"] for record in traffic.records}
    prove(len(sent) == len(traffic.records), "two requests have one id")
    for request, lines in log.items():
        prove(request in sent, f"nginx has seen a request {request} that no client has an answer to")
        prove(len(lines) == 1, f"the request {request} was processed {len(lines)} times")
    prove(sent <= set(log), f"{len(sent - set(log))} requests are not in nginx's log")
    resent = sum(record["resent"] for record in traffic.records)
    moved = sum(", " in lines[0] for lines in log.values())
    return (
        f"{len(sent)} requests, each answered once as a correct client expects it "
        f"({resent} sent again on a new connection, {moved} passed on by nginx)"
    )


def no_client_was_logged_out(site, traffic):
    """A client that does not log out has logged in once, and can still refresh."""
    log_ins = Counter(record["user"] for record in traffic.records if record["what"] == "login")
    log_outs = Counter(record["user"] for record in traffic.records if record["what"] == "logout")
    for user in traffic.users:
        name = user["name"]
        prove(log_ins[name] == 1 + log_outs[name], f"{name} has logged in {log_ins[name]} times")
        prove(user["leaves"] or log_ins[name] == 1, f"{name} has logged in more than once")
    kept = [user["name"] for user in traffic.users if not user["leaves"]]
    rotations = Counter(record["user"] for record in traffic.records if record["what"] == "refresh")
    chains = " and ".join(str(rotations[name]) for name in kept)
    return f"{sum(log_outs.values())} logouts, all wanted; the sessions that were kept have been refreshed {chains} times"


def each_accepts_the_others_tokens(site, traffic):
    """Requests, verifications, refreshes and logouts with tokens of the other server."""
    counts = traffic.crossings()
    for by, to in PAIRS:
        for what in ("call", "verify", "refresh"):
            prove(counts[what, by, to], f"no {what} at {NAMES[to]} with a token by {NAMES[by]}")
    here, there = (sum(counts[what, *pair] for what in ("call", "verify", "refresh", "logout")) for pair in PAIRS)
    return f"{here} requests here with tokens by Django, {there} at Django with tokens made here"


def each_refuses_what_the_other_blacklisted(site, traffic):
    counts = traffic.crossings()
    for by, to in PAIRS:
        prove(counts["replay", by, to], f"{NAMES[to]} was never sent a token that {NAMES[by]} has blacklisted")
    here, there = (counts["replay", *pair] for pair in PAIRS)
    return f"{here} here that Django has blacklisted, {there} at Django that were blacklisted here"


def rows_are_as_django_makes_them(site, traffic):
    """Django reads every row, and there is one for each answer."""
    what = Counter(record["what"] for record in traffic.records)
    script = (HERE / "rehearse" / "rows.py").read_text()
    command = [site.bin / "python", "-c", script, f"{site.package}.settings"]
    done = subprocess.run(command, cwd=site.django, env=site.environment(), capture_output=True, text=True)
    prove(done.returncode == 0, f"Django does not read the rows:\n{done.stdout}{done.stderr}")
    rows = json.loads(done.stdout)
    issued, spent = what["login"] + what["refresh"], what["refresh"] + what["logout"]
    for name, count in {"outstanding": issued, "blacklisted": spent, "keys": len(traffic.users)}.items():
        prove(rows[name] == count, f"there are {rows[name]} rows of {name}, and {count} were answered")
    return f"{issued} outstanding tokens, {spent} blacklisted, {len(traffic.users)} keys, read and compared by Django's models"


PROOFS = {
    "no request was lost": no_request_was_lost,
    "no client was logged out": no_client_was_logged_out,
    "each accepts the other's tokens": each_accepts_the_others_tokens,
    "each refuses what the other has blacklisted": each_refuses_what_the_other_blacklisted,
    "rows are as Django makes them": rows_are_as_django_makes_them,
}
