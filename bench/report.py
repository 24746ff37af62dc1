"""The figures as Markdown."""
import servers
import works

TITLES = {server.name: server.title for server in servers.SERVERS}
DATABASES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
MIXED_TITLE = "Protected GETs at 100 a second, alone and while 8 clients log in as fast as they can"


def _number(value, digits=0):
    return "–" if value is None else "{:,.{}f}".format(value, digits)


def _times(value):
    """A ratio, with enough digits to see a difference."""
    return "–" if value is None else _number(value, 2 if value < 10 else 0)


def _ms(microseconds):
    return _number(microseconds / 1e3, 2 if microseconds < 10000 else 0)


def _table(head, rows):
    lines = [head, ["---"] + ["---:"] * (len(head) - 1)] + rows
    return "\n".join("| %s |" % " | ".join(line) for line in lines) + "\n"


def _summary(results):
    head = ["work", "req/s", "CPU µs", "of hello", "to the obvious way", "to node", "to go", "to Django's best"]
    sections = []
    for kind, measured in results["works"].items():
        rows = []
        for name, figures in measured.items():
            ours = figures.get("ours")
            if ours:
                ratios = [ours["ratios"].get(other, {}).get("rate") for other in ("hello", "obvious", "node", "go", "granian")]
                rows.append([works.BY_NAME[name].title, _number(ours["rate"]), _number(ours["cpu"], 1)]
                            + [_times(ratio) for ratio in ratios])
        if rows:
            sections.append("### %s\n\n%s" % (DATABASES[kind], _table(head, rows)))
    if not sections:
        return ""
    return "## actix-simplejwt\n\nRatios of requests per second, within a round; the median.\n\n" + "\n".join(sections)


def _details(results):
    head = ["server", "req/s", "p50 ms", "p99 ms", "worst ms", "CPU µs", "ours to it, req/s", "ours to it, CPU"]
    sections = []
    for kind, measured in results["works"].items():
        for name, figures in measured.items():
            ratios = figures.get("ours", {}).get("ratios", {})
            rows = [[TITLES[server], _number(row["rate"], 1 if row["rate"] < 100 else 0), _ms(row["p50"]), _ms(row["p99"]),
                     _ms(row["worst_of_all"]), _number(row["cpu"], 1 if row["cpu"] < 1000 else 0)]
                    + [_times(ratios.get(server, {}).get(what)) for what in ("rate", "cpu")]
                    for server, row in figures.items()]
            sections.append("### %s, %s\n\n%s" % (works.BY_NAME[name].title, DATABASES[kind], _table(head, rows)))
    if not sections:
        return ""
    return ("## Every server\n\nMedians over the rounds; the worst answer is that of all rounds. CPU is that of the server per "
            "request, on PostgreSQL with PostgreSQL's.\n\n" + "\n".join(sections))


def _mixed(result):
    text = "## %s\n\n" % MIXED_TITLE
    head = ["server", "p50 alone", "p99 alone", "p50 loaded", "p99 loaded", "worst loaded", "logins/s", "p99 loaded, it to ours"]
    for kind, figures in result.items():
        rows = [[TITLES[name], _ms(row["idle"]["p50"]), _ms(row["idle"]["p99"]), _ms(row["loaded"]["p50"]),
                 _ms(row["loaded"]["p99"]), _ms(row["loaded"]["worst"]), _number(row["logins"], 1),
                 _times(row.get("p99_to_ours"))]
                for name, row in figures.items()]
        text += "### %s\n\nMilliseconds.\n\n%s\n" % (DATABASES[kind], _table(head, rows))
    return text


def _sweep(result):
    rows = [[str(connections), _number(row["hello"]["rate"]), _number(row["ours"]["rate"]), _number(row["ours"]["cpu"], 1),
             _ms(row["ours"]["p50"]), _ms(row["ours"]["p99"]), _times(row["ratio"])] for connections, row in result.items()]
    head = ["connections", "hello req/s", "ours req/s", "ours CPU µs", "ours p50 ms", "ours p99 ms", "ours to hello"]
    return "## Protected GETs by connections\n\n" + _table(head, rows)


def _cores(result):
    rows = [[works.BY_NAME[name].title, _number(row["ours"]["rate"]), _number(row["ours-cores"]["rate"]),
             _number(row["ours"]["cpu"], 1), _number(row["ours-cores"]["cpu"], 1), _times(row["rate"]), _times(row["cpu"])]
            for name, row in result.items()]
    text = "## A worker per core\n\nThe load generator has its share of the last core.\n\n"
    return text + _table(["work", "one req/s", "all req/s", "one CPU µs", "all CPU µs", "all to one, req/s", "CPU"], rows)


def _growth(result):
    text = ("## Growth\n\n1,000 users and 5,000 spent tokens beside 1,000,000 of each; the ratio is that of the CPU per "
            "request, large to small.\n\n")
    rows = [["%s, %s" % (works.BY_NAME[name].title, DATABASES[kind]), _number(row["small"]["rate"]),
             _number(row["large"]["rate"]), _number(row["small"]["cpu"], 1), _number(row["large"]["cpu"], 1),
             _times(row["ratio"])]
            for kind, figures in result.items() for name, row in figures.items()]
    return text + _table(["work", "small req/s", "large req/s", "small CPU µs", "large CPU µs", "ratio"], rows)


def _fresh(result):
    rows = [[TITLES[name], _number(row["fresh"]["rate"]), _number(row["filled"]["rate"]), _number(row["fresh"]["cpu"]),
             _number(row["filled"]["cpu"]), _times(row["ratio"])] for name, row in result.items()]
    head = ["server", "fresh req/s", "filled req/s", "fresh CPU µs", "filled CPU µs", "fresh to filled, req/s"]
    return "## Rotation on PostgreSQL, tables just made\n\n" + _table(head, rows)


def _memory(result):
    rows = [[DATABASES[kind], _number(row["start"]["rss"], 1), _number(row["start"]["pss"], 1), _number(row["loaded"]["rss"], 1),
             _number(row["loaded"]["pss"], 1), "%s min, %s requests" % (_number(row["minutes"], 1), _number(row["requests"]))]
            for kind, row in result.items()]
    head = ["database", "RSS at start", "PSS at start", "RSS loaded", "PSS loaded", "after"]
    return "## Memory of actix-simplejwt, MiB\n\n" + _table(head, rows)


def _startup(result):
    rows = [["%s, %s" % (TITLES[name], DATABASES[kind]), _number(row["ready_ms"]), _number(row["rss"], 1), _number(row["pss"], 1)]
            for kind, figures in result.items() for name, row in figures.items()]
    return "## Start\n\n" + _table(["server", "first answer after ms", "RSS MiB", "PSS MiB"], rows)


def _size(result):
    return "## Size of the program\n\n" + _table(["program", "MiB"], [[name, _number(row, 1)] for name, row in result.items()])


EXPERIMENTS = {"startup": _startup, "size": _size, "memory": _memory, "mixed": _mixed, "sweep": _sweep, "cores": _cores,
               "growth": _growth, "fresh": _fresh}


def _machine(results):
    machine = results["machine"]
    options = machine["options"]
    packages, go_packages = (", ".join("%s %s" % item for item in sorted(machine[name].items()))
                             for name in ("packages", "go_packages"))
    go = "%s (%s)" % (machine["go"], go_packages) if machine["go"] else "no Go peer"
    versions = [machine["rustc"], machine["python"], "Node.js %s" % machine["node"] if machine["node"] else "no Node.js", go,
                "PostgreSQL %s" % machine["postgres"] if machine["postgres"] else "no PostgreSQL", packages]
    text = "%s. %s, %d cores, %s GiB, Linux %s; commit %s.\n%s.\n\n" % (
        machine["date"], machine["processor"], machine["cores"], machine["memory_gib"], machine["kernel"], machine["commit"],
        "; ".join(versions))
    text += "%d rounds of %s s in turn, %d keep-alive connections, server on one core, load on another.\n" % (
        options["rounds"], options["seconds"], options["connections"])
    foreign = [row["foreign_share"] for figures in results["works"].values() for work in figures.values()
               for server in work.values() for row in server["rounds"]]
    if foreign:
        foreign.sort()
        text += "Other processes used %.2f of a core in the median round and %.2f in the worst.\n" % (
            foreign[len(foreign) // 2], foreign[-1])
    return text


def markdown(results):
    """The whole report."""
    parts = ["# Benchmark\n", _machine(results), _summary(results), _details(results)]
    parts += [EXPERIMENTS[name](figures) for name, figures in results["experiments"].items() if figures]
    if results["failures"]:
        parts.append("## Failures\n\n" + "".join("* %s\n" % failure for failure in results["failures"]))
    return "\n".join(part for part in parts if part)
