//! The application in process, on a clock that the test moves.

use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_simplejwt::conf::Environment;
use actix_simplejwt::contrib::auth::AuthState;
use actix_simplejwt::contrib::auth::hashers::PasswordHashers;
use actix_simplejwt::contrib::auth::models::{NewUser, User};
use actix_simplejwt::core::clock::Clock;
use actix_simplejwt::db::schema::auth_user;
use actix_simplejwt::db::{Database, DatabaseError, DbConnection};
use actix_simplejwt::server::{self, Site};
use actix_simplejwt::{Apps, AppsBuilder, Settings, urls};
use actix_web::body::to_bytes;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::Method;
use actix_web::test::{TestRequest, init_service};
use actix_web::web::ServiceConfig;
use chrono::{DateTime, TimeDelta};
use diesel::prelude::*;
use futures_util::future::LocalBoxFuture;
use serde_json::Value;

use super::{ApiDescription, TestDatabase, TestUser};

type Call = Rc<dyn Fn(actix_http::Request) -> LocalBoxFuture<'static, Response>>;

/// One server with its database, in process.
pub struct TestApp {
    call: Call,
    clock: Clock,
    database: Database,
    auth: AuthState,
    description: Rc<ApiDescription>,
    kept: Rc<TestDatabase>,
    urls: fn(&mut ServiceConfig, &Apps),
}

impl TestApp {
    /// A server with alice, bob and ivan, whose settings `adjust` may change.
    pub async fn build(kept: TestDatabase, adjust: impl FnOnce(&mut Settings)) -> Self {
        let app = Self::build_undescribed(kept, |settings| {
            settings.api_docs = Some(true);
            adjust(settings);
        })
        .await;
        app.description.set(app.anonymous().get("/api/schema/").await);
        app
    }

    /// The same server without the API's description, so its responses are not checked against it.
    pub async fn build_undescribed(kept: TestDatabase, adjust: impl FnOnce(&mut Settings)) -> Self {
        Self::build_with_urls(kept, urls::configure, adjust).await
    }

    /// The same server with other routes than the project's.
    pub async fn build_with_urls(
        kept: TestDatabase,
        urls: fn(&mut ServiceConfig, &Apps),
        adjust: impl FnOnce(&mut Settings),
    ) -> Self {
        let app = Self::start(Rc::new(kept), urls, adjust).await;
        for user in [super::alice(), super::bob(), super::ivan()] {
            app.add_user(user).await;
        }
        app
    }

    /// Same as [`TestApp::build_with_urls`], with the additions of the project's code to the set-up.
    pub async fn build_site(
        kept: TestDatabase,
        urls: fn(&mut ServiceConfig, &Apps),
        adjust: impl FnOnce(&mut Settings),
        extend: fn(AppsBuilder) -> AppsBuilder,
    ) -> Self {
        let app = Self::build_empty(kept, urls, adjust, extend).await;
        for user in [super::alice(), super::bob(), super::ivan()] {
            app.add_user(user).await;
        }
        app
    }

    /// Same as [`TestApp::build_site`], without users.
    pub async fn build_empty(
        kept: TestDatabase,
        urls: fn(&mut ServiceConfig, &Apps),
        adjust: impl FnOnce(&mut Settings),
        extend: fn(AppsBuilder) -> AppsBuilder,
    ) -> Self {
        Self::start_with(Rc::new(kept), urls, adjust, extend).await
    }

    /// Another instance on the same database, with a separate pool and clock.
    pub async fn another(&self, adjust: impl FnOnce(&mut Settings)) -> Self {
        Self::start(Rc::clone(&self.kept), self.urls, adjust).await
    }

    async fn start(
        kept: Rc<TestDatabase>,
        urls: fn(&mut ServiceConfig, &Apps),
        adjust: impl FnOnce(&mut Settings),
    ) -> Self {
        Self::start_with(kept, urls, adjust, |builder| builder).await
    }

    async fn start_with(
        kept: Rc<TestDatabase>,
        urls: fn(&mut ServiceConfig, &Apps),
        adjust: impl FnOnce(&mut Settings),
        extend: fn(AppsBuilder) -> AppsBuilder,
    ) -> Self {
        let env: Environment = [
            ("SECRET_KEY", "a-test-secret-key-of-more-than-fifty-characters-0123456789"),
            ("PASSWORD_HASHERS", "MD5PasswordHasher"),
        ]
        .into_iter()
        .collect();
        let mut settings = Settings::from_env(&env).unwrap();
        settings.database = kept.settings.clone();
        adjust(&mut settings);
        let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let apps = extend(settings.builder().clock(clock.clone())).build().unwrap();
        let (database, auth) = (apps.database().unwrap().clone(), apps.auth().unwrap().clone());
        let service = Rc::new(init_service(server::app(&Site::new(apps, urls))).await);
        let call: Call = Rc::new(move |request| {
            let service = Rc::clone(&service);
            Box::pin(async move {
                match service.call(request).await {
                    Ok(response) => Response::read(response).await,
                    Err(error) => panic!("the application answered an error instead of a response: {error}"),
                }
            })
        });
        let app = Self { call, clock, database, auth, description: Rc::default(), kept, urls };
        app.connected().await;
        app
    }

    /// The server's database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Returns when the pool has a connection, which it keeps. With a short pool timeout a busy machine may need several attempts.
    pub async fn connected(&self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while let Err(error) = self.database.ping().await {
            assert!(Instant::now() < deadline, "{error}");
        }
    }

    /// The server's users and passwords.
    pub fn auth(&self) -> &AuthState {
        &self.auth
    }

    /// The URL of the database, for other connections.
    pub fn tables(&self) -> &TestDatabase {
        &self.kept
    }

    /// Moves the clock of the server.
    pub fn advance(&self, step: TimeDelta) {
        self.clock.advance(step);
    }

    /// Inserts a user and returns the key. The password is hashed with Django's cheapest hasher.
    pub async fn add_user(&self, user: TestUser) -> i32 {
        let now = self.clock.now();
        let cheap = PasswordHashers::from_names(&["MD5PasswordHasher"]).unwrap();
        let password = cheap.encode(user.password).unwrap();
        self.write(move |conn| {
            let new = NewUser { username: user.username, email: user.email, password: &password, ..NewUser::default() };
            let row = User::create(conn, &new, now)?;
            let flags = (auth_user::is_active.eq(user.is_active), auth_user::is_staff.eq(user.is_staff));
            diesel::update(auth_user::table.filter(auth_user::id.eq(row.id))).set(flags).execute(conn)?;
            Ok(row.id)
        })
        .await
    }

    /// Runs queries on the server's database.
    pub async fn write<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut DbConnection) -> QueryResult<T> + Send + 'static,
    ) -> T {
        self.database.write(move |conn| f(conn).map_err(DatabaseError::from)).await.unwrap()
    }

    /// Runs one statement on the server's database.
    pub async fn sql(&self, statement: &str) {
        let statement = statement.to_owned();
        self.write(move |conn| diesel::sql_query(statement).execute(conn)).await;
    }

    /// Reads one number from the server's database.
    pub async fn count(&self, query: &str) -> i64 {
        #[derive(diesel::QueryableByName)]
        struct Count {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            n: i64,
        }
        let query = format!("SELECT count(*) AS n FROM {query}");
        self.write(move |conn| diesel::sql_query(query).get_result::<Count>(conn)).await.n
    }

    /// A client without credentials.
    pub fn anonymous(&self) -> Client {
        Client { call: Rc::clone(&self.call), description: Rc::clone(&self.description), headers: Vec::new() }
    }

    /// A client with an access token of `user`.
    pub async fn client(&self, user: &TestUser) -> Client {
        let access = self.login(user).await["access"].as_str().unwrap().to_owned();
        self.anonymous().with_header("Authorization", format!("Bearer {access}"))
    }

    /// The tokens of a login.
    pub async fn login(&self, user: &TestUser) -> Value {
        let body = serde_json::json!({ "username": user.username, "password": user.password });
        let response = self.anonymous().post("/api/token/", body).await;
        assert_eq!(response.status, 200, "{}", response.body);
        response.json()
    }
}

/// A client of the application.
#[derive(Clone)]
pub struct Client {
    call: Call,
    description: Rc<ApiDescription>,
    headers: Vec<(String, String)>,
}

impl Client {
    /// The same client, sending one more header.
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub async fn get(&self, uri: &str) -> Response {
        self.send(Method::GET, uri, None, &[]).await
    }

    pub async fn post(&self, uri: &str, json: Value) -> Response {
        self.send(Method::POST, uri, Some("application/json"), json.to_string().as_bytes()).await
    }

    /// Sends a request and checks the response against the API's description.
    pub async fn send(&self, method: Method, uri: &str, content_type: Option<&str>, body: &[u8]) -> Response {
        let mut request = TestRequest::default().method(method.clone()).uri(uri);
        if let Some(content_type) = content_type {
            request = request.insert_header(("Content-Type", content_type));
        }
        for (name, value) in &self.headers {
            request = request.append_header((name.as_str(), value.as_str()));
        }
        request = request.insert_header(("Host", "testserver"));
        let response = (self.call)(request.set_payload(body.to_vec()).to_request()).await;
        self.description.check(&method, uri, &response);
        response
    }
}

/// A whole response.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub body: String,
    headers: actix_web::http::header::HeaderMap,
}

impl Response {
    async fn read(response: ServiceResponse<impl actix_web::body::MessageBody>) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let Ok(body) = to_bytes(response.into_body()).await else { panic!("the body broke off") };
        Self { status, headers, body: String::from_utf8_lossy(&body).into_owned() }
    }

    /// A header; empty when it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// All headers of this name.
    pub fn all(&self, name: &str) -> Vec<String> {
        self.headers.get_all(name).map(|value| value.to_str().unwrap().to_owned()).collect()
    }

    /// The headers whose name begins with this text, sorted, as `name: value`.
    pub fn headers_with_prefix(&self, prefix: &str) -> Vec<String> {
        let headers = self.headers.iter().filter(|(name, _)| name.as_str().starts_with(prefix));
        let mut lines: Vec<_> = headers.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        lines.sort_unstable();
        lines
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }
}
