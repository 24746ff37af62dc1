//! The admin site, with models that the tests define: `shop.Customer`, `shop.Order`, `shop.Line` and `shop.Invoice`.

mod actions;
mod addresses;
mod attacks;
mod deadlocks;
mod deletion;
mod forms;
mod grants;
mod own_users;
mod passwords;
mod shop;
mod users;

use actix_simplejwt::apps::AppsBuilder;
use actix_simplejwt::contrib::auth;
use actix_simplejwt::contrib::sessions::SessionError;
use actix_simplejwt::{Apps, Settings};
use actix_web::HttpRequest;
use actix_web::web::{Path, ServiceConfig, post};

use crate::support::{Browser, Response, TestApp, TestDatabase, TestUser};

/// A server with the models of the shop, and its superuser.
async fn site(db: TestDatabase) -> TestApp {
    site_with(db, |_| {}).await
}

async fn site_with(db: TestDatabase, adjust: impl FnOnce(&mut Settings)) -> TestApp {
    let app = TestApp::build_site(db, urls, adjust, register).await;
    shop::make_tables(&app).await;
    let root = TestUser {
        username: "root",
        email: "root@example.com",
        password: "correct horse",
        is_active: true,
        is_staff: true,
    };
    app.add_user(root).await;
    app.sql("UPDATE auth_user SET is_superuser = TRUE WHERE username = 'root'").await;
    app
}

fn register(builder: AppsBuilder) -> AppsBuilder {
    shop::register(builder)
}

fn urls(cfg: &mut ServiceConfig, apps: &Apps) {
    cfg.route("/login/{name}/", post().to(login));
    actix_simplejwt::urls::configure(cfg, apps);
}

/// Logs in without asking for a password.
async fn login(req: HttpRequest, name: Path<String>) -> Result<String, SessionError> {
    let apps = Apps::of(&req)?;
    let users = std::sync::Arc::clone(apps.auth()?.users());
    let find = move |conn: &mut _| Ok::<_, SessionError>(users.get_by_natural_key(conn, &name).unwrap().unwrap());
    let user = apps.database()?.read(find).await?;
    auth::login(&req, &user).await?;
    Ok(user.username().to_owned())
}

/// A browser in which `name` is logged in.
async fn logged_in(app: &TestApp, name: &str) -> Browser {
    let browser = Browser::new(app.anonymous());
    browser.get("/admin/login/").await;
    let response = browser.post(&format!("/login/{name}/"), &[]).await;
    assert_eq!(response.status, 200, "{}", response.body);
    browser
}

/// Makes a member of the staff with these permissions.
async fn staff(app: &TestApp, name: &'static str, permissions: &'static [&'static str]) -> i32 {
    let user = TestUser { username: name, email: "", password: "correct horse", is_active: true, is_staff: true };
    let id = app.add_user(user).await;
    for permission in permissions {
        let (app_label, codename) = permission.split_once('.').unwrap();
        app.sql(&format!(
            "INSERT INTO auth_user_user_permissions (user_id, permission_id) SELECT {id}, p.id FROM auth_permission p \
             JOIN django_content_type c ON c.id = p.content_type_id \
             WHERE c.app_label = '{app_label}' AND p.codename = '{codename}'"
        ))
        .await;
    }
    id
}

/// Sends a form with the token of the browser.
async fn submit(browser: &Browser, uri: &str, fields: &[(&str, &str)]) -> Response {
    let token = browser.cookie("csrftoken").unwrap();
    let mut all = vec![("csrfmiddlewaretoken", token.as_str())];
    all.extend_from_slice(fields);
    browser.post(uri, &all).await
}

/// The errors of a page: name of the field and texts, as HTML has them.
fn errors(response: &Response) -> Vec<(String, Vec<String>)> {
    assert_eq!(response.status, 200, "{}", response.body);
    let lists = response.body.split("<ul class=\"errorlist").skip(1);
    let read = |list: &str| {
        let (attributes, rest) = list.split_once('>').unwrap();
        let name = attributes.split("id=\"id_").nth(1).map_or("", |id| id.trim_end_matches("_error\""));
        let items = rest.split("</ul>").next().unwrap();
        let items = items.split("<li>").skip(1).map(|item| item.split("</li>").next().unwrap().to_owned());
        (name.to_owned(), items.collect())
    };
    lists.map(read).collect()
}

/// The messages of the next page with messages, without links.
async fn messages(browser: &Browser, uri: &str) -> Vec<String> {
    let page = browser.get(uri).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let Some((_, list)) = page.body.split_once("<ul class=\"messagelist\">") else { return Vec::new() };
    let list = list.split("</ul>").next().unwrap();
    let text = |item: &str| {
        let item = item.split_once('>').unwrap().1.split("</li>").next().unwrap();
        item.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect::<String>()
    };
    list.split("<li").skip(1).map(text).collect()
}

/// The key of the row of `table` that meets a condition.
async fn key(app: &TestApp, table: &str, condition: &str) -> i64 {
    one(app, &format!("SELECT CAST(id AS text) AS text FROM {table} WHERE {condition}")).await.parse().unwrap()
}

/// The text that a query finds.
async fn one(app: &TestApp, query: &str) -> String {
    use diesel::prelude::*;

    #[derive(QueryableByName)]
    struct Text {
        #[diesel(sql_type = diesel::sql_types::Text)]
        text: String,
    }
    let query = query.to_owned();
    app.write(move |conn| diesel::sql_query(query).get_result::<Text>(conn)).await.text
}
