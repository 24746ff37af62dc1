from rest_framework_simplejwt.serializers import TokenObtainPairSerializer


class TenantTokenObtainPairSerializer(TokenObtainPairSerializer):
    """Tokens that also say who the user is and for which tenant."""

    @classmethod
    def get_token(cls, user):
        token = super().get_token(user)
        token["tenant"] = user.tenant
        token["name"] = user.get_full_name()
        return token
