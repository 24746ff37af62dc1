//! The log as a model. It has no pages, but is deleted with users. Python counterpart: `LogEntry`.

use chrono::NaiveDateTime;

use super::log::LogEntry;
use super::models::{Field, Model, OnDelete, Row};
use super::options::ModelAdmin;
use crate::contrib::auth::UserId;
use crate::db::schema::django_admin_log;

/// Describes `admin.LogEntry`.
pub(super) struct LogEntryAdmin;

impl ModelAdmin for LogEntryAdmin {
    fn model(&self) -> Model {
        Model::new("admin", "LogEntry", django_admin_log::table)
            .field(Field::foreign_key(django_admin_log::user_id, "auth.User"))
            .field(
                Field::foreign_key(django_admin_log::content_type_id, "contenttypes.ContentType")
                    .on_delete(OnDelete::SetNull),
            )
            .field(Field::of(django_admin_log::object_repr).max_length(200))
            .field(Field::of(django_admin_log::action_flag))
            .field(Field::of(django_admin_log::change_message))
            .field(Field::of(django_admin_log::action_time))
            .verbose_names("log entry", "log entries")
            .ordering(&["-action_time"])
    }

    fn to_string(&self, entry: &Row) -> String {
        let entry = LogEntry {
            id: 0,
            object_id: None,
            object_repr: entry.text("object_repr").to_owned(),
            action_flag: entry.text("action_flag").parse().unwrap_or_default(),
            change_message: entry.text("change_message").to_owned(),
            content_type_id: None,
            user_id: UserId::Integer(0),
            action_time: NaiveDateTime::default(),
        };
        entry.to_string()
    }
}
