//! How a request body is read. Python counterpart: `rest_framework.parsers` and `rest_framework.request.Request.data`.

use std::borrow::Cow;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::Bytes;
use encoding_rs::mem::decode_latin1;
use encoding_rs::{Encoding, UTF_8, UTF_16LE, X_USER_DEFINED};
use serde_json::{Map, Value};

use super::exceptions::ApiError;
use super::mediatypes::{MAX_MEDIA_TYPE_LENGTH, MediaType};
use crate::http::body::{self, BodyBudget, BodyError, Limits};
use crate::http::multipart::{self, FormPart, MultiPartParserError};
use crate::http::query_dict::QueryDict;

/// Seconds after which a client may try again if its body did not fit into the memory of all bodies.
const RETRY_AFTER: u64 = 1;

/// `DEFAULT_PARSER_CLASSES`: what a client may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parser {
    /// `JSONParser`.
    Json,
    /// `FormParser`.
    Form,
    /// `MultiPartParser`.
    MultiPart,
}

impl Parser {
    /// The parser of that class name.
    #[must_use]
    pub fn from_class_name(name: &str) -> Option<Self> {
        match name {
            "JSONParser" => Some(Self::Json),
            "FormParser" => Some(Self::Form),
            "MultiPartParser" => Some(Self::MultiPart),
            _ => None,
        }
    }

    /// Media type it reads.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Form => "application/x-www-form-urlencoded",
            Self::MultiPart => "multipart/form-data",
        }
    }
}

/// A body that was read: `request.data`.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// Any JSON value.
    Json(Value),
    /// The fields of a form. A field that occurs several times has its last value. A file is an empty object.
    Form(Map<String, Value>),
}

/// The data of a body that was parsed before the view, kept in the extensions of the request. So no body is parsed twice.
#[cfg(feature = "server")]
pub(super) struct ParsedData(pub(super) Data);

/// Reads `payload` by the first of `parsers` that takes its `Content-Type`.
///
/// An empty body is an empty object with any `Content-Type`, as in DRF.
///
/// # Errors
/// 413 and 408 beyond `limits`, 413 beyond the limit of the view, 503 when `budget` is used up, 415 when no parser takes it,
/// 400 when it cannot be read.
pub async fn parse(
    headers: &HeaderMap,
    payload: Payload,
    parsers: &[Parser],
    limits: Limits,
    view_limit: Option<usize>,
    budget: &BodyBudget,
) -> Result<Data, ApiError> {
    let body = read_body(headers, payload, limits, view_limit, budget).await?;
    parse_body(headers, &body, parsers, limits.fields)
}

/// Same as [`parse`], for a body that was read already.
///
/// # Errors
/// 415 when no parser takes it, 400 when it cannot be read.
pub(super) fn parse_body(
    headers: &HeaderMap,
    body: &[u8],
    parsers: &[Parser],
    max_fields: usize,
) -> Result<Data, ApiError> {
    if body.is_empty() {
        return Ok(Data::Form(Map::new()));
    }
    // WSGI reads headers as Latin-1.
    let content_type = headers.get(header::CONTENT_TYPE).map(|v| decode_latin1(v.as_bytes()));
    let content_type = content_type.as_deref().unwrap_or("");
    // Nearly all clients send exactly this text, so it does not need to be parsed.
    let (parser, charset) = match parsers.iter().find(|parser| parser.media_type() == content_type) {
        Some(parser) => (parser, Charset::Other(UTF_8)),
        None => {
            let media_type = MediaType::parse(content_type);
            let parser = parsers
                .iter()
                .filter(|_| content_type.len() <= MAX_MEDIA_TYPE_LENGTH)
                .find(|parser| MediaType::parse(parser.media_type()).matches(&media_type))
                .ok_or_else(|| ApiError::unsupported_media_type(content_type))?;
            (parser, Charset::of(&media_type))
        }
    };
    match parser {
        Parser::Json => json(body, charset).map(Data::Json),
        Parser::Form => form(body, charset, max_fields).map(Data::Form),
        Parser::MultiPart => multipart(content_type, body, charset, max_fields).map(Data::Form),
    }
}

/// Reads `payload`.
///
/// # Errors
/// 413 and 408 beyond `limits`, 413 beyond the limit of the view, 503 when `budget` is used up.
pub(super) async fn read_body(
    headers: &HeaderMap,
    payload: Payload,
    limits: Limits,
    view_limit: Option<usize>,
    budget: &BodyBudget,
) -> Result<Bytes, ApiError> {
    let limit = view_limit.unwrap_or(usize::MAX).min(limits.body);
    body::read_body(headers, payload, limit, limits.time, budget).await.map_err(|error| match error {
        BodyError::TooLarge => {
            ApiError::request_data_too_big(view_limit.filter(|limit| *limit < limits.body.min(limits.total)))
        }
        BodyError::TooSlow => ApiError::request_timeout(),
        BodyError::OverBudget(_) => ApiError::service_unavailable(error, RETRY_AFTER).closing(),
        BodyError::Unreadable(error) => ApiError::parse_error("Request body could not be read.").because(error),
    })
}

/// The charset of a body. A name that is not known counts as UTF-8, as in Django.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Charset {
    Latin1,
    Ascii,
    /// UTF-16 with a byte order mark.
    Utf16,
    Other(&'static Encoding),
}

impl Charset {
    fn of(media_type: &MediaType) -> Self {
        let name = media_type
            .param("charset")
            .unwrap_or("")
            .trim()
            .to_ascii_lowercase()
            .replace('_', "-")
            .replace("utf-16-", "utf-16");
        match name.as_str() {
            // The Encoding Standard, which browsers follow, reads these as windows-1252. Python does not.
            "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "8859" | "cp819" | "l1" | "latin" => Self::Latin1,
            "ascii" | "us-ascii" | "646" => Self::Ascii,
            "utf-16" | "utf16" | "u16" => Self::Utf16,
            name => {
                let label = name.strip_prefix("cp").filter(|page| page.starts_with("125"));
                let label = label.map_or_else(|| name.to_owned(), |page| format!("windows-{page}"));
                let encoding = Encoding::for_label_no_replacement(label.as_bytes());
                Self::Other(encoding.filter(|encoding| *encoding != X_USER_DEFINED).unwrap_or(UTF_8))
            }
        }
    }

    /// The text, or `None` if the bytes are not in this charset.
    fn decode(self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Latin1 => Some(decode_latin1(bytes).into_owned()),
            Self::Ascii => bytes.is_ascii().then(|| String::from_utf8_lossy(bytes).into_owned()),
            Self::Utf16 => {
                let has_mark = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
                let (text, _, has_errors) = UTF_16LE.decode(bytes);
                (has_mark && !has_errors).then(|| text.into_owned())
            }
            Self::Other(encoding) => {
                encoding.decode_without_bom_handling_and_without_replacement(bytes).map(Cow::into_owned)
            }
        }
    }

    /// The text with U+FFFD in place of what is not in this charset.
    fn decode_lossy(self, bytes: &[u8]) -> String {
        match self {
            Self::Ascii => bytes.iter().map(|b| if b.is_ascii() { char::from(*b) } else { '\u{fffd}' }).collect(),
            Self::Other(encoding) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
            Self::Latin1 | Self::Utf16 => self.decode(bytes).unwrap_or_else(|| UTF_16LE.decode(bytes).0.into_owned()),
        }
    }
}

fn json(body: &[u8], charset: Charset) -> Result<Value, ApiError> {
    let problem = |what: &str| ApiError::parse_error(format!("JSON parse error - {what}"));
    let text = charset.decode(body).ok_or_else(|| problem("the body is not text in its charset"))?;
    serde_json::from_str(&text).map_err(|e| problem(&e.to_string()))
}

fn form(body: &[u8], charset: Charset, max_fields: usize) -> Result<Map<String, Value>, ApiError> {
    let decode = |part: &[u8]| {
        let spaced: Vec<u8> = part.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect();
        charset.decode_lossy(&percent_encoding::percent_decode(&spaced).collect::<Vec<u8>>())
    };
    if QueryDict::count(body) > max_fields {
        return Err(too_many_fields());
    }
    let mut fields = Map::new();
    for pair in body.split(|b| *b == b'&').filter(|pair| !pair.is_empty()) {
        let split = pair.iter().position(|b| *b == b'=').unwrap_or(pair.len());
        let value = pair.get(split + 1..).unwrap_or_default();
        fields.insert(decode(&pair[..split]), Value::String(decode(value)));
    }
    Ok(fields)
}

fn multipart(
    content_type: &str,
    body: &[u8],
    charset: Charset,
    max_fields: usize,
) -> Result<Map<String, Value>, ApiError> {
    let parts = multipart::parse(content_type, body, max_fields).map_err(|error| match error {
        MultiPartParserError::TooManyFields | MultiPartParserError::TooManyFiles => {
            ApiError::parse_error(error.to_string())
        }
        error => ApiError::parse_error(format!("Multipart form parse error - {error}")),
    })?;
    let field = |part: FormPart<'_>| {
        let value = part.value.map_or_else(|| Value::Object(Map::new()), |value| charset.decode_lossy(&value).into());
        (charset.decode_lossy(&part.name), value)
    };
    // In DRF, files come after the fields. Of the same name the last one counts.
    let (fields, files): (Vec<_>, Vec<_>) = parts.into_iter().partition(|part| part.value.is_some());
    Ok(fields.into_iter().chain(files).map(field).collect())
}

fn too_many_fields() -> ApiError {
    ApiError::parse_error("The number of GET/POST parameters exceeded settings.DATA_UPLOAD_MAX_NUMBER_FIELDS.")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::test::TestRequest;
    use actix_web::{FromRequest, ResponseError, web};
    use futures_util::FutureExt;
    use serde_json::json;

    use super::*;
    use crate::http::body::UNCOUNTED;

    const ALL: &[Parser] = &[Parser::Json, Parser::Form, Parser::MultiPart];

    async fn parse_with(content_type: &[u8], body: &[u8], limits: Limits) -> Result<Data, ApiError> {
        let (req, mut payload) = TestRequest::post()
            .insert_header((header::CONTENT_TYPE, content_type))
            .set_payload(body.to_vec())
            .to_http_parts();
        let payload = web::Payload::from_request(&req, &mut payload).await.unwrap().into_inner();
        parse(req.headers(), payload, ALL, limits, None, &BodyBudget::new(limits.total)).await
    }

    async fn parsed(content_type: &str, body: &[u8]) -> Result<Data, ApiError> {
        parse_with(content_type.as_bytes(), body, Limits::default()).await
    }

    fn form_data(value: Value) -> Data {
        match value {
            Value::Object(map) => Data::Form(map),
            other => panic!("{other} is not an object"),
        }
    }

    #[actix_web::test]
    async fn json_is_read_in_its_charset() {
        assert_eq!(parsed("application/json", b"{\"a\":1}").await.unwrap(), Data::Json(json!({ "a": 1 })));
        let latin = parsed("application/json; charset=latin-1", b"\"\xfc\"").await.unwrap();
        assert_eq!(latin, Data::Json(json!("ü")));
        for (charset, body) in [
            ("ISO_8859-1", b"\"\xfc\"".as_slice()),
            ("windows-1252", b"\"\xfc\""),
            ("cp1252", b"\"\xfc\""),
            ("iso-8859-15", b"\"\xfc\""),
            ("koi8-r", b"\"\xb7\""),
            ("shift_jis", b"\"\x83\xbf\""),
            ("utf-16", b"\xff\xfe\"\0\xfc\0\"\0"),
            ("utf-16", b"\xfe\xff\0\"\0\xfc\0\""),
            ("UTF-16-BE", b"\0\"\0\xfc\0\""),
            ("nonsense", "\"ü\"".as_bytes()),
        ] {
            let data = parsed(&format!("application/json; charset={charset}"), body).await.unwrap();
            let expected = match charset {
                "koi8-r" => "╥",
                "shift_jis" => "α",
                _ => "ü",
            };
            assert_eq!(data, Data::Json(json!(expected)), "{charset}");
        }
        for (charset, body) in [
            ("ascii", b"\"\xfc\"".as_slice()),
            ("shift_jis", b"\"\x83\""),
            ("utf-16", b"\xff\xfe\xd8\0\""),
            // Without a byte order mark.
            ("utf-16", b"\"\0\xfc\0\"\0"),
        ] {
            let error = parsed(&format!("application/json; charset={charset}"), body).await.unwrap_err();
            assert_eq!(error.status(), 400, "{charset}");
        }
        assert_eq!(parsed("application/json", b"\"\xfc\"").await.unwrap_err().status(), 400);
    }

    #[actix_web::test]
    async fn what_python_refuses_as_json_is_refused() {
        for body in ["{", "{'a':1}", "{\"a\":1,}", "NaN", "[Infinity]", "\u{feff}{}", "  "] {
            assert_eq!(parsed("application/json", body.as_bytes()).await.unwrap_err().status(), 400, "{body}");
        }
    }

    #[actix_web::test]
    async fn of_a_repeated_form_field_the_last_value_counts() {
        let form = "application/x-www-form-urlencoded";
        let data = parsed(form, b"a=1&b=x+y%21&a=2&flag&c=%FF").await.unwrap();
        assert_eq!(data, form_data(json!({ "a": "2", "b": "x y!", "flag": "", "c": "\u{fffd}" })));
    }

    #[actix_web::test]
    async fn forms_are_read_in_their_charset() {
        let expected = form_data(json!({ "ä": "ü\u{fffd}" }));
        let form = "application/x-www-form-urlencoded; charset=";
        assert_eq!(parsed(&format!("{form}utf-8"), b"%c3%a4=%c3%bc%ff").await.unwrap(), expected);
        let koi8 = form_data(json!({ "д": "Д" }));
        assert_eq!(parsed(&format!("{form}koi8-r"), b"%c4=%E4").await.unwrap(), koi8);
        let body = b"--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\xe4\r\n--B--\r\n";
        let form = "multipart/form-data; boundary=B; charset=";
        assert_eq!(parsed(&format!("{form}koi8-r"), body).await.unwrap(), form_data(json!({ "a": "Д" })));
        assert_eq!(parsed(&format!("{form}ascii"), body).await.unwrap(), form_data(json!({ "a": "\u{fffd}" })));
    }

    #[actix_web::test]
    async fn a_file_in_a_multipart_body_is_not_a_text_value() {
        let body = b"--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n\
            --B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"n\"\r\n\r\ny\r\n\
            --B\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\nz\r\n--B--\r\n";
        let data = parsed("multipart/form-data; boundary=B", body).await.unwrap();
        assert_eq!(data, form_data(json!({ "a": "x", "f": {} })));
    }

    #[actix_web::test]
    async fn a_multipart_body_without_a_boundary_is_refused() {
        let error = parsed("multipart/form-data", b"x").await.unwrap_err();
        assert_eq!(error.status(), 400);
        let detail = "Multipart form parse error - Invalid boundary in multipart: None";
        assert_eq!(error.body(), &json!({ "detail": detail }));
    }

    #[actix_web::test]
    async fn an_empty_body_is_empty_whatever_its_type() {
        assert_eq!(parsed("text/plain", b"").await.unwrap(), Data::Form(Map::new()));
        let error = parsed("text/plain", b"x").await.unwrap_err();
        assert_eq!(error.body(), &json!({ "detail": "Unsupported media type \"text/plain\" in request." }));
        // Headers are Latin-1.
        let error = parse_with(b"text/\xe9", b"x", Limits::default()).await.unwrap_err();
        assert_eq!(error.body(), &json!({ "detail": "Unsupported media type \"text/é\" in request." }));
    }

    #[actix_web::test]
    async fn a_body_is_bounded_in_bytes_and_fields() {
        let limits = Limits { body: 10, fields: 2, ..Limits::default() };
        let form = "application/x-www-form-urlencoded";
        assert_eq!(
            parse_with(form.as_bytes(), b"a=1&b=2", limits).await.unwrap(),
            form_data(json!({ "a": "1", "b": "2" }))
        );
        for body in [b"a&b&c".as_slice(), b"a&&b", b"&&"] {
            assert_eq!(parse_with(form.as_bytes(), body, limits).await.unwrap_err().status(), 400);
        }
        assert_eq!(parse_with(form.as_bytes(), b"a=123456789", limits).await.unwrap_err().status(), 413);
    }

    #[actix_web::test]
    async fn a_view_may_have_a_smaller_limit_but_not_a_larger_one() {
        let limits = Limits { body: 20, total: 30, ..Limits::default() };
        let refusal = async |length: usize, view_limit| {
            let (req, payload) = TestRequest::post().set_payload(vec![b'a'; length]).to_http_parts();
            let budget = BodyBudget::new(limits.total);
            let error = parse(req.headers(), payload, ALL, limits, view_limit, &budget).await.unwrap_err();
            (error.status().as_u16(), error.body()["detail"].as_str().unwrap().to_owned())
        };
        let of_view = "Request body exceeded 10 bytes, the limit of this view.".to_owned();
        let of_settings = "Request body exceeded settings.DATA_UPLOAD_MAX_MEMORY_SIZE.".to_owned();
        assert_eq!(refusal(11, Some(10)).await, (413, of_view));
        assert_eq!(refusal(10, Some(10)).await.0, 415);
        assert_eq!(refusal(21, Some(25)).await, (413, of_settings.clone()));
        assert_eq!(refusal(21, None).await, (413, of_settings));
    }

    #[actix_web::test]
    async fn bodies_in_flight_share_a_budget() {
        let limits = Limits { total: 30_000, ..Limits::default() };
        let budget = BodyBudget::new(limits.total);
        let read = |length: usize| {
            let (mut sender, payload) = actix_http::h1::Payload::create(false);
            sender.feed_data(Bytes::from(vec![b'a'; length]));
            // Kept open: the body does not end.
            (sender, Box::pin(async { parse(&HeaderMap::new(), payload.into(), ALL, limits, None, &budget).await }))
        };
        let (_first_sender, mut first) = read(UNCOUNTED + 20_000);
        assert!((&mut first).now_or_never().is_none());
        let (_second_sender, second) = read(UNCOUNTED + 10_001);
        let error = second.await.unwrap_err();
        assert_eq!(error.status(), 503);
        assert_eq!(error.body(), &json!({ "detail": "Service temporarily unavailable, try again later." }));
        assert_eq!(error.error_response().headers().get(header::RETRY_AFTER).unwrap(), "1");
        // A small body is still read.
        let small = Bytes::from_static(b"a");
        let (req, payload) = TestRequest::post().set_payload(small).to_http_parts();
        assert_eq!(parse(req.headers(), payload, ALL, limits, None, &budget).await.unwrap_err().status(), 415);
        drop(first);
        let (_third_sender, mut third) = read(UNCOUNTED + 21_000);
        assert!((&mut third).now_or_never().is_none());
    }

    #[actix_web::test]
    async fn a_body_that_does_not_arrive_is_not_awaited() {
        let (_sender, payload) = actix_http::h1::Payload::create(false);
        let limits = Limits { time: Duration::from_millis(1), ..Limits::default() };
        let payload = Payload::from(payload);
        let budget = BodyBudget::new(limits.total);
        let error = parse(&HeaderMap::new(), payload, ALL, limits, None, &budget).await.unwrap_err();
        assert_eq!((error.status().as_u16(), error.body()["detail"].as_str()), (408, Some("Request timed out.")));
    }
}
