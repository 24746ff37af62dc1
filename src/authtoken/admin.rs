//! The page of API tokens in the admin site. Python counterpart: `rest_framework.authtoken.admin`.

use super::models::{MAX_KEY_LENGTH, Token};
use crate::contrib::admin::models::{Field, Manager, Model, Row};
use crate::contrib::admin::{AdminRequest, Cell, Fieldset, ModelAdmin, PageError, masked};
use crate::db::DbConnection;
use crate::db::schema::authtoken_token;

/// `TokenAdmin`. A token is addressed by its user, and its key is masked: who sees a key can use it.
#[derive(Clone, Copy, Debug)]
pub struct TokenAdmin;

impl ModelAdmin for TokenAdmin {
    fn model(&self) -> Model {
        let key = Field::of(authtoken_token::key).max_length(MAX_KEY_LENGTH).unique().verbose_name("Key").secret();
        Model::described("authtoken", "TokenProxy", "authtoken_token", key.not_editable())
            .field(Field::one_to_one(authtoken_token::user_id, "auth.User").verbose_name("User"))
            .field(Field::of(authtoken_token::created).auto_now_add().verbose_name("Created"))
            .verbose_names("Token", "Tokens")
            .addressed_by("user")
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

/// `authtoken.Token`, the model behind the pages: tokens are deleted with their users, for which nobody needs a permission on tokens.
pub(super) struct TokenModel;

impl ModelAdmin for TokenModel {
    fn model(&self) -> Model {
        let key = Field::of(authtoken_token::key).max_length(MAX_KEY_LENGTH).unique().verbose_name("Key").secret();
        Model::described("authtoken", "Token", "authtoken_token", key.not_editable())
            .field(Field::one_to_one(authtoken_token::user_id, "auth.User").verbose_name("User"))
            .field(Field::of(authtoken_token::created).auto_now_add().verbose_name("Created"))
            .verbose_names("Token", "Tokens")
    }

    fn to_string(&self, token: &Row) -> String {
        masked(token.text("key"))
    }
}
