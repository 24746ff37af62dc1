//! `manage adopt --probe`: sends the same harmless requests to Django and to this program, and compares the answers.

mod answers;
mod ours;
mod requests;

use url::Url;

use self::answers::{Server, differences};
use self::requests::Paths;
use super::export::Export;
use crate::apps::command::{CommandError, Context, println};
use crate::conf::Environment;
use crate::core::clock::Clock;
use crate::http::cors::CorsSettings;
use crate::http::security::SecuritySettings;

/// The servers and what to compare.
pub(super) struct Probing<'a> {
    pub(super) context: &'a Context,
    /// The settings of this program.
    pub(super) env: &'a Environment,
    pub(super) export: Option<&'a Export>,
    /// Django's URL.
    pub(super) django: &'a str,
    /// The URL of this program, if it is already running.
    pub(super) with: Option<&'a str>,
    /// A path that needs a logged-in user on both.
    pub(super) protected: &'a str,
}

impl Probing<'_> {
    /// Prints what differs.
    ///
    /// # Errors
    /// Returns an error if an answer differs, or a server does not answer.
    pub(super) fn run(&self) -> Result<(), CommandError> {
        let django = url(self.django)?;
        let builder = self.context.builder_from(self.env)?;
        let registry = builder.registry();
        let running = match self.with {
            Some(_) => None,
            None => Some(ours::start(self.context, self.env)?),
        };
        let base = running.as_ref().map_or_else(|| self.with.unwrap_or_default(), |running| &running.base);
        // Both get the same `Host`, so that redirects and ALLOWED_HOSTS can be compared.
        let host = &django[url::Position::BeforeHost..url::Position::AfterPort];
        let mut headers = vec![("Host".to_owned(), host.to_owned())];
        let theirs = Server::new(&origin(&django), headers.clone());
        if let Some((name, value)) =
            registry.settings::<SecuritySettings>().proxy_ssl_header.filter(|_| django.scheme() == "https")
        {
            headers.push((name, value));
        }
        let here = Server::new(&origin(&url(base)?), headers);
        let cors = registry.settings::<CorsSettings>();
        let page = cors.allowed_origins.first().map_or("https://app.example.org", String::as_str);
        let probes = requests::all(&Paths::new(self.export, self.protected), page, &Clock::system());
        let (mut differing, mut missing) = (0, 0);
        let mut without_path = None;
        for probe in &probes {
            let asked = |server: &Server, name: &str| {
                server.ask(probe).map_err(|reason| {
                    CommandError::new(format!("{name} does not answer to {} {}: {reason}", probe.method, probe.path))
                })
            };
            let (django, here) = (asked(&theirs, self.django)?, asked(&here, base)?);
            let found = differences(&django, &here);
            if probe.path == self.protected && without_path.is_none() {
                without_path = match (django.status, here.status) {
                    (404, 404) => Some("neither server has"),
                    (404, _) => Some("Django does not have"),
                    (_, 404) => Some("this program does not have"),
                    _ => None,
                };
            }
            // A 404 for the path says nothing about tokens.
            let is_404 = django.status == 404 || here.status == 404;
            if is_404 && without_path.is_some() && stem(&probe.path) == stem(self.protected) {
                missing += 1;
                let status = match django.status == here.status {
                    true => "404".to_owned(),
                    false => format!("Django {}, here {}", django.status, here.status),
                };
                println!("unknown {} {}  {status} ({})", probe.method, probe.path, probe.what);
                continue;
            }
            if found.is_empty() {
                println!("same    {} {}  {} ({})", probe.method, probe.path, django.status, probe.what);
                continue;
            }
            differing += 1;
            println!("differs {} {}  ({})", probe.method, probe.path, probe.what);
            found.iter().for_each(|line| println!("          {line}"));
        }
        let all = probes.len();
        if differing > 0 {
            return Err(CommandError::new(format!(
                "{differing} of {all} requests are answered differently. docs/COMPATIBILITY.md lists what differs on purpose."
            )));
        }
        if let Some(without_path) = without_path {
            return Err(CommandError::new(format!(
                "{missing} of {all} requests show nothing, because {without_path} {}. Give the path of a view that needs a \
                 logged-in user on both with --protected.",
                self.protected
            )));
        }
        println!("\nAll {all} requests are answered the same.");
        Ok(())
    }
}

/// A path without its query and its last slash.
fn stem(path: &str) -> &str {
    path.split('?').next().unwrap_or(path).trim_end_matches('/')
}

fn url(text: &str) -> Result<Url, CommandError> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.ok_or_else(|| CommandError::new(format!("{text:?} is not a URL such as http://127.0.0.1:8000")))
}

fn origin(url: &Url) -> String {
    url[..url::Position::AfterPort].to_owned()
}
