"""The benchmark: starts the servers, measures them in turn, prints and writes the results. See README.md.

`run.sh` builds what is needed and starts this.
"""
import argparse
import contextlib
import datetime
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback

import databases
import experiments
import machine
import measure
import plot
import report
import servers
import works
from measure import say


class Bench:
    """Data that all measurements share."""

    def __init__(self, options, tools, scratch, stores):
        self.options = options
        self.tools = tools
        self.scratch = scratch
        self.stores = stores
        self.failures = []
        self._made = {}

    def template(self, store, size, password):
        """The name of a database with this number of rows, which is made at the first use."""
        key = (store.kind, size, password)
        if key not in self._made:
            name = "template%d" % len(self._made)
            say("seeding %s: %d users, %d tokens" % (store.kind, size.users, size.rows))
            store.create(name, size, password())
            self._made[key] = name
        return self._made[key]

    def forget(self, store, size, password):
        """Removes such a database."""
        store.drop(self._made.pop((store.kind, size, password)))

    @contextlib.contextmanager
    def running(self, server, store, work, size=databases.SMALL, name=None, original=False):
        """A server on its own copy of the seeded database (or on the original), stopped and removed at the end."""
        source = self.template(store, size, work.password)
        copy = source if original else "copy_" + (name or server.name)
        if not original:
            store.copy(source, copy)
        settings = dict(work.settings, DATABASE_URL=store.url(copy))
        process = None
        try:
            title = store.name(copy) if store.kind == "postgres" else None
            process = servers.Process(server, self.tools, self.scratch, settings, title)
            process.copy = copy
            yield process
        finally:
            if process:
                process.stop()
            if not original:
                store.drop(copy)

    def chosen_servers(self, work, store):
        return [server for server in servers.SERVERS
                if server.name in self.options.servers and server.serves(work, store.kind)
                and (server.name != "node" or self.tools.node)
                and (server.name != "go" or self.tools.go)]

    @contextlib.contextmanager
    def guarded(self, what):
        """A wrong answer invalidates its measurement and sets the exit code. The run continues."""
        try:
            yield
        except Exception as error:
            self.failures.append("%s: %s" % (what, error))
            say(traceback.format_exc() if not isinstance(error, measure.Failure) else "  FAILED: %s" % error)


def run_works(bench):
    """{database: {work: {server: figures}}}, with paired ratios beside the figures."""
    results = {}
    for store in bench.stores:
        for work in works.WORKS:
            if work.name not in bench.options.works or (not work.database and store.kind != "sqlite"):
                continue
            say("%s on %s" % (work.title, store.kind))
            with bench.guarded("%s on %s" % (work.name, store.kind)), contextlib.ExitStack() as stack:
                results.setdefault(store.kind, {})[work.name] = _run_work(bench, stack, store, work)
    return results


def _run_work(bench, stack, store, work):
    contenders = []
    for server in bench.chosen_servers(work.name, store):
        process = stack.enter_context(bench.running(server, store, work))
        contenders.append(measure.Contender(process, work.plan(server.name, databases.SMALL, bench.options.connections)))
    spent = {contender.name: store.spent(contender.process.copy) for contender in contenders if work.chain}
    first = {contender.name: contender.plan["exchanges"][0].get("body") for contender in contenders}
    figures = measure.interleaved(contenders, bench.options, *bench.options.length(work.slow))
    for contender in contenders:
        # Every rotation that was answered has left its row.
        if work.chain:
            if not works.is_refused(contender.process.port, first[contender.name]):
                raise measure.Failure("%s: a spent token is not refused" % contender.name)
            rows = store.spent(contender.process.copy) - spent[contender.name]
            if rows != contender.total:
                raise measure.Failure("%s: %d rotations but %d rows" % (contender.name, contender.total, rows))
    summary = {name: measure.medians(rows) for name, rows in figures.items()}
    for name, row in summary.items():
        row["ratios"] = {other: {"rate": measure.paired(figures, name, other), "cpu": measure.paired(figures, name, other, "cpu")}
                         for other in figures if other != name}
    return summary


def parse(arguments):
    """The options, with `--only` parsed."""
    parser = argparse.ArgumentParser(prog="bench/run.sh", description="Measures the server beside its peers.")
    parser.add_argument("--quick", action="store_true", help="short rounds, three servers, SQLite: to try it out")
    parser.add_argument("--only", default="", metavar="A,B", help="works, experiments, servers and databases, by name; a kind "
                        "of which none is named is not restricted. Works: %s. Experiments: %s. Servers: %s. Databases: %s."
                        % tuple(map(", ".join, (works.BY_NAME, experiments.ALL, _server_names(), servers.BOTH))))
    parser.add_argument("--rounds", type=int, default=5, help="rounds (%(default)s)")
    parser.add_argument("--seconds", type=float, default=2.0, help="seconds of a round, twice that for logins (%(default)s)")
    parser.add_argument("--connections", type=int, default=16, help="connections (%(default)s)")
    parser.add_argument("--sweep", default="1,4,16,64,256,1000", help="connections of the sweep (%(default)s)")
    parser.add_argument("--memory-minutes", type=float, default=0.5, help="load before memory is read (%(default)s)")
    parser.add_argument("--name", default=None, help="results are written to results/NAME.json, .md and .svg; today's date")
    parser.add_argument("--postgres", default=os.environ.get("POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres"),
                        metavar="URL", help="where databases can be made (%(default)s); 'none' leaves it out")
    options = parser.parse_args(arguments)
    options.warmup = 1.0
    # Rounds and seconds. One answer of the slow ones takes longer than thousands of the others.
    options.length = lambda slow=False: (max(1, options.rounds - 2), options.seconds * 2) if slow else (
        options.rounds, options.seconds)
    if options.quick:
        options.rounds, options.seconds, options.warmup, options.sweep = 2, 0.5, 0.3, "1,16,256"
        options.only = options.only or "protected,rotate,startup,size,hello,ours,granian,sqlite"
    options.name = options.name or ("quick" if options.quick else datetime.date.today().isoformat())
    options.sweep = [int(part) for part in options.sweep.split(",")]
    _take_apart(options, parser)
    return options


def _server_names():
    return [server.name for server in servers.SERVERS]


def _take_apart(options, parser):
    words = {word for word in options.only.split(",") if word}
    kinds = {"works": list(works.BY_NAME), "experiments": list(experiments.ALL), "servers": _server_names(),
             "databases": list(servers.BOTH)}
    unknown = words.difference(*kinds.values())
    if unknown:
        parser.error("--only: there is no %s" % ", ".join(sorted(unknown)))
    for kind, names in kinds.items():
        setattr(options, kind, [name for name in names if name in words] or names)
    # If only works are named, no experiments run, and the other way round.
    if words.intersection(kinds["works"] + kinds["experiments"]):
        options.works = [name for name in options.works if name in words]
        options.experiments = [name for name in options.experiments if name in words]


def _interrupted(number, _frame):
    # Only the first signal counts, so that the clean-up is not interrupted.
    for other in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(other, signal.SIG_IGN)
    say("interrupted, cleaning up")
    sys.exit(128 + number)


def main():
    options = parse(sys.argv[1:])
    tools = servers.Tools(os.environ["MANAGE"], os.environ["BENCH_TARGET"])
    options.load = tools.load
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupted)
    begin = time.monotonic()
    with contextlib.ExitStack() as stack:
        scratch = tempfile.mkdtemp(prefix="bench-")
        stack.callback(shutil.rmtree, scratch, ignore_errors=True)
        # A copy, so that a build meanwhile does not change the program under the benchmark.
        tools.manage = shutil.copy(tools.manage, os.path.join(scratch, "manage"))
        stores = []
        if "sqlite" in options.databases:
            stores.append(databases.Sqlite(scratch, tools.manage))
        if "postgres" in options.databases and options.postgres != "none":
            stores.append(databases.Postgres(options.postgres, tools.manage))
        for store in stores:
            stack.callback(store.close)
        bench = Bench(options, tools, scratch, stores)
        for line in machine.what_is_missing(tools):
            say(line)
        results = {"machine": machine.describe(options, tools), "works": run_works(bench), "experiments": {}}
        for name in options.experiments:
            say(experiments.ALL[name].__doc__.partition("\n")[0])
            with bench.guarded(name):
                results["experiments"][name] = experiments.ALL[name](bench)
    results["failures"] = bench.failures
    results["minutes"] = (time.monotonic() - begin) / 60
    return write(results, options.name)


def write(results, name):
    """Writes JSON, table and plot, prints the table; the exit code."""
    folder = os.path.join(servers.HERE, "results")
    os.makedirs(folder, exist_ok=True)
    text = report.markdown(results)
    for suffix, content in ((".json", json.dumps(results, indent=1) + "\n"), (".md", text), (".svg", plot.svg(results))):
        with open(os.path.join(folder, name + suffix), "w") as file:
            file.write(content)
    print(text)
    print("written: bench/results/%s.json, .md and .svg" % name)
    for failure in results["failures"]:
        print("FAILED: " + failure)
    return 1 if results["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
