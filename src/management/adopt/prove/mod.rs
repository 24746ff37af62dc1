//! Checks whether the `.env` would work. Reads its text back, and uses the code of the checks and of the server.

mod claims;
mod passwords;
mod sql;
mod tables;
mod tokens;
mod users;

use actix_web::rt::SystemRunner;

use super::env_file::EnvFile;
use super::export::Export;
use super::report::{Finding, Report};
use crate::apps::command::{CommandError, Context};
use crate::apps::{AppsBuilder, CheckScope};
use crate::conf::Environment;
use crate::core::checks::{CheckMessage, Level};
use crate::db::{DatabaseSettings, DbConnection, open_read_only};
use crate::management::runserver;
use crate::rest_framework::state::RestFramework;
use crate::server::StartError;

/// The settings to try, and the report for the findings.
pub(super) struct Proof<'a> {
    pub(super) context: &'a Context,
    pub(super) export: &'a Export,
    /// The settings of the `.env`, as a server would read them.
    pub(super) env: &'a Environment,
    pub(super) system: &'a SystemRunner,
    pub(super) report: &'a mut Report,
}

/// Reads the text of the `.env` back. Returns `None`, and reports it, if a server would read other values.
pub(super) fn read_back(file: &EnvFile, text: &str, report: &mut Report) -> Option<Environment> {
    if file.round_trips_as(text) {
        return Some(file.environment());
    }
    report.add(
        Finding::blocking("A value cannot be written into a .env: it would be read as another one.")
            .remedy("Set these settings in the environment of the server instead."),
    );
    None
}

impl Proof<'_> {
    /// Runs all checks.
    pub(super) fn run(&mut self) {
        let Some(builder) = self.settings() else { return };
        let database = builder.registry().settings::<DatabaseSettings>();
        match open_read_only(&database) {
            Ok(mut conn) => self.database(&builder, &mut conn),
            Err(error) => self.report.add(
                Finding::blocking(format!("The database does not answer: {error}."))
                    .clients("Every request that needs it would be answered with 503.")
                    .remedy("If this machine reaches it at another address, set DATABASE_URL in the environment and run this again."),
            ),
        }
        self.cache(&builder);
    }

    /// Whether a server would start with the settings.
    fn settings(&mut self) -> Option<AppsBuilder> {
        let mut builder = match self.context.builder_from(self.env) {
            Ok(builder) => builder,
            Err(error) => {
                self.report.add(Finding::blocking(format!("{error}.")));
                return None;
            }
        };
        let refusal = runserver::refusal(builder.registry(), self.env);
        let found = builder.check(CheckScope::Deploy).messages;
        let errors: Vec<_> = found.iter().filter(|message| message.level >= Level::Error).collect();
        // A missing key in the export is reported already.
        let lacks_key = self.env.get("SECRET_KEY").is_none_or(str::is_empty);
        let is_new = |problem: &String| {
            !lacks_key
                || !(problem.starts_with(&StartError::NoSecretKey.to_string()) || problem.starts_with("SECRET_KEY: "))
        };
        let problems = refusal.iter().cloned().chain(errors.iter().map(|message| message.msg.clone()));
        for problem in problems.filter(is_new) {
            self.report.add(Finding::blocking(problem).clients("The server would not start."));
        }
        let is_about_key = |message: &&CheckMessage| lacks_key && message.id == "security.W009";
        let warnings: Vec<_> =
            found.iter().filter(|message| message.level == Level::Warning && !is_about_key(message)).collect();
        if !warnings.is_empty() {
            let first = |text: &str| text.split_once(". ").map_or(text.to_owned(), |(first, _)| format!("{first}."));
            let lines = warnings.iter().map(|message| format!("{}: {}", message.id, first(&message.msg)));
            let finding = Finding::note("`manage check --deploy` will warn, as for Django's settings:");
            self.report.add(finding.lines(lines));
        }
        let is_fine = refusal.is_none() && errors.is_empty() && builder.errors().is_empty();
        if is_fine {
            self.report.add(Finding::proven("The settings pass what `manage check` and `runserver` check."));
        }
        is_fine.then_some(builder)
    }

    /// Checks the database. If a part cannot be read, the other parts are still checked.
    fn database(&mut self, builder: &AppsBuilder, conn: &mut DbConnection) {
        for look in [Self::tables, Self::users, Self::tokens] {
            if let Err(error) = look(self, builder, conn) {
                self.report.add(Finding::blocking(format!("The database cannot be read: {}.", reason(&error))));
            }
        }
    }

    /// Checks whether the cache answers, if `CACHE_URL` is set.
    fn cache(&mut self, builder: &AppsBuilder) {
        let Some(framework) = builder.registry().get::<RestFramework>() else { return };
        let url = framework.settings.cache.url.clone();
        if self.env.get("CACHE_URL").is_none() {
            return;
        }
        match self.system.block_on(framework.throttle_cache.ping()) {
            Ok(()) => self.report.add(Finding::proven(format!("The cache {url} answers."))),
            Err(reason) => {
                let has_limits = !framework.throttle_classes.is_empty();
                let what = format!("The cache {url} does not answer: {reason}.");
                let finding = if has_limits { Finding::blocking(what) } else { Finding::noticed(what) };
                let finding = finding.clients("Requests with a limit would be answered with 503.");
                self.report.add(finding.remedy("Start it, or set CACHE_URL to another one."));
            }
        }
    }
}

/// The text of an error without the prefix that the command line adds.
fn reason(error: &CommandError) -> String {
    let text = error.to_string();
    text.strip_prefix("CommandError: ").unwrap_or(&text).trim_end_matches('.').to_owned()
}
