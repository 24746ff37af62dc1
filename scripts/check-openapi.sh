#!/usr/bin/env bash
# Compares a server of this checkout with its API description, with schemathesis, which is kept under target/.
#   MANAGE         the binary to check; built when not set
#   MAX_EXAMPLES   generated requests per operation; 50 if not set
#   SEED           the seed of the generator; always the same if not set, so that a failed run can be repeated
set -euo pipefail
source "$(dirname "$0")/serve.sh"

venv=$cache/schemathesis
if [ ! -x "$venv/bin/schemathesis" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check schemathesis==4.32.5
fi
# Cheap passwords, since most requests are logins; tokens that outlive the run.
serve API_DOCS=true PASSWORD_HASHERS=MD5PasswordHasher RUST_LOG=actix_simplejwt=info \
  JWT_EXPIRATION_DELTA=1h JWT_ALLOW_REFRESH=true SIMPLE_JWT_BLACKLIST_AFTER_ROTATION=true

token() {
  curl -sS --fail "$base_url$1" --data-urlencode "username=$username" --data-urlencode "password=$password" |
    sed 's/.*"'"$2"'":"\([^"]*\)".*/\1/'
}
ACCESS_TOKEN=$(token /api/token/ access)
AUTHTOKEN_KEY=$(token /api/authtoken/ token)
LEGACY_TOKEN=$(token /api-token-auth/ token)
export ACCESS_TOKEN AUTHTOKEN_KEY LEGACY_TOKEN

cd "$scratch"
"$venv/bin/schemathesis" --config-file "$root/scripts/schemathesis.toml" run "$base_url/api/schema/" \
  --checks all --max-examples "${MAX_EXAMPLES:-50}" --seed "${SEED:-1}" --no-color
