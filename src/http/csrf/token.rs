//! The secret in the cookie, and the tokens in pages. Python counterpart: `get_token`, `rotate_token` and
//! `_mask_cipher_secret` of `django.middleware.csrf`.
//!
//! A token is the secret under a random mask. So two pages have different tokens, and the size of a compressed page reveals
//! nothing about the secret.

use std::cell::RefCell;
use std::rc::Rc;

use actix_web::{HttpMessage, HttpRequest};

use super::trusted::Csrf;
use crate::core::crypto::{ALPHANUMERIC, random_string};
use crate::http::cookies;

pub(super) const SECRET_LENGTH: usize = 32;
pub(super) const TOKEN_LENGTH: usize = 2 * SECRET_LENGTH;

/// The secret of a request, and whether the response sets the cookie.
#[derive(Clone)]
pub(super) struct CsrfCookie(Rc<RefCell<Inner>>);

struct Inner {
    secret: Option<String>,
    needs_update: bool,
}

/// Why text is not a secret or a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidTokenFormat {
    /// Neither 32 nor 64 characters.
    Length,
    /// Other characters than letters and digits.
    Characters,
}

impl InvalidTokenFormat {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Length => "has incorrect length",
            Self::Characters => "has invalid characters",
        }
    }
}

/// The token for a form or a script of the page that answers `req`. The cookie is set even if the browser has it, so that it
/// lasts longer.
#[must_use]
pub fn get_token(req: &HttpRequest) -> String {
    let cookie = CsrfCookie::of(req);
    let mut state = cookie.0.borrow_mut();
    state.needs_update = true;
    mask(state.secret.get_or_insert_with(new_secret))
}

/// The name of the header in which a script sends the token, in lower case. Empty without the settings `CSRF_…`.
#[must_use]
pub fn header_name(req: &HttpRequest) -> String {
    Csrf::of(req).map_or_else(|_| String::new(), |csrf| csrf.header.as_str().to_owned())
}

/// Replaces the secret, as a login does. Forms on older pages are refused then.
pub fn rotate_token(req: &HttpRequest) {
    let cookie = CsrfCookie::of(req);
    let mut state = cookie.0.borrow_mut();
    (state.secret, state.needs_update) = (Some(new_secret()), true);
}

impl CsrfCookie {
    /// The secret of the request. A malformed cookie is replaced.
    pub(super) fn of(req: &HttpRequest) -> Self {
        if let Some(cookie) = req.extensions().get::<Self>() {
            return cookie.clone();
        }
        cookies::mark(req);
        let secret = Csrf::of(req).ok().map(|csrf| csrf.secret_of(req));
        let state = match secret {
            Some(Ok(secret)) => Inner { secret, needs_update: false },
            // Without settings no cookie is set, and `check` refuses every form.
            Some(Err(_)) | None => Inner { secret: Some(new_secret()), needs_update: true },
        };
        let cookie = Self(Rc::new(RefCell::new(state)));
        req.extensions_mut().insert(cookie.clone());
        cookie
    }

    /// The secret, if the response has to set the cookie.
    pub(super) fn to_set(&self) -> Option<String> {
        let state = self.0.borrow();
        state.secret.clone().filter(|_| state.needs_update)
    }
}

impl Csrf {
    /// The secret in the cookie of the request.
    pub(super) fn secret_of(&self, req: &HttpRequest) -> Result<Option<String>, InvalidTokenFormat> {
        let Some(text) = cookies::get(req, &self.cookie.name) else { return Ok(None) };
        check_format(&text)?;
        Ok(Some(unmasked(&text)))
    }
}

/// # Errors
/// Returns an error if `text` can be neither a secret nor a token.
pub(super) fn check_format(text: &str) -> Result<(), InvalidTokenFormat> {
    if ![SECRET_LENGTH, TOKEN_LENGTH].contains(&text.chars().count()) {
        return Err(InvalidTokenFormat::Length);
    }
    if text.bytes().all(|b| b.is_ascii_alphanumeric()) { Ok(()) } else { Err(InvalidTokenFormat::Characters) }
}

/// The secret of a token, or the secret itself. `text` must be well-formed.
pub(super) fn unmasked(text: &str) -> String {
    match text.split_at_checked(SECRET_LENGTH) {
        Some((mask, masked)) if !masked.is_empty() => shift(masked, mask, |x, y| x + ALPHANUMERIC.len() - y),
        _ => text.to_owned(),
    }
}

fn new_secret() -> String {
    random_string(SECRET_LENGTH, ALPHANUMERIC)
}

/// A token for `secret`.
fn mask(secret: &str) -> String {
    let mask = new_secret();
    let masked = shift(secret, &mask, |x, y| x + y);
    mask + &masked
}

/// Combines the texts character by character, by the positions of the characters in the alphabet.
fn shift(text: &str, by: &str, combine: fn(usize, usize) -> usize) -> String {
    let alphabet = ALPHANUMERIC.as_bytes();
    let place = |byte: u8| alphabet.iter().position(|known| *known == byte).unwrap_or(0);
    let shifted = text.bytes().zip(by.bytes()).map(|(x, y)| combine(place(x), place(y)) % alphabet.len());
    shifted.filter_map(|place| alphabet.get(place)).map(|byte| char::from(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_hides_the_secret_and_gives_it_back() {
        let secret = new_secret();
        let (first, second) = (mask(&secret), mask(&secret));
        assert_ne!(first, second);
        for token in [&first, &second, &secret] {
            assert_eq!(check_format(token), Ok(()));
            assert_eq!(unmasked(token), secret);
        }
        // Made by Django 5.2: `_unmask_cipher_token`.
        assert_eq!(unmasked(&("b".repeat(32) + &"c".repeat(32))), "b".repeat(32));
        assert_eq!(unmasked(&("9".repeat(32) + &"a".repeat(32))), "b".repeat(32));
    }

    #[test]
    fn the_form_is_checked() {
        for (text, problem) in [
            (String::new(), InvalidTokenFormat::Length),
            ("a".repeat(31), InvalidTokenFormat::Length),
            ("é".repeat(32), InvalidTokenFormat::Characters),
            ("a".repeat(31) + "-", InvalidTokenFormat::Characters),
            ("a".repeat(63) + " ", InvalidTokenFormat::Characters),
        ] {
            assert_eq!(check_format(&text), Err(problem), "{text}");
        }
    }
}
