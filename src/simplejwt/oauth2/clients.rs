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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::contrib::auth::models::DjangoUsers;
    use crate::contrib::auth::settings::AuthSettings;
    use crate::core::clock::Clock;

    fn auth(hashing_threads: usize) -> AuthState {
        let settings = AuthSettings {
            password_hashers: PasswordHashers::from_names(&["MD5PasswordHasher"]).unwrap(),
            hashing_threads,
            hashing_queue: 0,
            ..AuthSettings::default()
        };
        AuthState::new(&settings, Clock::system(), Arc::new(DjangoUsers))
    }

    fn clients(auth: &AuthState, secret: &str) -> Result<OAuth2Clients, SettingsError> {
        let client = OAuth2Client { id: "gateway".to_owned(), secret: secret.into() };
        OAuth2Clients::new(OAuth2Settings { oauth2_clients: vec![client] }, auth.hashers())
    }

    #[actix_web::test]
    async fn a_right_secret_is_hashed_once_and_a_wrong_one_each_time() {
        let auth = auth(1);
        let clients = clients(&auth, &auth.hashers().encode("s3cret").unwrap()).unwrap();
        let check = async |id, secret| clients.is_right(&auth, "a", id, secret).await.ok();
        assert_eq!(check("gateway", "wrong").await, Some(false));
        assert_eq!(check("gateway", "s3cret").await, Some(true));
        // While the only thread is occupied, no secret can be hashed.
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let (started, begun) = tokio::sync::oneshot::channel();
        let other = auth.clone();
        let busy = tokio::spawn(async move {
            let work = move |_: &PasswordHashers| {
                let _ = (started.send(()), wait.recv());
            };
            other.hash_for("b", work).await
        });
        begun.await.unwrap();
        assert_eq!(check("gateway", "s3cret").await, Some(true));
        for (id, secret) in [("gateway", "wrong"), ("gateway", ""), ("nobody", "s3cret")] {
            assert_eq!(check(id, secret).await, None, "{id} {secret}");
        }
        drop(release);
        busy.await.unwrap().unwrap();
        assert_eq!(check("nobody", "s3cret").await, Some(false));
    }

    #[test]
    fn a_hash_that_no_hasher_reads_is_refused_and_no_secret_is_shown() {
        let auth = auth(1);
        let refused = clients(&auth, "argon2$argon2id$v=19$x").unwrap_err().to_string();
        assert!(
            refused.starts_with(
                "OAUTH2_CLIENTS: the secret of \"gateway\" is not hashed by one of PASSWORD_HASHERS (md5)"
            )
        );
        assert_eq!(format!("{:?}", clients(&auth, "md5$salt$hunter2").unwrap()), "[\"gateway\"]");
    }
}
