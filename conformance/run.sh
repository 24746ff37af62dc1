#!/usr/bin/env bash
# Runs the conformance suite against the server of this checkout. See README.md.
#   MANAGE        the binary to check; built if not set
#   POSTGRES_URL  a server for a scratch database; if not set, only SQLite is checked
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
# A copy: a build during the run must not change the binary.
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

sqlite() {
  check "sqlite://$scratch/contract.sqlite3"
  echo "== more recorded cases on sqlite"
  "$python" contract.py check --set extra --db "sqlite://$scratch/extra.sqlite3" \
    --start "$manage runserver" --migrate "$manage migrate" --manage "$manage"
  echo "== tokens to and from PyJWT"
  "$python" pyjwt_check.py "$manage"
}

# The two databases are checked at the same time; the output for SQLite is printed at the end.
sqlite >"$scratch/sqlite.log" 2>&1 &
sqlite=$!
trap 'kill "$sqlite" 2>/dev/null || true; rm -rf "$scratch"' EXIT
if [ -n "${POSTGRES_URL:-}" ]; then
  name=contract_$$
  psql "$POSTGRES_URL" -qc "CREATE DATABASE $name"
  trap 'kill "$sqlite" 2>/dev/null || true
    psql "$POSTGRES_URL" -qc "DROP DATABASE IF EXISTS $name WITH (FORCE)"
    rm -rf "$scratch"' EXIT
  check "$(printf '%s' "$POSTGRES_URL" | sed -E "s#^([a-z]+://[^/]+)(/[^?]*)?#\1/$name#")"
fi
status=0
wait "$sqlite" || status=$?
cat "$scratch/sqlite.log"
exit "$status"
