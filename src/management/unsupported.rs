//! Django's commands that do not apply here, and what to do instead.

/// Names of commands, and what to do instead of each.
pub(super) const COMMANDS: &[(&[&str], &str)] = &[
    (
        &["makemigrations", "squashmigrations", "optimizemigration"],
        "Models are Rust structs, so no migration can be made of them. Write the SQL into a `Step` of your app, as \
         examples/shop/shop/models.rs has it.",
    ),
    (
        &["shell"],
        "Rust has no shell. `manage dbshell` opens the database; examples/ shows how a program uses the models.",
    ),
    (
        &["startapp", "startproject"],
        "Copy this project, and copy examples/shop/shop to src/ as the beginning of your app: \
         docs/DJANGO_MAP.md#an-app-of-your-own.",
    ),
    (
        &["flush", "sqlflush", "sqlsequencereset"],
        "Nothing here deletes every user. `manage migrate APP zero` removes the tables of one app; for a new start create \
         another database and run `manage migrate`.",
    ),
    (
        &["loaddata", "dumpdata"],
        "There are no fixtures. Django can run beside this server and has them; for backups use the tools of the database, \
         see docs/OPERATIONS.md#backup.",
    ),
    (
        &["test", "testserver"],
        "Tests are run by `cargo test`; CONTRIBUTING.md says how, and `rest_framework::test::ApiClient` is the test client.",
    ),
    (
        &["collectstatic", "findstatic"],
        "The server has no static files of yours: a proxy serves them. Those of Swagger UI are in the program.",
    ),
    (
        &["inspectdb"],
        "`diesel print-schema` prints the tables as Rust; src/db/schema.rs has those of Django. `manage adopt` reports on a \
         Django database.",
    ),
    (&["makemessages", "compilemessages"], "Messages are English, so there is nothing to translate."),
    (&["sendtestemail"], "The server sends no e-mail."),
    (&["createcachetable"], "Counts are kept in memory or in Redis: see CACHE_URL in docs/SETTINGS.md."),
    (
        &["remove_stale_contenttypes"],
        "Content types are only added here, those of other apps stay as they are. Run it in the Django project.",
    ),
    (
        &["generateschema", "spectacular"],
        "The server publishes its description at /api/schema/ if API_DOCS=true; see docs/API.md.",
    ),
];

/// What to do instead of `command`, if it is one of Django's that do not apply.
pub(super) fn explanation(command: &str) -> Option<&'static str> {
    COMMANDS.iter().find(|(names, _)| names.contains(&command)).map(|(_, text)| *text)
}
