//! Databases of Better Auth, Supabase, Django and `PocketBase`, as their own migrations make the tables: recognised by
//! them, and their people sign in with the passwords they had.

use serde_json::json;

use crate::moving::import::{HASH, New, Old, tally};
use crate::support::{Engine, TestApp, postgres};

/// What Better Auth made of "password".
const BETTER_AUTH_HASH: &str = "00112233445566778899aabbccddeeff:9a098760abf0e95230464650e1160ecd37c82de7f9aea0c41eee704c90daaac45ce13ec6c244f429e4e4ba505cde11131ed35ef08e55b31c226a2ba87069e3ae";
pub(crate) const SITE: &str = "https://app.example";

/// The tables as its own CLI makes them, or, in snake case, as Drizzle's and Prisma's schemas do.
pub(crate) fn better_auth(is_snake: bool) -> String {
    let text = format!(
        r#"CREATE TABLE "user" (id text PRIMARY KEY, name text NOT NULL, email text NOT NULL UNIQUE,
            "emailVerified" boolean NOT NULL, image text, "createdAt" timestamptz NOT NULL,
            "updatedAt" timestamptz NOT NULL);
        CREATE TABLE session (id text PRIMARY KEY, "expiresAt" timestamptz NOT NULL,
            token text NOT NULL UNIQUE, "userId" text NOT NULL REFERENCES "user" (id));
        CREATE TABLE account (id text PRIMARY KEY, "accountId" text NOT NULL,
            "providerId" text NOT NULL, "userId" text NOT NULL REFERENCES "user" (id), password text);
        CREATE TABLE todo (id serial PRIMARY KEY, title text NOT NULL, is_completed boolean,
            user_id text NOT NULL);
        INSERT INTO "user" VALUES
            ('wFbCzvU0SsGBnLQDhfRMpTaKeiXoJyZ1', 'Ada', 'ada@example.com', true, NULL,
                '2024-01-05 10:20:30+00', '2024-01-06 10:20:30+00'),
            ('wFbCzvU0SsGBnLQDhfRMpTaKeiXoJyZ2', 'Grace', 'grace@example.com', true, NULL,
                '2024-01-05 10:20:30+00', '2024-01-06 10:20:30+00');
        INSERT INTO session VALUES ('s1', '2999-01-01 00:00:00+00',
            'CMEEaZMYzSBpxhBlUAENMgh1AaL9JTbW', 'wFbCzvU0SsGBnLQDhfRMpTaKeiXoJyZ1');
        INSERT INTO account VALUES
            ('a1', '1', 'credential', 'wFbCzvU0SsGBnLQDhfRMpTaKeiXoJyZ1', '{BETTER_AUTH_HASH}'),
            ('a2', '2', 'google', 'wFbCzvU0SsGBnLQDhfRMpTaKeiXoJyZ1', NULL),
            ('a3', '3', 'google', 'wFbCzvU0SsGBnLQDhfRMpTaKeiXoJyZ2', NULL);
        INSERT INTO todo VALUES (1, 'Write notes', false, 'wFbCzvU0SsGBnLQDhfRMpTaKeiXoJyZ1');"#
    );
    if !is_snake {
        return text;
    }
    ["emailVerified", "createdAt", "updatedAt", "expiresAt", "userId", "accountId", "providerId"]
        .iter()
        .fold(text, |text, name| {
            let snake: String = name
                .chars()
                .flat_map(|sign| {
                    let before = sign.is_ascii_uppercase().then_some('_');
                    before.into_iter().chain(sign.to_lowercase())
                })
                .collect();
            text.replace(name, &snake)
        })
}

both! {
    async fn people_of_better_auth_sign_in_here(engine: Engine) {
        for is_snake in [false, true] {
            let old = Old::new(Engine::Postgres, &better_auth(is_snake)).await;
            let new = New::start(engine).await;
            let asked = new.import("auto", &old.url, &[]).expect(2);
            assert!(asked.errors()[0].contains("--issuer"), "{asked:?}");
            let report = new.report("auto", &old.url, &["--issuer", SITE]);
            assert_eq!((&report["users"], &report["tasks"]), (&tally(2, 0, 0), &tally(1, 0, 0)));
            assert_eq!(report["users_without_password"], 1, "who signs in with Google");
            assert_eq!(new.titles("ada@example.com").await, ["Write notes"]);
            let found = new.program.run(&["user", "show", "ada@example.com", "--json"]).expect(0);
            assert_eq!(found.json()["email_verified"], json!(true));
        }
    }

    async fn people_of_django_keep_ids_names_and_who_is_disabled(engine: Engine) {
        let sql = "CREATE TABLE django_migrations (id {serial}, app VARCHAR); \
            CREATE TABLE auth_user (id {serial} PRIMARY KEY, password varchar(128) NOT NULL, \
                last_login TIMESTAMP, is_superuser BOOLEAN NOT NULL, username varchar(150) NOT NULL, \
                first_name varchar(150) NOT NULL, last_name varchar(150) NOT NULL, \
                email varchar(254) NOT NULL, is_staff BOOLEAN NOT NULL, is_active BOOLEAN NOT NULL, \
                date_joined TIMESTAMP NOT NULL); \
            INSERT INTO auth_user VALUES (1, '!unusable', NULL, FALSE, 'ada', 'Ada', 'Lovelace', \
                'ada@example.com', TRUE, TRUE, '2024-01-05 10:20:30'), \
                (2, '!unusable', NULL, TRUE, 'root', '', '', '', TRUE, FALSE, '2024-01-05 10:20:30')";
        let (old, new) = (Old::new(Engine::Sqlite, sql).await, New::start(engine).await);
        let report = new.report("auto", &old.url, &["--staff-become", "admin"]);
        assert_eq!(report["users"], tally(2, 0, 0));
        let counts = ["users_without_email", "users_shut_out"].map(|name| report[name].clone());
        assert_eq!(counts, [json!(1), json!(1)]);
        assert_eq!(report["roles_given"], json!({"admin": 2}));
        let ada = new.program.run(&["user", "show", "ada@example.com", "--json"]).expect(0).json();
        assert_eq!(ada["name"], "Ada Lovelace");
        assert_eq!(ada["created_at"], "2024-01-05T10:20:30Z");
    }

    async fn people_of_pocketbase_sign_in_here(engine: Engine) {
        let sql = format!(
            "CREATE TABLE _collections (id TEXT PRIMARY KEY, name TEXT); \
             CREATE TABLE users (avatar TEXT DEFAULT '' NOT NULL, created TEXT DEFAULT '' NOT NULL, \
                email TEXT DEFAULT '' NOT NULL, emailVisibility BOOLEAN DEFAULT FALSE NOT NULL, \
                id TEXT PRIMARY KEY, name TEXT DEFAULT '' NOT NULL, password TEXT DEFAULT '' NOT NULL, \
                tokenKey TEXT DEFAULT '' NOT NULL, updated TEXT DEFAULT '' NOT NULL, \
                verified BOOLEAN DEFAULT FALSE NOT NULL); \
             CREATE TABLE tasks (id TEXT PRIMARY KEY, title TEXT, done BOOLEAN, user TEXT, created TEXT); \
             INSERT INTO users VALUES ('', '2024-01-05 10:20:30.500Z', 'ada@example.com', FALSE, \
                'q1w2e3r4t5y6u7i', '', '{HASH}', 'x', '', TRUE); \
             INSERT INTO tasks VALUES ('a1s2d3f4g5h6j7k', 'Write notes', FALSE, 'q1w2e3r4t5y6u7i', '')"
        );
        let (old, new) = (Old::new(Engine::Sqlite, &sql).await, New::start(engine).await);
        let report = new.report("auto", &old.url, &[]);
        assert_eq!((&report["users"], &report["tasks"]), (&tally(1, 0, 0), &tally(1, 0, 0)));
        assert_eq!(new.titles("ada@example.com").await, ["Write notes"]);
    }

    async fn people_of_neon_auth_sign_in_here(engine: Engine) {
        // As Neon makes them, beside a table of the team's own that looks like accounts too.
        let sql = format!(
            "CREATE SCHEMA neon_auth; \
             CREATE TABLE neon_auth.\"user\" (id uuid PRIMARY KEY, name text NOT NULL, email text UNIQUE, \
                \"emailVerified\" boolean NOT NULL, image text, \"createdAt\" timestamptz NOT NULL, \
                \"updatedAt\" timestamptz NOT NULL, role text, banned boolean, \"banReason\" text, \
                \"banExpires\" timestamptz); \
             CREATE TABLE neon_auth.account (id uuid PRIMARY KEY, \"accountId\" text NOT NULL, \
                \"providerId\" text NOT NULL, \"userId\" uuid NOT NULL, password text); \
             CREATE TABLE public.account (id uuid, \"userId\" uuid, \"providerId\" text, password text); \
             CREATE TABLE public.users (id serial, email text, password text); \
             CREATE TABLE public.todos (id serial, title text, user_id uuid); \
             INSERT INTO neon_auth.\"user\" VALUES ('6f9619ff-8b86-4011-b42d-00c04fc964ff', 'Ada', \
                'ada@example.com', true, NULL, now(), now(), 'admin', false, NULL, NULL), \
                ('7f9619ff-8b86-4011-b42d-00c04fc964ff', 'Eve', 'eve@example.com', false, NULL, now(), \
                now(), 'user', true, 'spam', NULL); \
             INSERT INTO neon_auth.account VALUES ('6f9619ff-8b86-4011-b42d-00c04fc964fa', '1', \
                'credential', '6f9619ff-8b86-4011-b42d-00c04fc964ff', '{BETTER_AUTH_HASH}'); \
             INSERT INTO public.users VALUES (1, 'ada@example.com', 'x'); \
             INSERT INTO public.todos VALUES (1, 'Write notes', '6f9619ff-8b86-4011-b42d-00c04fc964ff')"
        );
        let (old, new) = (Old::new(Engine::Postgres, &sql).await, New::start(engine).await);
        let said = new.program.run(&["import", "auto", "--from", &old.url, "--yes"]).expect(2).stderr;
        assert!(said.contains("NEON_AUTH_URL"), "{said}");
        let new = new.env("NEON_AUTH_URL", "https://ep-a.neonauth.aws.neon.tech/neondb/auth");
        let report = new.report("neon-auth", &old.url, &[]);
        assert_eq!((&report["users"], &report["tasks"]), (&tally(2, 0, 0), &tally(1, 0, 0)));
        assert_eq!(new.titles("ada@example.com").await, ["Write notes"]);
        let ada = new.app.anonymous().login("ada@example.com", "password").await;
        let me = ada.get("/auth/me").await.json();
        assert_eq!((&me["email_verified"], &me["roles"]), (&json!(true), &json!(["user"])));
        let kept = new.program.run(&["export"]).expect(0).stdout;
        assert!(kept.contains(r#""issuer":"https://ep-a.neonauth.aws.neon.tech""#), "{kept}");
        // The same again changes nothing, and nothing was written there.
        assert_eq!(new.report("auto", &old.url, &[])["users"], tally(0, 2, 0));
    }

    async fn people_of_supabase_sign_in_here(engine: Engine) {
        let sql = format!(
            "CREATE SCHEMA auth; \
             CREATE TABLE auth.users (instance_id uuid, id uuid PRIMARY KEY, aud varchar(255), \
                role varchar(255), email varchar(255), encrypted_password varchar(255), \
                email_confirmed_at timestamptz, raw_app_meta_data jsonb, raw_user_meta_data jsonb, \
                is_super_admin boolean, created_at timestamptz, updated_at timestamptz, phone text, \
                confirmed_at timestamptz, banned_until timestamptz, deleted_at timestamptz); \
             CREATE TABLE auth.identities (provider_id text, user_id uuid, provider text, id uuid); \
             CREATE TABLE tasks (id bigint PRIMARY KEY, user_id uuid NOT NULL, title text, \
                status text, due_date timestamptz); \
             INSERT INTO auth.users VALUES (NULL, '6f9619ff-8b86-4011-b42d-00c04fc964ff', \
                'authenticated', 'authenticated', 'ada@example.com', '{HASH}', now(), '{{}}', \
                '{{\"full_name\": \"Ada Lovelace\"}}', NULL, now(), now(), NULL, now(), NULL, NULL), \
                (NULL, '7f9619ff-8b86-4011-b42d-00c04fc964ff', 'authenticated', 'authenticated', \
                'gone@example.com', '', NULL, '{{}}', '{{}}', NULL, now(), now(), NULL, NULL, NULL, now()); \
             INSERT INTO tasks VALUES (1, '6f9619ff-8b86-4011-b42d-00c04fc964ff', 'Write notes', \
                'in_progress', '2026-01-05 10:00:00+02')"
        );
        let (old, new) = (Old::new(Engine::Postgres, &sql).await, New::start(engine).await);
        let report = new.report("auto", &old.url, &[]);
        assert_eq!((&report["users"], &report["tasks"]), (&tally(1, 0, 1), &tally(1, 0, 0)));
        assert_eq!(report["reasons"], json!({"user: was deleted there": 1}));
        assert_eq!(new.titles("ada@example.com").await, ["Write notes"]);
        let ada = new.app.anonymous().login("ada@example.com", "password").await;
        let me = ada.get("/auth/me").await.json();
        assert_eq!((&me["name"], &me["email_verified"]), (&json!("Ada Lovelace"), &json!(true)));
        assert_eq!(me["id"], "6f9619ff-8b86-4011-b42d-00c04fc964ff");
    }

    async fn an_import_that_was_killed_is_finished_by_running_it_again(engine: Engine) {
        let many = format!(
            "CREATE TABLE users (id serial PRIMARY KEY, email varchar, hashed_password varchar); \
             CREATE TABLE tasks (id serial PRIMARY KEY, title varchar, user_id integer); \
             INSERT INTO users SELECT n, 'user' || n || '@example.com', '{HASH}' FROM generate_series(1, 40000) n; \
             INSERT INTO tasks SELECT n, 'Task ' || n, n FROM generate_series(1, 40000) n"
        );
        let (old, new) = (Old::new(Engine::Postgres, &many).await, New::start(engine).await);
        let import = new.program.start(&["import", "auto", "--from", &old.url, "--yes"]);
        let begun = || {
            let listed = new.program.run(&["user", "list", "--limit", "1", "--json"]).expect(0);
            listed.json() != json!([])
        };
        let deadline = std::time::Instant::now() + std::time::Duration::from_mins(1);
        while !begun() {
            assert!(std::time::Instant::now() < deadline, "nothing was imported");
        }
        import.stop("KILL");
        let report = new.report("auto", &old.url, &[]);
        let count = |kind: &str, what: &str| report[kind][what].as_u64().expect("a number");
        assert!(count("users", "already_here") > 0, "{report}");
        assert!(count("tasks", "imported") > 0, "{report}");
        for kind in ["users", "tasks"] {
            assert_eq!(count(kind, "imported") + count(kind, "already_here"), 40_000, "{report}");
        }
        assert_eq!(new.titles("user40000@example.com").await, ["Task 40000"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_at_better_auth_go_on_and_open_the_imported_account() {
    let app = TestApp::with(Engine::Postgres, |settings| {
        settings.better_auth_url = Some(SITE.into());
    })
    .await;
    // Its tables are in Doorward's own database, as Better Auth's guide has it.
    let database = app.url.rsplit('/').next().expect("a database");
    let client = postgres::shared().connect(database).await;
    client.batch_execute(&better_auth(false)).await.expect("the statements");
    let new = New::over(app).env("BETTER_AUTH_URL", SITE);
    let url = new.app.url.clone();
    new.report("better-auth", &url, &[]);
    let token = "CMEEaZMYzSBpxhBlUAENMgh1AaL9JTbW".to_owned();
    let mut ada = new.app.anonymous();
    ada.token = Some(token);
    let tasks = ada.get("/api/tasks").await.expect(200).json();
    assert_eq!(tasks[0]["title"], "Write notes");
    assert_eq!(ada.get("/auth/me").await.json()["email"], "ada@example.com");
}
