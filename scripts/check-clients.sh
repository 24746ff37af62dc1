#!/usr/bin/env bash
# Generates clients from the API's description, type-checks them and runs them against a server of this checkout. The generators
# are kept under target/.
#   MANAGE   the binary to check; built if not set
set -euo pipefail
source "$(dirname "$0")/serve.sh"

command -v npm >/dev/null || { apt-get update -q && apt-get install -qy nodejs npm; }
node=$cache/clients
if [ ! -x "$node/node_modules/.bin/openapi-typescript" ]; then
  npm install --silent --no-fund --no-audit --prefix "$node" \
    openapi-typescript@7.13.0 openapi-fetch@0.17.0 typescript@5.9.3 @types/node@22.20.5
fi
venv=$cache/clients/venv
if [ ! -x "$venv/bin/openapi-python-client" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check openapi-python-client==0.29.1 ruff==0.17.6 mypy==2.4.1
fi
# One refresh token is used twice: it stays valid until it is blacklisted.
serve API_DOCS=true SIMPLE_JWT_ROTATE_REFRESH_TOKENS=false
curl -sS --fail -o "$scratch/openapi.json" "$base_url/api/schema/"
export BASE_URL=$base_url API_USER=$username API_PASSWORD=$password

client=$node/client
rm -rf "$client"
mkdir "$client"
cp "$root/scripts/clients/client.ts" "$client"
echo '{ "type": "module" }' >"$client/package.json"
cd "$client"
npx openapi-typescript "$scratch/openapi.json" --output schema.d.ts >/dev/null
npx tsc --strict --target es2022 --module nodenext --types node client.ts
node client.js

client=$scratch/python
mkdir "$client"
cp "$root/scripts/clients/client.py" "$client"
cd "$client"
export PATH=$venv/bin:$PATH
openapi-python-client generate --path "$scratch/openapi.json" --meta none --fail-on-warning \
  --output-path login_client >/dev/null
# Without login_client/client.py, which is the same for every description and has errors of its own.
mypy --no-error-summary --follow-imports silent client.py login_client/api login_client/models
python client.py
