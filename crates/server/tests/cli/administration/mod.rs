//! `doorward user`, `role` and `session`: administration without the API.

mod api_keys;
mod audit;
mod factors;
mod invitations;
mod sessions;

use serde_json::{Value, json};

use crate::program::{Ended, Program, SECRET};
use crate::support::{Engine, postgres};

/// The password of everybody here, as it is piped in.
pub(crate) const GOOD: &str = "correct horse battery staple\n";

/// A folder whose commands find a database with every table.
pub(crate) async fn ready(engine: Engine) -> Program {
    match engine {
        Engine::Sqlite => {
            let program = Program::new();
            program.run(&["db", "migrate"]).expect(0);
            program
        }
        Engine::Postgres => {
            Program::new().env("DATABASE_URL", &postgres::migrated_database().await)
        }
    }
}

/// Makes an account.
pub(crate) fn create(program: &Program, email: &str) -> Value {
    program.fed(&["user", "create", email, "--password-stdin", "--json"], GOOD).expect(0).json()
}

/// Asserts that it ended with this code and said this alone.
#[track_caller]
pub(crate) fn refused(ended: Ended, code: i32, sentence: &str) {
    let ended = ended.expect(code);
    assert_eq!(ended.errors(), [sentence], "{ended:?}");
    assert_eq!(ended.stdout, "");
}

both! {
    async fn the_first_admin_is_made_at_the_command_line_without_a_secret(engine: Engine) {
        let program = ready(engine).await;
        let made = program.fed(&["user", "create", "Ada@example.com", "--name", " Ada ", "--password-stdin"], GOOD);
        let made = made.expect(0);
        assert!(made.stdout.starts_with("Created Ada@example.com with the id "), "{made:?}");
        let granted = program.run(&["role", "grant", "ada@example.com", "admin"]).expect(0);
        assert_eq!(granted.stdout, "Granted the role admin to ada@example.com.\n");
        let shown = program.run(&["user", "show", "ADA@example.com", "--json"]).expect(0).json();
        assert_eq!((&shown["roles"], &shown["name"]), (&json!(["admin", "user"]), &json!("Ada")));
        let by_id = program.run(&["user", "show", shown["id"].as_str().expect("an id")]).expect(0);
        assert!(by_id.stdout.contains("roles    admin, user\n"), "{by_id:?}");
    }

    async fn user_names_are_given_and_listed_where_there_are_such(engine: Engine) {
        let program = ready(engine).await;
        let create = |email: &'static str, username: &'static str| {
            ["user", "create", email, "--username", username, "--password-stdin"]
        };
        let off = program.fed(&create("ada@example.com", "Ada.L"), GOOD);
        refused(off, 2, "User names are disabled: enable them with USERNAMES=on.");
        let program = program.env("USERNAMES", "on");
        program.fed(&create("ada@example.com", "Ada.L"), GOOD).expect(0);
        let taken = program.fed(&create("eve@example.com", "ada.l"), GOOD);
        refused(taken, 1, "Another account has this user name.");
        let bad = program.fed(&create("eve@example.com", "a b"), GOOD).expect(2);
        assert!(bad.errors()[0].starts_with("The user name must have 3 to 30 letters"), "{bad:?}");
        program.fed(&create("eve@example.com", "eve"), GOOD).expect(0);
        let found = program.run(&["user", "list", "--username", "ADA", "--json"]).expect(0).json();
        assert_eq!((&found[0]["username"], found.as_array().map(Vec::len)), (&json!("Ada.L"), Some(1)));
        let shown = program.run(&["user", "show", "ada@example.com"]).expect(0).stdout;
        assert!(shown.contains("username Ada.L\n"), "{shown}");
    }

    async fn people_see_tables_and_programs_one_document(engine: Engine) {
        let program = ready(engine).await;
        let ada = create(&program, "ada@example.com");
        create(&program, "bob@example.com");
        let table = program.run(&["user", "list"]).expect(0).stdout;
        let lines: Vec<_> = table.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].starts_with("ID ") && lines[0].ends_with("CREATED"), "{table}");
        assert!(lines[1].starts_with(ada["id"].as_str().expect("an id")), "{table}");
        assert!(lines[1].contains("ada@example.com") && lines[1].contains("active"), "{table}");
        let all = program.run(&["user", "list", "--json"]).expect(0).json();
        assert_eq!((&all[0], all.as_array().map(Vec::len)), (&ada, Some(2)));
        let one = program.run(&["user", "list", "--limit", "1", "--json"]).expect(0);
        assert_eq!(one.json().as_array().map(Vec::len), Some(1));
        let note = "{\"note\":\"There are more accounts: raise --limit.\"}\n";
        assert!(one.stderr.ends_with(note), "{one:?}");
        let bobs = program.run(&["user", "list", "--email", "BOB", "--role", "user", "--active", "true", "--json"]);
        assert_eq!(bobs.expect(0).json().as_array().map(Vec::len), Some(1));
        let roles = program.run(&["role", "list"]).expect(0).stdout;
        assert_eq!(roles.lines().nth(1), Some("admin  *            Every permission"), "{roles}");
    }

    async fn an_account_is_changed_banned_and_deleted(engine: Engine) {
        let program = ready(engine).await;
        create(&program, "ada@example.com");
        let run = |arguments: &[&str]| {
            let all = [&["user"], arguments, &["--json"]].concat();
            program.run(&all).expect(0).json()
        };
        assert_eq!(run(&["update", "ada@example.com", "--name", "Ada"])["name"], "Ada");
        let now = run(&["update", "ada@example.com", "--no-name", "--email-verified", "true"]);
        assert_eq!((&now["name"], &now["email_verified"]), (&json!(null), &json!(true)));
        assert_eq!(run(&["deactivate", "ada@example.com"])["is_active"], false);
        assert_eq!(run(&["activate", "ada@example.com"])["is_active"], true);
        let banned = run(&["ban", "ada@example.com", "--reason", "Spam"]);
        assert_eq!((&banned["banned_until"], &banned["ban_reason"]),
            (&json!("9999-12-31T23:59:59.999999Z"), &json!("Spam")));
        assert!(program.run(&["user", "list"]).expect(0).stdout.contains("banned "));
        let banned = run(&["ban", "ada@example.com", "--until", "2999-01-01T00:00:00Z"]);
        assert_eq!((&banned["banned_until"], &banned["ban_reason"]),
            (&json!("2999-01-01T00:00:00Z"), &json!(null)));
        run(&["ban", "ada@example.com", "--for", "30d"]);
        assert_eq!(run(&["unban", "ada@example.com"])["banned_until"], json!(null));
        assert_eq!(run(&["delete", "ada@example.com", "--yes"])["deleted"], true);
        refused(program.run(&["user", "show", "ada@example.com"]), 1, "There is no account ada@example.com.");
    }

    async fn the_last_admin_stays_at_the_command_line_too(engine: Engine) {
        let program = ready(engine).await;
        create(&program, "ada@example.com");
        program.run(&["role", "grant", "ada@example.com", "admin"]).expect(0);
        for arguments in [
            &["role", "revoke", "ada@example.com", "admin"][..],
            &["user", "deactivate", "ada@example.com"],
            &["user", "ban", "ada@example.com"],
            &["user", "delete", "ada@example.com", "--yes"],
        ] {
            refused(program.run(arguments), 1, "The last active admin cannot be removed.");
        }
        create(&program, "bob@example.com");
        program.run(&["role", "grant", "bob@example.com", "admin"]).expect(0);
        program.run(&["role", "revoke", "ada@example.com", "admin"]).expect(0);
    }

    async fn two_operators_at_once_leave_one_admin(engine: Engine) {
        let program = ready(engine).await;
        for name in ["ada", "bob"] {
            create(&program, &format!("{name}@example.com"));
        }
        for round in 0..6 {
            for name in ["ada", "bob"] {
                let user = format!("{name}@example.com");
                program.run(&["user", "activate", &user]).expect(0);
                program.run(&["role", "grant", &user, "admin"]).expect(0);
            }
            let act = |user: &'static str| match round % 2 {
                0 => program.run(&["role", "revoke", user, "admin"]),
                _ => program.run(&["user", "deactivate", user]),
            };
            let mut codes = std::thread::scope(|scope| {
                let one = scope.spawn(|| act("ada@example.com"));
                let other = scope.spawn(|| act("bob@example.com"));
                [one, other].map(|it| it.join().expect("it ends").code)
            });
            codes.sort_unstable();
            assert_eq!(codes, [Some(0), Some(1)], "round {round}");
        }
    }

    async fn roles_are_made_listed_and_deleted(engine: Engine) {
        let program = ready(engine).await;
        let made = program.run(&["role", "create", "support", "--description", "Helps", "--permission",
            "users:write", "--permission", "users:read", "--json"]).expect(0).json();
        assert_eq!(made, json!({"name": "support", "description": "Helps", "built_in": false,
            "permissions": ["users:read", "users:write"]}));
        refused(program.run(&["role", "create", "support"]), 1, "There is already a role support.");
        refused(program.run(&["role", "create", "x", "--permission", "all"]), 2,
            "There is no permission all: see `doorward role permissions`.");
        refused(program.run(&["role", "create", "Bad Name"]), 2,
            "Bad Name is not a valid role name: it must be 1 to 50 characters of a-z 0-9 _ -, starting with a letter.");
        let all = program.run(&["role", "list", "--json"]).expect(0).json();
        assert_eq!(all[2], made);
        program.run(&["role", "delete", "support", "--yes"]).expect(0);
        refused(program.run(&["role", "delete", "support", "--yes"]), 1,
            "There is no role support: see `doorward role list`.");
        refused(program.run(&["role", "delete", "admin", "--yes"]), 1,
            "The roles admin and user are built in and cannot be changed or deleted.");
        create(&program, "ada@example.com");
        refused(program.run(&["role", "grant", "ada@example.com", "support"]), 1,
            "There is no role support: see `doorward role list`.");
        refused(program.run(&["role", "grant", "nobody@example.com", "admin"]), 1,
            "There is no account nobody@example.com.");
    }
}

#[test]
fn permissions_are_listed_without_a_database() {
    let program = Program::new();
    let listed = program.run(&["role", "permissions", "--json"]).expect(0).json();
    assert_eq!(listed[0]["permission"], "users:read");
    let table = program.run(&["role", "permissions"]).expect(0).stdout;
    assert!(table.contains("audit:read         Read the audit log.\n"), "{table}");
    assert_eq!(std::fs::read_dir(program.folder()).expect("a folder").count(), 0);
}

#[test]
fn without_tables_the_command_to_run_is_named_and_no_file_is_made() {
    let program = Program::new();
    for arguments in [
        &["user", "list"][..],
        &["role", "list"],
        &["session", "list", "x"],
        &["audit", "list"],
        &["key", "list"],
    ] {
        refused(
            program.run(arguments),
            78,
            "doorward.db does not exist: create it with `doorward db migrate`, or choose another with \
                --database-url.",
        );
    }
    assert_eq!(std::fs::read_dir(program.folder()).expect("a folder").count(), 0);
    program.run(&["db", "migrate", "--to", "2"]).expect(0);
    refused(
        program.run(&["user", "list"]),
        78,
        "Migrations are pending on sqlite:doorward.db: run `doorward db migrate`.",
    );
}

#[test]
fn a_password_is_never_an_argument_and_obeys_the_policy() {
    let program = Program::new();
    program.run(&["db", "migrate"]).expect(0);
    let ended = program.run(&["user", "create", "ada@example.com", "--password", "x"]).expect(2);
    assert!(ended.stderr.contains("unexpected argument '--password'"), "{ended:?}");
    refused(
        program.run(&["user", "create", "ada@example.com"]),
        2,
        "There is no terminal to prompt for the password: pipe it in with --password-stdin.",
    );
    let create = ["user", "create", "ada@example.com", "--password-stdin"];
    refused(program.fed(&create, "short\n"), 1, "The password must have at least 8 characters.");
    refused(program.fed(&create, "\n"), 1, "Standard input has no password.");
    refused(program.fed(&create, "\u{feff}\r\n"), 1, "Standard input has no password.");
    refused(
        program.fed(&["user", "create", "nobody", "--password-stdin"], GOOD),
        2,
        "nobody is not a valid e-mail address.",
    );
    // A byte-order mark, which some editors write, is no part of it: seven characters are too few.
    refused(
        program.fed(&create, "\u{feff}7 chars\r\n"),
        1,
        "The password must have at least 8 characters.",
    );
    program.fed(&create, GOOD).expect(0);
    refused(program.fed(&create, GOOD), 1, "There is already an account ada@example.com.");
    refused(
        program.run(&["user", "delete", "ada@example.com"]),
        2,
        "This permanently deletes ada@example.com with all sessions and tasks. Confirm with --yes.",
    );
    refused(
        program.run(&["user", "ban", "ada@example.com", "--until", "2000-01-01T00:00:00Z"]),
        2,
        "A ban must end in the future.",
    );
}

#[test]
fn an_update_of_nothing_is_wrong_usage() {
    let program = Program::new();
    program.run(&["db", "migrate"]).expect(0);
    create(&program, "ada@example.com");
    let nothing = program.run(&["user", "update", "ada@example.com"]).expect(2);
    assert!(nothing.stderr.contains("--name <NAME>|--no-name|--email-verified"), "{nothing:?}");
}

#[test]
fn a_person_is_asked_twice_and_sees_nothing_of_the_password() {
    let program = Program::new();
    program.run(&["db", "migrate"]).expect(0);
    let create = ["user", "create", "ada@example.com"];
    let secret = "a password nobody sees";
    let ended = program.at_a_terminal(&create, &[("Password: ", secret), ("Again: ", "another")]);
    assert!(ended.stderr.contains("The passwords differ; nothing was done."), "{ended:?}");
    let ended =
        program.at_a_terminal(&create, &[("Password: ", secret), ("Again: ", secret)]).expect(0);
    assert!(ended.stdout.starts_with("Created ada@example.com"), "{ended:?}");
    assert!(!ended.stderr.contains(secret), "{ended:?}");
    let delete = ["user", "delete", "ada@example.com"];
    let ended = program.at_a_terminal(&delete, &[("[y/N] ", "n")]).expect(1);
    assert!(ended.stderr.contains("Nothing was done."), "{ended:?}");
    program.at_a_terminal(&delete, &[("[y/N] ", "y")]).expect(0);
}

#[tokio::test]
async fn a_running_server_obeys_the_command_line_at_once() {
    let url = postgres::migrated_database().await;
    let program = Program::ready().env("DATABASE_URL", &url);
    let ada = create(&program, "ada@example.com");
    let mut server = program.start(&["serve"]);
    let address = server.url().trim_start_matches("http://").to_owned();
    let login = || {
        let body = json!({"email": "ada@example.com", "password": GOOD.trim_end()});
        http(&address, "POST", "/auth/login", None, &body.to_string())
    };
    let token =
        |reply: &(u16, Value)| reply.1["access_token"].as_str().expect("a token").to_owned();
    let first = token(&login());
    let second = token(&login());
    let me = |token: &str| http(&address, "GET", "/auth/me", Some(token), "").0;
    assert_eq!((me(&first), me(&second)), (200, 200));
    let sessions = program.run(&["session", "list", "ada@example.com", "--json"]).expect(0).json();
    assert_eq!(sessions.as_array().map(Vec::len), Some(2));
    let newest = sessions[0]["id"].as_str().expect("an id").to_owned();
    program.run(&["session", "revoke", &newest]).expect(0);
    assert_eq!((me(&first), me(&second)), (200, 401));
    refused(
        program.run(&["session", "revoke", &newest]),
        1,
        &format!("There is no active session {newest}."),
    );
    program.run(&["role", "grant", "ada@example.com", "admin"]).expect(0);
    assert_eq!(http(&address, "GET", "/admin/users", Some(&first), "").0, 200);
    create(&program, "bob@example.com");
    program.run(&["role", "grant", "bob@example.com", "admin"]).expect(0);
    program.run(&["role", "revoke", "ada@example.com", "admin"]).expect(0);
    assert_eq!(http(&address, "GET", "/admin/users", Some(&first), "").0, 403);
    program.run(&["user", "ban", "ada@example.com"]).expect(0);
    assert_eq!((me(&first), login().0), (401, 403));
    program.run(&["user", "unban", "ada@example.com"]).expect(0);
    let third = token(&login());
    program
        .fed(
            &["user", "set-password", "ada@example.com", "--password-stdin"],
            "quite another one\n",
        )
        .expect(0);
    assert_eq!((me(&third), login().0), (401, 401));
    program.run(&["session", "revoke", "--user", "ada@example.com"]).expect(0);
    program.run(&["session", "revoke", "--all", "--yes"]).expect(0);
    let log =
        program.run(&["audit", "list", "--user", ada["id"].as_str().expect("an id"), "--json"]);
    let log = log.expect(0).json();
    let by_cli: Vec<_> = log
        .as_array()
        .expect("records")
        .iter()
        .filter(|it| it["actor"] == "cli")
        .map(|it| it["event"].as_str().expect("an event"))
        .collect();
    assert_eq!(
        by_cli,
        [
            "account.create",
            "sessions.revoke",
            "role.grant",
            "role.revoke",
            "account.ban",
            "account.unban",
            "password.set",
            "sessions.revoke"
        ]
    );
    assert!(!SECRET.is_empty() && !log.to_string().contains("quite another"));
}

/// One request on a connection of its own.
pub(crate) fn http(
    address: &str,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: &str,
) -> (u16, Value) {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).expect("a connection");
    let bearer = token.map_or(String::new(), |token| format!("Authorization: Bearer {token}\r\n"));
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{bearer}\
        Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .expect("sent");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("an answer");
    let status = reply.split(' ').nth(1).and_then(|it| it.parse().ok()).expect("a status");
    let body = reply.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}
