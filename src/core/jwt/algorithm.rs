//! The algorithms that `alg` may name. Python counterpart: `jwt.algorithms`, simplejwt's `ALLOWED_ALGORITHMS`.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{self, EcdsaSigningAlgorithm, RsaEncoding, VerificationAlgorithm};

use crate::core::crypto::SecretString;

/// How a token is signed (RFC 7518, RFC 8037, RFC 8812).
///
/// `none` is not included: a token without a signature is never accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    HS256,
    /// HMAC with SHA-384.
    HS384,
    /// HMAC with SHA-512.
    HS512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RS512,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// ECDSA on secp256k1 with SHA-256.
    ES256K,
    /// ECDSA on P-384 with SHA-384.
    ES384,
    /// ECDSA on P-521 with SHA-512.
    ES512,
    /// `ES512` under a misspelt name that PyJWT still accepts.
    ES521,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// RSASSA-PSS with SHA-384.
    PS384,
    /// RSASSA-PSS with SHA-512.
    PS512,
    /// Ed25519. PyJWT also signs with Ed448 under this name; AWS-LC has no Ed448, so such a key is refused.
    EdDSA,
}

/// The kind of key that an [`Algorithm`] needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// One secret that both signs and verifies: `HS…`.
    Hmac,
    /// An RSA key pair: `RS…` and `PS…`.
    Rsa,
    /// A key pair on the curve that the algorithm names: `ES…`.
    Ec,
    /// An Ed25519 key pair: `EdDSA`.
    Okp,
}

/// The string is not the name of an [`Algorithm`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("one of {}", Algorithm::ALL.map(Algorithm::as_str).join(", "))]
pub struct UnknownAlgorithm;

impl Algorithm {
    /// Every algorithm, in the order in which messages list them.
    pub const ALL: [Self; 15] = [
        Self::HS256,
        Self::HS384,
        Self::HS512,
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::ES256,
        Self::ES256K,
        Self::ES384,
        Self::ES512,
        Self::ES521,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::EdDSA,
    ];

    /// The value of the `alg` header.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HS256 => "HS256",
            Self::HS384 => "HS384",
            Self::HS512 => "HS512",
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::ES256 => "ES256",
            Self::ES256K => "ES256K",
            Self::ES384 => "ES384",
            Self::ES512 => "ES512",
            Self::ES521 => "ES521",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::EdDSA => "EdDSA",
        }
    }

    /// The kind of key it needs.
    #[must_use]
    pub const fn family(self) -> Family {
        match self {
            Self::HS256 | Self::HS384 | Self::HS512 => Family::Hmac,
            Self::RS256 | Self::RS384 | Self::RS512 | Self::PS256 | Self::PS384 | Self::PS512 => Family::Rsa,
            Self::ES256 | Self::ES256K | Self::ES384 | Self::ES512 | Self::ES521 => Family::Ec,
            Self::EdDSA => Family::Okp,
        }
    }

    /// Says why `key` is too short. An HMAC key should have the length of its hash (RFC 7518, section 3.2). Returns `None`
    /// for a longer key, for no key and for other algorithms.
    #[must_use]
    pub fn short_key(self, key: &SecretString) -> Option<String> {
        let (length, needed) = (key.expose().len(), self.hmac()?.digest_algorithm().output_len());
        (1..needed)
            .contains(&length)
            .then(|| format!("The key has {length} bytes. {self} needs {needed} bytes or more."))
    }

    /// Whether one secret both signs and verifies.
    #[must_use]
    pub const fn is_hmac(self) -> bool {
        matches!(self.family(), Family::Hmac)
    }

    /// The name of its curve in a JWK (RFC 7518, 8037, 8812), and the length of a coordinate in bytes. `None` without a curve.
    pub(super) const fn curve(self) -> Option<(&'static str, usize)> {
        Some(match self {
            Self::ES256 => ("P-256", 32),
            Self::ES256K => ("secp256k1", 32),
            Self::ES384 => ("P-384", 48),
            Self::ES512 | Self::ES521 => ("P-521", 66),
            Self::EdDSA => ("Ed25519", 32),
            _ => return None,
        })
    }

    /// A description of the required key, for error messages.
    pub(super) const fn key_wanted(self) -> &'static str {
        match self {
            Self::HS256 | Self::HS384 | Self::HS512 => "a secret string",
            Self::RS256 | Self::RS384 | Self::RS512 | Self::PS256 | Self::PS384 | Self::PS512 => {
                "an RSA key of 2048 to 8192 bits"
            }
            Self::ES256 => "an EC key on the curve P-256",
            Self::ES256K => "an EC key on the curve secp256k1",
            Self::ES384 => "an EC key on the curve P-384",
            Self::ES512 | Self::ES521 => "an EC key on the curve P-521",
            Self::EdDSA => "an Ed25519 key",
        }
    }

    /// The algorithm in `jsonwebtoken`, which does not support P-521 and secp256k1.
    pub(super) const fn jsonwebtoken(self) -> Option<jsonwebtoken::Algorithm> {
        use jsonwebtoken::Algorithm as J;
        Some(match self {
            Self::HS256 => J::HS256,
            Self::HS384 => J::HS384,
            Self::HS512 => J::HS512,
            Self::RS256 => J::RS256,
            Self::RS384 => J::RS384,
            Self::RS512 => J::RS512,
            Self::ES256 => J::ES256,
            Self::ES384 => J::ES384,
            Self::PS256 => J::PS256,
            Self::PS384 => J::PS384,
            Self::PS512 => J::PS512,
            Self::EdDSA => J::EdDSA,
            Self::ES256K | Self::ES512 | Self::ES521 => return None,
        })
    }

    /// The HMAC of AWS-LC; `None` outside that family.
    pub(super) fn hmac(self) -> Option<hmac::Algorithm> {
        Some(match self {
            Self::HS256 => hmac::HMAC_SHA256,
            Self::HS384 => hmac::HMAC_SHA384,
            Self::HS512 => hmac::HMAC_SHA512,
            _ => return None,
        })
    }

    /// How AWS-LC checks a public key and verifies with it; `None` for HMAC, which has no public key.
    pub(super) fn verification(self) -> Option<&'static dyn VerificationAlgorithm> {
        Some(match self {
            Self::HS256 | Self::HS384 | Self::HS512 => return None,
            Self::RS256 => &signature::RSA_PKCS1_2048_8192_SHA256,
            Self::RS384 => &signature::RSA_PKCS1_2048_8192_SHA384,
            Self::RS512 => &signature::RSA_PKCS1_2048_8192_SHA512,
            Self::PS256 => &signature::RSA_PSS_2048_8192_SHA256,
            Self::PS384 => &signature::RSA_PSS_2048_8192_SHA384,
            Self::PS512 => &signature::RSA_PSS_2048_8192_SHA512,
            Self::ES256 => &signature::ECDSA_P256_SHA256_FIXED,
            Self::ES256K => &signature::ECDSA_P256K1_SHA256_FIXED,
            Self::ES384 => &signature::ECDSA_P384_SHA384_FIXED,
            Self::ES512 | Self::ES521 => &signature::ECDSA_P521_SHA512_FIXED,
            Self::EdDSA => &signature::ED25519,
        })
    }

    /// How AWS-LC signs with an RSA key pair; `None` outside that family.
    pub(super) fn rsa_encoding(self) -> Option<&'static dyn RsaEncoding> {
        Some(match self {
            Self::RS256 => &signature::RSA_PKCS1_SHA256,
            Self::RS384 => &signature::RSA_PKCS1_SHA384,
            Self::RS512 => &signature::RSA_PKCS1_SHA512,
            Self::PS256 => &signature::RSA_PSS_SHA256,
            Self::PS384 => &signature::RSA_PSS_SHA384,
            Self::PS512 => &signature::RSA_PSS_SHA512,
            _ => return None,
        })
    }

    /// How AWS-LC signs with an EC key pair; `None` outside that family.
    pub(super) fn ecdsa_signing(self) -> Option<&'static EcdsaSigningAlgorithm> {
        Some(match self {
            Self::ES256 => &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
            Self::ES256K => &signature::ECDSA_P256K1_SHA256_FIXED_SIGNING,
            Self::ES384 => &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
            Self::ES512 | Self::ES521 => &signature::ECDSA_P521_SHA512_FIXED_SIGNING,
            _ => return None,
        })
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    /// Names are case-sensitive, as in PyJWT.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name).ok_or(UnknownAlgorithm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_name_is_parsed() {
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.as_str().parse(), Ok(algorithm));
        }
        for name in ["none", "None", "", "hs256", "HS256 ", "RS1", "Ed448", "A128KW"] {
            assert_eq!(name.parse::<Algorithm>(), Err(UnknownAlgorithm), "{name}");
        }
        assert_eq!(
            UnknownAlgorithm.to_string(),
            "one of HS256, HS384, HS512, RS256, RS384, RS512, ES256, ES256K, ES384, ES512, ES521, PS256, PS384, PS512, \
             EdDSA"
        );
    }
}
