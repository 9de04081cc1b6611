//! `doorward import` and `doorward export`: people of another program sign in with the password they had and
//! find their tasks; nothing is lost without a reason, and running it again changes nothing.

use serde_json::{Value, json};

use crate::program::{Ended, Program};
use crate::support::{Engine, TestApp, postgres};

/// What `passlib` made of "password".
pub(crate) const HASH: &str =
    "$bcrypt-sha256$v=2,t=2b,r=5$5Hg1DKFqPE8C2aflZ5vVoe$wOK1VFFtS8IGTrGa7.h5fs0u84qyPbS";
const ENGINES: [Engine; 2] = [Engine::Sqlite, Engine::Postgres];

/// Another program's database.
pub(crate) struct Old {
    pub(crate) url: String,
    pub(crate) folder: tempfile::TempDir,
}

impl Old {
    /// With these statements run; `{serial}`, `{uuid}` and `{now}` are the engine's own.
    pub(crate) async fn new(engine: Engine, sql: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temp dir");
        let url = match engine {
            Engine::Postgres => postgres::fresh_database().await,
            Engine::Sqlite => format!("sqlite:{}", folder.path().join("old.db").display()),
        };
        let old = Self { url, folder };
        old.run(sql).await;
        old
    }

    pub(crate) async fn run(&self, sql: &str) {
        if let Some(path) = self.url.strip_prefix("sqlite:") {
            let sql = sql.replace("{serial}", "INTEGER").replace("{uuid}", "CHAR(32)");
            let file = rusqlite::Connection::open(path).expect("the file");
            return file.execute_batch(&sql).expect("the statements");
        }
        let sql = sql.replace("{serial}", "SERIAL").replace("{uuid}", "UUID");
        let database = self.url.rsplit('/').next().expect("a database");
        let client = postgres::shared().connect(database).await;
        client.batch_execute(&sql).await.expect("the statements");
    }
}

/// The tables that `SQLModel` makes of a usual pair of models, with three people.
pub(crate) fn sqlmodel() -> String {
    format!(
        "CREATE TABLE users (id {{serial}} NOT NULL, email VARCHAR NOT NULL, \
            hashed_password VARCHAR NOT NULL, full_name VARCHAR, is_active BOOLEAN NOT NULL, \
            is_superuser BOOLEAN NOT NULL, created_at TIMESTAMP NOT NULL, PRIMARY KEY (id)); \
         CREATE UNIQUE INDEX ix_users_email ON users (email); \
         CREATE TABLE task (id {{serial}} NOT NULL, title VARCHAR(255) NOT NULL, description VARCHAR, \
            completed BOOLEAN NOT NULL, priority VARCHAR, due_date DATE, user_id INTEGER NOT NULL, \
            created_at TIMESTAMP NOT NULL, tags JSON, category VARCHAR, minutes INTEGER, PRIMARY KEY (id), \
            FOREIGN KEY (user_id) REFERENCES users (id)); \
         INSERT INTO users VALUES \
            (1, 'Ada@Example.com', '{HASH}', 'Ada', TRUE, TRUE, '2024-01-05 10:20:30.5'), \
            (2, 'grace@example.com', 'plain text', 'Grace', TRUE, FALSE, '2024-02-05 10:20:30'), \
            (3, 'alan@example.com', '{HASH}', NULL, FALSE, FALSE, '2024-03-05 10:20:30'); \
         INSERT INTO task VALUES \
            (1, 'Write notes', 'on the engine', TRUE, 'HIGH', '2026-01-05', 1, '2024-01-06 08:00:00', \
                '[\"math\", \"notes\"]', 'work', 90), \
            (2, 'Find the moth', NULL, FALSE, 'someday', NULL, 2, '2024-01-07 08:00:00', NULL, NULL, NULL);"
    )
}

/// What is imported into.
pub(crate) struct New {
    pub(crate) app: TestApp,
    pub(crate) program: Program,
}

impl New {
    pub(crate) async fn start(engine: Engine) -> Self {
        Self::over(TestApp::start(engine).await)
    }

    pub(crate) fn over(app: TestApp) -> Self {
        let program = Program::new().env("DATABASE_URL", &app.url);
        Self { app, program }
    }

    pub(crate) fn env(self, name: &str, value: &str) -> Self {
        Self { program: self.program.env(name, value), ..self }
    }

    pub(crate) fn import(&self, profile: &str, from: &str, more: &[&str]) -> Ended {
        let mut arguments = vec!["import", profile, "--from", from, "--json", "--yes"];
        arguments.extend(more);
        self.program.run(&arguments)
    }

    #[track_caller]
    pub(crate) fn report(&self, profile: &str, from: &str, more: &[&str]) -> Value {
        self.import(profile, from, more).expect(0).json()["report"].clone()
    }

    /// The titles of the tasks of somebody who signs in.
    pub(crate) async fn titles(&self, email: &str) -> Vec<String> {
        let client = self.app.anonymous().login(email, "password").await;
        let tasks = client.get("/api/tasks?sort=created_at").await.expect(200).json();
        let titles = tasks.as_array().expect("an array").iter();
        titles.map(|task| task["title"].as_str().expect("a text").to_owned()).collect()
    }
}

pub(crate) fn tally(imported: u64, already_here: u64, rejected: u64) -> Value {
    json!({"imported": imported, "already_here": already_here, "rejected": rejected})
}

both! {
    async fn people_of_sqlmodel_sign_in_and_find_their_tasks(engine: Engine) {
        for source in ENGINES {
            let (old, new) = (Old::new(source, &sqlmodel()).await, New::start(engine).await);
            let report = new.report("sqlmodel", &old.url, &[]);
            assert_eq!(report["users"], tally(3, 0, 0));
            assert_eq!(report["tasks"], tally(2, 0, 0));
            assert_eq!(report["users_with_unknown_hash"], 1);
            assert_eq!(report["users_shut_out"], 1);
            let ada = new.app.anonymous().login("ada@example.com", "password").await;
            let me = ada.get("/auth/me").await.expect(200).json();
            assert_eq!(me["email"], "Ada@Example.com");
            assert_eq!(me["name"], "Ada");
            assert_eq!(me["roles"], json!(["user"]), "nobody becomes an administrator unasked");
            assert_eq!(me["created_at"], "2024-01-05T10:20:30.5Z");
            let tasks = ada.get("/api/tasks?q=ENGINE").await.expect(200).json();
            let task = &tasks[0];
            assert_eq!(task["title"], "Write notes");
            assert_eq!((&task["priority"], &task["completed"]), (&json!("high"), &json!(true)));
            assert_eq!(task["due_at"], "2026-01-05T00:00:00Z");
            assert_eq!(task["tags"], json!(["math", "notes"]));
            assert_eq!(task["metadata"], json!({"category": "work", "minutes": 90}));
            let alan = json!({"email": "alan@example.com", "password": "password"});
            assert_ne!(new.app.anonymous().post("/auth/login", alan).await.status, 200);
        }
    }

    async fn the_same_run_twice_changes_nothing_and_a_later_one_adds_what_is_new(engine: Engine) {
        let (old, new) = (Old::new(Engine::Postgres, &sqlmodel()).await, New::start(engine).await);
        new.report("sqlmodel", &old.url, &[]);
        let ada = new.app.anonymous().login("ada@example.com", "password").await;
        ada.patch("/auth/me", json!({"name": "Countess"})).await.expect(200);
        old.run("INSERT INTO task VALUES (3, 'Third', NULL, FALSE, 'low', NULL, 1, '2024-02-01', NULL, NULL, NULL)").await;
        let report = new.report("sqlmodel", &old.url, &[]);
        assert_eq!(report["users"], tally(0, 3, 0));
        assert_eq!(report["tasks"], tally(1, 2, 0));
        assert_eq!(new.titles("ada@example.com").await, ["Write notes", "Third"]);
        assert_eq!(ada.get("/auth/me").await.json()["name"], "Countess");
    }

    async fn each_bad_row_is_reported_with_its_reason_and_nothing_else_is_lost(engine: Engine) {
        let bad = format!(
            "INSERT INTO users VALUES (4, 'no address', '{HASH}', NULL, TRUE, FALSE, '2024-04-05'), \
             (5, 'ADA@example.com', '{HASH}', NULL, TRUE, FALSE, '2024-05-05'), \
             (6, 'taken@example.com', '{HASH}', NULL, TRUE, FALSE, '2024-05-05'); \
             INSERT INTO task VALUES (4, ' ', NULL, FALSE, NULL, NULL, 1, '2024-01-06', NULL, NULL, NULL), \
             (5, 'Of nobody', NULL, FALSE, NULL, NULL, 4, '2024-01-06', NULL, NULL, NULL)"
        );
        let (old, new) = (Old::new(Engine::Sqlite, &sqlmodel()).await, New::start(engine).await);
        old.run(&bad).await;
        new.app.sign_up("taken").await;
        let rejects = old.folder.path().join("rejects.jsonl");
        let flag = rejects.display().to_string();
        let report = new.report("auto", &old.url, &["--rejects", &flag]);
        assert_eq!(report["users"], tally(3, 0, 3));
        assert_eq!(report["tasks"], tally(2, 0, 2));
        let text = std::fs::read_to_string(rejects).expect("the file");
        let message: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let reason = |kind: &str, id: &str| {
            let found = message.iter().find(|line| line["type"] == kind && line["id"] == id);
            found.and_then(|line| line["reason"].as_str()).unwrap_or_default().to_owned()
        };
        assert_eq!(reason("user", "4"), "\"no address\" is not a valid e-mail address");
        assert!(reason("user", "5").contains("the same address, ignoring case"), "{text}");
        assert_eq!(reason("user", "6"), "another account has this address");
        assert_eq!(reason("task", "4"), "has no title");
        assert_eq!(reason("task", "5"), "its owner \"4\" was not imported");
        assert_eq!(new.titles("ada@example.com").await, ["Write notes"]);
    }

    async fn people_of_another_source_with_the_same_ids_are_not_taken_for_the_first(engine: Engine) {
        let other = sqlmodel().replace("Ada@Example.com", "eve@example.com");
        let (old, eve) =
            (Old::new(Engine::Postgres, &sqlmodel()).await, Old::new(Engine::Sqlite, &other).await);
        let new = New::start(engine).await;
        new.report("sqlmodel", &old.url, &[]);
        let report = new.report("sqlmodel", &eve.url, &[]);
        assert_eq!((&report["users"], &report["tasks"]), (&tally(0, 2, 1), &tally(0, 1, 1)));
        assert_eq!(new.titles("ada@example.com").await, ["Write notes"]);
        let report = new.report("sqlmodel", &eve.url, &["--issuer", "eve"]);
        assert_eq!((&report["users"], &report["tasks"]), (&tally(1, 0, 2), &tally(1, 0, 1)));
        assert_eq!(new.titles("eve@example.com").await, ["Write notes"]);
        assert_eq!(new.titles("ada@example.com").await, ["Write notes"]);
    }

    async fn a_rehearsal_says_what_the_import_would_do_and_changes_nothing(engine: Engine) {
        let (old, new) = (Old::new(Engine::Postgres, &sqlmodel()).await, New::start(engine).await);
        let rehearsed = new.report("sqlmodel", &old.url, &["--dry-run"]);
        let listed = new.program.run(&["user", "list", "--json"]).expect(0).json();
        assert_eq!(listed, json!([]));
        assert_eq!(rehearsed, new.report("sqlmodel", &old.url, &[]));
    }

    async fn superusers_get_a_role_only_where_the_operator_says_so(engine: Engine) {
        let (old, new) = (Old::new(Engine::Postgres, &sqlmodel()).await, New::start(engine).await);
        let unknown = new.import("sqlmodel", &old.url, &["--superusers-become", "boss"]).expect(1);
        assert!(unknown.errors()[0].contains("There is no role boss"), "{unknown:?}");
        let ended = new.import("sqlmodel", &old.url, &["--superusers-become", "admin"]).expect(0);
        assert!(ended.stderr.contains("all superusers of the source are granted the role admin"), "{ended:?}");
        let ada = new.app.anonymous().login("ada@example.com", "password").await;
        assert_eq!(ada.get("/auth/me").await.json()["roles"], json!(["admin", "user"]));
    }

    async fn columns_of_any_name_are_found_or_said(engine: Engine) {
        let sql = format!(
            "CREATE TABLE people (nr {{uuid}} PRIMARY KEY, mail_address VARCHAR, secret VARCHAR); \
             INSERT INTO people VALUES ('6f9619ff8b86d011b42d00c04fc964ff', 'ada@example.com', '{HASH}');\
             CREATE TABLE chores (id {{uuid}} PRIMARY KEY, what VARCHAR, person {{uuid}}); \
             INSERT INTO chores VALUES ('0f9619ff8b86d011b42d00c04fc964ff', 'Sweep', \
             '6f9619ff8b86d011b42d00c04fc964ff')"
        );
        for source in ENGINES {
            let (old, new) = (Old::new(source, &sql).await, New::start(engine).await);
            let unknown = new.import("sqlmodel", &old.url, &[]).expect(1);
            assert!(unknown.errors()[0].contains("--users-table"), "{unknown:?}");
            assert!(unknown.errors()[0].contains("people"), "{unknown:?}");
            let tables = ["--users-table", "people", "--tasks-table", "chores"];
            let unknown = new.import("sqlmodel", &old.url, &tables).expect(1);
            assert!(unknown.errors()[0].contains("--map id=COLUMN"), "{unknown:?}");
            let flags = [
                &tables[..],
                &["--map", "id=nr", "--map", "password=secret"],
                &["--map-task", "title=what", "--map-task", "owner=person"],
            ];
            let report = new.report("sqlmodel", &old.url, &flags.concat());
            assert_eq!((&report["users"], &report["tasks"]), (&tally(1, 0, 0), &tally(1, 0, 0)));
            let ada = new.app.anonymous().login("ada@example.com", "password").await;
            let me = ada.get("/auth/me").await.json();
            assert_eq!(me["id"], "6f9619ff-8b86-d011-b42d-00c04fc964ff", "its id is kept");
            let tasks = ada.get("/api/tasks").await.json();
            assert_eq!(tasks[0]["id"], "0f9619ff-8b86-d011-b42d-00c04fc964ff");
        }
    }

    async fn what_is_exported_and_imported_again_is_equal_on_either_engine(engine: Engine) {
        let old = Old::new(Engine::Postgres, &sqlmodel()).await;
        let first = New::start(engine).await;
        first.report("sqlmodel", &old.url, &["--superusers-become", "admin"]);
        first.app.sign_up("späte".replace('ä', "a").as_str()).await;
        first.program.run(&["user", "ban", "grace@example.com", "--reason", "spam"]).expect(0);
        let export = |new: &New| {
            let ended = new.program.run(&["export", "--with-password-hashes"]).expect(0);
            assert!(ended.stderr.contains("password hashes"), "{ended:?}");
            ended.stdout
        };
        let whole = export(&first);
        assert_eq!(whole.matches("password_hash").count(), 3);
        let file = old.folder.path().join("all.jsonl");
        std::fs::write(&file, &whole).expect("the file");
        let file = file.display().to_string();
        for other in ENGINES {
            let second = New::start(other).await;
            let report = second.report("jsonl", &file, &[]);
            assert_eq!(report["users"], tally(4, 0, 0));
            assert_eq!(report["tasks"], tally(2, 0, 0));
            assert_eq!(export(&second), whole);
            assert_eq!(second.titles("ada@example.com").await, ["Write notes"]);
            let again = second.report("jsonl", &file, &[]);
            assert_eq!(again["users"], tally(0, 4, 0));
            assert_eq!(again["identities"], tally(0, 3, 0));
        }
        let bare = first.program.run(&["export"]).expect(0).stdout;
        assert!(!bare.contains("password_hash") && !bare.contains("$2b$"), "{bare}");
        let own = first.import("auto", &first.app.url, &[]).expect(1);
        assert!(own.errors()[0].contains("doorward export"), "{own:?}");
    }

    async fn lines_of_json_and_tables_of_commas_are_read_by_their_names(engine: Engine) {
        let new = New::start(engine).await;
        let folder = tempfile::tempdir().expect("a temp dir");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("the file");
            path.display().to_string()
        };
        let json = format!(
            "{}\n\nnonsense\n{}\n",
            json!({"id": 7, "email": "ada@example.com", "passwordHash": HASH, "emailVerified": true}),
            json!({"id": 1, "userId": 7, "title": "Write notes", "done": true}),
        );
        let report = new.report("auto", &write("users.jsonl", &json), &[]);
        assert_eq!((&report["users"], &report["tasks"]), (&tally(1, 0, 0), &tally(1, 0, 0)));
        assert_eq!(report["lines"], tally(0, 0, 1));
        assert_eq!(new.titles("ada@example.com").await, ["Write notes"]);
        let users = format!("Mail,Name,Hash\n\"grace@example.com\",\"Hopper, Grace\",\"{HASH}\"\nbad\n");
        let report = new.report("csv", &write("users.csv", &users), &["--map", "password=Hash"]);
        assert_eq!((&report["users"], &report["lines"]), (&tally(1, 0, 0), &tally(0, 0, 1)));
        let tasks = "id,title,owner\n1,Find the moth,grace@example.com\n";
        let report = new.report("csv", &write("tasks.csv", tasks), &[]);
        assert_eq!(report["tasks"], tally(1, 0, 0));
        assert_eq!(new.titles("grace@example.com").await, ["Find the moth"]);
    }
}

#[test]
fn an_import_says_what_it_reads_and_asks_first() {
    let program = Program::new().env("DATABASE_URL", "sqlite:doorward.db");
    program.run(&["db", "migrate"]).expect(0);
    let old = rusqlite::Connection::open(program.folder().join("old.db")).expect("a file");
    let sql = sqlmodel().replace("{serial}", "INTEGER");
    old.execute_batch(&sql).expect("the statements");
    let arguments = ["import", "auto", "--from", "old.db"];
    let asked = program.run(&arguments).expect(2);
    assert!(asked.errors()[0].contains("--yes"), "{asked:?}");
    let said = "accounts from users: id = id, email = email, password = hashed_password, \
                name = full_name, active = is_active, superuser = is_superuser, created_at = created_at";
    assert!(asked.stderr.contains(said), "{asked:?}");
    assert!(asked.stderr.contains("tasks from task: id = id, owner = user_id"), "{asked:?}");
    let answered = program.at_a_terminal(&arguments, &[("[y/N] ", "y")]);
    assert!(answered.stdout.contains("accounts  3"), "{answered:?}");
    let log = program.run(&["audit", "list", "--event", "data.import"]).expect(0).stdout;
    assert!(log.contains("began") && log.contains("3 accounts, 2 tasks"), "{log}");
}

#[test]
fn a_source_that_cannot_be_read_is_said_in_one_sentence() {
    let program = Program::new().env("DATABASE_URL", "sqlite:doorward.db");
    program.run(&["db", "migrate"]).expect(0);
    std::fs::write(program.folder().join("dump.sql"), "COPY users").expect("a file");
    for (from, message) in [
        ("sqlite:absent.db", "There is no file absent.db"),
        ("mysql://u:hunter2@h/d", "unknown scheme"),
        ("dump.sql", "has no rows"),
        ("postgresql://u:hunter2@127.0.0.1:1/d", "Nothing listens at 127.0.0.1:1"),
        ("sqlite:doorward.db", "doorward export"),
    ] {
        let ended = program.run(&["import", "auto", "--from", from, "--yes"]).expect(1);
        assert!(ended.errors()[0].contains(message), "{ended:?}");
        assert_eq!(ended.errors().len(), 1, "{ended:?}");
        assert!(!ended.stderr.contains("hunter2"), "{ended:?}");
    }
}
