"""The rehearsal of docs/MIGRATING.md with one project: `python -m rehearse default|bigint|uuid`.

Environment: POSTGRES_URL, a server for the database of the rehearsal; MANAGE, the program to move to;
MANAGE_WITH_CLAIMS, the same with the code of `uuid`.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from .document import Document, DocumentError
from .proofs import PROOFS, ProofFailed, schema
from .site import HERE, CommandFailed, Site
from .traffic import A_FEW, ALL_KINDS, NAMES, ClientFailed, Traffic, users

ROOT = HERE.parent


@dataclass
class Case:
    package: str
    username_field: str
    # Of the view that reads them; None if the project has no custom claims.
    claims: dict | None = None
    # Of the browser application; None if CORS is not used.
    origin: str | None = None


CASES = {
    "default": Case("shop", "username", origin="https://shop.example.com"),
    "bigint": Case("crm", "email"),
    "uuid": Case("portal", "username", {"tenant": "north"}),
}


class Rehearsal:
    def __init__(self, name, scratch):
        self.name, self.case = name, CASES[name]
        self.document = Document((ROOT / "docs" / "MIGRATING.md").read_text(), name)
        self.site = Site(scratch, name, self.case.package, os.environ["POSTGRES_URL"], os.environ["MANAGE"])
        self.traffic = Traffic(self.site, users(self.case))
        self.steps = []

    def run(self, *names):
        """Runs blocks of the document, and compares what they print with it."""
        for name in names:
            printed = self.site.run(self.document.block(name).text)
            print(f"--- {name}\n{printed.rstrip()}", flush=True)
            self.document.compare_output(name, printed)

    def start(self, name, block):
        self.site.start(name, self.document.block(block).text)

    def nginx(self, upstream):
        self.site.write_nginx(self.document.block(upstream).text)

    def step(self, title, action):
        first, began = len(self.traffic.records), time.monotonic()
        action()
        seconds = time.monotonic() - began
        self.traffic.check()
        self.steps.append((title, seconds, first, len(self.traffic.records)))
        print(f"=== {title}: {seconds:.1f} s", flush=True)

    def start_django(self):
        """Does the same as the unit of the project."""
        listening = "Listening at"
        before = self.site.log_of("django").count(listening)
        gunicorn = f"gunicorn {self.site.package}.wsgi --bind 127.0.0.1:8000 --workers 2 --threads 2"
        self.site.start("django", f"cd /srv/django\n{gunicorn}")
        is_listening = lambda: self.site.log_of("django").count(listening) > before
        self.site.wait_until(is_listening, 120, lambda: "a listening gunicorn")

    def prepare(self):
        """The service as it runs before anything is moved."""
        site = self.site
        site.psql(f"CREATE DATABASE {site.database}", site.postgres_url)
        site.run("cd /srv/django && python manage.py migrate -v 0")
        subprocess.run(
            [site.bin / "python", HERE / "rehearse" / "make_users.py", f"{site.package}.settings",
             json.dumps(self.traffic.users)],
            cwd=site.django, env=site.environment(), check=True,
        )
        self.schema = schema(site)
        self.start_django()
        site.write_nginx(self.document.block("nginx-site").text)
        self.nginx("nginx-django")
        site.run("nginx")
        self.traffic.start()

    def django_alone(self):
        self.traffic.wait_for({"django": ALL_KINDS})

    def look(self):
        self.run("export", "adopt")

    def write_settings(self):
        if self.case.claims:
            self.document.find_in("claims", (ROOT / "examples" / "tenants.rs").read_text())
            self.site.install(os.environ["MANAGE_WITH_CLAIMS"])
        self.run("write")
        if self.case.username_field != "username":
            self.run("user-model")
        self.run("probe")

    def check_and_migrate(self):
        self.run("check", "migrate")

    def start_beside(self):
        self.start("login", "start")
        self.run("ready")

    def some_traffic(self):
        self.nginx("nginx-some")
        self.run("reload")
        self.traffic.wait_for({"django": ALL_KINDS, "login": A_FEW})

    def half_the_traffic(self):
        self.nginx("nginx-half")
        self.run("reload")
        self.traffic.wait_for({"django": ALL_KINDS, "login": ALL_KINDS}, crossed=True)

    def this_server_alone(self):
        self.nginx("nginx-here")
        self.run("reload-and-wait")
        self.site.stop("django")
        self.traffic.wait_for({"login": ALL_KINDS})

    def both_again(self):
        self.start_django()
        self.run("django-migrate-check")
        self.nginx("nginx-half")
        self.run("reload")
        self.traffic.wait_for({"django": ALL_KINDS, "login": A_FEW}, crossed=True)

    def django_again(self):
        self.nginx("nginx-django")
        self.run("reload-and-wait")
        code = self.site.stop("login")
        if code != 0:
            raise CommandFailed(f"this server has ended with code {code}")
        self.traffic.wait_for({"django": ALL_KINDS})

    def prove(self):
        self.traffic.finish()
        for what, proof in PROOFS.items():
            print(f"ok  {what}: {proof(self.site, self.traffic)}")
        if schema(self.site) != self.schema:
            raise ProofFailed("the tables have changed")
        print("ok  the tables are as before")
        self.document.check_all_used()
        print("ok  every block of the document was used")

    def go(self):
        try:
            self.step("(preparation: Django with live clients)", self.prepare)
            self.step("Django alone", self.django_alone)
            self.step("settings exported and compared", self.look)
            self.step("own code added, .env written, responses compared", self.write_settings)
            self.step("checked and migrated", self.check_and_migrate)
            self.step("this server beside Django, without traffic", self.start_beside)
            self.step("a tenth of the traffic here", self.some_traffic)
            self.step("half of the traffic here", self.half_the_traffic)
            self.step("this server alone, Django stopped", self.this_server_alone)
            self.step("Django started again, both", self.both_again)
            self.step("Django alone, this server stopped", self.django_again)
            self.prove()
        finally:
            self.traffic.kill()
            self.site.close()

    def summary(self):
        print(f"\n{'step':<50} {'seconds':>8} {'Django':>8} {'here':>8}")
        for title, seconds, first, last in self.steps:
            by = {"django": 0, "login": 0}
            for record in self.traffic.records[first:last]:
                by[self.traffic.who(record["id"])] += 1
            print(f"{title:<50} {seconds:>8.1f} {by['django']:>8} {by['login']:>8}")
        total = sum(seconds for _, seconds, _, _ in self.steps)
        print(f"{'together':<50} {total:>8.1f}")


def main():
    # So that the programs are stopped and the database is dropped when the rehearsal is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as scratch:
        rehearsal = Rehearsal(sys.argv[1], Path(scratch))
        try:
            rehearsal.go()
        except (DocumentError, CommandFailed, ClientFailed, ProofFailed, TimeoutError) as error:
            print(f"FAILED: {error}")
            for name in ("login", "django"):
                print(f"--- end of the log of {NAMES[name]}\n{rehearsal.site.log_of(name)[-2000:]}")
            return 1
        rehearsal.summary()
        return 0


if __name__ == "__main__":
    sys.exit(main())
