//! The address and the program of a client, for the list of a user's logins. Python counterpart: the records of
//! `allauth.usersessions`.

/// The address and the program of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// The address, found with `NUM_PROXIES`. `None` if it is not known.
    pub ip_address: Option<String>,
    /// The header `User-Agent`. **The client chooses this text**: escape it when you show it.
    pub user_agent: String,
}

/// The largest number of characters of a user agent that is kept.
const USER_AGENT_LENGTH: usize = 255;

impl Client {
    /// A client with this address and this header. The header is cut to the length of the column. Control characters become
    /// spaces, so that the text cannot change the display of a terminal or a log.
    #[must_use]
    pub fn new(ip_address: Option<String>, user_agent: &str) -> Self {
        let shown = |c: char| if c.is_control() { ' ' } else { c };
        Self { ip_address, user_agent: user_agent.chars().take(USER_AGENT_LENGTH).map(shown).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_is_cut_and_has_no_control_characters() {
        let kept = |text: &str| Client::new(None, text).user_agent;
        assert_eq!(kept("curl/8.5"), "curl/8.5");
        assert_eq!(kept("a\u{1b}[31mb\u{85}c\td\0"), "a [31mb c d ");
        assert_eq!(kept(&"\u{1f600}".repeat(300)).chars().count(), 255);
    }
}
