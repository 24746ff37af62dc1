//! The requests, their rate, and the right answers.

use serde::Deserialize;

/// One run.
#[derive(Deserialize)]
pub struct Plan {
    /// Connections that are open at the same time; with a rate, how many there may be.
    pub connections: usize,
    /// Seconds before the time that counts.
    pub warmup: f64,
    /// Seconds that count.
    pub seconds: f64,
    /// Requests per second whether or not the earlier ones were answered (open loop); without it, every connection sends
    /// its next request when it has its answer (closed loop).
    pub rate: Option<f64>,
    /// Seconds to wait at the end for missing answers.
    pub drain: f64,
    /// The head of every request up to `Content-Length`, lines ended by CR LF.
    pub head: String,
    /// The requests, sent in turn.
    pub exchanges: Vec<Exchange>,
    /// Every connection takes only its own exchange, and sends the refresh token of one answer with the next request.
    #[serde(default)]
    pub chain: bool,
}

/// One request and its answer, which has to be a 200.
#[derive(Clone, Deserialize)]
pub struct Exchange {
    /// More header lines, ended by CR LF.
    #[serde(default)]
    pub headers: String,
    /// The body of the request.
    #[serde(default)]
    pub body: String,
    /// The whole body of the answer.
    pub answer: Option<String>,
    /// Members of the answer, a JSON object, that have to be a JSON Web Token.
    #[serde(default)]
    pub tokens: Vec<String>,
}

impl Exchange {
    /// The bytes to send.
    pub fn request(&self, head: &str) -> Vec<u8> {
        let length = match self.body.len() {
            0 => String::new(),
            length => format!("Content-Length: {length}\r\n"),
        };
        format!("{head}{}{length}\r\n{}", self.headers, self.body).into_bytes()
    }
}
