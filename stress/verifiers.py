"""Two of the verifiers of rotation.py, each a small HTTP server: PyJWT's PyJWKClient, and a Django with JWK_URL.

    verifiers.py pyjwt|django PORT URL_OF_THE_JWK_SET

Needs PyJWT with cryptography, or Django REST Framework with simplejwt. Answers 200 for a valid access token and 401 for others.
"""
import http.server
import socketserver
import sys
import wsgiref.simple_server


class Threads(socketserver.ThreadingMixIn):
    daemon_threads = True
    request_queue_size = 128


def pyjwt(port, url):
    import jwt

    client = jwt.PyJWKClient(url)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            token = self.headers.get("Authorization", "").partition(" ")[2]
            try:
                key = client.get_signing_key_from_jwt(token)
                claims = jwt.decode(token, key, algorithms=["ES256"], options={"require": ["exp"]})
                status = 200 if claims["token_type"] == "access" else 401
            except jwt.PyJWTError as error:
                print("pyjwt: %r" % error, file=sys.stderr, flush=True)
                status = 401
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    class Server(Threads, http.server.HTTPServer):
        pass

    Server(("127.0.0.1", port), Handler).serve_forever()


def django(port, url):
    import django as package
    from django.conf import settings

    settings.configure(
        ALLOWED_HOSTS=["*"],
        DATABASES={},
        # simplejwt imports the models of users. No table of them is read.
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework"],
        REST_FRAMEWORK={"UNAUTHENTICATED_USER": None},
        ROOT_URLCONF=__name__,
        SECRET_KEY="not used by this service, which verifies by public keys",
        SIMPLE_JWT={"ALGORITHM": "ES256", "SIGNING_KEY": "", "JWK_URL": url},
    )
    package.setup()
    from django.core.wsgi import get_wsgi_application
    from django.urls import path
    from rest_framework.permissions import BasePermission
    from rest_framework.response import Response
    from rest_framework.views import APIView
    from rest_framework_simplejwt.authentication import JWTStatelessUserAuthentication

    class HasToken(BasePermission):
        def has_permission(self, request, view):
            return request.auth is not None

    class View(APIView):
        authentication_classes = [JWTStatelessUserAuthentication]
        permission_classes = [HasToken]

        def get(self, request):
            return Response({"id": request.user.id})

    globals()["urlpatterns"] = [path("", View.as_view())]

    class Server(Threads, wsgiref.simple_server.WSGIServer):
        pass

    class Handler(wsgiref.simple_server.WSGIRequestHandler):
        def log_message(self, *_):
            pass

    server = wsgiref.simple_server.make_server("127.0.0.1", port, get_wsgi_application(), Server, Handler)
    server.serve_forever()


if __name__ == "__main__":
    kind, port, url = sys.argv[1:]
    {"pyjwt": pyjwt, "django": django}[kind](int(port), url)
