"""Deliberate defects, which prove that the suite finds them. With CONTRACT_BREAK=name, `contract.py check` with the peer as
the server must fail."""
import base64
import json
import os
import uuid


def apply():
    name = os.environ.get("CONTRACT_BREAK")
    if name:
        DEFECTS[name]()


def user_id_number():
    from rest_framework_simplejwt import tokens

    old = tokens.Token.for_user.__func__

    def for_user(cls, user):
        t = old(cls, user)
        t["user_id"] = int(t["user_id"])
        return t

    tokens.Token.for_user = classmethod(for_user)


def jti_dashes():
    from rest_framework_simplejwt import tokens

    def set_jti(self):
        self.payload["jti"] = str(uuid.uuid4())

    tokens.Token.set_jti = set_jti


def same_jti_after_rotation():
    from rest_framework_simplejwt import tokens

    old = tokens.Token.set_jti

    def set_jti(self):
        if "jti" not in self.payload:
            old(self)

    tokens.Token.set_jti = set_jti


def no_outstanding_on_rotation():
    from rest_framework_simplejwt import tokens

    tokens.RefreshToken.outstand = lambda self: None


def blacklist_ignored():
    from rest_framework_simplejwt import tokens

    tokens.BlacklistMixin.check_blacklist = lambda self: None


def exp_off_by_one_minute():
    from datetime import timedelta

    from rest_framework_simplejwt import tokens

    tokens.AccessToken.lifetime += timedelta(seconds=60)


def alg_none_accepted():
    from rest_framework_simplejwt import backends

    old = backends.TokenBackend.decode

    def decode(self, token, verify=True):
        raw = token if isinstance(token, bytes) else token.encode()
        try:
            h, p, _ = raw.split(b".")
            pad = lambda x: base64.urlsafe_b64decode(x + b"=" * (-len(x) % 4))
            if json.loads(pad(h))["alg"].lower() == "none":
                return json.loads(pad(p))
        except Exception:
            pass
        return old(self, token, verify)

    backends.TokenBackend.decode = decode


def inactive_allowed():
    from rest_framework_simplejwt.settings import api_settings

    api_settings.CHECK_USER_IS_ACTIVE = False


def case_blind_scheme():
    from rest_framework_simplejwt import authentication as a

    old = a.JWTAuthentication.get_raw_token

    def get_raw_token(self, header):
        parts = header.split(None, 1)
        if parts and parts[0].lower() == b"bearer":
            header = b"Bearer " + b"".join(parts[1:])
        return old(self, header)

    a.JWTAuthentication.get_raw_token = get_raw_token


def no_www_authenticate():
    from rest_framework.views import APIView
    from rest_framework_simplejwt.views import TokenViewBase

    old = APIView.finalize_response

    def finalize_response(self, *a, **k):
        r = old(self, *a, **k)
        r.headers.pop("WWW-Authenticate", None)
        return r

    APIView.finalize_response = finalize_response


def no_hash_upgrade():
    from django.contrib.auth import hashers

    for c in ("PBKDF2PasswordHasher", "PBKDF2SHA1PasswordHasher", "Argon2PasswordHasher", "BCryptPasswordHasher", "BCryptSHA256PasswordHasher", "ScryptPasswordHasher"):
        getattr(hashers, c).must_update = lambda self, encoded: False
    from django.contrib.auth.base_user import AbstractBaseUser

    AbstractBaseUser.check_password = lambda self, raw: hashers.check_password(raw, self.password)


def not_trimmed():
    from rest_framework import fields

    old = fields.CharField.__init__

    def init(self, **k):
        old(self, **k)
        self.trim_whitespace = False

    fields.CharField.__init__ = init


def new_authtoken_each_time():
    from rest_framework.authtoken import views

    class Fresh(views.ObtainAuthToken):
        def post(self, request, *a, **k):
            s = self.get_serializer(data=request.data)
            s.is_valid(raise_exception=True)
            views.Token.objects.filter(user=s.validated_data["user"]).delete()
            return views.Response({"token": views.Token.objects.create(user=s.validated_data["user"]).key})

    from refsite import urls

    for p in urls.urlpatterns:
        if "authtoken" in str(p.pattern):
            p.callback = Fresh.as_view()


def other_message():
    from rest_framework_simplejwt import serializers

    serializers.TokenObtainSerializer.default_error_messages["no_active_account"] = "Invalid credentials"


DEFECTS = {k: v for k, v in list(globals().items()) if callable(v) and getattr(v, "__module__", "") == __name__ and k != "apply"}
