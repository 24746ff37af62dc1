//! One check of a password, by each hasher that Django prefers or offers.

use std::hint::black_box;
use std::time::Duration;

use actix_simplejwt::contrib::auth::hashers::PasswordHashers;
use criterion::{Criterion, criterion_group, criterion_main};

const PASSWORD: &str = "correct horse 1";

fn check(c: &mut Criterion) {
    let mut group = c.benchmark_group("password/check");
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    for name in ["PBKDF2PasswordHasher", "BCryptSHA256PasswordHasher", "Argon2PasswordHasher", "ScryptPasswordHasher"] {
        let hashers = PasswordHashers::from_names(&[name]).expect("it is one of Django's");
        let encoded = hashers.encode(PASSWORD).expect("it can be hashed");
        group.bench_function(name, |b| b.iter(|| hashers.check(black_box(PASSWORD), &encoded)));
    }
    group.finish();
}

criterion_group!(benches, check);
criterion_main!(benches);
