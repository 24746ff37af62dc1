from rest_framework_simplejwt.serializers import TokenObtainPairSerializer


class TenantTokenObtainPairSerializer(TokenObtainPairSerializer):
    """Tokens with the name and the tenant of the user."""

    @classmethod
    def get_token(cls, user):
        token = super().get_token(user)
        token["tenant"] = user.tenant
        token["name"] = user.get_full_name()
        return token
