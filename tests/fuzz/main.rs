//! A short run of every fuzz target, from seeds in `seeds/` and inputs near them. `PROPTEST_CASES` is how many for each,
//! 256 when not set. `scripts/fuzz.sh` runs the same targets under libFuzzer, for as long as one likes.
//!
//! An input that has found something goes into `seeds/` under the name of what it found; proptest writes those that it
//! finds into `regressions.txt`, which is kept too.

mod mutation;
mod targets;

use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestRunner};

use self::mutation::{Input, Seeds};

/// The seeds of `name`, and then inputs near them.
fn run(name: &str, target: fn(&[u8])) {
    let seeds = Seeds::of(name);
    for seed in seeds.whole() {
        println!("{:?}", Input(seed.clone()));
        target(seed);
    }
    let persistence = FileFailurePersistence::Direct("tests/fuzz/regressions.txt");
    let config = Config {
        failure_persistence: Some(Box::new(persistence)),
        source_file: Some(file!()),
        max_shrink_iters: 4_000,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&seeds.mutated(), |Input(bytes)| {
        target(&bytes);
        Ok::<(), TestCaseError>(())
    });
    outcome.unwrap_or_else(|failure| panic!("{name}: {failure}"));
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
    start
    tokens
    values
}
