//! One address registered at two processes at once.

use futures_util::future::join_all;
use serde_json::json;

use crate::replicas::pair::Pair;

both! {
    async fn one_address_registered_at_both_at_once_has_one_winner(engine: Engine) {
        let pair = Pair::start(engine).await;
        for round in 0..5 {
            // Each contender has a spelling and a password of its own.
            let contenders: Vec<_> = (0..16)
                .map(|number| {
                    let name = ["ada", "ADA", "Ada", "aDa"][number % 4];
                    let email = format!("{name}{round}@example.com");
                    json!({"email": email, "password": format!("tortoise hare beetle {number}")})
                })
                .collect();
            let attempts = contenders.iter().cloned().enumerate().map(|(number, body)| {
                let client = pair.client(number);
                tokio::spawn(async move { client.post("/auth/register", body).await })
            });
            let mut winners = Vec::new();
            for (number, reply) in join_all(attempts.collect::<Vec<_>>()).await.into_iter().enumerate() {
                match reply.expect("no panic") {
                    reply if reply.status == 201 => winners.push(number),
                    reply => drop(reply.expect_problem(409, "email_taken")),
                }
            }
            assert_eq!(winners.len(), 1, "round {round}: {winners:?}");
            for (number, body) in contenders.iter().enumerate().filter(|(number, _)| number / 4 == winners[0] / 4) {
                let status = pair.client(number).post("/auth/login", body.clone()).await.status;
                assert_eq!(status, if number == winners[0] { 200 } else { 401 }, "round {round}");
            }
        }
    }
}
