//! The page of API tokens in the admin site. Python counterpart: `rest_framework.authtoken.admin`.

use std::sync::Arc;

use diesel::QueryResult;

use super::models::{MAX_KEY_LENGTH, Token};
use crate::contrib::admin::forms::{Form, Rule, Value};
use crate::contrib::admin::models::{Field, Manager, Model, Row};
use crate::contrib::admin::{AdminRequest, Cell, Fieldset, ModelAdmin, PageError, masked};
use crate::db::DbConnection;
use crate::db::schema::authtoken_token;

/// `TokenAdmin`. A token is addressed by its user. Its key is masked, because anyone who sees a key can use it.
#[derive(Clone, Copy, Debug)]
pub struct TokenAdmin;

/// The table, under the name of the model or of its proxy.
fn described(model: &'static str) -> Model {
    let key = Field::of(authtoken_token::key).max_length(MAX_KEY_LENGTH).unique().verbose_name("Key").secret();
    Model::described("authtoken", model, "authtoken_token", key.not_editable())
        .field(Field::one_to_one(authtoken_token::user_id, "auth.User").verbose_name("User"))
        .field(Field::of(authtoken_token::created).auto_now_add().verbose_name("Created"))
        .verbose_names("Token", "Tokens")
}

impl ModelAdmin for TokenAdmin {
    fn model(&self) -> Model {
        described("TokenProxy").addressed_by("user")
    }

    fn to_string(&self, token: &Row) -> String {
        masked(token.text("key"))
    }

    fn list_display(&self) -> &[&str] {
        &["key", "user", "created"]
    }

    fn display(&self, column: &str, token: &Row) -> Option<Cell> {
        (column == "key").then(|| Cell::text(masked(token.text("key"))))
    }

    fn list_filter(&self) -> &[&str] {
        &["created"]
    }

    fn search_fields(&self) -> &[&str] {
        &["user__username"]
    }

    fn search_help_text(&self) -> &'static str {
        "Username"
    }

    fn ordering(&self) -> &[&str] {
        &["user__username"]
    }

    fn has_actions(&self, _request: &AdminRequest) -> bool {
        false
    }

    fn fieldsets(&self, _add: bool) -> Vec<Fieldset> {
        vec![Fieldset::new("", &["user"])]
    }

    /// Unlike in Django, only superusers can give a token to another user, because anyone who knows the key can act as that user.
    fn form(&self, request: &AdminRequest, form: &mut Form, token: Option<&Row>) {
        let is_superuser = request.user.as_ref().is_some_and(|user| user.is_superuser());
        if let Some(field) = form.field_mut("user").filter(|_| token.is_some() && !is_superuser) {
            field.rule = Some(Arc::new(SameUser));
        }
    }

    fn save_model(
        &self,
        conn: &mut DbConnection,
        tokens: &Manager,
        token: &mut Row,
        original: Option<&Row>,
    ) -> Result<(), PageError> {
        match original {
            Some(original) => tokens.update(conn, original.pk(), token).map(drop)?,
            None => {
                token.set("key", Some(Token::generate_key()));
                tokens.insert(conn, token)?;
            }
        }
        Ok(())
    }
}

/// Refuses every change.
struct SameUser;

impl Rule for SameUser {
    fn check(&self, _: &mut DbConnection, _: &Value, _: &Value) -> QueryResult<Vec<String>> {
        Ok(vec!["Only superusers can give a token to another user.".to_owned()])
    }
}

/// `authtoken.Token`, the model behind the pages. Tokens are deleted with their users. This needs no permission on tokens.
pub(super) struct TokenModel;

impl ModelAdmin for TokenModel {
    fn model(&self) -> Model {
        described("Token")
    }

    fn to_string(&self, token: &Row) -> String {
        masked(token.text("key"))
    }
}
