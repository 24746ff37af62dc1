//! Forged signatures.

use super::*;

/// The public key is public, so a token that uses it as an HMAC secret, in any form, must be refused.
#[test]
fn a_token_of_another_algorithm_than_the_keys_is_refused() {
    use aws_lc_rs::hmac;
    let rs256 = signing(Algorithm::RS256, "rsa.pkcs8");
    let pem = key_text("rsa.spki");
    let der = pem::find(pem.expose(), &pem::PUBLIC).unwrap().der().unwrap();
    let payload = URL_SAFE_NO_PAD.encode("{}");
    for (alg, mac) in [("HS256", hmac::HMAC_SHA256), ("HS512", hmac::HMAC_SHA512), ("RS256", hmac::HMAC_SHA256)] {
        let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"{alg}","typ":"JWT"}}"#));
        let message = format!("{header}.{payload}");
        for secret in [pem.expose().as_bytes(), pem.expose().trim_end().as_bytes(), &der] {
            let tag = hmac::sign(&hmac::Key::new(mac, secret), message.as_bytes());
            let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag));
            let wanted = if alg == "RS256" {
                JwtError::InvalidSignature
            } else {
                JwtError::InvalidAlgorithm("The specified alg value is not allowed")
            };
            assert_eq!(decode(&token, rs256.verifying_key(), &Rules::default(), now()), Err(wanted), "{alg}");
        }
    }
    // The same key pair with another padding or hash: neither the name nor the signature is accepted.
    for other in [Algorithm::RS384, Algorithm::RS512, Algorithm::PS256] {
        let other = signing(other, "rsa.pkcs8");
        let token = encode(&Claims::new(), &other).unwrap();
        let refused = decode(&token, rs256.verifying_key(), &Rules::default(), now());
        assert_eq!(python_name(&refused.unwrap_err()), "InvalidAlgorithmError");
        let renamed = forge(r#"{"alg":"RS256","typ":"JWT"}"#, "{}", &other);
        assert_eq!(decode(&renamed, rs256.verifying_key(), &Rules::default(), now()), Err(JwtError::InvalidSignature));
    }
}

#[test]
fn invalid_signatures_are_refused() {
    use Algorithm::*;
    for (algorithm, key, len) in [
        (HS256, None, 32),
        (HS384, None, 48),
        (HS512, None, 64),
        (RS256, Some("rsa.pkcs8"), 256),
        (PS256, Some("rsa.pkcs8"), 256),
        (ES256, Some("ec256.pkcs8"), 64),
        (ES256K, Some("ec256k.pkcs8"), 64),
        (ES384, Some("ec384.pkcs8"), 96),
        (ES512, Some("ec521.pkcs8"), 132),
        (ES521, Some("ec521.pkcs8"), 132),
        (EdDSA, Some("ed25519.pkcs8"), 64),
    ] {
        let key = key.map_or_else(|| SigningKey::new(algorithm, &secret()).unwrap(), |name| signing(algorithm, name));
        let check = |token: &str| decode(token, key.verifying_key(), &Rules::default(), now());
        let token = encode(&Claims::new(), &key).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let good = URL_SAFE_NO_PAD.decode(signature).unwrap();
        assert_eq!(good.len(), len, "{algorithm}");
        assert_eq!(check(&token), Ok(Claims::new()), "{algorithm}");

        let mut bad: Vec<Vec<u8>> = vec![Vec::new(), vec![0], vec![0; len], vec![255; len]];
        bad.extend([
            good[1..].to_vec(),
            good[..len - 1].to_vec(),
            [&good[..], &[0]].concat(),
            [&[0], &good[..]].concat(),
        ]);
        bad.extend([good[..len / 2].to_vec(), [&good[..len / 2], &vec![0; len / 2]].concat()]);
        bad.push([&vec![0; len / 2], &good[len / 2..]].concat());
        bad.push([&good[..], &good[..]].concat());
        // The DER that ECDSA has elsewhere.
        let (r, s) = good.split_at(len / 2);
        let integer = |bytes: &[u8]| [&[2, u8::try_from(bytes.len() + 1).unwrap_or(0), 0], bytes].concat();
        bad.push([vec![0x30, u8::try_from(len + 6).unwrap_or(0)], integer(r), integer(s)].concat());
        let mut one = vec![0; len];
        (one[len / 2 - 1], one[len - 1]) = (1, 1);
        bad.push(one);
        for bit in [0, 7, len * 4, len * 8 - 1] {
            let mut flipped = good.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            bad.push(flipped);
        }
        for bad in bad {
            let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(&bad));
            assert_eq!(check(&token), Err(JwtError::InvalidSignature), "{algorithm} {bad:02x?}");
        }
    }
}

/// n - s is the other signature of the same message by the same key, which ECDSA permits. PyJWT accepts it as well; what
/// identifies a token is its `jti`, never its text.
#[test]
fn a_signature_beyond_the_order_of_the_curve_is_refused() {
    let key = signing(Algorithm::ES256, "ec256.pkcs8");
    let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let order: Vec<u8> = (0..32).map(|i| u8::from_str_radix(&order[2 * i..2 * i + 2], 16).unwrap()).collect();
    let token = encode(&Claims::new(), &key).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let good = URL_SAFE_NO_PAD.decode(signature).unwrap();
    for bad in
        [[&order[..], &order[..]].concat(), [&good[..32], &order[..]].concat(), [&order[..], &good[32..]].concat()]
    {
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(bad));
        let answer = decode(&token, key.verifying_key(), &Rules::default(), now());
        assert_eq!(answer, Err(JwtError::InvalidSignature));
    }
}
