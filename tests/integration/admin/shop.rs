//! Models of a shop, registered as the documentation says.

use std::collections::HashSet;

use actix_simplejwt::apps::{Apps, AppsBuilder};
use actix_simplejwt::contrib::admin::models::{Field, Manager, Model, OnDelete, Row};
use actix_simplejwt::contrib::admin::{Action, FieldError, Fieldset, ModelAdmin, PageError};
use actix_simplejwt::contrib::auth::models::UserPermissions;
use actix_simplejwt::db::DbConnection;
use diesel::QueryResult;

use crate::support::TestApp;

diesel::table! {
    shop_customer (id) { id -> Integer, name -> Text, }
}

diesel::table! {
    shop_order (id) {
        id -> Integer,
        number -> Text,
        customer_id -> Integer,
        quantity -> Integer,
        weight -> Nullable<Double>,
        is_paid -> Bool,
        paid_on -> Nullable<Date>,
        placed_at -> Timestamp,
        status -> Text,
        email -> Text,
        note -> Text,
        created -> Timestamp,
    }
}

diesel::table! {
    shop_line (id) { id -> Integer, order_id -> Integer, text -> Text, }
}

diesel::table! {
    shop_invoice (id) { id -> Integer, order_id -> Integer, }
}

diesel::table! {
    shop_note (id) { id -> Integer, order_id -> Nullable<Integer>, text -> Text, }
}

pub struct CustomerAdmin;

impl ModelAdmin for CustomerAdmin {
    fn model(&self) -> Model {
        Model::new("shop", "Customer", shop_customer::table).field(Field::of(shop_customer::name).max_length(40))
    }

    fn to_string(&self, customer: &Row) -> String {
        customer.text("name").to_owned()
    }

    fn ordering(&self) -> &[&str] {
        &["-name"]
    }
}

pub struct OrderAdmin;

impl ModelAdmin for OrderAdmin {
    fn model(&self) -> Model {
        Model::new("shop", "Order", shop_order::table)
            .field(Field::of(shop_order::number).max_length(10).unique())
            .field(Field::foreign_key(shop_order::customer_id, "shop.Customer"))
            .field(Field::of(shop_order::quantity).default_value("1").help_text("How many <pieces>."))
            .field(Field::of(shop_order::weight))
            .field(Field::of(shop_order::is_paid))
            .field(Field::of(shop_order::paid_on))
            .field(Field::of(shop_order::placed_at).default_now())
            .field(Field::of(shop_order::status).max_length(10).choices(&[("new", "New"), ("sent", "Sent & gone")]))
            .field(Field::of(shop_order::email).max_length(60).email().blank())
            .field(Field::of(shop_order::note).blank())
            .field(Field::of(shop_order::created).auto_now_add())
    }

    fn to_string(&self, order: &Row) -> String {
        format!("Order {}", order.text("number"))
    }

    fn fieldsets(&self, _add: bool) -> Vec<Fieldset> {
        let fields =
            ["number", "customer", "quantity", "weight", "is_paid", "paid_on", "placed_at", "status", "email", "note"];
        vec![Fieldset::new("", &fields)]
    }

    fn actions(&self) -> Vec<Action> {
        vec![super::actions::add_a_piece()]
    }

    /// Only superusers change protected orders.
    fn unchangeable(
        &self,
        conn: &mut DbConnection,
        orders: &Manager,
        permissions: &UserPermissions,
        keys: &[&str],
    ) -> QueryResult<HashSet<String>> {
        let mut rows = orders.filter_by(conn, "pk", keys)?;
        rows.retain(|row| row.text("note") == "protected" && *permissions != UserPermissions::Every);
        Ok(rows.iter().map(|row| row.pk().to_owned()).collect())
    }
}

pub struct LineAdmin;

impl ModelAdmin for LineAdmin {
    fn model(&self) -> Model {
        Model::new("shop", "OrderLine", shop_line::table)
            .field(Field::foreign_key(shop_line::order_id, "shop.Order"))
            .field(Field::of(shop_line::text).max_length(20))
    }

    fn to_string(&self, line: &Row) -> String {
        line.text("text").to_owned()
    }

    fn clean(&self, _: &mut DbConnection, line: &mut Row, _: Option<&Row>) -> Result<Vec<FieldError>, PageError> {
        match line.text("text") {
            "refused by clean" => Err(PageError::PermissionDenied),
            _ => Ok(Vec::new()),
        }
    }

    fn saved(&self, _: &mut DbConnection, _: &Apps, line: &Row, _: Option<&Row>) -> Result<(), PageError> {
        match line.text("text") {
            "refused by saved" => Err(PageError::PermissionDenied),
            "unknown" => Err(PageError::NotFound),
            _ => Ok(()),
        }
    }

    fn delete_model(&self, conn: &mut DbConnection, objects: &Manager, line: &Row) -> Result<(), PageError> {
        if line.text("text") == "kept" {
            return Err(PageError::PermissionDenied);
        }
        objects.delete(conn, &[line.pk()])?;
        Ok(())
    }
}

/// A model that forbids the deletion of orders.
pub struct InvoiceAdmin;

impl ModelAdmin for InvoiceAdmin {
    fn model(&self) -> Model {
        Model::new("shop", "Invoice", shop_invoice::table)
            .field(Field::foreign_key(shop_invoice::order_id, "shop.Order").on_delete(OnDelete::Protect))
    }
}

pub struct NoteAdmin;

impl ModelAdmin for NoteAdmin {
    fn model(&self) -> Model {
        Model::new("shop", "Note", shop_note::table)
            .field(Field::foreign_key(shop_note::order_id, "shop.Order").on_delete(OnDelete::SetNull).blank())
            .field(Field::of(shop_note::text).max_length(20))
    }
}

/// The notes of a project that has no pages for orders.
pub struct FilteredNoteAdmin;

impl ModelAdmin for FilteredNoteAdmin {
    fn model(&self) -> Model {
        NoteAdmin.model()
    }

    fn list_filter(&self) -> &[&str] {
        &["order", "text"]
    }
}

pub fn register(builder: AppsBuilder) -> AppsBuilder {
    builder.admin(CustomerAdmin).admin(OrderAdmin).admin(LineAdmin).admin(InvoiceAdmin).admin(NoteAdmin)
}

pub async fn make_tables(app: &TestApp) {
    let is_sqlite = app.tables().url.starts_with("sqlite");
    let (key, moment, float) = match is_sqlite {
        true => ("integer NOT NULL PRIMARY KEY AUTOINCREMENT", "datetime", "real"),
        false => ("serial PRIMARY KEY", "timestamptz", "double precision"),
    };
    let references = |table: &str| format!("REFERENCES {table} (id) DEFERRABLE INITIALLY DEFERRED");
    let (customer, order) = (references("shop_customer"), references("shop_order"));
    for statement in [
        format!("CREATE TABLE shop_customer (id {key}, name varchar(40) NOT NULL)"),
        format!(
            "CREATE TABLE shop_order (id {key}, number varchar(10) NOT NULL UNIQUE, customer_id integer NOT NULL {customer}, \
             quantity integer NOT NULL, weight {float} NULL, is_paid bool NOT NULL, paid_on date NULL, \
             placed_at {moment} NOT NULL, status varchar(10) NOT NULL, email varchar(60) NOT NULL, note text NOT NULL, \
             created {moment} NOT NULL)"
        ),
        format!("CREATE TABLE shop_line (id {key}, order_id integer NOT NULL {order}, text varchar(20) NOT NULL)"),
        format!("CREATE TABLE shop_invoice (id {key}, order_id integer NOT NULL {order})"),
        format!("CREATE TABLE shop_note (id {key}, order_id integer NULL {order}, text varchar(20) NOT NULL)"),
        "INSERT INTO shop_customer (name) VALUES ('Acme'), ('<b>Zoo</b>')".to_owned(),
    ] {
        app.sql(&statement).await;
    }
}
