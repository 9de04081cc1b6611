//! The owner of the tables and the login of the server apart: what that login is given, and that it is enough
//! and no more.

use crate::db::schema::Schema;
use crate::program::{Program, becomes_ready, shell};
use crate::support::Engine;
use crate::support::postgres;

/// A migrated database that a plain login owns, and one more login that owns nothing.
struct Apart {
    admin: Schema,
    owner: Program,
    service: Program,
    name: String,
}

fn login_url(admin: &Schema, name: &str) -> String {
    let database = admin.url.rsplit('/').next().expect("a path");
    format!("postgresql://{name}:{name}@127.0.0.1:{}/{database}", postgres::shared().port)
}

impl Apart {
    /// Roles belong to the cluster, so each test has names of its own. Nobody here may create roles: an
    /// administrator has made the one that owns the view.
    async fn new(name: &str) -> Self {
        let admin = Schema::empty(Engine::Postgres).await;
        let database = admin.url.rsplit('/').next().expect("a path").to_owned();
        let (owner, service, role) =
            (format!("{name}_owner"), format!("{name}_service"), format!("{name}_role"));
        admin.sql(&format!(
            "CREATE ROLE {owner} LOGIN PASSWORD '{owner}'; CREATE ROLE {service} LOGIN PASSWORD '{service}'; \
             CREATE ROLE {role} NOLOGIN; GRANT {role} TO {owner}; ALTER DATABASE {database} OWNER TO {owner}"
        ));
        let program = |login: &str| {
            Program::ready()
                .env("DATABASE_URL", &login_url(&admin, login))
                .env("DATABASE_TENANT_ROLE", &role)
        };
        let (owner_program, service_program) = (program(&owner), program(&service));
        Self { owner: owner_program, service: service_program, name: service, admin }
    }

    /// What the service may do, a line a table.
    fn privileges(&self) -> String {
        self.admin.sql(&format!(
            "SELECT t.relname || ': ' || string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type) \
             FROM pg_class t, aclexplode(t.relacl) a WHERE a.grantee = '{}'::regrole \
             AND t.relnamespace = 'public'::regnamespace GROUP BY t.relname ORDER BY t.relname",
            self.name
        ))
    }
}

/// Registers, signs in and reads back a task, and fails to read another's.
fn two_people_are_kept_apart(url: &str) {
    let script = format!(
        r#"
        set -e
        j='content-type: application/json'
        token() {{
          curl -sf -H "$j" -d "{{\"email\":\"$1@example.com\",\"password\":\"violet kettle drum 41\"}}" {url}/auth/register >/dev/null
          curl -sf -H "$j" -d "{{\"email\":\"$1@example.com\",\"password\":\"violet kettle drum 41\"}}" {url}/auth/login | jq -r .access_token
        }}
        ada=$(token ada$RANDOM) grace=$(token grace$RANDOM)
        id=$(curl -sf -H "$j" -H "authorization: Bearer $ada" -d '{{"title":"x"}}' {url}/api/tasks | jq -r .id)
        curl -s -o /dev/null -w '%{{http_code}} ' -H "authorization: Bearer $ada" {url}/api/tasks/$id
        curl -s -o /dev/null -w '%{{http_code}}' -H "authorization: Bearer $grace" {url}/api/tasks/$id
        "#
    );
    assert_eq!(shell(&script), "200 404");
}

#[tokio::test]
async fn a_service_login_is_given_exactly_what_the_server_needs_and_can_serve_with_it() {
    let apart = Apart::new("apart").await;
    let ended = apart.owner.run(&["db", "migrate", "--grant-to", &apart.name, "--json"]).expect(0);
    let granted = ended.json()["granted"].clone();
    assert_eq!(granted["to"], apart.name.as_str());
    assert!(granted["privileges"].as_array().expect("a list").len() > 10, "{granted}");
    let privileges = apart.privileges();
    for line in ["users: DELETE, INSERT, SELECT, UPDATE", "audit_log: DELETE, INSERT, SELECT"] {
        assert!(privileges.lines().any(|found| found == line), "{privileges}");
    }
    assert!(!privileges.contains("\ntasks:") && !privileges.contains("TRUNCATE"), "{privileges}");
    // Again changes nothing.
    let again = apart.owner.run(&["db", "migrate", "--grant-to", &apart.name, "--json"]).expect(0);
    assert_eq!(again.json()["granted"]["privileges"], serde_json::json!([]));
    assert_eq!(apart.privileges(), privileges);

    let mut server = apart.service.start(&["serve"]);
    let url = server.url();
    becomes_ready(&url);
    two_people_are_kept_apart(&url);
}

#[tokio::test]
async fn one_plain_login_serves_with_a_role_that_an_administrator_made_once() {
    let apart = Apart::new("once").await;
    apart.owner.run(&["db", "migrate"]).expect(0);
    apart.owner.run(&["db", "verify"]).expect(0);
    let mut server = apart.owner.start(&["serve"]);
    let url = server.url();
    becomes_ready(&url);
    two_people_are_kept_apart(&url);
}

#[tokio::test]
async fn the_script_gives_the_same_privileges() {
    let apart = Apart::new("script").await;
    let printed = apart.owner.run(&["db", "migrate", "--sql", "--grant-to", &apart.name]).expect(0);
    let owner = Schema {
        engine: Engine::Postgres,
        url: apart.owner.value("DATABASE_URL"),
        program: Program::new(),
    };
    owner.sql(&printed.stdout);
    let by_script = apart.privileges();
    apart.owner.run(&["db", "migrate", "--grant-to", &apart.name]).expect(0);
    assert_eq!(apart.privileges(), by_script);
    let mut server = apart.service.start(&["serve"]);
    becomes_ready(&server.url());
}

/// Each privilege taken away by itself is named by itself, and the probe never says ready without it.
#[tokio::test]
async fn a_missing_privilege_is_named_and_the_server_is_not_ready_without_it() {
    let apart = Apart::new("named").await;
    apart.owner.run(&["db", "migrate", "--grant-to", &apart.name]).expect(0);
    let mut server = apart.service.start(&["serve"]);
    let url = server.url();
    becomes_ready(&url);
    for (taken, named) in [
        ("SELECT ON users", "SELECT on users is missing."),
        ("INSERT ON sessions", "INSERT on sessions is missing."),
        ("DELETE ON passkeys", "DELETE on passkeys is missing."),
        ("UPDATE ON api_keys", "UPDATE on api_keys is missing."),
        ("INSERT ON factors", "INSERT on factors is missing."),
    ] {
        apart.admin.sql(&format!("REVOKE {taken} FROM {}", apart.name));
        let refused = apart.service.run(&["serve"]).expect(78);
        assert_eq!(refused.errors().len(), 1, "{refused:?}");
        assert!(refused.errors()[0].contains(named), "{refused:?}");
        assert!(!refused.stderr.contains("igrations are pending"), "{refused:?}");
        let ready = shell(&format!(
            "for i in $(seq 100); do a=$(curl -s {url}/readyz); case $a in *not_ready*) break;; esac; sleep 0.1; done; echo $a"
        ));
        assert!(ready.contains("lacks_privileges"), "{taken}: {ready}");
        apart.admin.sql(&format!("GRANT {taken} TO {}", apart.name));
        becomes_ready(&url);
    }
    apart.admin.sql("REVOKE EXECUTE ON FUNCTION doorward_refuse(text) FROM PUBLIC");
    let refused = apart.service.run(&["serve"]).expect(78);
    let named = "EXECUTE on FUNCTION doorward_refuse(text) is missing.";
    assert!(refused.errors()[0].contains(named), "{refused:?}");
    apart.owner.run(&["db", "migrate", "--grant-to", &apart.name]).expect(0);
    becomes_ready(&url);
}

#[tokio::test]
async fn a_login_that_is_not_there_or_may_not_grant_is_reported() {
    let apart = Apart::new("told").await;
    apart.owner.run(&["db", "migrate"]).expect(0);
    let ended = apart.owner.run(&["db", "migrate", "--grant-to", "nobody_here"]).expect(1);
    assert!(
        ended.errors()[0].contains("There is no login nobody_here: make it first"),
        "{ended:?}"
    );
    let ended = apart.owner.run(&["db", "migrate", "--grant-to", "told_role"]).expect(1);
    assert!(ended.errors()[0].contains("must not be the server's login"), "{ended:?}");
    assert_eq!(apart.privileges(), "", "nothing was granted");
    let sqlite = Program::new().run(&["db", "migrate", "--grant-to", "somebody"]).expect(2);
    assert!(sqlite.errors()[0].contains("SQLite has no logins"), "{sqlite:?}");
}

#[tokio::test]
async fn the_login_itself_is_refused_as_the_role_that_keeps_users_apart() {
    let admin = Schema::empty(Engine::Postgres).await;
    let database = admin.url.rsplit('/').next().expect("a path").to_owned();
    admin.sql(&format!(
        "CREATE ROLE selfish LOGIN PASSWORD 'selfish'; ALTER DATABASE {database} OWNER TO selfish; \
         CREATE ROLE mighty BYPASSRLS; GRANT mighty TO selfish; CREATE ROLE heir; GRANT selfish TO heir"
    ));
    for (role, why) in [
        ("selfish", "the login itself, which owns the tables"),
        ("mighty", "bypasses row-level security"),
        ("heir", "bypasses row-level security"),
    ] {
        let program = Program::ready()
            .env("DATABASE_URL", &login_url(&admin, "selfish"))
            .env("DATABASE_TENANT_ROLE", role);
        for command in [&["db", "migrate"][..], &["serve", "--migrate"]] {
            let ended = program.run(command).expect(78);
            assert!(ended.errors()[0].contains(why), "{role}: {ended:?}");
            assert!(ended.errors()[0].contains("DATABASE_TENANT_ROLE"), "{role}: {ended:?}");
        }
    }
    let tables = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    assert_eq!(admin.sql(tables), "0", "nothing was made");
}
