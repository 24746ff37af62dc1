#!/bin/sh
# Runs the fuzz targets of tests/fuzz under libFuzzer, led by coverage, on one core: `scripts/fuzz.sh [executions
# [target…]]`, ten million of every target when nothing is said. Takes stable Rust and a C++ compiler. An input that
# finds something is left in fuzz/artifacts/ and stops the script; what is found on the way is kept in fuzz/corpus/.
#
# The same targets run for a moment in `cargo test --test fuzz`.
set -eu
cd "$(dirname "$0")/../fuzz"
runs=${1:-10000000}
[ $# -eq 0 ] || shift

all="authorization bodies claims database_urls forwarded hosts media_types passwords service settings signed start tokens values"
[ $# -gt 0 ] || set -- $all

# The versions of the server's dependencies; cargo adds the versions of libFuzzer.
cp ../Cargo.lock Cargo.lock
RUSTC_WRAPPER=$PWD/instrument.sh cargo build --quiet $(printf -- '--bin %s ' "$@")
programs=${CARGO_TARGET_DIR:-$PWD/target}/debug

for target in "$@"; do
    mkdir -p "corpus/$target" "artifacts/$target"
    echo "== $target"
    # Longer inputs cost time and find nothing: a seed of each kind is far shorter.
    case $target in
        authorization | database_urls | forwarded | hosts | media_types | passwords | values) length=300 ;;
        settings | start) length=1000 ;;
        *) length=2500 ;;
    esac
    # The time is the time of the system clock. A jump of this clock is not a finding.
    RUST_LOG=off "$programs/$target" -runs="$runs" -max_len="$length" -timeout=120 -rss_limit_mb=4096 \
        -print_final_stats=1 -artifact_prefix="artifacts/$target/" \
        "corpus/$target" "../tests/fuzz/seeds/$target" >"artifacts/$target/log" 2>&1 || {
        tail -40 "artifacts/$target/log"
        exit 1
    }
    grep -E '^stat::(number_of_executed_units|average_exec_per_sec|slowest_unit_time_sec|peak_rss_mb)' "artifacts/$target/log"
done
