#!/bin/sh
# Licences, bans and sources of all dependencies, and their known vulnerabilities, checked by cargo-deny with deny.toml.
# Installs cargo-deny when it is missing, which takes a minute or two. CI calls it; it takes no arguments.
#
# The advisories come from a public repository. If it cannot be reached they are not checked, and the script says so;
# REQUIRE_ADVISORIES=1 makes that a failure. `cargo test --test supply_chain` needs no network and always runs.
set -eu
cd "$(dirname "$0")/.."

if ! command -v cargo-deny >/dev/null; then
    # It checks a few hundred crates in a second: optimizing it would take longer than it saves.
    build=$(mktemp -d)
    trap 'rm -rf "$build"' EXIT
    CARGO_TARGET_DIR=$build CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off \
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS=256 CARGO_PROFILE_RELEASE_DEBUG=0 \
        cargo install cargo-deny --quiet --locked --version 0.20.2
    PATH=${CARGO_INSTALL_ROOT:-${CARGO_HOME:-$HOME/.cargo}}/bin:$PATH
fi

cargo deny --locked check bans licenses sources

if fetched=$(cargo deny --locked fetch db 2>&1); then
    cargo deny --locked check --disable-fetch advisories
elif [ "${REQUIRE_ADVISORIES:-}" = 1 ]; then
    echo "$fetched" >&2
    exit 1
else
    echo "advisories were NOT checked: their database cannot be reached from here"
fi
