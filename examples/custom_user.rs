//! Users in a table of one's own who log in by e-mail: `AUTH_USER_MODEL` and `USERNAME_FIELD`.
//!
//! `cargo run --example custom_user`, then
//! `curl -d email=alice@example.com -d password=correct-horse http://127.0.0.1:8000/api/token/`

use actix_simplejwt::contrib::auth::hashers::PasswordHashers;
use actix_simplejwt::contrib::auth::models::UserModel;
use actix_simplejwt::contrib::auth::{AbstractUser, SharedUser, UserId};
use actix_simplejwt::db::migrations::{Migration, MigrationPlan, Step, UserTable};
use actix_simplejwt::db::types::KeyType;
use actix_simplejwt::db::{Database, DatabaseError, DbConnection};
use actix_simplejwt::{Apps, AppsBuilder, Authenticated, Settings, simplejwt};
use actix_web::{App, HttpResponse, HttpServer, web};
use diesel::prelude::*;
use serde_json::{Value, json};

diesel::table! {
    shop_customer (id) {
        id -> Integer,
        email -> Text,
        password -> Text,
        nickname -> Text,
        is_active -> Bool,
    }
}

/// A row of `shop_customer`.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = shop_customer)]
pub struct Customer {
    pub id: i32,
    pub email: String,
    pub password: String,
    pub nickname: String,
    pub is_active: bool,
}

impl AbstractUser for Customer {
    fn pk(&self) -> Option<UserId> {
        Some(self.id.into())
    }

    fn username(&self) -> &str {
        &self.email
    }

    fn is_active(&self) -> bool {
        self.is_active
    }

    fn password(&self) -> &str {
        &self.password
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        match name {
            "id" => Some(self.id.into()),
            "email" => Some(self.email.as_str().into()),
            "nickname" => Some(self.nickname.as_str().into()),
            _ => None,
        }
    }
}

/// The table.
pub struct Customers;

impl UserModel for Customers {
    fn table(&self) -> UserTable {
        UserTable { name: "shop_customer", key: KeyType::Integer }
    }

    fn username_field(&self) -> &'static str {
        "email"
    }

    fn get_by_natural_key(&self, conn: &mut DbConnection, email: &str) -> QueryResult<Option<SharedUser>> {
        let row = shop_customer::table.filter(shop_customer::email.eq(email)).select(Customer::as_select());
        Ok(row.get_result(conn).optional()?.map(SharedUser::new))
    }

    fn has_attribute(&self, name: &str) -> bool {
        name == "id"
    }

    fn get_by_attribute(&self, conn: &mut DbConnection, name: &str, value: &Value) -> QueryResult<Option<SharedUser>> {
        // simplejwt writes ids as text.
        let id = value.as_str().and_then(|text| text.parse().ok()).filter(|_| name == "id");
        let Some(id): Option<i32> = id else { return Ok(None) };
        let row = shop_customer::table.filter(shop_customer::id.eq(id)).select(Customer::as_select());
        Ok(row.get_result(conn).optional()?.map(SharedUser::new))
    }

    fn upgrade_password(&self, conn: &mut DbConnection, user: &dyn AbstractUser, encoded: &str) -> QueryResult<()> {
        let Some(UserId::Integer(id)) = user.pk() else { return Ok(()) };
        let unchanged = shop_customer::id.eq(id).and(shop_customer::password.eq(user.password().to_owned()));
        let row = shop_customer::table.filter(unchanged);
        diesel::update(row).set(shop_customer::password.eq(encoded)).execute(conn).map(drop)
    }
}

/// The tables of the installed apps, and that of the customers, which their foreign keys refer to.
pub fn migrations(apps: &Apps) -> MigrationPlan {
    const CUSTOMERS: Step = Step {
        app: "shop",
        migrations: &[Migration { name: "0001_initial", changes_tables: true }],
        tables: &["shop_customer"],
        sqlite: include_str!("custom_user/sqlite.sql"),
        postgres: include_str!("custom_user/postgres.sql"),
        ..Step::EMPTY
    };
    apps.migrations().with(CUSTOMERS)
}

/// Registers a customer.
pub async fn create_customer(db: &Database, email: &str, encoded_password: String) -> Result<i32, DatabaseError> {
    let email = email.to_owned();
    let insert = move |conn: &mut DbConnection| {
        let row = (
            shop_customer::email.eq(email),
            shop_customer::password.eq(encoded_password),
            shop_customer::nickname.eq("Ally"),
            shop_customer::is_active.eq(true),
        );
        let insert = diesel::insert_into(shop_customer::table).values(row).returning(shop_customer::id);
        insert.get_result(conn).map_err(DatabaseError::from)
    };
    db.write(insert).await
}

async fn whoami(auth: Authenticated) -> HttpResponse {
    let nickname = auth.user.downcast::<Customer>().map(|customer| customer.nickname.clone());
    HttpResponse::Ok().json(json!({ "email": auth.user.username(), "nickname": nickname }))
}

pub fn configure(cfg: &mut web::ServiceConfig, apps: &Apps) {
    apps.configure(cfg);
    cfg.service(web::scope("/api").configure(|cfg| simplejwt::urls::configure(cfg, apps)))
        .route("/whoami", web::get().to(whoami));
}

pub fn set_up(settings: Settings) -> AppsBuilder {
    Apps::builder(settings).users(Customers)
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::new("not a secret: take yours from the environment");
    let apps = set_up(settings.database_url("sqlite://custom_user.sqlite3")?).build()?;
    let database = apps.database()?;
    let applied = migrations(&apps).run(database)?;
    if !applied.is_empty() {
        create_customer(database, "alice@example.com", PasswordHashers::default().encode("correct-horse")?).await?;
    }
    let server = HttpServer::new(move || App::new().configure(|cfg| configure(cfg, &apps)));
    Ok(server.bind(("127.0.0.1", 8000))?.run().await?)
}
