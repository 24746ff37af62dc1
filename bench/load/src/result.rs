//! The result of a run.

use std::time::Duration;

use serde::Serialize;

/// Printed as JSON. Times are microseconds.
#[derive(Default, Serialize)]
pub struct Outcome {
    /// Good answers in the time that counts.
    pub answered: usize,
    /// Good answers, those of the warm-up and of the end included.
    pub total: usize,
    /// Good answers per second.
    pub rate: f64,
    /// Half of the answers took no longer.
    pub p50: f64,
    /// 99 of 100 answers took no longer.
    pub p99: f64,
    /// The longest.
    pub worst: f64,
    /// Wrong answers, and connections that broke.
    pub bad: usize,
    /// The first of these errors.
    pub first_bad: Option<String>,
    /// Requests without an answer at the end; their waiting time so far is among the times.
    pub unanswered: usize,
    /// Connections made.
    pub connects: usize,
    /// Bodies of a few good answers, for further checks.
    pub samples: Vec<String>,
    /// With `chain`, the token that each connection has not used yet.
    pub tokens: Vec<String>,
}

const SAMPLES: usize = 3;

impl Outcome {
    /// Records an error.
    pub fn complain(&mut self, text: String) {
        self.bad += 1;
        self.first_bad.get_or_insert(text);
    }

    /// Keeps the body if there are few yet.
    pub fn sample(&mut self, body: &[u8]) {
        if self.samples.len() < SAMPLES {
            self.samples.push(String::from_utf8_lossy(body).into_owned());
        }
    }

    /// Fills the figures from the times of the answers.
    pub fn count(&mut self, mut times: Vec<Duration>, seconds: f64) {
        times.sort_unstable();
        let at = |share: f64| {
            let index = ((times.len() as f64 * share).ceil() as usize).clamp(1, times.len().max(1)) - 1;
            times.get(index).map_or(0.0, |time| time.as_nanos() as f64 / 1e3)
        };
        (self.p50, self.p99, self.worst) = (at(0.5), at(0.99), at(1.0));
        self.answered = times.len() - self.unanswered;
        self.rate = self.answered as f64 / seconds;
    }
}
