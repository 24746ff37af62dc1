//! Who may call, and the check of their secrets. Python counterpart: `OAuth2Validator.authenticate_client` of
//! django-oauth-toolkit.
//!
//! A gateway introspects a token with every request, so its secret must not be hashed each time: that takes a tenth of a second
//! on purpose. The first right secret is hashed, on the threads for hashing, and from then on this process compares a digest of
//! what is sent with the digest of that, in constant time. The digest has a random key of this process, so that it is of no use
//! elsewhere. A wrong secret, and any secret of an unknown client, is hashed each time: a guess is as slow as one at a password,
//! and takes the same time for both. A flood of them waits behind each other by its address and delays no log-in for long.

use std::sync::{Mutex, PoisonError};

use aws_lc_rs::hmac;

use super::settings::{OAuth2Client, OAuth2Settings};
use crate::conf::SettingsError;
use crate::contrib::auth::hashers::PasswordHashers;
use crate::contrib::auth::{AuthError, AuthState};
use crate::core::crypto::random_bytes;

/// The callers of the endpoints.
pub struct OAuth2Clients {
    clients: Vec<Known>,
    digest_key: hmac::Key,
}

struct Known {
    client: OAuth2Client,
    /// The digest of the right secret, once it was sent.
    digest: Mutex<Option<hmac::Tag>>,
}

impl OAuth2Clients {
    /// The callers that the settings name.
    ///
    /// # Errors
    /// Returns an error if no hasher can read a hash.
    pub fn new(settings: OAuth2Settings, hashers: &PasswordHashers) -> Result<Self, SettingsError> {
        let mut clients = Vec::new();
        for client in settings.oauth2_clients {
            let algorithm = client.secret.expose().split('$').next().unwrap_or_default();
            if !hashers.reads(algorithm) {
                let known: Vec<_> = hashers.algorithms().collect();
                let problem = format!(
                    "the secret of {:?} is not hashed by one of PASSWORD_HASHERS ({}); manage createoauth2client makes one",
                    client.id,
                    known.join(", ")
                );
                return Err(SettingsError::new("OAUTH2_CLIENTS", problem));
            }
            hashers.meet(client.secret.expose());
            clients.push(Known { client, digest: Mutex::default() });
        }
        let digest_key = hmac::Key::new(hmac::HMAC_SHA256, &random_bytes::<32>());
        Ok(Self { clients, digest_key })
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }

    /// Whether a client has this id and this secret. `address` is where the request comes from.
    ///
    /// # Errors
    /// Returns an error if too many hashes are waiting.
    pub async fn is_right(&self, auth: &AuthState, address: &str, id: &str, secret: &str) -> Result<bool, AuthError> {
        let known = self.clients.iter().find(|known| known.client.id == id);
        if let Some(known) = known {
            let digest = known.digest.lock().unwrap_or_else(PoisonError::into_inner);
            // Compares in constant time.
            if digest.is_some_and(|digest| hmac::verify(&self.digest_key, secret.as_bytes(), digest.as_ref()).is_ok()) {
                return Ok(true);
            }
        }
        let (sent, hashed) = (secret.to_owned(), known.map(|known| known.client.secret.clone()));
        let check = move |hashers: &PasswordHashers| match hashed {
            Some(hashed) => hashers.check(&sent, hashed.expose()).is_correct,
            None => {
                hashers.fake_runtime(&sent);
                false
            }
        };
        let is_right = auth.hash_for(address, check).await?;
        if let Some(known) = known.filter(|_| is_right) {
            let digest = hmac::sign(&self.digest_key, secret.as_bytes());
            *known.digest.lock().unwrap_or_else(PoisonError::into_inner) = Some(digest);
        }
        Ok(is_right)
    }
}

impl std::fmt::Debug for OAuth2Clients {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.clients.iter().map(|known| &known.client.id)).finish()
    }
}
