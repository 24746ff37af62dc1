//! `manage adopt`: what moving a Django service here would mean. Python counterpart: none.
//!
//! It reads Django's settings, which `export.py` has written, and Django's database. It changes neither, and prints a report. It
//! writes a `.env` if a server with this `.env` would work: the settings pass the checks of `runserver`, the database answers,
//! the tables exist, and the key verifies Django's tokens.
//!
//! 1. `convert` makes settings of this project from Django's settings.
//! 2. `prove` tries these settings, after it has read them back from the text of the `.env`.
//! 3. `routes` compares the URLs.
//! 4. `probe`, with `--probe`, compares the answers of both servers.
//!
//! All findings go into one `Report`. No step stops at the first problem.

mod convert;
pub(super) mod env_file;
mod export;
mod probe;
mod prove;
mod report;
mod routes;

use std::path::{Path, PathBuf};

use actix_web::rt::System;
use clap::Args;
use serde_json::Value;

use self::convert::Converter;
use self::env_file::EnvFile;
use self::export::Export;
use self::probe::Probing;
use self::prove::Proof;
use self::report::{Finding, FindingGroup, Report};
use crate::apps::command::{CommandError, Context, println};
use crate::db::DatabaseUrl;

/// Arguments of `adopt`.
#[derive(Args, Debug, Default)]
pub struct Arguments {
    /// Django's settings, as the script of --export has written them
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Write the settings for this server to this new file, if a server would work with them
    #[arg(long, value_name = "FILE", requires = "settings")]
    output: Option<PathBuf>,
    /// Compare the answers of the Django at this URL with those of this program to harmless requests
    #[arg(long, value_name = "URL", conflicts_with = "output")]
    probe: Option<String>,
    /// For --probe: use the server at this URL instead of starting one
    #[arg(long, value_name = "URL", requires = "probe")]
    with: Option<String>,
    /// For --probe: a path that needs a logged-in user on both servers
    #[arg(long, value_name = "PATH", requires = "probe", default_value = "/api/protected/")]
    protected: String,
    /// Print the Python script that exports Django's settings; it is for `python manage.py shell`
    #[arg(long, conflicts_with_all = ["settings", "probe"])]
    export: bool,
}

/// Runs in the Django project: `manage adopt --export | python manage.py shell -v 0 > settings.json`.
const EXPORT: &str = include_str!("export.py");

/// Runs the command. The report goes to standard output, and settings only to `--output`: a shell makes the file of
/// `> .env` even if a command fails, and a report is refused as a `.env`.
///
/// # Errors
/// Returns an error if a server would not work with the settings, an answer differs, or a file cannot be read or written.
pub fn handle(context: &Context, arguments: Arguments) -> Result<(), CommandError> {
    if arguments.export {
        println!("{}", EXPORT.trim_end());
        return Ok(());
    }
    if let Some(django) = &arguments.probe {
        return probe(context, &arguments, django);
    }
    let Some(file) = &arguments.settings else {
        return Err(CommandError::new(
            "Give Django's settings with --settings FILE. In the Django project, this writes them: manage adopt --export | \
             python manage.py shell -v 0 > settings.json",
        ));
    };
    if let Some(output) = arguments.output.as_deref().filter(|output| output.exists()) {
        return Err(CommandError::new(format!("{} exists already, and is not replaced.", output.display())));
    }
    let export = read(file)?;
    let mut report = Report::default();
    facts(&export, file, &mut report);
    let text = examine(context, &export, &mut report);
    println!("{report}");
    write_env_file(&report, text.as_deref(), arguments.output.as_deref())
}

/// Carries the settings over and tries them. Returns the text of the `.env`.
fn examine(context: &Context, export: &Export, report: &mut Report) -> Option<String> {
    let known = context.known_settings();
    let file = convert(context, export, report);
    let text = file.text(&known);
    if let Some(url) = file.get("DATABASE_URL").and_then(|url| DatabaseUrl::parse(url).ok()) {
        // Without the password.
        report.fact(format!("Database: {url}"));
    }
    let env = prove::read_back(&file, &text, report)?;
    let system = System::new();
    // Log lines of these attempts, such as about a token that is made to compare its claims, are not part of the report.
    let level = log::max_level();
    log::set_max_level(log::LevelFilter::Off);
    Proof { context, export, env: &env, system: &system, report }.run();
    let own = routes::own(context, &env, &system);
    log::set_max_level(level);
    match own {
        Ok(own) => routes::compare(export, &own, report),
        // `prove` has reported the reason.
        Err(_) if !report.would_work() => {}
        Err(error) => report.add(Finding::note(format!("The URLs could not be compared: {error}"))),
    }
    Some(text)
}

fn convert(context: &Context, export: &Export, report: &mut Report) -> EnvFile {
    let known = context.known_settings();
    let mut converter = Converter { context, export, known: &known, env: EnvFile::default(), report };
    converter.run();
    converter.env
}

/// Compares the answers, with the settings of the export, or without an export those of the environment and `.env`.
fn probe(context: &Context, arguments: &Arguments, django: &str) -> Result<(), CommandError> {
    let export = arguments.settings.as_deref().map(read).transpose()?;
    let env = match &export {
        Some(export) => convert(context, export, &mut Report::default()).environment(),
        None => context.env.clone(),
    };
    let level = log::max_level();
    log::set_max_level(log::LevelFilter::Off);
    let (with, protected) = (arguments.with.as_deref(), arguments.protected.as_str());
    let outcome = Probing { context, env: &env, export: export.as_ref(), django, with, protected }.run();
    log::set_max_level(level);
    outcome
}

fn read(file: &Path) -> Result<Export, CommandError> {
    let problem = |error: String| CommandError::new(format!("{}: {error}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| problem(error.to_string()))?;
    if text.trim().is_empty() {
        return Err(problem("the file is empty, so the export has failed: its error is where it was run".to_owned()));
    }
    let json: Value = serde_json::from_str(&text).map_err(|error| problem(format!("not JSON: {error}")))?;
    match json {
        Value::Object(json) => Ok(Export::new(json)),
        _ => Err(problem("a JSON object was expected".to_owned())),
    }
}

fn facts(export: &Export, file: &Path, report: &mut Report) {
    report.fact(format!("What moving the Django project of {} here means", file.display()));
    report.fact("");
    let versions = [("Django", "django"), ("DRF", "rest_framework"), ("simplejwt", "rest_framework_simplejwt")];
    let versions = versions.iter().filter_map(|(name, package)| {
        let version = export.text("_packages", package).or_else(|| export.text("_export", package))?;
        Some(format!("{name} {version}"))
    });
    let versions: Vec<_> = versions.collect();
    if !versions.is_empty() {
        report.fact(format!("Django project: {}", versions.join(", ")));
    }
    if !export.is_complete() {
        report.add(
            Finding::note("The export has only settings: URLs, serializers and the user model could not be compared.")
                .remedy("Export them with `manage adopt --export`."),
        );
    }
}

/// Writes the file, or returns the reason why not.
fn write_env_file(report: &Report, text: Option<&str>, output: Option<&Path>) -> Result<(), CommandError> {
    let (Some(text), true) = (text, report.would_work()) else {
        let count = report.count(FindingGroup::Blocking);
        let points = if count == 1 { "1 point".to_owned() } else { format!("{count} points") };
        let what = "above: under \"Must be fixed first\"";
        return Err(CommandError::new(format!(
            "A server would not work with these settings, {points} {what}. No .env was written."
        )));
    };
    match output {
        Some(path) => {
            env_file::write_new(path, text)
                .map_err(|error| CommandError::new(format!("{}: {error}", path.display())))?;
            println!(
                "A server works with these settings. They are in {}, which is as secret as Django's.",
                path.display()
            );
        }
        None => println!("A server works with these settings. To write them to a file, add --output .env"),
    }
    println!("docs/COMPATIBILITY.md lists what differs from Django on purpose, whatever the settings are.");
    Ok(())
}
