//! The parts of a stored password that may be shown. Python counterpart: `safe_summary` of the hashers.

use super::PasswordHashers;

/// How many characters of a salt or hash are shown.
const VISIBLE_CHARACTERS: usize = 6;

/// Same as [`VISIBLE_CHARACTERS`], for the salts of MD5.
const SHOWN_OF_MD5_SALT: usize = 2;

impl PasswordHashers {
    /// The parts of the stored text `encoded` that may be shown: names and values. Salt and hash are masked after their
    /// first characters. `None` if no hasher reads the text.
    #[must_use]
    pub fn safe_summary(&self, encoded: &str) -> Option<Vec<(&'static str, String)>> {
        let (_, hasher) = self.identify(encoded)?;
        hasher.must_update(encoded).ok()?;
        let parts: Vec<&str> = encoded.split('$').collect();
        let algorithm = hasher.algorithm();
        let masked = |text: &str| mask_hash(text, VISIBLE_CHARACTERS);
        let mut summary = vec![("algorithm", algorithm.to_owned())];
        match (algorithm, &parts[..]) {
            ("md5", [_, salt, hash]) => {
                summary.extend([("salt", mask_hash(salt, SHOWN_OF_MD5_SALT)), ("hash", masked(hash))]);
            }
            ("pbkdf2_sha256" | "pbkdf2_sha1", [_, iterations, salt, hash]) => {
                summary.extend([
                    ("iterations", (*iterations).to_owned()),
                    ("salt", masked(salt)),
                    ("hash", masked(hash)),
                ]);
            }
            ("scrypt", [_, work_factor, salt, block_size, parallelism, hash]) => summary.extend([
                ("work factor", (*work_factor).to_owned()),
                ("block size", (*block_size).to_owned()),
                ("parallelism", (*parallelism).to_owned()),
                ("salt", masked(salt)),
                ("hash", masked(hash)),
            ]),
            ("bcrypt" | "bcrypt_sha256", [_, _, _, work_factor, data]) => {
                let (salt, checksum) = data.split_at_checked(22).unwrap_or((data, ""));
                let work_factor = work_factor.trim_start_matches('0').to_owned();
                summary.extend([("work factor", work_factor), ("salt", masked(salt)), ("checksum", masked(checksum))]);
            }
            ("argon2", [_, variety, rest @ ..]) => summary.extend(argon2(variety, rest)),
            // A hasher of the project may write any text.
            _ => {}
        }
        Some(summary)
    }
}

fn argon2(variety: &str, rest: &[&str]) -> Vec<(&'static str, String)> {
    let (version, rest) = match rest {
        [version, rest @ ..] if version.starts_with("v=") => (version.trim_start_matches("v="), rest),
        rest => ("16", rest),
    };
    let [parameters, salt, hash] = rest else { return Vec::new() };
    let parameter = |name: &str| {
        let value = parameters.split(',').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        value.unwrap_or_default().to_owned()
    };
    vec![
        ("variety", variety.to_owned()),
        ("version", version.to_owned()),
        ("memory cost", parameter("m")),
        ("time cost", parameter("t")),
        ("parallelism", parameter("p")),
        ("salt", mask_hash(salt, VISIBLE_CHARACTERS)),
        ("hash", mask_hash(hash, VISIBLE_CHARACTERS)),
    ]
}

/// The first characters, and a star for each of the others.
fn mask_hash(text: &str, shown: usize) -> String {
    text.chars().enumerate().map(|(at, c)| if at < shown { c } else { '*' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(encoded: &str) -> Option<String> {
        let names = [
            "MD5PasswordHasher",
            "PBKDF2PasswordHasher",
            "Argon2PasswordHasher",
            "BCryptSHA256PasswordHasher",
            "ScryptPasswordHasher",
        ];
        let summary = PasswordHashers::from_names(&names).unwrap().safe_summary(encoded)?;
        Some(summary.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join(", "))
    }

    #[test]
    fn salts_and_hashes_are_masked_as_by_django() {
        for (encoded, expected) in [
            ("md5$Salt$0123456789abcdef", "algorithm: md5, salt: Sa**, hash: 012345**********"),
            (
                "pbkdf2_sha256$1000$c2FsdHNhbHQ$QUFBQUFBQUE=",
                "algorithm: pbkdf2_sha256, iterations: 1000, salt: c2FsdH*****, hash: QUFBQU******",
            ),
            (
                "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA",
                "algorithm: argon2, variety: argon2id, version: 19, memory cost: 102400, time cost: 2, parallelism: 8, \
                 salt: c2FsdH**********, hash: aGFzaG****************",
            ),
            (
                "bcrypt_sha256$$2b$12$LLdsRYFAPbWTN0Oft/5bzOlnsK8dZ7rSj0X9x3J1HTWJpcUTdqu2C",
                "algorithm: bcrypt_sha256, work factor: 12, salt: LLdsRY****************, \
                 checksum: lnsK8d*************************",
            ),
            (
                "scrypt$16384$saltsaltsalt$8$5$aGFzaGhhc2g=",
                "algorithm: scrypt, work factor: 16384, block size: 8, parallelism: 5, salt: saltsa******, \
                 hash: aGFzaG******",
            ),
        ] {
            assert_eq!(summary(encoded).as_deref(), Some(expected), "{encoded}");
        }
        for encoded in ["", "what$is$this", "0123456789abcdef", "pbkdf2_sha1$1$a$b", "pbkdf2_sha256$x", "argon2$$"] {
            assert_eq!(summary(encoded), None, "{encoded}");
        }
    }
}
