//! Changing the user's own password. Python counterpart: `AdminSite.password_change`, `PasswordChangeView` and
//! `AdminPasswordChangeForm`.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::contrib::admin::chrome::Chrome;
use crate::contrib::admin::error::PageError;
use crate::contrib::admin::render::render;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::AdminSite;
use crate::contrib::auth::password_validation::{UserAttributes, password_validators_help_texts, validate_password};
use crate::contrib::auth::signals::EndOfLogins;
use crate::contrib::auth::{self, RefusedLogin, SharedUser};
use crate::core::crypto::SecretString;
use crate::db::{DatabaseError, DbConnection};
use crate::http::redirects::redirect;

const WRONG: &str = "Your old password was entered incorrectly. Please enter it again.";
const DIFFERENT: &str = "The two password fields didn’t match.";

#[derive(Template)]
#[template(path = "admin/password_change_form.html")]
struct PasswordChangePage {
    chrome: Chrome,
    fields: [PasswordField; 3],
    error_count: usize,
}

#[derive(Template)]
#[template(path = "admin/password_change_done.html")]
struct PasswordChangeDonePage {
    chrome: Chrome,
}

/// A row of the form. A password is never shown again.
struct PasswordField {
    name: &'static str,
    label: &'static str,
    autocomplete: &'static str,
    help: Vec<String>,
    errors: Vec<String>,
}

/// The submitted passwords.
struct SubmittedPasswords {
    old: SecretString,
    new1: SecretString,
    new2: SecretString,
}

impl PasswordField {
    fn new(name: &'static str, label: &'static str, autocomplete: &'static str, help: Vec<String>) -> Self {
        Self { name, label, autocomplete, help, errors: Vec::new() }
    }

    fn described_by(&self) -> Option<String> {
        let help = (!self.help.is_empty()).then(|| format!("id_{}_helptext", self.name));
        let error = (!self.errors.is_empty()).then(|| format!("id_{}_error", self.name));
        let ids: Vec<_> = help.into_iter().chain(error).collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }
}

/// `password_change/`.
pub(in crate::contrib::admin::views) async fn password_change(
    site: &AdminSite,
    request: &AdminRequest,
) -> Result<HttpResponse, PageError> {
    let auth = request.auth()?;
    let help = password_validators_help_texts(auth.password_validators());
    let mut fields = [
        PasswordField::new("old_password", "Old password", "current-password", Vec::new()),
        PasswordField::new("new_password1", "New password", "new-password", help),
        PasswordField::new(
            "new_password2",
            "New password confirmation",
            "new-password",
            vec!["Enter the same password as before, for verification.".to_owned()],
        ),
    ];
    let mut refused = None;
    if request.is_post() {
        let entered = |name| SecretString::new(request.form.get(name).unwrap_or_default().to_owned());
        let entered = SubmittedPasswords {
            old: entered("old_password"),
            new1: entered("new_password1"),
            new2: entered("new_password2"),
        };
        let mut errors = check(request, &entered)?;
        let mut user = None;
        if errors[0].is_empty() {
            match check_old(request, &entered.old).await? {
                Ok(Some(found)) => user = Some(found),
                Ok(None) => errors[0].push(WRONG.to_owned()),
                Err(why) => {
                    errors[0].push(why.problem.clone());
                    refused = Some(why);
                }
            }
        }
        if let Some(user) = user.filter(|_| errors.iter().all(Vec::is_empty)) {
            if change(request, user, entered.new1).await? {
                return Ok(redirect(&request.url("password_change/done/")));
            }
            // Another request has changed it meanwhile.
            errors[0].push(WRONG.to_owned());
        }
        for (field, errors) in fields.iter_mut().zip(errors) {
            field.errors = errors;
        }
    }
    let error_count = fields.iter().filter(|field| !field.errors.is_empty()).count();
    let chrome = chrome(site, request).titled("Password change").with_errors(error_count > 0);
    let page = PasswordChangePage { chrome, fields, error_count };
    let page = render(StatusCode::OK, &page);
    Ok(match refused {
        Some(refused) => refused.respond(page),
        None => page,
    })
}

/// `password_change/done/`.
pub(in crate::contrib::admin::views) async fn password_change_done(
    site: &AdminSite,
    request: &AdminRequest,
) -> Result<HttpResponse, PageError> {
    let chrome = chrome(site, request).titled("Password change successful");
    Ok(render(StatusCode::OK, &PasswordChangeDonePage { chrome }))
}

fn chrome(site: &AdminSite, request: &AdminRequest) -> Chrome {
    Chrome { nav: Vec::new(), ..Chrome::of(site, request) }.last_crumb("Password change")
}

/// The user of the session, if this is the password. A wrong password counts as a failed login, so that an attacker with a
/// stolen session cannot guess it.
async fn check_old(
    request: &AdminRequest,
    old: &SecretString,
) -> Result<Result<Option<SharedUser>, RefusedLogin>, PageError> {
    let address = auth::client_address(&request.req);
    let (auth, user) = (request.auth()?, request.user()?);
    match auth.authenticate(&request.db, &address, user.username(), old.expose()).await {
        Ok(found) => Ok(Ok(found)),
        Err(error) => Ok(Err(RefusedLogin::of(error)?)),
    }
}

/// The errors of the three fields: `PasswordChangeForm.clean`. The old password is compared elsewhere.
fn check(request: &AdminRequest, entered: &SubmittedPasswords) -> Result<[Vec<String>; 3], PageError> {
    let (auth, user) = (request.auth()?, request.user()?);
    let mut errors = [&entered.old, &entered.new1, &entered.new2]
        .map(|password| auth::required(password.expose()).map(str::to_owned).into_iter().collect::<Vec<_>>());
    if errors[1].is_empty() && errors[2].is_empty() && entered.new1 != entered.new2 {
        errors[2].push(DIFFERENT.to_owned());
    }
    // As in Django, the confirmation is checked even if the first password is missing.
    if errors[2].is_empty() {
        let (first_name, last_name) = (user.text("first_name"), user.text("last_name"));
        let email = user.text(auth.users().email_field());
        let user =
            UserAttributes { username: user.username(), first_name: &first_name, last_name: &last_name, email: &email };
        if let Err(problems) = validate_password(entered.new2.expose(), &user, auth.password_validators()) {
            errors[2].extend(problems.iter().map(ToString::to_string));
        }
    }
    Ok(errors)
}

/// Stores the password. The session of the request stays under a new key, and the others end. Returns `false` if the password was
/// changed meanwhile.
async fn change(request: &AdminRequest, user: SharedUser, password: SecretString) -> Result<bool, PageError> {
    let auth = request.auth()?;
    let encoded = auth.hash(move |hashers| hashers.encode(password.expose())).await?;
    let encoded = encoded.map_err(PageError::internal)?;
    let (users, old, apps) = (Arc::clone(auth.users()), user, request.apps.clone());
    let store = move |conn: &mut DbConnection| -> Result<Option<SharedUser>, DatabaseError> {
        if !users.set_password(conn, &*old, &encoded)? {
            return Ok(None);
        }
        if let Some(pk) = old.pk() {
            apps.end_logins(conn, pk, EndOfLogins::PasswordChanged)?;
        }
        Ok(users.get_by_natural_key(conn, old.username())?)
    };
    let Some(user) = request.db.write(store).await? else { return Ok(false) };
    auth::update_session_auth_hash(&request.req, &user).await?;
    Ok(true)
}
