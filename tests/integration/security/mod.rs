//! Attacks. `docs/SECURITY.md` says which test here stands for which threat.

mod cors;
mod forged;
mod http;
mod https;
mod lockout;
mod odd;
mod requests;
mod signer;
mod tokens;
