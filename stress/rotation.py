#!/usr/bin/env python3
"""Rotations of the key that signs tokens, under load, with four real verifiers: no request may fail.

    rotation.py --manage target/release/manage --python .venv/bin/python --jose FOLDER
        [--database sqlite|postgres://…] [--instances 2] [--rotations 2] [--max-age 32]

The verifiers are PyJWT's PyJWKClient and a Django with JWK_URL (--python has PyJWT, cryptography, Django REST Framework and
simplejwt), npm's jose (FOLDER has node_modules/jose) behind nginx's auth_request as in deploy/gateway/jwks.conf, and nginx with
introspection as in deploy/gateway/introspection.conf. Needs nginx with the njs module.

Clients log in, refresh and use their tokens all the time. Each access token is shown to every verifier when it is new and again
before it expires, so tokens of both keys are verified in every step. Exit code 1 if a request failed, or a step that came too early
was not refused. The verifiers have their default settings. PyJWT 2.15 fetches keys again after 30 seconds at the earliest, so
`--max-age` must be longer.
"""
import argparse
import base64
import collections
import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

from service import HERE, Database, Service, post

GATEWAY = os.path.join(HERE, "..", "deploy", "gateway")
USER = {"username": "rotator", "password": "correct horse 1"}
MODULE = "/usr/lib/nginx/modules/ngx_http_js_module.so"
ACCESS, REFRESH = 15, 20


def free_port():
    with contextlib.closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_for(port):
    deadline = time.monotonic() + 30
    while True:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        if time.monotonic() > deadline:
            sys.exit("nothing listens on port %d" % port)
        time.sleep(0.05)


class Verifiers:
    """Four servers that answer 200 for a valid token."""

    def __init__(self, options, service, folder, secret):
        self.processes = []
        auth = service.ports[0]
        url = "http://127.0.0.1:%d/.well-known/jwks.json" % auth
        self.log = open(os.path.join(folder, "verifiers.log"), "wb")
        self.ports = {}
        for kind in ("pyjwt", "django"):
            self.ports[kind] = free_port()
            self.start([options.python, os.path.join(HERE, "verifiers.py"), kind, str(self.ports[kind]), url])
        backend, verify = free_port(), free_port()
        # An ES module looks for its packages beside itself.
        shutil.copy(os.path.join(GATEWAY, "verify.mjs"), options.jose)
        self.start(["node", os.path.join(options.jose, "verify.mjs")], JWKS_URL=url, PORT=str(verify), VERBOSE="1",
                   MAX_AGE=str(options.max_age))
        self.ports["jose behind nginx"], self.ports["nginx, introspection"] = free_port(), free_port()
        shutil.copy(os.path.join(GATEWAY, "introspect.js"), folder)
        basic = base64.b64encode(b"gateway:" + secret.encode()).decode()
        servers = ""
        for name, kind in (("jwks.conf", "jose behind nginx"), ("introspection.conf", "nginx, introspection")):
            text = open(os.path.join(GATEWAY, name)).read()
            for old, new in (("listen 8080", "listen 127.0.0.1:%d" % self.ports[kind]), ("R0FURVdBWQ==", basic),
                             ("127.0.0.1:9000", "127.0.0.1:%d" % backend), ("127.0.0.1:9001", "127.0.0.1:%d" % verify),
                             ("127.0.0.1:8000", "127.0.0.1:%d" % auth)):
                text = text.replace(old, new)
            servers += text
        conf = os.path.join(folder, "nginx.conf")
        with open(conf, "w") as file:
            file.write("""
                load_module %s; daemon off; pid nginx.pid; error_log stderr warn; worker_processes 1;
                events { worker_connections 1024; }
                http {
                    access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
                    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
                    server { listen 127.0.0.1:%d; location / { return 200 "$http_x_user"; } }
                    %s
                }""" % (MODULE, backend, servers))
        self.start(["nginx", "-p", folder, "-c", conf])
        try:
            for port in [*self.ports.values(), verify, backend]:
                wait_for(port)
        except SystemExit:
            print(open(self.log.name).read())
            self.stop()
            raise

    def start(self, command, **env):
        self.processes.append(subprocess.Popen(command, env=dict(os.environ, **env), stdout=self.log, stderr=self.log))

    def stop(self):
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            process.wait(30)


class Load:
    """Clients that log in, refresh, and send their tokens to all verifiers."""

    def __init__(self, service, verifiers):
        self.service = service
        self.verifiers = verifiers
        self.lock = threading.Lock()
        self.requests = collections.Counter()
        self.failures = collections.Counter()
        self.kids = set()
        self.is_over = threading.Event()
        self.threads = [threading.Thread(target=self.client, args=(number,)) for number in range(4)]

    def count(self, what, ok, detail=""):
        with self.lock:
            self.requests[what] += 1
            if not ok:
                self.failures[what] += 1
                print("FAILED: %s %s" % (what, detail), flush=True)

    def client(self, number):
        """Logs in, refreshes a few times, and begins again. Shows each access token twice."""
        connections = {}
        kept = collections.deque()
        try:
            while not self.is_over.is_set():
                port = self.service.ports[number % len(self.service.ports)]
                status, tokens = post(port, "/api/token/", USER)
                self.count("login", status == 200, tokens)
                if status != 200:
                    continue
                for step in range(8):
                    kept.append((time.monotonic(), tokens["access"]))
                    self.show(connections, tokens["access"])
                    # Not so late that it might expire on the way.
                    while kept and time.monotonic() - kept[0][0] > ACCESS / 2:
                        made, token = kept.popleft()
                        if time.monotonic() - made < ACCESS * 0.7:
                            self.show(connections, token)
                    if self.is_over.is_set():
                        return
                    # An instance other than the one that has signed it.
                    port = self.service.ports[(number + step + 1) % len(self.service.ports)]
                    status, tokens = post(port, "/api/token/refresh/", {"refresh": tokens["refresh"]})
                    self.count("refresh", status == 200, tokens)
                    if status != 200:
                        break
        except Exception as error:  # A client that ends is a failure.
            self.count("client", False, repr(error))

    def show(self, connections, token):
        header, payload = (base64.urlsafe_b64decode(part + "==").decode() for part in token.split(".")[:2])
        expires = int(re.search('"exp":([0-9]+)', payload).group(1))
        with self.lock:
            self.kids.add(re.search('"kid":"([^"]*)"', header).group(1))
        ports = dict(self.verifiers.ports)
        for number, port in enumerate(self.service.ports):
            ports["own view, instance %d" % (number + 1)] = port
        for name, port in ports.items():
            path = "/api/protected/" if name.startswith("own") else "/"
            for attempt in range(2):
                if name not in connections:
                    connections[name] = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
                try:
                    connections[name].request("GET", path, headers={"Authorization": "Bearer " + token})
                    response = connections[name].getresponse()
                    body = response.read()
                    if time.time() >= expires:
                        # On a busy machine a token may expire on the way, which says nothing about keys.
                        return
                    self.count(name, response.status == 200, "%d %s" % (response.status, body[:200]))
                    break
                except (OSError, http.client.HTTPException) as error:
                    # An idle connection that the server has closed.
                    connections.pop(name).close()
                    if attempt:
                        self.count(name, False, repr(error))

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join()


def rotatekey(service, file):
    """Exit code and output."""
    result = subprocess.run([service.manage, "rotatekey", file], env=service.env, cwd=service.folder,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    print("  rotatekey: %d %s" % (result.returncode, result.stdout.strip()), flush=True)
    return result.returncode, result.stdout


def step(service, file, expected, patience):
    """Waits until the next step is allowed, and takes it."""
    begin = time.monotonic()
    while True:
        code, text = rotatekey(service, file)
        if code == 0:
            if expected not in text:
                sys.exit("%r is not in %r" % (expected, text))
            return
        if time.monotonic() - begin > patience:
            sys.exit("the step was refused for too long: " + text)
        time.sleep(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manage", required=True)
    parser.add_argument("--python", required=True)
    parser.add_argument("--jose", required=True)
    parser.add_argument("--database", default="sqlite")
    parser.add_argument("--instances", type=int, default=2)
    parser.add_argument("--rotations", type=int, default=2)
    parser.add_argument("--max-age", type=int, default=32)
    options = parser.parse_args()
    database = Database(options.database)
    service, verifiers = None, None
    ok = True
    try:
        file = os.path.join(database.folder, "keys.pem")
        settings = dict(SIMPLE_JWT_ALGORITHM="ES256", SIMPLE_JWT_SIGNING_KEY="file:" + file,
                        SIMPLE_JWT_KEY_ID="thumbprint", SIMPLE_JWT_JWKS_MAX_AGE="%ds" % options.max_age,
                        SIMPLE_JWT_ACCESS_TOKEN_LIFETIME="%ds" % ACCESS, SIMPLE_JWT_REFRESH_TOKEN_LIFETIME="%ds" % REFRESH)
        service = Service(database, manage=options.manage, **settings)
        made = subprocess.run([service.manage, "generatekey"], env=dict(service.env, SIMPLE_JWT_SIGNING_KEY=""),
                              cwd=service.folder, check=True, stdout=subprocess.PIPE, universal_newlines=True).stdout
        key = re.search("SIMPLE_JWT_SIGNING_KEY='(.*)'", made).group(1).replace("\\n", "\n")
        with open(file, "w") as keys:
            keys.write(key + "\n")
        os.chmod(file, 0o600)
        made = subprocess.run([service.manage, "createoauth2client", "gateway"], env=service.env, cwd=service.folder,
                              check=True, stdout=subprocess.PIPE, universal_newlines=True).stdout
        service.env["OAUTH2_CLIENTS"] = re.search("OAUTH2_CLIENTS='(.*)'", made).group(1)
        secret = re.search("not shown again: (.*)", made).group(1)
        service.command("migrate")
        service.add_user(USER["username"], USER["password"])
        for _ in range(options.instances):
            service.start()
        verifiers = Verifiers(options, service, database.folder, secret)
        load = Load(service, verifiers)
        load.start()
        time.sleep(3)
        for number in range(options.rotations):
            print("rotation %d" % (number + 1), flush=True)
            begin = time.monotonic()
            step(service, file, "is published", 0)
            code, text = rotatekey(service, file)
            if code == 0 or "may not sign before" not in text:
                ok = False
                print("FAILED: a key was let sign too early")
            step(service, file, "signs", options.max_age + 5)
            waited = time.monotonic() - begin
            if waited < options.max_age:
                ok = False
                print("FAILED: the key signs after %.1f s" % waited)
            step(service, file, "removed", REFRESH + 5)
            time.sleep(2)
        # A file that is invalid for a moment.
        text = open(file).read()
        with open(file, "w") as keys:
            keys.write(text[: len(text) // 2])
        time.sleep(2)
        with open(file, "w") as keys:
            keys.write(text)
        time.sleep(2)
        load.stop()
        for name in sorted(load.requests):
            print("%-24s %6d requests, %d failed" % (name, load.requests[name], load.failures[name]))
        print("%d keys have signed" % len(load.kids))
        ok = ok and not load.failures and len(load.kids) == options.rotations + 1
        server_log = open(os.path.join(database.folder, "log")).read()
        told = server_log.count("the last good keys stay")
        print("a broken file was told %d times by %d instances" % (told, options.instances))
        ok = ok and told >= options.instances
    finally:
        if verifiers:
            verifiers.stop()
            if not ok:
                print(open(verifiers.log.name).read()[-3000:])
        if service:
            service.stop()
        database.remove()
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
