//! The setting of this module. Python counterpart: the table `oauth2_provider_application` of django-oauth-toolkit.

use crate::conf::settings;
use crate::core::crypto::SecretString;

settings! {
    section "OAuth 2.0", app "rest_framework_simplejwt";

    /// Who may introspect and revoke tokens.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct OAuth2Settings {
        /// Clients of `/o/introspect/` and `/o/revoke_token/`, as `id:hashed secret`, separated by spaces.
        ///
        /// Without clients the two endpoints do not exist. `manage createoauth2client` makes a secret. The hash is made by one of
        /// the `PASSWORD_HASHERS`, as in django-oauth-toolkit.
        pub oauth2_clients: Vec<OAuth2Client> = OAUTH2_CLIENTS("", clients, secret);
    }
}

/// A client: its id and its hashed secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuth2Client {
    /// `client_id`
    pub id: String,
    /// The hashed secret, as a hasher of `PASSWORD_HASHERS` writes it.
    pub secret: SecretString,
}

/// The rule of [`is_client_id`], for messages.
pub const CLIENT_ID_CHARACTERS: &str = "letters, digits and the signs - . _ ~ @ /";

/// Whether `id` is the same in `.env`, in an `Authorization` header and in a form, encoded or not (RFC 6749, section 2.3.1):
/// `curl -u` does not encode it. Quotation marks are refused, because they mean that a tool has not removed the quotes around a
/// value.
#[must_use]
pub fn is_client_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~@/".contains(&byte))
}

fn clients(text: &str) -> Result<Vec<OAuth2Client>, String> {
    let expected = || "a list of id:hashed secret, such as manage createoauth2client prints".to_owned();
    // An Argon2 hash contains commas, so a part without a colon belongs to the part before it.
    let mut entries: Vec<String> = Vec::new();
    for entry in text.split_whitespace() {
        for (position, part) in entry.split(',').enumerate().filter(|(_, part)| !part.is_empty()) {
            match entries.last_mut() {
                Some(last) if position > 0 && !part.contains(':') => *last += &format!(",{part}"),
                _ => entries.push(part.to_owned()),
            }
        }
    }
    let mut clients: Vec<OAuth2Client> = Vec::new();
    for entry in &entries {
        let (id, secret) = entry.split_once(':').filter(|(_, secret)| !secret.is_empty()).ok_or_else(expected)?;
        if !is_client_id(id) {
            return Err(format!("a list of id:hashed secret in which each id is {CLIENT_ID_CHARACTERS}"));
        }
        if clients.iter().any(|client| client.id == id) {
            return Err("a list in which each id is listed once".to_owned());
        }
        clients.push(OAuth2Client { id: id.to_owned(), secret: secret.into() });
    }
    Ok(clients)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        let clients = clients(text).unwrap();
        clients.into_iter().map(|client| (client.id, client.secret.expose().to_owned())).collect()
    }

    #[test]
    fn clients_are_separated_by_spaces_or_commas_and_hashes_may_have_commas() {
        let (argon, pbkdf) = ("argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdA$aGFzaA", "pbkdf2_sha256$1000$salt$ha+sh/=");
        let expected = [("a".to_owned(), argon.to_owned()), ("b".to_owned(), pbkdf.to_owned())];
        for separator in [" ", ",", ", ", "\n", " , "] {
            assert_eq!(read(&format!("a:{argon}{separator}b:{pbkdf}")), expected, "{separator:?}");
        }
        assert!(read("").is_empty() && read(" \n").is_empty());
    }

    #[test]
    fn what_is_no_client_is_refused() {
        for text in ["gateway", "gateway:", ":hash", "a:hash b", "a:x a:y"] {
            assert!(clients(text).is_err(), "{text}");
        }
        // `docker run --env-file` keeps the quotation marks. `curl -u` sends the others as they are, and a server decodes them.
        for id in ["'gateway", "\"gateway", "a%62", "a+b", "\u{e9}"] {
            assert_eq!(
                clients(&format!("{id}:hash")).unwrap_err(),
                "a list of id:hashed secret in which each id is letters, digits and the signs - . _ ~ @ /",
                "{id}"
            );
        }
    }
}
