//! Sessions of Better Auth that an import takes over into another database: their tokens go on working as they did,
//! until what ends sessions ends them, and open nothing else.

use std::fmt::Write as _;
use std::time::Duration;

use aws_lc_rs::hmac;
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward::audit::Actor;
use doorward::config::{AllowedOrigins, Settings};
use doorward::sql::Sql;
use doorward::step;
use serde_json::{Value, json};

use crate::moving::import::{New, Old, tally};
use crate::moving::import_profiles::{SITE, better_auth};
use crate::support::app::SECRET;
use crate::support::{Client, Engine, Reply, TestApp};

pub(super) const NAME: &str = "__Secure-better-auth.session_token";
pub(super) const ISSUER: [&str; 2] = ["--issuer", SITE];

/// The token of the person with this number.
pub(super) fn token(number: usize) -> String {
    format!("{number:0>31}T")
}

/// The value of Better Auth's cookie.
pub(super) fn signed(secret: &str, token: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!("{token}.{}", STANDARD.encode(hmac::sign(&key, token.as_bytes())))
}

/// Better Auth's tables with this many people, `p1@example.com` and so on, each signed in since 2020.
pub(super) fn people(count: usize) -> String {
    let mut text = better_auth(false);
    text.push_str(
        r#"ALTER TABLE session ADD "createdAt" timestamptz, ADD "updatedAt" timestamptz, ADD "ipAddress" text,
            ADD "userAgent" text, ADD "impersonatedBy" text; DELETE FROM session;"#,
    );
    for number in 1..=count {
        let _ = write!(
            text,
            r#"INSERT INTO "user" VALUES ('u{number}', 'P{number}', 'p{number}@example.com', true, NULL,
                '2020-01-05 10:20:30+00', '2020-01-05 10:20:30+00');
            INSERT INTO account SELECT 'p{number}', 'u{number}', 'credential', 'u{number}', password
                FROM account WHERE id = 'a1';"#
        );
        text.push_str(&session(number, number));
    }
    text
}

/// A session of the person with this number.
fn session(number: usize, of: usize) -> String {
    let token = token(number);
    format!(
        r#"INSERT INTO session (id, "expiresAt", token, "userId", "createdAt", "updatedAt", "ipAddress", "userAgent")
            VALUES ('s{number}', '2999-01-01 00:00:00+00', '{token}', 'u{of}', '2020-01-05 10:20:30+00',
            '2020-02-05 10:20:30+00', '192.0.2.7', 'Firefox');"#
    )
}

pub(super) fn trusting(settings: &mut Settings) {
    settings.better_auth_url = Some(SITE.into());
    settings.accept_cookies = true;
    settings.refresh_with_access_token = true;
    settings.allowed_origins = AllowedOrigins::List(vec![SITE.into()]);
}

pub(super) async fn started(engine: Engine) -> New {
    New::over(TestApp::with(engine, trusting).await)
}

/// Whoever has the token of the person with this number.
pub(super) fn holder(new: &New, number: usize) -> Client {
    new.app.anonymous().with_token(&token(number))
}

pub(super) async fn by_cookie(
    new: &New,
    method: &str,
    path: &str,
    value: &str,
    more: &[(&str, &str)],
) -> Reply {
    let cookie =
        format!("{NAME}={}", value.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D"));
    let mut headers = vec![("cookie", cookie.as_str()), ("content-type", "application/json")];
    headers.extend_from_slice(more);
    let body = if method == "GET" { Body::empty() } else { r#"{"title": "made"}"#.into() };
    new.app.anonymous().raw(method, path, &headers, body).await
}

pub(super) async fn count(new: &New, text: &'static str) -> i64 {
    let sql = Sql::constant("count", text);
    let rows: Vec<i64> = new.app.app.db.execute(step!(sql)).await.expect("the statement");
    rows[0]
}

both! {
    async fn a_session_of_better_auth_goes_on_in_another_database(engine: Engine) {
        let (old, new) = (Old::new(Engine::Postgres, &people(2)).await, started(engine).await);
        let rehearsed = new.report("auto", &old.url, &[ISSUER[0], ISSUER[1], "--dry-run"]);
        assert_eq!(rehearsed["sessions"], tally(2, 0, 0));
        holder(&new, 1).get("/auth/me").await.expect_problem(401, "invalid_token");
        let said = new.import("better-auth", &old.url, &ISSUER).expect(0).json();
        assert_eq!(said["report"]["sessions"], tally(2, 0, 0));
        assert_eq!(said["plan"]["sessions"]["table"], "public.session");
        // Somebody asked before there were any.
        holder(&new, 1).get("/auth/me").await.expect_problem(401, "invalid_token");
        new.app.advance(Duration::from_secs(30));
        let (one, two) = (holder(&new, 1), holder(&new, 2));
        for token in [token(1), signed(SECRET, &token(1))] {
            let me = new.app.anonymous().with_token(&token).get("/auth/me").await.expect(200).json();
            assert_eq!(me["email"], "p1@example.com");
        }
        let value = signed(SECRET, &token(1));
        by_cookie(&new, "GET", "/auth/me", &value, &[]).await.expect(200);
        let made = by_cookie(&new, "POST", "/api/tasks", &value, &[("origin", SITE)]).await.expect(201).json();
        assert_eq!(made["user_id"], "u1", "the front end knows people by Better Auth's ids");
        for evil in [&[][..], &[("origin", "https://evil.example")], &[("origin", "null"), ("sec-fetch-site", "cross-site")]] {
            by_cookie(&new, "POST", "/api/tasks", &value, evil).await.expect_problem(403, "cross_site");
        }
        assert_eq!(one.get("/api/tasks").await.expect(200).json().as_array().map(Vec::len), Some(1));
        assert_eq!(two.get("/api/tasks").await.expect(200).json(), json!([]));
        let task = format!("/api/tasks/{}", made["id"].as_str().expect("an id"));
        two.get(&task).await.expect(404);
        let listed = one.get("/auth/sessions").await.expect(200).json();
        let own = &listed.as_array().expect("a list")[0];
        assert_eq!((&own["current"], &own["ip"], &own["user_agent"]), (&json!(true), &json!("192.0.2.7"), &json!("Firefox")));
        assert_eq!((&own["created_at"], &own["expires_at"]), (&json!("2020-01-05T10:20:30Z"), &json!("2999-01-01T00:00:00Z")));
        // The same again changes nothing.
        assert_eq!(new.report("auto", &old.url, &ISSUER)["sessions"], tally(0, 2, 0));
        assert_eq!(count(&new, "SELECT count(*) FROM sessions").await, 2);
        one.get("/auth/me").await.expect(200);
        let exported = new.program.run(&["export"]).expect(0).stdout;
        assert!(!exported.contains("2999"), "{exported}");
    }

    async fn sessions_are_found_in_snake_case_and_in_a_dump(engine: Engine) {
        let old = Old::new(Engine::Postgres, &better_auth(true)).await;
        let new = started(engine).await;
        assert_eq!(new.report("auto", &old.url, &ISSUER)["sessions"], tally(1, 0, 0));
        let ada = new.app.anonymous().with_token("CMEEaZMYzSBpxhBlUAENMgh1AaL9JTbW");
        assert_eq!(ada.get("/auth/me").await.expect(200).json()["email"], "ada@example.com");
        let new = started(engine).await;
        let dump = format!(
            "--\n-- PostgreSQL database dump\n--\n{}",
            "COPY public.\"user\" (id, name, email, \"emailVerified\", \"createdAt\") FROM stdin;\nu1\tAda\tada@example.com\tt\t2020-01-05 10:20:30+00\n\\.\n\
             COPY public.account (id, \"accountId\", \"providerId\", \"userId\", password) FROM stdin;\na1\tu1\tcredential\tu1\t\\N\n\\.\n\
             COPY public.session (id, \"expiresAt\", token, \"userId\") FROM stdin;\ns1\t2999-01-01 00:00:00+00\tCMEEaZMYzSBpxhBlUAENMgh1AaL9JTbW\tu1\n\\.\n"
        );
        let file = old.folder.path().join("dump.sql");
        std::fs::write(&file, dump).expect("a file");
        let file = file.display().to_string();
        assert_eq!(new.report("better-auth", &file, &ISSUER)["sessions"], tally(1, 0, 0));
        let ada = new.app.anonymous().with_token("CMEEaZMYzSBpxhBlUAENMgh1AaL9JTbW");
        assert_eq!(ada.get("/auth/me").await.expect(200).json()["email"], "ada@example.com");
    }

    async fn what_ends_sessions_ends_an_imported_one_for_good(engine: Engine) {
        let mut source = people(12);
        source.push_str(&session(13, 1));
        let (old, new) = (Old::new(Engine::Postgres, &source).await, started(engine).await);
        assert_eq!(new.report("auto", &old.url, &ISSUER)["sessions"], tally(13, 0, 0));
        let admin = new.app.admin("root").await;
        let mut ids = vec![String::new()];
        for number in 1..=12 {
            let me = holder(&new, number).get("/auth/me").await.expect(200).json();
            ids.push(me["id"].as_str().expect("an id").to_owned());
        }
        let own = |number: usize| {
            let (client, email) = (new.app.anonymous(), format!("p{number}@example.com"));
            async move { client.login(&email, "password").await }
        };
        let user = |number: usize, more: &str| format!("/admin/users/{}{more}", ids[number]);
        let is_over = |number: usize| {
            let client = holder(&new, number);
            async move {
                client.get("/auth/me").await.expect_problem(401, "invalid_token");
                client.post("/api/tasks", json!({"title": "x"})).await.expect_problem(401, "invalid_token");
                client.post("/api/tasks", json!({"title": 7})).await.expect_problem(401, "invalid_token");
            }
        };
        // Signing out ends the session that asks, and no other of the same person.
        holder(&new, 1).post_empty("/auth/logout").await.expect(204);
        is_over(1).await;
        let value = signed(SECRET, &token(1));
        by_cookie(&new, "GET", "/auth/me", &value, &[]).await.expect_problem(401, "invalid_token");
        holder(&new, 13).get("/auth/me").await.expect(200);
        holder(&new, 13).post_empty("/auth/logout?scope=all").await.expect(204);
        is_over(13).await;
        // Others end it, the owner's own and an administrator's.
        let two = own(2).await;
        let listed = two.get("/auth/sessions").await.expect(200).json();
        let other = listed.as_array().expect("a list").iter().find(|one| one["current"] == false).expect("the imported one");
        let path = format!("/auth/sessions/{}", other["id"].as_str().expect("an id"));
        holder(&new, 3).delete(&path).await.expect(404);
        two.delete(&path).await.expect(204);
        is_over(2).await;
        own(3).await.delete("/auth/sessions").await.expect(204);
        is_over(3).await;
        let change = json!({"current_password": "password", "new_password": "violet kettle drum 41"});
        own(4).await.post("/auth/password", change).await.expect(204);
        is_over(4).await;
        admin.delete(&user(5, "/sessions")).await.expect(204);
        is_over(5).await;
        admin.patch(&user(6, ""), json!({"banned_until": "9999-12-31T23:59:59Z", "ban_reason": "spam"})).await.expect(200);
        is_over(6).await;
        admin.patch(&user(6, ""), json!({"banned_until": null})).await.expect(200);
        is_over(6).await;
        admin.patch(&user(7, ""), json!({"is_active": false})).await.expect(200);
        is_over(7).await;
        admin.delete(&user(8, "")).await.expect(204);
        is_over(8).await;
        new.program.fed(&["user", "set-password", "p9@example.com", "--password-stdin"], "violet kettle drum 41\n").expect(0);
        is_over(9).await;
        // It ends others as any session does, and goes on itself.
        let ten = own(10).await;
        holder(&new, 10).delete("/auth/sessions").await.expect(204);
        ten.get("/auth/me").await.expect_problem(401, "invalid_token");
        holder(&new, 10).get("/auth/me").await.expect(200);
        let ended = new.app.audited(&admin, "logout").await;
        assert!(ended.iter().any(|one| one["subject_id"] == json!(ids[1])), "{ended:?}");
        // No import brings any of them back, unless the account that was deleted comes back itself.
        let report = new.report("auto", &old.url, &ISSUER);
        assert_eq!((&report["users"]["imported"], &report["sessions"]), (&json!(1), &tally(1, 12, 0)));
        for number in [1, 2, 3, 4, 5, 6, 7, 9, 13] {
            is_over(number).await;
        }
        holder(&new, 8).get("/auth/me").await.expect(200);
        holder(&new, 10).get("/auth/me").await.expect(200);
        holder(&new, 11).get("/auth/me").await.expect(200);
        new.app.app.sessions().revoke_everybodys(&Actor::operator()).await.expect("all end");
        is_over(10).await;
        is_over(11).await;
    }

    async fn a_later_import_follows_what_happened_at_the_source_and_undoes_nothing_here(engine: Engine) {
        let (old, new) = (Old::new(Engine::Postgres, &people(5)).await, started(engine).await);
        old.run(r#"UPDATE session SET "expiresAt" = '2998-01-01 00:00:00+00'"#).await;
        new.report("auto", &old.url, &ISSUER);
        for number in 1..=5 {
            holder(&new, number).get("/auth/me").await.expect(200);
        }
        // Here: one signs out, one sets another password. There: one signs out, one goes on, and a thief of the
        // old password of the fourth has signed in meanwhile.
        holder(&new, 2).post_empty("/auth/logout").await.expect(204);
        new.program.fed(&["user", "set-password", "p4@example.com", "--password-stdin"], "violet kettle drum 41\n").expect(0);
        old.run(&format!("DELETE FROM session WHERE id = 's3'; {} {}", session(6, 4), session(7, 1))).await;
        old.run(r#"UPDATE session SET "expiresAt" = '2999-01-01 00:00:00+00' WHERE id IN ('s1', 's2', 's4')"#).await;
        for more in [&["--dry-run"][..], &[]] {
            let arguments: Vec<_> = ISSUER.iter().chain(more).copied().collect();
            let report = new.report("auto", &old.url, &arguments);
            assert_eq!(report["sessions"], tally(1, 4, 1), "{more:?}");
            assert_eq!(report["sessions_ended"], 1, "{more:?}");
            assert_eq!(report["reasons"], json!({"session: the sessions of its owner were ended here after it began": 1}));
        }
        for over in [2, 3, 4, 6] {
            holder(&new, over).get("/auth/me").await.expect_problem(401, "invalid_token");
        }
        let listed = holder(&new, 1).get("/auth/sessions").await.expect(200).json();
        let ends: Vec<&Value> = listed.as_array().expect("a list").iter().map(|one| &one["expires_at"]).collect();
        assert_eq!(ends, [&json!("2999-01-01T00:00:00Z"); 2]);
        holder(&new, 5).get("/auth/me").await.expect(200);
        // Without them nothing is read and nothing ended; of a source without the table neither.
        old.run("DELETE FROM session WHERE id = 's1'").await;
        let report = new.report("auto", &old.url, &[ISSUER[0], ISSUER[1], "--no-sessions"]);
        assert_eq!((&report["sessions"], &report["sessions_ended"]), (&tally(0, 0, 0), &json!(0)));
        old.run("ALTER TABLE session RENAME TO elsewhere").await;
        new.report("better-auth", &old.url, &ISSUER);
        holder(&new, 1).get("/auth/me").await.expect(200);
        // Another issuer's import ends none of these.
        let other = Old::new(Engine::Postgres, &people(0)).await;
        new.report("auto", &other.url, &["--issuer", "https://other.example"]);
        holder(&new, 1).get("/auth/me").await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_better_auths_own_tables_are_they_are_the_truth() {
    let new = started(Engine::Postgres).await;
    let (old, url) = (Old::new(Engine::Postgres, &people(1)).await, new.app.url.clone());
    // Imported, and then its tables came.
    new.report("auto", &old.url, &ISSUER);
    let here = Old { url, folder: tempfile::tempdir().expect("a folder") };
    here.run(&people(1)).await;
    holder(&new, 1).get("/auth/me").await.expect(200);
    here.run("DELETE FROM session").await;
    holder(&new, 1).get("/auth/me").await.expect_problem(401, "invalid_token");
    let said = new.import("better-auth", &here.url, &ISSUER).expect(0).json();
    assert_eq!(said["report"]["sessions_in_place"], true);
    let human = ["import", "better-auth", "--from", &here.url, "--yes", ISSUER[0], ISSUER[1]];
    let human = new.program.run(&human).expect(0).stdout;
    assert!(
        human.contains("Sessions are not imported: Better Auth's tables are in this database"),
        "{human}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_sees_what_became_of_them() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let (old, new) = (Old::new(Engine::Postgres, &people(2)).await, started(engine).await);
        old.run(r#"UPDATE session SET "expiresAt" = '2020-01-01 00:00:00+00' WHERE id = 's2'"#)
            .await;
        let said = ["import", "auto", "--from", &old.url, "--yes", ISSUER[0], ISSUER[1]];
        let said = new.program.run(&said).expect(0);
        assert!(said.stderr.contains("sessions from public.session: id = id"), "{}", said.stderr);
        assert!(said.stdout.contains("1 sessions have expired"), "{}", said.stdout);
        let one = holder(&new, 1);
        one.get("/auth/me").await.expect(200);
        let program = new
            .program
            .env("BETTER_AUTH_SECRET", SECRET)
            .env("BETTER_AUTH_URL", SITE)
            .env("ACCEPT_COOKIES", "true");
        let checked = program.run(&["config", "check", "--connect", "--json"]).expect(0).json();
        assert_eq!(
            checked["notes"],
            json!(["Better Auth's sessions were imported, and are accepted until they end."])
        );
        let seen = program.run(&["token", "inspect", &token(1)]).expect(0).stdout;
        assert!(seen.contains("the session was imported, as"), "{seen}");
        let listed = program.run(&["session", "list", "p1@example.com", "--json"]).expect(0).json();
        let id = listed[0]["id"].as_str().expect("an id").to_owned();
        program.run(&["session", "revoke", &id]).expect(0);
        one.get("/auth/me").await.expect_problem(401, "invalid_token");
        let seen = program.run(&["token", "inspect", &token(1)]).stdout;
        assert!(seen.contains("(revoked)"), "{seen}");
        let audit = program.run(&["audit", "list", "--event", "data.import"]).stdout;
        assert!(audit.contains("1 sessions"), "{audit}");
    }
}
