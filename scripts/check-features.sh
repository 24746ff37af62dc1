#!/bin/sh
# Checks that the databases, Redis and the server compile without warnings alone and in the important pairs, and runs
# the unit tests and the documentation's examples of the set without a database. CI calls it; it takes no arguments.
set -eu

check() {
    echo "== $*"
    cargo clippy --quiet --all-targets --no-default-features "$@" -- -D warnings
}

check
check --features sqlite
check --features postgres
check --features redis
check --features sqlite,server
check --features postgres,server

# The set without a database must not pull in diesel, nor a C library of a database, through some other way.
tree=$(cargo tree --no-default-features --edges normal,build --prefix none)
for name in diesel libsqlite3-sys pq-sys pq-src openssl-sys redis clap; do
    if echo "$tree" | grep -q "^$name v"; then
        echo "the build without features depends on $name" >&2
        exit 1
    fi
done

cargo test --quiet --no-default-features --lib
cargo test --quiet --no-default-features --doc
cargo test --quiet --no-default-features --test stateless
