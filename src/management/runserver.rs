//! `manage runserver`, which is also what `manage` alone does. Python counterpart:
//! `django.core.management.commands.runserver`; unlike Django's, this server is the one for production too.

use std::io::{self, IsTerminal};
use std::net::{Ipv4Addr, Ipv6Addr};

use clap::{ArgMatches, Args};

use super::development::{self, Development};
use crate::apps::Registry;
use crate::apps::command::{CommandError, Context, eprintln, println};
use crate::conf::Environment;
use crate::http::settings::HttpSettings;
use crate::server::settings::{ServerSettings, parse_address};
use crate::server::{Application, Site, StartError};

/// Arguments of `runserver`.
#[derive(Args, Debug, Default)]
pub struct Arguments {
    /// Port number, or address:port; 0:8000 is every IPv4 address, and port 0 any free port
    addrport: Option<String>,
    /// Uses an IPv6 address
    #[arg(short = '6', long)]
    ipv6: bool,
    /// Accepted: there is no auto-reloader
    #[arg(long)]
    noreload: bool,
    /// Serves with one thread, as ACTIX_WORKERS=1
    #[arg(long)]
    nothreading: bool,
    /// Accepted: the server has no static files of the project
    #[arg(long)]
    nostatic: bool,
    /// Accepted: the server has no static files of the project
    #[arg(long)]
    insecure: bool,
}

impl Arguments {
    /// Replaces settings by the arguments of the command line.
    fn apply(&self, server: &mut ServerSettings) -> Result<(), CommandError> {
        if self.ipv6 && server.bind.ip() == Ipv4Addr::LOCALHOST {
            server.bind.set_ip(Ipv6Addr::LOCALHOST.into());
        }
        if let Some(text) = &self.addrport {
            server.bind = parse_address(text, server.bind).map_err(|_| {
                CommandError::new(format!("\"{text}\" is not a valid port number or address:port pair."))
            })?;
        }
        if self.ipv6 && server.bind.is_ipv4() {
            return Err(CommandError::new(format!("\"{}\" is not a valid IPv6 address.", server.bind.ip())));
        }
        if self.nothreading {
            server.workers = Some(1);
        }
        Ok(())
    }
}

/// The arguments of `runserver` if the command line names no command.
pub(super) fn no_arguments() -> ArgMatches {
    Arguments::augment_args(clap::Command::new("runserver")).get_matches_from(["runserver"])
}

/// Why `runserver` does not start with settings that a host application may use.
pub(super) fn refusal(registry: &Registry, env: &Environment) -> Option<String> {
    let http = registry.settings::<HttpSettings>();
    if !http.debug && http.allowed_hosts.is_empty() {
        return Some("You must set settings.ALLOWED_HOSTS if DEBUG is False.".to_owned());
    }
    let is_installed = |name: &&str| registry.is_installed(name);
    if let Some(missing) = NEEDED.iter().find(|name| !is_installed(name)) {
        return Some(format!("INSTALLED_APPS: the server needs {missing:?}; add it"));
    }
    if !registry.secret_key().expose().is_empty() {
        return None;
    }
    let objection = development::objection(registry, env)?;
    Some(format!("{}. Development mode needs no key, but {objection}.", StartError::NoSecretKey))
}

/// The apps without which there is no server.
const NEEDED: [&str; 2] = ["django.contrib.auth", "rest_framework"];

/// Runs the command.
///
/// # Errors
/// Returns an error if the server cannot be started.
pub fn handle(context: &Context, arguments: Arguments) -> Result<(), CommandError> {
    let mut builder = context.builder()?;
    let mut server = builder.registry().settings::<ServerSettings>();
    arguments.apply(&mut server)?;
    builder = builder.hook(server);
    if let Some(error) = refusal(builder.registry(), &context.env) {
        return Err(CommandError::new(error));
    }
    let is_development = development::applies(builder.registry(), &context.env);
    if is_development {
        builder = development::with_key(builder, &context.env);
    }
    let apps = builder.build()?;
    let development =
        if is_development { Some(Development::prepare(&apps, development::has_terminal())?) } else { None };
    actix_web::rt::System::new().block_on(async {
        let server = Application::build(Site::new(apps, context.urls))?;
        log::info!("listening on http://{}", server.address());
        if let Some(address) = server.metrics_address() {
            log::info!("metrics on http://{address}/metrics");
        }
        if let Some(development) = development {
            let text = development.welcome(server.address());
            // To the stream that a person sees, as with `cargo run | tee log`.
            if !io::stdout().is_terminal() && io::stderr().is_terminal() {
                eprintln!("{text}");
            } else {
                println!("{text}");
            }
        }
        server.run().await?;
        Ok(())
    })
}
