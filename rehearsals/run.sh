#!/usr/bin/env bash
# Rehearses docs/MIGRATING.md with live clients: Django, both servers behind nginx, this server alone, and back.
#   run.sh [default|bigint|uuid]   one project; without an argument all three at the same time
#   MANAGE        the program to move to, with examples/tenants in the same folder; both are built if it is not set
#   POSTGRES_URL  a server on which the rehearsals make their databases
set -euo pipefail
cd "$(dirname "$0")"
: "${POSTGRES_URL:?a PostgreSQL server is needed, for the databases of the rehearsals}"

install() {
  command -v "$1" >/dev/null || { apt-get update -q && apt-get install -qy --no-install-recommends "$2"; }
}
install nginx nginx
install pgrep procps
install curl curl
if [ ! -x .venv/bin/python ]; then
  python3 -m venv .venv
  .venv/bin/pip install -q --disable-pip-version-check -r requirements.txt
fi
if [ -z "${MANAGE:-}" ]; then
  (cd .. && cargo build --quiet --bin manage --example tenants)
  MANAGE=${CARGO_TARGET_DIR:-$PWD/../target}/debug/manage
fi
export POSTGRES_URL MANAGE
# The program for the project with custom claims.
export MANAGE_WITH_CLAIMS=${MANAGE_WITH_CLAIMS:-$(dirname "$MANAGE")/examples/tenants}

rehearse() {
  echo "== rehearsal: $1"
  .venv/bin/python -m rehearse "$1"
}

if [ $# -gt 0 ]; then
  rehearse "$1"
  exit
fi
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
declare -A running
for project in default bigint uuid; do
  rehearse "$project" >"$logs/$project" 2>&1 &
  running[$project]=$!
done
status=0
for project in default bigint uuid; do
  wait "${running[$project]}" || status=$?
  cat "$logs/$project"
done
exit "$status"
