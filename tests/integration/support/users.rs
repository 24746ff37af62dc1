//! The users of the tests, one for each kind.

/// A user who logs in.
#[derive(Clone, Copy, Debug)]
pub struct TestUser {
    pub username: &'static str,
    pub password: &'static str,
    pub email: &'static str,
    pub is_active: bool,
    pub is_staff: bool,
}

/// An ordinary user.
pub fn alice() -> TestUser {
    TestUser {
        username: "alice",
        password: "correct horse 1",
        email: "alice@example.com",
        is_active: true,
        is_staff: false,
    }
}

/// Another ordinary user.
pub fn bob() -> TestUser {
    TestUser { username: "bob", password: "b0b-Secret!", email: "bob@example.com", ..alice() }
}

/// An inactive user.
pub fn ivan() -> TestUser {
    TestUser { username: "ivan", password: "sleeping-ivan", email: "", is_active: false, ..alice() }
}
