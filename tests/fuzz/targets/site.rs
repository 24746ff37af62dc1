//! A server in process, with a database and the user alice, and the checks of every response.

use std::path::Path;
use std::rc::Rc;
use std::sync::LazyLock;

use actix_simplejwt::conf::Environment;
use actix_simplejwt::db::migrations::MigrationPlan;
use actix_simplejwt::db::{Database, DatabaseSettings};
use actix_simplejwt::server;
use actix_simplejwt::settings::APPS;
use actix_simplejwt::{Apps, Settings, urls};
use actix_web::body::{MessageBody, to_bytes};
use actix_web::dev::{Service, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderValue};
use actix_web::rt::{System, SystemRunner};
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, Error, HttpResponse};
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::support::{SECRET, assert_is_drf_error, clock};

/// A server's state with its database.
pub struct Site {
    pub apps: Apps,
    pub served: server::Site,
    system: SystemRunner,
    _folder: TempDir,
}

/// Credentials of alice.
pub struct Tokens {
    pub access: String,
    pub refresh: String,
    pub sliding: String,
    pub key: String,
    pub legacy: String,
}

/// An application that can be called.
pub type Called = Rc<dyn Fn(TestRequest) -> LocalBoxFuture<'static, Answer>>;

/// A whole response.
pub struct Answer {
    pub status: u16,
    pub body: String,
    headers: HeaderMap,
}

/// The settings of a site that answers fast.
pub fn settings() -> Settings {
    let env = [
        ("SECRET_KEY", SECRET),
        ("PASSWORD_HASHERS", "MD5PasswordHasher"),
        ("SQLITE_SYNCHRONOUS", "NORMAL"),
        ("JWT_ALLOW_REFRESH", "true"),
        ("API_DOCS", "true"),
        ("DATA_UPLOAD_MAX_MEMORY_SIZE", "4000"),
    ];
    Settings::from_env(&env.into_iter().collect::<Environment>()).unwrap()
}

fn database_at(file: &Path) -> DatabaseSettings {
    DatabaseSettings::new(&format!("sqlite://{}", file.display())).unwrap()
}

impl Site {
    /// Starts with a new, migrated database instead of the one in `settings`.
    pub fn start(mut settings: Settings) -> Result<Self, String> {
        static MIGRATED: LazyLock<Vec<u8>> = LazyLock::new(|| {
            let folder = TempDir::new().unwrap();
            let file = folder.path().join("db.sqlite3");
            let database = Database::open(&database_at(&file)).unwrap();
            MigrationPlan::new(APPS.iter().flat_map(|app| app.migrations()))
                .migrate(&mut database.connection().unwrap(), clock().now())
                .unwrap();
            // The last connection to be closed writes everything into the one file.
            drop(database);
            std::fs::read(file).unwrap()
        });
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("db.sqlite3");
        std::fs::write(&file, &*MIGRATED).unwrap();
        settings.database.url = database_at(&file).url;
        let system = System::new();
        let apps = settings.builder().clock(clock()).build().map_err(|error| error.to_string())?;
        let served = server::Site::new(apps.clone(), urls::configure);
        Ok(Self { apps, served, system, _folder: folder })
    }

    /// Makes `app` callable.
    pub fn serve<T, B>(&self, app: App<T>) -> Called
    where
        T: ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<B>, Error = Error, InitError = ()>
            + 'static,
        B: MessageBody + 'static,
    {
        let service = Rc::new(self.system.block_on(init_service(app)));
        Rc::new(move |request| {
            let service = Rc::clone(&service);
            Box::pin(async move {
                match service.call(request.to_request()).await {
                    Ok(response) => Answer::read(response.into_parts().1).await,
                    Err(error) => panic!("an error instead of a response: {error}"),
                }
            })
        })
    }

    /// The answer to a request.
    pub fn call(&self, called: &Called, request: TestRequest) -> Answer {
        self.system.block_on(called(request))
    }

    /// A request as a view of this site gets it. It is reused, because making one takes longer than the code under
    /// test.
    pub fn request(&self) -> ServiceRequest {
        let app = App::new().configure(|cfg| self.apps.configure(cfg));
        self.wait(async {
            let service = init_service(app).await;
            let response = service.call(TestRequest::default().to_request()).await.unwrap();
            ServiceRequest::from_request(response.into_parts().0)
        })
    }

    /// The output of `future`.
    pub fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.system.block_on(future)
    }

    /// Registers alice and logs her in everywhere.
    pub fn log_in(&self) -> Tokens {
        let auth = self.apps.auth().unwrap();
        let alice = auth.create_user(self.apps.database().unwrap(), "alice", "alice@example.org", "correct-horse");
        self.system.block_on(alice).unwrap();
        let called = self.serve(server::app(&self.served));
        let log_in = |path: &str, name: &str| -> String {
            let credentials = json!({ "username": "alice", "password": "correct-horse" });
            let request = TestRequest::post().uri(path).insert_header(("Host", "localhost")).set_json(credentials);
            self.call(&called, request).json()[name].as_str().unwrap().to_owned()
        };
        Tokens {
            access: log_in("/api/token/", "access"),
            refresh: log_in("/api/token/", "refresh"),
            sliding: log_in("/api/token/sliding/", "token"),
            key: log_in("/api/authtoken/", "token"),
            legacy: log_in("/api-token-auth/", "token"),
        }
    }
}

impl Tokens {
    /// The text, with these names replaced by alice's credentials: `$access`, `$refresh`, `$sliding`, `$key` and
    /// `$legacy`.
    pub fn fill_in(&self, data: &[u8]) -> Vec<u8> {
        let names: [(&[u8], &str); 5] = [
            (b"access", &self.access),
            (b"refresh", &self.refresh),
            (b"sliding", &self.sliding),
            (b"key", &self.key),
            (b"legacy", &self.legacy),
        ];
        let mut parts = data.split(|byte| *byte == b'$');
        let mut filled = parts.next().unwrap_or_default().to_vec();
        for part in parts {
            match names.iter().find(|(name, _)| part.starts_with(name)) {
                Some((name, token)) => filled.extend([token.as_bytes(), &part[name.len()..]].concat()),
                None => filled.extend([b"$", part].concat()),
            }
        }
        filled
    }
}

impl Answer {
    pub async fn read(response: HttpResponse<impl MessageBody>) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let Ok(body) = to_bytes(response.into_body()).await else { panic!("the body broke off") };
        Self { status, headers, body: String::from_utf8(body.to_vec()).expect("an answer that is no text") }
    }

    /// Whether `ALLOWED_HOSTS` is the reason for the refusal.
    pub fn is_bad_host(&self) -> bool {
        self.status == 400 && self.body.contains("Bad Request (400)")
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// Panics unless Django could send this response: not a 5xx, an error in DRF's format or one of the two pages, and
    /// with the headers that its status requires.
    pub fn assert_is_sound(&self) {
        assert!(self.status < 500, "{} {}", self.status, self.body);
        assert!(!self.body.contains(SECRET), "the key is shown: {}", self.body);
        for (status, header) in [(401, "WWW-Authenticate"), (405, "Allow"), (301, "Location")] {
            assert!(self.status != status || self.headers.contains_key(header), "{status} without {header}");
        }
        let is_json = self.headers.get("Content-Type").is_some_and(is_json);
        if is_json && !self.body.is_empty() {
            let body = self.json();
            if self.status >= 400 {
                assert_is_drf_error(&body);
            }
        } else if self.status >= 400 {
            assert!(self.body.is_empty() || self.body.contains("<h1>"), "{} {}", self.status, self.body);
        }
    }
}

fn is_json(content_type: &HeaderValue) -> bool {
    content_type.as_bytes().starts_with(b"application/json")
}
