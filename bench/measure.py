"""Runs the load generator against servers in turn, and puts the figures of all rounds together."""
import json
import resource
import statistics
import subprocess
import sys
import time

import processes
import works


def median(values):
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None


class Failure(Exception):
    """A server gave a wrong answer."""


class Contender:
    """A running server with the plan for it."""

    def __init__(self, process, plan, name=None):
        self.process = process
        self.plan = plan
        self.name = name or process.server.name
        # Good answers of all runs.
        self.total = 0

    def run(self, options, seconds, warmup=0.0, **more):
        """One run of the load generator: its figures and those of the server."""
        before = self._clocks()
        result = self.finish(self.start(options, seconds, warmup, **more))
        return self._with_cpu(result, before, self._clocks())

    def start(self, options, seconds, warmup=0.0, rate=None, connections=None, drain=20.0):
        """Starts the load generator. With a rate, that many requests per second are sent, answered or not."""
        plan = dict(self.plan, seconds=seconds, warmup=warmup, rate=rate, drain=drain)
        plan["connections"] = connections or plan["connections"]
        command = ["taskset", "-c", str(processes.CLIENT_CORE), options.load, "127.0.0.1:%d" % self.process.port]
        running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        running.stdin.write(json.dumps(plan).encode())
        running.stdin.close()
        return running

    def finish(self, running):
        """Waits for the end of it; the figures, when every answer was good."""
        output = running.stdout.read()
        running.stdout.close()
        if running.wait():
            raise Failure("%s: the load generator gave up" % self.name)
        result = json.loads(output)
        if result["bad"]:
            raise Failure("%s: %d bad answers, the first: %s" % (self.name, result["bad"], result["first_bad"]))
        for body in result.pop("samples"):
            problem = works.problem_of(body)
            if problem:
                raise Failure("%s: %s" % (self.name, problem))
        self.total += result["total"]
        successors = result.pop("tokens")
        if self.plan["chain"]:
            self._go_on_with(successors)
        return result

    def _clocks(self):
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        database = processes.backends(self.process.database) if self.process.database else {}
        return {"wall": time.monotonic(), "server": self.process.cpu(), "busy": processes.busy(),
                "client": used.ru_utime + used.ru_stime, "database": database,
                "pinned": processes.pin(database, processes.SERVER_CORE)}

    @staticmethod
    def _with_cpu(result, before, after):
        spent = {name: after[name] - before[name] for name in ("wall", "server", "busy", "client")}
        # A connection that is new has spent all it has in this run.
        database = sum(seconds - before["database"].get(pid, 0.0) for pid, seconds in after["database"].items())
        total = max(result["total"], 1)
        result["cpu"] = (spent["server"] + database) * 1e6 / total
        result["server_cpu"] = spent["server"] * 1e6 / total
        result["client_share"] = spent["client"] / spent["wall"]
        result["foreign_share"] = max(spent["busy"] - spent["server"] - database - spent["client"], 0.0) / spent["wall"]
        result["database_pinned"] = after["pinned"]
        return result

    def _go_on_with(self, successors):
        for exchange, token in zip(self.plan["exchanges"], successors):
            if token:
                exchange["body"] = json.dumps({"refresh": token}, separators=(",", ":"))


def interleaved(contenders, options, rounds, seconds):
    """Every contender once per round, in turn: {name: [figures of a round]}."""
    for contender in contenders:
        contender.run(options, min(options.warmup, seconds))
    figures = {contender.name: [] for contender in contenders}
    for number in range(rounds):
        for contender in contenders:
            figures[contender.name].append(contender.run(options, seconds, warmup=0.2))
        say("  round %d of %d: %s" % (number + 1, rounds, ", ".join(
            "%s %.0f/s" % (name, rows[-1]["rate"]) for name, rows in figures.items())))
    return figures


def medians(rounds):
    """The median over the rounds of every figure, the worst answer of all of them, and the rounds themselves."""
    result = {name: median([row[name] for row in rounds])
              for name in ("rate", "p50", "p99", "worst", "cpu", "server_cpu", "client_share", "foreign_share")}
    result["worst_of_all"] = max(row["worst"] for row in rounds)
    result["rounds"] = rounds
    return result


def paired(figures, name, other, what="rate"):
    """The median over the rounds of the ratio within the round, by rate or by CPU per request (then of `other` to `name`)."""
    if name not in figures or other not in figures:
        return None
    pairs = zip(figures[name], figures[other])
    if what == "rate":
        return median([a["rate"] / b["rate"] for a, b in pairs if b["rate"]])
    return median([b["cpu"] / a["cpu"] for a, b in pairs if a["cpu"]])


def say(text):
    print(text, file=sys.stderr, flush=True)
