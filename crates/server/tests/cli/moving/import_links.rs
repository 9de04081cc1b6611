//! What accounts bring along besides: metadata, links to accounts at other providers; and what an import never does
//! with somebody else's.

use serde_json::{Value, json};

use crate::moving::import::{HASH, New, Old, tally};
use crate::moving::import_profiles::{SITE, better_auth};
use crate::support::Engine;

const ADA: &str = "6f9619ff-8b86-4011-b42d-00c04fc964ff";

/// The tables of Supabase Auth, as far as an import looks at them.
fn supabase() -> String {
    format!(
        "CREATE SCHEMA auth; \
         CREATE TABLE auth.users (instance_id uuid, id uuid PRIMARY KEY, aud varchar(255), \
            role varchar(255), email varchar(255), encrypted_password varchar(255), \
            email_confirmed_at timestamptz, raw_app_meta_data jsonb, raw_user_meta_data jsonb, \
            is_super_admin boolean, created_at timestamptz, updated_at timestamptz, \
            banned_until timestamptz, deleted_at timestamptz); \
         CREATE TABLE auth.identities (provider_id text, user_id uuid, identity_data jsonb, provider text, \
            created_at timestamptz, id uuid); \
         INSERT INTO auth.users VALUES (NULL, '{ADA}', 'authenticated', 'authenticated', 'ada@example.com', \
            '{HASH}', now(), '{{\"provider\": \"email\", \"providers\": [\"email\", \"google\"], \"plan\": \"pro\"}}', \
            '{{\"full_name\": \"Ada Lovelace\", \"theme\": \"dark\"}}', NULL, now(), now(), NULL, NULL), \
            (NULL, '7f9619ff-8b86-4011-b42d-00c04fc964ff', '', '', 'big@example.com', '{HASH}', NULL, \
            jsonb_build_object('blob', repeat('x', 20000)), '[1]', NULL, now(), now(), 'infinity', NULL); \
         INSERT INTO auth.identities VALUES \
            ('{ADA}', '{ADA}', '{{}}', 'email', now(), gen_random_uuid()), \
            ('1099', '{ADA}', '{{}}', 'google', now(), gen_random_uuid()), \
            ('77', '{ADA}', '{{}}', 'github', now(), gen_random_uuid()), \
            ('88', '8f9619ff-8b86-4011-b42d-00c04fc964ff', '{{}}', 'github', now(), gen_random_uuid())"
    )
}

both! {
    async fn people_of_supabase_keep_their_metadata_and_their_other_ways_in(engine: Engine) {
        let (old, new) = (Old::new(Engine::Postgres, &supabase()).await, New::start(engine).await);
        let rehearsed = new.report("auto", &old.url, &["--dry-run"]);
        let report = new.report("auto", &old.url, &[]);
        for name in ["users", "identities", "users_with_unfit_metadata", "users_shut_out"] {
            assert_eq!(rehearsed[name], report[name], "{name}");
        }
        assert_eq!((&report["users"], &report["identities"]), (&tally(2, 0, 0), &tally(2, 0, 1)));
        assert_eq!(report["reasons"], json!({"identity: its owner was not imported": 1}));
        assert_eq!(report["users_with_unfit_metadata"], 1);
        assert_eq!(report["users_shut_out"], 1);
        let me = new.app.anonymous().login("ada@example.com", "password").await.get("/auth/me").await.json();
        assert_eq!(me["user_metadata"], json!({"full_name": "Ada Lovelace", "theme": "dark"}));
        assert_eq!(me["app_metadata"]["plan"], "pro");
        let exported = new.program.run(&["export"]).expect(0).stdout;
        let links: Vec<Value> = exported
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .filter(|line: &Value| line["type"] == "identity" && line["issuer"] != "import")
            .collect();
        let mut found: Vec<_> = links.iter().map(|it| (it["issuer"].as_str(), it["subject"].as_str())).collect();
        found.sort_unstable();
        let wanted = [("https://accounts.google.com", "1099"), ("provider:github", "77")];
        assert_eq!(found, wanted.map(|(issuer, subject)| (Some(issuer), Some(subject))));
        assert!(links.iter().all(|link| link["user_id"] == ADA && link["address_proven"] == true));
        let again = new.report("auto", &old.url, &[]);
        assert_eq!((&again["users"], &again["identities"]), (&tally(0, 2, 0), &tally(0, 2, 1)));
    }

    async fn a_link_never_goes_to_another_account_than_its_owner(engine: Engine) {
        let (old, new) = (Old::new(Engine::Postgres, &better_auth(false)).await, New::start(engine).await);
        new.report("auto", &old.url, &["--issuer", SITE]);
        // Another server, whose people have the same ids and other addresses.
        let other = Old::new(Engine::Postgres, &better_auth(false)).await;
        other.run("UPDATE \"user\" SET email = 'eve' || email; UPDATE account SET \"accountId\" = '9' || \"accountId\"").await;
        let report = new.report("auto", &other.url, &["--issuer", SITE]);
        assert_eq!((&report["users"], &report["identities"]), (&tally(0, 0, 2), &tally(0, 0, 2)));
        // The same accounts there, linked to people who are others here.
        let third = Old::new(Engine::Postgres, &better_auth(false)).await;
        third.run("UPDATE \"user\" SET email = 'eve' || email").await;
        let report = new.report("auto", &third.url, &["--issuer", "https://third.example"]);
        assert_eq!((&report["users"], &report["identities"]), (&tally(2, 0, 0), &tally(0, 0, 2)));
        assert_eq!(report["reasons"], json!({"identity: another account has this identity": 2}));
    }

    async fn columns_of_an_apps_own_are_kept_where_the_operator_says_so(engine: Engine) {
        let old = Old::new(Engine::Postgres, &better_auth(false)).await;
        old.run("ALTER TABLE \"user\" ADD theme text DEFAULT 'dark', ADD seats integer DEFAULT 3, ADD secret text DEFAULT 'x'").await;
        let new = New::start(engine).await;
        let refused = new.import("auto", &old.url, &["--issuer", SITE, "--keep", "thema"]).expect(1);
        assert!(refused.errors()[0].contains("--keep: user has no column thema") || refused.errors()[0].contains("has no column thema. The columns are id, name"), "{refused:?}");
        new.report("auto", &old.url, &["--issuer", SITE, "--keep", "theme,seats"]);
        let me = new.app.anonymous().login("ada@example.com", "password").await.get("/auth/me").await.json();
        assert_eq!(me["user_metadata"], json!({"theme": "dark", "seats": 3}));
        let file = old.folder.path().join("more.csv");
        std::fs::write(&file, format!("email,hash,team\nlin@example.com,\"{HASH}\",red\n")).expect("a file");
        let file = file.display().to_string();
        new.report("csv", &file, &["--map", "password=hash", "--keep", "team"]);
        let me = new.app.anonymous().login("lin@example.com", "password").await.get("/auth/me").await.json();
        assert_eq!(me["user_metadata"], json!({"team": "red"}));
    }

    async fn an_exported_task_whose_id_is_another_accounts_is_left_out_and_told(engine: Engine) {
        let new = New::start(engine).await;
        let ada = new.app.sign_up("ada").await;
        let task = ada.post("/api/tasks", json!({"title": "Write notes"})).await.expect(201).json();
        let line = |user: &str| {
            json!({"type": "task", "id": task["id"], "user_id": user, "title": "Not hers", "description": null,
                "completed": false, "completed_at": null, "priority": "none", "due_at": null, "version": 1,
                "created_at": "2024-01-05T10:20:30Z", "updated_at": "2024-01-05T10:20:30Z"})
        };
        let grace = new.app.sign_up("grace").await.get("/auth/me").await.json();
        let (grace, folder) = (grace["id"].as_str().expect("an id"), tempfile::tempdir().expect("a folder"));
        let file = folder.path().join("all.jsonl").display().to_string();
        std::fs::write(&file, format!("{}\n{}\n", json!({"type": "doorward", "version": 1}), line(grace))).expect("a file");
        let report = new.report("jsonl", &file, &[]);
        assert_eq!(report["tasks"], tally(0, 0, 1));
        assert_eq!(report["reasons"], json!({"task: a task of another account already has its id": 1}));
        assert_eq!(ada.get("/api/tasks").await.json()[0]["title"], "Write notes");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_report_for_programs_says_what_is_read_and_what_became_of_it() {
    let (old, new) =
        (Old::new(Engine::Postgres, &supabase()).await, New::start(Engine::Sqlite).await);
    let said = new.import("supabase", &old.url, &["--dry-run"]).expect(0);
    assert_eq!(said.stderr, "", "a program reads the answer alone");
    let said = said.json();
    assert_eq!((&said["dry_run"], &said["plan"]["profile"]), (&json!(true), &json!("supabase")));
    assert_eq!(said["plan"]["users"]["table"], "auth.users");
    let fields = said["plan"]["identities"]["fields"].as_array().expect("a list");
    assert!(fields.contains(&json!(["subject", "provider_id"])), "{fields:?}");
    assert_eq!(said["report"]["users"], tally(2, 0, 0));
}
