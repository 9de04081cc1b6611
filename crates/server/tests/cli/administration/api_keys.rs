//! `doorward api-key` and `doorward service-account`.

use serde_json::json;

use super::{GOOD, create, ready, refused};
use crate::program::SECRET;

both! {
    async fn a_key_is_printed_once_on_stdout_and_nowhere_else(engine: Engine) {
        let program = ready(engine).await;
        create(&program, "ada@example.com");
        let made = program.run(&["api-key", "create", "ada@example.com", "--name", "ci", "--scope", "tasks:write",
            "--scope", "tasks:read", "--network", "203.0.113.9/24", "--expires-in", "90d"]).expect(0);
        let key = made.stdout.trim_end().to_owned();
        assert!(key.starts_with("dwk_") && key.len() == 54 && made.stdout.ends_with('\n'), "{made:?}");
        assert!(made.stderr.contains(" for ada@example.com. It is only shown once:"), "{made:?}");
        assert!(!made.stderr.contains(&key), "{made:?}");
        let listed = program.run(&["api-key", "list", "ada@example.com"]).expect(0).stdout;
        assert!(listed.contains("tasks:read,tasks:write  203.0.113.0/24"), "{listed}");
        assert!(!listed.contains("dwk_"), "{listed}");
        let found = program.run(&["api-key", "list", "ada@example.com", "--json"]).expect(0).json();
        let id = found[0]["id"].as_str().expect("an id").to_owned();
        let program = program.env("BETTER_AUTH_SECRET", SECRET);
        let inspected = program.fed(&["token", "inspect", "-", "--json"], &key).expect(0).json();
        assert_eq!((&inspected["kind"], &inspected["key"]), (&json!("API key"), &json!(id)), "{inspected}");
        let log = program.run(&["audit", "list", "--event", "api_key.create", "--json"]).expect(0).stdout;
        assert!(log.contains(&id) && !log.contains(&key), "{log}");
        let revoked = program.run(&["api-key", "revoke", &id]).expect(0).stdout;
        assert_eq!(revoked, format!("Revoked the API key {id}.\n"));
        refused(program.run(&["api-key", "revoke", &id]), 1, &format!("There is no API key {id}."));
        let gone = program.fed(&["token", "verify", "-"], &key);
        assert!(gone.code == Some(1) && format!("{gone:?}").contains("unknown to this server, or was revoked"), "{gone:?}");
    }

    async fn what_is_wrong_with_a_new_key_is_said(engine: Engine) {
        let program = ready(engine).await;
        create(&program, "ada@example.com");
        let with = |arguments: &[&str]| {
            let first = ["api-key", "create", "ada@example.com", "--name", "ci"];
            program.run(&[first.as_slice(), arguments].concat())
        };
        refused(with(&["--scope", "users:read"]), 1,
            "The owner of the key lacks the permission users:read.");
        let unknown = with(&["--scope", "tasks"]).expect(2);
        assert!(unknown.errors()[0].starts_with("--scope must hold only tasks:read, tasks:write"), "{unknown:?}");
        let bad = with(&["--scope", "tasks:read", "--network", "10.0.0.0/99"]).expect(2);
        assert!(bad.errors()[0].starts_with("--network must hold only addresses and ranges"), "{bad:?}");
        refused(with(&["--scope", "tasks:read", "--expires-at", "2020-01-01"]), 2, "The expiry must be in the \
            future.");
        with(&[]).expect(2);
        refused(program.run(&["api-key", "list", "eve@example.com"]), 1, "There is no account eve@example.com.");
    }

    async fn a_service_account_has_roles_and_keys_and_never_a_password(engine: Engine) {
        let program = ready(engine).await;
        program.run(&["role", "create", "reader", "--permission", "users:read"]).expect(0);
        let made = program.run(&["service-account", "create", "nightly backup", "--role", "reader", "--json"]).expect(0).json();
        assert_eq!((&made["is_service"], &made["roles"]), (&json!(true), &json!(["reader", "user"])));
        let id = made["id"].as_str().expect("an id");
        let plain = program.run(&["service-account", "create", "metrics"]).expect(0);
        assert_eq!(plain.stdout.trim_end().len(), 36, "{plain:?}");
        create(&program, "ada@example.com");
        let listed = program.run(&["service-account", "list"]).expect(0).stdout;
        assert!(listed.contains("(service account)  nightly backup") && !listed.contains("ada@"), "{listed}");
        assert_eq!(program.run(&["user", "list", "--service", "false", "--json"]).expect(0).json().as_array().map(Vec::len), Some(1));
        let set = program.fed(&["user", "set-password", id, "--password-stdin"], GOOD);
        refused(set, 1, "A service account has no password: create an API key for it.");
        program.run(&["api-key", "create", id, "--name", "first", "--scope", "users:read"]).expect(0);
        program.run(&["service-account", "revoke", id]).expect(2);
        let revoked = program.run(&["service-account", "revoke", id, "--yes"]).expect(0).stdout;
        assert_eq!(revoked, "Revoked every API key of nightly backup and deactivated it.\n");
        assert_eq!(program.run(&["api-key", "list", id, "--json"]).expect(0).json(), json!([]));
        let unknown = program.run(&["service-account", "create", "x", "--role", "nobody"]);
        refused(unknown, 2, "There is no role nobody: see `doorward role list`.");
        let ada = program.run(&["user", "show", "ada@example.com", "--json"]).expect(0).json();
        let ada = ada["id"].as_str().expect("an id");
        refused(program.run(&["service-account", "revoke", ada, "--yes"]), 1,
            &format!("There is no service account {ada}."));
    }
}
