//! Tokens that must be refused everywhere, because the server's key has not signed them, or not in this form.

use serde_json::json;

use super::signer::{SECRET, Signer, b64, der, hmac_by_name, pem, sha256, unb64};

/// A token and what is wrong with it.
pub struct Forged {
    pub name: String,
    pub token: String,
}

/// Every variant of a valid token that can be made without its key.
pub fn forged(genuine: &str, other: &str, signer: &Signer, trap: &str) -> Vec<Forged> {
    let mut all = Cases { genuine: Parts::of(genuine), list: Vec::new() };
    all.without_signature();
    all.another_algorithm(signer);
    all.public_key_as_secret(signer);
    all.damaged_signature(&Parts::of(other));
    all.psychic_signatures(signer);
    all.other_spellings();
    all.key_in_the_header(trap);
    all.critical_extensions(signer);
    all.other_serializations();
    all.not_tokens_at_all();
    all.random_damage();
    all.list
}

struct Parts {
    header: String,
    payload: String,
    signature: String,
}

impl Parts {
    fn of(token: &str) -> Self {
        let parts: Vec<_> = token.split('.').map(str::to_owned).collect();
        let [header, payload, signature] = parts.try_into().unwrap();
        Self { header, payload, signature }
    }

    fn payload_text(&self) -> String {
        String::from_utf8(unb64(&self.payload)).unwrap()
    }
}

struct Cases {
    genuine: Parts,
    list: Vec<Forged>,
}

/// Spellings of "none", and values that a parser might read as it.
const NONES: [&str; 17] = [
    r#""none""#,
    r#""None""#,
    r#""NONE""#,
    r#""nOnE""#,
    r#""none ""#,
    r#"" none""#,
    r#""none\u0000""#,
    r#""nonе""#,
    r#""""#,
    "null",
    "false",
    "0",
    "[]",
    r#"["none"]"#,
    r#"["HS256","none"]"#,
    r#"{"alg":"none"}"#,
    r#""\u006eone""#,
];

/// Names of algorithms: real, misspelt and invented.
const ALGORITHMS: [&str; 26] = [
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
    "ES256K", "EdDSA", "Ed25519", "Ed448", "hs256", "rs256", "es256", "eddsa", "HS256 ", " RS256", "HS1", "RS1", "dir",
    "A128KW",
];

impl Cases {
    fn add(&mut self, name: impl Into<String>, token: String) {
        self.list.push(Forged { name: name.into(), token });
    }

    /// A token of any `header`, the genuine payload and any `signature`.
    fn join(&self, header: &str, signature: impl AsRef<[u8]>) -> String {
        format!("{}.{}.{}", b64(header), self.genuine.payload, b64(signature))
    }

    fn without_signature(&mut self) {
        for none in NONES {
            let headers = [
                format!(r#"{{"alg":{none},"typ":"JWT"}}"#),
                format!(r#"{{"typ":"JWT","alg":{none}}}"#),
                format!(r#"{{"alg":"HS256","alg":{none}}}"#),
                format!(r#"{{"ALG":"HS256","alg":{none}}}"#),
            ];
            for header in headers {
                let genuine = unb64(&self.genuine.signature);
                for (kind, signature) in [("no", vec![]), ("the genuine", genuine), ("a random", vec![0x5a; 32])] {
                    self.add(format!("{header} and {kind} signature"), self.join(&header, signature));
                }
                self.add(format!("{header}, two parts"), format!("{}.{}", b64(&header), self.genuine.payload));
            }
        }
        for header in
            ["{}", r#"{"typ":"JWT"}"#, r#"{"ALG":"none"}"#, "[]", "null", "\"none\"", "", "1", "{", "\u{feff}{}"]
        {
            self.add(format!("header {header}"), self.join(header, []));
            self.add(format!("header {header}, genuine signature"), self.join(header, unb64(&self.genuine.signature)));
        }
    }

    fn another_algorithm(&mut self, signer: &Signer) {
        for name in ALGORITHMS.iter().filter(|name| **name != signer.name()) {
            let header = format!(r#"{{"alg":"{name}","typ":"JWT"}}"#);
            self.add(format!("says {name}, genuine signature"), self.join(&header, unb64(&self.genuine.signature)));
            self.add(format!("says {name}, signed as ever"), signer.token(&header, &self.genuine.payload_text()));
            let signed = format!("{}.{}", b64(&header), self.genuine.payload);
            for hmac in ["HS256", "HS384", "HS512"] {
                let signature = hmac_by_name(hmac, SECRET.as_bytes(), signed.as_bytes());
                self.add(format!("says {name}, {hmac} of the secret"), self.join(&header, signature));
            }
        }
        for hmac in ["HS384", "HS512"] {
            let signed = format!("{}.{}", self.genuine.header, self.genuine.payload);
            let signature = hmac_by_name(hmac, SECRET.as_bytes(), signed.as_bytes());
            self.add(format!("is {hmac} and does not say so"), format!("{signed}.{}", b64(signature)));
        }
    }

    /// Public data, used as the secret of an HMAC.
    fn public_key_as_secret(&mut self, signer: &Signer) {
        let mut secrets: Vec<(String, Vec<u8>)> =
            ["", "secret", "changeme", "your-256-bit-secret", "\0", "null", "HS256"]
                .map(|guess| (format!("{guess:?}"), guess.as_bytes().to_vec()))
                .to_vec();
        secrets.push(("32 zero bytes".to_owned(), vec![0; 32]));
        if let Some(key) = signer.key_name() {
            secrets.push(("SECRET_KEY".to_owned(), SECRET.as_bytes().to_vec()));
            let kinds: &[&str] = match key {
                "rsa" => &["spki", "pkcs1-public", "certificate", "ssh-public"],
                "ec256" => &["spki", "certificate", "ssh-public"],
                _ => &["spki"],
            };
            for kind in kinds {
                let text = pem(&format!("{key}.{kind}"));
                let mut forms = vec![
                    ("as it is", text.as_bytes().to_vec()),
                    ("trimmed", text.trim().as_bytes().to_vec()),
                    ("one more line break", format!("{text}\n").into_bytes()),
                    ("CRLF", text.replace('\n', "\r\n").into_bytes()),
                    ("on one line", text.replace('\n', "").into_bytes()),
                    ("escaped", text.replace('\n', "\\n").into_bytes()),
                ];
                if text.starts_with("-----") {
                    let der = der(text);
                    let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
                    forms.push(("base64", body.into_bytes()));
                    forms.push(("base64url", b64(&der).into_bytes()));
                    forms.push(("hexadecimal", der.iter().flat_map(|b| format!("{b:02x}").into_bytes()).collect()));
                    forms.push(("digest", sha256(&der)));
                    forms.push(("last 32 bytes", der[der.len() - 32..].to_vec()));
                    forms.push(("last 64 bytes", der[der.len().saturating_sub(64)..].to_vec()));
                    forms.push(("last 65 bytes", der[der.len().saturating_sub(65)..].to_vec()));
                    forms.push(("DER", der));
                }
                secrets.extend(forms.into_iter().map(|(form, secret)| (format!("{key}.{kind} {form}"), secret)));
            }
        }
        for (name, secret) in secrets {
            for said in ["HS256", "HS384", "HS512", signer.name()] {
                let header = format!(r#"{{"alg":"{said}","typ":"JWT"}}"#);
                let signed = format!("{}.{}", b64(&header), self.genuine.payload);
                let signature = hmac_by_name(said, &secret, signed.as_bytes());
                self.add(format!("says {said}, secret {name}"), self.join(&header, signature));
            }
        }
    }

    fn damaged_signature(&mut self, other: &Parts) {
        let genuine = unb64(&self.genuine.signature);
        let signed = format!("{}.{}", self.genuine.header, self.genuine.payload);
        let with = |signature: &[u8]| format!("{signed}.{}", b64(signature));
        for at in 0..genuine.len() {
            let mut flipped = genuine.clone();
            flipped[at] ^= 1 << (at % 8);
            self.add(format!("bit {} of byte {at} flipped", at % 8), with(&flipped));
        }
        let step = (genuine.len() / 32).max(1);
        for length in (0..genuine.len()).step_by(step).chain([genuine.len() - 1]) {
            self.add(format!("signature cut to {length}"), with(&genuine[..length]));
            self.add(format!("signature from byte {length} on"), with(&genuine[length + 1..]));
        }
        for tail in [&[0][..], &[0, 0], b"x", &[0; 32], &[0xff; 64], &[0; 512], &genuine] {
            self.add(format!("{} bytes after the signature", tail.len()), with(&[&genuine, tail].concat()));
            self.add(format!("{} bytes before the signature", tail.len()), with(&[tail, &genuine].concat()));
        }
        let reversed: Vec<u8> = genuine.iter().rev().copied().collect();
        self.add("signature backwards", with(&reversed));
        self.add("signature of another token", format!("{signed}.{}", other.signature));
        self.add("header of nobody", format!("{}.{}.{}", b64("{}"), self.genuine.payload, self.genuine.signature));
        let swapped = format!("{}.{}.{}", self.genuine.header, other.payload, self.genuine.signature);
        self.add("payload of another token", swapped);
        for (from, to) in [("alice", "bob"), ("\"user_id\":\"1\"", "\"user_id\":\"2\""), ("1800", "1900")] {
            let payload = self.genuine.payload_text().replace(from, to);
            if payload != self.genuine.payload_text() {
                let token = format!("{}.{}.{}", self.genuine.header, b64(payload), self.genuine.signature);
                self.add(format!("{to} in place of {from}"), token);
            }
        }
    }

    /// CVE-2022-21449 and similar attacks: signatures that satisfy the equation for every message, if the verifier does
    /// not check.
    fn psychic_signatures(&mut self, signer: &Signer) {
        let order = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
        let prime = hex("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");
        let one = hex("0000000000000000000000000000000000000000000000000000000000000001");
        let (zero, full) = (vec![0; 32], vec![0xff; 32]);
        let numbers = [&zero, &one, &order, &prime, &full];
        for r in numbers {
            for s in numbers {
                let token = self.join(&format!(r#"{{"alg":"{}","typ":"JWT"}}"#, signer.name()), [&r[..], s].concat());
                self.add(format!("r={:02x?}… s={:02x?}…", &r[..4], &s[..4]), token);
            }
        }
        for length in [0, 1, 2, 32, 48, 63, 64, 65, 96, 128, 132, 255, 256, 257, 512] {
            for byte in [0, 1, 0xff] {
                let header = format!(r#"{{"alg":"{}","typ":"JWT"}}"#, signer.name());
                self.add(format!("{length} times {byte}"), self.join(&header, vec![byte; length]));
            }
        }
        // The same numbers as ASN.1, which is how X.509 has them.
        for asn1 in [&b"\x30\x06\x02\x01\x00\x02\x01\x00"[..], b"\x30\x06\x02\x01\x01\x02\x01\x01", b"\x30\x00"] {
            let header = format!(r#"{{"alg":"{}","typ":"JWT"}}"#, signer.name());
            self.add(format!("ASN.1 {asn1:02x?}"), self.join(&header, asn1));
        }
        let signature = unb64(&self.genuine.signature);
        let signed = format!("{}.{}", self.genuine.header, self.genuine.payload);
        match signer {
            Signer::Es(_) => {
                let integer = |bytes: &[u8]| [&[0x02, 33, 0], bytes].concat();
                let body = [integer(&signature[..32]), integer(&signature[32..])].concat();
                let asn1 = [&[0x30, 70], &body[..]].concat();
                self.add("genuine signature as ASN.1", format!("{signed}.{}", b64(asn1)));
            }
            Signer::Ed(_) => {
                // S and S plus the order of the group satisfy the same equation; RFC 8032 has only the smaller one.
                let group = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
                let s = add_little_endian(&signature[32..], &group);
                self.add("S plus the order", format!("{signed}.{}", b64([&signature[..32], &s].concat())));
            }
            Signer::Hs | Signer::Rs(_) => {}
        }
    }

    /// Other texts that decode to the same bytes. If a server accepts them, one token has two spellings, and a list of
    /// revoked tokens has only one of them.
    fn other_spellings(&mut self) {
        let Parts { header, payload, signature } = &self.genuine;
        let parts = [header.clone(), payload.clone(), signature.clone()];
        let mut found = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            let mut put = |name: &str, part: String| {
                let mut changed = parts.clone();
                changed[index] = part;
                found.push((format!("part {index} {name}"), changed.join(".")));
            };
            for padding in ["=", "==", "===", "====", "%3D"] {
                put(&format!("with {padding}"), format!("{part}{padding}"));
            }
            for (name, space) in [("space", " "), ("tab", "\t"), ("line break", "\n"), ("CRLF", "\r\n"), ("NUL", "\0")]
            {
                put(&format!("with a {name} inside"), format!("{}{space}{}", &part[..4], &part[4..]));
                if index < 2 {
                    put(&format!("with a {name} after it"), format!("{part}{space}"));
                }
            }
            for other in ['\u{a0}', '\u{200b}', '\u{feff}', 'é', '*', ',', '"', '\'', '%', '/', '+', '~'] {
                put(&format!("with {other:?} inside"), format!("{}{other}{}", &part[..4], &part[4..]));
            }
            let standard = part.replace('-', "+").replace('_', "/");
            if standard != *part {
                put("in the other alphabet", standard);
            }
            for spare in spare_bits(part) {
                put("with spare bits", spare);
            }
            put("empty", String::new());
            put("doubled", format!("{part}{part}"));
            put("in capitals", part.to_ascii_uppercase());
            put("without its last letter", part[..part.len() - 1].to_owned());
            put("with one letter more", format!("{part}A"));
        }
        let whole = parts.join(".");
        for (name, token) in [
            ("dot before", format!(".{whole}")),
            ("dot after", format!("{whole}.")),
            ("two dots", whole.replacen('.', "..", 1)),
            ("a fourth part", format!("{whole}.AAAA")),
            ("no dots", parts.concat()),
            ("commas", parts.join(",")),
            ("twice", format!("{whole}{whole}")),
            ("in quotes", format!("\"{whole}\"")),
            ("with a scheme", format!("Bearer {whole}")),
            ("with a comma", format!("{whole},{whole}")),
            ("first part only", header.clone()),
            ("two parts", format!("{header}.{payload}")),
            ("backwards", format!("{signature}.{payload}.{header}")),
        ] {
            found.push((name.to_owned(), token));
        }
        for (name, token) in found {
            self.add(name, token);
        }
    }

    /// Keys that the token contains or points to, and key ids that are paths or queries.
    fn key_in_the_header(&mut self, trap: &str) {
        let jwk = json!({ "kty": "oct", "k": b64("attacker"), "alg": "HS256", "kid": "a" });
        let headers = [
            json!({ "jwk": jwk }),
            json!({ "jwk": { "kty": "RSA", "n": b64([0xff; 256]), "e": "AQAB" } }),
            json!({ "jwk": "x" }),
            json!({ "jku": format!("http://{trap}/jwks.json") }),
            json!({ "jku": format!("http://{trap}/jwks.json"), "kid": "a" }),
            json!({ "x5u": format!("http://{trap}/cert.pem") }),
            json!({ "x5c": [b64("certificate")] }),
            json!({ "x5c": [] }),
            json!({ "jku": "file:///etc/passwd" }),
            json!({ "x5t": "x", "x5t#S256": "y", "kid": "a" }),
        ];
        let kids = [
            json!("../../../../dev/null"),
            json!("/dev/null"),
            json!("file:///dev/null"),
            json!(format!("http://{trap}/key")),
            json!(format!("//{trap}/key")),
            json!("x' UNION SELECT 'attacker'; --"),
            json!("x'; DROP TABLE auth_user; --"),
            json!("| touch /tmp/pwned"),
            json!("$(id)"),
            json!("\u{0}"),
            json!("a".repeat(4000)),
            json!(""),
            json!("{{7*7}}"),
            json!("${jndi:ldap://x}"),
            json!(null),
            json!(0),
            json!([1]),
            json!({}),
            json!(true),
        ];
        let headers = headers.into_iter().chain(kids.into_iter().map(|kid| json!({ "kid": kid })));
        for extra in headers {
            for alg in ["HS256", "RS256", "ES256", "EdDSA", "none"] {
                let mut header = json!({ "alg": alg, "typ": "JWT" });
                for (name, value) in extra.as_object().unwrap() {
                    header[name] = value.clone();
                }
                let text = header.to_string();
                let signed = format!("{}.{}", b64(&text), self.genuine.payload);
                for secret in ["attacker", "", "\0"] {
                    let signature = hmac_by_name("HS256", secret.as_bytes(), signed.as_bytes());
                    let short: String = text.chars().take(120).collect();
                    self.add(format!("{short} under the secret {secret:?}"), self.join(&text, signature));
                }
            }
        }
    }

    /// Tokens with a valid signature that must still be refused.
    fn critical_extensions(&mut self, signer: &Signer) {
        let alg = signer.name();
        for extra in [
            r#""crit":["exp"]"#,
            r#""crit":["b64"],"b64":false"#,
            r#""crit":["b64"],"b64":true"#,
            r#""b64":false"#,
            r#""crit":["x"],"x":1"#,
            r#""crit":[]"#,
            r#""crit":null"#,
            r#""crit":"exp""#,
            r#""crit":{}"#,
            r#""crit":["alg"]"#,
            r#""jku":"https://example.org/keys""#,
            r#""x5u":"https://example.org/cert""#,
            r#""jwk":{"kty":"oct","k":"YQ"}"#,
            r#""x5c":["MIIB"]"#,
        ] {
            let header = format!(r#"{{"alg":"{alg}","typ":"JWT",{extra}}}"#);
            self.add(format!("well signed, {extra}"), signer.token(&header, &self.genuine.payload_text()));
        }
        for header in [
            format!(r#"{{"alg":"{alg}","typ":"JWT",}}"#),
            format!(r#"{{"alg":"{alg}","typ":"JWT"}} x"#),
            format!(r#"{{'alg':'{alg}'}}"#),
            format!(r#"[{{"alg":"{alg}"}}]"#),
            format!(r#"{{"alg":["{alg}"]}}"#),
            format!(r#"{{"alg":"{alg}","deep":{}1{}}}"#, "[".repeat(2000), "]".repeat(2000)),
            format!(r#"{{"alg":"{alg}","x":1e400}}"#),
            format!(r#"{{"alg":"{alg}","x":NaN}}"#),
            format!("{{\"alg\":\"{alg}\",\"x\":\"\u{1}\"}}"),
            format!(r#"{{"alg":"{alg}","x":"\ud800"}}"#),
        ] {
            let short: String = header.chars().take(60).collect();
            self.add(format!("well signed, header {short}"), signer.token(&header, &self.genuine.payload_text()));
        }
    }

    /// JWE, and the JSON serializations of JWS.
    fn other_serializations(&mut self) {
        for alg in ["dir", "RSA-OAEP", "RSA1_5", "A128KW", "ECDH-ES", "PBES2-HS256+A128KW", "none"] {
            for enc in ["A128GCM", "A256GCM", "A128CBC-HS256", "none"] {
                let header = json!({
                    "alg": alg, "enc": enc, "zip": "DEF", "cty": "JWT", "p2c": 2_147_483_647_u32, "p2s": b64([0; 16]),
                });
                let header = b64(header.to_string());
                for parts in
                    [["", "AAAA", "AAAA", "AAAA"], ["AAAA", "AAAAAAAAAAAAAAAA", "AAAA", "AAAAAAAAAAAAAAAAAAAAAA"]]
                {
                    self.add(format!("JWE {alg} {enc}"), format!("{header}.{}", parts.join(".")));
                }
                let three = format!("{header}.{}.{}", self.genuine.payload, self.genuine.signature);
                self.add(format!("JWE header {alg} {enc} on a JWS"), three);
            }
        }
        let Parts { header, payload, signature } = &self.genuine;
        let flattened = json!({ "protected": header, "payload": payload, "signature": signature });
        let general = json!({ "payload": payload, "signatures": [{ "protected": header, "signature": signature }] });
        let nested = b64(format!("{header}.{payload}.{signature}"));
        for (name, token) in [
            ("flattened JSON", flattened.to_string()),
            ("general JSON", general.to_string()),
            ("base64 of JSON", b64(flattened.to_string())),
            ("nested", format!("{header}.{nested}.{signature}")),
            ("detached", format!("{header}..{signature}")),
        ] {
            self.add(name, token);
        }
    }

    fn not_tokens_at_all(&mut self) {
        for text in [
            "x",
            ".",
            "..",
            "...",
            "....",
            "a.b.c",
            "a.b",
            "null",
            "undefined",
            "true",
            "[object Object]",
            "{}",
            "[]",
            "0",
            "-1",
            "%00",
            "\\x00",
            "../../etc/passwd",
            "' OR '1'='1",
            "<script>alert(1)</script>",
            "\u{1f600}",
            "é.é.é",
            "AAAA.AAAA.AAAA",
            "e30.e30.",
            "e30.e30.e30",
            "bnVsbA.bnVsbA.bnVsbA",
            "W10.W10.W10",
        ] {
            self.add(format!("text {text:?}"), text.to_owned());
        }
        let Parts { header, payload, signature } = &self.genuine;
        for (name, token) in [
            ("a megabyte of A", "A".repeat(1 << 20)),
            ("a megabyte of dots", ".".repeat(1 << 20)),
            ("a megabyte of payload", format!("{header}.{}.{signature}", payload.repeat((1 << 20) / payload.len()))),
            ("a megabyte of signature", format!("{header}.{payload}.{}", "A".repeat(1 << 20))),
            ("a megabyte of header", format!("{}.{payload}.{signature}", "e30".repeat(1 << 18))),
            ("a little too long", format!("{header}.{payload}.{}", "A".repeat(16 * 1024))),
        ] {
            self.add(name, token);
        }
    }

    /// The valid token with one character replaced, at positions from a generator with a fixed seed.
    fn random_damage(&mut self) {
        let whole = [&*self.genuine.header, &*self.genuine.payload, &*self.genuine.signature].join(".");
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
        let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut next = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % below as u64).unwrap()
        };
        for _ in 0..300 {
            let mut bytes = whole.clone().into_bytes();
            let (at, letter) = (next(bytes.len()), alphabet[next(alphabet.len())]);
            if bytes[at] == letter {
                continue;
            }
            bytes[at] = letter;
            self.add(format!("letter {at} is {}", char::from(letter)), String::from_utf8(bytes).unwrap());
        }
    }
}

/// The spellings of a base64 part whose last letter has unused bits.
fn spare_bits(part: &str) -> Vec<String> {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let spare = match part.len() % 4 {
        2 => 16,
        3 => 4,
        _ => return Vec::new(),
    };
    let (rest, last) = part.split_at(part.len() - 1);
    let value = alphabet.find(last).unwrap();
    (value + 1..value + spare).filter_map(|value| alphabet.get(value..=value)).map(|c| format!("{rest}{c}")).collect()
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn add_little_endian(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    a.iter()
        .zip(b)
        .map(|(a, b)| {
            carry += u16::from(*a) + u16::from(*b);
            let byte = carry.to_le_bytes()[0];
            carry >>= 8;
            byte
        })
        .collect()
}

/// The same ES256 token with `n - s` for `s`: as valid as the first.
pub fn second_ecdsa_signature(token: &str) -> String {
    let parts = Parts::of(token);
    let signature = unb64(&parts.signature);
    let order = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    let mut borrow = 0;
    let mut s: Vec<u8> = order
        .iter()
        .zip(&signature[32..])
        .rev()
        .map(|(n, s)| {
            let difference = 256 + u16::from(*n) - u16::from(*s) - borrow;
            borrow = u16::from(difference < 256);
            difference.to_le_bytes()[0]
        })
        .collect();
    s.reverse();
    format!("{}.{}.{}", parts.header, parts.payload, b64([&signature[..32], &s].concat()))
}
