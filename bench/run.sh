#!/usr/bin/env bash
# The benchmark: builds what it needs, starts the servers, measures, cleans up. See README.md; `run.sh --help` has the flags.
#   MANAGE         the server to measure; built when not set
#   POSTGRES_URL   a PostgreSQL server on which databases may be made (--postgres)
set -euo pipefail
[ -z "${MANAGE:-}" ] || MANAGE=$(realpath "$MANAGE")
cd "$(dirname "$0")"
here=$PWD
# A thousand connections need as many files.
ulimit -n "$(ulimit -Hn)" 2>/dev/null || true

if [ ! -x .venv/bin/granian ]; then
  python3 -m venv .venv
  .venv/bin/pip install -q --disable-pip-version-check -r ../conformance/requirements-peer.txt -r requirements.txt
fi
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$here/target}
cargo build --quiet --release --locked -p load -p hello
# With SQLite as its crate compiles it, and not with the flags of the project's .cargo/config.toml.
LIBSQLITE3_FLAGS="" cargo build --quiet --release --locked -p obvious --target-dir "$CARGO_TARGET_DIR/obvious"
if [ -z "${MANAGE:-}" ]; then
  (cd .. && cargo build --quiet --release --locked --bin manage)
  MANAGE=$CARGO_TARGET_DIR/release/manage
fi
if command -v npm >/dev/null && ! (cd peers/node && node -e 'new (require("better-sqlite3"))(":memory:")') 2>/dev/null; then
  echo "installing the packages of the Node.js peer, one of which is compiled" >&2
  (cd peers/node && npm ci --no-audit --no-fund --silent >/dev/null 2>&1 && npm rebuild --silent >/dev/null 2>&1) || rm -rf peers/node/node_modules
fi
# With Debian's packages, so that the versions of the libraries are known. The program of an earlier build is deleted, so that it
# is not measured instead.
rm -f "$CARGO_TARGET_DIR/release/go-peer"
go_with_debian() {
  env GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= CGO_ENABLED=1 go "$@"
}
if go_with_debian list -deps ./peers/go >/dev/null 2>&1; then
  go_with_debian build -o "$CARGO_TARGET_DIR/release/go-peer" ./peers/go || echo "the Go peer could not be built" >&2
fi
export MANAGE BENCH_TARGET=$CARGO_TARGET_DIR
exec .venv/bin/python run.py "$@"
