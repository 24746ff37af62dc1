//! A search over users, ids of tokens and addresses. Python counterpart: none.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::contrib::admin::accounts::{AccountSearch, Hit};
use crate::contrib::admin::chrome::{Chrome, may_see_accounts};
use crate::contrib::admin::date_time;
use crate::contrib::admin::error::PageError;
use crate::contrib::admin::log::{ActionFlag, ChangeMessage, LoggedObject, log_action};
use crate::contrib::admin::render::render;
use crate::contrib::admin::request::AdminRequest;
use crate::contrib::admin::sites::AdminSite;
use crate::contrib::auth::{FailedLogins, FailedLoginsOf, SharedUser};
use crate::contrib::messages::{self, Level};
use crate::core::python;
use crate::core::python::capfirst;
use crate::db::{DatabaseError, DbConnection};
use crate::http::query_dict::quote_plus;
use crate::http::redirects::redirect;

/// The largest number of failed logins on the page.
const MAX_FAILED_LOGINS: i64 = 100;
/// The largest length of a word. Longer words find nothing.
const MAX_LENGTH: usize = 300;

#[derive(Template)]
#[template(path = "admin/search.html")]
struct SearchPage {
    chrome: Chrome,
    query: String,
    /// The list of users that have the words of the query.
    user_list: Option<String>,
    found: Vec<FoundRow>,
    failed: Vec<FailedLogins>,
    may_change: bool,
}

/// A row of the table.
struct FoundRow {
    kind: String,
    text: String,
    detail: String,
    url: Option<String>,
    user: Option<(String, String)>,
}

/// The data from the database.
#[derive(Default)]
struct SearchData {
    user: Option<SharedUser>,
    hits: Vec<(Hit, Option<SharedUser>)>,
    failed: Vec<FailedLogins>,
}

impl SearchPage {
    fn date_time(&self, moment: &chrono::DateTime<chrono::Utc>) -> String {
        date_time(*moment)
    }
}

/// `search/`. A `POST` unlocks an address.
pub(in crate::contrib::admin::views) async fn search(
    site: &AdminSite,
    request: &AdminRequest,
) -> Result<HttpResponse, PageError> {
    if !may_see_accounts(site, request) {
        return Err(PageError::PermissionDenied);
    }
    let auth = request.auth()?;
    let users = site.users(auth);
    let may_change = users.map_or_else(
        || request.user.as_ref().is_some_and(|user| user.is_superuser()),
        |users| users.has_change_permission(request, None),
    );
    if request.is_post() {
        return unlock(request, may_change).await;
    }
    let query = python::strip(request.params.get("q").unwrap_or_default()).to_owned();
    let is_searched = !query.is_empty() && query.chars().count() <= MAX_LENGTH && !query.contains('\0');
    let known = if is_searched { find_matches(request, query.clone()).await? } else { SearchData::default() };
    let page_of =
        |user: &SharedUser| Some((user.username().to_owned(), site.change_url(users?, &user.pk()?.to_string())));
    let mut found: Vec<FoundRow> = Vec::new();
    if let Some(user) = &known.user {
        let (name, url) = page_of(user).unzip();
        found.push(FoundRow {
            kind: users.map_or_else(|| "User".to_owned(), |users| capfirst(&users.model.verbose_name)),
            text: name.unwrap_or_else(|| user.username().to_owned()),
            detail: if user.is_active() { "active".to_owned() } else { "not active".to_owned() },
            url,
            user: None,
        });
    }
    found.extend(known.hits.into_iter().map(|(hit, user)| FoundRow {
        kind: hit.kind.to_owned(),
        text: hit.text,
        detail: hit.detail,
        url: hit.path.map(|path| request.url(&path)),
        user: user.as_ref().and_then(page_of),
    }));
    let chrome = Chrome::of(site, request).titled("Search").last_crumb("Search");
    let user_list = users.filter(|_| is_searched);
    let user_list = user_list.map(|users| request.url(&format!("{}?q={}", users.path(""), quote_plus(&query))));
    let page = SearchPage { chrome, query, user_list, found, failed: known.failed, may_change };
    Ok(render(StatusCode::OK, &page))
}

async fn find_matches(request: &AdminRequest, query: String) -> Result<SearchData, PageError> {
    let (auth, now) = (request.auth()?.clone(), request.now());
    let searches = request.apps.registry().list::<AccountSearch>().to_vec();
    let read = move |conn: &mut DbConnection| -> Result<SearchData, DatabaseError> {
        let users = auth.users();
        let user = users.get_by_natural_key(conn, &query)?;
        let mut hits = Vec::new();
        for AccountSearch(search) in searches {
            for hit in search(conn, &query, now)? {
                let user = match hit.user {
                    Some(pk) => users.get_by_pk(conn, pk)?,
                    None => None,
                };
                hits.push((hit, user));
            }
        }
        let failed = auth.failed_logins(conn, FailedLoginsOf::Address(&query), MAX_FAILED_LOGINS)?;
        Ok(SearchData { user, hits, failed })
    };
    Ok(request.db.query(read).await?)
}

/// Forgets the failed logins from an address.
async fn unlock(request: &AdminRequest, may_change: bool) -> Result<HttpResponse, PageError> {
    if !may_change {
        return Err(PageError::PermissionDenied);
    }
    let address = request.form.get("address").unwrap_or_default().to_owned();
    if address.chars().count() > MAX_LENGTH || address.contains('\0') {
        return Err(PageError::BadRequest("this is not an address".to_owned()));
    }
    let (auth, now) = (request.auth()?.clone(), request.now());
    let by = request.user()?.pk().ok_or(PageError::PermissionDenied)?;
    let place = address.clone();
    let forget = move |conn: &mut DbConnection| -> Result<usize, DatabaseError> {
        let forgotten = auth.forget_failed_logins(conn, FailedLoginsOf::Address(&place))?;
        if forgotten > 0 {
            let object = LoggedObject { model: ("auth", "user"), id: "", repr: &place };
            let message = ChangeMessage::Changed(vec!["Failed logins from this address".to_owned()]);
            log_action(conn, by, ActionFlag::Change, object, &message, now)?;
        }
        Ok(forgotten)
    };
    match request.db.write(forget).await? {
        0 => messages::add(&request.req, Level::Warning, "There were no failed logins from this address."),
        _ => messages::add(&request.req, Level::Success, format!("{address} may log in again.")),
    }
    Ok(redirect(&request.url(&format!("search/?q={}", quote_plus(&address)))))
}
