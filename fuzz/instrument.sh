#!/bin/sh
# RUSTC_WRAPPER of scripts/fuzz.sh: counts which branches of this project are taken, which is what libFuzzer is led by.
# The dependencies are left as they are. Stable Rust does this without a sanitizer.
case " $* " in
    *" --crate-name actix_simplejwt "* | *" fuzz_targets/"*)
        exec "$@" -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
            -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
            -Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions -Coverflow-checks ;;
    *)
        exec "$@" ;;
esac
