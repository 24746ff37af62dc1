import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models


class Person(AbstractUser):
    """Django's user with a UUID as key, a column for the tenant, and a table with another name."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.CharField(max_length=50, db_column="tenant_code", default="main")

    class Meta:
        db_table = "portal_people"
        verbose_name_plural = "people"
