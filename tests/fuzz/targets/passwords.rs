//! Stored password strings from a damaged or malicious table.

use std::sync::{Arc, LazyLock};

use actix_simplejwt::contrib::auth::hashers::{
    Argon2PasswordHasher, BcryptPasswordHasher, Md5PasswordHasher, PasswordHasher, PasswordHashers,
    Pbkdf2PasswordHasher, ScryptPasswordHasher, is_password_usable,
};

const PASSWORD: &str = "correct horse";

/// The strings that match the password.
const GOOD: [&str; 7] = [
    include_str!("../seeds/passwords/argon2"),
    include_str!("../seeds/passwords/bcrypt"),
    include_str!("../seeds/passwords/bcrypt_sha256"),
    include_str!("../seeds/passwords/md5"),
    include_str!("../seeds/passwords/pbkdf2_sha1"),
    include_str!("../seeds/passwords/pbkdf2_sha256"),
    include_str!("../seeds/passwords/scrypt"),
];

/// The limit of work, in units of the cheap hashers below. Above it only the estimate is tested.
const MAX_WORK: f64 = 4.0;

static HASHERS: LazyLock<Vec<Arc<dyn PasswordHasher>>> = LazyLock::new(|| {
    vec![
        // The first hasher adds the missing time at a refusal, so it is the cheapest.
        Arc::new(Md5PasswordHasher),
        Arc::new(Pbkdf2PasswordHasher::sha256(10).unwrap()),
        Arc::new(Pbkdf2PasswordHasher::sha1(10).unwrap()),
        Arc::new(Argon2PasswordHasher::new(8, 1, 1).unwrap()),
        Arc::new(BcryptPasswordHasher::sha256(4).unwrap()),
        Arc::new(BcryptPasswordHasher::plain(4).unwrap()),
        Arc::new(ScryptPasswordHasher::new(2, 1, 1).unwrap()),
    ]
});

/// A password matches only the string that was made from it, and the work that a string causes is limited.
pub fn check(data: &[u8]) {
    static ALL: LazyLock<PasswordHashers> = LazyLock::new(|| PasswordHashers::new(HASHERS.iter().cloned()).unwrap());
    let encoded = String::from_utf8_lossy(data);
    let is_good = GOOD.contains(&&*encoded);
    assert!(is_password_usable(&encoded) || !is_good);

    let algorithm = encoded.split('$').next().unwrap_or_default();
    for hasher in HASHERS.iter() {
        let (work, update) = (hasher.relative_work(&encoded), hasher.must_update(&encoded));
        assert_eq!(work.is_err(), update.is_err(), "{encoded:?}");
        if work.is_ok() {
            assert_eq!(hasher.algorithm(), algorithm, "{encoded:?} is read by another hasher than it names");
        }
        if work.is_err() {
            assert!(hasher.verify(PASSWORD, &encoded).is_err(), "{encoded:?}");
        }
    }
    if is_cheap(&encoded) {
        assert_eq!(ALL.check(PASSWORD, &encoded).is_correct, is_good, "{encoded:?}");
        assert!(!ALL.check("battery staple", &encoded).is_correct, "{encoded:?}");
    }
}

/// Whether a comparison with this string takes a millisecond or less. The work is always within the limits, because
/// `relative_work` refuses strings beyond them.
fn is_cheap(encoded: &str) -> bool {
    let is_small = |number: &str| number.parse::<u64>().map_or(number.is_empty(), |number| number <= 20);
    let parts: Vec<&str> = encoded.split('$').collect();
    match parts[..] {
        ["argon2", .., costs, _, _] => costs.split(|c: char| !c.is_ascii_digit()).all(is_small),
        ["scrypt", n, _, r, p, ..] => [n, r, p].into_iter().all(is_small),
        _ => {
            let mut work = HASHERS.iter().filter_map(|hasher| hasher.relative_work(encoded).ok().flatten());
            work.all(|work| work <= MAX_WORK)
        }
    }
}
