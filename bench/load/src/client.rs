//! The connections and the loop over them.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::answer::{Answer, parse};
use crate::plan::{Exchange, Plan};
use crate::result::Outcome;

const LARGEST_ANSWER: usize = 64 * 1024;

/// All connections of a run.
pub struct Client<'a> {
    address: SocketAddr,
    plan: &'a Plan,
    requests: Vec<Vec<u8>>,
    poll: Poll,
    connections: Vec<Connection>,
    /// Connections without a request, the longest idle first.
    idle: VecDeque<usize>,
    next_exchange: usize,
    counted_from: Instant,
    counted_to: Instant,
    times: Vec<Duration>,
    outcome: Outcome,
}

struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    filled: usize,
    /// The exchange under way.
    exchange: usize,
    /// When its request was sent or was due.
    since: Option<Instant>,
}

impl<'a> Client<'a> {
    /// Opens the connections. With a rate they are opened when needed.
    pub fn new(address: SocketAddr, plan: &'a Plan) -> io::Result<Self> {
        let now = Instant::now();
        let mut client = Self {
            address,
            plan,
            requests: plan.exchanges.iter().map(|exchange| exchange.request(&plan.head)).collect(),
            poll: Poll::new()?,
            connections: Vec::with_capacity(plan.connections),
            idle: VecDeque::new(),
            next_exchange: 0,
            counted_from: now,
            counted_to: now,
            times: Vec::with_capacity(1 << 20),
            outcome: Outcome::default(),
        };
        if plan.chain {
            client.outcome.tokens = vec![String::new(); plan.connections];
        }
        if plan.rate.is_none() {
            for _ in 0..plan.connections {
                client.open()?;
            }
        }
        Ok(client)
    }

    /// Sends until the time has passed, then waits for the remaining answers.
    pub fn run(mut self) -> io::Result<Outcome> {
        let start = Instant::now();
        self.counted_from = start + Duration::from_secs_f64(self.plan.warmup);
        self.counted_to = self.counted_from + Duration::from_secs_f64(self.plan.seconds);
        let give_up = self.counted_to + Duration::from_secs_f64(self.plan.drain);
        let interval = self.plan.rate.map(|rate| Duration::from_secs_f64(1.0 / rate));
        let mut due = start;
        let mut events = Events::with_capacity(1024);
        if interval.is_none() {
            while let Some(index) = self.idle.pop_front() {
                self.send(index, Instant::now())?;
            }
        }
        loop {
            let now = Instant::now();
            if now >= give_up || (now >= self.counted_to && self.idle.len() == self.connections.len()) {
                break;
            }
            let mut wake_up = if now < self.counted_to { self.counted_to } else { give_up };
            if let Some(interval) = interval {
                while due <= now && due < self.counted_to {
                    if let Some(index) = self.idle_or_new()? {
                        self.send(index, due)?;
                        due += interval;
                    } else {
                        break;
                    }
                }
                wake_up =
                    if due < self.counted_to { wake_up.min(due.max(now + Duration::from_millis(1))) } else { wake_up };
            }
            // The system call rounds up to milliseconds, so the time is checked again above.
            match self.poll.poll(&mut events, Some(wake_up.saturating_duration_since(now))) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                other => other?,
            }
            for event in &events {
                self.receive(event.token().0)?;
            }
        }
        let end = Instant::now();
        let waiting: Vec<_> = self.connections.iter().filter_map(|connection| connection.since).collect();
        self.outcome.unanswered = waiting.len();
        self.times.extend(waiting.into_iter().map(|since| end - since));
        let mut outcome = self.outcome;
        outcome.count(self.times, self.plan.seconds);
        Ok(outcome)
    }

    fn connect(&mut self, index: usize) -> io::Result<TcpStream> {
        // Blocking: on loopback connecting succeeds or fails at once.
        let stream = std::net::TcpStream::connect(self.address)?;
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        let mut stream = TcpStream::from_std(stream);
        self.poll.registry().register(&mut stream, Token(index), Interest::READABLE)?;
        self.outcome.connects += 1;
        Ok(stream)
    }

    fn open(&mut self) -> io::Result<()> {
        let index = self.connections.len();
        let stream = self.connect(index)?;
        let exchange = index % self.plan.exchanges.len();
        self.connections.push(Connection {
            stream,
            received: vec![0; LARGEST_ANSWER],
            filled: 0,
            exchange,
            since: None,
        });
        self.idle.push_back(index);
        Ok(())
    }

    fn idle_or_new(&mut self) -> io::Result<Option<usize>> {
        if self.idle.is_empty() && self.connections.len() < self.plan.connections {
            self.open()?;
        }
        Ok(self.idle.pop_front())
    }

    fn send(&mut self, index: usize, since: Instant) -> io::Result<()> {
        let connection = &mut self.connections[index];
        if !self.plan.chain {
            connection.exchange = self.next_exchange;
            self.next_exchange = (self.next_exchange + 1) % self.requests.len();
        }
        connection.since = Some(since);
        // The buffer of the socket is empty and larger than a request, so all of it is sent.
        match connection.stream.write(&self.requests[connection.exchange]) {
            Ok(sent) if sent == self.requests[connection.exchange].len() => Ok(()),
            Ok(sent) => Err(io::Error::other(format!("only {sent} bytes of a request could be sent"))),
            Err(error) => self.broken(index, &error.to_string()),
        }
    }

    /// Reads what has arrived. Checks a complete answer and sends the next request.
    fn receive(&mut self, index: usize) -> io::Result<()> {
        loop {
            let connection = &mut self.connections[index];
            match connection.stream.read(&mut connection.received[connection.filled..]) {
                // The server closes idle connections, some after a 408.
                Ok(_) if connection.since.is_none() => return self.reopen(index),
                Ok(0) => return self.broken(index, "the server closed the connection"),
                Ok(read) => connection.filled += read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return self.broken(index, &error.to_string()),
            }
            let connection = &self.connections[index];
            match parse(&connection.received[..connection.filled]) {
                Ok(None) => {}
                Ok(Some(answer)) => {
                    let closes = answer.closes;
                    let exchange = connection.exchange;
                    let problem = judge(&answer, &self.plan.exchanges[exchange]);
                    if problem.is_none() && self.plan.chain {
                        let successor = answer.token("refresh").unwrap_or_default().to_owned();
                        let body = format!("{{\"refresh\":\"{successor}\"}}");
                        let next = Exchange { body, ..self.plan.exchanges[exchange].clone() };
                        self.requests[exchange] = next.request(&self.plan.head);
                        self.outcome.tokens[index] = successor;
                    }
                    if problem.is_none() {
                        self.outcome
                            .sample(&connection.received[connection.filled - answer.body.len()..connection.filled]);
                    }
                    return self.finish(index, problem, closes);
                }
                Err(problem) => return self.broken(index, problem),
            }
        }
    }

    fn finish(&mut self, index: usize, problem: Option<String>, closes: bool) -> io::Result<()> {
        let now = Instant::now();
        let connection = &mut self.connections[index];
        connection.filled = 0;
        let since = connection.since.take();
        match (problem, since) {
            (Some(problem), _) => self.outcome.complain(problem),
            (None, Some(since)) => {
                self.outcome.total += 1;
                // With a rate, a request counts by the time it was due. Otherwise the slowest would be missing.
                let moment = if self.plan.rate.is_some() { since } else { now };
                if moment >= self.counted_from && moment <= self.counted_to {
                    self.times.push(now - since);
                }
            }
            (None, None) => {}
        }
        if closes {
            self.connections[index].stream = self.connect(index)?;
        }
        if self.plan.rate.is_none() && now < self.counted_to {
            self.send(index, now)
        } else {
            self.idle.push_back(index);
            Ok(())
        }
    }

    fn broken(&mut self, index: usize, problem: &str) -> io::Result<()> {
        if self.outcome.bad > self.plan.connections {
            return Err(io::Error::other(format!("the server is gone: {problem}")));
        }
        self.connections[index].stream = self.connect(index)?;
        self.finish(index, Some(problem.to_owned()), false)
    }

    fn reopen(&mut self, index: usize) -> io::Result<()> {
        self.connections[index].filled = 0;
        self.connections[index].stream = self.connect(index)?;
        Ok(())
    }
}

fn judge(answer: &Answer<'_>, wanted: &Exchange) -> Option<String> {
    (!answer.is_good(wanted)).then(|| format!("not as wanted: {}", answer.text()))
}
