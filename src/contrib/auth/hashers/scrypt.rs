//! scrypt. Python counterpart: `ScryptPasswordHasher`.
//!
//! `scrypt$<work factor>$<salt>$<block size>$<parallelism>$<base64>`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::hasher::{HasherError, PasswordHasher, canonical_number, part_of, salt};
use crate::core::crypto::constant_time_eq;

/// scrypt with 64 bytes of output.
#[derive(Clone, Copy, Debug)]
pub struct ScryptPasswordHasher(Cost);

/// Parameters within the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
    /// A power of two above one.
    work_factor: u32,
    block_size: u32,
    parallelism: u32,
}

struct Decoded<'a> {
    cost: Cost,
    salt: &'a str,
    hash: &'a str,
}

impl Cost {
    /// The value of Django 5.2.
    const DEFAULT: Self = Self { work_factor: 1 << 14, block_size: 8, parallelism: 5 };

    fn new(work_factor: u32, block_size: u32, parallelism: u32) -> Result<Self, HasherError> {
        let cost = Self { work_factor, block_size, parallelism };
        if !work_factor.is_power_of_two() || work_factor < 2 || block_size == 0 || parallelism == 0 {
            return Err(HasherError::Malformed);
        }
        let memory = u64::from(block_size).saturating_mul(128 * (u64::from(work_factor) + u64::from(parallelism)));
        if memory > ScryptPasswordHasher::MAX_MEMORY || cost.work() > 20 * Self::DEFAULT.work() {
            return Err(HasherError::TooMuchWork);
        }
        Ok(cost)
    }

    /// In mixed blocks, to which the time is proportional. Saturates far above the limit.
    fn work(self) -> u64 {
        (u64::from(self.work_factor) * u64::from(self.block_size)).saturating_mul(self.parallelism.into())
    }

    /// Costs that together make `share` of this work: whole lanes first, then one lane by the binary digits of the
    /// rest. Less than a 64th of a lane is ignored.
    fn parts(self, share: f64) -> impl Iterator<Item = Self> {
        let units = part_of(self.work_factor * self.parallelism, share);
        let lanes = Self { parallelism: units / self.work_factor, ..self };
        let rest = (1..self.work_factor.ilog2())
            .map(|bit| 1 << bit)
            .filter(move |part| units & part != 0 && *part >= self.work_factor / 64)
            .map(move |part| Self { work_factor: part, parallelism: 1, ..self });
        Some(lanes).filter(|lanes| lanes.parallelism > 0).into_iter().chain(rest)
    }

    /// The last part of the text.
    fn hash(self, password: &str, salt: &str) -> Result<String, HasherError> {
        let log_n = u8::try_from(self.work_factor.ilog2()).map_err(|_| HasherError::Malformed)?;
        let params =
            scrypt::Params::new(log_n, self.block_size, self.parallelism).map_err(|_| HasherError::Malformed)?;
        let mut output = [0; 64];
        scrypt::scrypt(password.as_bytes(), salt.as_bytes(), &params, &mut output)
            .map_err(|_| HasherError::Malformed)?;
        Ok(STANDARD.encode(output))
    }
}

impl ScryptPasswordHasher {
    /// Bytes of memory that a stored text may ask for: sixteen times the default of 16 MiB. Django itself stops at
    /// OpenSSL's limit of 32 MiB. The work may be twenty times the work of the default.
    pub const MAX_MEMORY: u64 = 256 << 20;

    /// A hasher with other parameters than Django's.
    ///
    /// # Errors
    /// Returns an error for parameters that scrypt does not have, or beyond the limits for stored texts.
    pub fn new(work_factor: u32, block_size: u32, parallelism: u32) -> Result<Self, HasherError> {
        Ok(Self(Cost::new(work_factor, block_size, parallelism)?))
    }
}

impl Default for ScryptPasswordHasher {
    fn default() -> Self {
        Self(Cost::DEFAULT)
    }
}

fn decode(encoded: &str) -> Result<Decoded<'_>, HasherError> {
    let mut parts = encoded.splitn(6, '$');
    let mut next = || parts.next().ok_or(HasherError::Malformed);
    let (algorithm, work_factor, salt, block_size) = (next()?, next()?, next()?, next()?);
    let (parallelism, hash) = (next()?, next()?);
    if algorithm != "scrypt" || salt.is_empty() {
        return Err(HasherError::Malformed);
    }
    let cost =
        Cost::new(canonical_number(work_factor)?, canonical_number(block_size)?, canonical_number(parallelism)?)?;
    Ok(Decoded { cost, salt, hash })
}

impl PasswordHasher for ScryptPasswordHasher {
    fn algorithm(&self) -> &'static str {
        "scrypt"
    }

    fn encode(&self, password: &str) -> Result<String, HasherError> {
        let salt = salt();
        let Cost { work_factor, block_size, parallelism } = self.0;
        let hash = self.0.hash(password, &salt)?;
        Ok(format!("scrypt${work_factor}${salt}${block_size}${parallelism}${hash}"))
    }

    fn verify(&self, password: &str, encoded: &str) -> Result<bool, HasherError> {
        let Decoded { cost, salt, hash } = decode(encoded)?;
        Ok(constant_time_eq(cost.hash(password, salt)?.as_bytes(), hash.as_bytes()))
    }

    // Django's scrypt hasher does not check the salt either, unlike its other hashers.
    fn must_update(&self, encoded: &str) -> Result<bool, HasherError> {
        Ok(decode(encoded)?.cost != self.0)
    }

    #[expect(clippy::cast_precision_loss, reason = "the limits keep both far below 2^52")]
    fn relative_work(&self, encoded: &str) -> Result<Option<f64>, HasherError> {
        Ok(Some(decode(encoded)?.cost.work() as f64 / self.0.work() as f64))
    }

    fn harden_runtime(&self, password: &str, share: f64) {
        for cost in self.0.parts(share) {
            // The result and a failure are ignored.
            let _ = cost.hash(password, "0123456789012345678901");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_hash_has_the_format_and_cost_of_django() {
        let hasher = ScryptPasswordHasher::default();
        let encoded = hasher.encode("correct horse").unwrap();
        let parts: Vec<&str> = encoded.split('$').collect();
        assert_eq!([parts[0], parts[1], parts[3], parts[4]], ["scrypt", "16384", "8", "5"]);
        assert_eq!((parts[2].len(), parts[5].len(), parts.len()), (22, 88, 6));
        assert_eq!(hasher.verify("correct horse", &encoded), Ok(true));
        assert_eq!(hasher.must_update(&encoded), Ok(false));
    }

    #[test]
    fn missing_work_is_done_with_lanes_and_parts_of_a_lane() {
        let parts = |share| Cost::DEFAULT.parts(share).map(|c| (c.work_factor, c.parallelism)).collect::<Vec<_>>();
        assert_eq!(parts(1.0), [(16384, 5)]);
        assert_eq!(parts(0.5), [(16384, 2), (8192, 1)]);
        assert_eq!(parts(0.875), [(16384, 4), (2048, 1), (4096, 1)]);
        assert_eq!(parts(0.0), [(0, 0); 0]);
        assert_eq!(ScryptPasswordHasher::default().relative_work("scrypt$8192$salt$8$1$x"), Ok(Some(0.1)));
    }

    #[test]
    fn absurd_parameters_are_refused_at_once() {
        let hasher = ScryptPasswordHasher::default();
        for (parameters, expected) in [
            (["1099511627776", "8", "5"], HasherError::TooMuchWork),
            (["2147483648", "4294967295", "4294967295"], HasherError::TooMuchWork),
            (["524288", "8", "1"], HasherError::TooMuchWork),
            (["16384", "8", "101"], HasherError::TooMuchWork),
            (["2", "1", "4294967295"], HasherError::TooMuchWork),
            (["2", "1", "6000000"], HasherError::TooMuchWork),
            (["16385", "8", "5"], HasherError::Malformed),
            (["1", "8", "5"], HasherError::Malformed),
            (["16384", "0", "5"], HasherError::Malformed),
        ] {
            let [n, r, p] = parameters;
            assert_eq!(hasher.verify("x", &format!("scrypt${n}$salt${r}${p}$hash")), Err(expected), "{parameters:?}");
        }
    }
}
