"""Measurements that are not a table of requests per second, each `(bench) -> figures`."""
import contextlib
import os
import time

import databases
import measure
import servers
import works
from measure import Contender, median, say

LOGINS = 8
GETS_PER_SECOND = 100
PROTECTED = works.BY_NAME["protected"]
OBTAIN = works.BY_NAME["obtain-pbkdf2"]


def _server(name):
    return next(server for server in servers.SERVERS if server.name == name)


def mixed(bench):
    """protected GETs at 100 a second, alone and while 8 clients log in as fast as they can"""
    result = {}
    for store in bench.stores:
        rounds = {}
        with contextlib.ExitStack() as stack:
            chosen = [server for server in bench.chosen_servers("mixed", store)
                      if store.kind == "sqlite" or server.name in ("ours", "granian", "granian-threads")]
            running = [stack.enter_context(bench.running(server, store, OBTAIN)) for server in chosen]
            for _ in range(bench.options.length(slow=True)[0]):
                for process in running:
                    row = _gets_beside_logins(bench, process)
                    rounds.setdefault(process.server.name, []).append(row)
                    say("  %s on %s: p99 %.1f ms alone, %.1f ms beside %.1f logins/s" % (
                        process.server.name, store.kind, row["idle"]["p99"] / 1e3, row["loaded"]["p99"] / 1e3, row["logins"]))
        result[store.kind] = {name: _mixed_medians(rows, rounds.get("ours")) for name, rows in rounds.items()}
    return result


def _gets_beside_logins(bench, process):
    seconds = bench.options.seconds * 2
    gets = Contender(process, PROTECTED.plan(process.server.name, databases.SMALL, 1000))
    logins = Contender(process, OBTAIN.plan(process.server.name, databases.SMALL, LOGINS))
    gets.run(bench.options, 0.3, rate=GETS_PER_SECOND)
    idle = gets.run(bench.options, seconds, rate=GETS_PER_SECOND)
    in_background = logins.start(bench.options, seconds + 1.0, drain=60.0)
    # All have sent their first password.
    time.sleep(0.5)
    loaded = gets.run(bench.options, seconds, rate=GETS_PER_SECOND, drain=60.0)
    return {"idle": idle, "loaded": loaded, "logins": logins.finish(in_background)["rate"]}


def _mixed_medians(rows, ours):
    result = {"logins": median([row["logins"] for row in rows])}
    for state in ("idle", "loaded"):
        result[state] = {name: median([row[state][name] for row in rows]) for name in ("p50", "p99", "worst")}
        result[state]["p99_rounds"] = [row[state]["p99"] for row in rows]
    if ours:
        result["p99_to_ours"] = median([b["loaded"]["p99"] / a["loaded"]["p99"] for a, b in zip(ours, rows)])
    return result


def sweep(bench):
    """protected GETs over 1 to 1000 connections, beside the bare server"""
    store = bench.stores[0]
    result = {}
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(bench.running(_server(name), store, PROTECTED)) for name in ("hello", "ours")]
        for connections in bench.options.sweep:
            contenders = [Contender(process, PROTECTED.plan(process.server.name, databases.SMALL, connections))
                          for process in running]
            rounds, _ = bench.options.length(slow=True)
            figures = measure.interleaved(contenders, bench.options, rounds, bench.options.seconds / 2)
            result[connections] = {name: measure.medians(rows) for name, rows in figures.items()}
            result[connections]["ratio"] = measure.paired(figures, "ours", "hello")
    return result


def cores(bench):
    """one worker on one core beside a worker on each core, one of which the load generator has a share of"""
    result = {}
    for work in (PROTECTED, OBTAIN):
        with contextlib.ExitStack() as stack:
            contenders = []
            for name in ("ours", "ours-cores"):
                process = stack.enter_context(bench.running(_server(name), bench.stores[0], work))
                contenders.append(Contender(process, work.plan("ours", databases.SMALL, bench.options.connections)))
            figures = measure.interleaved(contenders, bench.options, *bench.options.length(work.slow))
        result[work.name] = {name: measure.medians(rows) for name, rows in figures.items()}
        for what in ("rate", "cpu"):
            result[work.name][what] = measure.paired(figures, "ours-cores", "ours", what)
    return result


def growth(bench):
    """a million users and a million spent tokens beside a small database, in CPU per request"""
    result = {}
    for store in bench.stores:
        result[store.kind] = {}
        for name in ("protected", "verify", "refresh", "rotate"):
            work = works.BY_NAME[name]
            with contextlib.ExitStack() as stack:
                contenders = []
                for title, size in (("small", databases.SMALL), ("large", databases.LARGE)):
                    process = stack.enter_context(
                        bench.running(_server("ours"), store, work, size, title, original=size is databases.LARGE))
                    plan = work.plan("ours", size, bench.options.connections)
                    contenders.append(Contender(process, plan, title))
                rounds, _ = bench.options.length(slow=True)
                figures = measure.interleaved(contenders, bench.options, rounds, bench.options.seconds / 2)
            result[store.kind][name] = {title: measure.medians(rows) for title, rows in figures.items()}
            # How much more a request costs in the large one.
            result[store.kind][name]["ratio"] = measure.paired(figures, "small", "large", "cpu")
        bench.forget(store, databases.LARGE, PROTECTED.password)
    return result


def fresh(bench):
    """rotation on PostgreSQL when the tables have just been made, beside filled ones"""
    work = works.BY_NAME["rotate"]
    result = {}
    for store in (store for store in bench.stores if store.kind == "postgres"):
        figures = {}
        for _ in range(bench.options.length(slow=True)[0]):
            for server in map(_server, ("ours", "obvious")):
                for title, size in (("fresh", databases.EMPTY), ("filled", databases.SMALL)):
                    # A new database and a new server every time: what is kept is what is measured.
                    with bench.running(server, store, work, size, title) as process:
                        contender = Contender(process, work.plan(server.name, size, bench.options.connections), title)
                        contender.run(bench.options, 0.5)
                        rows = figures.setdefault(server.name, {}).setdefault(title, [])
                        rows.append(contender.run(bench.options, bench.options.seconds))
                        say("  %s, %s: %.0f/s" % (server.name, title, rows[-1]["rate"]))
        for name, rows in figures.items():
            result[name] = {title: measure.medians(rows[title]) for title in rows}
            result[name]["ratio"] = measure.paired(rows, "fresh", "filled")
    return result


def memory(bench):
    """memory after the start and after load of all kinds"""
    result = {}
    for store in bench.stores:
        work = works.BY_NAME["rotate"]
        with bench.running(_server("ours"), store, work) as process:
            figures = {"start": process.memory()}
            plans = {name: works.BY_NAME[name].plan("ours", databases.SMALL, bench.options.connections)
                     for name in ("protected", "verify", "rotate", "obtain-pbkdf2")}
            # Not the tokens that rotation uses up.
            plans["verify"]["exchanges"] = plans["verify"]["exchanges"][bench.options.connections:]
            contenders = [Contender(process, plan) for plan in plans.values()]
            end = time.monotonic() + bench.options.memory_minutes * 60
            turn = min(5.0, bench.options.memory_minutes * 60 / len(contenders))
            while time.monotonic() < end:
                for contender in contenders:
                    contender.run(bench.options, turn)
            figures["loaded"] = process.memory()
            figures["minutes"] = bench.options.memory_minutes
            figures["requests"] = sum(contender.total for contender in contenders)
        result[store.kind] = figures
    return result


def startup(bench):
    """from the start of the process to its first answer, and memory then"""
    result = {}
    for store in bench.stores:
        for server in bench.chosen_servers("protected", store):
            if server.name == "ours-logging" or (store.kind == "postgres" and server.name != "ours"):
                continue
            with contextlib.ExitStack() as stack:
                times = []
                for _ in range(bench.options.rounds):
                    process = stack.enter_context(bench.running(server, store, PROTECTED))
                    times.append(process.ready_after)
                    used = process.memory()
                    stack.pop_all().close()
            result.setdefault(store.kind, {})[server.name] = dict(used, ready_ms=median(times) * 1e3)
    return result


def size(bench):
    """the size of the programs"""
    programs = {"ours": bench.tools.manage, "obvious": bench.tools.obvious, "hello": bench.tools.hello}
    return {name: os.path.getsize(path) / 2**20 for name, path in programs.items()}


ALL = {function.__name__: function for function in (startup, size, memory, mixed, sweep, cores, growth, fresh)}
