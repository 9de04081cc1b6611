//! What opens no session that an import takes over: other tokens, other issuers, and accounts that are shut out.

use std::fmt::Write as _;
use std::time::Duration;

use axum::body::Body;
use doorward::config::Settings;
use serde_json::json;

use crate::moving::import::{Old, tally};
use crate::moving::import_sessions::{
    ISSUER, NAME, by_cookie, count, holder, people, signed, started, token, trusting,
};
use crate::support::TestApp;
use crate::support::app::SECRET;

both! {
    async fn nothing_but_the_token_at_its_own_issuer_opens_an_imported_session(engine: Engine) {
        let mut source = people(2);
        let _ = write!(
            source,
            r#"INSERT INTO session (id, "expiresAt", token, "userId", "impersonatedBy") VALUES
                ('admin', '2999-01-01 00:00:00+00', '{}', 'u1', 'u2');
            INSERT INTO session (id, "expiresAt", token, "userId") VALUES
                ('past', '2020-01-01 00:00:00+00', '{}', 'u1'),
                ('short', '2999-01-01 00:00:00+00', 'abc', 'u1'),
                ('quote', '2999-01-01 00:00:00+00', 'x''; DROP TABLE sessions; --aaaaaa', 'u1');
            ALTER TABLE session DROP CONSTRAINT "session_userId_fkey";
            INSERT INTO session (id, "expiresAt", token, "userId") VALUES
                ('nobody', '2999-01-01 00:00:00+00', '{}', 'u9');"#,
            token(3), token(4), token(5)
        );
        let (old, new) = (Old::new(Engine::Postgres, &source).await, started(engine).await);
        let rejects = old.folder.path().join("rejects.jsonl");
        let file = rejects.display().to_string();
        let report = new.report("auto", &old.url, &[ISSUER[0], ISSUER[1], "--rejects", &file]);
        assert_eq!((&report["sessions"], &report["sessions_expired"]), (&tally(2, 0, 4), &json!(1)));
        assert_eq!(report["reasons"], json!({
            "session: was opened by an administrator who impersonates this account": 1,
            "session: its owner was not imported": 1,
            "session: its token does not have Better Auth's format": 2,
        }));
        let told = std::fs::read_to_string(&rejects).expect("a file");
        assert!(!told.contains("000T") && !told.contains("DROP"), "no report has a token: {told}");
        let one = holder(&new, 1);
        let me = one.get("/auth/me").await.expect(200).json();
        let id = one.get("/auth/sessions").await.expect(200).json()[0]["id"].as_str().expect("an id").to_owned();
        let bare = id.replace('-', "");
        let other_secret = "another secret of more than thirty-two bytes";
        for bad in [
            token(3), token(4), token(5), token(6), "abc".into(), id.clone(), bare,
            me["id"].as_str().expect("an id").to_owned(),
            token(1).to_lowercase(), token(1)[1..].to_owned(), format!("{}x", token(1)),
            signed(other_secret, &token(1)), signed(SECRET, &token(3)),
            format!("{}.", token(1)), format!("{}.{}", token(2), &signed(SECRET, &token(1))[33..]),
        ] {
            let reply = new.app.anonymous().with_token(&bad).get("/auth/me").await;
            assert_eq!(reply.status, 401, "{bad}");
        }
        for bad in [token(1), signed(other_secret, &token(1)), signed(SECRET, &token(3)), id] {
            by_cookie(&new, "GET", "/auth/me", &bad, &[]).await.expect_problem(401, "invalid_token");
        }
        // No token of ours comes of it, and it counts as no sign-in.
        one.post("/auth/reauthenticate", json!({"password": "password"})).await.expect_problem(401, "invalid_token");
        one.post_empty("/auth/refresh").await.expect_problem(401, "invalid_token");
        one.post("/auth/mfa/totp", json!({})).await.expect_problem(401, "insufficient_user_authentication");
        // What is stored opens nothing.
        assert_eq!(count(&new, "SELECT count(*) FROM imported_sessions WHERE CAST(digest AS TEXT) LIKE '%000T%'").await, 0);
        // At another issuer, which has sessions of its own, or at none, it is nobody's.
        let other = Old::new(Engine::Postgres, &people(1)).await;
        other.run(r#"UPDATE "user" SET email = 'eve' || email; UPDATE session SET token = 'E' || substr(token, 2)"#).await;
        let report = new.report("auto", &other.url, &["--issuer", "https://other.example"]);
        assert_eq!(report["sessions"]["imported"], 1);
        let eve = format!("E{}", &token(1)[1..]);
        new.app.anonymous().with_token(&eve).get("/auth/me").await.expect_problem(401, "invalid_token");
        for change in [
            |settings: &mut Settings| settings.better_auth_url = Some("https://other.example".into()),
            |settings: &mut Settings| (settings.better_auth_url, settings.accept_cookies) = (None, false),
        ] {
            let other = TestApp::over(&new.app.url, new.app.clock.clone(), 3, |settings| {
                trusting(settings);
                change(settings);
            }).await;
            other.anonymous().with_token(&token(1)).get("/auth/me").await.expect(401);
            let is_hers = other.app.settings.better_auth_url.is_some();
            other.anonymous().with_token(&eve).get("/auth/me").await.expect(if is_hers { 200 } else { 401 });
        }
        // A cookie without the setting that takes cookies.
        let silent = TestApp::over(&new.app.url, new.app.clock.clone(), 4, |settings| {
            trusting(settings);
            settings.accept_cookies = false;
        }).await;
        let cookie = format!("{NAME}={}", signed(SECRET, &token(1)));
        let reply = silent.anonymous().raw("GET", "/auth/me", &[("cookie", &cookie)], Body::empty()).await;
        reply.expect_problem(401, "not_authenticated");
        silent.anonymous().with_token(&token(1)).get("/auth/me").await.expect(200);
        // Neither an administrator's route by a user without the permission.
        one.get("/admin/users").await.expect_problem(403, "insufficient_scope");
        // It ends when Better Auth would have ended it, and its rows go a month later.
        new.app.advance(Duration::from_hours(24 * 366 * 974));
        one.get("/auth/me").await.expect_problem(401, "invalid_token");
        new.app.advance(Duration::from_hours(24 * 31));
        assert_eq!(new.app.app.sessions().prune().await.expect("it works"), 3);
        assert_eq!(count(&new, "SELECT count(*) FROM imported_sessions").await, 0);
        one.get("/auth/me").await.expect_problem(401, "invalid_token");
    }

    async fn who_is_shut_out_brings_no_session(engine: Engine) {
        let mut source = people(2);
        source.push_str(r#"ALTER TABLE "user" ADD banned boolean; UPDATE "user" SET banned = true WHERE id = 'u1';"#);
        let (old, new) = (Old::new(Engine::Postgres, &source).await, started(engine).await);
        for more in [&["--dry-run"][..], &[]] {
            let arguments: Vec<_> = ISSUER.iter().chain(more).copied().collect();
            let report = new.report("auto", &old.url, &arguments);
            assert_eq!(report["sessions"], tally(1, 0, 1), "{more:?}");
            assert_eq!(report["reasons"], json!({"session: its owner is disabled or banned": 1}));
        }
        // The ids of another server's people, who are others here.
        let other = Old::new(Engine::Postgres, &people(2)).await;
        other.run(r#"UPDATE "user" SET email = 'eve' || email; UPDATE session SET token = 'E' || substr(token, 2)"#).await;
        let report = new.report("auto", &other.url, &ISSUER);
        assert_eq!((&report["users"]["rejected"], &report["sessions"]), (&json!(4), &tally(0, 0, 2)));
        let eve = new.app.anonymous().with_token(&format!("E{}", &token(2)[1..]));
        eve.get("/auth/me").await.expect_problem(401, "invalid_token");
    }
}
