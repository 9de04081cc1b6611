//! `GET /admin/users`: filters and pages.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::both;
use crate::support::{Client, Reply, TestApp};

fn emails(reply: &Reply) -> Vec<String> {
    let rows = reply.json();
    let rows = rows.as_array().expect("an array").clone();
    rows.iter().map(|row| row["email"].as_str().expect("an address").to_owned()).collect()
}

fn next(reply: &Reply) -> Option<String> {
    let link = reply.header("link");
    let path = link.strip_prefix('<')?.strip_suffix(">; rel=\"next\"")?;
    Some(path.to_owned())
}

async fn listed(ada: &Client, query: &str) -> Vec<String> {
    let mut found = emails(&ada.get(&format!("/admin/users?{query}")).await.expect(200));
    found.sort_by_key(|email| email.to_lowercase());
    found
}

both! {
    async fn filters_that_may_read_everything_take_turns_so_that_others_need_not_wait(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let flood = async |path: &'static str| {
            let replies = join_all((0..100).map(|_| ada.get(path))).await;
            let refused = replies.iter().filter(|reply| reply.status == 503).count();
            let given = replies.iter().filter(|reply| reply.status == 200).count();
            assert_eq!(refused + given, 100, "{path}");
            (given, refused)
        };
        for path in [
            "/admin/users?email=nobody",
            "/admin/users?is_active=false",
            "/admin/users?role=admin&username=nobody",
            "/admin/audit?ip=192.0.2.1",
            "/admin/audit?request_id=none",
            "/admin/audit?event=login&outcome=failure",
        ] {
            let (given, refused) = flood(path).await;
            assert!(given > 0 && refused > 0, "{path}: {given} {refused}");
        }
        for path in ["/admin/users", "/admin/users?role=admin", "/admin/audit", "/admin/audit?event=login"] {
            assert_eq!(flood(path).await, (100, 0), "{path}");
        }
    }

    async fn pages_hold_everybody_once_oldest_first(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let mut expected = vec!["ada@example.com".to_owned()];
        for number in 0..7 {
            // Some in the same instant, so that ids decide.
            if number % 3 == 0 {
                app.advance(std::time::Duration::from_secs(1));
            }
            let email = format!("user{number}@example.com");
            ada.post("/admin/users", json!({"email": email})).await.expect(201);
            expected.push(email);
        }
        let whole = emails(&ada.get("/admin/users").await.expect(200));
        assert_eq!(listed(&ada, "").await, expected);
        let mut path = "/admin/users?limit=3".to_owned();
        let mut found = Vec::new();
        let mut pages = 0;
        loop {
            let reply = ada.get(&path).await.expect(200);
            found.extend(emails(&reply));
            pages += 1;
            match next(&reply) {
                Some(more) => path = more,
                None => break,
            }
        }
        assert_eq!((found, pages), (whole, 3));
    }

    async fn rows_may_be_skipped_and_counted(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        for name in ["bob", "cleo", "dan"] {
            ada.post("/admin/users", json!({"email": format!("{name}@example.com")})).await.expect(201);
        }
        for (query, found, total) in [
            ("offset=1&limit=2&total=true", 2, "4"),
            ("offset=9&total=true", 0, "4"),
            ("role=admin&total=true", 1, "1"),
            ("role=user&offset=3&total=true", 1, "4"),
            ("role=nobody&offset=3&total=true", 0, "0"),
            ("email=example.com&is_active=true&total=true&limit=1", 1, "4"),
            ("email=bob@example.com&total=true", 1, "1"),
            ("email=bob@example.com&offset=1&total=true", 0, "1"),
            ("offset=1", 3, ""),
        ] {
            let reply = ada.get(&format!("/admin/users?{query}")).await.expect(200);
            assert_eq!((emails(&reply).len(), reply.header("x-total-count")), (found, total), "{query}");
        }
        ada.get("/admin/users?offset=10001").await.expect_problem(422, "validation");
    }

    async fn filters_narrow_the_list(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        for (email, active) in [("bob@example.com", true), ("Bobby@Example.org", false), ("a_b@example.com", true)] {
            ada.post("/admin/users", json!({"email": email, "is_active": active})).await.expect(201);
        }
        assert_eq!(listed(&ada, "email=BOB").await, ["bob@example.com", "Bobby@Example.org"]);
        assert_eq!(listed(&ada, "email=bob@EXAMPLE.com").await, ["bob@example.com"]);
        assert_eq!(listed(&ada, "email=bob@example.com&is_active=false").await, [""; 0]);
        assert_eq!(listed(&ada, "email=_").await, ["a_b@example.com"]);
        assert_eq!(listed(&ada, "email=%25").await, [""; 0]);
        assert_eq!(listed(&ada, "is_active=False").await, ["Bobby@Example.org"]);
        assert_eq!(listed(&ada, "role=admin").await, ["ada@example.com"]);
        assert_eq!(listed(&ada, "role=user&email=bobby").await, ["Bobby@Example.org"]);
        assert_eq!(listed(&ada, "role=nobody").await, [""; 0]);
        let reply = ada.get("/admin/users?role=user&limit=2").await.expect(200);
        let more = next(&reply).expect("a second page");
        assert!(more.contains("role=user"), "{more}");
        assert_eq!(emails(&ada.get(&more).await.expect(200)).len(), 2);
    }

    async fn bad_parameters_are_422_with_every_problem_named(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ada = app.admin("ada").await;
        let reply = ada.get("/admin/users?limit=0&is_active=maybe&cursor=x&role=a%00").await;
        let reply = reply.expect_problem(422, "validation").json();
        assert_eq!(reply["errors"].as_array().map(Vec::len), Some(4), "{reply}");
        for query in ["limit=1001", "limit=-1", "limit=1&limit=2", "email=%ff", "cursor=AAAA"] {
            ada.get(&format!("/admin/users?{query}")).await.expect_problem(422, "validation");
        }
        assert_eq!(ada.get("/admin/users?unknown=1").await.expect(200).json().as_array().map(Vec::len), Some(1));
        let _: Value = ada.get("/admin/users?limit=1000").await.expect(200).json();
    }
}
