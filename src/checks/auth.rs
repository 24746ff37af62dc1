//! How users log in. Python counterpart: none; `django.contrib.auth.checks` is about models.

use super::{CheckMessage, warning};
use crate::contrib::auth::settings::Backend;
use crate::settings::Settings;

/// A hash that is fast to compute is fast to guess.
pub(super) fn password_hashers(settings: &Settings) -> Vec<CheckMessage> {
    let weakness = match settings.auth.password_hashers.preferred().algorithm() {
        "md5" => "New passwords are hashed with MD5, which is too fast to protect them.",
        "pbkdf2_sha1" => "New passwords are hashed with SHA-1, which is there for what others have written.",
        "bcrypt" => "New passwords are hashed with plain bcrypt, which has no room for more than 72 bytes of them.",
        _ => return Vec::new(),
    };
    vec![
        warning("auth.W901", weakness)
            .hint("Put PBKDF2, Argon2, scrypt or BCryptSHA256 at the front of PASSWORD_HASHERS."),
    ]
}

/// Whoever may try as often as he likes guesses a weak password sooner or later.
pub(super) fn login_limits(settings: &Settings) -> Vec<CheckMessage> {
    let throttled = settings.rest_framework.default_throttle_classes.iter().any(|class| match class.as_str() {
        "AnonRateThrottle" => has_rate(settings, "anon"),
        "UserRateThrottle" => has_rate(settings, "user"),
        "ScopedRateThrottle" => has_rate(settings, "login"),
        _ => false,
    });
    if settings.auth.login_failure_limit.is_some() || throttled {
        return Vec::new();
    }
    let message = warning("auth.W902", "Nothing limits how often a client may try to log in.");
    vec![message.hint("Set LOGIN_FAILURE_LIMIT, or a throttle with a rate for the scope login.")]
}

fn has_rate(settings: &Settings, scope: &str) -> bool {
    matches!(settings.rest_framework.default_throttle_rates.get(scope), Some(Some(_)))
}

/// Inactive users get in when neither the login nor the token looks.
pub(super) fn inactive_users(settings: &Settings) -> Vec<CheckMessage> {
    let jwt = &settings.simple_jwt;
    if jwt.check_user_is_active {
        return Vec::new();
    }
    let message = if settings.auth.authentication_backends.contains(&Backend::AllowAllUsersModel) {
        "AUTHENTICATION_BACKENDS and SIMPLE_JWT_CHECK_USER_IS_ACTIVE let inactive users log in."
    } else {
        "SIMPLE_JWT_CHECK_USER_IS_ACTIVE is off: the tokens of a user who is switched off go on working."
    };
    vec![warning("auth.W903", message)]
}

/// Who counts as whom when requests are limited, and who may use a view that does not say it.
pub(super) fn rest_framework(settings: &Settings) -> Vec<CheckMessage> {
    let framework = &settings.rest_framework;
    let mut found = Vec::new();
    let limits = settings.auth.login_failure_limit.is_some() || !framework.default_throttle_classes.is_empty();
    if limits && framework.num_proxies.is_none() {
        let message = warning(
            "rest_framework.W901",
            "REST_FRAMEWORK_NUM_PROXIES is not set. A throttle then counts a client by X-Forwarded-For, which the client \
             may write, and LOGIN_FAILURE_LIMIT by the address of the last proxy, which all clients have.",
        );
        found.push(message.hint("Set it to the number of proxies in front, 0 for none."));
    }
    if framework.default_permission_classes.iter().all(|class| class == "AllowAny") {
        let message = warning("rest_framework.W902", "A view that does not say who may use it is open to everybody.");
        found.push(message.hint("Set REST_FRAMEWORK_DEFAULT_PERMISSION_CLASSES=IsAuthenticated."));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::tests::assert_deploy_finds;

    #[test]
    fn a_weak_hasher_for_new_passwords_is_reported() {
        for hasher in ["MD5PasswordHasher", "PBKDF2SHA1PasswordHasher", "BCryptPasswordHasher"] {
            assert_deploy_finds(&[("PASSWORD_HASHERS", &format!("{hasher},Argon2PasswordHasher"))], &["auth.W901"]);
            assert_deploy_finds(&[("PASSWORD_HASHERS", &format!("Argon2PasswordHasher,{hasher}"))], &[]);
        }
    }

    #[test]
    fn logins_without_a_limit_are_reported() {
        let none = ("LOGIN_FAILURE_LIMIT", "none");
        assert_deploy_finds(&[none], &["auth.W902"]);
        for (class, rate) in [
            ("AnonRateThrottle", "anon=5/min"),
            ("UserRateThrottle", "user=5/min"),
            ("ScopedRateThrottle", "login=5/min"),
        ] {
            let class = ("REST_FRAMEWORK_DEFAULT_THROTTLE_CLASSES", class);
            assert_deploy_finds(&[none, class], &["auth.W902"]);
            assert_deploy_finds(&[none, class, ("REST_FRAMEWORK_DEFAULT_THROTTLE_RATES", rate)], &[]);
        }
    }

    #[test]
    fn inactive_users_who_get_in_are_reported() {
        let unchecked = ("SIMPLE_JWT_CHECK_USER_IS_ACTIVE", "no");
        assert_deploy_finds(&[unchecked], &["auth.W903"]);
        assert_deploy_finds(&[unchecked, ("AUTHENTICATION_BACKENDS", "AllowAllUsersModelBackend")], &["auth.W903"]);
        assert_deploy_finds(&[("AUTHENTICATION_BACKENDS", "AllowAllUsersModelBackend")], &[]);
    }

    #[test]
    fn limits_by_an_address_that_anybody_may_write_are_reported() {
        let unset = ("REST_FRAMEWORK_NUM_PROXIES", "none");
        assert_deploy_finds(&[unset], &["rest_framework.W901"]);
        let throttles = [
            ("LOGIN_FAILURE_LIMIT", "none"),
            ("REST_FRAMEWORK_DEFAULT_THROTTLE_CLASSES", "AnonRateThrottle"),
            ("REST_FRAMEWORK_DEFAULT_THROTTLE_RATES", "anon=5/min"),
        ];
        assert_deploy_finds(&[&throttles[..], &[unset]].concat(), &["rest_framework.W901"]);
        assert_deploy_finds(&throttles, &[]);
    }

    #[test]
    fn views_that_are_open_unless_they_say_otherwise_are_reported() {
        assert_deploy_finds(&[("REST_FRAMEWORK_DEFAULT_PERMISSION_CLASSES", "AllowAny")], &["rest_framework.W902"]);
    }
}
