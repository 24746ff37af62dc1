//! Users in a table of the project, in databases that a real Django made: `tests/fixtures/django/user_models`.

use actix_simplejwt::Settings;
use actix_simplejwt::conf::Environment;

use super::{errors, logged_in, one, submit, urls};
use crate::support::{TestApp, TestDatabase};

const ACCOUNTS: [&str; 2] = [
    include_str!("../../fixtures/django/user_models/accounts/sqlite.sql"),
    include_str!("../../fixtures/django/user_models/accounts/postgres.sql"),
];
const PEOPLE: [&str; 2] = [
    include_str!("../../fixtures/django/user_models/people/sqlite.sql"),
    include_str!("../../fixtures/django/user_models/people/postgres.sql"),
];

async fn site(db: TestDatabase, [sqlite, postgres]: [&str; 2], settings: &'static [(&str, &str)]) -> TestApp {
    let db = db.empty();
    let mut conn = db.connect();
    match db.url.starts_with("sqlite") {
        // The dump fills tables before it makes the tables that they refer to.
        true => conn.batch_execute(&format!("PRAGMA foreign_keys = OFF; {sqlite}")).unwrap(),
        false => conn.batch_execute(postgres).unwrap(),
    }
    drop(conn);
    let usual =
        [("SECRET_KEY", "the secret key of the user model fixtures"), ("PASSWORD_HASHERS", "MD5PasswordHasher")];
    let env: Environment = usual.iter().chain(settings).copied().collect();
    let adjust = |settings: &mut Settings| {
        let database = settings.database.clone();
        *settings = Settings::from_env(&env).unwrap();
        settings.database = database;
    };
    TestApp::build_empty(db, urls, adjust, |builder| builder).await
}

per_database! {
    async fn the_pages_have_the_columns_of_the_table(db: TestDatabase) {
        let settings =
            &[("AUTH_USER_MODEL", "accounts.User"), ("USERNAME_FIELD", "email"), ("REQUIRED_FIELDS", "full_name,tenant,credit")];
        let app = site(db, ACCOUNTS, settings).await;
        app.sql("UPDATE accounts_user SET is_staff = TRUE, is_superuser = TRUE WHERE email = 'ann@example.com'").await;
        let ann = logged_in(&app, "ann@example.com").await;
        let uri = "/admin/accounts/user/3000000001/change/";
        let page = ann.get(uri).await;
        assert_eq!(page.status, 200, "{}", page.body);
        for html in [
            "<title>ann@example.com | Change user | Django site admin</title>",
            "<input type=\"email\" name=\"email\" id=\"id_email\" class=\"vTextField\" value=\"ann@example.com\" maxlength=\"254\"",
            "<legend>Personal info</legend>",
            "name=\"full_name\" id=\"id_full_name\" class=\"vTextField\" value=\"Ann Arbor\" maxlength=\"40\"",
            "name=\"member_number\" id=\"id_member_number\" class=\"vIntegerField\" value=\"42\"",
            "<option value=\"5\" selected>Acme</option>",
            "<legend>Permissions</legend>",
            "href=\"/admin/accounts/user/3000000001/password/\"",
        ] {
            assert!(page.body.contains(html), "{html}\nis not in\n{}", page.body);
        }
        assert!(!page.body.contains("name=\"preferences\"") && !page.body.contains("name=\"first_name\""), "{}", page.body);

        let fields = [
            ("email", "ann@example.com"),
            ("full_name", "Ann <b>"),
            ("member_number", ""),
            ("credit", "2.25"),
            ("tenant", "5"),
            ("is_active", "on"),
            ("is_staff", "on"),
            ("is_superuser", "on"),
            ("date_joined_0", "2024-03-01"),
            ("date_joined_1", "12:30"),
            ("_save", "x"),
        ];
        let response = submit(&ann, uri, &fields).await;
        assert_eq!((response.status, response.header("Location")), (302, "/admin/accounts/user/"), "{}", response.body);
        let row = "SELECT full_name || CAST(credit AS text) AS text FROM accounts_user WHERE member_number IS NULL AND is_staff";
        assert_eq!(one(&app, row).await, "Ann <b>2.25");
        let mut wrong = fields;
        wrong[4].1 = "6";
        let response = submit(&ann, uri, &wrong).await;
        let problem = "Select a valid choice. That choice is not one of the available choices.";
        assert_eq!(errors(&response), [("tenant".to_owned(), vec![problem.to_owned()])]);

        // The form for a new user has the fields in `REQUIRED_FIELDS`.
        let new = [
            ("email", "new@example.com"),
            ("full_name", "New"),
            ("tenant", "5"),
            ("credit", "0"),
            ("usable_password", "true"),
            ("password1", "a long phrase"),
            ("password2", "a long phrase"),
        ];
        let response = submit(&ann, "/admin/accounts/user/add/", &new).await;
        assert_eq!(response.status, 302, "{}", response.body);
        assert_eq!(app.count("accounts_user WHERE email = 'new@example.com' AND is_active AND NOT is_staff").await, 1);
        let stored = one(&app, "SELECT password AS text FROM accounts_user WHERE email = 'new@example.com'").await;
        assert!(app.auth().hashers().check("a long phrase", &stored).is_correct, "{stored}");
        let response = submit(&ann, "/admin/accounts/user/add/", &[&[("email", "NEW@example.com")][..], &new[1..]].concat()).await;
        assert_eq!(errors(&response)[0].0, "email");
    }

    async fn a_new_user_gets_a_uuid(db: TestDatabase) {
        let settings = &[("AUTH_USER_MODEL", "people.Person"), ("USERNAME_FIELD", "email"), ("REQUIRED_FIELDS", "full_name")];
        let app = site(db, PEOPLE, settings).await;
        app.sql("UPDATE people_person SET is_staff = TRUE, is_superuser = TRUE WHERE email = 'ann@example.com'").await;
        let ann = logged_in(&app, "ann@example.com").await;
        let new = [("email", "new@example.com"), ("full_name", "New"), ("usable_password", "false")];
        let response = submit(&ann, "/admin/people/person/add/", &new).await;
        assert_eq!(response.status, 302, "{}", response.body);
        let location = response.header("Location").to_owned();
        let id: uuid::Uuid = location.trim_start_matches("/admin/people/person/").trim_end_matches("/change/").parse().unwrap();
        assert_eq!(id.get_version_num(), 4);
        let page = ann.get(&location).await;
        assert!(page.body.contains("value=\"new@example.com\"") && page.body.contains("No password set."), "{}", page.body);
        // Its page of the password, its history and its deletion are at the same key.
        assert_eq!(ann.get(&format!("/admin/people/person/{id}/password/")).await.status, 200);
        let history = ann.get(&format!("/admin/people/person/{id}/history/")).await;
        assert!(history.body.contains("<td>ann@example.com</td><td>Added.</td>"), "{}", history.body);
        assert_eq!(submit(&ann, &format!("/admin/people/person/{id}/delete/"), &[("post", "yes")]).await.status, 302);
        assert_eq!(app.count("people_person WHERE email = 'new@example.com'").await, 0);
    }

    async fn users_with_more_permissions_can_only_be_looked_at(db: TestDatabase) {
        let settings = &[("AUTH_USER_MODEL", "people.Person"), ("USERNAME_FIELD", "email"), ("REQUIRED_FIELDS", "full_name")];
        let app = site(db, PEOPLE, settings).await;
        app.sql("UPDATE people_person SET is_staff = TRUE, is_superuser = TRUE WHERE email = 'ann@example.com'").await;
        let root = logged_in(&app, "ann@example.com").await;
        for name in ["clerk", "other"] {
            let email = format!("{name}@example.com");
            let new = [("email", &*email), ("full_name", "New"), ("usable_password", "false")];
            assert_eq!(submit(&root, "/admin/people/person/add/", &new).await.status, 302);
        }
        let give = async |name: &str, codename: &str| {
            app.sql(&format!(
                "INSERT INTO people_person_user_permissions (person_id, permission_id) SELECT u.id, p.id \
                 FROM people_person u, auth_permission p WHERE u.email = '{name}@example.com' AND p.codename = '{codename}'"
            ))
            .await;
        };
        app.sql("UPDATE people_person SET is_staff = TRUE WHERE email = 'clerk@example.com'").await;
        give("clerk", "change_person").await;
        let clerk = logged_in(&app, "clerk@example.com").await;
        let page = async |name: &str| {
            let id = one(&app, &format!("SELECT CAST(id AS text) AS text FROM people_person WHERE email = '{name}@example.com'")).await;
            let id: uuid::Uuid = id.parse().unwrap();
            format!("/admin/people/person/{id}/password/")
        };
        assert_eq!(clerk.get(&page("other").await).await.status, 200);
        assert_eq!(clerk.get(&page("ann").await).await.status, 403);
        give("other", "delete_person").await;
        assert_eq!(clerk.get(&page("other").await).await.status, 403);
    }
}
