#!/usr/bin/env bash
# Runs the conformance suite against the server of this checkout. See README.md.
#   MANAGE        the binary to check; built when not set
#   POSTGRES_URL  a server to make a scratch database on; without one only SQLite is checked
set -euo pipefail
[ -z "${MANAGE:-}" ] || MANAGE=$(realpath "$MANAGE")
cd "$(dirname "$0")"
here=$PWD

if [ ! -x .venv/bin/python ]; then
  python3 -m venv .venv
  .venv/bin/pip install -q --disable-pip-version-check -r requirements-peer.txt
fi
python=$here/.venv/bin/python
export CONTRACT_MODERN_VENV=$here/.venv

if [ -z "${MANAGE:-}" ]; then
  (cd .. && cargo build --bin manage)
  MANAGE=${CARGO_TARGET_DIR:-$here/../target}/debug/manage
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# A copy, so that a build meanwhile does not change the binary under the suite.
cp "$MANAGE" "$scratch/manage"
manage=$scratch/manage

check() {
  local db=$1
  echo "== recorded cases on ${db%%:*}"
  "$python" contract.py check --set visible --accept-unreleased --db "$db" \
    --start "$manage runserver" --migrate "$manage migrate" --manage "$manage" \
    --peer-start "$python $here/peer.py serve {port}"
  echo "== tables on ${db%%:*}"
  "$python" schema_check.py check --migrate "$manage migrate" --db "$db"
}

check "sqlite://$scratch/contract.sqlite3"
echo "== more recorded cases on sqlite"
"$python" contract.py check --set extra --db "sqlite://$scratch/contract.sqlite3" \
  --start "$manage runserver" --migrate "$manage migrate" --manage "$manage"
if [ -n "${POSTGRES_URL:-}" ]; then
  name=contract_$$
  psql "$POSTGRES_URL" -qc "CREATE DATABASE $name"
  trap 'psql "$POSTGRES_URL" -qc "DROP DATABASE IF EXISTS $name WITH (FORCE)"; rm -rf "$scratch"' EXIT
  check "$(printf '%s' "$POSTGRES_URL" | sed -E "s#^([a-z]+://[^/]+)(/[^?]*)?#\1/$name#")"
fi
echo "== tokens to and from PyJWT"
"$python" pyjwt_check.py "$manage"
