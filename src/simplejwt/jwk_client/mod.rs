//! The public keys of an issuer, fetched from `JWK_URL`. Python counterpart: `jwt.PyJWKClient`.
//!
//! Finding a key has two steps, so that a worker thread never waits for the network:
//!
//! 1. [`JwkClient::cached`] searches the memory;
//! 2. if it returns [`CachedKey::MustFetch`], [`JwkClient::fetch`] must be called on a thread that may block.
//!
//! An issuer that is slow or unavailable must not slow this server down, and this server must not flood the issuer. At most one
//! request is in progress, and all callers share it. The next one starts after [`COOLDOWN`] at the earliest, even if many tokens
//! with an unknown `kid` arrive. If requests fail, the known keys stay valid for up to [`MAX_AGE`].

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration as StdDuration;

use chrono::{DateTime, Duration, Utc};
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use url::Url;

use crate::core::clock::Clock;
use crate::core::jwt::{Algorithm, JwkSetError, VerifyingKey, jwk_set};

/// How long a key set is used before it is fetched again: `lifespan` of `PyJWKClient`.
pub const LIFESPAN: Duration = Duration::seconds(300);
/// The shortest time between two requests.
pub const COOLDOWN: Duration = Duration::seconds(10);
/// How long a key set stays valid while it cannot be fetched again. A key that its issuer has removed is accepted for at most
/// [`LIFESPAN`], or for this time if the issuer cannot be reached.
pub const MAX_AGE: Duration = Duration::hours(1);
/// The longest time a request may take.
pub const TIMEOUT: StdDuration = StdDuration::from_secs(5);
/// The largest response, in bytes.
pub const MAX_BODY: u64 = 512 * 1024;
/// How many callers may wait for one request. More callers get 503, so tokens with invented `kid`s cannot occupy all threads that
/// may block.
const MAX_WAITING: usize = 64;

type FetchFn = Box<dyn Fn() -> Result<Vec<u8>, FetchError> + Send + Sync>;

/// The keys at one URL that verify signatures of one algorithm.
pub struct JwkClient {
    algorithm: Algorithm,
    clock: Clock,
    source: FetchFn,
    /// How long a caller waits for a request that another caller has started: [`TIMEOUT`].
    max_wait: StdDuration,
    state: Mutex<JwkCache>,
    fetched: Condvar,
}

#[derive(Default)]
struct JwkCache {
    keys: HashMap<String, Arc<VerifyingKey>>,
    /// When `keys` were fetched.
    fetched_at: Option<DateTime<Utc>>,
    /// When a request last started or ended, successfully or not.
    tried_at: Option<DateTime<Utc>>,
    /// Whether the last request failed.
    failed: bool,
    fetching: bool,
    waiting: usize,
}

/// The cached result for a `kid`.
#[derive(Clone, Debug)]
pub enum CachedKey {
    /// The issuer has this key.
    Known(Arc<VerifyingKey>),
    /// The issuer has no such key: the token is invalid.
    Unknown,
    /// A request has just failed, so it is unknown whether the token is valid.
    Unavailable,
    /// A request is needed: [`JwkClient::fetch`], which blocks.
    MustFetch,
}

/// The URL of the key set is not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkUrlError {
    /// Not a URL.
    #[error("Invalid JWKS URI: {0}")]
    Malformed(#[from] url::ParseError),
    /// The scheme is not supported, such as `file:`.
    #[error("Invalid JWKS URI scheme '{0}': only 'http' and 'https' are supported.")]
    Scheme(String),
}

/// The reason why fetching a key set failed, for the log.
#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error("Fail to fetch data from the url, err: \"{0}\"")]
    Http(#[from] ureq::Error),
    #[error("Fail to fetch data from the url, err: \"HTTP status {0}\"")]
    Status(u16),
    #[error(transparent)]
    KeySet(#[from] JwkSetError),
}

impl JwkClient {
    /// A client without keys. It does not follow redirects. For TLS it trusts Mozilla's root certificates.
    ///
    /// # Errors
    /// Returns an error if `url` is not an `http:` or `https:` URL.
    pub fn new(url: &str, algorithm: Algorithm, clock: Clock) -> Result<Self, JwkUrlError> {
        let url = Url::parse(url)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(JwkUrlError::Scheme(url.scheme().to_owned()));
        }
        let agent = agent();
        Ok(Self::with_source(algorithm, clock, Box::new(move || get(&agent, url.as_str()))))
    }

    fn with_source(algorithm: Algorithm, clock: Clock, source: FetchFn) -> Self {
        Self { algorithm, clock, source, max_wait: TIMEOUT, state: Mutex::default(), fetched: Condvar::new() }
    }

    /// The key with this `kid`, from memory. Does not block.
    #[must_use]
    pub fn cached(&self, kid: &str) -> CachedKey {
        self.find(&self.state(), kid)
    }

    /// The key with this `kid`, if necessary from the issuer. **Blocks** for at most [`TIMEOUT`]. A failure is logged once,
    /// not once per caller.
    #[must_use]
    pub fn fetch(&self, kid: &str) -> Option<Arc<VerifyingKey>> {
        let mut state = self.state();
        loop {
            match self.find(&state, kid) {
                CachedKey::Known(key) => return Some(key),
                CachedKey::Unknown | CachedKey::Unavailable => return None,
                CachedKey::MustFetch if !state.fetching => break,
                CachedKey::MustFetch if state.waiting >= MAX_WAITING => return None,
                CachedKey::MustFetch => state = self.wait(state)?,
            }
        }
        state.fetching = true;
        // This is the state until the response is there, and also after a panic.
        state.failed = true;
        state.tried_at = Some(self.clock.now());
        drop(state);

        let in_progress = FetchInProgress(self);
        let fetched = (self.source)().and_then(|body| Ok(jwk_set(&body, self.algorithm)?));
        let mut state = self.state();
        let now = Some(self.clock.now());
        state.tried_at = now;
        match fetched {
            Ok(keys) => {
                state.keys = keys.into_iter().map(|(kid, key)| (kid, Arc::new(key))).collect();
                state.fetched_at = now;
                state.failed = false;
            }
            Err(error) => {
                // The issuer has answered, so the token is invalid, as in simplejwt. Keys that were known before stay in use.
                state.failed = !matches!(error, FetchError::KeySet(JwkSetError::NoKeys)) || !state.keys.is_empty();
                log::warn!("the key set of JWK_URL could not be used: {error}");
            }
        }
        drop(state);
        drop(in_progress);
        match self.cached(kid) {
            CachedKey::Known(key) => Some(key),
            CachedKey::Unknown | CachedKey::Unavailable | CachedKey::MustFetch => None,
        }
    }

    fn find(&self, state: &JwkCache, kid: &str) -> CachedKey {
        let now = self.clock.now();
        // A time in the future means that the clock was set back. Then the keys count as old.
        let within = |since: Option<DateTime<Utc>>, limit: Duration| {
            since.is_some_and(|since| (Duration::zero()..limit).contains(&(now - since)))
        };
        let cooling = within(state.tried_at, COOLDOWN);
        match state.keys.get(kid) {
            Some(key) if within(state.fetched_at, LIFESPAN) => CachedKey::Known(Arc::clone(key)),
            Some(key) if (cooling || state.fetching) && within(state.fetched_at, MAX_AGE) => {
                CachedKey::Known(Arc::clone(key))
            }
            _ if cooling && !state.fetching && state.failed => CachedKey::Unavailable,
            _ if cooling && !state.fetching => CachedKey::Unknown,
            _ => CachedKey::MustFetch,
        }
    }

    /// Waits for the request in progress. `None` if it takes too long.
    fn wait<'a>(&self, mut state: MutexGuard<'a, JwkCache>) -> Option<MutexGuard<'a, JwkCache>> {
        state.waiting += 1;
        let waited = self.fetched.wait_timeout_while(state, self.max_wait, |state| state.fetching);
        let (mut state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        state.waiting -= 1;
        (!timeout.timed_out()).then_some(state)
    }

    /// Code that holds this lock does no I/O and cannot panic.
    fn state(&self) -> MutexGuard<'_, JwkCache> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The request in progress. Dropping it wakes the callers that wait, also after a panic.
struct FetchInProgress<'a>(&'a JwkClient);

impl Drop for FetchInProgress<'_> {
    fn drop(&mut self) {
        self.0.state().fetching = false;
        self.0.fetched.notify_all();
    }
}

fn agent() -> ureq::Agent {
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(RootCerts::WebPki)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .build();
    let config = ureq::Agent::config_builder()
        .tls_config(tls)
        .timeout_global(Some(TIMEOUT))
        .max_redirects(0)
        .http_status_as_error(false)
        .build();
    config.into()
}

fn get(agent: &ureq::Agent, url: &str) -> Result<Vec<u8>, FetchError> {
    let mut response = agent.get(url).header("Accept", "application/json").call()?;
    if response.status() != 200 {
        return Err(FetchError::Status(response.status().as_u16()));
    }
    Ok(response.body_mut().with_config().limit(MAX_BODY).read_to_vec()?)
}

impl fmt::Debug for JwkClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JwkClient({}, {} keys)", self.algorithm, self.state().keys.len())
    }
}
