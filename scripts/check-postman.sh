#!/usr/bin/env bash
# Runs the Postman collection against a server of this checkout. newman is kept under target/.
#   MANAGE   the binary to check; built when not set
set -euo pipefail
source "$(dirname "$0")/serve.sh"

command -v npm >/dev/null || { apt-get update -q && apt-get install -qy nodejs npm; }
newman=$cache/newman/node_modules/.bin/newman
if [ ! -x "$newman" ]; then
  npm install --silent --no-fund --no-audit --prefix "$cache/newman" newman@6.2.2
fi
serve API_DOCS=true SIMPLE_JWT_TOKEN_FAMILY_ENABLED=true
"$newman" run "$root/postman/actix-simplejwt.postman_collection.json" \
  --environment "$root/postman/local.postman_environment.json" \
  --env-var "baseUrl=$base_url" --reporters cli --reporter-cli-no-success-assertions --color off
