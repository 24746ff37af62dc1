//! `examples/manual_tokens.rs`.

use actix_simplejwt::contrib::auth::SharedUser;
use actix_simplejwt::core::clock::Clock;
use actix_simplejwt::db::DatabaseError;
use actix_simplejwt::{AccessToken, Apps};
use chrono::{DateTime, TimeDelta};

use super::{create_user, owners, settings};
use crate::support::TestDatabase;

#[path = "../../../examples/manual_tokens.rs"]
#[allow(dead_code, reason = "its main")]
mod example;

fn clock() -> Clock {
    Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap())
}

fn set_up(db: &TestDatabase, clock: &Clock) -> Apps {
    Apps::builder(settings(db)).clock(clock.clone()).build().unwrap()
}

per_database! {
    async fn a_pair_made_in_code_is_recorded_and_carries_its_claims(db: TestDatabase) {
        let apps = set_up(&db, &clock());
        let alice = create_user(&apps, "alice").await;
        let id = alice.id;
        let database = apps.database().unwrap();
        let (alice, auth, jwt) = (SharedUser::new(alice), apps.auth().unwrap(), apps.jwt().unwrap());
        let (_refresh, access) = example::tokens_for(alice.clone(), auth, jwt, database).await.unwrap();
        let access = AccessToken::from_raw(&access, apps.jwt().unwrap()).unwrap();
        assert_eq!(access["user_id"], id.to_string());
        assert_eq!(access["via"], "single sign-on");
        assert_eq!(access["exp"], 1_800_000_000 + 3_600);
        assert_eq!(database.read(owners).await.unwrap(), [Some(id.into())]);
    }

    async fn a_user_whose_password_has_changed_gets_no_pair_from_an_earlier_login(db: TestDatabase) {
        let apps = set_up(&db, &clock());
        let alice = SharedUser::new(create_user(&apps, "alice").await);
        let (auth, jwt, database) = (apps.auth().unwrap(), apps.jwt().unwrap(), apps.database().unwrap());
        let (users, stored) = (std::sync::Arc::clone(auth.users()), alice.clone());
        let change = move |conn: &mut _| users.set_password(conn, &*stored, "!");
        database.write(move |conn| change(conn).map_err(DatabaseError::from)).await.unwrap();
        let error = example::tokens_for(alice, auth, jwt, database).await.unwrap_err();
        assert_eq!(error.to_string(), "No active account found with the given credentials");
        assert!(database.read(owners).await.unwrap().is_empty());
    }

    async fn an_invitation_is_valid_for_a_week_and_only_as_an_invitation(db: TestDatabase) {
        let clock = clock();
        let apps = set_up(&db, &clock);
        let jwt = apps.jwt().unwrap();
        let link = example::invite("bob@example.com", jwt).unwrap();
        assert_eq!(example::accept(&link, jwt).unwrap(), "bob@example.com");

        assert_eq!(AccessToken::from_raw(&link, jwt).unwrap_err().to_string(), "Token has wrong type");
        let access = AccessToken::new(jwt).encode(jwt).unwrap();
        assert_eq!(example::accept(&access, jwt).unwrap_err().to_string(), "Token has wrong type");

        clock.advance(TimeDelta::weeks(1));
        assert_eq!(example::accept(&link, jwt).unwrap_err().to_string(), "Token is expired");
    }
}
