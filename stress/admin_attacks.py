#!/usr/bin/env python3
"""Attacks on the admin site, sessions and CSRF of a running server. No answer may give anything away.

    admin_attacks.py --manage target/release/manage [--database postgres://user@host/postgres] [--port 0] [--verbose]

The program makes users with few permissions, groups with markup in their names and a log with hostile texts. It then sends
forged cookies, forged forms, parameters beyond every limit and requests for pages that the user may not see. A status of 500 or
more, a panic in the log of the server, markup that was not escaped, or a change that was not allowed is a failure. The exit code
is 1 if there was a failure.
"""
import argparse
import base64
import hashlib
import hmac
import html
import http.client
import json
import os
import re
import socket
import sys
import time
import urllib.parse
import zlib

from service import SECRET_KEY, Database, Service

PASSWORD = "correct horse 1"
MARKUP = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Report:
    def __init__(self, verbose):
        self.verbose, self.count, self.problems = verbose, 0, []

    def check(self, is_fine, text):
        self.count += 1
        if not is_fine:
            self.problems.append(text)
            print("FAILED", text)
        elif self.verbose:
            print("ok", text)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        self.text = body.decode("utf-8", "replace")

    def get(self, name):
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def cookies(self):
        lines = [value for key, value in self.headers if key.lower() == "set-cookie"]
        return dict(line.split(";")[0].split("=", 1) for line in lines)


class Browser:
    """A browser without scripts."""

    def __init__(self, port, report):
        self.port, self.report, self.cookies = port, report, {}

    def send(self, method, path, body=None, headers=None, cookies=None):
        headers = dict(headers or {})
        jar = self.cookies if cookies is None else cookies
        if jar and "Cookie" not in headers:
            headers["Cookie"] = "; ".join("%s=%s" % pair for pair in jar.items())
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection._encode_request = lambda request: request.encode("latin-1")
        connection._validate_path = lambda path: None
        try:
            try:
                connection.request(method, path, body, headers)
            except (BrokenPipeError, ConnectionResetError):
                pass
            response = connection.getresponse()
            answer = Answer(response.status, response.getheaders(), response.read())
        except (http.client.HTTPException, OSError) as error:
            self.report.check(False, "%s %.80s: no answer: %r" % (method, path, error))
            return Answer(599, [], b"")
        finally:
            connection.close()
        self.report.check(answer.status < 500, "%s %.120s %.60r -> %d" % (method, path, body, answer.status))
        is_page = "html" in (answer.get("Content-Type") or "")
        self.report.check(not is_page or ("<script>alert" not in answer.text and "<img src=x" not in answer.text),
                          "%s %.120s: markup is escaped" % (method, path))
        self.report.check("panicked" not in answer.text and "SELECT " not in answer.text,
                          "%s %.120s: no details of the server" % (method, path))
        if cookies is None:
            for name, value in answer.cookies().items():
                if value.strip('"'):
                    self.cookies[name] = value
                else:
                    self.cookies.pop(name, None)
        return answer

    def get(self, path, **options):
        return self.send("GET", path, **options)

    def post(self, path, fields=(), token=True, **options):
        fields = list(fields.items()) if isinstance(fields, dict) else list(fields)
        if token:
            fields.append(("csrfmiddlewaretoken", self.cookies.get("csrftoken", "")))
        headers = {"Content-Type": "application/x-www-form-urlencoded", **options.pop("headers", {})}
        return self.send("POST", path, urllib.parse.urlencode(fields), headers=headers, **options)

    def login(self, username, password=PASSWORD, next=None):
        self.get("/admin/login/")
        fields = {"username": username, "password": password}
        if next is not None:
            fields["next"] = next
        return self.post("/admin/login/", fields)


def signed(value, salt, key=SECRET_KEY, compress=False, raw=None):
    """As django.core.signing.dumps."""
    data = raw if raw is not None else json.dumps(value, separators=(",", ":")).encode("latin-1")
    text = base64.urlsafe_b64encode(zlib.compress(data) if compress else data).rstrip(b"=").decode()
    text = ("." if compress else "") + text
    return stamped(text, salt, key)


def stamped(text, salt, key=SECRET_KEY):
    seconds, stamp = int(time.time()), ""
    while seconds:
        seconds, digit = divmod(seconds, 62)
        stamp = ALPHABET[digit] + stamp
    text += ":" + stamp
    derived = hashlib.sha256((salt + "signer").encode() + key.encode()).digest()
    digest = hmac.new(derived, text.encode(), hashlib.sha256).digest()
    return text + ":" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def quoted(text):
    return text.replace("'", "''")


class Attack:
    def __init__(self, database, service, port, report):
        self.database, self.service, self.port, self.report = database, service, port, report
        self.check = report.check

    def browser(self, username=None):
        browser = Browser(self.port, self.report)
        if username:
            answer = browser.login(username)
            self.check(answer.status == 302, "%s logs in (%d)" % (username, answer.status))
        return browser

    def rows(self, table):
        return sorted(self.database.query("SELECT * FROM " + table))

    def user(self, name):
        return self.database.query("SELECT id FROM auth_user WHERE username = '%s'" % quoted(name))[0][0]

    def give(self, user, *permissions):
        for name in permissions:
            app, codename = name.split(".")
            self.database.query(
                "INSERT INTO auth_user_user_permissions (user_id, permission_id) SELECT %s, p.id FROM auth_permission p JOIN "
                "django_content_type c ON c.id = p.content_type_id WHERE c.app_label = '%s' AND p.codename = '%s'"
                % (self.user(user), app, codename))

    def set_up(self):
        for name in ("root", "nobody", "viewer", "changer", "adder", "deleter", "victim", "grouper", "tokener"):
            self.service.add_user(name)
        staff = "'nobody','viewer','changer','adder','deleter','grouper','tokener'"
        false, true = ("0", "1") if not self.database.server else ("false", "true")
        self.database.query("UPDATE auth_user SET is_superuser = %s WHERE username <> 'root'" % false)
        self.database.query("UPDATE auth_user SET is_staff = %s WHERE username NOT IN ('root', %s)" % (false, staff))
        self.database.query("UPDATE auth_user SET first_name = '%s', last_name = '=1+1|cmd', email = '%s' WHERE username = 'victim'"
                            % (quoted(MARKUP), quoted(MARKUP)))
        self.database.query("INSERT INTO auth_group (name) VALUES ('%s')" % quoted(MARKUP))
        self.give("viewer", "auth.view_user")
        self.give("changer", "auth.view_user", "auth.change_user")
        self.give("adder", "auth.add_user", "auth.change_user")
        self.give("deleter", "auth.delete_user", "auth.view_user")
        self.give("grouper", "auth.view_group", "auth.change_group", "auth.add_group", "auth.change_user")
        self.give("tokener", "authtoken.view_tokenproxy", "authtoken.change_tokenproxy", "authtoken.add_tokenproxy")
        content_type = self.database.query("SELECT id FROM django_content_type WHERE app_label='auth' AND model='user'")[0][0]
        now = "2026-01-01 00:00:00" + ("+00" if self.database.server else "")
        for message in (MARKUP, json.dumps([{"added": {"name": MARKUP, "object": MARKUP}}]), "[", "[1]", "[{\"changed\":1}]",
                        json.dumps([{"changed": {"fields": [MARKUP, 1, None]}}]), "[" * 500, "null"):
            for user in ("root", "viewer"):
                self.database.query(
                    "INSERT INTO django_admin_log (action_time, object_id, object_repr, action_flag, change_message, content_type_id, "
                    "user_id) VALUES ('%s', '%s', '%s', 2, '%s', %s, %s)"
                    % (now, self.user("victim"), quoted(MARKUP), quoted(message), content_type, self.user(user)))
        for kind in (0, 7, 32767):
            if not self.database.server:
                self.database.query(
                    "INSERT INTO django_admin_log (action_time, object_id, object_repr, action_flag, change_message, content_type_id, "
                    "user_id) VALUES ('%s', NULL, 'x', %d, '', NULL, %s)" % (now, kind, self.user("root")))

    def cookies(self):
        """Cookies that no server has set."""
        rest = Browser(self.port, self.report)
        sessions = "django.contrib.sessions.SessionStore"
        odd = ["", "a", "x" * 40, "x" * 41, "x" * 60000, "\x00" * 32, "'; DROP TABLE django_session; --", "%00" * 10, "\xff" * 32,
               '"' + "\\377" * 32 + '"', '"' + "\\000" * 32 + '"', '"\\', '"', "a=b=c" * 8, "\t" * 32, "..%2f" * 8]
        for value in odd:
            for name in ("sessionid", "messages", "csrftoken", "admin_theme"):
                for path in ("/admin/", "/admin/login/", "/api/token/"):
                    answer = rest.get(path, cookies={name: value})
                    self.check(answer.cookies().get("sessionid", "") != value or not value, "a session key is not adopted")
        messages = []
        for value in (None, 1, "x", {}, [], [None], [[]], ["x"], [["__json_message"]], [["__json_message", 0, 20, 1]],
                      [["__json_message", 0, "a", "x"]], [["__json_message", 1, 10 ** 30, MARKUP]], [["__json_message", 1, -5, MARKUP]],
                      [["__json_message", 1, 20, "<a href=\"javascript:alert(1)\">x</a>" + MARKUP, MARKUP]],
                      [["__json_message", 1, 20, "<a href=\"/%s\">x</a>" % html.escape(MARKUP)]],
                      [["__json_message", {}, 20, "<"]], ["__messagesnotfinished__"], [["__json_message", 0, 20, "x\r\ny"]]):
            messages.append(signed(value, "django.contrib.messages", "django.http.cookies" + SECRET_KEY))
        key = "django.http.cookies" + SECRET_KEY
        for raw in (b"", b"[" * 100000, b"\xff\xfe", b"[1e999]", b"NaN", b'["\\ud800"]', b"0" * 20_000_000):
            for compress in (False, True):
                if len(raw) < 50000 or compress:
                    messages.append(signed(None, "django.contrib.messages", key, compress, raw))
        messages += [stamped(text, "django.contrib.messages", key) for text in ("", ".", "..", "....", ".AAAA", "====", "\xe9")]
        browser = self.browser("viewer")
        for value in messages:
            for path in ("/admin/", "/admin/nonexistent/", "/admin/auth/user/"):
                answer = browser.get(path, cookies={**browser.cookies, "messages": value.encode("utf-8").decode("latin-1")})
                self.check("href=\"javascript:" not in answer.text, "messages have no scripts in links")
        # Data that a session of another program may have.
        good = self.database.query("SELECT session_data FROM django_session WHERE session_key = '%s'" % browser.cookies["sessionid"])[0][0]
        for value in (None, [], {"_auth_user_id": None}, {"_auth_user_id": []}, {"_auth_user_id": "9" * 400},
                      {"_auth_user_id": "\u0000"}, {"_auth_user_id": 1.5}, {"_auth_user_id": True, "_auth_user_backend": 3},
                      {"_auth_user_id": self.user("viewer")},
                      {"_auth_user_id": self.user("viewer"), "_auth_user_backend": "django.contrib.auth.backends.ModelBackend"},
                      {"_auth_user_id": self.user("viewer"), "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
                       "_auth_user_hash": None},
                      {"_auth_user_id": self.user("viewer"), "_auth_user_backend": "os.system", "_auth_user_hash": ""},
                      {"_session_expiry": 10 ** 18, "a": 1}, {"_session_expiry": -10 ** 18}, {"_session_expiry": 1e300},
                      {"_session_expiry": "9999-12-31T23:59:59+00:00"}, {"_session_expiry": "x"}, {"_messages": 1}, {"_messages": "["}):
            if self.database.server and "\\u0000" in json.dumps(value):
                continue
            self.store(browser.cookies["sessionid"], signed(value, sessions))
            for path in ("/admin/", "/admin/login/"):
                answer = browser.get(path, cookies=dict(browser.cookies))
                self.check(answer.status != 200 or path != "/admin/", "a session with %.60r is nobody's" % (value,))
        self.store(browser.cookies["sessionid"], good)
        self.check(browser.get("/admin/", cookies=dict(browser.cookies)).status == 200, "the right session data lets in again")
        # Signed for another purpose, or by another key, or not at all.
        text = good.split(":")[0]
        for value in (signed({"_auth_user_id": "1"}, "django.core.signing"), stamped(text, sessions, "another key"),
                      stamped(text, "django.contrib.messages"), good[:-1], good + "A", ""):
            self.store(browser.cookies["sessionid"], value)
            self.check(browser.get("/admin/", cookies=dict(browser.cookies)).status == 302, "foreign signatures let nobody in")

    def store(self, key, data):
        """Writes a row of a session, which the server may have deleted."""
        self.database.query("DELETE FROM django_session WHERE session_key = '%s'" % key)
        self.database.query("INSERT INTO django_session (session_key, session_data, expire_date) VALUES ('%s', '%s', '2099-01-01 00:00:00')"
                            % (key, data))

    def fixation(self):
        browser = self.browser()
        browser.get("/admin/login/")
        browser.cookies["sessionid"] = "a" * 32
        csrf = browser.cookies["csrftoken"]
        browser.post("/admin/login/", {"username": "viewer", "password": PASSWORD})
        self.check(browser.cookies["sessionid"] != "a" * 32, "the key of a session changes at a login")
        self.check(browser.cookies["csrftoken"] != csrf, "the CSRF secret changes at a login")
        key = browser.cookies["sessionid"]
        browser.login("root")
        self.check(browser.cookies["sessionid"] != key, "another user gets another session")
        self.check(browser.get("/admin/", cookies={"sessionid": key}).status == 302, "the session before is over")
        key = browser.cookies["sessionid"]
        browser.post("/admin/logout/")
        self.check(browser.get("/admin/", cookies={"sessionid": key}).status == 302, "a logout ends the session")
        victim = self.browser("nobody")
        false, true = ("0", "1") if not self.database.server else ("false", "true")
        for column in ("is_active", "is_staff"):
            self.database.query("UPDATE auth_user SET %s = %s WHERE username = 'nobody'" % (column, false))
            self.check(victim.get("/admin/", cookies=dict(victim.cookies)).status == 302, "without %s nobody is in" % column)
            self.database.query("UPDATE auth_user SET %s = %s WHERE username = 'nobody'" % (column, true))

    def csrf(self):
        browser = self.browser("root")
        before = self.rows("auth_user")
        victim = self.user("victim")
        token = browser.cookies["csrftoken"]
        paths = ["/admin/", "/admin/login/", "/admin/logout/", "/admin/password_change/", "/admin/theme/", "/admin/search/",
                 "/admin/dashboard/", "/admin/auth/user/", "/admin/auth/user/add/", "/admin/auth/group/add/"]
        paths += ["/admin/auth/user/%s/%s/" % (victim, page) for page in ("change", "delete", "password", "logins", "history")]
        for path in paths:
            for fields in ({}, {"csrfmiddlewaretoken": ""}, {"csrfmiddlewaretoken": "x" * 64}, {"csrfmiddlewaretoken": "\u0660" * 64}):
                answer = browser.post(path, {"post": "yes", "do": "end_all", **fields}, token=False)
                self.check(answer.status == 403, "POST %s without token -> %d" % (path, answer.status))
            answer = browser.post(path, {"post": "yes", "csrfmiddlewaretoken": token}, token=False,
                                  headers={"Origin": "http://evil.example"})
            self.check(answer.status == 403, "POST %s from another origin -> %d" % (path, answer.status))
            for method in ("PUT", "DELETE", "PATCH"):
                answer = browser.send(method, path, "post=yes&csrfmiddlewaretoken=" + token,
                                      headers={"Content-Type": "application/x-www-form-urlencoded"})
                self.check(answer.status in (403, 405), "%s %s -> %d" % (method, path, answer.status))
        for origin in ("null", "http://127.0.0.1:%d.evil.example" % self.port, "http://127.0.0.1", "https://127.0.0.1:%d" % self.port):
            answer = browser.post("/admin/auth/user/%s/delete/" % victim, {"post": "yes"}, headers={"Origin": origin})
            self.check(answer.status == 403, "POST with Origin %s -> %d" % (origin, answer.status))
        for page in ("delete", "logins", "password"):
            browser.get("/admin/auth/user/%s/%s/?post=yes&do=end_all&action=delete_selected" % (victim, page))
        self.check(self.rows("auth_user") == before, "nothing has changed")
        self.check(browser.get("/admin/", cookies=dict(browser.cookies)).status == 200, "nobody was logged out")

    def permissions(self):
        victim, root = self.user("victim"), self.user("root")
        group = self.database.query("SELECT id FROM auth_group")[0][0]
        tables = ("auth_user", "auth_group", "auth_user_user_permissions", "auth_user_groups", "auth_group_permissions")
        pages = {"/admin/auth/user/": "v", "/admin/auth/user/export/": "v", "/admin/auth/user/add/": "a", "/admin/auth/group/": "-",
                 "/admin/auth/group/export/": "-", "/admin/auth/group/%s/change/" % group: "-", "/admin/auth/group/%s/history/" % group: "-",
                 "/admin/auth/group/%s/delete/" % group: "-", "/admin/auth/user/%s/change/" % victim: "v",
                 "/admin/auth/user/%s/history/" % victim: "v", "/admin/auth/user/%s/delete/" % victim: "d",
                 "/admin/auth/user/%s/password/" % victim: "c", "/admin/auth/user/%s/logins/" % victim: "c", "/admin/search/?q=victim": "v",
                 "/admin/dashboard/": "v", "/admin/authtoken/tokenproxy/": "-", "/admin/token_blacklist/outstandingtoken/": "-",
                 "/admin/token_blacklist/outstandingtoken/export/": "-", "/admin/auth/": "v", "/admin/autocomplete/": "-"}
        for name, may in (("nobody", ""), ("viewer", "v"), ("deleter", "vd"), ("changer", "vc")):
            browser = self.browser(name)
            before = [self.rows(table) for table in tables]
            for path, needs in pages.items():
                answer = browser.get(path)
                allowed = needs in may and needs != "-"
                self.check((answer.status in (200, 302)) == allowed, "%s: GET %s -> %d" % (name, path, answer.status))
                if not allowed:
                    self.check("victim" not in answer.text.replace("q=victim", ""), "%s: %s says nothing" % (name, path))
                if "c" in may and "password" in path or "d" in may and "delete" in path or "logins" in path and "c" in may:
                    continue
                if path.startswith("/admin/search"):
                    continue
                if "c" not in may or "/user/" not in path:
                    answer = browser.post(path, {"post": "yes", "username": "x", "name": "x", "do": "end_all", "_save": "1",
                                                 "password1": "Tr0ub4dor&3x", "password2": "Tr0ub4dor&3x", "usable_password": "true"})
                    self.check(answer.status in (403, 404, 405) or (answer.status == 200 and "errornote" not in answer.text)
                               or (answer.status == 302 and "login" not in (answer.get("Location") or "")),
                               "%s: POST %s -> %d" % (name, path, answer.status))
            for select in ("0", "1"):
                if "d" not in may:
                    browser.post("/admin/auth/user/", [("action", "delete_selected"), ("select_across", select), ("index", "0"),
                                                       ("post", "yes"), ("_selected_action", victim), ("_selected_action", root)])
                    browser.post("/admin/auth/group/", [("action", "delete_selected"), ("select_across", select), ("index", "0"),
                                                        ("post", "yes"), ("_selected_action", group)])
            self.check([self.rows(table) for table in tables] == before, "%s has changed nothing" % name)
        # A search must not reveal how a password string begins.
        browser = self.browser("viewer")
        for query in ("password__startswith=pbkdf2", "password=x", "password__isnull=1", "groups__user__password__startswith=p",
                      "user_permissions__codename=x", "groups__permissions__codename=add_user", "logentry__user__password=x",
                      "auth_token__key__startswith=a", "outstandingtoken__token__startswith=a", "username__regex=(a%2B)%2B%24",
                      "pk__in=(select+1)", "groups__name__startswith=x", "last_login__password=1"):
            answer = browser.get("/admin/auth/user/?" + query)
            self.check(answer.status == 400 or (answer.status == 302 and "e=1" in (answer.get("Location") or "")),
                       "look-up %s -> %d" % (query, answer.status))
            answer = browser.get("/admin/auth/user/export/?" + query)
            self.check(answer.status in (302, 400), "export with look-up %s -> %d" % (query, answer.status))
        text = browser.get("/admin/auth/user/export/").text
        self.check("pbkdf2" not in text and "md5" not in text, "an export has no passwords")
        self.check("\r\n=" not in text and ",=" not in text and '"=' not in text, "an export has no formulas")
        text = browser.get("/admin/auth/user/%s/change/" % victim).text
        self.check("name=\"is_superuser\"" not in text, "who may only look gets no controls")

    def escalation(self):
        victim, root = self.user("victim"), self.user("root")
        permission = self.database.query("SELECT id FROM auth_permission WHERE codename = 'delete_user'")[0][0]
        hash_before = self.database.query("SELECT password FROM auth_user WHERE id = %s" % victim)
        for name in ("changer", "adder", "grouper"):
            browser, own = self.browser(name), self.user(name)
            # Users with more permissions. First, because the forms below take the user's own permissions away.
            for target in (root, self.user("deleter")):
                before = self.rows("auth_user")
                for page in ("change", "password", "logins"):
                    answer = browser.post("/admin/auth/user/%s/%s/" % (target, page),
                                          {"username": name + "2", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00",
                                           "password1": "Tr0ub4dor&3x", "password2": "Tr0ub4dor&3x", "do": "unlock"})
                    self.check(answer.status == 403, "%s: POST %s of user %s -> %d" % (name, page, target, answer.status))
                self.check(self.rows("auth_user") == before, "%s has not changed user %s" % (name, target))
            for target in (own, victim):
                fields = {"username": name if target == own else "victim", "is_active": "on", "is_staff": "on" if target == own else "",
                          "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
                for extra in ({"is_superuser": "on"}, {"user_permissions": permission}, {"password": "md5$a$b"},
                              {"id": root}, {"pk": root}, {"_saveasnew": "1", "is_superuser": "on"}, {"_popup": "1", "is_superuser": "1"},
                              {"_to_field": "password"}, {"last_login_0": "9999-99-99", "last_login_1": MARKUP},
                              {"groups": "99999999999999999999"}, {"groups": "x"}, {"user_permissions": "-1"}):
                    browser.post("/admin/auth/user/%s/change/" % target, {**fields, **extra})
            browser.post("/admin/auth/user/add/", {"username": "made_by_" + name, "password1": "Tr0ub4dor&3x", "password2": "Tr0ub4dor&3x",
                                                   "usable_password": "true", "is_superuser": "on", "is_staff": "on",
                                                   "user_permissions": permission, "password": "x"})
        answer = self.browser("deleter").post("/admin/auth/user/%s/delete/" % root, {"post": "yes"})
        self.check(answer.status == 403, "only superusers delete superusers")
        superusers = self.database.query("SELECT username FROM auth_user WHERE is_superuser")
        self.check(superusers == [("root",)], "there is one superuser: %r" % superusers)
        given = self.database.query("SELECT user_id FROM auth_user_user_permissions WHERE permission_id = %s" % permission)
        self.check(given == [(self.user("deleter"),)], "nobody has got a permission: %r" % given)
        self.check(self.database.query("SELECT password FROM auth_user WHERE id = %s" % victim) == hash_before, "no password was set")
        browser = self.browser("grouper")
        group = self.database.query("SELECT id FROM auth_group")[0][0]
        browser.post("/admin/auth/group/%s/change/" % group, {"name": "g", "permissions": permission})
        browser.post("/admin/auth/group/add/", {"name": "h", "permissions": permission})
        self.check(not self.database.query("SELECT * FROM auth_group_permissions"), "nobody has given a permission to a group")
        # A user with a token knows its key. The token must not become the token of a superuser.
        key, now = "0123456789abcdef" * 2 + "01234567", "2026-01-01 00:00:00"
        self.database.query("INSERT INTO authtoken_token (key, created, user_id) VALUES ('%s', '%s', %s)" % (key, now, self.user("tokener")))
        browser = self.browser("tokener")
        self.check(key not in browser.get("/admin/authtoken/tokenproxy/").text, "a list of tokens has no keys")
        browser.post("/admin/authtoken/tokenproxy/%s/change/" % self.user("tokener"), {"user": root, "_save": "1"})
        owner = self.database.query("SELECT user_id FROM authtoken_token WHERE key = '%s'" % key)
        self.check(owner == [(self.user("tokener"),)], "the token of one user does not become that of a superuser: %r" % owner)

    def parameters(self):
        browser = self.browser("root")
        victim = self.user("victim")
        quote = urllib.parse.quote
        numbers = ["", "0", "-1", "1e9", "9" * 19, "9223372036854775807", "-9223372036854775808", "9" * 400, "\u0661", "\uff11", " 1 ", "1_0",
                   "NaN", "\x00", "%", "'", "1;drop table auth_user", "1.5", "-", "--1", "2147483648", "\u00b2", "+1", "1,2"]
        lists = ["/admin/auth/user/", "/admin/auth/group/", "/admin/token_blacklist/outstandingtoken/", "/admin/authtoken/tokenproxy/",
                 "/admin/token_blacklist/blacklistedtoken/"]
        names = ["p", "o", "q", "all", "e", "_facets", "_popup", "_to_field", "_every_row", "id", "pk", "id__gt", "id__in", "id__isnull",
                 "is_staff__exact", "groups__id__exact", "groups__isnull", "last_login__year", "last_login__month", "last_login__day",
                 "date_joined__gte", "date_joined__date", "last_login__lt", "user", "user__id", "created__gte", "expires_at__lt",
                 "__", "id__", "____", "username__iexact"]
        for path in lists:
            for name in names:
                for value in numbers:
                    if path != lists[0] and len(value) not in (1, 19, 400):
                        continue
                    browser.get("%s?%s=%s" % (path, name, quote(value)))
        hostile = [MARKUP, "' OR 1=1 --", "\\", "%", "_", "\"", "'", "\x00", "\ufffe", "%ff%fe", "a" * 60000, "%25" * 10000, "a " * 3000,
                   "\"" * 5000, "'a\\" * 100, "{{7*7}}", "${7*7}", "\u202e" * 10, "é" * 3000, "\U0001F600", "a\nb", "_" * 30000]
        for text in hostile:
            encoded = text if "%" in text and len(text) > 1 else quote(text)
            for path in lists + ["/admin/search/", "/admin/auth/user/export/"]:
                for name in ("q", "o") if len(encoded) > 100 else ("q", "o", "username", "username__contains", "next", encoded, "_changelist_filters"):
                    browser.get("%s?%s=%s" % (path, name, encoded[:65000]))
        many = ["id=%d" % n for n in range(6000)]
        for path in lists:
            browser.get(path + "?" + "&".join(many)[:60000])
            browser.get(path + "?id__in=" + "1," * 30000)
            browser.get(path + "?o=" + ".".join("1" * 20000))
            browser.get(path + "?o=" + ".".join(str(n) for n in range(-20, 20)))
            browser.get(path + "?" + "&".join("is_staff__exact=%d" % (n % 2) for n in range(3000)))
            browser.get(path + "?" + "&".join("x%d=1" % n for n in range(9000)))
            browser.get(path + "?" + "&".join("groups__id__exact=%d" % n for n in range(2000)))
            browser.get(path + "?" + "&".join("groups__id__exact=%d" % n for n in range(100)))
        for key in numbers + ["_5F", "_", "__", "_ZZ", "_00", "%00", "%ff", "..", "%2e%2e", "%2f", "x" * 30000, "\u0661", "_C3", quote(MARKUP), "_E2_80"]:
            key = key if "%" in key and len(key) > 1 else quote(key)
            for page in ("change", "delete", "history", "password", "logins", ""):
                browser.get("/admin/auth/user/%s/%s%s" % (key, page, "/" if page else ""))
                if page in ("change", "history", "password"):
                    browser.post("/admin/auth/user/%s/%s/" % (key, page), {"x": "1"})
            browser.get("/admin/token_blacklist/outstandingtoken/%s/change/" % key)
            browser.get("/admin/authtoken/tokenproxy/%s/change/" % key)
            browser.get("/admin/auth/user/%s/history/?p=%s" % (victim, key))
            browser.get("/admin/auth/user/add/?groups=%s&is_active=%s&date_joined=%s&username=%s&user_permissions=%s" % ((key,) * 5))
            browser.get("/admin/auth/group/add/?permissions=%s&name=%s&_popup=1&_to_field=%s" % ((key,) * 3))
            browser.get("/admin/authtoken/tokenproxy/add/?user=%s&key=%s" % ((key,) * 2))
            browser.get("/admin/dashboard/?days=%s&from=%s" % (key, key))
            browser.get("/admin/%s/" % key)
        for path in ("/admin/../../etc/passwd", "/static/../Cargo.toml", "/static/%2e%2e/%2e%2e/etc/passwd", "/static/admin/..%2f..%2f.env",
                     "/static/admin/", "/static/", "/static//etc/passwd", "/static/admin/admin.css%00", "/admin/auth/user//", "/admin//"):
            answer = browser.get(path)
            self.check("root:" not in answer.text and "[package]" not in answer.text and "SECRET_KEY" not in answer.text,
                       "%s is no file of the machine" % path)
            self.check(not (answer.get("Location") or "/").startswith("//"), "%s leads to no other host" % path)

    def forms(self):
        browser = self.browser("root")
        token = browser.cookies["csrftoken"]
        victim, group = self.user("victim"), self.database.query("SELECT id FROM auth_group")[0][0]
        odd = ["", "\x00", "x\x00y", MARKUP, "a" * 100000, "\ufeff", "\u202e", "99999999999999999999", "-1", "0001-01-01", "9999-12-31",
               "10000-01-01", "2026-02-30", "24:00:00", "23:59:60", "\u0661", "é" * 200, "a\r\nSet-Cookie: x=y"]
        names = ["username", "email", "first_name", "last_name", "password", "is_active", "groups", "user_permissions", "last_login_0",
                 "last_login_1", "date_joined_0", "date_joined_1", "_popup", "_to_field", "_continue"]
        base = {"username": "victim", "is_active": "on", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
        for value in odd:
            for name in names:
                browser.post("/admin/auth/user/%s/change/" % victim, {**base, name: value})
            for name in ("username", "password1", "password2", "usable_password", "_popup"):
                fields = {"username": "odd", "password1": "Tr0ub4dor&3x", "password2": "Tr0ub4dor&3x", "usable_password": "false"}
                browser.post("/admin/auth/user/add/", {**fields, name: value})
                browser.post("/admin/auth/user/%s/password/" % victim, {**fields, name: value})
            browser.post("/admin/auth/group/%s/change/" % group, {"name": value or "g", "permissions": value})
            browser.post("/admin/authtoken/tokenproxy/add/", {"user": value, "key": value})
            browser.post("/admin/token_blacklist/blacklistedtoken/add/", {"token": value})
            browser.post("/admin/password_change/", {"old_password": value, "new_password1": value, "new_password2": value})
            for action in ("delete_selected", value):
                browser.post("/admin/auth/user/", [("action", action), ("index", value), ("select_across", value), ("_selected_action", value)])
                browser.post("/admin/auth/group/", [("action", action), ("_selected_action", value), ("_selected_action", "1' OR 1=1")])
            browser.post("/admin/auth/user/%s/logins/" % victim, {"do": "end", "kind": value, "id": value})
            for kind in ("session", "sessions", "refresh", "outstandingtoken", "token", "authtoken", "family"):
                browser.post("/admin/auth/user/%s/logins/" % victim, {"do": "end", "kind": kind, "id": value})
            browser.post("/admin/auth/user/%s/logins/" % victim, {"do": value})
            browser.post("/admin/search/", {"address": value})
            browser.post("/admin/theme/", {"theme": value, "next": value})
        # Any number of fields, files and bytes.
        for count, status in ((900, 200), (1001, 400), (100000, 400)):
            fields = "&".join("f%d=1" % n for n in range(count)) + "&csrfmiddlewaretoken=" + token
            answer = browser.send("POST", "/admin/auth/user/add/", fields, headers={"Content-Type": "application/x-www-form-urlencoded"})
            self.check(answer.status == status, "%d fields -> %d" % (count, answer.status))
        keys = [("_selected_action", str(n)) for n in range(990)] + [("action", "delete_selected"), ("index", "0")]
        browser.post("/admin/auth/group/", keys)
        answer = browser.send("POST", "/admin/login/", b"a" * 3_000_000, headers={"Content-Type": "application/x-www-form-urlencoded"})
        self.check(answer.status == 413, "3 MB -> %d" % answer.status)
        answer = self.browser().send("POST", "/admin/login/", b"a" * 40_000, headers={"Content-Type": "application/x-www-form-urlencoded"})
        self.check(answer.status == 413, "40 kB of a stranger -> %d" % answer.status)

        def multipart(*parts, end=b"--b--\r\n", boundary="b", kind="multipart/form-data"):
            body = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + end
            return browser.send("POST", "/admin/auth/user/add/", body, headers={"Content-Type": "%s; boundary=%s" % (kind, boundary),
                                                                               "X-CSRFToken": token})

        def field(name, value=b"x"):
            return b'Content-Disposition: form-data; name="' + name + b'"\r\n\r\n' + value

        multipart(field(b"username"))
        multipart(*[field(b"f%d" % n) for n in range(3000)])
        multipart(*[b'Content-Disposition: form-data; name="f"; filename="%d"\r\n\r\nx' % n for n in range(3000)])
        for part in (b"", b"\r\n", b"Content-Disposition: form-data\r\n\r\nx", b"Content-Disposition: x\r\n\r\nx", field(b"\xff\xfe", b"\xff"),
                     field(b"a" * 70000), b'Content-Disposition: form-data; name="a"; filename="../../x"\r\nContent-Type: \x00\r\n\r\nx',
                     b'Content-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64\r\n\r\n====', b"x: y\r\n" * 5000,
                     b'Content-Disposition: form-data; name="a"\r\nContent-Length: 99999999999999999999\r\n\r\nx', field(b"username", b"\x00")):
            multipart(part)
            multipart(part, end=b"")
            multipart(part, boundary="")
            multipart(part, boundary="c")
            multipart(part, boundary="b" * 5000)
        for kind in ("multipart/form-data", "application/json", "text/plain", "", "application/x-www-form-urlencoded; charset=utf-16", "\xff"):
            browser.send("POST", "/admin/login/", b'{"username":1}', headers={"Content-Type": kind, "X-CSRFToken": token})
        browser.send("POST", "/admin/login/", zlib.compress(b"0" * 10_000_000),
                     headers={"Content-Encoding": "deflate", "Content-Type": "application/x-www-form-urlencoded", "X-CSRFToken": token})

    def elsewhere(self):
        """Redirects, hosts and headers."""
        for next in ("//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "/\t/evil.example",
                     "///evil.example", "http:evil.example", "https:///evil.example", "/%0d%0aSet-Cookie: a=b", "/a\r\nSet-Cookie: a=b",
                     " //evil.example", "\x00//evil.example", "\ufeff//evil.example", "http://127.0.0.1:%d@evil.example/" % self.port,
                     MARKUP, "/" + "a" * 5000, "?" + MARKUP, "/\u2028/evil.example", "\u00a0//evil.example", "/./\\evil.example"):
            browser = self.browser()
            answer = browser.get("/admin/login/?next=" + urllib.parse.quote(next))
            answer = browser.login("viewer", next=next)
            location = answer.get("Location") or ""
            self.check(answer.status == 302 and not re.match(r"(?i)[\s]*([a-z+.-]+:|[/\\]{2})", location.replace("\t", "")),
                       "next=%r leads to %r" % (next[:40], location[:60]))
            self.check(answer.get("Set-Cookie") is None or "a=b" not in dict(answer.cookies()), "next sets no cookie")
            answer = browser.post("/admin/theme/", {"theme": "dark", "next": next})
            location = answer.get("Location") or ""
            self.check(not re.match(r"(?i)[\s]*([a-z+.-]+:|[/\\]{2})", location.replace("\t", "")), "theme: next=%r leads to %r" % (next[:40], location[:60]))
        browser = self.browser("root")
        for host in ("evil.example", "127.0.0.1:x", "a@b", "", "x" * 300, "[::1", "\xff"):
            answer = browser.get("/admin/login/", headers={"Host": host, "X-Forwarded-Host": "evil.example"})
            self.check("evil.example" not in answer.text, "a page does not say the host %r" % host)
        victim = self.user("victim")
        for path in ("/admin/", "/admin/login/", "/admin/auth/user/", "/admin/auth/user/%s/change/" % victim, "/admin/nonexistent/",
                     "/admin/auth/user/export/", "/admin/search/?q=a", "/admin/dashboard/", "/admin/auth/user/%s/history/" % victim,
                     "/admin/password_change/", "/admin/auth/user/?password=x", "/admin/theme/"):
            answer = browser.get(path)
            policy = answer.get("Content-Security-Policy") or ""
            if "html" in (answer.get("Content-Type") or "") and answer.status != 302:
                self.check("default-src" in policy and "unsafe" not in policy and "frame-ancestors" in policy, "%s has a strict policy: %s" % (path, policy))
                self.check("form-action" in policy and "base-uri" in policy, "%s has form-action and base-uri: %s" % (path, policy))
                self.check((answer.get("X-Frame-Options") or "") in ("DENY", "SAMEORIGIN"), "%s is not framed" % path)
                self.check(not re.search(r"(?i)<script(?![^>]*src=)|\son\w+=\"|style=\"", answer.text), "%s has nothing inline" % path)
            self.check(answer.get("X-Content-Type-Options") == "nosniff", "%s is not guessed at" % path)
            if answer.status == 200 and "password_change" not in path:
                control = answer.get("Cache-Control") or ""
                self.check("no-store" in control and "private" in control, "%s is not kept: %r" % (path, control))
        for line in browser.login("root").headers:
            if line[0].lower() == "set-cookie" and line[1].startswith("sessionid"):
                self.check("HttpOnly" in line[1] and "SameSite=Lax" in line[1], "the cookie of a session: %s" % line[1][:10])
        # Raw requests that a library does not send.
        for raw in (b"GET /admin/\x00 HTTP/1.1\r\nHost: a\r\n\r\n", b"GET http://evil.example/admin/x HTTP/1.1\r\nHost: a\r\n\r\n",
                    b"GET //evil.example/admin/ HTTP/1.1\r\nHost: a\r\n\r\n", b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
                    b"POST /admin/login/ HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", b"TRACE /admin/ HTTP/1.1\r\nHost: a\r\nCookie: a=b\r\n\r\n",
                    b"GET /admin/?\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", self.port), 10) as connection:
                connection.sendall(raw)
                answer = connection.recv(65536)
                status = answer.split(b" ")[1:2]
                self.check(not status or int(status[0]) < 500 or int(status[0]) == 501, "%r -> %r" % (raw[:40], status))
                self.check(b"Location: //evil" not in answer and b"location: //evil" not in answer, "%r leads to no other host" % raw[:40])

    def log(self):
        with open(os.path.join(self.service.folder, "log"), errors="replace") as file:
            lines = file.read().splitlines()
        odd = [line for line in lines if "request parse error" not in line and ("panicked" in line or "RUST_BACKTRACE" in line or " ERROR " in line)]
        self.check(not odd, "the log of the server has no failures: %s" % "\n".join(odd[:20]))
        self.check(not any("pbkdf2_sha256$" in line or PASSWORD in line for line in lines), "the log has no secrets")
        self.check(not any(line.startswith("FORGED") for line in lines), "nobody has written a line of the log")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manage", required=True)
    parser.add_argument("--database", default="sqlite", help="sqlite, or the URL of a PostgreSQL server")
    parser.add_argument("--port", type=int)
    parser.add_argument("--only", help="the names of some attacks, with commas")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    report = Report(options.verbose)
    database = Database(options.database)
    service = Service(database, options.manage, PASSWORD_HASHERS="MD5PasswordHasher")
    try:
        service.command("migrate")
        port = service.start(options.port)
        attack = Attack(database, service, port, report)
        attack.set_up()
        for name in (options.only or "fixation,csrf,cookies,permissions,escalation,elsewhere,parameters,forms").split(","):
            before = len(report.problems)
            start = time.monotonic()
            getattr(attack, name)()
            print("%s: %d problems, %.0f s" % (name, len(report.problems) - before, time.monotonic() - start))
        attack.log()
    finally:
        for port in list(service.processes):
            service.kill(port)
        database.remove()
    print("%d checks, %d problems" % (report.count, len(report.problems)))
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
