#!/usr/bin/env python3
"""Writes cases/extra.json: more inputs like those of cases/visible.json, with the same users and keys.

  make_extra.py && contract.py record --set extra
"""
import json
import os

HERE = os.path.dirname(os.path.abspath(__file__))
VISIBLE = json.load(open(os.path.join(HERE, "cases", "visible.json")))
ALICE = {"username": "alice", "password": "correct horse 1"}
JSON = {"Content-Type": "application/json"}
CLAIMS = {"token_type": "access", "exp": "@now+600", "iat": "@now-10", "jti": "@hex32", "user_id": "70001"}


def claims(kind="access", **changes):
    out = dict(CLAIMS, token_type=kind)
    if kind == "sliding":
        out["refresh_exp"] = "@now+5000"
    out.update(changes)
    return {k: v for k, v in out.items() if v != "@absent"}


def post(path, body, **more):
    return dict({"do": "POST " + path, "json": body}, **more)


def raw(path, text, content_type="application/json", **more):
    headers = {} if content_type is None else {"Content-Type": content_type}
    return dict({"do": "POST " + path, "raw": text, "headers": headers}, **more)


def scenario(name, users, *steps):
    return {"name": name, "users": list(users), "steps": list(steps)}


def battery(variants, use):
    """Forges each variant and uses it."""
    steps = []
    for number, (note, forged) in enumerate(variants):
        name = f"t{number}"
        steps.append(dict({"forge": name}, **forged))
        steps.append(dict(use("{{%s}}" % name), note=note))
    return steps


def protected(token):
    return {"do": "GET /api/protected/", "headers": {"Authorization": "Bearer " + token}}


def refresh(token):
    return post("/api/token/refresh/", {"refresh": token})


def verify(token):
    return post("/api/token/verify/", {"token": token})


def blacklist(token):
    return post("/api/token/blacklist/", {"refresh": token})


def odd_claims(kind):
    return [
        ("exp in the past by one", {"claims": claims(kind, exp="@now-1")}),
        ("exp negative", {"claims": claims(kind, exp=-1)}),
        ("exp true", {"claims": claims(kind, exp=True)}),
        ("exp a list", {"claims": claims(kind, exp=["@now+600"])}),
        ("exp an object", {"claims": claims(kind, exp={})}),
        ("exp far away", {"claims": claims(kind, exp=4102444800)}),
        ("iat a word", {"claims": claims(kind, iat="yesterday")}),
        ("iat null", {"claims": claims(kind, iat=None)}),
        ("iat a float", {"claims": claims(kind, iat="@nowf-10")}),
        ("iat just ahead", {"claims": claims(kind, iat="@now+120")}),
        ("nbf a word", {"claims": claims(kind, nbf="soon")}),
        ("nbf null", {"claims": claims(kind, nbf=None)}),
        ("nbf a float", {"claims": claims(kind, nbf="@nowf-10")}),
        ("nbf zero", {"claims": claims(kind, nbf=0)}),
        ("sub a number", {"claims": claims(kind, sub=7)}),
        ("sub null", {"claims": claims(kind, sub=None)}),
        ("sub empty", {"claims": claims(kind, sub="")}),
        ("jti empty", {"claims": claims(kind, jti="")}),
        ("jti a list", {"claims": claims(kind, jti=["x"])}),
        ("jti with dashes", {"claims": claims(kind, jti="0f0e0d0c-0b0a-4090-8080-706050403020")}),
        ("jti a word", {"claims": claims(kind, jti="short")}),
        ("aud a list", {"claims": claims(kind, aud=["a", "b"])}),
        ("aud a number", {"claims": claims(kind, aud=5)}),
        ("iss a list", {"claims": claims(kind, iss=["x"])}),
        ("token_type null", {"claims": claims(kind, token_type=None)}),
        ("token_type a list", {"claims": claims(kind, token_type=[kind])}),
        ("token_type in capitals", {"claims": claims(kind, token_type=kind.upper())}),
        ("token_type empty", {"claims": claims(kind, token_type="")}),
        ("typ null", {"claims": claims(kind), "header": {"typ": None}}),
        ("typ a number", {"claims": claims(kind), "header": {"typ": 3}}),
        ("cty present", {"claims": claims(kind), "header": {"cty": "JWT"}}),
        ("kid empty", {"claims": claims(kind), "header": {"kid": ""}}),
        ("kid null", {"claims": claims(kind), "header": {"kid": None}}),
        ("kid a path", {"claims": claims(kind), "header": {"kid": "../../dev/null"}}),
        ("alg None", {"claims": claims(kind), "alg": "None", "sign_with": "HS256"}),
        ("alg NONE", {"claims": claims(kind), "alg": "NONE", "sign_with": "none"}),
        ("alg a list", {"claims": claims(kind), "header": {"alg": ["HS256"]}}),
        ("alg null", {"claims": claims(kind), "header": {"alg": None}}),
        ("alg a number", {"claims": claims(kind), "header": {"alg": 256}}),
        ("alg empty", {"claims": claims(kind), "header": {"alg": ""}}),
        ("alg with a space", {"claims": claims(kind), "header": {"alg": "HS256 "}}),
        ("ES256 by a stray key", {"claims": claims(kind), "alg": "ES256", "key": "key:ec256.private"}),
        ("payload empty object", {"raw_payload": "{}"}),
        ("payload null", {"raw_payload": "null"}),
        ("payload a number", {"raw_payload": "12"}),
        ("payload empty", {"raw_payload": ""}),
        ("payload cut", {"raw_payload": "{\"exp\": 4102444800"}),
        ("extra claims", {"claims": claims(kind, roles=["a", {"b": None}], big=9007199254740993, f=1.5, e="é\u2028")}),
    ]


def users_of_claims(kind):
    return [
        (note, {"claims": claims(kind, user_id=value)})
        for note, value in [
            ("float", 70001.0), ("leading zeros", "0070001"), ("plus sign", "+70001"), ("spaces", " 70001 "),
            ("negative", "-1"), ("zero", 0), ("false", False), ("hex", "0x11171"), ("too large", "99999999999999999999"),
            ("object", {}), ("list", []), ("decimal text", "70001.0"),
        ]
    ]


BODIES = [
    ("number", "12e3"), ("negative", "-5"), ("false", "false"), ("empty list", "[]"), ("list of objects", "[{}]"),
    ("empty string", "\"\""), ("nested", "{\"username\": {\"username\": \"alice\"}, \"password\": [\"x\"]}"),
    ("two documents", "{} {}"), ("comment", "{} // x"), ("infinity", "{\"username\": Infinity}"),
    ("minus infinity", "{\"username\": -Infinity}"), ("leading zero", "{\"username\": 01}"), ("tab in a string", "{\"username\": \"a\tb\"}"),
    ("bad escape", "{\"username\": \"\\x41\"}"), ("unquoted key", "{username: 1}"), ("true username", "{\"username\": true, \"password\": false}"),
    ("exponent", "{\"username\": 1E5, \"password\": 1.50}"), ("minus zero", "{\"username\": -0, \"password\": -0.0}"),
    ("small float", "{\"username\": 0.00001, \"password\": 1e-7}"), ("large float", "{\"username\": 1e16, \"password\": 123456789012345680.0}"),
    ("unicode spaces", "{\"username\": \"\\u00a0\\u2003\", \"password\": \"\\u3000x\\u3000\"}"),
    ("separators", "{\"username\": \"\\u001f\", \"password\": \"\\u001c\\u001d\"}"),
    ("zero width", "{\"username\": \"\\u200b\", \"password\": \"\\ufeff\"}"),
    ("null characters", "{\"username\": \"\\u0000\", \"password\": \"a\\u0000\"}"),
    ("password null character", "{\"username\": \"alice\", \"password\": \"correct horse 1\\u0000\"}"),
    ("deep", "{\"username\": " + "[" * 50 + "]" * 50 + "}"),
    ("long", "{\"username\": \"" + "u" * 5000 + "\", \"password\": \"" + "p" * 5000 + "\"}"),
]

CONTENT_TYPES = [
    "application/json;charset=UTF-8", "application/json ; charset=utf-8", "application/json; charset=ascii",
    "application/vnd.api+json", "application/jsonx", "json", "*/*", "application/*", "text/json", ";", "application/json;",
    "APPLICATION/JSON; CHARSET=UTF-8", "application/json, text/plain", " application/json",
]

ACCEPTS = [
    "application/json;q=0.1", "text/html;q=0.1, application/json", "application/*", "text/html", "text/*", "*/*;q=0.5",
    "application/json; indent=2", "application/json; version=1", "application/xml, */*;q=0.1", "application/xml;q=1, text/csv",
    "APPLICATION/JSON", "application", "*", "/", ",", " , application/json", "application/json;indent=\"4\"", "image/png",
]

HEADERS = [
    "Bearer\t\t", "Bearer \u00a0", "Bearer =", "Bearer .", "Bearer ..", "Bearer a.b", "Bearer {{t}}\t", "\tBearer {{t}}",
    "Bearer,{{t}}", "Bearer {{t}};", "Bearer 'x'", "Bearer Bearer", "Bearer Bearer {{t}}", "JWT {{t}}", "Digest x", "Token",
    "Bearer%20{{t}}", "Bearer={{t}}", "Bearer null", "Bearer undefined", "Bearer {{t}}{{t}}",
]

FORMS = [
    ("plus and percent", "username=al%69ce&password=correct+horse%201"), ("semicolon", "username=alice;password=x"),
    ("empty pairs", "&&username=alice&&password=&"), ("no equals", "username&password"), ("bad percent", "username=%zz&password=%"),
    ("invalid utf-8", "username=%ff%fe&password=%c3%28"), ("brackets", "username[]=alice&password[0]=x"), ("equals in value", "username=a=b&password=c=d"),
    ("null", "username=%00&password=x"), ("spaces", "username=+alice+&password=+correct+horse+1+"), ("key case", "Username=alice&PASSWORD=x"),
]

VIEWS = ["/api/token/", "/api/token/refresh/", "/api/token/verify/", "/api/token/blacklist/", "/api/token/sliding/",
         "/api/token/sliding/refresh/", "/access-token/", "/access-token/refresh/", "/api/authtoken/"]

default = [
    scenario("access: odd claims", ["alice"], *battery(odd_claims("access"), protected)),
    scenario("verify: odd claims", ["alice"], *battery(odd_claims("access"), verify)),
    scenario("refresh: odd claims", ["alice"], *battery(odd_claims("refresh"), refresh)),
    scenario("blacklist: odd claims", ["alice"], *battery(odd_claims("refresh"), blacklist)),
    scenario("access: odd users", ["alice"], *battery(users_of_claims("access"), protected)),
    scenario("refresh: odd users", ["alice"], *battery(users_of_claims("refresh"), refresh)),
    scenario("bodies", ["alice"], *[raw("/api/token/", text, note=note) for note, text in BODIES]),
    scenario("bodies of authtoken", ["alice"], *[raw("/api/authtoken/", text, note=note) for note, text in BODIES]),
    scenario("bodies of refresh", [], *[raw("/api/token/refresh/", text.replace("username", "refresh"), note=note) for note, text in BODIES]),
    scenario("content types", ["alice"], *[raw("/api/token/", json.dumps(ALICE), content_type) for content_type in CONTENT_TYPES]),
    scenario("accept", ["alice"], *[
        step for accept in ACCEPTS for step in (
            {"do": "POST /api/token/verify/", "json": {"token": "x"}, "headers": {"Accept": accept}},
            {"do": "GET /api/protected/", "headers": {"Accept": accept}},
            {"do": "POST /api/authtoken/", "json": {}, "headers": {"Accept": accept}},
        )]),
    scenario("format", ["alice"], *[
        {"do": f"GET /api/protected/?format={value}"} for value in ("json", "api", "html", "JSON", "", "json&format=xml", "xml&format=json")]),
    scenario("header forms", ["alice"], {"forge": "t", "claims": claims()}, *[
        {"do": "GET /api/protected/", "headers": {"Authorization": value}, "note": repr(value)} for value in HEADERS]),
    scenario("token header forms", ["alice"],
             {"sql": "INSERT INTO authtoken_token (key, created, user_id) VALUES (?, ?, ?)", "args": ["0123456789abcdef0123456789abcdef01234567", "@dbnow-100", 70001]},
             {"set": {"t": "0123456789abcdef0123456789abcdef01234567"}}, *[
        {"do": "GET /api/hello/token/", "headers": {"Authorization": value.replace("Bearer", "Token")}, "note": repr(value)} for value in HEADERS]),
    scenario("forms", ["alice"], *[
        raw(path, text, "application/x-www-form-urlencoded", note=note) for note, text in FORMS for path in ("/api/token/", "/api/authtoken/")]),
    scenario("form with a charset", ["alice"],
             raw("/api/token/", "username=alice&password=correct+horse+1", "application/x-www-form-urlencoded; charset=utf-8"),
             raw("/api/token/", "username=alice&password=correct+horse+1", "Application/X-WWW-Form-Urlencoded")),
    scenario("multipart", ["alice"], *[
        raw("/api/token/", body, "multipart/form-data; boundary=B", note=note) for note, body in [
            ("crlf", "--B\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nalice\r\n--B\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\ncorrect horse 1\r\n--B--\r\n"),
            ("a file as username", "--B\r\nContent-Disposition: form-data; name=\"username\"; filename=\"x\"\r\n\r\nalice\r\n--B\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nx\r\n--B--\r\n"),
            ("last counts", "--B\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nbob\r\n--B\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nalice\r\n--B\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\ncorrect horse 1\r\n--B--\r\n"),
            ("only the end", "--B--\r\n"),
        ]]),
    scenario("methods", ["alice"], {"forge": "t", "claims": claims()}, *[
        {"do": f"{method} {path}"} for path in VIEWS for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS")], *[
        {"do": f"{method} /api/hello/jwt/", "headers": {"Authorization": "Bearer {{t}}"}} for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "POST")]),
    scenario("routing", [], *[
        {"do": f"{method} {path}"} for method in ("GET", "POST") for path in (
            "/api", "/api/", "/api/token//", "/api//token/", "/api/token/refresh/x", "/api/token/refresh/x/", "//api/token", "/access-token",
            "/access-token/refresh?x=%2F", "/api/hello/jwt?a", "/api/token/?", "/api/%74oken/", "/api/token/%20", "/index.html", "/api/protected;x=1")]),
    scenario("custom claims with sliding and times", ["alice"],
             {"forge": "r", "claims": claims("refresh", auth_time=5, scope="a b", nested={"k": [1.25, -3, True]})},
             dict(refresh("{{r}}"), save={"r2": "refresh"}), refresh("{{r2}}"), blacklist("{{r2}}"), refresh("{{r2}}"), verify("{{r2}}")),
    scenario("logout of another kind", ["alice"], {"forge": "a", "claims": claims()}, {"forge": "s", "claims": claims("sliding")},
             blacklist("{{a}}"), blacklist("{{s}}"), refresh("{{s}}")),
]

sliding = [
    scenario("odd claims", ["alice"], *battery(odd_claims("sliding"), protected)),
    scenario("refresh: odd claims", ["alice"], *battery(odd_claims("sliding"), lambda t: post("/api/token/sliding/refresh/", {"token": t}))),
    scenario("refresh_exp", ["alice"], *battery([
        (str(value), {"claims": claims("sliding", refresh_exp=value)}) for value in ("@now-1", "@nowf+50", None, "never", True, [], -1, "@nows+5")],
        lambda t: post("/api/token/sliding/refresh/", {"token": t}))),
]

login = post("/api/token/", ALICE, save={"access": "access", "refresh": "refresh"})
life = scenario("life", ["alice"], login, protected("{{access}}"), protected("{{refresh}}"), dict(refresh("{{refresh}}"), save={"r2": "refresh"}),
                refresh("{{refresh}}"), verify("{{refresh}}"), verify("{{access}}"), blacklist("{{access}}"), protected("{{access}}"),
                {"do": "GET /api/protected/"}, {"do": "GET /api/hello/jwt/"}, {"do": "OPTIONS /api/hello/jwt/"},
                {"do": "GET /api/protected/", "headers": {"Authorization": "JWT {{access}}"}},
                {"query": "SELECT (SELECT count(*) FROM token_blacklist_outstandingtoken), (SELECT count(*) FROM token_blacklist_blacklistedtoken)", "args": []})

ENVS = {
    "refresh_opens": {"SIMPLE_JWT_AUTH_TOKEN_CLASSES": "RefreshToken,AccessToken", "SIMPLE_JWT_BLACKLIST_AFTER_ROTATION": "on"},
    "untyped_opens": {"SIMPLE_JWT_AUTH_TOKEN_CLASSES": "UntypedToken"},
    "by_email": {"SIMPLE_JWT_USER_ID_FIELD": "email", "SIMPLE_JWT_USER_ID_CLAIM": "mail"},
    "by_pk": {"SIMPLE_JWT_USER_ID_FIELD": "pk"},
    "issuer_only": {"SIMPLE_JWT_ISSUER": "me"},
    "audience_list": {"SIMPLE_JWT_AUDIENCE": "one,two"},
    "leeway_minute": {"SIMPLE_JWT_LEEWAY": "1m"},
    "leeway_float": {"SIMPLE_JWT_LEEWAY": "2.5"},
    "scheme_jwt_realm": {"SIMPLE_JWT_AUTH_HEADER_TYPES": "jwt"},
    "jti_renamed": {"SIMPLE_JWT_JTI_CLAIM": "id", "SIMPLE_JWT_BLACKLIST_AFTER_ROTATION": "1"},
    "revoke_renamed": {"SIMPLE_JWT_CHECK_REVOKE_TOKEN": "1", "SIMPLE_JWT_REVOKE_TOKEN_CLAIM": "pw"},
    "no_rotation": {"SIMPLE_JWT_ROTATE_REFRESH_TOKENS": "off"},
    "no_format": {"REST_FRAMEWORK_URL_FORMAT_OVERRIDE": "none"},
    "format_renamed": {"REST_FRAMEWORK_URL_FORMAT_OVERRIDE": "f"},
    "page_first": {"REST_FRAMEWORK_DEFAULT_RENDERER_CLASSES": "BrowsableAPIRenderer,JSONRenderer"},
    "page_only": {"REST_FRAMEWORK_DEFAULT_RENDERER_CLASSES": "BrowsableAPIRenderer"},
    "forms_only": {"REST_FRAMEWORK_DEFAULT_PARSER_CLASSES": "FormParser"},
    "admins": {"REST_FRAMEWORK_DEFAULT_PERMISSION_CLASSES": "IsAdminUser"},
    "drf_tokens": {"REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES": "TokenAuthentication"},
    "basic_first": {"REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES": "BasicAuthentication,JWTAuthentication"},
    "stateless_alias": {"REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES": "JWTTokenUserAuthentication"},
    "hs512_default_key": {"SIMPLE_JWT_ALGORITHM": "HS512"},
    "ps256": {"SIMPLE_JWT_ALGORITHM": "PS256", "SIMPLE_JWT_SIGNING_KEY": "key:rsa_a.private", "SIMPLE_JWT_VERIFYING_KEY": "key:rsa_a.public"},
    "two_backends": {"AUTHENTICATION_BACKENDS": "ModelBackend,AllowAllUsersModelBackend"},
    "bcrypt_preferred": {"PASSWORD_HASHERS": "BCryptSHA256PasswordHasher,PBKDF2PasswordHasher"},
}
KEYPAIRS = {"ps256": "rsa_a"}

more = [
    scenario("staff", ["alice", "root"], {"forge": "a", "claims": claims()}, {"forge": "r", "claims": claims(user_id="70002")},
             *[{"do": f"{method} {path}", "headers": {"Authorization": "Bearer {{%s}}" % who}}
               for who in "ar" for path in ("/api/protected/", "/api/hello/jwt/") for method in ("GET", "POST")]),
    scenario("formats", ["alice"], {"do": "GET /api/protected/?format=json"}, {"do": "GET /api/protected/?f=json"}, {"do": "GET /api/protected/?f=xml"},
             {"do": "GET /api/protected/", "headers": {"Accept": "text/html"}}, {"do": "GET /api/protected/", "headers": {"Accept": "application/json"}}),
    scenario("parsers", ["alice"], post("/api/token/", {}), {"do": "POST /api/token/", "form": {"username": "x"}}, {"do": "OPTIONS /api/token/"}),
    scenario("basic", ["alice"], *[{"do": "GET /api/protected/", "headers": {"Authorization": value}} for value in (
        "Basic YWxpY2U6Y29ycmVjdCBob3JzZSAx", "basic YWxpY2U6Y29ycmVjdCBob3JzZSAx", "Basic YWxpY2U6bm9wZQ==", "Basic", "Basic x y", "Basic %%%", "Basic 4pyT", "Basic OjE=")]),
    scenario("wrong logins", ["alice", "ivan", "nina"], *[post(path, {"username": u, "password": p}) for path in ("/api/token/", "/api/token/sliding/", "/api/authtoken/")
                                                           for u, p in (("ivan", "sleeping-ivan"), ("nina", "n1na-offline"), ("alice", "x"), ("nobody", "x"))]),
]

profiles = [
    {"name": "more_default", "peer": "modern", "env": {}, "scenarios": default},
    {"name": "more_sliding", "peer": "modern", "env": {"SIMPLE_JWT_AUTH_TOKEN_CLASSES": "SlidingToken,AccessToken", "SIMPLE_JWT_BLACKLIST_AFTER_ROTATION": "1"}, "scenarios": sliding},
] + [
    dict({"name": name, "peer": "modern", "env": env, "scenarios": [life] + more}, **({"keypair": KEYPAIRS[name]} if name in KEYPAIRS else {}))
    for name, env in ENVS.items()
]

for profile in profiles:
    profile["name"] = "x_" + profile["name"]
with open(os.path.join(HERE, "cases", "extra.json"), "w") as out:
    json.dump(dict(VISIBLE, set="extra", profiles=profiles), out, indent=1, ensure_ascii=True)
    out.write("\n")
