//! Compares our results for stored passwords with Django's, and tests the time of a refusal.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde::Deserialize;

use super::*;

/// Written by `make_passwords.py` in the same folder.
const FIXTURE: &str = include_str!("../../../../tests/fixtures/django/passwords.json");

#[derive(Deserialize)]
struct Fixture {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    what: String,
    password: String,
    encoded: String,
    /// By the preferred algorithm of a list of cheap hashers; `all` for all of them; `django` for the default list.
    answers: BTreeMap<String, String>,
}

/// The lists of `make_passwords.py`, each under its preferred algorithm, and the default one.
fn lists() -> BTreeMap<&'static str, PasswordHashers> {
    let cheap: [Arc<dyn PasswordHasher>; 7] = [
        Arc::new(Pbkdf2PasswordHasher::sha256(1000).unwrap()),
        Arc::new(Pbkdf2PasswordHasher::sha1(1000).unwrap()),
        Arc::new(Argon2PasswordHasher::new(64, 2, 2).unwrap()),
        Arc::new(BcryptPasswordHasher::sha256(4).unwrap()),
        Arc::new(BcryptPasswordHasher::plain(4).unwrap()),
        Arc::new(ScryptPasswordHasher::new(16, 4, 2).unwrap()),
        Arc::new(Md5PasswordHasher),
    ];
    let of = |first: &Arc<dyn PasswordHasher>| {
        PasswordHashers::new(std::iter::once(first.clone()).chain(cheap.iter().cloned())).unwrap()
    };
    let mut lists: BTreeMap<_, _> = cheap.iter().map(|first| (first.algorithm(), of(first))).collect();
    lists.insert("django", PasswordHashers::default());
    lists
}

#[test]
fn django_and_we_agree_on_every_stored_password() {
    let lists = lists();
    let fixture: Fixture = serde_json::from_str(FIXTURE).unwrap();
    let mut checked = 0;
    for Case { what, password, encoded, answers } in &fixture.cases {
        // Django's bcrypt takes `abc\0abc` for `abc`. This server refuses it.
        let has_nul = encoded.starts_with("bcrypt$") && password.contains('\0');
        for (list, answer) in answers {
            let expected = match answer.as_str() {
                "correct" | "update" if has_nul => PasswordCheck::WRONG,
                "correct" => PasswordCheck { is_correct: true, must_update: false },
                "update" => PasswordCheck { is_correct: true, must_update: true },
                answer if answer == "wrong" || answer.starts_with("raises ") => PasswordCheck::WRONG,
                answer => panic!("{what}: the fixture says {answer:?}"),
            };
            for (name, hashers) in
                lists.iter().filter(|(name, _)| *name == list || (list == "all" && **name != "django"))
            {
                assert_eq!(hashers.check(password, encoded), expected, "{what}, preferring {name}: {encoded:?}");
                checked += 1;
            }
        }
    }
    assert!(checked > 3000, "{checked}");
}

#[test]
fn names_are_those_of_djangos_classes_short_or_dotted() {
    let hashers =
        PasswordHashers::from_names(&["django.contrib.auth.hashers.ScryptPasswordHasher", "MD5PasswordHasher"]);
    let hashers = hashers.unwrap();
    assert_eq!(hashers.preferred().algorithm(), "scrypt");
    assert!(hashers.check("x", "md5$s$2c38b9e45cec1b324dde4e3d5b22c648").must_update);

    let error = PasswordHashers::from_names(&["MD5PasswordHasher", "UnsaltedMD5PasswordHasher"]).unwrap_err();
    assert_eq!(
        error,
        "a list of known password hashers: UnsaltedMD5PasswordHasher is not one of PBKDF2PasswordHasher, \
         PBKDF2SHA1PasswordHasher, Argon2PasswordHasher, BCryptSHA256PasswordHasher, BCryptPasswordHasher, \
         ScryptPasswordHasher, MD5PasswordHasher"
    );
    assert!(PasswordHashers::from_names(&["my.hashers.MD5PasswordHasher"]).is_err());
    assert!(PasswordHashers::from_names(&[""; 0]).is_err());
}

#[test]
fn the_default_list_is_djangos() {
    let default = PasswordHashers::default();
    let algorithms: Vec<_> = default.algorithms().collect();
    assert_eq!(algorithms, ["pbkdf2_sha256", "pbkdf2_sha1", "argon2", "bcrypt_sha256", "scrypt"]);
}

#[test]
fn an_unusable_password_is_an_exclamation_mark_and_random_text() {
    let encoded = PasswordHashers::make_unusable();
    assert_eq!((encoded.len(), &encoded[..1]), (41, "!"));
    assert_ne!(encoded, PasswordHashers::make_unusable());
    assert!(!is_password_usable(&encoded));
    assert!(is_password_usable(""));
}

/// A hasher whose hashes, `name$password$work`, contain the share of its work. It records the extra work that it gets.
#[derive(Debug)]
struct Recorder {
    name: &'static str,
    burnt: Mutex<Vec<f64>>,
}

impl Recorder {
    fn new(name: &'static str) -> Arc<Self> {
        Arc::new(Self { name, burnt: Mutex::default() })
    }

    fn burnt(&self) -> Vec<f64> {
        std::mem::take(&mut self.burnt.lock().unwrap())
    }

    fn decode<'a>(&self, encoded: &'a str) -> Result<(&'a str, f64), HasherError> {
        let parts: Vec<&str> = encoded.split('$').collect();
        match parts[..] {
            [_, password, work] => Ok((password, work.parse().map_err(|_| HasherError::Malformed)?)),
            _ => Err(HasherError::Malformed),
        }
    }
}

impl PasswordHasher for Recorder {
    fn algorithm(&self) -> &'static str {
        self.name
    }

    fn encode(&self, password: &str) -> Result<String, HasherError> {
        Ok(format!("{}${password}$1", self.name))
    }

    fn verify(&self, password: &str, encoded: &str) -> Result<bool, HasherError> {
        Ok(self.decode(encoded)?.0 == password)
    }

    fn must_update(&self, encoded: &str) -> Result<bool, HasherError> {
        Ok(self.decode(encoded)?.1 < 1.0)
    }

    fn relative_work(&self, encoded: &str) -> Result<Option<f64>, HasherError> {
        Ok(Some(self.decode(encoded)?.1).filter(|work| *work > 0.0))
    }

    fn harden_runtime(&self, _: &str, share: f64) {
        self.burnt.lock().unwrap().push(share);
    }
}

/// Hashers whose work takes a time that depends only on their names.
fn timed(hashers: &[&Arc<Recorder>]) -> PasswordHashers {
    let time_of = |hasher: &dyn PasswordHasher| match hasher.algorithm() {
        "new" => Duration::from_millis(100),
        "dear" => Duration::from_millis(200),
        "extreme" => Duration::from_secs(10),
        _ => Duration::from_millis(50),
    };
    let most_expensive = Arc::new(MostExpensive::new(hashers.len(), time_of));
    PasswordHashers { hashers: hashers.iter().map(|hasher| (*hasher).clone() as _).collect(), most_expensive }
}

#[test]
fn every_refusal_takes_the_time_of_the_most_expensive_kind() {
    let (new, old, dear) = (Recorder::new("new"), Recorder::new("old"), Recorder::new("dear"));
    let hashers = timed(&[&new, &old, &dear]);
    assert_eq!(hashers.more_expensive_than_preferred(), None);
    hashers.observe("old$secret$1");
    hashers.observe("dear$secret$x");
    assert_eq!(hashers.more_expensive_than_preferred(), None);
    hashers.observe("dear$secret$0.75");
    assert_eq!(hashers.more_expensive_than_preferred(), Some(("dear", 1.5)));

    for encoded in ["", "!", "other$secret$1", "new$secret", "old$secret"] {
        assert_eq!(hashers.check("secret", encoded), PasswordCheck::WRONG, "{encoded}");
        assert_eq!((new.burnt(), dear.burnt()), (vec![], vec![0.75]), "{encoded}");
    }
    hashers.fake_runtime("secret");
    assert_eq!(dear.burnt(), [0.75]);
    // After the first refusal of a more expensive kind, every refusal takes that time.
    for (work, expected) in [("0.5", vec![0.25]), ("0.75", vec![]), ("1.25", vec![]), ("0.25", vec![1.0])] {
        assert_eq!(hashers.check("wrong", &format!("dear$secret${work}")), PasswordCheck::WRONG);
        assert_eq!(dear.burnt(), expected, "{work}");
    }
    hashers.fake_runtime("secret");
    assert_eq!(dear.burnt(), [1.0, 0.25]);
    // The right password of a user who is refused takes the same time.
    assert_eq!(
        hashers.check_of_refused("secret", "dear$secret$0.25"),
        PasswordCheck { is_correct: true, must_update: true }
    );
    assert_eq!(dear.burnt(), [1.0]);
    // The preferred kind has missing work as well: a sample is measured, and then the rest is done. If less than a sample seems
    // to be missing, a smaller sample is used, and at the end the smallest one.
    for (encoded, sample) in [
        ("new$secret$1", MAX_SAMPLE),
        ("new$secret$2", MAX_SAMPLE),
        ("new$secret$2.25", 0.125),
        ("old$secret$4.6", 0.1),
        ("old$secret$4.9", MIN_SAMPLE),
    ] {
        assert_eq!(hashers.check("wrong", encoded), PasswordCheck::WRONG, "{encoded}");
        let burnt = dear.burnt();
        assert!(new.burnt().is_empty() && (burnt[0] - sample).abs() < 1e-9, "{encoded}: {burnt:?}");
    }
    assert_eq!(old.burnt(), [0.0; 0]);
}

#[test]
fn stored_passwords_are_counted_by_kind() {
    let (new, old, dear) = (Recorder::new("new"), Recorder::new("old"), Recorder::new("dear"));
    let hashers = timed(&[&new, &old, &dear]);
    let mut stored = StoredPasswords::default();
    for encoded in [
        "new$s$1",
        "new$s$2",
        "new$s$x",
        "old$s$1",
        "old$s$3",
        "dear$s$1",
        "dear$s$1",
        "dear$s$0.5",
        "other$s$1",
        "!",
        "",
    ] {
        stored.add(&hashers, encoded);
    }
    let texts: Vec<_> = stored.expensive(&hashers).iter().map(ToString::to_string).collect();
    let rest = ", which is more expensive than the first of PASSWORD_HASHERS. Until they have logged in, every refused login \
                takes as long.";
    assert_eq!(
        texts,
        [
            format!("1 user(s) have a password of old with 3 times its usual work{rest}"),
            format!("1 user(s) have a password of new with 2 times its usual work{rest}"),
            format!("2 user(s) have a password of dear{rest}"),
        ]
    );
    assert_eq!(hashers.more_expensive_than_preferred(), Some(("new", 2.0)));
}

#[test]
fn an_extremely_expensive_kind_does_not_slow_down_every_refusal() {
    let (new, extreme) = (Recorder::new("new"), Recorder::new("extreme"));
    let hashers = timed(&[&new, &extreme]);
    hashers.observe("extreme$secret$1");
    assert_eq!(hashers.more_expensive_than_preferred(), Some(("extreme", 4.0)));
    hashers.fake_runtime("secret");
    assert_eq!((new.burnt(), extreme.burnt()), (vec![], vec![0.04]));
}

#[test]
fn a_kind_is_timed_at_its_first_refusal() {
    let names = ["MD5PasswordHasher", "BCryptSHA256PasswordHasher"];
    let hashers = PasswordHashers::from_names(&names).unwrap();
    let encoded = BcryptPasswordHasher::sha256(4).unwrap().encode("secret").unwrap();
    assert!(hashers.check("secret", &encoded).is_correct);
    assert_eq!(hashers.more_expensive_than_preferred(), None);
    assert_eq!(hashers.check("wrong", &encoded), PasswordCheck::WRONG);
    assert_eq!(hashers.more_expensive_than_preferred(), Some(("bcrypt_sha256", 4.0)));
}

#[test]
fn every_refusal_costs_one_run_of_the_preferred_hasher() {
    let (new, old) = (Recorder::new("new"), Recorder::new("old"));
    let hashers = timed(&[&new, &old]);

    for encoded in ["", "!", "!new$secret$1", "new", "other$secret$1", "new$secret", "new$secret$x", "old$secret"] {
        assert_eq!(hashers.check("secret", encoded), PasswordCheck::WRONG, "{encoded}");
        assert_eq!(new.burnt(), [1.0], "{encoded}");
    }
    hashers.fake_runtime("secret");
    assert_eq!(new.burnt(), [1.0]);

    for (work, expected) in [("0.25", vec![0.75]), ("1", vec![])] {
        assert_eq!(hashers.check("wrong", &format!("new$secret${work}")), PasswordCheck::WRONG);
        assert_eq!(new.burnt(), expected, "{work}");
    }

    // Another algorithm, or work that cannot be computed: a sample is measured, and then the rest is done.
    for (encoded, sample) in [("old$secret$1", MAX_SAMPLE), ("new$secret$0", MIN_SAMPLE)] {
        assert_eq!(hashers.check("wrong", encoded), PasswordCheck::WRONG);
        assert_eq!(new.burnt()[0], sample, "{encoded}");
    }

    for encoded in ["new$secret$1", "new$secret$0.5", "old$secret$1"] {
        assert!(hashers.check("secret", encoded).is_correct, "{encoded}");
        assert_eq!(new.burnt(), [0.0; 0], "{encoded}");
    }
    assert_eq!(old.burnt(), [0.0; 0]);
}

#[test]
fn after_another_algorithm_the_missing_time_is_spent() {
    let ms = Duration::from_millis;
    // A sample of an eighth in 10 ms means 80 ms for the whole.
    let missing = |work, spent| missing_work(work, ms(spent), MAX_SAMPLE, ms(10));
    assert_eq!(missing(1.0, 0), 0.875);
    assert_eq!(missing(1.0, 20), 0.625);
    assert_eq!(missing(2.0, 20), 1.625);
    assert!(missing(1.0, 70).abs() < 1e-9);
    assert!(missing(1.0, 160) < 0.0);
    // A smaller one in 5 ms means the same.
    assert_eq!(missing_work(1.0, ms(20), MAX_SAMPLE / 2.0, ms(5)), 0.6875);
}
