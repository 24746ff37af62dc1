//! Reads the body of a request, within limits of size, time and the memory of all bodies together. Python counterpart:
//! `HttpRequest.body`; a worker of gunicorn reads one body at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Bytes, BytesMut};
use futures_util::StreamExt;

use crate::conf::{settings, values};

/// The first bytes of each body that are not counted. Otherwise slow clients with large bodies could prevent logins, whose bodies
/// are small.
pub const UNCOUNTED: usize = 8 * 1024;

/// The largest body with a name and a password, in bytes. The sender of such a body is not known yet, and many large bodies would
/// need much memory.
pub const CREDENTIALS_BODY: usize = 32 * 1024;

settings! {
    section "REST_FRAMEWORK", app "rest_framework";

    /// The limits of a body: size and time.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Limits {
        /// Largest size of a body in bytes; `none` for no limit. A larger body is refused with 413.
        ///
        /// Views that take credentials have a limit of 32 KiB, unless this limit is smaller.
        pub body: usize = DATA_UPLOAD_MAX_MEMORY_SIZE("2621440", bytes_or_none);
        /// Largest total size of all bodies that are being read, in bytes; `none` for no limit.
        ///
        /// A body that would exceed it is refused with 503. The first 8 KiB of each body do not count, so small bodies are always
        /// read.
        pub total: usize = DATA_UPLOAD_MAX_MEMORY_TOTAL("33554432", bytes_or_none);
        /// Largest number of fields of a form; `none` for no limit.
        pub fields: usize = DATA_UPLOAD_MAX_NUMBER_FIELDS("1000", number_or_none);
        /// How long a body may take to arrive. A slower body is refused with 408.
        ///
        /// With `0` there is no limit, and slow clients can use up the connections. Python leaves this to gunicorn's
        /// `--timeout`.
        pub time: Duration = DATA_UPLOAD_TIMEOUT("30s", values::unsigned_duration);
    }
}

fn bytes_or_none(text: &str) -> Result<usize, String> {
    number_or_none(text).map_err(|_| "a number of bytes such as 2621440, or none".to_owned())
}

fn number_or_none(text: &str) -> Result<usize, String> {
    Ok(values::optional(values::number)(text)?.unwrap_or(usize::MAX))
}

/// Why a body is not read.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// It is larger than the limit.
    #[error("the body is larger than DATA_UPLOAD_MAX_MEMORY_SIZE")]
    TooLarge,
    /// It did not arrive in time.
    #[error("the body did not arrive within DATA_UPLOAD_TIMEOUT")]
    TooSlow,
    /// The bodies of all requests together would be too large.
    #[error("the bodies of all requests would exceed {0} bytes, DATA_UPLOAD_MAX_MEMORY_TOTAL")]
    OverBudget(usize),
    /// The connection failed.
    #[error("the body could not be read: {0}")]
    Unreadable(#[from] PayloadError),
}

/// Reads `payload`: at most `limit` bytes, within `time`. A `time` of zero means no limit.
///
/// # Errors
/// Returns an error beyond these limits and that of `budget`, and if the connection fails. The rest of the body is not read then.
pub async fn read_body(
    headers: &HeaderMap,
    payload: Payload,
    limit: usize,
    time: Duration,
    budget: &BodyBudget,
) -> Result<Bytes, BodyError> {
    let mut share = budget.share();
    // A body that is larger than the limit of all bodies cannot be read later either.
    let read = read(headers, payload, limit.min(budget.limit), &mut share);
    if time.is_zero() { read.await } else { tokio::time::timeout(time, read).await.map_err(|_| BodyError::TooSlow)? }
}

async fn read(
    headers: &HeaderMap,
    mut payload: Payload,
    limit: usize,
    share: &mut BodyMemory<'_>,
) -> Result<Bytes, BodyError> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
    if announced.is_some_and(|length: usize| length > limit) {
        return Err(BodyError::TooLarge);
    }
    let mut body = BytesMut::with_capacity(announced.unwrap_or(0).min(UNCOUNTED));
    while let Some(chunk) = payload.next().await {
        let chunk = chunk?;
        if body.len() + chunk.len() > limit {
            return Err(BodyError::TooLarge);
        }
        share.grow_to(body.len() + chunk.len())?;
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// The maximum size of all bodies together: `DATA_UPLOAD_MAX_MEMORY_TOTAL`.
#[derive(Debug)]
pub struct BodyBudget {
    limit: usize,
    taken: AtomicUsize,
}

/// The memory of one body. It is released when dropped.
#[derive(Debug)]
struct BodyMemory<'a> {
    budget: &'a BodyBudget,
    taken: usize,
}

impl BodyBudget {
    /// A budget of `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, taken: AtomicUsize::new(0) }
    }

    /// The share of a body of which nothing was read yet.
    fn share(&self) -> BodyMemory<'_> {
        BodyMemory { budget: self, taken: 0 }
    }
}

impl Default for BodyBudget {
    /// A budget without a limit.
    fn default() -> Self {
        Self::new(usize::MAX)
    }
}

impl BodyMemory<'_> {
    /// Sets the size of the body in bytes.
    ///
    /// # Errors
    /// Returns an error if the budget has less left.
    fn grow_to(&mut self, length: usize) -> Result<(), BodyError> {
        let more = length.saturating_sub(UNCOUNTED).saturating_sub(self.taken);
        if more == 0 {
            return Ok(());
        }
        self.taken += more;
        let before = self.budget.taken.fetch_add(more, Ordering::Relaxed);
        if before.saturating_add(more) <= self.budget.limit {
            return Ok(());
        }
        Err(BodyError::OverBudget(self.budget.limit))
    }
}

impl Drop for BodyMemory<'_> {
    fn drop(&mut self) {
        self.budget.taken.fetch_sub(self.taken, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_number_of_bytes() {
        let read = |value| Limits::from_env(&[("DATA_UPLOAD_MAX_MEMORY_SIZE", value)].into_iter().collect());
        assert_eq!(read("5242880").unwrap().body, 5_242_880);
        assert_eq!(
            read("5MB").unwrap_err().to_string(),
            "DATA_UPLOAD_MAX_MEMORY_SIZE: \"5MB\" is not a number of bytes such as 2621440, or none"
        );
    }

    #[test]
    fn bodies_share_a_budget_and_give_it_back() {
        let budget = BodyBudget::new(1_000);
        let (mut first, mut second) = (budget.share(), budget.share());
        first.grow_to(UNCOUNTED + 600).unwrap();
        second.grow_to(UNCOUNTED).unwrap();
        second.grow_to(UNCOUNTED + 400).unwrap();
        assert!(matches!(second.grow_to(UNCOUNTED + 401), Err(BodyError::OverBudget(1_000))));
        drop(second);
        first.grow_to(UNCOUNTED + 1_000).unwrap();
        // The beginning of a body is always read.
        budget.share().grow_to(UNCOUNTED).unwrap();
        assert!(budget.share().grow_to(UNCOUNTED + 1).is_err());
        drop(first);
        assert_eq!(budget.taken.load(Ordering::Relaxed), 0);
    }
}
