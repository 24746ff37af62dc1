//! `manage runserver`, which is also what `manage` alone does. Python counterpart:
//! `django.core.management.commands.runserver`; unlike Django's, this server is the one for production too.

use clap::Args;

use super::base::{CommandError, Context};
use super::development::{self, Development};
use crate::server::Application;
use crate::server::settings::parse_address;

/// Arguments of `runserver`.
#[derive(Args, Debug, Default)]
pub struct Arguments {
    /// Port number, or address:port; 0:8000 is every IPv4 address, and port 0 any free port
    addrport: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// When the server cannot be started.
pub fn handle(context: &Context, arguments: &Arguments) -> Result<(), CommandError> {
    let mut settings = context.settings.clone();
    if let Some(text) = &arguments.addrport {
        settings.server.bind = parse_address(text, settings.server.bind)
            .map_err(|_| CommandError::new(format!("\"{text}\" is not a valid port number or address:port pair.")))?;
    }
    if !settings.debug && settings.allowed_hosts.is_empty() {
        return Err(CommandError::new("You must set settings.ALLOWED_HOSTS if DEBUG is False."));
    }
    let development =
        if development::applies(&settings) { Some(Development::prepare(context, &mut settings)?) } else { None };
    actix_web::rt::System::new().block_on(async {
        let server = Application::build(&settings)?;
        log::info!("listening on http://{}", server.address());
        if let Some(address) = server.metrics_address() {
            log::info!("metrics on http://{address}/metrics");
        }
        if let Some(development) = development {
            println!("{}", development.welcome(server.address()));
        }
        server.run().await?;
        Ok(())
    })
}
