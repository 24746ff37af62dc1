//! A user model in Rust, with a table that this project makes itself: a UUID as primary key, and login by e-mail. In Django:
//! `AUTH_USER_MODEL`, a subclass of `AbstractBaseUser` and `PermissionsMixin` with `USERNAME_FIELD = "email"`.
//!
//! To use an existing table of users, you need no code: set `AUTH_USER_MODEL`. This example is for a custom Rust type.
//!
//! `cargo run --example custom_user`, then
//! `curl -d email=ann@example.com -d password=correct-horse http://127.0.0.1:8000/api/token/`

use actix_simplejwt::contrib::auth::models::{NewUser, UserModel};
use actix_simplejwt::contrib::auth::{AbstractUser, SharedUser, UserId};
use actix_simplejwt::db::DbConnection;
use actix_simplejwt::db::migrations::{Migration, Step, StepModel};
use actix_simplejwt::db::types::to_db;
use actix_simplejwt::{Apps, AppsBuilder, Authenticated, Settings, simplejwt};
use actix_web::{App, HttpResponse, HttpServer, web};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

diesel::table! {
    use diesel::sql_types::*;
    use actix_simplejwt::db::types::UserKey;

    people_person (id) {
        id -> UserKey,
        password -> Text,
        last_login -> Nullable<Timestamp>,
        is_superuser -> Bool,
        email -> Text,
        full_name -> Text,
        is_active -> Bool,
        is_staff -> Bool,
        date_joined -> Timestamp,
    }
}

/// A row of `people_person`.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = people_person)]
pub struct Person {
    pub id: UserId,
    pub password: String,
    pub is_superuser: bool,
    pub email: String,
    pub full_name: String,
    pub is_active: bool,
    pub is_staff: bool,
}

impl AbstractUser for Person {
    fn pk(&self) -> Option<UserId> {
        Some(self.id)
    }

    fn username(&self) -> &str {
        &self.email
    }

    fn is_active(&self) -> bool {
        self.is_active
    }

    fn is_staff(&self) -> bool {
        self.is_staff
    }

    fn is_superuser(&self) -> bool {
        self.is_superuser
    }

    fn password(&self) -> &str {
        &self.password
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        match name {
            "id" => Some(self.id.into()),
            "email" => Some(self.email.as_str().into()),
            "full_name" => Some(self.full_name.as_str().into()),
            _ => None,
        }
    }
}

/// The table and its manager.
pub struct People;

impl UserModel for People {
    fn table(&self) -> &str {
        "people_person"
    }

    fn username_field(&self) -> &str {
        "email"
    }

    fn required_fields(&self) -> Vec<String> {
        vec!["full_name".to_owned()]
    }

    fn get_by_natural_key(&self, conn: &mut DbConnection, email: &str) -> QueryResult<Option<SharedUser>> {
        let row = people_person::table.filter(people_person::email.eq(email)).select(Person::as_select());
        Ok(row.get_result(conn).optional()?.map(SharedUser::new))
    }

    fn has_attribute(&self, name: &str) -> bool {
        name == "id"
    }

    fn get_by_attribute(&self, conn: &mut DbConnection, name: &str, value: &Value) -> QueryResult<Option<SharedUser>> {
        let Some(id @ UserId::Uuid(_)) = UserId::from_claim(value).filter(|_| name == "id") else { return Ok(None) };
        let row = people_person::table.filter(people_person::id.eq(id)).select(Person::as_select());
        Ok(row.get_result(conn).optional()?.map(SharedUser::new))
    }

    fn create(&self, conn: &mut DbConnection, new: &NewUser<'_>, now: DateTime<Utc>) -> QueryResult<SharedUser> {
        let id = UserId::Uuid(Uuid::new_v4());
        let row = (
            people_person::id.eq(id),
            people_person::password.eq(new.password),
            people_person::is_superuser.eq(new.is_superuser),
            people_person::email.eq(new.username),
            people_person::full_name.eq(new.field("full_name")),
            people_person::is_active.eq(true),
            people_person::is_staff.eq(new.is_staff),
            people_person::date_joined.eq(to_db(now)),
        );
        diesel::insert_into(people_person::table).values(row).execute(conn)?;
        let row = people_person::table.filter(people_person::id.eq(id)).select(Person::as_select());
        Ok(SharedUser::new(row.get_result::<Person>(conn)?))
    }

    fn set_password(&self, conn: &mut DbConnection, user: &dyn AbstractUser, encoded: &str) -> QueryResult<bool> {
        let Some(id) = user.pk() else { return Ok(false) };
        let row = people_person::table.filter(people_person::id.eq(id));
        let unchanged = row.filter(people_person::password.eq(user.password().to_owned()));
        Ok(diesel::update(unchanged).set(people_person::password.eq(encoded)).execute(conn)? > 0)
    }

    fn update_last_login(
        &self,
        conn: &mut DbConnection,
        user: &dyn AbstractUser,
        now: DateTime<Utc>,
    ) -> QueryResult<()> {
        let Some(id) = user.pk() else { return Ok(()) };
        let row = people_person::table.filter(people_person::id.eq(id));
        diesel::update(row).set(people_person::last_login.eq(to_db(now))).execute(conn).map(drop)
    }
}

/// The tables of the users. `migrate` makes them on an empty database.
const PEOPLE: Step = Step {
    app: "people",
    migrations: &[Migration { name: "0001_initial", changes_tables: true }],
    tables: &["people_person", "people_person_groups", "people_person_user_permissions"],
    requires: &["auth_group", "auth_permission"],
    models: &[StepModel { name: "person", verbose_name: "person" }],
    sqlite: include_str!("custom_user/sqlite.sql"),
    postgres: include_str!("custom_user/postgres.sql"),
    ..Step::EMPTY
};

async fn whoami(auth: Authenticated) -> HttpResponse {
    let full_name = auth.user.downcast::<Person>().map(|person| person.full_name.clone());
    HttpResponse::Ok().json(json!({ "email": auth.user.username(), "full_name": full_name }))
}

pub fn configure(cfg: &mut web::ServiceConfig, apps: &Apps) {
    apps.configure(cfg);
    cfg.service(web::scope("/api").configure(|cfg| simplejwt::urls::configure(cfg, apps)))
        .route("/whoami", web::get().to(whoami));
}

pub fn set_up(settings: Settings) -> AppsBuilder {
    Apps::builder(settings).users(People).migration(PEOPLE)
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::new("not a secret: take yours from the environment");
    let apps = set_up(settings.database_url("sqlite://custom_user.sqlite3")?).build()?;
    if !apps.migrations().run(apps.database()?)?.is_empty() {
        let ann = NewUser { username: "ann@example.com", extra_fields: &[("full_name", "Ann")], ..NewUser::default() };
        apps.auth()?.create(apps.database()?, &ann, "correct-horse").await?;
    }
    let server = HttpServer::new(move || App::new().configure(|cfg| configure(cfg, &apps)));
    Ok(server.bind(("127.0.0.1", 8000))?.run().await?)
}
