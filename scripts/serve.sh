# Sourced by the checks beside it: runs the server on a scratch SQLite database with the user of the Postman environment.
# After `serve`, the variables base_url, username and password say where and who; it is stopped when the script ends.
#   MANAGE   the binary to run; built when not set

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=$root/target
scratch=$(mktemp -d)
server=
trap 'if [ -n "$server" ]; then kill "$server" 2>/dev/null; wait "$server" 2>/dev/null || true; fi; rm -rf "$scratch"' EXIT

environment_value() {
  python3 - "$root/postman/local.postman_environment.json" "$1" <<'PYTHON'
import json, sys
print(next(v["value"] for v in json.load(open(sys.argv[1]))["values"] if v["key"] == sys.argv[2]))
PYTHON
}

# Arguments are settings: serve API_DOCS=true
serve() {
  local manage=${MANAGE:-}
  if [ -z "$manage" ]; then
    (cd "$root" && cargo build --quiet --bin manage)
    manage=${CARGO_TARGET_DIR:-$root/target}/debug/manage
  fi
  # A copy, so that a build meanwhile does not change the program under the check.
  cp "$manage" "$scratch/manage"
  username=$(environment_value username)
  password=$(environment_value password)
  local settings=(
    "SECRET_KEY=$(head -c 48 /dev/urandom | base64 | tr -d '\n')"
    "DATABASE_URL=sqlite://$scratch/db.sqlite3"
    "BIND=127.0.0.1:0"
    "RUST_LOG=info"
    "$@"
  )
  cd "$scratch"
  env "${settings[@]}" ./manage migrate >"$scratch/migrate.log"
  env "${settings[@]}" DJANGO_SUPERUSER_PASSWORD="$password" \
    ./manage createsuperuser --noinput --username "$username" --email admin@example.com
  env "${settings[@]}" ./manage runserver >"$scratch/server.log" 2>&1 &
  server=$!
  # Two minutes at most, for a busy machine.
  for _ in $(seq 1200); do
    base_url=$(sed -n 's/.*listening on \(http:[^ ]*\).*/\1/p' "$scratch/server.log")
    [ -n "$base_url" ] && break
    kill -0 "$server" || { cat "$scratch/server.log" >&2; exit 1; }
    sleep 0.1
  done
  [ -n "$base_url" ] || { echo "the server does not listen" >&2; cat "$scratch/server.log" >&2; exit 1; }
  cd "$root"
}
