#!/usr/bin/env python3
"""Compares a server with the recorded answers of the Django packages.

  contract.py record  --set visible [--only PROFILE[/SCENARIO]]
  contract.py check   --start 'CMD {port}' [--migrate CMD] [--manage CMD] [--db URL] [--set ...] [--only ...]
  contract.py show    --set visible [--only PROFILE[/SCENARIO]]
  contract.py list    --set visible

README.md describes the format and the conventions. Needs Python 3.8 or later and `cryptography`, and for PostgreSQL
`psycopg` or `psycopg2`.
"""
import argparse
import base64
import copy
import datetime as dt
import hashlib
import hmac
import http.client
import http.cookies
import http.server
import json
import os
import random
import re
import shlex
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from urllib.parse import quote, unquote, urlencode, urlsplit

HERE = os.path.dirname(os.path.abspath(__file__))
DEFAULT_SECRET = "contract-harness-secret-key-0123456789abcdef"
FIRST_USER_ID = 70001
TOL = 4  # tolerance of relative times, in seconds
CORE_HEADERS = ("www-authenticate", "allow", "content-type", "vary", "location")
TIME_CLAIMS = {"exp", "iat", "nbf", "orig_iat"}
CRASH_OK = (400, 401, 403, 404, 422, 500)
UTC = dt.timezone.utc


# --------------------------------------------------------------------------- small tools
def b64e(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def b64d(text):
    if isinstance(text, str):
        text = text.encode()
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))


def compact(obj):
    return json.dumps(obj, separators=(",", ":"), ensure_ascii=False).encode()


def free_port():
    """Returns a random port, so that concurrent runs choose different ports. It is outside the range of ports for outgoing
    connections, because such a connection could take the port before the server does."""
    for port in random.SystemRandom().sample(range(20000, 32000), 1000):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass
    raise RuntimeError("no free port between 20000 and 32000")


class Skip(Exception):
    pass


# --------------------------------------------------------------------------- JWT: sign, verify
def _crypto():
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, utils

    return hashes, serialization, ec, ed25519, padding, utils


_HASH = {"256": "SHA256", "384": "SHA384", "512": "SHA512"}
_EC_BYTES = {"ES256": 32, "ES384": 48, "ES512": 66}


def jwt_sign(alg, key, signing_input):
    """`key` is a text for HMAC, and a PEM for other algorithms."""
    if alg.lower() == "none":
        return b""
    if alg.startswith("HS"):
        return hmac.new(key.encode(), signing_input, "sha" + alg[2:]).digest()
    hashes, ser, ec, ed, padding, utils = _crypto()
    priv = ser.load_pem_private_key(key.encode(), None)
    if alg == "EdDSA":
        return priv.sign(signing_input)
    h = getattr(hashes, _HASH[alg[2:]])()
    if alg.startswith("RS"):
        return priv.sign(signing_input, padding.PKCS1v15(), h)
    if alg.startswith("PS"):
        return priv.sign(signing_input, padding.PSS(padding.MGF1(h), h.digest_size), h)
    n = _EC_BYTES[alg]
    r, s = utils.decode_dss_signature(priv.sign(signing_input, ec.ECDSA(h)))
    return r.to_bytes(n, "big") + s.to_bytes(n, "big")


def jwt_verify(alg, key, signing_input, sig):
    if alg.startswith("HS"):
        return hmac.compare_digest(jwt_sign(alg, key, signing_input), sig)
    hashes, ser, ec, ed, padding, utils = _crypto()
    pub = ser.load_pem_public_key(key.encode())
    try:
        if alg == "EdDSA":
            pub.verify(sig, signing_input)
            return True
        h = getattr(hashes, _HASH[alg[2:]])()
        if alg.startswith("RS"):
            pub.verify(sig, signing_input, padding.PKCS1v15(), h)
        elif alg.startswith("PS"):
            pub.verify(sig, signing_input, padding.PSS(padding.MGF1(h), h.digest_size), h)
        else:
            n = _EC_BYTES[alg]
            if len(sig) != 2 * n:
                return False
            der = utils.encode_dss_signature(int.from_bytes(sig[:n], "big"), int.from_bytes(sig[n:], "big"))
            pub.verify(der, signing_input, ec.ECDSA(h))
        return True
    except Exception:
        return False


JWT_RE = re.compile(r"^[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$")


def jwt_parts(text):
    """Returns (header, claims, signing input, signature), or None."""
    if not isinstance(text, str) or not JWT_RE.match(text):
        return None
    h, p, s = text.split(".")
    try:
        header, claims = json.loads(b64d(h)), json.loads(b64d(p))
        if isinstance(header, dict) and isinstance(claims, dict):
            return header, claims, (h + "." + p).encode(), b64d(s)
    except Exception:
        pass
    return None


# --------------------------------------------------------------------------- database
class Db:
    TABLES = (
        "token_blacklist_blacklistedtoken",
        "token_blacklist_outstandingtoken",
        "authtoken_token",
        "django_session",
        "django_admin_log",
        "auth_user_groups",
        "auth_user_user_permissions",
        "auth_user",
    )

    def __init__(self, url):
        self.url = url
        self.pg = url.startswith("postgres")
        self.conn = None

    # -- where it lives
    def path(self):
        p = self.url[len("sqlite://"):]
        while p.startswith("//"):
            p = p[1:]
        return p

    def wipe(self):
        """Empties the database. A SQLite file is deleted."""
        if not self.pg:
            for tail in ("", "-wal", "-shm", "-journal"):
                if os.path.exists(self.path() + tail):
                    os.unlink(self.path() + tail)
            return
        name = unquote(urlsplit(self.url).path.lstrip("/"))
        if "contract" not in name:
            raise SystemExit("refusing to drop the schema of a database whose name lacks 'contract': " + name)
        self.open()
        self.execute("DROP SCHEMA public CASCADE")
        self.execute("CREATE SCHEMA public")
        self.close()

    def open(self):
        if self.conn:
            return
        if self.pg:
            try:
                import psycopg

                self.conn = psycopg.connect(self.url, autocommit=True)
            except ImportError:
                import psycopg2

                self.conn = psycopg2.connect(self.url)
                self.conn.autocommit = True
        else:
            self.conn = sqlite3.connect(self.path(), timeout=20, isolation_level=None)
            self.conn.execute("PRAGMA foreign_keys=ON")

    def close(self):
        if self.conn:
            self.conn.close()
            self.conn = None

    def _run(self, sql, args):
        cur = self.conn.cursor()
        if self.pg:
            sql = sql.replace("%", "%%").replace("?", "%s")
            cur.execute(sql, tuple(args) if args else None) if args else cur.execute(sql.replace("%%", "%"))
        else:
            args = [a.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(a, dt.datetime) else a for a in args]
            cur.execute(sql, args)
        return cur

    def execute(self, sql, args=()):
        self._run(sql, list(args)).close()

    def query(self, sql, args=()):
        cur = self._run(sql, list(args))
        rows = cur.fetchall()
        cur.close()
        return [list(r) for r in rows]

    def tables(self):
        if self.pg:
            q = "SELECT table_name FROM information_schema.tables WHERE table_schema='public'"
        else:
            q = "SELECT name FROM sqlite_master WHERE type='table'"
        return {r[0] for r in self.query(q)}

    def clear(self):
        have = self.tables()
        for t in self.TABLES:
            if t in have:
                self.execute('DELETE FROM "%s"' % t)

    def add_user(self, u):
        self.execute(
            "INSERT INTO auth_user (id, password, last_login, is_superuser, username, last_name, email, is_staff,"
            " is_active, date_joined, first_name) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
            [u["id"], u["hash"], None, bool(u.get("is_superuser")), u["username"], u.get("last_name", ""),
             u.get("email", ""), bool(u.get("is_staff")), u.get("is_active", True),
             dt.datetime(2024, 3, 1, 12, 30, 15, 123456, tzinfo=UTC), u.get("first_name", "")],
        )


# --------------------------------------------------------------------------- server processes
def clean_env(profile_env, extra):
    env = {}
    for k, v in os.environ.items():
        if k.startswith(("SIMPLE_JWT_", "JWT_", "REST_FRAMEWORK_", "CONTRACT_PEER")):
            continue
        if k in ("SECRET_KEY", "DATABASE_URL", "DEBUG", "ALLOWED_HOSTS", "PASSWORD_HASHERS", "AUTHENTICATION_BACKENDS"):
            continue
        env[k] = v
    env.update({"SECRET_KEY": DEFAULT_SECRET, "DEBUG": "false", "ALLOWED_HOSTS": "*"})
    env.update(profile_env)
    env.update(extra)
    return env


class Server:
    def __init__(self, cmd, env, log):
        self.port = free_port()
        env = dict(env, PORT=str(self.port), HOST="127.0.0.1", BIND="127.0.0.1:%d" % self.port)
        self.log = open(log, "ab")
        self.log_path = log
        argv = [a.replace("{port}", str(self.port)) for a in shlex.split(cmd)]
        self.p = subprocess.Popen(argv, env=env, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL,
                                  start_new_session=True)

    def wait(self, limit=40):
        end = time.time() + limit
        while time.time() < end:
            if self.p.poll() is not None:
                raise RuntimeError("server exited with %s\n%s" % (self.p.returncode, self.tail()))
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.5).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("server did not open port %d in %ds\n%s" % (self.port, limit, self.tail()))

    def tail(self, n=1500):
        try:
            with open(self.log_path, "rb") as f:
                return f.read()[-n:].decode(errors="replace")
        except OSError:
            return ""

    def stop(self):
        for sig in (signal.SIGTERM, signal.SIGKILL):
            if self.p.poll() is not None:
                break
            try:
                os.killpg(self.p.pid, sig)  # a separate session: only processes that we started
            except ProcessLookupError:
                break
            try:
                self.p.wait(6)
            except subprocess.TimeoutExpired:
                continue
        self.log.close()


def run_cmd(cmd, env, log, extra=()):
    with open(log, "ab") as f:
        rc = subprocess.run(shlex.split(cmd) + list(extra), env=env, stdout=f, stderr=f, stdin=subprocess.DEVNULL,
                            timeout=180).returncode
    if rc:
        tail = open(log, "rb").read()[-1500:].decode(errors="replace")
        raise RuntimeError("command failed (%d): %s\n%s" % (rc, cmd, tail))


class JwksServer:
    """Serves the public halves of the named test keys as a JWK set."""

    def __init__(self, entries, keys):
        doc = json.dumps({"keys": [self.jwk(e, keys[e["key"]]) for e in entries]}).encode()

        class H(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(doc)))
                self.end_headers()
                self.wfile.write(doc)

            def log_message(self, *a):
                pass

        self.s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H)
        threading.Thread(target=self.s.serve_forever, daemon=True).start()
        self.url = "http://127.0.0.1:%d/jwks.json" % self.s.server_address[1]

    @staticmethod
    def jwk(entry, key):
        _, ser, ec, ed, _, _ = _crypto()
        pub = ser.load_pem_public_key(key["public"].encode())
        out = {"kid": entry["kid"], "use": entry.get("use", "sig"), "alg": entry["alg"]}
        if key["kind"] == "RSA":
            n = pub.public_numbers()
            out.update(kty="RSA", n=b64e(n.n.to_bytes((n.n.bit_length() + 7) // 8, "big")),
                       e=b64e(n.e.to_bytes((n.e.bit_length() + 7) // 8, "big")))
        elif key["kind"] == "EC":
            n = pub.public_numbers()
            size = (pub.curve.key_size + 7) // 8
            out.update(kty="EC", crv={256: "P-256", 384: "P-384", 521: "P-521"}[pub.curve.key_size],
                       x=b64e(n.x.to_bytes(size, "big")), y=b64e(n.y.to_bytes(size, "big")))
        else:
            raw = pub.public_bytes(ser.Encoding.Raw, ser.PublicFormat.Raw)
            out.update(kty="OKP", crv="Ed25519", x=b64e(raw))
        return out

    def stop(self):
        self.s.shutdown()
        self.s.server_close()


# --------------------------------------------------------------------------- canonical form
HEX32 = re.compile(r"^[0-9a-f]{32}$")
HEX40 = re.compile(r"^[0-9a-f]{40}$")
MD5UP = re.compile(r"^[0-9A-F]{32}$")
DBTIME = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?$")
ODDTIME = re.compile(r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
REL = re.compile(r"^<(\w+ )?now([+-]\d+)(:float)?>$")
LOOSE = ("JSON parse error - ", "Multipart form parse error - ")


def snap(n):
    near = 5 * round(n / 5)
    return near if abs(near - n) <= 2 else int(round(n))


class Canon:
    """Replaces the values of a raw answer that differ in every run by symbols.

    <hex32#k>   the k-th distinct text of 32 hex digits in this scenario, so equal and different jti's can be distinguished
    <now+N>     a time N seconds from now, in seconds since the epoch
    {"$jwt": ..}  a decoded token, with the result of the check of its signature with the profile's key
    """

    def __init__(self, runner, users):
        self.r = runner
        self.seen = {}
        self.users = users

    def number(self, kind, text):
        table = self.seen.setdefault(kind, {})
        return table.setdefault(text, len(table) + 1)

    def rel(self, value, label=""):
        return "<%snow%+d%s>" % (label, snap(value - time.time()), ":float" if isinstance(value, float) else "")

    def token(self, text, parts):
        header, claims, signing_input, sig = parts
        alg, key = self.r.verify_with()
        try:
            ok = header.get("alg") == alg and jwt_verify(alg, key, signing_input, sig)
        except Exception:
            ok = False
        out = {}
        for k in sorted(claims):
            v = claims[k]
            num = isinstance(v, (int, float)) and not isinstance(v, bool)
            if num and (k in TIME_CLAIMS or k in self.r.time_claims or abs(v - time.time()) < 400 * 86400) and v > 10 ** 8:
                out[k] = self.rel(v)
            else:
                out[k] = self.value(v)
        res = {"header": header, "claims": out, "signature": "ok" if ok else "BAD"}
        if isinstance(claims.get("exp"), int) and isinstance(claims.get("iat"), int):
            res["exp-iat"] = claims["exp"] - claims["iat"]
        return {"$jwt": res}

    def value(self, v):
        if isinstance(v, dict):
            return {k: self.value(v[k]) for k in sorted(v)}
        if isinstance(v, list):
            return [self.value(x) for x in v]
        if not isinstance(v, str):
            return v
        parts = jwt_parts(v)
        if parts:
            return self.token(v, parts)
        if HEX32.match(v):
            return "<hex32#%d>" % self.number("hex32", v)
        if HEX40.match(v):
            return "<hex40#%d>" % self.number("hex40", v)
        if MD5UP.match(v):
            for name, u in self.users.items():
                rows = self.r.db.query("SELECT password FROM auth_user WHERE id = ?", [u["id"]])
                if rows and hashlib.md5(rows[0][0].encode()).hexdigest().upper() == v:
                    return "<MD5 of %s's stored password>" % name
        for p in LOOSE:
            if v.startswith(p):
                return p + "<any>"
        return v

    def cell(self, v):
        if isinstance(v, bool):
            return int(v)
        if isinstance(v, dt.datetime):
            if v.tzinfo is None:
                return "<odd naive time>"
            return "<dbtime now%+d>" % snap(v.timestamp() - time.time())
        if isinstance(v, str):
            if DBTIME.match(v):
                fmt = "%Y-%m-%d %H:%M:%S" + (".%f" if "." in v else "")
                t = dt.datetime.strptime(v, fmt).replace(tzinfo=UTC).timestamp()
                return "<dbtime now%+d>" % snap(t - time.time())
            if ODDTIME.match(v):
                return "<time not in Django's sqlite text format: %s>" % v
            for name, u in self.users.items():
                if v == u["hash"] and len(v) > 20:
                    return "<password hash of %s, unchanged>" % name
            if v.startswith("pbkdf2_sha256$") and v.count("$") == 3:
                _, it, salt, digest = v.split("$")
                who = [n for n, u in self.users.items() if it.isdigit() and base64.b64encode(
                    hashlib.pbkdf2_hmac("sha256", u["password"].encode(), salt.encode(), int(it))).decode() == digest]
                return "<pbkdf2_sha256 iterations=%s saltlen=%d verifies=%s>" % (it, len(salt), ",".join(who) or "NOBODY")
        return self.value(v)

    def answer(self, step, status, headers, body):
        got = {}
        names = CORE_HEADERS + tuple(h.lower() for h in step.get("also_headers", ()))
        for n in names:
            vals = [v for k, v in headers if k.lower() == n]
            if not vals:
                continue
            v = ", ".join(vals).strip()
            if n in ("allow", "vary"):
                v = ", ".join(sorted({p.strip().lower() if n == "vary" else p.strip() for p in v.split(",") if p.strip()}))
            elif n == "content-type":
                v = re.sub(r"\s*;\s*", "; ", v.lower())
            elif n == "set-cookie":
                v = self.cookie(v)
            elif n == "location":
                v = re.sub(r"^https?://127\.0\.0\.1:\d+", "", v)
            got[n] = v
        ctype = got.get("content-type", "")
        if not body:
            canon = "<empty>"
        elif ctype.startswith("application/json"):
            try:
                canon = {"json": self.value(json.loads(body.decode()))}
            except ValueError:
                canon = {"invalid json": body[:200].decode(errors="replace")}
        elif ctype.startswith("text/html"):
            canon = "<html>"
        else:
            canon = {"text": body[:300].decode(errors="replace")}
        return {"status": status, "headers": got, "body": canon}

    def cookie(self, text):
        c = http.cookies.SimpleCookie()
        c.load(text)
        out = {}
        for name, m in c.items():
            attrs = {k: v for k, v in m.items() if v}
            if "expires" in attrs:
                t = dt.datetime.strptime(attrs["expires"].replace("-", " "), "%a, %d %b %Y %H:%M:%S GMT")
                attrs["expires"] = self.rel(int(t.replace(tzinfo=UTC).timestamp()))
            out[name] = {"value": self.value(m.value), "attributes": attrs}
        return out


def same(exp, got, path, out):
    """Collects the differences between a recorded and a new canonical value."""
    if isinstance(exp, dict) and isinstance(got, dict):
        for k in sorted(set(exp) | set(got), key=str):
            if k not in got:
                out.append((path + "." + k, exp[k], "(missing)"))
            elif k not in exp:
                out.append((path + "." + k, "(nothing)", got[k]))
            else:
                same(exp[k], got[k], path + "." + k, out)
        return
    if isinstance(exp, list) and isinstance(got, list) and len(exp) == len(got):
        for i, (a, b) in enumerate(zip(exp, got)):
            same(a, b, "%s[%d]" % (path, i), out)
        return
    if isinstance(exp, str) and isinstance(got, str):
        a, b = REL.match(exp), REL.match(got)
        if a and b and a.group(1) == b.group(1) and a.group(3) == b.group(3):
            if abs(int(a.group(2)) - int(b.group(2))) <= TOL:
                return
    if path.endswith(".exp-iat") and isinstance(exp, int) and isinstance(got, int) and abs(exp - got) <= 1:
        return
    if type(exp) is not type(got) or exp != got:
        out.append((path, exp, got))


# --------------------------------------------------------------------------- running a profile
class Runner:
    def __init__(self, data, profile, opts, pins):
        self.data, self.profile, self.o = data, profile, opts
        self.keys = data["keys"]
        self.pins = pins
        self.db = None
        self.jwks = None
        self.servers = {}
        self.log = os.path.join(opts.work, "%s.%s.log" % (data["set"], profile["name"]))

    # -- settings of the profile
    def expand(self, text):
        m = re.match(r"^(key|key-escaped):(\w+)\.(private|public)$", text)
        if m:
            pem = self.keys[m.group(2)][m.group(3)]
            return pem.replace("\n", "\\n") if m.group(1) == "key-escaped" else pem
        if self.jwks:
            text = text.replace("{jwks_url}", self.jwks.url)
        return text

    def env(self):
        return {k: self.expand(v) for k, v in self.profile.get("env", {}).items()}

    @property
    def time_claims(self):
        return {self.profile.get("env", {}).get("SIMPLE_JWT_SLIDING_TOKEN_REFRESH_EXP_CLAIM", "refresh_exp")}

    def default_alg(self):
        e = self.profile.get("env", {})
        return e.get("JWT_ALGORITHM" if self.profile["peer"] == "legacy" else "SIMPLE_JWT_ALGORITHM", "HS256")

    def default_key(self, public=False):
        e, legacy = self.env(), self.profile["peer"] == "legacy"
        if self.default_alg().startswith("HS"):
            return e.get("JWT_SECRET_KEY" if legacy else "SIMPLE_JWT_SIGNING_KEY", e.get("SECRET_KEY", DEFAULT_SECRET))
        pair = self.keys[self.profile["keypair"]]
        return pair["public" if public else "private"]

    def verify_with(self):
        return self.default_alg(), self.default_key(public=True)

    # -- life cycle
    def peer_env(self):
        return {"CONTRACT_PEER": self.profile["peer"]}

    def start(self):
        o, p = self.o, self.profile
        if p.get("needs") == "peer" and not o.peer_start:
            raise Skip("needs --peer-start")
        if p.get("jwks"):
            self.jwks = JwksServer(p["jwks"], self.keys)
        if o.db.startswith("postgres"):
            url = o.db
        else:
            root, ext = os.path.splitext(Db(o.db).path())
            url = "sqlite://" + "%s.%s.%s%s" % (root, self.data["set"], p["name"], ext or ".sqlite3")
        self.db = Db(url)
        extra = dict(self.peer_env(), DATABASE_URL=url)
        if o.peer_path:
            extra["CONTRACT_PEER_PATH"] = o.peer_path
        self.full_env = clean_env(self.env(), extra)
        self.migrate(url)
        self.db.open()
        self.servers["sut"] = Server(o.start, self.full_env, self.log)
        if p.get("needs") == "peer":
            self.servers["peer"] = Server(o.peer_start, self.full_env, self.log + ".peer")
        for s in self.servers.values():
            s.wait()

    def migrate(self, url):
        o = self.o
        if not o.migrate:
            return
        key = (o.migrate, self.profile["peer"], self.db.pg)
        made = o.migrated.get(key)
        if self.db.pg:
            if o.migrated.get("pg") == key:
                return
            self.db.wipe()
            run_cmd(o.migrate, self.full_env, self.log)
            o.migrated["pg"] = key
            return
        self.db.wipe()
        if made:
            shutil.copyfile(made, self.db.path())
            return
        run_cmd(o.migrate, self.full_env, self.log)
        c = sqlite3.connect(self.db.path())
        c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        c.close()
        keep = os.path.join(o.work, "template-%d.sqlite3" % len(o.migrated))
        shutil.copyfile(self.db.path(), keep)
        o.migrated[key] = keep

    def stop(self):
        for s in self.servers.values():
            s.stop()
        if self.db:
            self.db.close()
        if self.jwks:
            self.jwks.stop()

    # -- one scenario
    def scenario(self, sc):
        if any("manage" in s for s in sc["steps"]) and not self.o.manage:
            raise Skip("needs --manage")
        self.db.clear()
        users, v = {}, {}
        for i, spec in enumerate(sc.get("users", ())):
            spec = {"use": spec} if isinstance(spec, str) else dict(spec)
            u = dict(self.data["users"][spec["use"]])
            u.update({k: x for k, x in spec.items() if k not in ("use", "as")})
            u.setdefault("id", FIRST_USER_ID + i)
            name = spec.get("as", spec["use"])
            users[name] = u
            self.db.add_user(u)
            for k in ("id", "username", "password", "hash"):
                v["%s.%s" % (name, k)] = u[k]
        v["secret"] = self.env().get("SECRET_KEY", DEFAULT_SECRET)
        canon = Canon(self, users)
        results = []
        for i, step in enumerate(sc["steps"]):
            try:
                res = self.step(step, v, canon, sc)
            except Skip:
                raise
            except Exception as e:  # continue, because one invalid answer must not hide the others
                res = {"harness error": "%s: %s" % (type(e).__name__, e)}
            if res is not None:
                results.append(dict({"step": i, "what": self.label(step)}, **res))
        return results

    @staticmethod
    def label(step):
        for k in ("do", "query"):
            if k in step:
                t = step[k]
                break
        else:
            t = next(iter(step))
        return t + (" -- " + step["note"] if step.get("note") else "")

    def sub(self, x, v):
        if isinstance(x, str):
            m = re.match(r"^\{\{([\w.]+)\}\}$", x)
            if m:
                return v[m.group(1)]
            return re.sub(r"\{\{([\w.]+)\}\}", lambda m: str(v[m.group(1)]), x)
        if isinstance(x, list):
            return [self.sub(y, v) for y in x]
        if isinstance(x, dict):
            return {self.sub(k, v): self.sub(y, v) for k, y in x.items()}
        return x

    def moment(self, x):
        """Replaces '@now+60' (int), '@nowf' (float), '@nows' (text), '@dbnow-5' (datetime) and '@hex32' (a new id)."""
        if isinstance(x, dict):
            return {k: self.moment(y) for k, y in x.items()}
        if isinstance(x, list):
            return [self.moment(y) for y in x]
        if isinstance(x, str) and x.startswith("@"):
            if x == "@hex32":
                return uuid.uuid4().hex
            m = re.match(r"^@(now|nowf|nows|dbnow)([+-]\d+)?$", x)
            if m:
                n = time.time() + int(m.group(2) or 0)
                return {"now": int(n), "nowf": n, "nows": str(int(n)), "dbnow": dt.datetime.fromtimestamp(n, UTC)}[m.group(1)]
        return x

    def key_text(self, spec):
        if spec is None:
            return self.default_key()
        m = re.match(r"^key:(\w+)\.(private|public)$", spec)
        return self.keys[m.group(1)][m.group(2)] if m else spec

    def seal(self, step, header, payload):
        alg = step.get("sign_with") or step.get("alg") or self.default_alg()
        signing_input = b64e(compact(header)) + "." + b64e(payload)
        sig = b64e(jwt_sign(alg, self.key_text(step.get("key")), signing_input.encode()))
        return signing_input + "." + sig

    def forge(self, step, v):
        header = {"alg": step.get("alg") or self.default_alg(), "typ": "JWT"}
        header.update(self.sub(step.get("header", {}), v))
        header = {k: x for k, x in header.items() if x != "@absent"}
        if "raw_payload" in step:
            payload = step["raw_payload"].encode()
        else:
            payload = compact(self.moment(self.sub(step["claims"], v)))
        return self.seal(step, header, payload)

    def mutate(self, step, v):
        tok = self.sub(step["from"], v)
        h, p, s = tok.split(".")
        header, claims = json.loads(b64d(h)), json.loads(b64d(p))
        header.update(step.get("header", {}))
        header = {k: x for k, x in header.items() if x != "@absent"}
        claims.update(self.moment(self.sub(step.get("set", {}), v)))
        for k in step.get("unset", ()):
            claims.pop(k, None)
        how = step.get("sig", "resign")
        if step.get("alg"):
            header["alg"] = step["alg"]
        if step.get("set") or step.get("unset"):
            p = b64e(compact(claims))
        if step.get("header") or step.get("alg"):
            h = b64e(compact(header))
        if how == "resign":
            sig_alg = step.get("sign_with") or header.get("alg")
            return "%s.%s.%s" % (h, p, b64e(jwt_sign(sig_alg, self.key_text(step.get("key")), (h + "." + p).encode())))
        if how == "keep":
            return "%s.%s.%s" % (h, p, s)
        if how == "flip":
            raw = bytearray(b64d(s))
            raw[len(raw) // 2] ^= 1
            return "%s.%s.%s" % (h, p, b64e(bytes(raw)))
        if how == "empty":
            return "%s.%s." % (h, p)
        if how == "drop":
            return "%s.%s" % (h, p)
        if how == "truncate":
            return "%s.%s.%s" % (h, p, s[:-4])
        if how == "extra-part":
            return "%s.%s.%s.%s" % (h, p, s, s)
        raise ValueError("sig: " + how)

    def step(self, step, v, canon, sc):
        if "do" in step:
            return self.request(step, v, canon)
        if "forge" in step:
            v[step["forge"]] = self.forge(step, v)
        elif "mutate" in step:
            v[step["mutate"]] = self.mutate(step, v)
        elif "sql" in step:
            self.db.execute(step["sql"], self.moment(self.sub(step.get("args", []), v)))
        elif "query" in step:
            rows = self.db.query(step["query"], self.moment(self.sub(step.get("args", []), v)))
            return {"rows": [[canon.cell(c) for c in r] for r in rows]}
        elif "sleep" in step:
            time.sleep(step["sleep"])
        elif "set" in step:
            v.update(self.moment(self.sub(step["set"], v)))
        elif "jti_of" in step:
            v[step["as"]] = jwt_parts(self.sub(step["jti_of"], v))[1][step.get("claim", "jti")]
        elif "pin" in step:
            # recorded from the peer; later runs use the peer's token in place of the server's
            mine = self.pins.setdefault(self.profile["name"], {}).setdefault(sc["name"], {})
            if self.o.recording:
                mine[step["pin"]] = v[step["pin"]]
            v[step["pin"]] = mine[step["pin"]]
        elif "manage" in step:
            run_cmd(self.o.manage, self.full_env, self.log, self.sub(step["manage"], v))
        else:
            raise ValueError("unknown step %r" % (step,))
        return None

    def request(self, step, v, canon):
        method, path = step["do"].split(" ", 1)
        path = self.sub(path, v)
        enc = step.get("header_encoding", "latin-1")
        pairs = step.get("headers", {})
        pairs = [list(x) for x in (pairs.items() if isinstance(pairs, dict) else pairs)]
        pairs = [[k, self.sub(x, v)] for k, x in pairs]
        body, ctype = None, None
        if "json" in step:
            body, ctype = compact(self.sub(step["json"], v)), "application/json"
        elif "form" in step:
            form = self.sub(step["form"], v)
            form = [tuple(x) for x in (form if isinstance(form, list) else form.items())]
            body, ctype = urlencode(form).encode(), "application/x-www-form-urlencoded"
        elif "multipart" in step:
            mark = "contractboundary7MA4YWxk"
            chunks = []
            for k, x in self.sub(step["multipart"], v).items():
                chunks.append('--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (mark, k, x))
            body, ctype = ("".join(chunks) + "--%s--\r\n" % mark).encode(), "multipart/form-data; boundary=" + mark
        elif "raw" in step:
            body = self.sub(step["raw"], v).encode()
        elif "raw_b64" in step:
            body = base64.b64decode(step["raw_b64"])
        have = {k.lower() for k, _ in pairs}
        if ctype and "content-type" not in have:
            pairs.append(["Content-Type", ctype])
        if "accept" not in have:
            pairs.append(["Accept", "*/*"])
        if "user-agent" not in have:
            pairs.append(["User-Agent", "contract/1"])
        port = self.servers[step.get("on", "sut")].port
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            c.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            if "host" not in have:
                c.putheader("Host", "127.0.0.1:%d" % port)
            for k, x in pairs:
                if x is not None:
                    c.putheader(k, x.encode(enc))
            if body is not None or method in ("POST", "PUT", "PATCH"):
                c.putheader("Content-Length", str(len(body or b"")))
            c.endheaders(body)
            r = c.getresponse()
            status, headers, raw = r.status, r.getheaders(), r.read()
        except (OSError, http.client.HTTPException) as e:
            return {"status": "no answer: " + type(e).__name__, "headers": {}, "body": "<empty>"}
        finally:
            c.close()
        if step.get("save"):
            try:
                doc = json.loads(raw.decode())
                for name, key in step["save"].items():
                    v[name] = doc[key]
            except Exception:
                for name in step["save"]:
                    v.setdefault(name, "not-captured")
        res = canon.answer(step, status, headers, raw)
        if method == "OPTIONS" and isinstance(res["body"], dict):
            meta = res["body"].get("json")
            if isinstance(meta, dict) and isinstance(meta.get("description"), str):
                meta["description"] = "<any>"  # the docstring of the peer's view class, which is not compared
        if step.get("same"):
            doc = json.loads(raw.decode()) if raw[:1] == b"{" else {}
            res["same"] = {k: doc.get(k) == self.sub(x, v) for k, x in step["same"].items()}
        if step.get("compare"):
            res = {k: x for k, x in res.items() if k in step["compare"]}
        return res


# --------------------------------------------------------------------------- commands
def load(name):
    with open(os.path.join(HERE, "cases", name + ".json"), encoding="utf-8") as f:
        return json.load(f)


def golden_path(name, tag=""):
    return os.path.join(HERE, "golden", name + (("." + tag) if tag else "") + ".json")


def wanted(only, pname, sname=None):
    if not only:
        return True
    for o in only:
        p, _, s = o.partition("/")
        if re.fullmatch(p.replace("*", ".*"), pname) and (sname is None or not s or re.fullmatch(s.replace("*", ".*"), sname)):
            return True
    return False


def sets(opts):
    names = [opts.set]
    return [n for n in names if opts.set != "all" or os.path.exists(os.path.join(HERE, "cases", n + ".json"))]


def step_level(sc, idx):
    return sc["steps"][idx].get("level", sc.get("level", "must"))


def prepare(opts):
    opts.work = os.path.abspath(opts.work) if opts.work else tempfile.mkdtemp(prefix="contract-")
    os.makedirs(opts.work, exist_ok=True)
    opts.db = opts.db or "sqlite://" + os.path.join(opts.work, "db.sqlite3")
    opts.migrated = {}


def record(opts):
    opts.recording = True
    peer = "%s %s" % (shlex.quote(sys.executable), shlex.quote(os.path.join(HERE, "peer.py")))
    opts.start, opts.migrate, opts.manage, opts.peer_start = peer + " serve {port}", peer + " migrate", peer + " manage", peer + " serve {port}"
    prepare(opts)
    for name in sets(opts):
        data = load(name)
        path = golden_path(name, opts.tag)
        gold = {"set": name, "recorded_from": {}, "profiles": {}, "pins": {}}
        if opts.only and os.path.exists(path):
            gold = json.load(open(path, encoding="utf-8"))
        gold["recorded_from"] = versions(opts)
        for prof in data["profiles"]:
            if not wanted(opts.only, prof["name"]):
                continue
            if opts.tag and prof["peer"] != "modern":
                continue
            run = Runner(data, prof, opts, gold["pins"])
            try:
                run.start()
                out = gold["profiles"].setdefault(prof["name"], {})
                if not opts.only:
                    out.clear()
                n = 0
                for sc in prof["scenarios"]:
                    if wanted(opts.only, prof["name"], sc["name"]):
                        out[sc["name"]] = run.scenario(sc)
                        n += len(out[sc["name"]])
                        for r in out[sc["name"]]:
                            if "harness error" in r or not isinstance(r.get("status", 0), int):
                                print("!! %s/%s step %d: %s" % (prof["name"], sc["name"], r["step"], r))
                print("recorded %-8s %-22s %3d scenarios %4d checks" % (name, prof["name"], len(out), n), flush=True)
            finally:
                run.stop()
        with open(path, "w", encoding="utf-8") as f:
            json.dump(gold, f, indent=1, ensure_ascii=False, sort_keys=True)
            f.write("\n")
    print("work files:", opts.work)


def versions(opts):
    code = ("import json,sys\n"
            "try:\n import importlib.metadata as m\nexcept ImportError:\n import importlib_metadata as m\n"
            "o={'python':sys.version.split()[0]}\n"
            "for p in ('Django','djangorestframework','djangorestframework-simplejwt','djangorestframework-jwt','PyJWT','cryptography','gunicorn'):\n"
            " try: o[p]=m.version(p)\n"
            " except Exception: pass\n"
            "print(json.dumps(o))")
    out = {}
    for kind, venv in (("modern", os.environ.get("CONTRACT_MODERN_VENV", os.path.join(HERE, ".venv"))),
                       ("legacy", os.environ.get("CONTRACT_LEGACY_VENV", os.path.join(HERE, ".legacy-venv")))):
        try:
            out[kind] = json.loads(subprocess.run([venv + "/bin/python", "-c", code], stdout=subprocess.PIPE, check=True).stdout)
        except Exception as e:
            out[kind] = "unknown (%s)" % e
    if opts.tag:
        out["modern"]["djangorestframework-simplejwt"] = "git checkout " + opts.tag
    return out


def judge(gold, got, accept):
    """Returns the differences of one step, and a remark or None."""
    diffs = []
    if gold.get("status") == 500 and got.get("status") in CRASH_OK:
        return [], "peer crashed here (500); got %s" % got.get("status")
    if "harness error" in got:
        return [("harness error", "none", got["harness error"])], None
    keys = [k for k in ("status", "headers", "body", "rows", "same") if k in gold or k in got]
    same({k: gold.get(k) for k in keys if k in gold}, {k: got.get(k) for k in keys if k in got}, "", diffs)
    if diffs and accept:
        again = []
        same({k: accept.get(k) for k in keys if k in accept}, {k: got.get(k) for k in keys if k in got}, "", again)
        if not again:
            return [], "as in the unreleased simplejwt"
    return diffs, None


def short(x, n=400):
    t = x if isinstance(x, str) else json.dumps(x, ensure_ascii=False, sort_keys=True)
    return t if len(t) <= n else t[:n] + " ..."


def check(opts):
    opts.recording = False
    prepare(opts)
    total = {"pass": 0, "fail": 0, "warn": 0, "steps": 0, "bad": 0, "skip": 0, "remarks": 0}
    report, table = [], []
    for name in sets(opts):
        data = load(name)
        gold = json.load(open(golden_path(name), encoding="utf-8"))
        alt = {}
        if opts.accept_unreleased and os.path.exists(golden_path(name, "simplejwt-main")):
            alt = json.load(open(golden_path(name, "simplejwt-main"), encoding="utf-8"))["profiles"]
        for prof in data["profiles"]:
            pname = prof["name"]
            if not wanted(opts.only, pname) or (opts.skip and wanted(opts.skip, pname)):
                continue
            c = {"pass": 0, "fail": 0, "warn": 0, "steps": 0, "bad": 0, "skip": 0}
            run = Runner(data, prof, opts, gold["pins"])
            scenarios = [s for s in prof["scenarios"] if wanted(opts.only, pname, s["name"])]
            try:
                try:
                    run.start()
                except Skip as e:
                    c["skip"] = len(scenarios)
                    scenarios = []
                    print("SKIP %s/%s: %s" % (name, pname, e))
                except Exception as e:
                    for sc in scenarios:
                        n = len(gold["profiles"][pname][sc["name"]])
                        c["fail"] += 1
                        c["steps"] += n
                        c["bad"] += n
                    scenarios = []
                    print("FAIL %s/%s: the server did not start: %s" % (name, pname, e))
                    report.append({"set": name, "profile": pname, "error": str(e)})
                for sc in scenarios:
                    want = gold["profiles"][pname][sc["name"]]
                    try:
                        got = run.scenario(sc)
                    except Skip as e:
                        c["skip"] += 1
                        if opts.verbose:
                            print("SKIP %s/%s/%s: %s" % (name, pname, sc["name"], e))
                        continue
                    by = {g["step"]: g for g in got}
                    other = {g["step"]: g for g in alt.get(pname, {}).get(sc["name"], [])}
                    failed = False
                    for w in want:
                        c["steps"] += 1
                        g = by.get(w["step"], {"harness error": "no result"})
                        diffs, remark = judge(w, g, other.get(w["step"]))
                        if remark:
                            total["remarks"] += 1
                            if opts.verbose:
                                print("note %s/%s/%s step %d: %s" % (name, pname, sc["name"], w["step"], remark))
                        if not diffs:
                            continue
                        advisory = step_level(sc, w["step"]) == "advisory"
                        word = "WARN" if advisory else "FAIL"
                        if advisory:
                            c["warn"] += 1
                        else:
                            c["bad"] += 1
                            failed = True
                        print("%s %s/%s/%s step %d: %s" % (word, name, pname, sc["name"], w["step"], w["what"]))
                        for path, e, a in diffs[:12]:
                            print("       %s\n         expected: %s\n         got:      %s" % (path.lstrip("."), short(e), short(a)))
                        report.append({"set": name, "profile": pname, "scenario": sc["name"], "step": w["step"], "what": w["what"],
                                       "level": word, "diffs": [{"path": p, "expected": e, "got": a} for p, e, a in diffs]})
                    c["fail" if failed else "pass"] += 1
            finally:
                run.stop()
            table.append((name, pname, c))
            for k in c:
                total[k] += c[k]
            if opts.verbose:
                print("done %s/%s: %s" % (name, pname, c), flush=True)
    print()
    print("%-8s %-24s %10s %10s %8s %6s %6s" % ("set", "profile", "scenarios", "checks", "failed", "warn", "skip"))
    for name, pname, c in table:
        print("%-8s %-24s %6d/%-3d %6d/%-3d %8d %6d %6d" % (name, pname, c["pass"], c["pass"] + c["fail"], c["steps"] - c["bad"],
                                                         c["steps"], c["bad"], c["warn"], c["skip"]))
    print("TOTAL scenarios %d passed, %d failed, %d skipped; checks %d of %d passed, %d advisory warnings, %d remarks" % (
        total["pass"], total["fail"], total["skip"], total["steps"] - total["bad"], total["steps"], total["warn"], total["remarks"]))
    if opts.report:
        json.dump({"total": total, "failures": report}, open(opts.report, "w"), indent=1, ensure_ascii=False)
    if opts.keep or total["fail"]:
        print("logs and databases:", opts.work)
    else:
        shutil.rmtree(opts.work, ignore_errors=True)
    return 1 if total["fail"] or not total["steps"] else 0


def show(opts):
    for name in sets(opts):
        data = load(name)
        gold = json.load(open(golden_path(name), encoding="utf-8"))["profiles"]
        for p in data["profiles"]:
            if not wanted(opts.only, p["name"]):
                continue
            print("\n=== %s / %s   env %s" % (name, p["name"], json.dumps(p.get("env", {}))[:300]))
            for sc in p["scenarios"]:
                if not wanted(opts.only, p["name"], sc["name"]):
                    continue
                print("\n--- %s   users %s" % (sc["name"], json.dumps(sc.get("users", []), ensure_ascii=False)))
                res = {g["step"]: g for g in gold[p["name"]][sc["name"]]}
                for i, s in enumerate(sc["steps"]):
                    print("  %2d %s" % (i, json.dumps(s, ensure_ascii=False)[:600]))
                    if i in res:
                        print("     => " + json.dumps({k: x for k, x in res[i].items() if k not in ("step", "what")}, ensure_ascii=False))


def listing(opts):
    grand = [0, 0, 0, 0]
    for name in sets(opts):
        data = load(name)
        t = [0, 0, 0]
        for p in data["profiles"]:
            n = sum(len(s["steps"]) for s in p["scenarios"])
            k = sum(1 for s in p["scenarios"] for x in s["steps"] if "do" in x or "query" in x)
            print("%-8s %-24s %-7s %3d scenarios %4d steps (%d compared)" % (name, p["name"], p["peer"], len(p["scenarios"]), n, k))
            t = [t[0] + len(p["scenarios"]), t[1] + n, t[2] + k]
        print("%-8s TOTAL %d profiles, %d scenarios, %d steps, %d compared\n" % (name, len(data["profiles"]), *t))
        grand = [grand[0] + len(data["profiles"]), grand[1] + t[0], grand[2] + t[1], grand[3] + t[2]]
    print("all      %d profile runs, %d scenarios, %d steps, %d compared" % tuple(grand))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = ap.add_subparsers(dest="cmd", required=True)
    for c in ("record", "check", "show", "list"):
        p = sub.add_parser(c)
        p.add_argument("--set", default="visible", choices=["visible", "extra"])
        p.add_argument("--only", "--profile", action="append", help="PROFILE or PROFILE/SCENARIO, * allowed, repeatable")
        if c in ("record", "check"):
            p.add_argument("--db", help="sqlite:///abs/path or postgres://... (its schema is dropped; the name must contain 'contract')")
            p.add_argument("--work", help="directory for logs and sqlite files")
            p.add_argument("--peer-path", help="put this directory first on the Django peer's PYTHONPATH")
        if c == "record":
            p.add_argument("--tag", default="", help="write golden/SET.TAG.json")
        if c == "check":
            p.add_argument("--start", required=True, help="command that starts the server; {port} is replaced")
            p.add_argument("--migrate", default="", help="command that creates the tables (default: none)")
            p.add_argument("--manage", default="", help="management command prefix, e.g. './server' for './server flushexpiredtokens'")
            p.add_argument("--peer-start", default="", help="command that starts a Django peer for the interop profile")
            p.add_argument("--skip", action="append", help="profiles to leave out")
            p.add_argument("--accept-unreleased", action="store_true", help="also accept what simplejwt's git main answers")
            p.add_argument("--report", help="write the failures as JSON")
            p.add_argument("--verbose", "-v", action="store_true")
            p.add_argument("--keep", action="store_true")
    o = ap.parse_args()
    if o.cmd == "record":
        record(o)
    elif o.cmd == "check":
        sys.exit(check(o))
    elif o.cmd == "show":
        show(o)
    else:
        listing(o)


if __name__ == "__main__":
    main()
