//! What is missing is found when the server starts.

use actix_simplejwt::SimpleJwt;
use actix_simplejwt::conf::Environment;

use super::{env, open};
use crate::support::TestDatabase;

fn refused(db: &TestDatabase, env: &Environment) -> String {
    SimpleJwt::builder(open(db)).from_env(env).and_then(|builder| builder.build()).unwrap_err().to_string()
}

#[actix_web::test]
async fn a_builder_without_a_key_does_not_build() {
    let db = TestDatabase::sqlite();
    assert_eq!(SimpleJwt::builder(open(&db)).build().unwrap_err().key(), "SECRET_KEY");
    assert_eq!(SimpleJwt::stateless().build().unwrap_err().key(), "SECRET_KEY");
}

#[actix_web::test]
async fn a_setting_that_cannot_work_is_named() {
    let db = TestDatabase::sqlite();
    let error = refused(&db, &env().with("SIMPLE_JWT_ALGORITHM", "RS256"));
    assert_eq!(error, "SIMPLE_JWT_SIGNING_KEY: a private key in PEM form is required for RS256");
    let error = refused(&db, &env().with("REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES", "SessionAuthentication"));
    assert!(
        error.starts_with("REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES: \"SessionAuthentication\" is not one of ")
    );
    let error = refused(&db, &env().with("SIMPLE_JWT_ACESS_TOKEN_LIFETIME", "5m"));
    assert!(error.ends_with("did you mean SIMPLE_JWT_ACCESS_TOKEN_LIFETIME?"), "{error}");
}

#[actix_web::test]
async fn without_a_database_what_needs_one_is_refused() {
    let refused = |key: &str, value: &str| {
        SimpleJwt::stateless().from_env(&env().with(key, value)).unwrap().build().unwrap_err().to_string()
    };
    assert_eq!(
        refused("REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES", "JWTAuthentication"),
        "REST_FRAMEWORK_DEFAULT_AUTHENTICATION_CLASSES: \"JWTAuthentication\" is not one of \
         JWTStatelessUserAuthentication, JWTTokenUserAuthentication"
    );
    assert_eq!(
        refused("SIMPLE_JWT_AUTH_TOKEN_CLASSES", "AccessToken,SlidingToken"),
        "SIMPLE_JWT_AUTH_TOKEN_CLASSES: SlidingToken can be revoked, which only a database can know"
    );
}
