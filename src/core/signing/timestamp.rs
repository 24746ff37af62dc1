//! Signatures that say when they were made. Python counterpart: `django.core.signing.TimestampSigner`, `dumps` and `loads`.

use std::io::{Read, Write};

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use chrono::{DateTime, Duration, Utc};
use flate2::Compression;
use flate2::bufread::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde_json::Value;

use super::signer::{BadSignature, Signer};
use crate::core::crypto::SecretString;
use crate::core::json;

/// Signs text with the time: `value:time:signature`. The time is in seconds since the Unix epoch, in base 62.
#[derive(Clone, Debug)]
pub struct TimestampSigner(Signer);

/// The largest size of decompressed data, in bytes. Larger data is refused; only a holder of the key can make it.
const MAX_UNPACKED: u64 = 16 * 1024 * 1024;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Base64 without padding. Padding is accepted, as in Python.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

impl TimestampSigner {
    /// Same as [`Signer::new`].
    #[must_use]
    pub fn new(key: &SecretString, fallback_keys: &[SecretString], salt: &str) -> Self {
        Self(Signer::new(key, fallback_keys, salt))
    }

    /// `value:time:signature`.
    #[must_use]
    pub fn sign(&self, value: &str, now: DateTime<Utc>) -> String {
        self.0.sign(&format!("{value}:{}", b62_encode(now.timestamp())))
    }

    /// The value in signed text, and when it was signed.
    ///
    /// # Errors
    /// Returns an error if the signature is wrong or there is no time in the text.
    pub fn unsign<'a>(&self, signed: &'a str) -> Result<(&'a str, DateTime<Utc>), BadSignature> {
        let (value, time) = self.0.unsign(signed)?.rsplit_once(':').ok_or(BadSignature::Content)?;
        let time = b62_decode(time).and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        Ok((value, time.ok_or(BadSignature::Content)?))
    }

    /// Same as [`TimestampSigner::unsign`], if the text was signed at most `max_age` before `now`.
    ///
    /// # Errors
    /// Returns an error if the signature is wrong or too old.
    pub fn unsign_within<'a>(
        &self,
        signed: &'a str,
        max_age: Duration,
        now: DateTime<Utc>,
    ) -> Result<&'a str, BadSignature> {
        let (value, time) = self.unsign(signed)?;
        if now.signed_duration_since(time) > max_age { Err(BadSignature::Expired) } else { Ok(value) }
    }

    /// `signing.dumps(value, compress=compress)`: JSON in base64, compressed if that makes it shorter, with the time and a
    /// signature.
    #[must_use]
    pub fn sign_object(&self, value: &Value, compress: bool, now: DateTime<Utc>) -> String {
        self.sign_bytes(json::dumps_compact(value).as_bytes(), compress, now)
    }

    /// Same as [`TimestampSigner::sign_object`], for JSON that has been written already.
    #[must_use]
    pub fn sign_bytes(&self, data: &[u8], compress: bool, now: DateTime<Utc>) -> String {
        let packed = if compress { pack(data) } else { None };
        let text = match packed {
            Some(packed) => format!(".{}", URL_SAFE_NO_PAD.encode(packed)),
            None => URL_SAFE_NO_PAD.encode(data),
        };
        self.sign(&text, now)
    }

    /// `signing.loads(signed)`. The time is not checked.
    ///
    /// # Errors
    /// Returns an error if the signature is wrong, or the content is not what [`TimestampSigner::sign_object`] makes.
    pub fn unsign_object(&self, signed: &str) -> Result<Value, BadSignature> {
        let (text, _) = self.unsign(signed)?;
        let (is_packed, text) = text.strip_prefix('.').map_or((false, text), |text| (true, text));
        let mut data = LENIENT.decode(text).map_err(|_| BadSignature::Content)?;
        if is_packed {
            data = unpack(&data).ok_or(BadSignature::Content)?;
        }
        json::loads(&data).ok_or(BadSignature::Content)
    }
}

/// `zlib.compress(data)`, if that is shorter by two bytes at least.
fn pack(data: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).ok()?;
    let packed = encoder.finish().ok()?;
    (packed.len() + 1 < data.len()).then_some(packed)
}

/// `zlib.decompress(data)`.
fn unpack(data: &[u8]) -> Option<Vec<u8>> {
    let mut unpacked = Vec::new();
    ZlibDecoder::new(data).take(MAX_UNPACKED + 1).read_to_end(&mut unpacked).ok()?;
    (unpacked.len() as u64 <= MAX_UNPACKED).then_some(unpacked)
}

fn b62_encode(number: i64) -> String {
    let (sign, mut rest) = (if number < 0 { "-" } else { "" }, number.unsigned_abs());
    let mut digits = Vec::new();
    loop {
        let digit = usize::try_from(rest % 62).ok().and_then(|digit| ALPHABET.get(digit));
        digits.push(digit.copied().unwrap_or(b'0'));
        rest /= 62;
        if rest == 0 {
            break;
        }
    }
    sign.chars().chain(digits.iter().rev().map(|digit| char::from(*digit))).collect()
}

fn b62_decode(text: &str) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let value = |digit: u8| ALPHABET.iter().position(|known| *known == digit).and_then(|at| i64::try_from(at).ok());
    let add = |number: i64, digit: u8| number.checked_mul(62)?.checked_add(value(digit)?);
    let number = digits.bytes().try_fold(0, add)?;
    (!digits.is_empty()).then_some(sign * number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SALT: &str = "django.contrib.sessions.SessionStore";

    fn signer() -> TimestampSigner {
        TimestampSigner::new(&"predictable-secret".into(), &[], SALT)
    }

    /// Made by `signing.dumps` of Django 5.2 with `compress=False` and `compress=True`.
    const BY_DJANGO: [&str; 2] = [
        "eyJfYXV0aF91c2VyX2lkIjoiNyIsInRleHQiOiJsb3JlbSBpcHN1bSBsb3JlbSBpcHN1bSBsb3JlbSBpcHN1bSBsb3JlbSBpcHN1bSBsb3JlbSBpcHN1bSBsb3JlbSBpcHN1bSBsb3JlbSBpcHN1bSBsb3JlbSBpcHN1bSBsb3JlbSBpcHN1bSAiLCJuIjpbMS41LG51bGxdLCJcdTAwZTkiOiJcdTAwZmMifQ:1r31eq:CKasXt8wOrNbknR8POZsTyXpRTI98hdZ67gmHkJn6oQ",
        ".eJyrVopPLC3JiC8tTi2Kz0xRslIyV9JRKkmtKAEyc_KLUnMVMguKS3MVaM0G2pqnZBVtqGeqk1eakxOroxRTamCQagl0BoiRlqxUCwDaezv3:1r31eq:tNZ8eqR-Djngu5eGBYTycbLX-yu5mPS4as_DVXBossM",
    ];

    fn moment() -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap()
    }

    #[test]
    fn what_django_has_signed_is_read() {
        let text = "lorem ipsum ".repeat(9);
        let value = json!({ "_auth_user_id": "7", "text": text, "n": [1.5, null], "é": "ü" });
        for signed in BY_DJANGO {
            assert_eq!(signer().unsign_object(signed), Ok(value.clone()));
            assert_eq!(signer().unsign(signed).unwrap().1, moment());
        }
        assert_eq!(signer().sign_object(&value, false, moment()), BY_DJANGO[0]);
        let packed = signer().sign_object(&value, true, moment());
        assert!(packed.starts_with('.') && packed.len() < BY_DJANGO[0].len(), "{packed}");
        assert_eq!(signer().unsign_object(&packed), Ok(value));
    }

    #[test]
    fn short_data_is_not_compressed() {
        assert!(!signer().sign_object(&json!({}), true, moment()).starts_with('.'));
    }

    #[test]
    fn content_that_cannot_be_read_is_refused() {
        let time = b62_encode(0);
        let sign = |value: &str| signer().0.sign(value);
        for signed in [
            sign("no time"),
            sign("e30:-"),
            sign("e30:+"),
            sign("e30:zzzzzzzzzzzzzzzz"),
            sign(&format!("{{:{time}")),
            sign(&format!("ew:{time}")),
            sign(&format!(".e30:{time}")),
        ] {
            assert_eq!(signer().unsign_object(&signed), Err(BadSignature::Content), "{signed}");
        }
        assert_eq!(signer().unsign_object(&sign(&format!("e30=:{time}"))), Ok(json!({})));
    }

    #[test]
    fn data_that_unpacks_to_too_much_is_refused() {
        let zeros = vec![b' '; 17 * 1024 * 1024];
        let signed = signer().sign_bytes(&zeros, true, moment());
        assert!(signed.len() < 100_000);
        assert_eq!(signer().unsign_object(&signed), Err(BadSignature::Content));
    }

    #[test]
    fn a_signature_has_an_age() {
        let signed = signer().sign("x", moment());
        let at =
            |seconds| signer().unsign_within(&signed, Duration::seconds(10), moment() + Duration::seconds(seconds));
        assert_eq!(at(10), Ok("x"));
        assert_eq!(at(11), Err(BadSignature::Expired));
        assert_eq!(at(-10), Ok("x"));
    }

    #[test]
    fn numbers_in_base_62() {
        for (number, text) in [(0, "0"), (61, "z"), (62, "10"), (-62, "-10"), (1_700_000_000, "1r31eq")] {
            assert_eq!(b62_encode(number), text);
            assert_eq!(b62_decode(&b62_encode(number)), Some(number));
        }
        for number in [i64::MAX, 1 - i64::MAX] {
            assert_eq!(b62_decode(&b62_encode(number)), Some(number));
        }
    }
}
