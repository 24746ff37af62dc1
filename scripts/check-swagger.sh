#!/usr/bin/env bash
# Uses the page of Swagger UI in a real browser: logs in, tries operations out, logs out. The browser's driver is kept under
# target/.
#   MANAGE        the binary to check; built if not set
#   SCREENSHOTS   a folder for pictures of the page; none are taken if not set
set -euo pipefail
source "$(dirname "$0")/serve.sh"

command -v npm >/dev/null || { apt-get update -q && apt-get install -qy nodejs npm; }
command -v chromium >/dev/null || { apt-get update -q && apt-get install -qy chromium; }
node=$cache/swagger
if [ ! -d "$node/node_modules/playwright-core" ]; then
  npm install --silent --no-fund --no-audit --prefix "$node" playwright-core@1.65.1
fi
serve API_DOCS=true
cp "$root/scripts/swagger/check.mjs" "$node"
BASE_URL=$base_url API_USER=$username API_PASSWORD=$password node "$node/check.mjs"
