//! The table of models that permissions refer to. Python counterpart: `django.contrib.contenttypes`.

use diesel::prelude::*;

use crate::apps::AppConfig;
use crate::db::DbConnection;
use crate::db::migrations::{Migration, Step, StepModel, up};
use crate::db::schema::django_content_type;

/// `django.contrib.contenttypes`.
#[derive(Clone, Copy, Debug)]
pub struct ContentTypesConfig;

impl AppConfig for ContentTypesConfig {
    fn name(&self) -> &'static str {
        "django.contrib.contenttypes"
    }

    fn verbose_name(&self) -> String {
        "Content Types".to_owned()
    }

    fn migrations(&self) -> &'static [Step] {
        MIGRATIONS
    }
}

/// The step of the app.
const MIGRATIONS: &[Step] = &[Step {
    app: "contenttypes",
    migrations: &[Migration::changes("0001_initial"), Migration::changes("0002_remove_content_type_name")],
    tables: &["django_content_type"],
    models: &[StepModel::new("contenttype", "content type")],
    ..Step::EMPTY
}
.sql(up!("00000000000002_contenttypes_initial"))];

/// The primary key of the model's row, which is made if it does not exist: `ContentType.objects.get_for_model`. `model` is the
/// name in lower case.
///
/// # Errors
/// Returns the errors of the statements.
pub fn get_for_model(conn: &mut DbConnection, app_label: &str, model: &str) -> QueryResult<i32> {
    let row = django_content_type::app_label.eq(app_label).and(django_content_type::model.eq(model));
    let row = django_content_type::table.filter(row).select(django_content_type::id);
    if let Some(id) = row.get_result(conn).optional()? {
        return Ok(id);
    }
    diesel::insert_into(django_content_type::table)
        .values((django_content_type::app_label.eq(app_label), django_content_type::model.eq(model)))
        .returning(django_content_type::id)
        .get_result(conn)
}
