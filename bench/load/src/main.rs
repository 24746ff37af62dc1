//! Sends the requests of a plan over keep-alive connections from one thread, checks every answer and times it.
//!
//! `load ADDRESS:PORT < plan.json > result.json`. `run.py` writes the plans; their fields are those of [`plan::Plan`].

mod answer;
mod client;
mod plan;
mod result;

use std::error::Error;
use std::io::{stdin, stdout};

fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).ok_or("usage: load ADDRESS:PORT < plan.json")?.parse()?;
    let plan = serde_json::from_reader(stdin().lock())?;
    let result = client::Client::new(address, &plan)?.run()?;
    serde_json::to_writer(stdout().lock(), &result)?;
    Ok(())
}
