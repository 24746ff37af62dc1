"""The machine and the versions with which the figures were measured."""
import datetime
import os
import platform
import subprocess

import servers


def _output(*command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, universal_newlines=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()


def _processor():
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def _packages(tools):
    lines = _output(os.path.join(tools.venv, "pip"), "list", "--format=freeze").lower().splitlines()
    wanted = ("django", "djangorestframework", "djangorestframework_simplejwt", "granian", "gunicorn", "bcrypt")
    return {line.partition("==")[0]: line.partition("==")[2] for line in lines if line.partition("==")[0] in wanted}


def _go_packages():
    """Debian's packages with the libraries of the Go peer, and SQLite, which it links to."""
    names = ("golang-github-gin-gonic-gin-dev", "golang-github-golang-jwt-jwt-dev", "golang-github-mattn-go-sqlite3-dev",
             "golang-golang-x-crypto-dev", "libsqlite3-0")
    lines = _output("dpkg-query", "-W", "-f", "${Package} ${Version}\\n", *names).splitlines()
    return {line.partition(" ")[0]: line.partition(" ")[2] for line in lines}


def describe(options, tools):
    """Machine, versions and the options of the run."""
    libraries = _output(os.path.join(tools.venv, "python"), "-c", "import ssl, sqlite3; print(ssl.OPENSSL_VERSION, '/ SQLite', "
                        "sqlite3.sqlite_version)")
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1),
        "kernel": platform.release(),
        "commit": _output("git", "-C", servers.HERE, "rev-parse", "--short", "HEAD"),
        "rustc": _output("rustc", "--version"),
        "python": "%s, %s" % (_output(os.path.join(tools.venv, "python"), "--version"), libraries),
        "node": _output("node", "--version") if tools.node else None,
        "go": _output("go", "env", "GOVERSION") if tools.go else None,
        "go_packages": _go_packages() if tools.go else {},
        "postgres": _output("psql", options.postgres, "-Atc", "SHOW server_version") if options.postgres != "none" else None,
        "packages": _packages(tools),
        "options": {name: getattr(options, name) for name in
                    ("rounds", "seconds", "connections", "works", "experiments", "servers", "databases")},
    }


def what_is_missing(tools):
    """Lines about peers that are not measured."""
    if not tools.node:
        yield "node: not measured, there is no Node.js or its packages could not be installed"
    if not tools.go:
        yield "go: not measured, there is no Go, or not the Debian packages that README.md names, or it could not be built"
