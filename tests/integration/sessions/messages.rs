//! Messages for the next page.

use actix_simplejwt::core::crypto::{ALPHANUMERIC, random_string};

use super::{KEY, browser, rows, site};
use crate::support::TestDatabase;

per_database! {
    async fn a_message_is_shown_once(db: TestDatabase) {
        let app = site(db, |_| {}).await;
        let alice = browser(&app);
        let response = alice.get("/say/success/Saved./").await;
        let cookie = alice.cookie("messages").unwrap();
        assert_eq!(response.all("Set-Cookie"), [format!("messages={cookie}; HttpOnly; Path=/; SameSite=Lax")]);
        alice.get("/say/warning/Careful./").await;
        // A page that does not show messages keeps them.
        assert_eq!(alice.get("/quiet/").await.all("Set-Cookie").len(), 0);

        let response = alice.get("/messages/").await;
        assert_eq!(response.body, "success: Saved.\nwarning: Careful.");
        assert_eq!(
            response.all("Set-Cookie"),
            ["messages=\"\"; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; SameSite=Lax"]
        );
        let response = alice.get("/messages/").await;
        assert_eq!((&*response.body, response.all("Set-Cookie").len()), ("", 0));
    }

    async fn a_message_below_the_level_is_dropped(db: TestDatabase) {
        let app = site(db, |_| {}).await;
        let alice = browser(&app);
        assert_eq!(alice.get("/say/debug/Hidden./").await.all("Set-Cookie").len(), 0);
        let verbose = app.another(|settings| settings.messages.level = 10).await;
        let bob = browser(&verbose);
        bob.get("/say/debug/Shown./").await;
        assert_eq!(bob.get("/messages/").await.body, "debug: Shown.");
    }

    async fn a_cookie_that_nobody_here_has_signed_is_no_message(db: TestDatabase) {
        let app = site(db, |_| {}).await;
        let alice = browser(&app);
        alice.get("/say/success/Saved./").await;
        let cookie = alice.cookie("messages").unwrap();
        for changed in [cookie.replacen('W', "X", 1), format!("{cookie}x"), "x".to_owned(), String::new()] {
            alice.set_cookie("messages", &changed);
            assert_eq!(alice.get("/messages/").await.body, "", "{changed}");
        }
        alice.set_cookie("messages", &cookie);
        assert_eq!(alice.get("/messages/").await.body, "success: Saved.");
    }

    async fn a_message_may_have_links(db: TestDatabase) {
        let app = site(db, |_| {}).await;
        let alice = browser(&app);
        alice.get("/link/").await;
        assert_eq!(alice.get("/messages/").await.body, "success: A <b> link");
    }

    async fn what_is_too_long_for_a_cookie_is_in_the_session(db: TestDatabase) {
        let app = site(db, |_| {}).await;
        let alice = browser(&app);
        alice.post("/login/alice/", &[]).await;
        alice.get("/say/info/short/?session").await;
        for _ in 0..3 {
            // The cookie is compressed, and this cannot be.
            let text = random_string(900, ALPHANUMERIC);
            alice.get(&format!("/say/info/{text}/?session")).await;
        }
        assert!(alice.cookie("messages").unwrap().len() <= 2_048);
        let [(_, data)] = &*rows(&app, KEY).await else { panic!("one row") };
        assert!(data["_messages"].as_str().unwrap().starts_with("[[\"__json_message\",0,20,"), "{data}");
        let shown = alice.get("/messages/").await.body;
        assert_eq!(shown.lines().count(), 4, "{shown}");
        assert!(shown.starts_with("info: short\n"), "{shown}");
        let [(_, data)] = &*rows(&app, KEY).await else { panic!("one row") };
        assert_eq!(data.get("_messages"), None);
        assert_eq!(alice.cookie("messages"), None);
        assert_eq!(alice.get("/messages/").await.body, "");
    }

    async fn a_message_of_an_earlier_key_is_shown(db: TestDatabase) {
        let app = site(db, |settings| settings.secret_key = "an earlier key".into()).await;
        let alice = browser(&app);
        alice.get("/say/success/long/").await;
        let renewed = app.another(|settings| settings.secret_key_fallbacks = vec!["an earlier key".into()]).await;
        let again = browser(&renewed);
        again.set_cookie("messages", &alice.cookie("messages").unwrap());
        assert_eq!(again.get("/messages/").await.body, format!("success: {}", "x\u{e4}".repeat(700)));
    }
}
