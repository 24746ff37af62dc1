"""Run by the Django of a project: makes the users of the live clients, given as JSON in the second argument."""

import json
import os
import sys

sys.path.insert(0, os.getcwd())
os.environ["DJANGO_SETTINGS_MODULE"] = sys.argv[1]

import django

django.setup()

from django.contrib.auth import get_user_model

User = get_user_model()
for number, user in enumerate(json.loads(sys.argv[2]), start=1):
    fields = {User.USERNAME_FIELD: user["name"], "password": user["password"]}
    if User.USERNAME_FIELD == "email":
        fields["full_name"] = f"User {number}"
    else:
        fields |= {"email": user["name"], "first_name": "User", "last_name": str(number)}
    if user["claims"]:
        fields["tenant"] = user["claims"]["tenant"]
    User.objects.create_user(**fields)
