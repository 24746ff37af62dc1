//! The bodies of requests to the views of this app. Python counterpart: `TokenFamilyBlacklistSerializer` of simplejwt's proposal;
//! none for the other one.

use crate::rest_framework::fields::{BooleanField, CharField};
use crate::rest_framework::serializers::{Fields, Serializer};

/// A refresh token whose family is to be ended.
#[derive(Debug)]
pub struct TokenFamilyBlacklistSerializer {
    pub(super) refresh: String,
}

impl Serializer for TokenFamilyBlacklistSerializer {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { refresh: fields.read(CharField::new("refresh")) }
    }
}

/// Whether the token of `rest_framework.authtoken` is to be deleted as well.
#[derive(Debug)]
pub struct LogoutAllSerializer {
    pub(super) authtoken: bool,
}

impl Serializer for LogoutAllSerializer {
    fn read(fields: &mut Fields<'_>) -> Self {
        Self { authtoken: fields.read_boolean(BooleanField::new("authtoken")) }
    }
}
