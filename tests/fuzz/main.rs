//! A short run of every fuzz target: its seeds, then inputs close to them. `FUZZ_CASES` is the number of inputs per target,
//! 256 by default. `scripts/fuzz.sh` runs the same targets under libFuzzer.
//!
//! An input that fails is printed with its number. The inputs are the same in every run. Fix the cause and add the input to
//! `seeds/`, in a file named after what it found.

mod mutation;
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use rand::SeedableRng;
use rand::rngs::StdRng;

use self::mutation::{Input, Seeds};

/// Runs the seeds of `name`, and then inputs close to them.
fn run(name: &str, target: fn(&[u8])) {
    let seeds = Seeds::of(name);
    for seed in seeds.whole() {
        check(target, "seed", &Input(seed.clone()));
    }
    let cases = std::env::var("FUZZ_CASES").map_or(256, |cases| cases.parse().expect("FUZZ_CASES is a number"));
    for number in 0..cases {
        check(target, &format!("input {number}"), &seeds.mutated(&mut StdRng::seed_from_u64(number)));
    }
}

/// Runs one input, and prints it if it fails.
fn check(target: fn(&[u8]), what: &str, input: &Input) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(&input.0))) {
        eprintln!("{what} failed: {input:?}");
        resume_unwind(panic);
    }
}

macro_rules! tests {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                run(stringify!($name), targets::$name::check);
            }
        )*
    };
}

tests! {
    authorization
    bodies
    claims
    database_urls
    forwarded
    hosts
    media_types
    passwords
    service
    settings
    signed
    start
    tokens
    values
}
