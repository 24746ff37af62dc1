//! Keys that an issuer publishes. Python counterpart: `jwt.PyJWKClient`, simplejwt's `JWK_URL`.
//!
//! A look-up has two halves, so that no thread that serves requests ever waits for the network:
//!
//! 1. [`JwkClient::cached`] answers from memory;
//! 2. when it says [`Lookup::Fetch`], [`JwkClient::fetch`] is called on a thread that may block.
//!
//! ```no_run
//! use actix_simplejwt::core::clock::Clock;
//! use actix_simplejwt::core::jwt::{Algorithm, JwkClient, Rules, decode, jwks::Lookup, key_id};
//!
//! # let token = "";
//! let clock = Clock::system();
//! let client = JwkClient::new("https://issuer.example/jwks.json", Algorithm::RS256, clock.clone())?;
//! let key = match key_id(token)? {
//!     None => None,
//!     Some(kid) => match client.cached(&kid) {
//!         Lookup::Key(key) => Some(key),
//!         Lookup::Unknown => None,
//!         Lookup::Fetch => client.fetch(&kid),
//!     },
//! };
//! let key = key.ok_or("Token is invalid")?;
//! let claims = decode(token, &key, &Rules::default(), clock.now())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An issuer that is slow or gone must not become an attack on this server, nor this server one on the issuer. At most
//! one request is under way, whoever needs it shares it, and after it none begins for [`COOLDOWN`], however many tokens
//! with an unknown `kid` arrive. While a refresh fails, the keys that are known stay good up to [`MAX_AGE`].

mod jwk;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration as StdDuration;

use chrono::{DateTime, Duration, Utc};
use serde_json::Value;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use url::Url;

use super::{Algorithm, VerifyingKey};
use crate::core::clock::Clock;

/// How long a key set is used before it is fetched again. PyJWKClient's `lifespan`.
pub const LIFESPAN: Duration = Duration::seconds(300);
/// How long after a request the next one may begin.
pub const COOLDOWN: Duration = Duration::seconds(10);
/// How long a key set stays good while it cannot be fetched again. A key that its issuer withdraws is accepted for
/// [`LIFESPAN`] at most, and for this long if the issuer cannot be reached.
pub const MAX_AGE: Duration = Duration::hours(1);
/// How long a request may take in all.
pub const TIMEOUT: StdDuration = StdDuration::from_secs(5);
/// How many bytes an answer may have.
pub const MAX_BODY: u64 = 512 * 1024;
/// How many callers may wait for one request. Beyond them a token counts as invalid, so that tokens with made-up `kid`s
/// cannot occupy all threads that may block.
const MAX_WAITING: usize = 64;

type Source = Box<dyn Fn() -> Result<Vec<u8>, FetchError> + Send + Sync>;

/// The keys behind one URL that verify signatures of one algorithm.
pub struct JwkClient {
    algorithm: Algorithm,
    clock: Clock,
    source: Source,
    /// How long a caller waits for the request of another: [`TIMEOUT`].
    patience: StdDuration,
    state: Mutex<State>,
    fetched: Condvar,
}

#[derive(Default)]
struct State {
    keys: HashMap<String, Arc<VerifyingKey>>,
    /// When `keys` came.
    fetched_at: Option<DateTime<Utc>>,
    /// When a request last began or ended, with or without success.
    tried_at: Option<DateTime<Utc>>,
    fetching: bool,
    waiting: usize,
}

/// What is known about a `kid` without asking the issuer.
#[derive(Clone, Debug)]
pub enum Lookup {
    /// The key.
    Key(Arc<VerifyingKey>),
    /// The issuer has no such key, or has just been asked in vain: the token is invalid.
    Unknown,
    /// Only [`JwkClient::fetch`] can tell, which blocks.
    Fetch,
}

/// The URL is not one that keys can be fetched from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkUrlError {
    /// Not a URL.
    #[error("Invalid JWKS URI: {0}")]
    Malformed(#[from] url::ParseError),
    /// `file:` and the like.
    #[error("Invalid JWKS URI scheme '{0}': only 'http' and 'https' are supported.")]
    Scheme(String),
}

/// Why a key set could not be had. For the log.
#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error("Fail to fetch data from the url, err: \"{0}\"")]
    Http(#[from] ureq::Error),
    #[error("Fail to fetch data from the url, err: \"HTTP status {0}\"")]
    Status(u16),
    #[error("The JWKS endpoint did not return a JSON object")]
    NotJson,
    #[error("The JWKS endpoint did not contain any signing keys")]
    NoKeys,
}

impl JwkClient {
    /// A client that asks nothing yet. Redirects are not followed; TLS trusts Mozilla's root certificates.
    ///
    /// # Errors
    /// When `url` is not an `http:` or `https:` URL.
    pub fn new(url: &str, algorithm: Algorithm, clock: Clock) -> Result<Self, JwkUrlError> {
        let url = Url::parse(url)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(JwkUrlError::Scheme(url.scheme().to_owned()));
        }
        let agent = agent();
        Ok(Self::with_source(algorithm, clock, Box::new(move || get(&agent, url.as_str()))))
    }

    fn with_source(algorithm: Algorithm, clock: Clock, source: Source) -> Self {
        Self { algorithm, clock, source, patience: TIMEOUT, state: Mutex::default(), fetched: Condvar::new() }
    }

    /// The algorithm that all its keys are for.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key called `kid`, from memory. Does not block.
    #[must_use]
    pub fn cached(&self, kid: &str) -> Lookup {
        self.lookup(&self.state(), kid)
    }

    /// The key called `kid`, if need be from the issuer. **Blocks**, for [`TIMEOUT`] at most. Failures are logged here,
    /// once for all who waited.
    #[must_use]
    pub fn fetch(&self, kid: &str) -> Option<Arc<VerifyingKey>> {
        let mut state = self.state();
        loop {
            match self.lookup(&state, kid) {
                Lookup::Key(key) => return Some(key),
                Lookup::Unknown => return None,
                Lookup::Fetch if !state.fetching => break,
                Lookup::Fetch if state.waiting >= MAX_WAITING => return None,
                Lookup::Fetch => state = self.wait(state)?,
            }
        }
        state.fetching = true;
        state.tried_at = Some(self.clock.now());
        drop(state);

        let turn = Turn(self);
        let fetched = (self.source)().and_then(|body| parse(&body, self.algorithm));
        let mut state = self.state();
        let now = Some(self.clock.now());
        state.tried_at = now;
        match fetched {
            Ok(keys) => (state.keys, state.fetched_at) = (keys, now),
            Err(error) => log::warn!("the key set of JWK_URL could not be fetched: {error}"),
        }
        drop(state);
        drop(turn);
        match self.cached(kid) {
            Lookup::Key(key) => Some(key),
            Lookup::Unknown | Lookup::Fetch => None,
        }
    }

    fn lookup(&self, state: &State, kid: &str) -> Lookup {
        let now = self.clock.now();
        // A time in the future means that the clock was set back; what is known then counts as old, not as fresh.
        let within = |since: Option<DateTime<Utc>>, limit: Duration| {
            since.is_some_and(|since| (Duration::zero()..limit).contains(&(now - since)))
        };
        let cooling = within(state.tried_at, COOLDOWN);
        match state.keys.get(kid) {
            Some(key) if within(state.fetched_at, LIFESPAN) => Lookup::Key(Arc::clone(key)),
            Some(key) if (cooling || state.fetching) && within(state.fetched_at, MAX_AGE) => {
                Lookup::Key(Arc::clone(key))
            }
            _ if cooling && !state.fetching => Lookup::Unknown,
            _ => Lookup::Fetch,
        }
    }

    /// Waits for the request under way; `None` when it takes longer than it may.
    fn wait<'a>(&self, mut state: MutexGuard<'a, State>) -> Option<MutexGuard<'a, State>> {
        state.waiting += 1;
        let waited = self.fetched.wait_timeout_while(state, self.patience, |state| state.fetching);
        let (mut state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        state.waiting -= 1;
        (!timeout.timed_out()).then_some(state)
    }

    /// Nothing that can panic runs under this lock, and no I/O.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a request and wakes those who wait for it, also when it panics.
struct Turn<'a>(&'a JwkClient);

impl Drop for Turn<'_> {
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

/// Keys that are of no use here are passed over, as PyJWKSet does. Of two with one `kid`, the first counts.
fn parse(body: &[u8], algorithm: Algorithm) -> Result<HashMap<String, Arc<VerifyingKey>>, FetchError> {
    let set: Value = serde_json::from_slice(body).map_err(|_| FetchError::NotJson)?;
    let set = set.as_object().ok_or(FetchError::NotJson)?;
    let mut keys = HashMap::new();
    for key in set.get("keys").and_then(Value::as_array).into_iter().flatten() {
        if let Some((kid, key)) = jwk::verifying_key(key, algorithm) {
            keys.entry(kid).or_insert_with(|| Arc::new(key));
        }
    }
    if keys.is_empty() { Err(FetchError::NoKeys) } else { Ok(keys) }
}

impl fmt::Debug for JwkClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JwkClient({}, {} keys)", self.algorithm, self.state().keys.len())
    }
}
