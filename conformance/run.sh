#!/usr/bin/env bash
# Runs both conformance suites against the server of this checkout: the suite of the API, and the suite of the admin site,
# sessions and the browsable API. See README.md and admin/README.md.
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
export CONTRACT_MODERN_VENV=$here/.venv ADMIN_CONTRACT_VENV=$here/.venv

if [ -z "${MANAGE:-}" ]; then
  (cd .. && cargo build --bin manage)
  MANAGE=${CARGO_TARGET_DIR:-$here/../target}/debug/manage
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# A copy, because a build during the run must not change the binary.
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

# The second suite, with separate ports.
admin() {
  local db=$1 ports=$2
  echo "== recorded cases of the admin site on ${db%%:*}"
  (cd admin && ADMIN_CONTRACT_PORTS=$ports "$python" admin_contract.py check --set visible --db "$db" \
    --start "$manage runserver 127.0.0.1:{port}" --migrate "$manage migrate" \
    --peer-start "$python $here/admin/peer.py serve {port}")
}

# Another database on the server of POSTGRES_URL.
beside() {
  printf '%s' "$POSTGRES_URL" | sed -E "s#^([a-z]+://[^/]+)(/[^?]*)?#\1/$1#"
}

# Both suites check the two databases at the same time. The output is printed at the end.
jobs=()
databases=()
end() {
  kill "${jobs[@]}" 2>/dev/null || true
  for name in "${databases[@]}"; do
    psql "$POSTGRES_URL" -qc "DROP DATABASE IF EXISTS $name WITH (FORCE)"
  done
  rm -rf "$scratch"
}
trap end EXIT
sqlite >"$scratch/1.log" 2>&1 &
jobs+=($!)
{ admin "sqlite:///$scratch/admin.sqlite3" 18700-18724; } >"$scratch/2.log" 2>&1 &
jobs+=($!)
if [ -n "${POSTGRES_URL:-}" ]; then
  databases=("contract_$$" "admin_$$")
  psql "$POSTGRES_URL" -qc "CREATE DATABASE contract_$$"
  # The collation and the character type of the recorded Django.
  psql "$POSTGRES_URL" -qc "CREATE DATABASE admin_$$ TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"
  { admin "$(beside "admin_$$")" 18725-18749; } >"$scratch/3.log" 2>&1 &
  jobs+=($!)
  { check "$(beside "contract_$$")"; } >"$scratch/4.log" 2>&1 &
  jobs+=($!)
fi
status=0
for job in "${jobs[@]}"; do
  wait "$job" || status=$?
done
cat "$scratch"/[1-4].log
exit "$status"
