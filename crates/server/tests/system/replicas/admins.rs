//! Two admins who remove each other at two processes at once: one remains, whoever wins.

use serde_json::json;

use crate::replicas::pair::Pair;
use crate::support::Client;

/// How many of these still act as an admin.
async fn admins(of: &[&Client]) -> usize {
    let mut count = 0;
    for client in of {
        count += usize::from(client.get("/admin/users").await.status == 200);
    }
    count
}

both! {
    async fn two_admins_who_remove_each_other_at_both_processes_leave_one(engine: Engine) {
        let pair = Pair::start(engine).await;
        let root = pair.admin("root").await;
        let mut remaining = root.clone();
        for round in 0..9 {
            let ada = pair.admin(&format!("ada{round}")).await;
            let bob = pair.admin(&format!("bob{round}")).await;
            // The one of the round before would count as an admin too.
            ada.delete(&remaining.at("/roles/admin")).await.expect(204);
            let bob_there = pair.there(&bob);
            let attack = async |by: &Client, on: &Client| match round % 3 {
                0 => by.delete(&on.at("/roles/admin")).await,
                1 => by.patch(&on.at(""), json!({"is_active": false})).await,
                _ => by.delete(&on.at("")).await,
            };
            let (first, second) = tokio::join!(attack(&ada, &bob), attack(&bob_there, &ada));
            for reply in [&first, &second] {
                assert!(matches!(reply.status, 200 | 204 | 401 | 403 | 409), "{}", reply.text());
            }
            assert!(first.status < 300 || second.status < 300, "{first:?} {second:?}");
            assert_eq!(admins(&[&ada, &bob_there]).await, 1, "round {round}: {first:?} {second:?}");
            remaining = if first.status < 300 { ada } else { bob };
        }
    }

    async fn two_admins_who_step_down_at_both_processes_leave_one(engine: Engine) {
        let pair = Pair::start(engine).await;
        let (ada, bob) = (pair.admin("ada").await, pair.admin("bob").await);
        let bob = pair.there(&bob);
        for round in 0..50 {
            let step_down = |admin: &Client| {
                let admin = admin.clone();
                tokio::spawn(async move { admin.delete(&admin.at("/roles/admin")).await })
            };
            let (first, second) = tokio::join!(step_down(&ada), step_down(&bob));
            let (first, second) = (first.expect("no panic"), second.expect("no panic"));
            let mut statuses = [first.status, second.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [204, 409], "round {round}: {first:?} {second:?}");
            assert_eq!(admins(&[&ada, &bob]).await, 1, "round {round}");
            let (lost, kept) = if first.status == 204 { (&ada, &bob) } else { (&bob, &ada) };
            kept.raw("PUT", &lost.at("/roles/admin"), &[], "").await.expect(204);
        }
    }
}
