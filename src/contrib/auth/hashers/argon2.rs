//! Argon2. Python counterpart: `Argon2PasswordHasher`.
//!
//! `argon2$argon2id$v=19$m=102400,t=2,p=8$<salt>$<hash>`, both in base64 without padding. Writes argon2id, and reads
//! argon2i and argon2d too.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::hasher::{HasherError, PasswordHasher, canonical_number, part_of, salt, salt_is_short};
use crate::core::crypto::constant_time_eq;

/// Argon2id, one lane after the other on the calling thread.
#[derive(Clone, Copy, Debug)]
pub struct Argon2PasswordHasher(Cost);

/// Parameters within the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
    /// In KiB.
    memory: u32,
    time: u32,
    parallelism: u32,
}

struct Decoded {
    algorithm: Algorithm,
    version: Version,
    cost: Cost,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Cost {
    /// The value of Django 5.2.
    const DEFAULT: Self = Self { memory: 102_400, time: 2, parallelism: 8 };

    fn new(memory: u32, time: u32, parallelism: u32) -> Result<Self, HasherError> {
        let cost = Self { memory, time, parallelism };
        if time == 0 || parallelism == 0 || u64::from(memory) < cost.least_memory() {
            return Err(HasherError::Malformed);
        }
        if memory > Argon2PasswordHasher::MAX_MEMORY || cost.work() > 20 * Self::DEFAULT.work() {
            return Err(HasherError::TooMuchWork);
        }
        Ok(cost)
    }

    /// Eight blocks for each lane.
    fn least_memory(self) -> u64 {
        8 * u64::from(self.parallelism)
    }

    /// In blocks filled, to which the time is proportional.
    fn work(self) -> u64 {
        u64::from(self.memory) * u64::from(self.time)
    }

    /// `share` of this work. Does nothing if the share is smaller than Argon2's smallest step.
    ///
    /// It reduces the passes before the memory, because a small memory would fit into the processor's caches and be too fast. So
    /// half of the memory is used as long as one pass is enough.
    fn part(self, share: f64) -> Option<Self> {
        let work = part_of(self.memory * self.time, share);
        let time = (2 * work).div_ceil(self.memory).clamp(1, self.time);
        let part = Self { memory: work / time, time, ..self };
        (u64::from(part.memory) >= self.least_memory()).then_some(part)
    }

    fn hash(
        self,
        algorithm: Algorithm,
        version: Version,
        password: &str,
        salt: &[u8],
        output: &mut [u8],
    ) -> Result<(), HasherError> {
        let params = Params::new(self.memory, self.time, self.parallelism, Some(output.len()))
            .map_err(|_| HasherError::Malformed)?;
        let result = Argon2::new(algorithm, version, params).hash_password_into(password.as_bytes(), salt, output);
        result.map_err(|e| match e {
            argon2::Error::OutOfMemory => HasherError::OutOfMemory,
            _ => HasherError::Malformed,
        })
    }

    /// The work of a hash of this cost, in an allocation of the size that `whole` has.
    ///
    /// New memory pages from the operating system take a large part of the time of the default cost. A small allocation would
    /// often reuse memory of the allocator, and would be too fast as well.
    fn hash_within(self, whole: Self, password: &str) -> Result<(), HasherError> {
        let params = Params::new(self.memory, self.time, self.parallelism, None).map_err(|_| HasherError::Malformed)?;
        let mut blocks = Vec::new();
        blocks.try_reserve_exact(whole.memory as usize).map_err(|_| HasherError::OutOfMemory)?;
        blocks.resize(params.block_count(), Block::new());
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.fill_memory(password.as_bytes(), &[0; 16], &mut blocks).map_err(|_| HasherError::Malformed)
    }
}

impl Argon2PasswordHasher {
    /// KiB of memory that a stored text may ask for: ten times the default. The work may be twenty times the work of
    /// the default.
    pub const MAX_MEMORY: u32 = 1 << 20;

    /// Bytes of output, the default of `argon2-cffi`.
    const HASH_LENGTH: usize = 32;

    /// A hasher with other parameters than Django's, `memory` in KiB.
    ///
    /// # Errors
    /// Returns an error for parameters that Argon2 does not have, or beyond the limits for stored texts.
    pub fn new(memory: u32, time: u32, parallelism: u32) -> Result<Self, HasherError> {
        Ok(Self(Cost::new(memory, time, parallelism)?))
    }
}

impl Default for Argon2PasswordHasher {
    fn default() -> Self {
        Self(Cost::DEFAULT)
    }
}

fn decode(encoded: &str) -> Result<Decoded, HasherError> {
    let mut parts: Vec<&str> = encoded.split('$').collect();
    // Argon2 before 1.3 wrote no version, and such a text is of version 16.
    if parts.len() == 5 {
        parts.insert(2, "v=16");
    }
    let ["argon2", algorithm, version, parameters, salt, hash] = parts[..] else {
        return Err(HasherError::Malformed);
    };
    let algorithm = match algorithm {
        "argon2id" => Algorithm::Argon2id,
        "argon2i" => Algorithm::Argon2i,
        "argon2d" => Algorithm::Argon2d,
        _ => return Err(HasherError::Malformed),
    };
    let version = match version {
        "v=16" => Version::V0x10,
        "v=19" => Version::V0x13,
        _ => return Err(HasherError::Malformed),
    };
    let mut parameters = parameters.split(',');
    let mut number = |name: &str| {
        let digits = parameters.next().and_then(|part| part.strip_prefix(name));
        canonical_number(digits.ok_or(HasherError::Malformed)?)
    };
    let cost = Cost::new(number("m=")?, number("t=")?, number("p=")?)?;
    if parameters.next().is_some() {
        return Err(HasherError::Malformed);
    }
    let base64 = |text| STANDARD_NO_PAD.decode(text).map_err(|_| HasherError::Malformed);
    Ok(Decoded { algorithm, version, cost, salt: base64(salt)?, hash: base64(hash)? })
}

impl PasswordHasher for Argon2PasswordHasher {
    fn algorithm(&self) -> &'static str {
        "argon2"
    }

    fn encode(&self, password: &str) -> Result<String, HasherError> {
        let salt = salt();
        let mut hash = [0; Self::HASH_LENGTH];
        self.0.hash(Algorithm::Argon2id, Version::V0x13, password, salt.as_bytes(), &mut hash)?;
        let Cost { memory, time, parallelism } = self.0;
        let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
        Ok(format!("argon2$argon2id$v=19$m={memory},t={time},p={parallelism}${salt}${hash}"))
    }

    fn verify(&self, password: &str, encoded: &str) -> Result<bool, HasherError> {
        let Decoded { algorithm, version, cost, salt, hash } = decode(encoded)?;
        let mut again = vec![0; hash.len()];
        cost.hash(algorithm, version, password, &salt, &mut again)?;
        Ok(constant_time_eq(&again, &hash))
    }

    fn must_update(&self, encoded: &str) -> Result<bool, HasherError> {
        let Decoded { algorithm, version, cost, salt, hash } = decode(encoded)?;
        Ok(algorithm != Algorithm::Argon2id
            || version != Version::V0x13
            || cost != self.0
            || hash.len() != Self::HASH_LENGTH
            || salt_is_short(salt.len()))
    }

    // With less memory a block also takes less time. The difference depends on the processor.
    fn relative_work(&self, encoded: &str) -> Result<Option<f64>, HasherError> {
        Ok(Some(self.estimated_work(encoded)?).filter(|work| *work >= 1.0))
    }

    fn estimated_work(&self, encoded: &str) -> Result<f64, HasherError> {
        Ok(decode(encoded)?.cost.work() as f64 / self.0.work() as f64)
    }

    fn harden_runtime(&self, password: &str, share: f64) {
        if let Some(cost) = self.0.part(share) {
            // The result and a failure are ignored.
            let _ = if cost.memory > self.0.memory / 2 {
                cost.hash(Algorithm::Argon2id, Version::V0x13, password, &[0; 16], &mut [0; Self::HASH_LENGTH])
            } else {
                cost.hash_within(self.0, password)
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_hash_has_the_format_and_cost_of_django() {
        let hasher = Argon2PasswordHasher::default();
        let encoded = hasher.encode("correct horse").unwrap();
        assert_eq!((&encoded[..38], encoded.len()), ("argon2$argon2id$v=19$m=102400,t=2,p=8$", 112));
        assert_eq!(hasher.verify("correct horse", &encoded), Ok(true));
        assert_eq!(hasher.must_update(&encoded), Ok(false));
    }

    #[test]
    fn missing_work_is_done_with_fewer_passes_and_less_memory() {
        let part = |share| Cost::DEFAULT.part(share).map(|cost| (cost.memory, cost.time, cost.parallelism));
        assert_eq!(part(1.0), Some((102_400, 2, 8)));
        assert_eq!(part(0.75), Some((76_800, 2, 8)));
        assert_eq!(part(0.25), Some((51_200, 1, 8)));
        assert_eq!(part(0.125), Some((25_600, 1, 8)));
        assert_eq!(part(0.0), None);
        assert_eq!(Argon2PasswordHasher::default().relative_work(&text("m=102400,t=2,p=4")), Ok(Some(1.0)));
        assert_eq!(Argon2PasswordHasher::default().relative_work(&text("m=51200,t=2,p=8")), Ok(None));
    }

    #[test]
    fn absurd_parameters_are_refused_at_once() {
        let hasher = Argon2PasswordHasher::default();
        for (parameters, expected) in [
            ("m=4294967295,t=2,p=8", HasherError::TooMuchWork),
            ("m=1048577,t=1,p=1", HasherError::TooMuchWork),
            ("m=99999999999,t=2,p=8", HasherError::TooMuchWork),
            ("m=102400,t=41,p=8", HasherError::TooMuchWork),
            ("m=8,t=4294967295,p=1", HasherError::TooMuchWork),
            ("m=8,t=2,p=4294967295", HasherError::Malformed),
            ("m=7,t=2,p=1", HasherError::Malformed),
        ] {
            assert_eq!(hasher.verify("x", &text(parameters)), Err(expected), "{parameters}");
        }
    }

    fn text(parameters: &str) -> String {
        format!("argon2$argon2id$v=19${parameters}$c2FsdHNhbHQ$aGFzaGhhc2g")
    }
}
