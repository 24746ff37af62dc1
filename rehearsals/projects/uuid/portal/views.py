from rest_framework.authentication import TokenAuthentication
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView


class Protected(APIView):
    permission_classes = [IsAuthenticated]

    def get(self, request):
        return Response({"message": "Hello, authenticated user!", "user": request.user.get_username()})


class HelloToken(APIView):
    authentication_classes = [TokenAuthentication]
    permission_classes = [IsAuthenticated]

    def get(self, request):
        name = request.user.get_username()
        return Response({"message": f"Hello, {name}! You are authenticated with Token."})


class WhoAmI(APIView):
    """Returns the claims of the token: a view of the project that reads its custom claims."""

    permission_classes = [IsAuthenticated]

    def get(self, request):
        return Response({"tenant": request.auth["tenant"], "name": request.auth["name"]})
