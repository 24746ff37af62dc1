//! `manage count_unpaid`.

use clap::Args;

use super::models::Order;
use actix_simplejwt::apps::command::{Command, CommandError, Context};

/// The commands of this app.
pub fn commands() -> Vec<Command> {
    vec![Command::new("count_unpaid", "Counts the orders that are not paid", handle)]
}

#[derive(Args, Debug)]
struct Arguments {
    /// Fail if there are more
    #[arg(long, default_value_t = i64::MAX)]
    max: i64,
}

fn handle(context: &Context, arguments: Arguments) -> Result<(), CommandError> {
    let count = Order::count_unpaid(&mut *context.database()?.connection()?)?;
    context.say(format!("{count} orders are not paid."));
    if count > arguments.max { Err(CommandError::new("Too many orders are not paid.")) } else { Ok(()) }
}
