//! Forms as `multipart/form-data` (RFC 7578). Python counterpart: `django.http.multipartparser`.
//!
//! Django accepts more than the RFC allows: a missing last boundary, spaces after a boundary, parts without a name, base64.
//! Clients of Django may rely on that, so this reader finds the same fields.

use std::borrow::Cow;

use memchr::memmem;

use super::headers::parse_header_parameters;
use crate::core::python::b64decode;

/// The headers of a part must end within these bytes.
const MAX_TOTAL_HEADER_SIZE: usize = 1024;
const MAX_BOUNDARY_LENGTH: usize = 201;
/// `DATA_UPLOAD_MAX_NUMBER_FILES`, by its default.
const MAX_FILES: usize = 100;

/// Why a form cannot be read. The texts are Django's.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MultiPartParserError {
    /// The `Content-Type` is another one, or is not in lower case.
    #[error("Invalid Content-Type: {0}")]
    ContentType(String),
    /// The `Content-Type` has other characters than ASCII.
    #[error("Invalid non-ASCII Content-Type in multipart: {0}")]
    NotAscii(String),
    /// There is no boundary, or one that the RFC does not allow.
    #[error("Invalid boundary in multipart: {0}")]
    Boundary(String),
    /// The headers of a part are too long.
    #[error("Request max total header size exceeded.")]
    HeaderSize,
    /// A file in base64 is cut off.
    #[error("Could not decode base64 data.")]
    Base64,
    /// There are more fields than `DATA_UPLOAD_MAX_NUMBER_FIELDS`.
    #[error("The number of GET/POST parameters exceeded settings.DATA_UPLOAD_MAX_NUMBER_FIELDS.")]
    TooManyFields,
    /// There are more than a hundred files.
    #[error("The number of files exceeded settings.DATA_UPLOAD_MAX_NUMBER_FILES.")]
    TooManyFiles,
}

/// A field of a form.
#[derive(Debug, PartialEq, Eq)]
pub struct FormPart<'a> {
    /// Its name, in the charset of the form.
    pub name: Vec<u8>,
    /// Its value, in the charset of the form. `None` for a file.
    pub value: Option<Cow<'a, [u8]>>,
}

/// The fields and files in `body`, in their order. Parts without a name and files without a name of the file are left out.
///
/// # Errors
/// Returns an error where Django does, and, as Django, for more than `max_fields + 2` parts that are not files.
pub fn parse<'a>(
    content_type: &str,
    body: &'a [u8],
    max_fields: usize,
) -> Result<Vec<FormPart<'a>>, MultiPartParserError> {
    let boundary = boundary(content_type)?;
    let (mut parts, mut fields, mut files) = (Vec::new(), 0, 0);
    let mut ends_with_file = false;
    for content in split(body, format!("--{boundary}").as_bytes()) {
        let part = part(content)?;
        ends_with_file = part.as_ref().is_some_and(|part| part.value.is_none());
        if ends_with_file {
            files += 1;
        } else {
            fields += 1;
        }
        // Django counts the text before the first boundary and the text after the last one as fields.
        if fields > max_fields.saturating_add(2) {
            return Err(MultiPartParserError::TooManyFields);
        }
        if files > MAX_FILES {
            return Err(MultiPartParserError::TooManyFiles);
        }
        parts.extend(part);
    }
    // Django drops a file that is cut off: nothing follows it, not even the end of the last boundary.
    if ends_with_file {
        parts.pop();
    }
    // It drops a file whose field has an empty name too.
    parts.retain(|part| part.value.is_some() || !part.name.is_empty());
    Ok(parts)
}

fn boundary(content_type: &str) -> Result<String, MultiPartParserError> {
    if !content_type.starts_with("multipart/") {
        return Err(MultiPartParserError::ContentType(content_type.to_owned()));
    }
    if !content_type.is_ascii() {
        return Err(MultiPartParserError::NotAscii(content_type.to_owned()));
    }
    let (_, parameters) = parse_header_parameters(content_type);
    let Some(boundary) = last(&parameters, "boundary") else {
        return Err(MultiPartParserError::Boundary("None".to_owned()));
    };
    let is_valid = !boundary.is_empty()
        && boundary.len() <= MAX_BOUNDARY_LENGTH
        && boundary.bytes().all(|b| (b' '..=b'~').contains(&b))
        && !boundary.ends_with(' ');
    if is_valid { Ok(boundary.to_owned()) } else { Err(MultiPartParserError::Boundary(boundary.to_owned())) }
}

/// Of a parameter that is there twice, the last value counts.
fn last<'p>(parameters: &'p [(String, String)], name: &str) -> Option<&'p str> {
    parameters.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// What is between the separators, without the line break before each.
fn split<'a>(body: &'a [u8], separator: &[u8]) -> impl Iterator<Item = &'a [u8]> {
    let finder = memmem::Finder::new(separator).into_owned();
    let mut rest = Some(body).filter(|body| !body.is_empty());
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let Some(end) = finder.find(text) else { return Some(text) };
        rest = Some(&text[end + finder.needle().len()..]).filter(|rest| !rest.is_empty());
        let text = &text[..end];
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        Some(text.strip_suffix(b"\r").unwrap_or(text))
    })
}

/// The field or file in `text`: its headers and its content.
fn part(text: &[u8]) -> Result<Option<FormPart<'_>>, MultiPartParserError> {
    let start = &text[..text.len().min(MAX_TOTAL_HEADER_SIZE)];
    let Some(end) = memmem::find(start, b"\r\n\r\n") else {
        return if start.len() < MAX_TOTAL_HEADER_SIZE { Ok(None) } else { Err(MultiPartParserError::HeaderSize) };
    };
    let (mut disposition, mut encoding) = (None, None);
    let (mut rest, content) = (&text[..end + 2], &text[end + 4..]);
    while let Some(length) = memmem::find(rest, b"\r\n") {
        if let Ok(line) = str::from_utf8(&rest[..length]) {
            let (main, parameters) = parse_header_parameters(line);
            match main.split_once(':') {
                Some(("content-disposition", _)) => disposition = Some(parameters),
                Some(("content-transfer-encoding", value)) => encoding = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        rest = &rest[length + 2..];
    }
    let Some(parameters) = disposition else { return Ok(None) };
    let Some(name) = last(&parameters, "name") else { return Ok(None) };
    let is_base64 = encoding.as_deref() == Some("base64");
    let value = match last(&parameters, "filename").filter(|filename| !filename.is_empty()) {
        Some(filename) if !is_file_name(filename) => return Ok(None),
        Some(_) if is_base64 && !is_base64_file(content) => return Err(MultiPartParserError::Base64),
        Some(_) => None,
        None if is_base64 => Some(b64decode(content).map_or(Cow::Borrowed(content), Cow::Owned)),
        None => Some(Cow::Borrowed(content)),
    };
    Ok(Some(FormPart { name: name.trim_matches(is_space).as_bytes().to_vec(), value }))
}

/// Whether Django leaves anything of this name of a file: it removes folders and characters that cannot be printed.
fn is_file_name(name: &str) -> bool {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    !matches!(name.as_str(), "" | "." | "..")
}

/// Whether Django can decode a file.
fn is_base64_file(content: &[u8]) -> bool {
    let text: Vec<u8> = content.iter().copied().filter(|b| !is_space(char::from(*b))).collect();
    text.len().is_multiple_of(4) && b64decode(&text).is_some()
}

/// White space of Python's `bytes.strip`.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::*;

    fn fields(body: &str) -> Vec<(String, Option<String>)> {
        let body = body.replace('\n', "\r\n");
        let parts = parse("multipart/form-data; boundary=X", body.as_bytes(), 10).unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        parts.iter().map(|part| (text(&part.name), part.value.as_deref().map(text))).collect()
    }

    fn field(headers: &str, content: &str) -> Vec<(String, Option<String>)> {
        fields(&format!("--X\n{headers}\n\n{content}\n--X--\n"))
    }

    fn named(name: &str, value: &str) -> Vec<(String, Option<String>)> {
        vec![(name.to_owned(), Some(value.to_owned()))]
    }

    const A: &str = "Content-Disposition: form-data; name=\"a\"";

    /// `tests/fixtures/django/multipart/make.py` has recorded these.
    #[test]
    fn random_forms_are_read_as_django_reads_them() {
        const FORMS: &str = include_str!("../../tests/fixtures/django/multipart/forms.json");
        let latin1 = |bytes: &[u8]| bytes.iter().map(|b| char::from(*b)).collect::<String>();
        for case in serde_json::from_str::<Vec<Value>>(FORMS).unwrap() {
            let (content_type, body) = (case[0].as_str().unwrap(), case[1].as_str().unwrap());
            let bytes: Vec<u8> = body.chars().map(|c| u8::try_from(c).unwrap()).collect();
            let found = match parse(content_type, &bytes, 1_000) {
                Err(error) => json!([content_type, body, error.to_string()]),
                Ok(parts) => {
                    let (mut fields, mut files) = (Map::new(), Map::new());
                    for part in parts {
                        let name = latin1(&part.name);
                        match part.value {
                            Some(value) => match fields.entry(name).or_insert(json!([])) {
                                Value::Array(values) => values.push(latin1(&value).into()),
                                other => panic!("{other}"),
                            },
                            None => {
                                let count = files.get(&name).and_then(Value::as_u64).unwrap_or(0);
                                files.insert(name, (count + 1).into());
                            }
                        }
                    }
                    json!([content_type, body, fields, files])
                }
            };
            assert_eq!(found, case);
        }
    }

    #[test]
    fn the_form_of_a_browser_is_read() {
        let body = format!("--X\n{A}\n\n1\n\n2\n--X\n{A}; filename=\"n.txt\"\nContent-Type: text/plain\n\n3\n--X--\n");
        assert_eq!(fields(&body), [("a".to_owned(), Some("1\r\n\r\n2".to_owned())), ("a".to_owned(), None)]);
    }

    #[test]
    fn what_django_reads_beyond_the_rfc_is_read() {
        for body in [
            format!("--X\n{A}\n\n1"),
            format!("--X\n{A}\n\n1\n--X"),
            format!("--X  \n{A}\n\n1\n--X--"),
            format!("preamble\n--X\n{A}\n\n1\n--X--\nepilogue"),
            format!("--X\nContent-Type: text/plain\n\n0\n--X\n{A}\n\n1\n--X--\n"),
            format!("--X\n{A}; filename=\"\"\n\n1\n--X--\n"),
        ] {
            assert_eq!(fields(&body), named("a", "1"), "{body}");
        }
        for headers in [
            "content-disposition: attachment; NAME = a",
            "Content-Disposition: inline; name=\" a \"; name=\"a\"",
            "Content-Disposition: form-data; name*=utf-8''%61",
        ] {
            assert_eq!(field(headers, "1"), named("a", "1"), "{headers}");
        }
        assert_eq!(field(&format!("{A}\nContent-Transfer-Encoding: BASE64"), "M T=="), named("a", "1"));
        assert_eq!(field(&format!("{A}\nContent-Transfer-Encoding: base64"), "MTIz!"), named("a", "123"));
        assert_eq!(field(&format!("{A}\nContent-Transfer-Encoding: base64"), "MTI"), named("a", "MTI"));
    }

    #[test]
    fn parts_without_a_name_and_files_that_are_cut_off_are_left_out() {
        assert_eq!(field("Content-Disposition: form-data", "1"), []);
        assert_eq!(field(&format!("{A}; filename=\"../..\""), "1"), []);
        assert_eq!(fields(&format!("--X\n{A}; filename=n\n\n1\n--X")), []);
        assert_eq!(fields("garbage"), []);
        assert_eq!(fields("--X\nContent-Disposition: form-data; name=a\n"), []);
        assert_eq!(parse("multipart/form-data; boundary=X", b"", 0), Ok(Vec::new()));
    }

    #[test]
    fn what_django_refuses_is_refused() {
        let error = |content_type: &str, body: &str| parse(content_type, body.as_bytes(), 1).unwrap_err().to_string();
        let form = "multipart/form-data; boundary=X";
        for (content_type, expected) in [
            ("Multipart/form-data; boundary=X", "Invalid Content-Type: Multipart/form-data; boundary=X"),
            (
                "multipart/form-data; boundary=é",
                "Invalid non-ASCII Content-Type in multipart: multipart/form-data; boundary=é",
            ),
            ("multipart/form-data", "Invalid boundary in multipart: None"),
            ("multipart/form-data; boundary=\"\"", "Invalid boundary in multipart: "),
            ("multipart/form-data; boundary=\"a \"", "Invalid boundary in multipart: a "),
        ] {
            assert_eq!(error(content_type, ""), expected);
        }
        assert_eq!(
            error(&format!("multipart/form-data; boundary={}", "b".repeat(202)), ""),
            format!("Invalid boundary in multipart: {}", "b".repeat(202))
        );
        assert_eq!(error(form, &"x".repeat(1024)), "Request max total header size exceeded.");
        let file = format!("--X\r\n{A}; filename=\"n\"\r\nContent-Transfer-Encoding: base64\r\n\r\nMTI\r\n");
        assert_eq!(error(form, &file), "Could not decode base64 data.");
        let field = format!("--X\r\n{A}\r\n\r\n1\r\n");
        assert_eq!(parse(form, format!("{field}--X--\r\n").as_bytes(), 1).unwrap().len(), 1);
        assert_eq!(
            error(form, &format!("{field}{field}--X--\r\n")),
            "The number of GET/POST parameters exceeded settings.DATA_UPLOAD_MAX_NUMBER_FIELDS."
        );
        let file = format!("--X\r\n{A}; filename=\"n\"\r\n\r\n1\r\n");
        assert_eq!(parse(form, format!("{}--X--", file.repeat(100)).as_bytes(), 1).unwrap().len(), 100);
        assert_eq!(
            error(form, &file.repeat(101)),
            "The number of files exceeded settings.DATA_UPLOAD_MAX_NUMBER_FILES."
        );
    }
}
