#![no_main]

#[path = "../../tests/fuzz/targets/mod.rs"]
#[allow(dead_code, reason = "one target to a program: the less there is in it, the faster libFuzzer looks through it")]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::signed::check(data));
