//! The search of a list. Python counterpart: `ModelAdmin.get_search_results`.
//!
//! Every word must be in one of the fields. To find out, a database has to read every row, which takes long with a million rows.
//! So in a large table only the newest rows are searched, and the rows whose unique texts begin with a word. The page says so and
//! offers to search every row.

use super::error::ChangeListError;
use super::lookups::{escaped, like};
use super::path::{Joins, PathColumn, PathTarget};
use crate::contrib::admin::models::one_of;
use crate::contrib::admin::sites::Registered;
use crate::core::python;
use crate::db::DbConnection;
use crate::db::tables::{ColumnKind, Statement, Table, TableColumn};
use crate::db::text_query::TextRow;

/// The number of the newest rows of a large table that are searched.
pub(super) const NEWEST: u64 = 10_000;

/// The largest number of rows that are found by the beginning of a unique text.
const MAX_FOUND: u64 = 1_000;

/// The condition that every word of `query` is in one of the fields. Empty without a search.
pub(super) fn condition(
    conn: &mut DbConnection,
    joins: &mut Joins<'_>,
    registered: &Registered,
    query: &str,
) -> Result<Statement, ChangeListError> {
    let columns = columns(conn, joins, registered)?;
    let mut all = Statement::default();
    if columns.is_empty() {
        return Ok(all);
    }
    for word in words(query) {
        all.push(if all.is_empty() { "(" } else { " AND (" });
        for (index, (column, lookup)) in columns.iter().enumerate() {
            all.push(if index == 0 { "" } else { " OR " });
            let word = escaped(&word);
            all.append(match lookup {
                TextLookup::Contains => like(column, &format!("%{word}%"), true),
                TextLookup::StartsWith => like(column, &format!("{word}%"), true),
                TextLookup::Exact => like(column, &word, true),
            });
        }
        all.push(")");
    }
    Ok(all)
}

/// The part of a large table that is searched, under the name of the table: its newest rows, and those whose unique texts begin with
/// a word. The database computes this part first, without the other conditions. Otherwise it would read the whole table in the
/// order of the list.
pub(super) fn searched_part(
    conn: &mut DbConnection,
    joins: &mut Joins<'_>,
    registered: &Registered,
    query: &str,
) -> Result<Statement, ChangeListError> {
    let table = registered.objects.table(conn)?;
    let key = registered.objects.column(&table, "pk")?;
    let newest = format!(
        "SELECT {} FROM {} ORDER BY {} DESC LIMIT 1 OFFSET {}",
        key.kind.selected(&key.qualified, &key.column),
        table.quoted,
        key.qualified,
        NEWEST - 1
    );
    let oldest_of_newest = Statement::new(newest).scalar(conn)?.map(|value| key.kind.read(value));
    let mut part = Statement::new(format!("(SELECT * FROM {} WHERE {} >= ", table.quoted, key.qualified));
    part.bind(key, oldest_of_newest.as_deref(), table.vendor);
    let mut keys = Vec::new();
    let is_index = |column: &PathColumn| column.column.column.is_unique && column.column.kind == ColumnKind::Text;
    for (column, _) in columns(conn, joins, registered)?.iter().filter(|(column, _)| is_index(column)) {
        for word in words(query).into_iter().filter(|word| !word.is_empty()) {
            let rows = beginning(&table, key, joins, column, &word).rows(conn)?;
            keys.extend(rows.into_iter().filter_map(|TextRow(values)| values.into_iter().next().flatten()));
        }
    }
    let keys: Vec<String> = keys.into_iter().map(|value| key.kind.read(value)).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    if let Some(found) = one_of(&table, key, &keys) {
        part.push(" OR ").append(found);
    }
    let all = if table.vendor == "sqlite" { "-1" } else { "ALL" };
    part.push(&format!(" LIMIT {all} OFFSET 0) AS {}", table.quoted));
    Ok(part)
}

/// The keys of rows whose unique text begins with `word`, by the index of that text.
fn beginning(table: &Table, key: &TableColumn, joins: &Joins<'_>, column: &PathColumn, word: &str) -> Statement {
    let selected = key.kind.selected(&key.qualified, &key.column);
    let mut keys = Statement::new(format!("SELECT {selected} FROM {}{} WHERE ", table.quoted, joins.sql));
    match column.vendor {
        "sqlite" => {
            keys.push(&format!("{} >= ", column.sql)).bind_text(word);
            keys.push(&format!(" AND {} < ", column.sql)).bind_text(format!("{word}\u{10ffff}"));
        }
        _ => {
            keys.push(&format!("{} LIKE ", column.sql)).bind_text(format!("{}%", escaped(word)));
        }
    }
    keys.push(&format!(" LIMIT {MAX_FOUND}"));
    keys
}

/// How a word is compared with a field, as in the lookups of a `QuerySet`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TextLookup {
    Contains,
    StartsWith,
    Exact,
}

fn columns(
    conn: &mut DbConnection,
    joins: &mut Joins<'_>,
    registered: &Registered,
) -> Result<Vec<(PathColumn, TextLookup)>, ChangeListError> {
    let mut columns = Vec::new();
    for path in registered.admin.search_fields() {
        let (path, lookup) = match (path.strip_prefix('^'), path.strip_prefix('=')) {
            (Some(path), _) => (path, TextLookup::StartsWith),
            (_, Some(path)) => (path, TextLookup::Exact),
            _ => (*path, TextLookup::Contains),
        };
        if let Some(PathTarget::Column(column)) = joins.resolve(conn, path)?.map(|resolved| resolved.target) {
            columns.push((column, lookup));
        }
    }
    Ok(columns)
}

/// The words of a search: `smart_split`. Quotes keep words together.
fn words(query: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = query.trim_start_matches(python::is_space);
    while !rest.is_empty() {
        let (word, tail) = rest.split_at(end_of_word(rest));
        words.push(unquoted(word));
        rest = tail.trim_start_matches(python::is_space);
    }
    words
}

/// The end of the first word of `text`. A quote without a second one is an ordinary character.
fn end_of_word(text: &str) -> usize {
    let mut at = 0;
    let mut has_quotes = false;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        if python::is_space(c) {
            return at;
        }
        if matches!(c, '"' | '\'') {
            match closing_quote(text, at, c) {
                Some(end) => {
                    at = end;
                    has_quotes = true;
                    continue;
                }
                // Like Django's regular expression: the text before it, with its quotes, is a word.
                None if has_quotes => return at,
                None => {
                    let rest = text.get(at..).unwrap_or_default();
                    return at + rest.find(python::is_space).unwrap_or(rest.len());
                }
            }
        }
        at += c.len_utf8();
    }
    text.len()
}

/// The position after the quote that closes the quote at `start`.
fn closing_quote(text: &str, start: usize, quote: char) -> Option<usize> {
    let mut is_escaped = false;
    for (index, c) in text.get(start..)?.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            c if c == quote => return Some(start + index + 1),
            _ => {}
        }
    }
    None
}

/// The text between quotes: `unescape_string_literal`.
fn unquoted(word: &str) -> String {
    let Some(quote) = word.chars().next().filter(|c| matches!(c, '"' | '\'')) else { return word.to_owned() };
    if !word.ends_with(quote) {
        return word.to_owned();
    }
    let inner = word.get(1..word.len().saturating_sub(1)).unwrap_or_default();
    inner.replace(&format!("\\{quote}"), &quote.to_string()).replace("\\\\", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_words_together() {
        for (query, expected) in [
            ("bob builder", vec!["bob", "builder"]),
            ("  bob  ", vec!["bob"]),
            ("\"Bob Builder\"", vec!["Bob Builder"]),
            ("'frank builder' x", vec!["frank builder", "x"]),
            ("\"", vec![""]),
            ("a\"b c\"d e", vec!["a\"b c\"d", "e"]),
            ("it's here", vec!["it's", "here"]),
            (r#""say \"hi\"""#, vec!["say \"hi\""]),
            ("", vec![]),
            ("ü \u{3000}ö", vec!["ü", "ö"]),
            ("\u{1f}a\u{1c}b", vec!["a", "b"]),
        ] {
            assert_eq!(words(query), expected, "{query}");
        }
    }
}
