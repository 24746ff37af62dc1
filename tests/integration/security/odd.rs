//! Tokens that the server's key has signed, with claims that a correct server never issues: another service with the same key,
//! an older version, or an attacker who had the key for a moment. The peer answers 500 to many of them.

use serde_json::{Map, Value, json};

use super::tokens::{Endpoint, Kind, NOW};

/// Claims as text, and the endpoints that may accept them, because they give no access there.
pub struct Odd {
    pub name: String,
    pub payload: String,
    pub harmless_at: &'static [Endpoint],
}

const NOWHERE: &[Endpoint] = &[];
/// `verify` promises only that the signature is valid and the token has not expired.
const VERIFY: &[Endpoint] = &[Endpoint::Verify];
/// These give no access: the first two check only the signature and the dates, the last one blacklists the token.
const REFUSED_EVERYWHERE: &[Endpoint] = &[Endpoint::Verify, Endpoint::Blacklist];

/// The claims that a token of this kind has.
pub fn claims(kind: Kind, id: &str) -> Map<String, Value> {
    let claims = match kind {
        Kind::Access => json!({ "token_type": "access", "exp": NOW + 300, "iat": NOW - 10, "jti": id, "user_id": "1" }),
        Kind::Refresh => {
            json!({ "token_type": "refresh", "exp": NOW + 300, "iat": NOW - 10, "jti": id, "user_id": "1" })
        }
        Kind::Sliding => json!({
            "token_type": "sliding", "exp": NOW + 300, "iat": NOW - 10, "jti": id, "user_id": "1",
            "refresh_exp": NOW + 900,
        }),
        Kind::Legacy => json!({
            "user_id": 1, "username": "alice", "exp": NOW + 300, "email": "alice@example.com", "orig_iat": NOW - 10,
            "id": id,
        }),
    };
    let Value::Object(claims) = claims else { unreachable!() };
    claims
}

/// A time in the future as a text.
const DIGITS: &str = r#""1800000300""#;

/// JSON texts that are not a time, or a time that cannot be used.
const NOT_A_TIME: [&str; 30] = [
    DIGITS,
    r#""never""#,
    r#""""#,
    r#""1e9999""#,
    "null",
    "true",
    "false",
    "[]",
    "[1800000300]",
    "{}",
    r#"{"a":1}"#,
    "1e400",
    "-1e400",
    "NaN",
    "Infinity",
    "-Infinity",
    "0x7fffffff",
    "01800000300",
    "+1800000300",
    "1e300",
    "-1e300",
    "1.7976931348623157e308",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "340282366920938463463374607431768211456",
    "253402300800",
    "-62135596801",
];

/// JSON texts that are not the key of a user.
const NO_USER: [&str; 32] = [
    "0",
    "-1",
    "99",
    "2147483647",
    "2147483648",
    "-2147483649",
    "4294967297",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "18446744073709551617",
    "1e300",
    "true",
    "[]",
    "[1]",
    r#"["1"]"#,
    "{}",
    r#"{"id":1}"#,
    "null",
    r#""""#,
    r#"" ""#,
    r#""alice""#,
    r#""1\u0000""#,
    r#""\u0000""#,
    r#""1 OR 1=1""#,
    r#""1; DROP TABLE auth_user""#,
    r#""18446744073709551617""#,
    r#""1.0""#,
    r#""1e0""#,
    r#""0x1""#,
    r#""None""#,
    r#""true""#,
];

/// JSON texts that are not the id of a token.
const NOT_AN_ID: [&str; 10] = ["null", "1", "1.5", "true", "[]", r#"["a"]"#, "{}", r#"{"a":1}"#, "1e300", "-0"];

/// Every odd variant of the claims of `kind`.
pub fn odd(kind: Kind) -> Vec<Odd> {
    let mut all = Variants { kind, list: Vec::new() };
    all.times();
    all.duplicate_names();
    all.bodies();
    if kind == Kind::Legacy {
        all.usernames();
    } else {
        all.types();
        all.users();
        all.ids();
    }
    all.list
}

struct Variants {
    kind: Kind,
    list: Vec<Odd>,
}

impl Variants {
    fn claims(&self) -> Map<String, Value> {
        claims(self.kind, &format!("odd{}", self.list.len()))
    }

    fn add(&mut self, name: impl Into<String>, payload: impl ToString, harmless_at: &'static [Endpoint]) {
        self.list.push(Odd { name: name.into(), payload: payload.to_string(), harmless_at });
    }

    /// The claims with one replaced by any text, JSON or not.
    fn with(&mut self, claim: &str, text: &str, harmless_at: &'static [Endpoint]) {
        let mut claims = self.claims();
        claims.insert(claim.to_owned(), "@".into());
        let payload = Value::Object(claims).to_string().replacen(r#""@""#, text, 1);
        let short: String = text.chars().take(60).collect();
        self.add(format!("{claim} is {short}"), payload, harmless_at);
    }

    fn without(&mut self, claim: &str, harmless_at: &'static [Endpoint]) {
        let mut claims = self.claims();
        claims.remove(claim);
        self.add(format!("no {claim}"), Value::Object(claims), harmless_at);
    }

    fn times(&mut self) {
        let legacy = self.kind == Kind::Legacy;
        for claim in ["exp", "nbf", "iat"] {
            for text in NOT_A_TIME {
                // PyJWT 1 accepts a numeric string, and does not compare `iat`.
                let is_read = legacy && text == DIGITS && claim != "nbf";
                self.with(claim, text, if is_read { self.kind.endpoints() } else { NOWHERE });
            }
        }
        for past in [NOW - 1, NOW - 59, NOW - 60, NOW - 86_400, 1, 0, -1, -62_135_596_800] {
            self.with("exp", &past.to_string(), NOWHERE);
            self.with("exp", &format!("{past}.0"), NOWHERE);
            self.with("exp", &format!("{past}.9"), NOWHERE);
        }
        for future in [NOW + 1, NOW + 60, NOW + 86_400, 253_402_300_799] {
            self.with("nbf", &future.to_string(), NOWHERE);
            // PyJWT 1 does not compare it.
            self.with("iat", &future.to_string(), if legacy { self.kind.endpoints() } else { NOWHERE });
        }
        if !legacy {
            self.with("exp", &NOW.to_string(), NOWHERE);
            self.without("exp", NOWHERE);
        }
        if self.kind == Kind::Sliding {
            let protects: &[Endpoint] = &[Endpoint::Verify, Endpoint::Protected, Endpoint::HelloJwt];
            for text in NOT_A_TIME {
                self.with("refresh_exp", text, protects);
            }
            self.with("refresh_exp", &NOW.to_string(), protects);
            self.without("refresh_exp", protects);
        }
        if legacy {
            for text in NOT_A_TIME {
                self.with("orig_iat", text, self.kind.endpoints());
            }
            self.with(
                "orig_iat",
                &(NOW - 8 * 86_400).to_string(),
                &[Endpoint::LegacyVerify, Endpoint::LegacyProtected],
            );
            self.without("orig_iat", &[Endpoint::LegacyVerify, Endpoint::LegacyProtected]);
        }
    }

    /// If a claim occurs twice, the last value is used, as in Python. The first must never be used.
    fn duplicate_names(&mut self) {
        self.twice("exp", "1", NOWHERE);
        self.twice("exp", "\"x\"", NOWHERE);
        self.twice("nbf", "99999999999", NOWHERE);
        match self.kind {
            Kind::Legacy => return self.twice("username", "\"nobody\"", NOWHERE),
            _ => self.twice("token_type", "\"nonsense\"", VERIFY),
        }
        self.twice("user_id", "\"99\"", REFUSED_EVERYWHERE);
        self.twice("jti", "7", NOWHERE);
        self.twice("jti", "null", NOWHERE);
    }

    fn twice(&mut self, claim: &str, text: &str, harmless_at: &'static [Endpoint]) {
        let payload = Value::Object(self.claims()).to_string();
        let open = payload.trim_end_matches('}');
        self.add(format!("a second {claim}, {text}"), format!("{open},\"{claim}\":{text}}}"), harmless_at);
    }

    /// Payloads that are not a JSON object.
    fn bodies(&mut self) {
        let good = Value::Object(self.claims()).to_string();
        let deep = format!("{{\"a\":{}1{},{}", "[".repeat(3000), "]".repeat(3000), &good[1..]);
        let wide = format!("{{{}{}", "\"a\":1,".repeat(1500), &good[1..]);
        for (name, payload) in [
            ("nothing", String::new()),
            ("empty object", "{}".to_owned()),
            ("null", "null".to_owned()),
            ("list", format!("[{good}]")),
            ("text", json!(good).to_string()),
            ("number", "1".to_owned()),
            ("cut", good[..good.len() - 1].to_owned()),
            ("something after it", format!("{good}x")),
            ("two of them", format!("{good}{good}")),
            ("a BOM", format!("\u{feff}{good}")),
            ("a last comma", format!("{},}}", &good[..good.len() - 1])),
            ("single quotes", good.replace('"', "'")),
            ("comment", format!("/* */{good}")),
            ("deep", deep),
            ("lone surrogate", good.replacen('{', r#"{"x":"\ud800","#, 1)),
            ("control character", good.replacen('{', "{\"x\":\"\u{1}\",", 1)),
        ] {
            self.add(format!("payload: {name}"), payload, NOWHERE);
        }
        self.add("payload: 1,500 names", wide, self.kind.endpoints());
    }

    fn types(&mut self) {
        self.without("token_type", VERIFY);
        for text in [
            "null",
            "1",
            "true",
            "[]",
            "{}",
            r#"["access"]"#,
            r#"["refresh"]"#,
            r#"["sliding"]"#,
            r#""""#,
            r#""Access""#,
            r#""Refresh""#,
            r#""Sliding""#,
            r#""access ""#,
            r#""refresh ""#,
            r#""sliding ""#,
            r#""access\u0000""#,
            r#""refresh\u0000""#,
            r#""untyped""#,
            r#""*""#,
            r#""accessrefreshsliding""#,
        ] {
            self.with("token_type", text, VERIFY);
        }
    }

    fn users(&mut self) {
        for text in NO_USER {
            self.with("user_id", text, self.without_user(text));
        }
        let long = format!("\"{}1\"", "0".repeat(5000));
        let digits = format!("\"{}\"", "9".repeat(5000));
        let letters = format!("\"{}\"", "a".repeat(8000));
        for text in [&digits, &letters] {
            self.with("user_id", text, REFUSED_EVERYWHERE);
        }
        // Python's `int` reads leading zeros and ignores a fraction: this is user 1, for the peer too.
        for text in ["1.5", &long] {
            self.with("user_id", text, self.kind.endpoints());
        }
        self.without("user_id", self.without_user("null"));
        // ivan, who is inactive.
        self.with("user_id", "\"3\"", REFUSED_EVERYWHERE);
        self.with("sub", "1", NOWHERE);
        self.with("sub", "[]", NOWHERE);
    }

    /// The endpoints that accept a token without a user: simplejwt refreshes a token whose `user_id` is missing or
    /// false.
    fn without_user(&self, text: &str) -> &'static [Endpoint] {
        let is_false = matches!(text, "0" | "null" | "[]" | "{}" | r#""""#);
        if is_false {
            &[Endpoint::Verify, Endpoint::Blacklist, Endpoint::Refresh, Endpoint::SlidingRefresh]
        } else {
            REFUSED_EVERYWHERE
        }
    }

    fn ids(&mut self) {
        self.without("jti", NOWHERE);
        for text in NOT_AN_ID {
            self.with("jti", text, NOWHERE);
        }
        // Any text is a valid id until it is stored or looked up.
        let stateless = &[Endpoint::Verify, Endpoint::Protected, Endpoint::HelloJwt];
        let harmless_at: &'static [Endpoint] = if self.kind == Kind::Access { stateless } else { VERIFY };
        let long = format!("\"{}\"", "j".repeat(256));
        let longer = format!("\"{}\"", "j".repeat(9000));
        for text in [r#""\u0000""#, r#""a\u0000b""#, &long, &longer] {
            self.with("jti", text, harmless_at);
        }
        for text in [r#""""#, r#""'; DROP TABLE auth_user; --""#, r#""%""#, "\"\u{1f600}\""] {
            self.with("jti", text, self.kind.endpoints());
        }
    }

    fn usernames(&mut self) {
        self.without("username", NOWHERE);
        for text in [
            "null",
            "true",
            "false",
            "0",
            "1",
            "1e300",
            "-1",
            "[]",
            r#"["alice"]"#,
            "{}",
            r#""""#,
            r#"" ""#,
            r#""nobody""#,
            r#""Alice""#,
            r#""alice ""#,
            r#""alice\u0000""#,
            r#""\u0000""#,
            r#""alice' --""#,
            r#""ivan""#,
            r#""' OR '1'='1""#,
        ] {
            self.with("username", text, NOWHERE);
        }
        let long = format!("\"{}\"", "a".repeat(9000));
        self.with("username", &long, NOWHERE);
        for kind in [r#""access""#, r#""refresh""#, "null", r#""""#] {
            self.with("token_type", kind, NOWHERE);
        }
        self.with("aud", r#""somebody else""#, NOWHERE);
        self.with("aud", r#"["somebody else"]"#, NOWHERE);
    }
}
