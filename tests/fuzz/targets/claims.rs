//! Headers and claims with a valid signature.

use std::sync::LazyLock;

use actix_simplejwt::core::jwt::{Algorithm, Audience, Edition, Rules, SigningKey, decode, decode_unverified};
use actix_simplejwt::{AccessToken, Apps, Settings};
use serde_json::Value;

use super::support::{NOW, SECRET, clock, first_line, signed};

/// The JSON of a header is on the first line, the JSON of the claims follows. An accepted token must have all required
/// claims.
pub fn check(data: &[u8]) {
    static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::new(Algorithm::HS256, &SECRET.into()).unwrap());
    let (header, claims) = first_line(data);
    let token = signed(header, claims);
    let unverified = decode_unverified(&token);
    for rules in all_rules() {
        let Ok(accepted) = decode(&token, KEY.verifying_key(), &rules, clock().now()) else { continue };
        assert_header_is_plain(header);
        assert_eq!(unverified.as_ref(), Ok(&accepted));
        let pyjwt2 = rules.edition == Edition::PyJwt2;
        let time = |name: &str| accepted.get(name).map(|value| value.as_f64().expect(name).floor());
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let now = NOW as f64;
        assert!(time("exp").is_none_or(|exp| if pyjwt2 { exp > now } else { exp >= now }), "{accepted:?}");
        assert!(time("nbf").is_none_or(|nbf| nbf <= now), "{accepted:?}");
        assert!(time("iat").is_none_or(|iat| !pyjwt2 || iat <= now), "{accepted:?}");
        assert!(rules.issuer.is_none_or(|issuer| accepted["iss"] == *issuer));
        match rules.audience {
            Audience::Any => {}
            Audience::Absent => assert!(!accepted.contains_key("aud")),
            Audience::OneOf(names) => {
                let aud = &accepted["aud"];
                assert!(
                    names.iter().any(
                        |name| aud == name || aud.as_array().is_some_and(|all| all.contains(&name.as_str().into()))
                    )
                );
            }
        }
    }
    check_classes(&token);
}

fn all_rules() -> [Rules; 3] {
    let audience = Audience::OneOf(vec!["us".to_owned(), "them".to_owned()]);
    [
        Rules::default(),
        Rules { edition: Edition::PyJwt1, audience: Audience::Absent, ..Rules::default() },
        Rules { audience, issuer: Some("me".to_owned()), ..Rules::default() },
    ]
}

fn assert_header_is_plain(header: &[u8]) {
    let header: Value = serde_json::from_slice(header).expect("a header that is no JSON was accepted");
    let header = header.as_object().expect("a header that is no object was accepted");
    assert_eq!(header["alg"], "HS256");
    assert!(!["crit", "b64", "jwk", "jku", "x5c", "x5u"].iter().any(|name| header.contains_key(*name)), "{header:?}");
    assert!(header.get("kid").is_none_or(Value::is_string), "{header:?}");
}

/// simplejwt's token classes: a token that they accept has the required claims and can be encoded again.
fn check_classes(token: &str) {
    thread_local! {
        static APPS: Apps = Apps::builder(Settings::new(SECRET).stateless()).clock(clock()).build().unwrap();
    }
    APPS.with(|apps| {
        let jwt = apps.jwt().unwrap();
        let Ok(access) = AccessToken::from_raw(token, jwt) else { return };
        assert_eq!(access["token_type"], "access");
        assert!(access.get("exp").is_some() && access.get("jti").is_some(), "{access:?}");
        // PyJWT decodes an issuer that is not a string, but refuses to encode it.
        match access.encode(jwt) {
            Ok(again) => assert!(AccessToken::from_raw(&again, jwt).is_ok(), "{access:?}"),
            Err(_) => assert!(access.get("iss").is_some_and(|issuer| !issuer.is_string()), "{access:?}"),
        }
    });
}
