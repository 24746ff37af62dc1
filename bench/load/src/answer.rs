//! The part of HTTP that the answers need: status, `Content-Length`, `Connection: close`.

use memchr::{memchr_iter, memmem};

use crate::plan::Exchange;

/// The end of an answer in the received bytes, and the data of its head.
pub struct Answer<'a> {
    status: &'a [u8],
    /// The body.
    pub body: &'a [u8],
    /// The server closes the connection after it.
    pub closes: bool,
}

/// The answer at the start of `received`. `None` if it is not complete yet. An error if it cannot be read.
pub fn parse(received: &[u8]) -> Result<Option<Answer<'_>>, &'static str> {
    let Some(head) = memmem::find(received, b"\r\n\r\n") else { return Ok(None) };
    let status = received.get(9..12).ok_or("no status")?;
    let mut length = None;
    let mut closes = false;
    let mut start = 0;
    for end in memchr_iter(b'\n', &received[..head + 2]) {
        let line = &received[start..end - 1];
        start = end + 1;
        if let Some(value) = value_of(line, b"content-length:") {
            length = std::str::from_utf8(value).ok().and_then(|text| text.trim().parse::<usize>().ok());
        } else if let Some(value) = value_of(line, b"connection:") {
            closes = value.trim_ascii().eq_ignore_ascii_case(b"close");
        }
    }
    let end = head + 4 + length.ok_or("no Content-Length")?;
    if received.len() > end {
        return Err("more than was asked for");
    }
    Ok((received.len() == end).then(|| Answer { status, body: &received[head + 4..end], closes }))
}

fn value_of<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (start, value) = line.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then_some(value)
}

impl Answer<'_> {
    /// Whether it is the answer in the plan.
    pub fn is_good(&self, exchange: &Exchange) -> bool {
        self.status == b"200"
            && exchange.answer.as_ref().is_none_or(|wanted| wanted.as_bytes() == self.body)
            && exchange.tokens.iter().all(|name| self.token(name).is_some())
    }

    /// Status and body, to be shown.
    pub fn text(&self) -> String {
        format!("{} {}", String::from_utf8_lossy(self.status), String::from_utf8_lossy(self.body))
    }

    /// The JSON Web Token that is called `name`.
    pub fn token(&self, name: &str) -> Option<&str> {
        let quoted = memmem::find_iter(self.body, name.as_bytes()).find_map(|at| {
            let before = self.body.get(at.checked_sub(1)?..at)?;
            let value = self.body.get(at + name.len()..)?.strip_prefix(b"\":\"")?;
            (before == b"\"").then_some(value)
        })?;
        let token = &quoted[..memchr::memchr(b'"', quoted)?];
        let is_token = token.iter().filter(|byte| **byte == b'.').count() == 2 && token.len() > 100;
        std::str::from_utf8(token).ok().filter(|_| is_token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIR: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\nConnection: close\r\n\r\n{\"a\":1}\n";

    #[test]
    fn an_answer_is_read_when_it_is_whole() {
        for end in 0..PAIR.len() {
            assert!(matches!(parse(&PAIR[..end]), Ok(None)), "{end}");
        }
        let answer = parse(PAIR).unwrap().unwrap();
        assert_eq!(answer.body, b"{\"a\":1}\n");
        assert!(answer.closes);
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        assert!(parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(parse(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n{}").is_err());
    }

    #[test]
    fn a_token_is_found_by_its_name() {
        let token = format!("{0}.{0}.{0}", "x".repeat(40));
        let text = format!("{{\"access\":\"short\",\"refresh\":\"{token}\"}}");
        let answer = Answer { status: b"200", body: text.as_bytes(), closes: false };
        assert_eq!(answer.token("refresh"), Some(token.as_str()));
        assert_eq!(answer.token("access"), None);
        assert_eq!(answer.token("resh"), None);
    }

    #[test]
    fn a_wrong_status_or_body_is_bad() {
        let exchange = |answer: &str| Exchange {
            headers: String::new(),
            body: String::new(),
            answer: Some(answer.to_owned()),
            tokens: Vec::new(),
        };
        assert!(parse(PAIR).unwrap().unwrap().is_good(&exchange("{\"a\":1}\n")));
        assert!(!parse(PAIR).unwrap().unwrap().is_good(&exchange("{\"a\":2}\n")));
        let refused = b"HTTP/1.1 401 No\r\ncontent-length: 2\r\n\r\n{}";
        assert!(!parse(refused).unwrap().unwrap().is_good(&exchange("{}")));
    }
}
