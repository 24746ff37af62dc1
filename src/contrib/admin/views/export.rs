//! A list as a file for spreadsheets. Not in Django; the counterpart is an action that every project writes itself.
//!
//! The file has every row that search and filters find, in the order of their keys. It is sent while the rows are read, a
//! thousand in each statement, so that a table of any size needs little memory. Secrets are left out.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Bytes;
use futures_util::stream;

use super::changelist::cell;
use crate::contrib::admin::cell::Cell;
use crate::contrib::admin::changelist::{self, ChangeListError, Wanted};
use crate::contrib::admin::error::{PageError, redirect};
use crate::contrib::admin::models::{Field, FieldKind, Row};
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::{AdminSite, Registered};
use crate::db::{Database, DbConnection};

/// Rows that are read by one statement.
const CHUNK: u64 = 1_000;

/// Characters that make a cell a formula in a spreadsheet. Any user can choose a name that begins with one.
const FORMULA: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

/// The file.
pub(super) async fn export(
    site: &AdminSite,
    registered: &Registered,
    request: &AdminRequest,
) -> Result<HttpResponse, PageError> {
    if !registered.has_view_permission(request, None) {
        return Err(PageError::PermissionDenied);
    }
    let wanted = changelist::ListRequest { params: request.params.clone(), has_actions: false, now: request.now() };
    let source = RowSource { db: request.db.clone(), site: site.clone(), registered: registered.clone(), wanted };
    // The first rows are read before the answer begins, so that an error has a status.
    let first = match source.chunk(None).await {
        Ok(rows) => rows,
        Err(ChangeListError::Incorrect) => return Ok(redirect(&format!("{}?e=1", source.list_url()))),
        Err(ChangeListError::Disallowed(path)) => {
            return Err(PageError::BadRequest(format!("filtering by {path} is not allowed")));
        }
        Err(ChangeListError::Database(error)) => return Err(error.into()),
    };
    let columns = columns(registered);
    let head = line(columns.iter().map(|column| column.name.clone()))?;
    let name = format!("{}-{}.csv", registered.model.model_name, request.now().format("%F"));
    let start = ExportState { source, columns, next: Next::Rows(head, first) };
    let lines = stream::try_unfold(start, |state| async move { state.step().await });
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .streaming(lines))
}

/// The source of the rows.
struct RowSource {
    db: Database,
    site: AdminSite,
    registered: Registered,
    wanted: changelist::ListRequest,
}

impl RowSource {
    /// The next rows after the one with the key `after`.
    async fn chunk(&self, after: Option<String>) -> Result<Vec<Row>, ChangeListError> {
        let (site, registered, wanted) = (self.site.clone(), self.registered.clone(), self.wanted.clone());
        let read = move |conn: &mut DbConnection| {
            wanted.rows(conn, &site, &registered, Wanted::After(after.as_deref()), CHUNK)
        };
        self.db.query(read).await
    }

    fn list_url(&self) -> String {
        self.site.url_of(&self.registered, "")
    }
}

struct ExportState {
    source: RowSource,
    columns: Vec<ExportColumn>,
    next: Next,
}

/// The next part of the file.
enum Next {
    /// The bytes before the first rows, and these rows.
    Rows(Vec<u8>, Vec<Row>),
    /// Rows after the one with this key.
    After(String),
    End,
}

impl ExportState {
    async fn step(mut self) -> Result<Option<(Bytes, Self)>, PageError> {
        let (mut bytes, rows) = match std::mem::replace(&mut self.next, Next::End) {
            Next::End => return Ok(None),
            Next::Rows(head, rows) => (head, rows),
            Next::After(key) => {
                let rows = self.source.chunk(Some(key)).await;
                (Vec::new(), rows.map_err(|error| PageError::internal(error.to_string()))?)
            }
        };
        for row in &rows {
            bytes.extend(line(self.columns.iter().map(|column| column.text(&self.source.registered, row)))?);
        }
        if let Some(last) = rows.last().filter(|_| u64::try_from(rows.len()).is_ok_and(|count| count >= CHUNK)) {
            self.next = Next::After(last.pk().to_owned());
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        Ok(Some((bytes.into(), self)))
    }
}

/// A column of the file.
struct ExportColumn {
    name: String,
    value: ExportValue,
}

enum ExportValue {
    /// The value as it is stored.
    Stored(Box<Field>),
    /// The value in the list.
    Shown(String),
}

impl ExportColumn {
    fn text(&self, registered: &Registered, row: &Row) -> String {
        match &self.value {
            ExportValue::Stored(field) => {
                let text = row.text(&field.name);
                let is_number = matches!(field.kind, FieldKind::Integer | FieldKind::Float | FieldKind::Decimal);
                if is_number { text.to_owned() } else { escape_formula(text) }
            }
            ExportValue::Shown(column) => match cell(registered, column, row) {
                Cell::Empty => String::new(),
                cell => escape_formula(cell.plain()),
            },
        }
    }
}

/// The columns: the columns of the list, then the other fields. A foreign key has its text as a column of the list, and its key
/// as another column.
fn columns(registered: &Registered) -> Vec<ExportColumn> {
    let model = &registered.model;
    let mut columns = Vec::new();
    let mut stored: Vec<&Field> =
        model.fields.iter().filter(|field| !field.column.is_empty() && !field.secret).collect();
    for column in registered.admin.list_display() {
        match model.get_field(column) {
            Some(field) if field.secret => {}
            Some(field) if field.relation().is_none() => {
                stored.retain(|other| other.name != field.name);
                columns.push(ExportColumn {
                    name: field.name.clone(),
                    value: ExportValue::Stored(Box::new(field.clone())),
                });
            }
            _ => columns
                .push(ExportColumn { name: (*column).to_owned(), value: ExportValue::Shown((*column).to_owned()) }),
        }
    }
    columns.extend(
        stored.into_iter().map(|field| ExportColumn {
            name: field.column.clone(),
            value: ExportValue::Stored(Box::new(field.clone())),
        }),
    );
    columns
}

/// A text that no spreadsheet takes for a formula.
fn escape_formula(text: &str) -> String {
    if text.starts_with(FORMULA) { format!("'{text}") } else { text.to_owned() }
}

fn line(cells: impl Iterator<Item = String>) -> Result<Vec<u8>, PageError> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(cells).map_err(PageError::internal)?;
    writer.into_inner().map_err(|error| PageError::internal(error.error()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for (text, cell) in
            [("=1+1", "'=1+1"), ("+1", "'+1"), ("-x", "'-x"), ("@SUM(A1)", "'@SUM(A1)"), ("\n=1", "'\n=1")]
        {
            assert_eq!(escape_formula(text), cell);
        }
        for text in ["", "ann", "a=1", "'=1"] {
            assert_eq!(escape_formula(text), text);
        }
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let cells = ["plain", "a,b", "say \"hi\"", "two\nlines", ""].map(str::to_owned);
        assert_eq!(line(cells.into_iter()).unwrap(), b"plain,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\r\n".to_vec());
    }
}
