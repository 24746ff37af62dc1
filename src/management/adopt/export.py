"""Prints a Django project's settings as JSON, for `manage adopt --settings`. Changes nothing in the project.

    manage adopt --export | python manage.py shell -v 0 > settings.json

It works on Django 4.2 and later. The output has the project's secrets in it; `_secrets` says where.
"""

def _export():
    import inspect
    import json
    import os
    import re
    import sys
    from collections.abc import Mapping
    from datetime import timedelta

    import django
    from django.apps import apps
    from django.conf import global_settings, settings
    from django.urls import get_resolver

    problems = []
    secrets = []

    def attempt(what, function, default=None):
        # One part that fails must not take the others with it.
        try:
            return function()
        except Exception as error:
            problems.append("%s: %s: %s" % (what, type(error).__name__, error))
            return default

    def dotted(thing):
        return "%s.%s" % (getattr(thing, "__module__", "?"), getattr(thing, "__qualname__", "?"))

    def pem(key):
        # PyJWT takes keys that are parsed already.
        from cryptography.hazmat.primitives import serialization as form

        if hasattr(key, "private_bytes"):
            return key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()).decode()
        return key.public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo).decode()

    def plain(value, depth=0):
        """The value as JSON has it; its `repr` where JSON has nothing like it."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int):
            return int(value)
        if isinstance(value, float):
            return value if value == value and abs(value) != float("inf") else repr(value)
        if isinstance(value, str):
            # An odd surrogate cannot be written as UTF-8.
            return str(value).encode("utf-8", "backslashreplace").decode("utf-8")
        if isinstance(value, bytes):
            return value.decode("utf-8", "backslashreplace")
        if isinstance(value, timedelta):
            return value.total_seconds()
        if isinstance(value, type) or inspect.isroutine(value):
            return dotted(value)
        if depth > 20:
            return repr(value)
        if isinstance(value, Mapping):
            return {str(key): plain(item, depth + 1) for key, item in value.items()}
        if isinstance(value, (set, frozenset)):
            return sorted((plain(item, depth + 1) for item in value), key=repr)
        if isinstance(value, (list, tuple)):
            return [plain(item, depth + 1) for item in value]
        if isinstance(value, re.Pattern):
            return value.pattern
        if hasattr(value, "private_bytes") or hasattr(value, "public_bytes"):
            return pem(value)
        if hasattr(value, "__fspath__"):
            return str(value)
        if type(value).__name__ == "__proxy__":
            return str(value)
        return repr(value)

    def safe(value):
        try:
            return plain(value)
        except Exception as error:
            try:
                return repr(value)
            except Exception:
                return "<%s: %s>" % (type(value).__name__, type(error).__name__)

    is_secret = re.compile("API|TOKEN|KEY|SECRET|PASS|SIGNATURE|CREDENTIAL|DSN", re.I).search
    # Settings whose names look like secrets and whose values are not.
    is_harmless = re.compile(r"(LIFETIME|CLAIM|CLASS|CLASSES|TYPES|HANDLER|SERIALIZER|HASHERS|VALIDATORS|TIMEOUT|AGE|NAME|DELTA|"
                             r"ENABLED|HEADERS?|REQUIRED|PREFIX|PATH|TOKENS|ROTATION|VERSION|FUNCTION|_KEY_FUNC)$", re.I).search
    has_password = re.compile(r"^[a-z][a-z0-9+.-]*://[^/@\s]*:[^/@\s]+@", re.I).search

    def mark(path, value):
        if isinstance(value, dict):
            for key, item in value.items():
                mark(path + [key], item)
        elif isinstance(value, list):
            for at, item in enumerate(value):
                mark(path + [str(at)], item)
        elif isinstance(value, str) and value:
            named = any(is_secret(part) and not is_harmless(part) for part in path)
            if named or has_password(value):
                secrets.append(".".join(path))

    def all_settings():
        chosen, defaults = {}, {}
        for name in sorted(dir(settings)):
            if not name.isupper() or name == "SETTINGS_MODULE":
                continue
            try:
                value = getattr(settings, name)
            except Exception as error:
                problems.append("%s: %s: %s" % (name, type(error).__name__, error))
                continue
            try:
                is_default = hasattr(global_settings, name) and getattr(global_settings, name) == value
            except Exception:
                is_default = False
            if is_default:
                if not name.startswith("LANGUAGES"):
                    defaults[name] = safe(value)
            else:
                chosen[name] = safe(value)
        return chosen, defaults

    def package_defaults():
        found = {}
        for name, module in (("REST_FRAMEWORK", "rest_framework.settings"), ("SIMPLE_JWT", "rest_framework_simplejwt.settings"),
                             ("JWT_AUTH", "rest_framework_jwt.settings")):
            try:
                found[name] = safe(getattr(__import__(module, fromlist=["DEFAULTS"]), "DEFAULTS"))
            except Exception:
                pass
        return found

    def user_model():
        from django.contrib.auth import get_user_model

        model = get_user_model()
        meta = model._meta
        fields = []
        for field in meta.concrete_fields:
            field_type = (field.target_field if field.is_relation else field).get_internal_type()
            fields.append({
                "name": field.attname, "column": field.column, "type": field_type, "null": bool(field.null),
                "unique": bool(field.unique), "max_length": safe(getattr(field, "max_length", None)),
                "has_default": bool(field.has_default() or field.primary_key),
            })

        def through(name):
            try:
                return meta.get_field(name).remote_field.through._meta.db_table
            except Exception:
                return None

        return {
            "label": "%s.%s" % (meta.app_label, meta.object_name), "class": dotted(model), "table": meta.db_table,
            "pk": meta.pk.attname, "fields": fields,
            "USERNAME_FIELD": model.USERNAME_FIELD,
            "EMAIL_FIELD": safe(getattr(model, "EMAIL_FIELD", None)),
            "REQUIRED_FIELDS": safe(list(getattr(model, "REQUIRED_FIELDS", []))),
            "groups_table": through("groups"), "permissions_table": through("user_permissions"),
        }

    def base_names(view):
        """The classes of packages that a view is made of, the nearest first."""
        return [dotted(base) for base in inspect.getmro(view)[1:]
                if base.__module__.split(".")[0] in ("rest_framework", "rest_framework_simplejwt", "rest_framework_jwt", "djoser",
                                                     "dj_rest_auth")]

    def path_of(text):
        """A pattern as a path: `^users/(?P<pk>[0-9]+)/$` is `users/<pk>/`."""
        out, depth, name = [], 0, None
        at = 0
        while at < len(text):
            c = text[at]
            if c == "\\" and at + 1 < len(text):
                if depth == 0 and text[at + 1] not in "AZbBdDsSwW":
                    out.append(text[at + 1])
                at += 2
                continue
            if c == "(":
                if depth == 0:
                    named = re.match(r"\(\?P<(\w+)>", text[at:])
                    name = named.group(1) if named else ("" if text.startswith("(?", at) else "value")
                depth += 1
            elif c == ")":
                depth -= 1
                if depth == 0:
                    if name:
                        out.append("<%s>" % name)
                    if text[at + 1:at + 2] in ("?", "*", "+"):
                        at += 1
            elif depth == 0 and c == "?" and out:
                # What may be left out, such as the last slash of a router's formats.
                out.pop()
            elif depth == 0 and c not in "^$":
                out.append(c)
            at += 1
        return "".join(out)

    def routes():
        found = []

        def walk(patterns, prefix, namespaces):
            for entry in patterns:
                is_regex = hasattr(entry.pattern, "_regex")
                text = str(entry.pattern)
                path = prefix + (path_of(text) if is_regex else text)
                if hasattr(entry, "url_patterns"):
                    inner = namespaces + [entry.namespace] if entry.namespace else namespaces
                    walk(entry.url_patterns, path, inner)
                    continue
                view = entry.callback
                cls = getattr(view, "cls", None) or getattr(view, "view_class", None)
                row = {"path": path, "view": dotted(cls or view)}
                if entry.name:
                    row["name"] = ":".join(namespaces + [entry.name])
                elif namespaces:
                    row["namespace"] = ":".join(namespaces)
                if cls is not None:
                    actions = getattr(view, "actions", None)
                    methods = actions or [m for m in ("get", "post", "put", "patch", "delete") if hasattr(cls, m)]
                    row["methods"] = sorted(method.upper() for method in methods)
                    row["bases"] = base_names(cls)
                    for key in ("authentication_classes", "permission_classes", "throttle_classes"):
                        value = cls.__dict__.get(key)
                        if value is not None:
                            row[key] = safe(list(value))
                    if getattr(cls, "throttle_scope", None):
                        row["throttle_scope"] = safe(cls.throttle_scope)
                found.append(row)

        walk(get_resolver().url_patterns, "", [])
        return found

    def source(function):
        try:
            return inspect.cleandoc("\n" + inspect.getsource(function))
        except Exception:
            return None

    def is_foreign(module):
        return module.split(".")[0] in ("rest_framework", "rest_framework_simplejwt", "rest_framework_jwt", "django")

    def serializer_overrides():
        """Serializers of the token packages that the project has replaced or derived from, with the methods it wrote."""
        from django.utils.module_loading import import_string

        classes = []
        defaults = package_defaults().get("SIMPLE_JWT", {})
        chosen = getattr(settings, "SIMPLE_JWT", {}) or {}
        for key, value in {**defaults, **chosen}.items():
            if key.endswith("_SERIALIZER") and isinstance(value, str):
                cls = attempt("SIMPLE_JWT[%r]" % key, lambda: import_string(value))
                if cls is not None:
                    classes.append(("SIMPLE_JWT." + key, cls))
        for row in walk_views():
            classes.append(row)
        found, seen = [], set()
        for where, cls in classes:
            if not isinstance(cls, type) or is_foreign(cls.__module__) or (where, cls) in seen:
                continue
            seen.add((where, cls))
            methods = {}
            for base in inspect.getmro(cls):
                if is_foreign(base.__module__) or base is object:
                    continue
                for name in ("get_token", "validate", "for_user"):
                    if name in base.__dict__ and name not in methods:
                        methods[name] = source(getattr(base, name))
            found.append({"where": where, "class": dotted(cls), "bases": base_names(cls), "methods": methods})
        return found

    def walk_views():
        found = []

        def walk(patterns):
            for entry in patterns:
                if hasattr(entry, "url_patterns"):
                    walk(entry.url_patterns)
                    continue
                cls = getattr(entry.callback, "cls", None) or getattr(entry.callback, "view_class", None)
                if cls is None:
                    continue
                bases = base_names(cls)
                if not any(base.startswith(("rest_framework_simplejwt.", "rest_framework_jwt.", "rest_framework.authtoken."))
                           for base in bases + [dotted(cls)]):
                    continue
                serializer = getattr(cls, "serializer_class", None)
                if isinstance(serializer, type):
                    found.append((dotted(cls), serializer))

        walk(get_resolver().url_patterns)
        return found

    def hashers():
        from django.contrib.auth.hashers import get_hashers

        return [{"class": dotted(type(hasher)), "algorithm": safe(getattr(hasher, "algorithm", None)),
                 "iterations": safe(getattr(hasher, "iterations", getattr(hasher, "rounds", None)))} for hasher in get_hashers()]

    def sample_token():
        """A token that Django signs with its key. It names no user and has expired, so nothing accepts it."""
        from rest_framework_simplejwt.tokens import AccessToken

        token = AccessToken()
        token["iat"], token["exp"] = 1, 2
        token["sample"] = True
        return str(token)

    def sample_legacy_token():
        from rest_framework_jwt.settings import api_settings

        token = api_settings.JWT_ENCODE_HANDLER({"exp": 2, "sample": True})
        return token.decode() if isinstance(token, bytes) else token

    def legacy_is_used():
        return "rest_framework_jwt" in sys.modules

    def installed_apps():
        versions = {}
        try:
            from importlib import metadata

            try:
                owners = metadata.packages_distributions()
            except AttributeError:
                owners = {}
            known = {"rest_framework": "djangorestframework", "rest_framework_simplejwt": "djangorestframework-simplejwt",
                     "rest_framework_jwt": "djangorestframework-jwt", "corsheaders": "django-cors-headers",
                     "django": "Django", "jwt": "PyJWT", "django_redis": "django-redis"}
            names = [config.name.split(".")[0] for config in apps.get_app_configs()]
            for name in sorted(set(names + list(known))):
                for owner in [known.get(name)] + list(owners.get(name, [])):
                    try:
                        versions[name] = metadata.version(owner)
                        break
                    except Exception:
                        pass
        except Exception as error:
            problems.append("versions of packages: %s" % error)
        rows = [{"name": config.name, "label": config.label, "class": dotted(type(config))} for config in apps.get_app_configs()]
        return rows, versions

    def backend_classes(names):
        from django.utils.module_loading import import_string

        found = {}
        for name in names:
            cls = attempt(name, lambda: import_string(name))
            if isinstance(cls, type):
                found[name] = [dotted(base) for base in inspect.getmro(cls)[1:] if base is not object]
        return found

    chosen, defaults = all_settings()
    export = dict(chosen)
    rows, versions = attempt("INSTALLED_APPS", installed_apps, ([], {}))
    export["_export"] = {"format": 1, "django": django.get_version(), "python": sys.version.split()[0],
                         "directory": os.getcwd()}
    export["_apps"] = rows
    export["_packages"] = versions
    export["_user_model"] = attempt("the user model", user_model)
    export["_urls"] = attempt("the URLs", routes, [])
    export["_serializers"] = attempt("the serializers", serializer_overrides, [])
    export["_hashers"] = attempt("PASSWORD_HASHERS", hashers, [])
    export["_backends"] = attempt("AUTHENTICATION_BACKENDS", lambda: backend_classes(settings.AUTHENTICATION_BACKENDS), {})
    if apps.is_installed("rest_framework_simplejwt") or "rest_framework_simplejwt" in sys.modules:
        export["_sample_token"] = attempt("a sample token", sample_token)
    if legacy_is_used():
        export["_sample_legacy_token"] = attempt("a sample token of rest_framework_jwt", sample_legacy_token)
    export["_own"] = [name for name in chosen if not hasattr(global_settings, name)]
    export["_defaults"] = defaults
    export["_package_defaults"] = package_defaults()
    for name, value in chosen.items():
        mark([name], value)
    export["_secrets"] = secrets
    export["_problems"] = problems
    sys.stdout.write(json.dumps(export, indent=1, ensure_ascii=True, default=repr) + "\n")


_export()
del _export
