//! The form of a request, and the client that sends it. Python counterpart: `oauthlib.common.Request` and
//! `OAuth2Validator.authenticate_client` of django-oauth-toolkit.

use actix_web::HttpRequest;
use actix_web::web::Payload;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::clients::OAuth2Clients;
use crate::core::crypto::SecretString;
use crate::http::headers::words;
use crate::rest_framework::authentication::authorization;
use crate::rest_framework::exceptions::ApiError;
use crate::rest_framework::fields::CharField;
use crate::rest_framework::parsers::{Data, Parser, parse};
use crate::rest_framework::serializers::{Fields, Serializer};
use crate::rest_framework::state::{RestFramework, app_data};
use crate::rest_framework::throttling::client_address;

/// The largest body in bytes: a token has 16 KiB at most.
pub(super) const BODY_LIMIT: usize = 32 * 1024;

/// The fields for the API's description.
pub(super) struct TokenForm;

impl Serializer for TokenForm {
    fn read(fields: &mut Fields<'_>) -> Self {
        fields.read(CharField::new("token"));
        Self
    }
}

/// The fields of a form.
pub(super) struct ClientForm(Map<String, Value>);

impl ClientForm {
    /// Reads the body. A body that is not a form has no fields, as in Django.
    pub(super) async fn read(req: &HttpRequest, payload: Payload) -> Result<Self, ApiError> {
        let framework = RestFramework::of(req)?;
        let (limits, budget) = (framework.settings.limits, &framework.body_budget);
        let data = parse(req.headers(), payload.into_inner(), &[Parser::Form], limits, Some(BODY_LIMIT), budget).await;
        match data {
            Ok(Data::Form(fields)) => Ok(Self(fields)),
            Ok(Data::Json(_)) => Ok(Self(Map::new())),
            Err(error) if error.status() == 415 => Ok(Self(Map::new())),
            Err(error) => Err(error),
        }
    }

    /// The last value of a field.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// Whether the header or the form has the id and the secret of a client.
    pub(super) async fn is_from_client(&self, req: &HttpRequest) -> Result<bool, ApiError> {
        let (clients, auth) = (app_data::<OAuth2Clients>(req)?, app_data(req)?);
        let address = client_address(req);
        if let Some((id, secret)) = basic(req)
            && clients.check_secret(auth, &address, &id, secret.expose()).await?
        {
            return Ok(true);
        }
        match (self.get("client_id"), self.get("client_secret")) {
            (Some(id), Some(secret)) => Ok(clients.check_secret(auth, &address, id, secret).await?),
            _ => Ok(false),
        }
    }
}

/// The id and the secret in an `Authorization: Basic` header. Both are encoded as in a form (RFC 6749, section 2.3.1).
fn basic(req: &HttpRequest) -> Option<(String, SecretString)> {
    let header = authorization(req)?;
    let mut words = words(&header);
    let (scheme, encoded) = (words.next()?, words.next()?);
    if !scheme.eq_ignore_ascii_case(b"basic") || words.next().is_some() {
        return None;
    }
    let text = SecretString::new(String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?);
    let (id, secret) = text.expose().split_once(':')?;
    let decode = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
    };
    Some((decode(id)?, decode(secret)?.into()))
}
