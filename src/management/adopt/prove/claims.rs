//! Claims in Django's tokens that this server would not issue.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::users::Users;
use super::{Proof, sql};
use crate::apps::AppsBuilder;
use crate::apps::command::CommandError;
use crate::contrib::auth::{AuthState, SharedUser, UserId};
use crate::core::jwt::Claims;
use crate::db::DbConnection;
use crate::management::adopt::report::Finding;
use crate::simplejwt::state::JwtState;
use crate::simplejwt::tokens::AccessToken;

/// What the lines of a full name need.
const FULL_NAME: &str =
    "let text = |name| user.attribute(name).and_then(|value| Some(value.as_str()?.to_owned())).unwrap_or_default();";

/// The lines before the claim with the names of the user's groups. `examples/custom_claims.rs` has them too.
const GROUPS: [&str; 4] = [
    "// At the top of the file: use diesel::prelude::*;",
    "// use crate::db::schema::{auth_group, auth_user, auth_user_groups};",
    "let groups = auth_group::table.inner_join(auth_user_groups::table.inner_join(auth_user::table));",
    "let groups = groups.filter(auth_user::username.eq(user.username())).order(auth_group::name);",
];

/// The number of tokens whose claims are compared with the columns of the user.
const COMPARED: usize = 5;

/// A claim that this server would not issue.
#[derive(Debug, Default)]
struct MissingClaim {
    /// An example of the value.
    value: Value,
    /// The fields of the user that had the same value in every token so far; `None` before the first token.
    fields: Option<Vec<String>>,
    /// Whether it was the full name in every token.
    is_full_name: bool,
    /// The expression in `get_token`.
    python: Option<String>,
}

impl Proof<'_> {
    /// Compares the claims of tokens with those that this program issues for the same users.
    pub(super) fn claims(
        &mut self,
        builder: &AppsBuilder,
        jwt: &JwtState,
        conn: &mut DbConnection,
        tokens: &[Claims],
    ) -> Result<(), CommandError> {
        let mut missing: BTreeMap<String, MissingClaim> = BTreeMap::new();
        let mut compared = 0;
        let mut types = Vec::new();
        // The claims that this program would issue, for any user.
        let mut issued: BTreeSet<String> = BTreeSet::new();
        let mut fields = Vec::new();
        if let Some(auth) = builder.registry().get::<AuthState>() {
            let users = Users::of(builder, self);
            fields = users.columns().into_iter().map(|(field, _)| field).collect();
            if let Some(user) = users.newest(auth, conn)? {
                issued.extend(issue(&user, jwt, conn)?.keys().cloned());
            }
            for claims in tokens.iter().take(COMPARED) {
                let settings = &jwt.settings;
                let Some(id) = claims.get(&settings.user_id_claim) else { continue };
                let Some(user) = auth.users().get_by_attribute(conn, &settings.user_id_field, id)? else { continue };
                compared += 1;
                let ours = issue(&user, jwt, conn)?;
                let row = row(conn, &users, &user)?;
                for (name, value) in claims.iter() {
                    match ours.get(name) {
                        Some(our) if kind(our) != kind(value) && !types.iter().any(|(known, _, _)| known == name) => {
                            types.push((name.clone(), kind(value), kind(our)));
                        }
                        Some(_) => {}
                        None if is_standard(name, jwt) => {}
                        None => missing.entry(name.clone()).or_default().compare(value, &row),
                    }
                }
            }
        }
        // simplejwt records a token before `get_token` has added its claims, so the recorded ones may lack them.
        for (name, python) in self.in_source().into_iter().filter(|(name, _)| !issued.contains(name)) {
            missing.entry(name).or_default().read(python, &fields);
        }
        for (name, theirs, ours) in types {
            self.report.add(
                Finding::noticed(format!(
                    "The claim {name} is {theirs} in Django's tokens and {ours} in those of this server."
                ))
                .clients("Clients that read it have to accept both.")
                .remedy(if name == jwt.settings.user_id_claim {
                    "simplejwt 5.5 writes a text as well."
                } else {
                    ""
                }),
            );
        }
        let auth = builder.registry().get::<AuthState>();
        self.report_missing(&missing, compared, auth.is_some_and(|auth| auth.users().table() == "auth_user"));
        self.own_serializers();
        Ok(())
    }

    fn report_missing(&mut self, missing: &BTreeMap<String, MissingClaim>, compared: usize, has_auth_user: bool) {
        if missing.is_empty() {
            if compared > 0 {
                self.report.add(Finding::proven("This server issues the same claims for the users of these tokens."));
            }
            return;
        }
        let names = missing.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let (with_queries, others): (Vec<_>, Vec<_>) = missing.iter().partition(|(_, claim)| claim.needs_queries());
        let indented = |line: String| format!("    {line}");
        let mut lines = Vec::new();
        if !others.is_empty() {
            lines.push(".claims(|user, claims| {".to_owned());
            if others.iter().any(|(_, claim)| claim.is_full_name) {
                lines.push(indented(FULL_NAME.to_owned()));
            }
            lines.extend(others.iter().flat_map(|(name, claim)| claim.lines(name)).map(indented));
            lines.push("})".to_owned());
        }
        if !with_queries.is_empty() {
            lines.push(".claims_from_database(|user, claims, conn| {".to_owned());
            let with_queries =
                with_queries.iter().flat_map(|(name, claim)| claim.lines_with_queries(name, has_auth_user));
            lines.extend(with_queries.map(indented));
            lines.extend(["    Ok(())".to_owned(), "})".to_owned()]);
        }
        self.report.add(
            Finding::code(format!("Django's tokens have claims that this server does not issue: {names}."))
                .clients("Tokens of this server lack them, after a login and after a refresh.")
                .remedy("Add them in `Settings::builder` in src/settings.rs, build, and run this again:")
                .lines(lines),
        );
    }

    /// Claims that `get_token` of the project's serializers sets: the name, and the expression in Python.
    fn in_source(&self) -> Vec<(String, String)> {
        let serializers = self.export.serializers();
        let sources = serializers.iter().filter_map(|serializer| serializer.methods.get("get_token")?.as_str());
        sources.flat_map(str::lines).filter_map(claim_in).collect()
    }

    /// Serializers that do more than set claims.
    fn own_serializers(&mut self) {
        for serializer in self.export.serializers() {
            let base = serializer.bases.first().map_or("", |base| base.rsplit('.').next().unwrap_or(base));
            let get_token = serializer.methods.get("get_token").map(|source| source.as_str().unwrap_or_default());
            if let Some(source) = get_token.filter(|source| source.lines().all(|line| claim_in(line).is_none())) {
                self.report.add(
                    Finding::code(format!("{} ({}) has a `get_token` of its own.", serializer.class, serializer.place))
                        .clients("Claims that it adds are missing in tokens of this server.")
                        .remedy(
                            "Add them with `.claims(|user, claims| …)`, or `.claims_from_database(|user, claims, conn| …)` if they \
                             need queries, in `Settings::builder` in src/settings.rs. In Python it is:",
                        )
                        .lines(source.lines()),
                );
            }
            let Some(validate) = serializer.methods.get("validate") else { continue };
            let source = validate.as_str().unwrap_or("(its source was not found)");
            self.report.add(
                Finding::code(format!(
                    "{} ({}) derives from {base} and has a `validate` of its own.",
                    serializer.class, serializer.place
                ))
                .clients("What it adds to the response, or refuses, is missing.")
                .remedy("Write a view of your own in src/views.rs and put it into src/urls.rs. In Python it is:")
                .lines(source.lines()),
            );
        }
    }
}

impl MissingClaim {
    /// Compares the value in a token with the row of its user.
    fn compare(&mut self, value: &Value, row: &[(String, Option<String>)]) {
        let matches: Vec<String> = row
            .iter()
            .filter(|(_, column)| is_equal(value, column.as_deref()))
            .map(|(field, _)| field.clone())
            .collect();
        let part = |name: &str| row.iter().find(|(field, _)| field == name).and_then(|(_, value)| value.as_deref());
        let full_name = part("first_name").zip(part("last_name")).map(|(first, last)| format!("{first} {last}"));
        let is_full_name = full_name.is_some_and(|name| !name.trim().is_empty() && value == name.trim());
        (self.fields, self.is_full_name) = match self.fields.take() {
            None => (Some(matches), is_full_name),
            Some(before) => (
                Some(before.into_iter().filter(|field| matches.contains(field)).collect()),
                self.is_full_name && is_full_name,
            ),
        };
        self.value = value.clone();
    }

    /// Uses the expression that `get_token` assigns.
    fn read(&mut self, python: String, fields: &[String]) {
        let has = |name: &str| fields.iter().any(|field| field == name);
        if self.fields.is_none() {
            let direct = python.strip_prefix("user.").filter(|name| has(name));
            self.fields = direct.map(|name| vec![name.to_owned()]);
            self.is_full_name = python == "user.get_full_name()" && has("first_name") && has("last_name");
        }
        self.python = Some(python);
    }

    fn lines(&self, name: &str) -> Vec<String> {
        let mut lines: Vec<_> = self.python.iter().map(|python| format!("// In Python: {python}")).collect();
        let direct = self.python.as_deref().and_then(|python| python.strip_prefix("user."));
        let is_named = |field: &&String| direct == Some(field.as_str()) || *field == name;
        let fields = self.fields.as_deref().unwrap_or_default();
        let field = fields.iter().find(is_named).or_else(|| fields.first().filter(|_| fields.len() == 1));
        if field.is_none() && !self.is_full_name && !fields.is_empty() {
            lines.push(format!("// The same value is in {}.", fields.join(", ")));
        }
        lines.push(match field {
            Some(field) => format!("claims.insert({name:?}, user.attribute({field:?}).unwrap_or_default());"),
            None if self.is_full_name => format!(
                "claims.insert({name:?}, format!(\"{{}} {{}}\", text(\"first_name\"), text(\"last_name\")).trim().into());"
            ),
            None => format!("claims.insert({name:?}, /* {} */);", kind(&self.value)),
        });
        lines
    }
}

impl MissingClaim {
    /// Whether the value is in no column, and the expression in Python is more than an attribute of the user, such as
    /// `user.groups.count()`.
    fn needs_queries(&self) -> bool {
        let is_attribute = |python: &str| {
            let name = python.strip_prefix("user.").unwrap_or_default();
            let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
            is_name || name == "get_full_name()"
        };
        let has_column = self.is_full_name || self.fields.as_ref().is_some_and(|fields| !fields.is_empty());
        !has_column && self.python.as_deref().is_some_and(|python| !is_attribute(python))
    }

    /// The lines for the hook with a connection. `has_auth_user` is false with a custom user model, whose groups are in another
    /// table.
    fn lines_with_queries(&self, name: &str, has_auth_user: bool) -> Vec<String> {
        let python = self.python.as_deref().unwrap_or_default();
        let mut lines = vec![format!("// In Python: {python}")];
        if has_auth_user && lists_group_names(python) {
            lines.extend(GROUPS.map(str::to_owned));
            lines.push(format!(
                "claims.insert({name:?}, groups.select(auth_group::name).load::<String>(conn)?.into());"
            ));
        } else {
            lines.push(format!("claims.insert({name:?}, /* {}, by a query with conn */);", kind(&self.value)));
        }
        lines
    }
}

/// Whether an expression in Python is the list of the names of the user's groups.
fn lists_group_names(python: &str) -> bool {
    let python: String = python.chars().filter(|c| !c.is_whitespace()).collect();
    let python = python.replace('\'', "\"");
    if let Some((variable, rest)) = python.strip_prefix('[').and_then(|list| list.split_once(".namefor")) {
        return rest == format!("{variable}inuser.groups.all()]");
    }
    let query = python.strip_prefix("list(user.groups").and_then(|rest| rest.strip_suffix(')'));
    query.is_some_and(|query| {
        let query = query.replace(".all()", "").replace(".order_by(\"name\")", "");
        query == ".values_list(\"name\",flat=True)"
    })
}

/// The claim that a line of Python sets, and its expression: `token["name"] = user.name`.
fn claim_in(line: &str) -> Option<(String, String)> {
    let (name, value) = line.trim().strip_prefix("token[")?.split_once("]")?;
    let value = value.trim_start().strip_prefix('=').filter(|value| !value.starts_with('='))?;
    Some((name.trim_matches(['"', '\'']).to_owned(), value.trim().to_owned()))
}

/// The claims that every token has because of the settings.
fn is_standard(name: &str, jwt: &JwtState) -> bool {
    let settings = &jwt.settings;
    matches!(name, "exp" | "iat" | "nbf" | "jti" | "aud" | "iss")
        || name == settings.revoke_token_claim
        || name == settings.sliding_token_refresh_exp_claim
        || settings.token_type_claim.as_deref() == Some(name)
        || settings.jti_claim.as_deref() == Some(name)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "its value",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Whether a claim has the value of a column, which is shown as text.
fn is_equal(claim: &Value, column: Option<&str>) -> bool {
    match (claim, column) {
        (Value::String(text), Some(column)) => {
            let is_same_uuid = || text.len() == 36 && text.replace('-', "") == column.replace('-', "");
            !text.is_empty() && (text == column || is_same_uuid())
        }
        (Value::Number(number), Some(column)) => number.to_string() == column,
        (Value::Bool(true), Some(column)) => matches!(column, "true" | "1"),
        (Value::Bool(false), Some(column)) => matches!(column, "false" | "0"),
        _ => false,
    }
}

/// The claims of a new access token of `user`.
fn issue(user: &SharedUser, jwt: &JwtState, conn: &mut DbConnection) -> Result<AccessToken, CommandError> {
    let mut token = AccessToken::for_user(&**user, jwt);
    token.set_claims_from_database(&**user, jwt, conn)?;
    Ok(token)
}

/// The fields of a user, as text.
fn row(
    conn: &mut DbConnection,
    users: &Users,
    user: &SharedUser,
) -> Result<Vec<(String, Option<String>)>, CommandError> {
    let key = match (user.pk(), conn.vendor()) {
        (None, _) => return Ok(Vec::new()),
        (Some(UserId::Uuid(id)), "sqlite") => sql::literal(&id.simple().to_string()),
        (Some(id), _) => sql::literal(&id.to_string()),
    };
    let mut row = Vec::new();
    for (field, column) in users.columns() {
        let found = sql::texts(conn, &column, &format!("FROM {} WHERE {} = {key}", users.table, users.pk))?;
        row.push((field, found.into_iter().next().flatten()));
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(pairs: &[(&str, &str)]) -> Vec<(String, Option<String>)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned()))).collect()
    }

    #[test]
    fn a_claim_is_found_in_the_column_that_has_its_value_in_every_token() {
        let mut claim = MissingClaim::default();
        claim.compare(&json!("a"), &row(&[("tenant", "a"), ("city", "a")]));
        claim.compare(&json!("b"), &row(&[("tenant", "b"), ("city", "c")]));
        assert_eq!(claim.lines("shop"), [r#"claims.insert("shop", user.attribute("tenant").unwrap_or_default());"#]);
    }

    #[test]
    fn a_claim_that_is_no_column_does_not_compile_until_it_is_written() {
        let mut claim = MissingClaim { python: Some("user.order_count".to_owned()), ..MissingClaim::default() };
        claim.compare(&json!(7), &row(&[("tenant", "a")]));
        assert_eq!(
            claim.lines("orders"),
            ["// In Python: user.order_count", r#"claims.insert("orders", /* a number */);"#]
        );
        let mut name = MissingClaim::default();
        name.compare(&json!("Ann Lee"), &row(&[("first_name", "Ann"), ("last_name", "Lee")]));
        assert!(name.lines("name")[0].contains(r#"text("first_name")"#));
    }

    #[test]
    fn the_source_of_get_token_is_enough_if_no_token_has_the_claim() {
        let fields = ["tenant", "first_name", "last_name"].map(str::to_owned);
        let lines = |name: &str, python: &str| {
            let mut claim = MissingClaim::default();
            claim.read(python.to_owned(), &fields);
            claim.lines(name).pop().unwrap()
        };
        assert_eq!(
            lines("shop", "user.tenant"),
            r#"claims.insert("shop", user.attribute("tenant").unwrap_or_default());"#
        );
        assert!(lines("name", "user.get_full_name()").contains(r#"text("last_name")"#));
        assert_eq!(lines("n", "user.plan"), r#"claims.insert("n", /* its value */);"#);
    }

    #[test]
    fn an_expression_that_is_no_attribute_gets_a_connection() {
        let claim = |python: &str| MissingClaim { python: Some(python.to_owned()), ..MissingClaim::default() };
        assert!(!claim("user.plan").needs_queries() && !claim("user.get_full_name()").needs_queries());
        let fields = Some(vec!["tenant".to_owned()]);
        assert!(!MissingClaim { fields, ..claim("str(user.tenant)") }.needs_queries());
        assert!(claim("user.orders.count()").needs_queries() && claim("user.tenant.name").needs_queries());
        assert_eq!(
            claim("user.orders.count()").lines_with_queries("n", true),
            ["// In Python: user.orders.count()", r#"claims.insert("n", /* its value, by a query with conn */);"#]
        );
    }

    /// The query is that of `examples/custom_claims.rs`, which is tested.
    #[test]
    fn the_names_of_the_groups_are_a_query_that_compiles() {
        let example = include_str!("../../../../examples/custom_claims.rs");
        for python in [
            r#"list(user.groups.values_list("name", flat=True))"#,
            "list(user.groups.values_list('name', flat=True))",
            r#"list(user.groups.all().values_list("name", flat=True))"#,
            r#"list(user.groups.order_by("name").values_list("name", flat=True))"#,
            r#"list(user.groups.values_list("name", flat=True).order_by("name"))"#,
            "[group.name for group in user.groups.all()]",
        ] {
            let claim = MissingClaim { python: Some(python.to_owned()), ..MissingClaim::default() };
            let lines = claim.lines_with_queries("groups", true);
            assert!(lines[3..].iter().all(|line| example.contains(line)), "{python}: {lines:?}");
            assert_eq!(lines.len(), 6, "{python}");
            assert_eq!(claim.lines_with_queries("groups", false).len(), 2, "{python}");
        }
        assert!(!lists_group_names("[g.id for g in user.groups.all()]"));
        assert!(!lists_group_names(r#"list(user.groups.filter(a=1).values_list("name", flat=True))"#));
    }

    #[test]
    fn assignments_to_claims_are_found_in_python() {
        assert_eq!(claim_in(r#"    token["name"] = user.name"#), Some(("name".to_owned(), "user.name".to_owned())));
        assert_eq!(claim_in("token['a']=b[1] + 'c'"), Some(("a".to_owned(), "b[1] + 'c'".to_owned())));
        for line in ["return token", r#"if token["a"] == 1:"#, "token = super().get_token(user)"] {
            assert_eq!(claim_in(line), None, "{line}");
        }
    }

    #[test]
    fn booleans_and_uuids_are_recognised_as_both_databases_write_them() {
        assert!(is_equal(&json!(true), Some("1")) && is_equal(&json!(true), Some("true")));
        let uuid = "0b9e2c8a-1d58-4a3a-9f4e-3c5f6a7b8c9d";
        assert!(is_equal(&json!(uuid), Some(&uuid.replace('-', ""))));
        assert!(!is_equal(&json!(""), Some("")));
    }
}
