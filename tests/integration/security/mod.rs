//! Attacks. `SECURITY.md` names the test for each threat.

mod cors;
mod forged;
mod http;
mod https;
mod lockout;
mod odd;
mod requests;
mod signer;
mod tokens;
