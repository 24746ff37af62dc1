//! JSON Web Tokens by `jsonwebtoken`, keys parsed once.

use actix_web::error::ErrorUnauthorized;
use chrono::Utc;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const ACCESS_SECONDS: i64 = 3600;
const REFRESH_SECONDS: i64 = 86400;

pub struct Keys {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct Claims {
    pub token_type: String,
    pub exp: i64,
    pub iat: i64,
    pub jti: String,
    pub user_id: String,
}

impl Claims {
    pub fn user_id(&self) -> Result<i32, std::num::ParseIntError> {
        self.user_id.parse()
    }
}

impl Keys {
    pub fn new(secret: &[u8]) -> Self {
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation: Validation::new(Algorithm::HS256),
        }
    }

    /// The claims of a token of this kind, or of any when `kind` is empty.
    pub fn decode(&self, token: &str, kind: &str) -> Result<Claims, actix_web::Error> {
        let claims = decode::<Claims>(token, &self.decoding, &self.validation).map_err(ErrorUnauthorized)?.claims;
        if !kind.is_empty() && claims.token_type != kind {
            return Err(ErrorUnauthorized("wrong kind of token"));
        }
        Ok(claims)
    }

    pub fn new_refresh(&self, user_id: &str) -> (String, Claims) {
        self.sign("refresh", REFRESH_SECONDS, user_id)
    }

    pub fn access_of(&self, refresh: &Claims) -> String {
        self.sign("access", ACCESS_SECONDS, &refresh.user_id).0
    }

    fn sign(&self, kind: &str, seconds: i64, user_id: &str) -> (String, Claims) {
        let iat = Utc::now().timestamp();
        let claims = Claims {
            token_type: kind.to_owned(),
            exp: iat + seconds,
            iat,
            jti: Uuid::new_v4().simple().to_string(),
            user_id: user_id.to_owned(),
        };
        let token = encode(&Header::default(), &claims, &self.encoding).expect("HMAC signs whatever it is given");
        (token, claims)
    }
}
