//! New keys, as text. Python counterpart: `cryptography`'s `generate_private_key` and `private_bytes`.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};

use super::algorithm::Family;
use super::{Algorithm, SigningError, pem};
use crate::core::crypto::{ALPHANUMERIC, SecretString, random_string};

/// Characters of a new HMAC secret, of 5.95 bits each. HS512 needs 64 bytes (RFC 7518, section 3.2).
const SECRET_LENGTH: usize = 64;

/// A new key for `algorithm`: a secret of letters and digits, or a private key in PEM form (PKCS#8). RSA keys have 2048 bits.
///
/// # Errors
/// Returns an error if the library has no memory or no random numbers.
pub fn generate_key(algorithm: Algorithm) -> Result<SecretString, SigningError> {
    if algorithm.is_hmac() {
        return Ok(random_string(SECRET_LENGTH, ALPHANUMERIC).into());
    }
    private_key(algorithm).map_err(|Unspecified| SigningError)
}

fn private_key(algorithm: Algorithm) -> Result<SecretString, Unspecified> {
    let write = |der: &[u8]| pem::write("PRIVATE KEY", der).into();
    match algorithm.family() {
        Family::Hmac => Err(Unspecified),
        Family::Rsa => {
            let der: Pkcs8V1Der<'_> = RsaKeyPair::generate(KeySize::Rsa2048)?.as_der()?;
            Ok(write(der.as_ref()))
        }
        Family::Ec => {
            let pair = EcdsaKeyPair::generate(algorithm.ecdsa_signing().ok_or(Unspecified)?)?;
            Ok(write(pair.to_pkcs8v1()?.as_ref()))
        }
        // Version 1, because OpenSSL before 3.4 does not read version 2.
        Family::Okp => Ok(write(Ed25519KeyPair::generate()?.to_pkcs8v1()?.as_ref())),
    }
}
