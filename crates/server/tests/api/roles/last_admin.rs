//! The last active admin cannot be removed by any path, nor by two at once.

use serde_json::json;

use crate::both;
use crate::support::{Client, TestApp};

/// How many of these are admins who may sign in.
async fn admins(app: &TestApp, of: &[&Client]) -> usize {
    let users = app.app.users();
    let mut count = 0;
    for client in of {
        let found = users.show(doorward::gate::Authority::Operator, client.id()).await;
        count += usize::from(found.is_ok_and(|it| {
            it.user.is_active
                && !it.is_banned(app.clock.now())
                && it.user.roles.iter().any(|role| role == "admin")
        }));
    }
    count
}

both! {
    async fn the_last_admin_cannot_be_demoted_disabled_banned_or_deleted(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let ban = json!({"banned_until": "9999-12-31T23:59:59Z"});
        ada.delete(&ada.at("/roles/admin")).await.expect_problem(409, "last_admin");
        ada.patch(&ada.at(""), json!({"is_active": false})).await.expect_problem(409, "last_admin");
        ada.patch(&ada.at(""), ban).await.expect_problem(409, "last_admin");
        ada.delete(&ada.at("")).await.expect_problem(409, "last_admin");
        let password = json!({"password": crate::support::client::PASSWORD});
        ada.delete_with("/auth/me", password).await.expect_problem(409, "last_admin");
        ada.get("/admin/users").await.expect(200);
        assert!(app.audited(&ada, "account.delete").await.is_empty(), "nothing was done");
    }

    async fn a_disabled_or_banned_admin_does_not_count(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (ada, bob) = (app.admin("ada").await, app.admin("bob").await);
        ada.patch(&bob.at(""), json!({"is_active": false})).await.expect(200);
        ada.delete(&ada.at("/roles/admin")).await.expect_problem(409, "last_admin");
        ada.patch(&bob.at(""), json!({"is_active": true})).await.expect(200);
        let until = json!({"banned_until": "2026-11-20T13:00:00Z"});
        ada.patch(&bob.at(""), until).await.expect(200);
        ada.delete(&ada.at("")).await.expect_problem(409, "last_admin");
        // The ban lifts by the clock, so there is another admin again.
        app.advance(std::time::Duration::from_hours(1));
        ada.delete(&ada.at("")).await.expect(204);
    }

    async fn a_plain_user_leaves_freely_where_there_is_no_admin(engine: Engine) {
        let app = TestApp::start(engine).await;
        let bob = app.sign_up("bob").await;
        let password = json!({"password": crate::support::client::PASSWORD});
        bob.delete_with("/auth/me", password).await.expect(204);
    }

    async fn two_admins_who_remove_each_other_at_once_leave_one(engine: Engine) {
        let app = TestApp::start(engine).await;
        let other = app.replica().await;
        let mut contested = 0;
        for round in 0..50 {
            let ada = app.admin(&format!("ada{round}")).await;
            let bob = app.admin(&format!("bob{round}")).await;
            // Those of earlier rounds would count as admins too.
            demote_others(&app, &[&ada, &bob]).await;
            let there = other.anonymous().with_token(bob.token.as_deref().expect("a token"));
            let (here, target) = (ada.clone(), bob.clone());
            let attack = async |by: &Client, on: &Client| match round % 3 {
                0 => by.delete(&on.at("/roles/admin")).await,
                1 => by.patch(&on.at(""), json!({"is_active": false})).await,
                _ => by.delete(&on.at("")).await,
            };
            let (first, second) = tokio::join!(attack(&here, &target), attack(&there, &ada));
            assert_eq!(admins(&app, &[&ada, &bob]).await, 1, "round {round}: {first:?} {second:?}");
            for reply in [&first, &second] {
                assert!(matches!(reply.status, 200 | 204 | 401 | 403 | 409), "{reply:?}");
            }
            contested += usize::from(first.status < 300 || second.status < 300);
        }
        assert_eq!(contested, 50, "one of the two always gets through");
    }

    async fn two_admins_who_step_down_at_once_leave_one(engine: Engine) {
        let app = TestApp::start(engine).await;
        let other = app.replica().await;
        for round in 0..50 {
            let ada = app.admin(&format!("ada{round}")).await;
            let bob = app.admin(&format!("bob{round}")).await;
            demote_others(&app, &[&ada, &bob]).await;
            let there = other.anonymous().with_token(bob.token.as_deref().expect("a token"));
            let password = json!({"password": crate::support::client::PASSWORD});
            let (first, second) = if round % 2 == 0 {
                let (of_ada, of_bob) = (ada.at("/roles/admin"), bob.at("/roles/admin"));
                tokio::join!(ada.delete(&of_ada), there.delete(&of_bob))
            } else {
                tokio::join!(ada.delete_with("/auth/me", password.clone()),
                    there.delete_with("/auth/me", password))
            };
            let mut statuses = [first.status, second.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [204, 409], "round {round}: {first:?} {second:?}");
            assert_eq!(admins(&app, &[&ada, &bob]).await, 1, "round {round}");
        }
    }
}

/// Takes the role from every admin but these.
async fn demote_others(app: &TestApp, keep: &[&Client]) {
    let operator = doorward::audit::Actor::operator();
    let filter = doorward::users::UserFilter { role: Some("admin".into()), ..Default::default() };
    let page = doorward::input::Page { after: None, limit: 1000 };
    let found = app
        .app
        .users()
        .list(operator.authority, &filter, page, doorward::input::Reach::default())
        .await
        .expect("a list")
        .0;
    let admin = doorward::roles::RoleName::parse("admin").expect("a name");
    for user in found.iter().filter(|it| keep.iter().all(|client| client.id() != it.user.id)) {
        app.app.roles().revoke(&operator, user.user.id, &admin).await.expect("revoked");
    }
}
