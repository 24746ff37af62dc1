//! The log of changes in the admin site. Python counterpart: `django.contrib.admin.models.LogEntry`.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use serde_json::{Value, json};

use super::super::auth::UserId;
use super::super::contenttypes;
use crate::core::json::dumps;
use crate::db::DbConnection;
use crate::db::schema::{django_admin_log, django_content_type};
use crate::db::types::{DjangoDateTime, from_db, to_db};

/// The largest length of `object_repr`, in characters.
const REPR_LENGTH: usize = 200;

/// The kind of a change: `action_flag`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionFlag {
    /// `ADDITION`.
    Addition,
    /// `CHANGE`.
    Change,
    /// `DELETION`.
    Deletion,
}

impl ActionFlag {
    /// The number in the database.
    #[must_use]
    pub fn flag(self) -> i16 {
        match self {
            Self::Addition => 1,
            Self::Change => 2,
            Self::Deletion => 3,
        }
    }

    fn of(flag: i16) -> Option<Self> {
        [Self::Addition, Self::Change, Self::Deletion].into_iter().find(|action| action.flag() == flag)
    }
}

/// The change message of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeMessage {
    /// The object was added.
    Added,
    /// Fields were changed. Their labels, in the order of the form. There may be none.
    Changed(Vec<String>),
    /// A part of the object was deleted, like a row of an inline form in Django.
    Deleted {
        /// Its kind, such as "session".
        name: String,
        /// Its name. It must hold no secret.
        object: String,
    },
    /// No message, as for deletions.
    Nothing,
}

impl ChangeMessage {
    /// The text in the database, as Django writes it.
    #[must_use]
    pub fn to_text(&self) -> String {
        let message = match self {
            Self::Added => json!([{ "added": {} }]),
            Self::Changed(fields) if fields.is_empty() => json!([]),
            Self::Changed(fields) => json!([{ "changed": { "fields": fields } }]),
            Self::Deleted { name, object } => json!([{ "deleted": { "name": name, "object": object } }]),
            Self::Nothing => return String::new(),
        };
        dumps(&message)
    }
}

/// `app_label` and name of a model, which name a content type: `ContentType.natural_key`.
pub type ContentTypeKey = (String, String);

/// The object that an entry is about.
#[derive(Clone, Copy, Debug)]
pub struct LoggedObject<'a> {
    /// `app_label` and name of the model in lower case, as in `django_content_type`.
    pub model: (&'a str, &'a str),
    /// The primary key as text.
    pub id: &'a str,
    /// `str(object)`. At most 200 characters of it are stored. It must hold no secret.
    pub repr: &'a str,
}

/// Writes an entry: `LogEntry.objects.log_actions`. `user` made the change.
///
/// # Errors
/// Returns the errors of the statements.
pub fn log_action(
    conn: &mut DbConnection,
    user: UserId,
    action: ActionFlag,
    object: LoggedObject<'_>,
    message: &ChangeMessage,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let content_type = contenttypes::get_for_model(conn, object.model.0, object.model.1)?;
    let repr: String = object.repr.chars().take(REPR_LENGTH).collect();
    diesel::insert_into(django_admin_log::table)
        .values((
            django_admin_log::action_time.eq(to_db(now)),
            django_admin_log::user_id.eq(user),
            django_admin_log::content_type_id.eq(content_type),
            django_admin_log::object_id.eq(object.id),
            django_admin_log::object_repr.eq(repr),
            django_admin_log::action_flag.eq(action.flag()),
            django_admin_log::change_message.eq(message.to_text()),
        ))
        .execute(conn)?;
    Ok(())
}

/// A row of `django_admin_log`.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = django_admin_log)]
pub struct LogEntry {
    /// Primary key.
    pub id: i32,
    /// Primary key of the object as text.
    pub object_id: Option<String>,
    /// `str(object)` at that time.
    pub object_repr: String,
    /// Number of the [`ActionFlag`].
    pub action_flag: i16,
    /// The change message, as JSON, or a free text of old versions.
    pub change_message: String,
    /// Row of `django_content_type`.
    pub content_type_id: Option<i32>,
    /// The user who changed the object.
    pub user_id: UserId,
    /// The time, in UTC.
    #[diesel(deserialize_as = DjangoDateTime)]
    pub action_time: NaiveDateTime,
}

impl LogEntry {
    /// The kind of the change. `None` for a number that Django does not know.
    #[must_use]
    pub fn action(&self) -> Option<ActionFlag> {
        ActionFlag::of(self.action_flag)
    }

    /// The time of the change.
    #[must_use]
    pub fn time(&self) -> DateTime<Utc> {
        from_db(self.action_time)
    }

    /// The message for people: `get_change_message`.
    #[must_use]
    pub fn get_change_message(&self) -> String {
        read_message(&self.change_message).unwrap_or_else(|| self.change_message.clone())
    }

    /// The number of entries about an object, and those from `offset` on, the oldest first.
    ///
    /// # Errors
    /// Returns the errors of the statements.
    pub fn of_object(
        conn: &mut DbConnection,
        model: (&str, &str),
        object_id: &str,
        page: (i64, i64),
    ) -> QueryResult<(i64, Vec<Self>)> {
        let content_type = django_content_type::table
            .filter(django_content_type::app_label.eq(model.0).and(django_content_type::model.eq(model.1)))
            .select(django_content_type::id);
        let Some(content_type) = content_type.get_result::<i32>(conn).optional()? else { return Ok((0, Vec::new())) };
        let of_object = django_admin_log::content_type_id
            .eq(Some(content_type))
            .and(django_admin_log::object_id.eq(Some(object_id)));
        let count = django_admin_log::table.filter(of_object).count().get_result(conn)?;
        let entries = django_admin_log::table
            .filter(of_object)
            .order((django_admin_log::action_time, django_admin_log::id))
            .select(Self::as_select())
            .offset(page.0)
            .limit(page.1)
            .load(conn)?;
        Ok((count, entries))
    }

    /// The last entries of a user, the newest first, each with the `app_label` and name of its model.
    ///
    /// # Errors
    /// Returns the errors of the statement.
    pub fn recent(
        conn: &mut DbConnection,
        user: UserId,
        limit: i64,
    ) -> QueryResult<Vec<(Self, Option<ContentTypeKey>)>> {
        django_admin_log::table
            .left_join(django_content_type::table)
            .filter(django_admin_log::user_id.eq(user))
            .order((django_admin_log::action_time.desc(), django_admin_log::id.desc()))
            .select((Self::as_select(), (django_content_type::app_label, django_content_type::model).nullable()))
            .limit(limit)
            .load(conn)
    }
}

/// `str(entry)`.
impl std::fmt::Display for LogEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let object = &self.object_repr;
        match self.action() {
            Some(ActionFlag::Addition) => write!(f, "Added “{object}”."),
            Some(ActionFlag::Change) => write!(f, "Changed “{object}” — {}", self.get_change_message()),
            Some(ActionFlag::Deletion) => write!(f, "Deleted “{object}.”"),
            None => f.write_str("LogEntry Object"),
        }
    }
}

/// The sentences of a message in JSON. `None` for any other text, which is shown as it is.
fn read_message(text: &str) -> Option<String> {
    if !text.starts_with('[') {
        return None;
    }
    let parts: Vec<Value> = serde_json::from_str(text).ok()?;
    let sentences: Vec<_> = parts.iter().map(sentence).collect::<Option<Vec<_>>>()?.into_iter().flatten().collect();
    Some(if sentences.is_empty() { "No fields changed.".to_owned() } else { sentences.join(" ") })
}

/// The sentence of a part, if it has one. The outer `None` is for a part that Django never writes.
fn sentence(part: &Value) -> Option<Option<String>> {
    let part = part.as_object()?;
    let text = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).map(str::to_owned);
    if let Some(added) = part.get("added") {
        if added.as_object().is_none_or(serde_json::Map::is_empty) {
            return Some(Some("Added.".to_owned()));
        }
        return Some(Some(format!("Added {} “{}”.", text(added, "name")?, text(added, "object")?)));
    }
    if let Some(changed) = part.get("changed") {
        let names: Option<Vec<&str>> = changed.get("fields")?.as_array()?.iter().map(Value::as_str).collect();
        let fields = get_text_list(&names?);
        return Some(Some(match text(changed, "name") {
            Some(name) => format!("Changed {fields} for {name} “{}”.", text(changed, "object")?),
            None => format!("Changed {fields}."),
        }));
    }
    match part.get("deleted") {
        Some(deleted) => Some(Some(format!("Deleted {} “{}”.", text(deleted, "name")?, text(deleted, "object")?))),
        None => Some(None),
    }
}

/// `a, b and c`.
fn get_text_list(items: &[&str]) -> String {
    match items {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_written_as_django_writes_them() {
        let changed = |names: &[&str]| ChangeMessage::Changed(names.iter().map(|name| (*name).to_owned()).collect());
        for (message, text) in [
            (ChangeMessage::Added, r#"[{"added": {}}]"#),
            (changed(&[]), "[]"),
            (
                changed(&["Email address", "Größe \u{1f600}"]),
                concat!(r#"[{"changed": {"fields": ["Email address", "Gr\u00f6\u00dfe "#, r#"\ud83d\ude00"]}}]"#),
            ),
            (ChangeMessage::Nothing, ""),
        ] {
            assert_eq!(message.to_text(), text);
        }
    }

    #[test]
    fn messages_are_read_as_django_reads_them() {
        for (text, expected) in [
            (r#"[{"added": {}}]"#, "Added."),
            (r#"[{"added": {"name": "token", "object": "abc"}}]"#, "Added token “abc”."),
            (r#"[{"changed": {"fields": ["A"]}}]"#, "Changed A."),
            (r#"[{"changed": {"fields": ["A", "B", "C"]}}]"#, "Changed A, B and C."),
            (
                r#"[{"added": {}}, {"changed": {"fields": ["A"], "name": "user", "object": "<bob>"}}]"#,
                "Added. Changed A for user “<bob>”.",
            ),
            (r#"[{"deleted": {"name": "group", "object": "Ed"}}]"#, "Deleted group “Ed”."),
            ("[]", "No fields changed."),
            ("", ""),
            ("free text", "free text"),
            ("{broken", "{broken"),
            ("[broken", "[broken"),
            ("[1]", "[1]"),
            (r#"[{"changed": {"fields": [1]}}]"#, r#"[{"changed": {"fields": [1]}}]"#),
            ("\"text\"", "\"text\""),
        ] {
            assert_eq!(read_message(text).unwrap_or_else(|| text.to_owned()), expected);
        }
    }
}
