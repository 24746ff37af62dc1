"""Tokens, passwords and user names, all made from a number, and checks of the tokens in answers."""
import base64
import functools
import hashlib
import hmac
import json
import time

SECRET_KEY = "a-key-for-benchmarks-of-more-than-fifty-characters-0123456789abcdef"
PASSWORD = "correct horse 1"
DAY = 86400
# One time for the whole run, so that a token is the same wherever it is made.
STARTED = int(time.time())


def _base64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _sign(text):
    return _base64(hmac.new(SECRET_KEY.encode(), text.encode(), hashlib.sha256).digest())


def jti(kind, number):
    return hashlib.md5(("%s %d" % (kind, number)).encode()).hexdigest()


def token(kind, number, user_id):
    """The `number`th token of this kind, valid for a day."""
    claims = {"token_type": kind, "exp": STARTED + DAY, "iat": STARTED, "jti": jti(kind, number), "user_id": str(user_id)}
    parts = [{"alg": "HS256", "typ": "JWT"}, claims]
    text = ".".join(_base64(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    return text + "." + _sign(text)


def problem_of(text, kind):
    """The problem with a token that a server made, or None."""
    signed, _, signature = text.rpartition(".")
    if _sign(signed) != signature:
        return "wrong signature"
    payload = signed.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    if claims["token_type"] != kind or not claims["user_id"] or len(claims["jti"]) != 32:
        return "wrong claims: %s" % claims
    return None if claims["exp"] > time.time() else "expired"


@functools.lru_cache(None)
def pbkdf2_sha256():
    """`PASSWORD` as Django 5.2 stores it."""
    salt, iterations = "abcdefghijklmnopqrstuv", 1000000
    digest = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), salt.encode(), iterations)
    return "pbkdf2_sha256$%d$%s$%s" % (iterations, salt, base64.b64encode(digest).decode())


@functools.lru_cache(None)
def bcrypt_sha256():
    """`PASSWORD` as Django's BCryptSHA256PasswordHasher stores it."""
    import bcrypt

    digest = hashlib.sha256(PASSWORD.encode()).hexdigest().encode()
    return "bcrypt_sha256$" + bcrypt.hashpw(digest, bcrypt.gensalt(12)).decode()
