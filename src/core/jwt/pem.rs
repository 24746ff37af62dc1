//! Finds the key in PEM text. Python counterpart: `cryptography`'s `load_pem_private_key`, `load_pem_public_key`.
//!
//! Keys come from environment variables, so a block may be indented, on one line, or after other blocks (OpenSSL writes
//! `EC PARAMETERS` first). The right block is extracted here and put in canonical form. `jsonwebtoken` and AWS-LC read its
//! content.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::KeyError;

/// Labels of unencrypted private keys: PKCS#8, PKCS#1 and SEC1.
pub(super) const PRIVATE: [&str; 3] = ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"];
/// Labels of public keys: SubjectPublicKeyInfo and PKCS#1.
pub(super) const PUBLIC: [&str; 2] = ["PUBLIC KEY", "RSA PUBLIC KEY"];

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";

/// One `-----BEGIN …-----` block.
pub(super) struct ParsedPem<'a> {
    pub(super) label: &'a str,
    /// Base64 without white space.
    body: Zeroizing<String>,
}

impl ParsedPem<'_> {
    /// The block in the form that the parser of `jsonwebtoken` expects.
    pub(super) fn to_pem(&self) -> Zeroizing<String> {
        let (label, body) = (self.label, self.body.as_str());
        Zeroizing::new(format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n"))
    }

    /// The bytes. `None` if the base64 is damaged.
    pub(super) fn der(&self) -> Option<Zeroizing<Vec<u8>>> {
        STANDARD.decode(self.body.as_bytes()).ok().map(Zeroizing::new)
    }
}

/// The first block with one of the `labels`.
///
/// # Errors
/// Returns an error if there is no block. The error says what kind of text it seems to be.
pub(super) fn find<'a>(text: &'a str, labels: &[&str]) -> Result<ParsedPem<'a>, KeyError> {
    let mut found = None;
    let mut instead = KeyError::NotPem;
    for block in blocks(text) {
        match block.label {
            label if labels.contains(&label) => {
                found = Some(block);
                break;
            }
            "ENCRYPTED PRIVATE KEY" => instead = KeyError::Encrypted,
            "OPENSSH PRIVATE KEY" | "SSH2 PUBLIC KEY" => instead = KeyError::Ssh,
            "CERTIFICATE" => instead = KeyError::Certificate,
            _ => {}
        }
    }
    match found {
        // The old format of OpenSSL marks encryption by a header of RFC 1421: `Proc-Type: 4,ENCRYPTED`.
        Some(block) if block.body.contains(':') => Err(KeyError::Encrypted),
        Some(block) => Ok(block),
        None if is_ssh(text) => Err(KeyError::Ssh),
        None => Err(instead),
    }
}

/// One of the blocks in a text, unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PemBlock<'a> {
    /// The text before the block: an explanation (RFC 7468, section 2).
    pub preamble: &'a str,
    /// The block.
    pub text: &'a str,
}

/// Every block of `text` with a key. The parameters of a curve, which OpenSSL writes before its key, belong to the preamble.
///
/// # Errors
/// Returns an error if the last block has no end, as in a file that was cut off.
pub fn pem_blocks(text: &str) -> Result<Vec<PemBlock<'_>>, KeyError> {
    let mut blocks = Vec::new();
    let (mut start, mut position) = (0, 0);
    let after = |position: usize, what: &str| {
        let found = text.get(position..).and_then(|rest| rest.find(what));
        found.map(|distance| position + distance + what.len())
    };
    while let Some(label) = after(position, BEGIN) {
        // Three more rows of dashes: after the label, and before and after the label of the end.
        let mut end = label;
        for _ in 0..3 {
            end = after(end, DASHES).ok_or(KeyError::Unfinished)?;
        }
        position = end;
        let begin = label - BEGIN.len();
        match (text.get(start..begin), text.get(begin..end), text.get(label..end)) {
            (Some(preamble), Some(block), Some(labelled)) if !labelled.starts_with("EC PARAMETERS") => {
                blocks.push(PemBlock { preamble, text: block });
                start = end;
            }
            _ => {}
        }
    }
    Ok(blocks)
}

/// DER as a block with this label.
pub(super) fn write(label: &str, der: &[u8]) -> String {
    const LINE: usize = 64;
    let base64 = Zeroizing::new(STANDARD.encode(der));
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = base64.as_str();
    while let Some((line, tail)) = rest.split_at_checked(LINE) {
        text.extend([line, "\n"]);
        rest = tail;
    }
    if !rest.is_empty() {
        text.extend([rest, "\n"]);
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

fn blocks(mut text: &str) -> impl Iterator<Item = ParsedPem<'_>> {
    std::iter::from_fn(move || {
        let (_, after) = text.split_once(BEGIN)?;
        let (label, after) = after.split_once(DASHES)?;
        let (body, after) = after.split_once(DASHES)?;
        text = after;
        let body = Zeroizing::new(body.chars().filter(|c| !c.is_whitespace()).collect());
        Some(ParsedPem { label, body })
    })
}

/// Whether a text looks like a PEM or SSH key, which may be public. Python counterpart: `is_pem_format`, `is_ssh_key`.
///
/// Stricter than PyJWT, which also requires the end of the block.
pub(super) fn looks_like_a_key(text: &str) -> bool {
    text.contains(BEGIN) || text.contains("---- BEGIN ") || is_ssh(text)
}

fn is_ssh(text: &str) -> bool {
    ["ssh-ed25519", "ssh-rsa", "ssh-dss", "ecdsa-sha2-nistp"].iter().any(|format| text.starts_with(format))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: &str = "-----BEGIN PUBLIC KEY-----\nAAEC\nAwQF\n-----END PUBLIC KEY-----\n";

    #[test]
    fn the_block_is_found_in_every_layout() {
        let layouts = [
            BLOCK.to_owned(),
            BLOCK.trim_end().to_owned(),
            BLOCK.replace('\n', "\r\n"),
            BLOCK.replace('\n', ""),
            BLOCK.replace('\n', " "),
            BLOCK.replace('\n', "\n    "),
            format!("subject: example\n{BLOCK}"),
            format!("-----BEGIN EC PARAMETERS-----\nAAAA\n-----END EC PARAMETERS-----\n{BLOCK}"),
            format!("{BLOCK}-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"),
        ];
        for text in layouts {
            let block = find(&text, &PUBLIC).unwrap_or_else(|error| panic!("{error}: {text}"));
            assert_eq!(block.label, "PUBLIC KEY");
            assert_eq!(block.der().unwrap().as_slice(), [0, 1, 2, 3, 4, 5]);
            assert_eq!(block.to_pem().as_str(), "-----BEGIN PUBLIC KEY-----\nAAECAwQF\n-----END PUBLIC KEY-----\n");
        }
    }

    #[test]
    fn every_block_of_a_text_is_found_with_what_stands_before_it() {
        let other = BLOCK.replace("AAEC", "BBEC");
        let text = format!(
            "kid: a\n{BLOCK}\nkid: b\n-----BEGIN EC PARAMETERS-----\nAA\n-----END EC PARAMETERS-----\n{other}end"
        );
        let blocks = pem_blocks(&text).unwrap();
        let blocks: Vec<_> =
            blocks.iter().map(|block| (block.preamble.lines().find(|line| !line.is_empty()), block.text)).collect();
        assert_eq!(blocks, [(Some("kid: a"), BLOCK.trim_end()), (Some("kid: b"), other.trim_end())]);
        assert_eq!(pem_blocks("none").unwrap(), []);
        for end in
            ["-----BEGIN PUBLIC KEY-----\nAAEC", "-----BEGIN ", "-----BEGIN PUBLIC KEY-----\nAAEC\n-----END PUBL"]
        {
            assert_eq!(pem_blocks(&format!("{BLOCK}{end}")), Err(KeyError::Unfinished), "{end}");
        }
    }

    #[test]
    fn a_written_block_has_lines_of_64_characters() {
        for length in [1, 47, 48, 49, 96, 100] {
            let text = write("PRIVATE KEY", &vec![7; length]);
            assert!(text.lines().all(|line| line.len() <= 64));
            assert_eq!(find(&text, &PRIVATE).unwrap().der().unwrap().as_slice(), vec![7; length]);
        }
    }

    #[test]
    fn the_error_describes_a_text_without_a_usable_block() {
        let wrong = |label: &str| format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
        for (text, error) in [
            (String::new(), KeyError::NotPem),
            ("secret".to_owned(), KeyError::NotPem),
            ("-----BEGIN PRIVATE KEY-----\nAAAA".to_owned(), KeyError::NotPem),
            (wrong("PUBLIC KEY"), KeyError::NotPem),
            (wrong("ENCRYPTED PRIVATE KEY"), KeyError::Encrypted),
            (wrong("OPENSSH PRIVATE KEY"), KeyError::Ssh),
            (wrong("CERTIFICATE"), KeyError::Certificate),
            ("ssh-rsa AAAA user@localhost".to_owned(), KeyError::Ssh),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----"
                    .to_owned(),
                KeyError::Encrypted,
            ),
        ] {
            assert_eq!(find(&text, &PRIVATE).err(), Some(error), "{text}");
        }
    }
}
