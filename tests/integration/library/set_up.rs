//! A missing part is an error at the start of the server.

use actix_simplejwt::conf::Environment;
use actix_simplejwt::{Apps, Settings};

use super::{env, settings_from};
use crate::support::TestDatabase;

fn refused(db: &TestDatabase, env: &Environment) -> String {
    Apps::builder(settings_from(db, env)).build().unwrap_err().to_string()
}

#[actix_web::test]
async fn a_builder_without_a_key_does_not_build() {
    let db = TestDatabase::sqlite();
    assert!(refused(&db, &Environment::default()).starts_with("SECRET_KEY: "));
    let stateless = Apps::builder(Settings::default().stateless()).build().unwrap_err();
    assert!(stateless.to_string().starts_with("SECRET_KEY: "), "{stateless}");
}

#[actix_web::test]
async fn an_invalid_setting_is_named() {
    let db = TestDatabase::sqlite();
    let error = refused(&db, &env().with("SIMPLE_JWT_ALGORITHM", "RS256"));
    assert_eq!(error, "SIMPLE_JWT_SIGNING_KEY: a private key in PEM form is required for RS256");
    let error = refused(&db, &env().with("REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES", "RemoteUserAuthentication"));
    assert!(
        error.starts_with("REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES: \"RemoteUserAuthentication\" is not one of ")
    );
    let error = Settings::from_env(&env().with("SIMPLE_JWT_ACESS_TOKEN_LIFETIME", "5m")).unwrap_err().to_string();
    assert!(error.ends_with("did you mean SIMPLE_JWT_ACCESS_TOKEN_LIFETIME?"), "{error}");
}

#[actix_web::test]
async fn a_class_that_looks_up_users_is_refused_without_a_database() {
    let env = env().with("REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES", "JWTAuthentication,TokenAuthentication");
    let error = Apps::builder(Settings::from_env(&env).unwrap().stateless()).build().unwrap_err();
    assert_eq!(
        error.to_string(),
        "REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES: \"JWTAuthentication\" is not one of \
         JWTStatelessUserAuthentication, JWTTokenUserAuthentication"
    );
}

#[actix_web::test]
async fn a_hook_that_comes_too_late_is_an_error() {
    let db = TestDatabase::sqlite();
    let builder = || Apps::builder(settings_from(&db, &env()));
    let mut asked = builder();
    assert_eq!(asked.errors(), []);
    assert_eq!(
        asked.hook(1_u8).build().unwrap_err().to_string(),
        "AppsBuilder: u8 was added after the checks or errors were asked for; add it before that"
    );
    let mut asked = builder();
    assert!(!asked.checks().is_empty());
    assert_eq!(
        asked.secret_key("another").build().unwrap_err().to_string(),
        "AppsBuilder: a secret key was added after the checks or errors were asked for; add it before that"
    );
    builder().hook(1_u8).build().unwrap();
}
