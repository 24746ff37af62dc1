"""A client by openapi-python-client: logs in, reads a protected view, refreshes, logs out.

Types are checked by mypy, answers when it runs.
"""

import os

from login_client import AuthenticatedClient, Client
from login_client.api.project import api_protected_retrieve
from login_client.api.simplejwt import api_token_blacklist_create, api_token_create, api_token_refresh_create_2
from login_client.models import (
    ProtectedResponse,
    TokenBlacklistRequest,
    TokenObtainPairRequest,
    TokenObtainPairResponse,
    TokenRefreshRequest,
    TokenRefreshResponse,
)

base_url, user = os.environ["BASE_URL"], os.environ["API_USER"]
anonymous = Client(base_url=base_url)

credentials = TokenObtainPairRequest(username=user, password=os.environ["API_PASSWORD"])
tokens = api_token_create.sync(client=anonymous, body=credentials)
assert isinstance(tokens, TokenObtainPairResponse), tokens

authenticated = AuthenticatedClient(base_url=base_url, token=tokens.access)
answer = api_protected_retrieve.sync(client=authenticated)
assert isinstance(answer, ProtectedResponse), answer
assert answer.user == user, answer

refreshed = api_token_refresh_create_2.sync(client=anonymous, body=TokenRefreshRequest(refresh=tokens.refresh))
assert isinstance(refreshed, TokenRefreshResponse), refreshed
assert len(refreshed.access.split(".")) == 3, refreshed

refused = api_token_refresh_create_2.sync_detailed(client=anonymous, body=TokenRefreshRequest(refresh="x"))
assert refused.status_code == 401, refused

api_token_blacklist_create.sync(client=anonymous, body=TokenBlacklistRequest(refresh=tokens.refresh))
spent = api_token_refresh_create_2.sync_detailed(client=anonymous, body=TokenRefreshRequest(refresh=tokens.refresh))
assert spent.status_code == 401, spent
print("openapi-python-client: ok")
