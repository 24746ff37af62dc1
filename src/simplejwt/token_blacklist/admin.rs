//! The pages of outstanding and blacklisted tokens in the admin site. Python counterpart:
//! `rest_framework_simplejwt.token_blacklist.admin`.

use crate::contrib::admin::models::{Field, Model, OnDelete, Row};
use crate::contrib::admin::{AdminRequest, Cell, Fieldset, ModelAdmin, display_for_field, masked};
use crate::db::schema::{
    token_blacklist_blacklistedtoken as blacklisted, token_blacklist_outstandingtoken as outstanding,
};

fn outstanding_model() -> Model {
    let user = Field::foreign_key(outstanding::user_id, "auth.User").on_delete(OnDelete::SetNull).blank();
    let mut model = Model::new("token_blacklist", "OutstandingToken", outstanding::table);
    for key in &mut model.fields {
        "id".clone_into(&mut key.verbose_name);
    }
    model
        // The package declares this field itself, so its label is `id` and not `ID`.
        .field(Field::of(outstanding::id).auto())
        .field(user)
        .field(Field::of(outstanding::jti).max_length(255).unique())
        .field(Field::of(outstanding::token).secret())
        .field(Field::of(outstanding::created_at).blank())
        .field(Field::of(outstanding::expires_at))
        .verbose_names("Outstanding Token", "Outstanding Tokens")
        .ordering(&["user"])
}

/// `OutstandingTokenAdmin`. The page is read-only. The token is masked, because anyone who sees a refresh token can use it.
#[derive(Clone, Copy, Debug)]
pub struct OutstandingTokenAdmin;

impl ModelAdmin for OutstandingTokenAdmin {
    fn model(&self) -> Model {
        outstanding_model()
    }

    fn to_string(&self, token: &Row) -> String {
        format!("Token for {} ({})", token.label("user").unwrap_or("None"), token.text("jti"))
    }

    fn list_display(&self) -> &[&str] {
        &["jti", "user", "created_at", "expires_at"]
    }

    fn fieldsets(&self, _add: bool) -> Vec<Fieldset> {
        vec![Fieldset::new("", &["id", "user", "jti", "token", "created_at", "expires_at"])]
    }

    fn list_select_related(&self) -> &[&str] {
        &["user"]
    }

    fn search_fields(&self) -> &[&str] {
        &["user__id", "jti"]
    }

    fn ordering(&self) -> &[&str] {
        &["user"]
    }

    fn display(&self, column: &str, token: &Row) -> Option<Cell> {
        (column == "token").then(|| Cell::text(masked(token.text("token"))))
    }

    fn has_actions(&self, _request: &AdminRequest) -> bool {
        false
    }

    fn readonly_fields(&self, _request: &AdminRequest, _object: Option<&Row>) -> Vec<String> {
        self.model().fields.into_iter().map(|field| field.name).collect()
    }

    fn has_add_permission(&self, _request: &AdminRequest, _model: &Model) -> bool {
        false
    }

    fn has_delete_permission(&self, _request: &AdminRequest, _model: &Model, _object: Option<&Row>) -> bool {
        false
    }

    /// The page can be viewed but not saved, as in simplejwt.
    fn has_change_permission(&self, request: &AdminRequest, model: &Model, _object: Option<&Row>) -> bool {
        matches!(request.req.method().as_str(), "GET" | "HEAD") && request.has_perm(&model.permission("change"))
    }
}

/// `BlacklistedTokenAdmin`.
#[derive(Clone, Copy, Debug)]
pub struct BlacklistedTokenAdmin;

impl ModelAdmin for BlacklistedTokenAdmin {
    fn model(&self) -> Model {
        Model::new("token_blacklist", "BlacklistedToken", blacklisted::table)
            .field(Field::of(blacklisted::id).auto())
            .field(Field::one_to_one(blacklisted::token_id, "token_blacklist.OutstandingToken"))
            .field(Field::of(blacklisted::blacklisted_at).auto_now_add())
            .verbose_names("Blacklisted Token", "Blacklisted Tokens")
    }

    fn to_string(&self, blacklisted: &Row) -> String {
        let user = blacklisted.related("token").and_then(|token| token.label("user"));
        format!("Blacklisted token for {}", user.unwrap_or("None"))
    }

    fn list_display(&self) -> &[&str] {
        &["token_jti", "token_user", "token_created_at", "token_expires_at", "blacklisted_at"]
    }

    fn list_select_related(&self) -> &[&str] {
        &["token__user"]
    }

    fn search_fields(&self) -> &[&str] {
        &["token__user__id", "token__jti"]
    }

    fn ordering(&self) -> &[&str] {
        &["token__user"]
    }

    fn column_label(&self, column: &str) -> Option<String> {
        column.strip_prefix("token_").map(|name| name.replace('_', " "))
    }

    fn column_order(&self, column: &str) -> Option<&str> {
        Some(match column {
            "token_jti" => "token__jti",
            "token_user" => "token__user",
            "token_created_at" => "token__created_at",
            "token_expires_at" => "token__expires_at",
            _ => return None,
        })
    }

    fn display(&self, column: &str, blacklisted: &Row) -> Option<Cell> {
        let name = column.strip_prefix("token_")?;
        let Some(token) = blacklisted.related("token") else { return Some(Cell::Empty) };
        let model = outstanding_model();
        Some(model.get_field(name).map_or(Cell::Empty, |field| display_for_field(field, token)))
    }
}
