//! The kinds of events.

use crate::http::log_data::{RefusalKind, TokenEvent};

/// A kind of event. The names are in the database and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// A login with a user name and password.
    Login,
    /// A refresh token was exchanged.
    Refresh,
    /// A token was blacklisted: a logout by the API.
    Logout,
    /// The user name or the password was wrong, or the user may not log in.
    LoginRefused,
    /// A login was refused because of earlier failures.
    LoginLockedOut,
    /// A request was refused by a throttle.
    Throttled,
    /// A token had expired.
    TokenExpired,
    /// The signature of a token was wrong.
    TokenSignature,
    /// A blacklisted token was used again.
    TokenReused,
}

impl Event {
    /// All of them, by number.
    pub const ALL: [Self; 9] = [
        Self::Login,
        Self::Refresh,
        Self::Logout,
        Self::LoginRefused,
        Self::LoginLockedOut,
        Self::Throttled,
        Self::TokenExpired,
        Self::TokenSignature,
        Self::TokenReused,
    ];

    /// The reasons of refusals, in the order of the chart.
    pub const REFUSALS: [Self; 6] = [
        Self::LoginRefused,
        Self::LoginLockedOut,
        Self::Throttled,
        Self::TokenExpired,
        Self::TokenSignature,
        Self::TokenReused,
    ];

    /// The name in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Refresh => "refresh",
            Self::Logout => "logout",
            Self::LoginRefused => "login_refused",
            Self::LoginLockedOut => "login_locked_out",
            Self::Throttled => "throttled",
            Self::TokenExpired => "token_expired",
            Self::TokenSignature => "token_signature",
            Self::TokenReused => "token_reused",
        }
    }

    /// The name on the dashboard.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Login => "Logins",
            Self::Refresh => "Refreshed tokens",
            Self::Logout => "Logouts",
            Self::LoginRefused => "Wrong name or password",
            Self::LoginLockedOut => "Locked out",
            Self::Throttled => "Throttled",
            Self::TokenExpired => "Expired token",
            Self::TokenSignature => "Wrong signature",
            Self::TokenReused => "Reused token",
        }
    }

    pub(super) fn of_token(event: TokenEvent) -> Option<Self> {
        match event {
            // A login is counted where the password is checked.
            TokenEvent::Issued | TokenEvent::Verified => None,
            TokenEvent::Refreshed | TokenEvent::RefreshedAgain => Some(Self::Refresh),
            TokenEvent::Blacklisted => Some(Self::Logout),
        }
    }

    pub(super) fn of_refusal(refusal: RefusalKind) -> Option<Self> {
        match refusal {
            RefusalKind::Blacklisted | RefusalKind::Reused => Some(Self::TokenReused),
            RefusalKind::Expired => Some(Self::TokenExpired),
            RefusalKind::Signature => Some(Self::TokenSignature),
            RefusalKind::Throttled => Some(Self::Throttled),
            // Logins are counted where the password is checked.
            RefusalKind::LockedOut | RefusalKind::User | RefusalKind::Unavailable | RefusalKind::Other => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_has_its_own_place_and_name() {
        for (place, event) in Event::ALL.into_iter().enumerate() {
            assert_eq!(event as usize, place, "{event:?}");
            assert!(event.name().len() <= 32);
            assert_eq!(Event::ALL.iter().filter(|other| other.name() == event.name()).count(), 1);
        }
    }
}
