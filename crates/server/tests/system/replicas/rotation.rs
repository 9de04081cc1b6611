//! The shared secret changes while people work, one process after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::sync::RwLock;

use crate::replicas::pair::Pair;
use crate::support::app::SECRET;
use crate::support::client::{Callee, PASSWORD};
use crate::support::{Client, Reply};

const NEXT: &str = "the next test secret of more than thirty-two bytes";
const CLIENTS: usize = 4;

/// What a load balancer does: no process is asked for anything while it is away.
struct Balancer {
    ports: [RwLock<u16>; 2],
    answers: [AtomicUsize; CLIENTS],
    refused: AtomicUsize,
    stop: AtomicBool,
}

impl Balancer {
    /// The answer of one of the processes, another one each time where both are there.
    async fn send(&self, number: usize, call: impl AsyncFnOnce(Client) -> Reply) -> Reply {
        let port = match self.ports[number % 2].try_read() {
            Ok(port) => port,
            Err(_) => self.ports[(number + 1) % 2].read().await,
        };
        call(Client::anonymous(Callee::Process(*port))).await
    }

    /// Signs in once, and then uses and renews what it has until it is told to stop.
    async fn work(&self, client: usize) {
        let body = json!({"email": "ada@example.com", "password": PASSWORD});
        let login = async |it: Client| it.post("/auth/login", body).await;
        let mut tokens = self.send(client, login).await.expect(200).json();
        let mut round = client;
        while !self.stop.load(Ordering::SeqCst) {
            round += 1;
            let access = tokens["access_token"].as_str().expect("a token").to_owned();
            let read = async |it: Client| it.with_token(&access).get("/auth/me").await;
            let read = self.send(round, read).await;
            let body = json!({"refresh_token": tokens["refresh_token"]});
            let renewed =
                self.send(round + 1, async |it: Client| it.post("/auth/refresh", body).await).await;
            let refused = [&read, &renewed].iter().filter(|it| it.status != 200).count();
            self.refused.fetch_add(refused, Ordering::SeqCst);
            if renewed.status == 200 {
                tokens = renewed.json();
            }
            self.answers[client].fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Waits until every client has used and renewed its tokens a few times more.
    async fn goes_on(&self) {
        let count = || self.answers.each_ref().map(|it| it.load(Ordering::SeqCst));
        let before = count();
        while count().iter().zip(before).any(|(now, before)| *now < before + 3) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Restarts one process after the other.
    async fn restart(&self, pair: &mut Pair, secret: &str, accepted: &str) {
        for number in 0..2 {
            let mut port = self.ports[number].write().await;
            pair.restart(number, secret, accepted).await;
            *port = [&pair.one, &pair.two][number].port;
            drop(port);
            self.goes_on().await;
        }
    }
}

/// How many requests were refused while the processes were restarted with these secrets in turn.
async fn refused(engine: crate::support::Engine, steps: &[(&str, &str)]) -> usize {
    let mut pair = Pair::start(engine).await;
    pair.sign_up("ada").await;
    let balancer = Arc::new(Balancer {
        ports: [RwLock::new(pair.one.port), RwLock::new(pair.two.port)],
        answers: Default::default(),
        refused: AtomicUsize::default(),
        stop: AtomicBool::default(),
    });
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let balancer = Arc::clone(&balancer);
            tokio::spawn(async move { balancer.work(client).await })
        })
        .collect();
    balancer.goes_on().await;
    for (secret, accepted) in steps {
        balancer.restart(&mut pair, secret, accepted).await;
    }
    balancer.stop.store(true, Ordering::SeqCst);
    for client in clients {
        client.await.expect("no panic");
    }
    balancer.refused.load(Ordering::SeqCst)
}

both! {
    async fn a_secret_that_all_accept_before_one_signs_with_it_refuses_nobody(engine: Engine) {
        let steps = [(SECRET, NEXT), (NEXT, SECRET), (NEXT, "")];
        assert_eq!(refused(engine, &steps).await, 0);
    }

    async fn a_secret_that_signs_at_once_is_refused_by_the_processes_that_do_not_know_it(engine: Engine) {
        assert!(refused(engine, &[(NEXT, SECRET)]).await > 0);
    }
}
