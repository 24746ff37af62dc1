"""Run by the Django of a project: reads the rows that both servers have made, with Django's own classes."""

import json
import os
import sys
from datetime import timedelta

sys.path.insert(0, os.getcwd())
os.environ["DJANGO_SETTINGS_MODULE"] = sys.argv[1]

import django

django.setup()

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import identify_hasher
from rest_framework.authtoken.models import Token
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken
from rest_framework_simplejwt.utils import datetime_from_epoch

spent = set(BlacklistedToken.objects.values_list("token__jti", flat=True))
for row in OutstandingToken.objects.select_related("user"):
    # The signature, `exp`, `iss` and `aud` are checked; the blacklist is compared below.
    RefreshToken.check_blacklist = lambda token: None
    payload = RefreshToken(row.token).payload
    assert payload["jti"] == row.jti and len(row.jti) == 32, row.jti
    assert payload["token_type"] == "refresh", payload
    assert payload["user_id"] == str(row.user.pk), (payload, row.user.pk)
    assert datetime_from_epoch(payload["exp"]) == row.expires_at, (payload, row.expires_at)
    assert row.expires_at.microsecond == 0, row.expires_at
    lifetime = row.expires_at - row.created_at
    assert abs(lifetime - api_settings.REFRESH_TOKEN_LIFETIME) < timedelta(seconds=2), lifetime

for user in get_user_model().objects.filter(is_active=True):
    identify_hasher(user.password)
    if api_settings.UPDATE_LAST_LOGIN:
        assert user.last_login is not None, user
    assert Token.objects.filter(user=user).exists(), user

print(
    json.dumps(
        {
            "outstanding": OutstandingToken.objects.count(),
            "blacklisted": len(spent),
            "keys": Token.objects.count(),
        }
    )
)
