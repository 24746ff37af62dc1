#!/usr/bin/env bash
# Uses the admin site in a real browser: logs in, finds a user, changes groups by keyboard alone, ends a session and a token and sees
# the API refuse them, in light, dark and on a phone, with and without scripts. Then the browsable API: login, OPTIONS, raw data, DELETE.
# Every page is checked by axe-core. The browser's driver is kept under target/.
#   MANAGE        the binary to check; built if not set
#   SCREENSHOTS   a folder for pictures of the pages; none are taken if not set
set -euo pipefail
source "$(dirname "$0")/serve.sh"

command -v npm >/dev/null || { apt-get update -q && apt-get install -qy nodejs npm; }
command -v chromium >/dev/null || { apt-get update -q && apt-get install -qy chromium; }
node=$cache/admin
if [ ! -d "$node/node_modules/axe-core" ]; then
  npm install --silent --no-fund --no-audit --prefix "$node" playwright-core@1.65.1 axe-core@4.14.1
fi
serve LOGIN_FAILURE_LIMIT=5 PASSWORD_HASHERS=MD5PasswordHasher SIMPLE_JWT_BLACKLIST_AFTER_ROTATION=true \
  SIMPLE_JWT_ROTATE_REFRESH_TOKENS=true SIMPLE_JWT_TOKEN_FAMILY_ENABLED=true \
  REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES=JWTAuthentication,SessionAuthentication,TokenAuthentication
python3 "$root/scripts/admin/fill.py" "$scratch/db.sqlite3"
cp "$root/scripts/admin/check.mjs" "$node"
BASE_URL=$base_url API_USER=$username API_PASSWORD=$password node "$node/check.mjs"
