//! The part of the set-up that asks the database. Python counterpart: `DATABASES` and `AUTH_USER_MODEL`.

use actix_web::web::{Data, ServiceConfig};

use super::{SimpleJwt, SimpleJwtBuilder};
use crate::authtoken::authentication::TokenAuthentication;
use crate::conf::{Environment, SettingsError};
use crate::contrib::auth::AuthState;
use crate::contrib::auth::models::{DjangoUsers, UserModel};
use crate::contrib::auth::settings::AuthSettings;
use crate::core::clock::Clock;
use crate::core::crypto::SecretString;
use crate::db::Database;
use crate::legacy_jwt::authentication::JsonWebTokenAuthentication;
use crate::legacy_jwt::settings::LegacyJwtSettings;
use crate::legacy_jwt::state::LegacyJwtState;
use crate::rest_framework::authentication::AuthenticationClass;
use crate::rest_framework::authentication::basic::BasicAuthentication;
use crate::simplejwt::authentication::JwtAuthentication;
use crate::simplejwt::state::JwtState;

type MakeAuth = Box<dyn FnOnce(&AuthSettings, Clock) -> AuthState>;

/// What the host has said about users and their database.
#[derive(Default)]
pub(super) struct StoredSettings {
    database: Option<Database>,
    auth: AuthSettings,
    legacy_jwt: LegacyJwtSettings,
    make_auth: Option<MakeAuth>,
}

/// Application data that only those need who ask the database.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    database: Data<Database>,
    auth: Data<AuthState>,
    legacy_jwt: Data<LegacyJwtState>,
}

impl SimpleJwt {
    /// Begins the set-up of an application that logs the users of `database` in.
    pub fn builder(database: Database) -> SimpleJwtBuilder {
        let stored = StoredSettings { database: Some(database), ..StoredSettings::default() };
        SimpleJwtBuilder { stored, ..SimpleJwtBuilder::default() }
    }

    /// Users and passwords. `None` after [`SimpleJwt::stateless`].
    #[must_use]
    pub fn auth(&self) -> Option<&AuthState> {
        self.stored.as_ref().map(|stored| stored.auth.as_ref())
    }

    /// The database. `None` after [`SimpleJwt::stateless`].
    #[must_use]
    pub fn database(&self) -> Option<&Database> {
        self.stored.as_ref().map(|stored| stored.database.as_ref())
    }
}

impl SimpleJwtBuilder {
    /// `PASSWORD_HASHERS` and `AUTHENTICATION_BACKENDS`.
    pub fn auth(mut self, settings: AuthSettings) -> Self {
        self.stored.auth = settings;
        self
    }

    /// `JWT_AUTH`: settings of the older tokens of [`legacy_jwt`](crate::legacy_jwt).
    pub fn legacy_jwt(mut self, settings: LegacyJwtSettings) -> Self {
        self.stored.legacy_jwt = settings;
        self
    }

    /// `AUTH_USER_MODEL`: a table of users of your own in place of `auth_user`.
    pub fn users(mut self, users: impl UserModel) -> Self {
        self.stored.make_auth = Some(Box::new(|settings, clock| AuthState::with_user_model(settings, clock, users)));
        self
    }
}

impl StoredSettings {
    pub(super) fn read(&mut self, env: &Environment) -> Result<(), SettingsError> {
        self.auth = AuthSettings::from_env(env)?;
        self.legacy_jwt = LegacyJwtSettings::from_env(env)?;
        Ok(())
    }

    /// The parts, and the classes that need them.
    pub(super) fn build(
        self,
        jwt: &JwtState,
        secret_key: &SecretString,
        authentication: &mut Vec<AuthenticationClass>,
    ) -> Result<Option<Stored>, SettingsError> {
        let settings = jwt.settings();
        let Some(database) = self.database else {
            return match settings.auth_token_classes.iter().find(|class| class.is_revocable()) {
                None => Ok(None),
                Some(class) => {
                    let problem = format!("{} can be revoked, which only a database can know", class.name());
                    Err(SettingsError::new("SIMPLE_JWT_AUTH_TOKEN_CLASSES", problem))
                }
            };
        };
        authentication.extend([
            AuthenticationClass::new(JwtAuthentication),
            AuthenticationClass::new(TokenAuthentication),
            AuthenticationClass::new(BasicAuthentication),
            AuthenticationClass::new(JsonWebTokenAuthentication),
        ]);
        let clock = jwt.clock().clone();
        let auth = match self.make_auth {
            Some(make) => make(&self.auth, clock.clone()),
            None => AuthState::with_user_model(&self.auth, clock.clone(), DjangoUsers),
        };
        // Every token would be one of nobody.
        if !auth.users().has_attribute(&settings.user_id_field) {
            let problem = format!("users cannot be looked up by {:?}", settings.user_id_field);
            return Err(SettingsError::new("SIMPLE_JWT_USER_ID_FIELD", problem));
        }
        let legacy_jwt = self.legacy_jwt.beside(settings.token_type_claim.as_deref());
        Ok(Some(Stored {
            database: Data::new(database),
            auth: Data::new(auth),
            legacy_jwt: Data::new(LegacyJwtState::new(&legacy_jwt, secret_key, clock)?),
        }))
    }
}

impl Stored {
    pub(super) fn configure(&self, cfg: &mut ServiceConfig) {
        cfg.app_data(self.database.clone());
        cfg.app_data(self.auth.clone());
        cfg.app_data(self.legacy_jwt.clone());
    }
}
