//! `manage runserver`, which is also what `manage` alone does. Python counterpart:
//! `django.core.management.commands.runserver`; unlike Django's, this server is the one for production too.

use clap::{ArgMatches, Args};

use super::development::{self, Development};
use crate::apps::Registry;
use crate::apps::command::{CommandError, Context, println};
use crate::http::settings::HttpSettings;
use crate::server::settings::{ServerSettings, parse_address};
use crate::server::{Application, Site, StartError};

/// Arguments of `runserver`.
#[derive(Args, Debug, Default)]
pub struct Arguments {
    /// Port number, or address:port; 0:8000 is every IPv4 address, and port 0 any free port
    addrport: Option<String>,
}

/// What the command line has for `runserver` if it names no command.
pub(super) fn no_arguments() -> ArgMatches {
    Arguments::augment_args(clap::Command::new("runserver")).get_matches_from(["runserver"])
}

/// Why `runserver` does not start with settings that a host application may use.
pub(super) fn refusal(registry: &Registry) -> Option<String> {
    let http = registry.settings::<HttpSettings>();
    if !http.debug && http.allowed_hosts.is_empty() {
        return Some("You must set settings.ALLOWED_HOSTS if DEBUG is False.".to_owned());
    }
    let needs_key = registry.secret_key().expose().is_empty() && !development::applies(registry);
    needs_key.then(|| StartError::NoSecretKey.to_string())
}

/// Runs the command.
///
/// # Errors
/// Returns an error if the server cannot be started.
pub fn handle(context: &Context, arguments: Arguments) -> Result<(), CommandError> {
    let mut builder = context.builder()?;
    if let Some(text) = &arguments.addrport {
        let mut server = builder.registry().settings::<ServerSettings>();
        server.bind = parse_address(text, server.bind)
            .map_err(|_| CommandError::new(format!("\"{text}\" is not a valid port number or address:port pair.")))?;
        builder = builder.hook(server);
    }
    if let Some(error) = refusal(builder.registry()) {
        return Err(CommandError::new(error));
    }
    let is_development = development::applies(builder.registry());
    if is_development {
        builder = development::with_key(builder, &context.env);
    }
    let apps = builder.build()?;
    let development = if is_development { Some(Development::prepare(&apps)?) } else { None };
    actix_web::rt::System::new().block_on(async {
        let server = Application::build(Site::new(apps, context.urls))?;
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
