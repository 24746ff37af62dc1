//! Signs any bytes with any header. The library does not do this.

use std::sync::LazyLock;

use actix_simplejwt::core::crypto::SecretString;
use actix_simplejwt::core::jwt::Algorithm;
use actix_simplejwt::settings::Settings;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

/// The secret of the HMAC tests, and `SECRET_KEY` in all tests.
pub const SECRET: &str = "a-test-secret-key-of-more-than-fifty-characters-0123456789";

static KEYS: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../fixtures/django/jwt/keys.json")).unwrap_or_else(|e| panic!("{e}"))
});

/// A key of the fixtures, as PEM.
pub fn pem(name: &str) -> &'static str {
    KEYS[name].as_str().unwrap_or_else(|| panic!("no key {name}"))
}

/// The content of a PEM block.
pub fn der(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(body).unwrap()
}

pub fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub fn unb64(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// The HMAC of `message`, with the algorithm that a header names.
pub fn hmac_by_name(name: &str, key: &[u8], message: &[u8]) -> Vec<u8> {
    let algorithm = match name {
        "HS384" => hmac::HMAC_SHA384,
        "HS512" => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    };
    hmac::sign(&hmac::Key::new(algorithm, key), message).as_ref().to_vec()
}

pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, bytes).as_ref().to_vec()
}

/// The server's signing key, for the test's use.
pub enum Signer {
    Hs,
    Rs(RsaKeyPair),
    Es(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl Signer {
    pub fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::HS256 => Self::Hs,
            Algorithm::RS256 => Self::Rs(RsaKeyPair::from_pkcs8(&der(pem("rsa.pkcs8"))).unwrap()),
            Algorithm::ES256 => {
                let kind = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
                Self::Es(EcdsaKeyPair::from_pkcs8(kind, &der(pem("ec256.pkcs8"))).unwrap())
            }
            Algorithm::EdDSA => {
                Self::Ed(Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der(pem("ed25519.pkcs8"))).unwrap())
            }
            other => panic!("no battery for {other}"),
        }
    }

    pub fn name(&self) -> &'static str {
        match self {
            Self::Hs => "HS256",
            Self::Rs(_) => "RS256",
            Self::Es(_) => "ES256",
            Self::Ed(_) => "EdDSA",
        }
    }

    /// Name of the key among the fixtures; `None` for HMAC.
    pub fn key_name(&self) -> Option<&'static str> {
        match self {
            Self::Hs => None,
            Self::Rs(_) => Some("rsa"),
            Self::Es(_) => Some("ec256"),
            Self::Ed(_) => Some("ed25519"),
        }
    }

    /// Makes both JWT apps sign with this key.
    pub fn configure(&self, settings: &mut Settings) {
        let algorithm: Algorithm = self.name().parse().unwrap();
        settings.simple_jwt.algorithm = algorithm;
        settings.legacy_jwt.algorithm = algorithm;
        let Some(key) = self.key_name() else { return };
        let secret = |kind: &str| Some(SecretString::from(pem(&format!("{key}.{kind}"))));
        settings.simple_jwt.signing_key = secret("pkcs8");
        settings.simple_jwt.verifying_key = secret("spki");
        settings.legacy_jwt.private_key = secret("pkcs8");
        settings.legacy_jwt.public_key = secret("spki");
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Hs => hmac_by_name("HS256", SECRET.as_bytes(), message),
            Self::Rs(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).unwrap();
                signature
            }
            Self::Es(key) => key.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
            Self::Ed(key) => key.sign(message).as_ref().to_vec(),
        }
    }

    /// A token with this header and payload, valid or not, signed by the server's key.
    pub fn token(&self, header: &str, payload: &str) -> String {
        let signed = format!("{}.{}", b64(header), b64(payload));
        let signature = b64(self.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// A token with the usual header.
    pub fn genuine(&self, payload: &str) -> String {
        self.token(&format!(r#"{{"alg":"{}","typ":"JWT"}}"#, self.name()), payload)
    }
}
