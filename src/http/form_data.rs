//! The body of a form. Python counterpart: `HttpRequest.POST`.

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};

use super::body::{BodyBudget, BodyError, Limits, read_body};
use super::multipart::{self, FormPart, MultiPartParserError};
use super::query_dict::QueryDict;

/// Why a form cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FormError {
    /// Its body was not read.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// It has more fields than `DATA_UPLOAD_MAX_NUMBER_FIELDS`.
    #[error("the number of fields exceeds DATA_UPLOAD_MAX_NUMBER_FIELDS")]
    TooManyFields,
    /// It is a malformed multipart form.
    #[error(transparent)]
    MultiPart(#[from] MultiPartParserError),
}

/// The fields of the form in `payload`, urlencoded or multipart. Files are skipped. A body of another type has no fields.
///
/// # Errors
/// Returns an error beyond `limits` and `budget`, and if the body is malformed.
pub async fn read_form(
    headers: &HeaderMap,
    payload: Payload,
    limits: Limits,
    budget: &BodyBudget,
) -> Result<QueryDict, FormError> {
    let body = read_body(headers, payload, limits.body, limits.time, budget).await?;
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "application/x-www-form-urlencoded" => {
            if QueryDict::count(&body) > limits.fields {
                Err(FormError::TooManyFields)
            } else {
                Ok(QueryDict::parse(&body))
            }
        }
        "multipart/form-data" => multipart(content_type, &body, limits.fields),
        _ => Ok(QueryDict::default()),
    }
}

fn multipart(content_type: &str, body: &[u8], max_fields: usize) -> Result<QueryDict, FormError> {
    let mut fields = QueryDict::default();
    for FormPart { name, value } in multipart::parse(content_type, body, max_fields)? {
        if let Some(value) = value {
            fields.push(String::from_utf8_lossy(&name), String::from_utf8_lossy(&value));
        }
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use actix_web::test::TestRequest;
    use actix_web::{FromRequest, web};

    use super::*;

    const LIMITS: Limits = Limits { body: 400, total: 20_000, fields: 3, time: Duration::ZERO };

    async fn form(content_type: &str, body: &[u8]) -> Result<QueryDict, FormError> {
        let request = TestRequest::post().insert_header((header::CONTENT_TYPE, content_type));
        let (req, mut payload) = request.set_payload(body.to_vec()).to_http_parts();
        let payload = web::Payload::from_request(&req, &mut payload).await.unwrap().into_inner();
        read_form(req.headers(), payload, LIMITS, &BodyBudget::new(LIMITS.total)).await
    }

    #[actix_web::test]
    async fn both_kinds_of_forms_are_read_and_others_have_no_fields() {
        let fields: QueryDict = [("a", "1"), ("a", "2")].into_iter().collect();
        assert_eq!(form("application/x-www-form-urlencoded; charset=utf-8", b"a=1&a=2").await.unwrap(), fields);
        let body = b"--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B\r\nContent-Disposition: form-data; \
            name=\"a\"\r\n\r\n2\r\n--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"n\"\r\n\r\ny\r\n--B--\r\n";
        assert_eq!(form("multipart/form-data; boundary=B", body).await.unwrap(), fields);
        assert_eq!(form("application/json", b"{}").await.unwrap(), QueryDict::default());
    }

    #[actix_web::test]
    async fn a_form_is_bounded() {
        let urlencoded = "application/x-www-form-urlencoded";
        assert!(matches!(form(urlencoded, b"a&b&c&d").await, Err(FormError::TooManyFields)));
        assert!(matches!(form(urlencoded, &[b'a'; 401]).await, Err(FormError::Body(BodyError::TooLarge))));
        assert!(matches!(form("multipart/form-data", b"x").await, Err(FormError::MultiPart(_))));
    }
}
