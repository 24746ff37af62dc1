#!/usr/bin/env python3
"""Checks for every algorithm that PyJWT accepts the server's tokens, and the server accepts PyJWT's tokens.

  pyjwt_check.py MANAGE      MANAGE is the server's binary

For each algorithm the server is started with a new database and a new key.
"""
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

CURVES = {"ES256": ec.SECP256R1, "ES256K": ec.SECP256K1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}
ALGORITHMS = [f"{family}{bits}" for family in ("HS", "RS", "PS") for bits in (256, 384, 512)] + [*CURVES, "EdDSA"]
SECRET = "a secret that is long enough for every one of the HMAC algorithms: 64+"


def keys(algorithm):
    """Returns the key that signs and the key that verifies, as texts."""
    if algorithm.startswith("HS"):
        return SECRET, SECRET
    if algorithm in CURVES:
        private = ec.generate_private_key(CURVES[algorithm]())
    elif algorithm == "EdDSA":
        private = ed25519.Ed25519PrivateKey.generate()
    else:
        private = rsa.generate_private_key(65537, 2048)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return pem, private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def call(port, path, body=None, token=None):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Content-Type": "application/json"})
    if body is not None:
        request.data = json.dumps(body).encode()
    if token is not None:
        request.add_header("Authorization", "Bearer " + token)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def check(manage, algorithm, folder, port):
    private, public = keys(algorithm)
    env = dict(
        os.environ,
        SECRET_KEY=SECRET,
        DATABASE_URL=f"sqlite://{folder}/{algorithm}.sqlite3",
        PASSWORD_HASHERS="MD5PasswordHasher",
        SIMPLE_JWT_ALGORITHM=algorithm,
        DJANGO_SUPERUSER_PASSWORD="pyjwt-check-1",
    )
    if not algorithm.startswith("HS"):
        env.update(SIMPLE_JWT_SIGNING_KEY=private, SIMPLE_JWT_VERIFYING_KEY=public)
    run = dict(env=env, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.run([manage, "migrate"], check=True, **run)
    create = [manage, "createsuperuser", "--noinput", "--username", "root", "--email", "root@example.com"]
    subprocess.run(create, check=True, **run)
    server = subprocess.Popen([manage, "runserver", f"127.0.0.1:{port}"], **run)
    try:
        for _ in range(200):
            try:
                call(port, "/api/protected/")
                break
            except OSError:
                time.sleep(0.05)
        status, pair = call(port, "/api/token/", {"username": "root", "password": "pyjwt-check-1"})
        assert status == 200, (status, pair)
        ours = jwt.decode(pair["access"], public, algorithms=[algorithm])
        assert ours["token_type"] == "access", ours
        assert jwt.get_unverified_header(pair["access"]) == {"alg": algorithm, "typ": "JWT"}
        claims = dict(ours, jti=uuid.uuid4().hex)
        status, body = call(port, "/api/protected/", token=jwt.encode(claims, private, algorithm=algorithm))
        assert (status, body.get("user")) == (200, "root"), (status, body)
        other = jwt.encode(claims, keys(algorithm)[0] + ("x" if algorithm.startswith("HS") else ""), algorithm=algorithm)
        status, body = call(port, "/api/protected/", token=other)
        assert (status, body.get("code")) == (401, "token_not_valid"), (status, body)
    finally:
        server.terminate()
        server.wait(30)


def main(manage):
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for number, algorithm in enumerate(ALGORITHMS):
            try:
                check(manage, algorithm, folder, 18300 + number)
                print(f"{algorithm:7} ok")
            except Exception as error:  # noqa: BLE001 - all algorithms are tried
                failed += 1
                print(f"{algorithm:7} FAILED {error!r}")
    print(f"{len(ALGORITHMS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(os.path.abspath(sys.argv[1])))
