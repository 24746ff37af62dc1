//! A model of your own in the admin site: orders, with a foreign key to the user. A complete project, which `docs/ADMIN.md`
//! explains. In Django: `models.py` and `admin.py` of an app `shop`.
//!
//! In a copy of this project put the model into a separate file, and the line of `register` into `Settings::builder` in
//! `src/settings.rs`. The type `Shop` around the settings is not needed then.
//!
//! `cargo run --example admin_for_your_model -- migrate`, then `-- createsuperuser`, then `-- runserver`, and open
//! `http://127.0.0.1:8000/admin/`.

use std::process::ExitCode;

use actix_simplejwt::apps::Project;
use actix_simplejwt::conf::{Environment, SettingsError};
use actix_simplejwt::contrib::admin::models::{Field, Model, OnDelete, Row};
use actix_simplejwt::contrib::admin::{Action, ModelAdmin};
use actix_simplejwt::db::migrations::{Migration, Step};
use actix_simplejwt::management::execute_from_command_line;
use actix_simplejwt::{Apps, AppsBuilder, Settings, urls};
use actix_web::web;

// `models.py`: the table.
diesel::table! {
    shop_order (id) {
        id -> BigInt,
        number -> Text,
        customer_id -> Integer,
        status -> Text,
        total -> Numeric,
        is_paid -> Bool,
        ordered_on -> Date,
        note -> Text,
    }
}

/// `admin.py`: how orders are shown and edited.
struct OrderAdmin;

impl ModelAdmin for OrderAdmin {
    fn model(&self) -> Model {
        Model::new("shop", "Order", shop_order::table)
            .field(Field::of(shop_order::number).max_length(20).unique().help_text("As on the invoice."))
            .field(Field::foreign_key(shop_order::customer_id, "auth.User").on_delete(OnDelete::Protect))
            .field(Field::of(shop_order::status).max_length(10).choices(STATUS).default_value("new"))
            .field(Field::of(shop_order::total).decimal_places(2).default_value("0.00"))
            .field(Field::of(shop_order::is_paid).verbose_name("paid"))
            .field(Field::of(shop_order::ordered_on).default_today())
            .field(Field::of(shop_order::note).blank())
    }

    fn to_string(&self, order: &Row) -> String {
        format!("Order {}", order.text("number"))
    }

    fn list_display(&self) -> &[&str] {
        &["number", "customer", "status", "total", "is_paid", "ordered_on"]
    }

    fn list_filter(&self) -> &[&str] {
        &["status", "is_paid", "ordered_on"]
    }

    fn search_fields(&self) -> &[&str] {
        &["number", "customer__username"]
    }

    fn ordering(&self) -> &[&str] {
        &["-ordered_on"]
    }

    fn raw_id_fields(&self) -> &[&str] {
        &["customer"]
    }

    fn actions(&self) -> Vec<Action> {
        let mark_paid = Action::new("mark_paid", "Mark selected orders as paid", |conn, orders, rows| {
            // A row with one field: `update` writes the fields that it has.
            let mut paid = Row::new(orders.model());
            paid.set("is_paid", Some("true".to_owned()));
            for row in rows {
                orders.update(conn, row.pk(), &paid)?;
            }
            Ok(format!("Marked {} as paid.", orders.model().counted(rows.len())))
        });
        vec![mark_paid.permissions(&["change"])]
    }
}

const STATUS: &[(&str, &str)] = &[("new", "New"), ("sent", "Sent"), ("returned", "Returned")];

/// The table, which `migrate` makes. Leave it out if another program makes it.
const ORDERS: Step = Step {
    app: "shop",
    migrations: &[Migration { name: "0001_initial", changes_tables: true }],
    tables: &["shop_order"],
    requires: &["auth_user"],
    sqlite: include_str!("admin_for_your_model/sqlite.sql"),
    postgres: include_str!("admin_for_your_model/postgres.sql"),
    ..Step::EMPTY
};

/// The additions of the project to the settings.
pub fn register(builder: AppsBuilder) -> AppsBuilder {
    builder.migration(ORDERS).admin(OrderAdmin)
}

/// The project.
#[derive(Default)]
pub struct Shop(Settings);

impl Project for Shop {
    fn builder(self) -> AppsBuilder {
        register(Apps::builder(self))
    }

    fn urls(cfg: &mut web::ServiceConfig, apps: &Apps) {
        urls::configure(cfg, apps);
    }

    fn from_env(env: &Environment) -> Result<Self, SettingsError> {
        Settings::from_env(env).map(Self)
    }

    fn base(&self) -> Option<&dyn Project> {
        Some(&self.0)
    }
}

fn main() -> ExitCode {
    execute_from_command_line::<Shop>()
}
