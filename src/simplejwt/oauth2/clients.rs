//! The clients of the endpoints, and the check of their secrets. Python counterpart: `OAuth2Validator.authenticate_client` of
//! django-oauth-toolkit.
//!
//! A gateway introspects a token with every request, and a password hash takes a tenth of a second on purpose. So the right
//! secret is hashed only once, on the threads for hashing. After that this process keeps an HMAC of the secret, made with a
//! random key, and compares it in constant time with the HMAC of each secret that is sent. A wrong secret, and any secret of an
//! unknown client, is hashed each time. So guessing a secret is as slow as guessing a password, and both cases take the same
//! time. Guesses from one address wait for each other, so they do not delay logins for long.

use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::hmac;

use super::settings::{OAuth2Client, OAuth2Settings};
use crate::conf::SettingsError;
use crate::contrib::auth::hashers::PasswordHashers;
use crate::contrib::auth::{AuthError, AuthState};
use crate::core::crypto::random_bytes;

/// The clients of the endpoints.
pub struct OAuth2Clients {
    clients: Vec<Arc<KnownClient>>,
    digest_key: hmac::Key,
}

struct KnownClient {
    client: OAuth2Client,
    /// The digest of the right secret. `None` until the client has sent the secret.
    digest: Mutex<Option<hmac::Tag>>,
}

impl KnownClient {
    /// Whether `secret` has the known digest. Compares in constant time.
    fn has_digest_of(&self, secret: &str, key: &hmac::Key) -> bool {
        let digest = self.digest.lock().unwrap_or_else(PoisonError::into_inner);
        digest.is_some_and(|digest| hmac::verify(key, secret.as_bytes(), digest.as_ref()).is_ok())
    }

    /// Compares the secret with the hash, and keeps its digest if it is right.
    fn check(&self, secret: &str, key: &hmac::Key, hashers: &PasswordHashers) -> bool {
        let is_correct = hashers.check(secret, self.client.secret.expose()).is_correct;
        if is_correct {
            let digest = hmac::sign(key, secret.as_bytes());
            *self.digest.lock().unwrap_or_else(PoisonError::into_inner) = Some(digest);
        }
        is_correct
    }
}

impl OAuth2Clients {
    /// The clients that the settings name.
    ///
    /// # Errors
    /// Returns an error if no hasher can read a hash.
    pub fn new(settings: OAuth2Settings, hashers: &PasswordHashers) -> Result<Self, SettingsError> {
        let mut clients = Vec::new();
        for client in settings.oauth2_clients {
            if !hashers.is_readable(client.secret.expose()) {
                let known: Vec<_> = hashers.algorithms().collect();
                let problem = format!(
                    "the secret of {:?} is not a hash of one of PASSWORD_HASHERS ({}); manage createoauth2client makes one",
                    client.id,
                    known.join(", ")
                );
                return Err(SettingsError::new("OAUTH2_CLIENTS", problem));
            }
            hashers.observe(client.secret.expose());
            clients.push(Arc::new(KnownClient { client, digest: Mutex::default() }));
        }
        let digest_key = hmac::Key::new(hmac::HMAC_SHA256, &random_bytes::<32>());
        Ok(Self { clients, digest_key })
    }

    /// Whether there are no clients.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }

    /// Whether a client has this id and this secret. `address` is the address of the request.
    ///
    /// # Errors
    /// Returns an error if too many hashes are waiting.
    pub async fn check_secret(
        &self,
        auth: &AuthState,
        address: &str,
        id: &str,
        secret: &str,
    ) -> Result<bool, AuthError> {
        let known = self.clients.iter().find(|known| known.client.id == id).cloned();
        if known.as_ref().is_some_and(|known| known.has_digest_of(secret, &self.digest_key)) {
            return Ok(true);
        }
        let (secret, key) = (secret.to_owned(), self.digest_key.clone());
        let check = move |hashers: &PasswordHashers| match known {
            // Many requests may have waited while the secret of the first request was hashed. After a start these are all
            // requests of a gateway.
            Some(known) => known.has_digest_of(&secret, &key) || known.check(&secret, &key, hashers),
            None => {
                hashers.fake_runtime(&secret);
                false
            }
        };
        auth.hash_for(address, check).await
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
    use crate::contrib::auth::hashers::{HasherError, PasswordHasher};
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
        let check = async |id, secret| clients.check_secret(&auth, "a", id, secret).await.ok();
        assert_eq!(check("gateway", "wrong").await, Some(false));
        assert_eq!(check("gateway", "s3cret").await, Some(true));
        // While the only thread is busy, no secret can be hashed.
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
        for (id, secret) in [("gateway", "wrong"), ("gateway", ""), ("unknown", "s3cret")] {
            assert_eq!(check(id, secret).await, None, "{id} {secret}");
        }
        drop(release);
        busy.await.unwrap().unwrap();
        assert_eq!(check("unknown", "s3cret").await, Some(false));
    }

    /// A hasher that counts its runs.
    #[derive(Debug, Default)]
    struct Counting(std::sync::atomic::AtomicUsize);

    impl PasswordHasher for Counting {
        fn algorithm(&self) -> &'static str {
            "counting"
        }

        fn encode(&self, password: &str) -> Result<String, HasherError> {
            Ok(format!("counting${password}"))
        }

        fn verify(&self, password: &str, encoded: &str) -> Result<bool, HasherError> {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Ok(encoded == format!("counting${password}"))
        }

        fn must_update(&self, _encoded: &str) -> Result<bool, HasherError> {
            Ok(false)
        }

        fn relative_work(&self, _encoded: &str) -> Result<Option<f64>, HasherError> {
            Ok(Some(1.0))
        }

        fn harden_runtime(&self, _password: &str, _share: f64) {}
    }

    #[actix_web::test]
    async fn requests_that_come_at_once_after_a_start_wait_for_one_hash() {
        let hasher = Arc::new(Counting::default());
        let settings = AuthSettings {
            password_hashers: PasswordHashers::new([Arc::clone(&hasher) as Arc<dyn PasswordHasher>]).unwrap(),
            hashing_threads: 1,
            hashing_queue: 100,
            ..AuthSettings::default()
        };
        let auth = AuthState::new(&settings, Clock::system(), Arc::new(DjangoUsers));
        let clients = clients(&auth, "counting$s3cret").unwrap();
        let checks = (0..50).map(|_| clients.check_secret(&auth, "a", "gateway", "s3cret"));
        let outcomes = futures_util::future::join_all(checks).await;
        assert!(outcomes.into_iter().all(|outcome| outcome.is_ok_and(|is_correct| is_correct)));
        assert_eq!(hasher.0.load(std::sync::atomic::Ordering::Relaxed), 1);
    }

    #[test]
    fn a_hash_that_no_hasher_reads_is_refused_and_no_secret_is_shown() {
        let auth = auth(1);
        for hash in ["argon2$argon2id$v=19$x", "md5$", "md5$salt", "plain"] {
            assert_eq!(
                clients(&auth, hash).unwrap_err().to_string(),
                "OAUTH2_CLIENTS: the secret of \"gateway\" is not a hash of one of PASSWORD_HASHERS (md5); manage \
                 createoauth2client makes one",
                "{hash}"
            );
        }
        assert_eq!(format!("{:?}", clients(&auth, "md5$salt$hunter2").unwrap()), "[\"gateway\"]");
    }
}
