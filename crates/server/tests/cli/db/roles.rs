//! The role that owns `own_tasks`, made by logins of every kind: superuser, owner with and without
//! CREATEROLE, guest of a schema.

use crate::db::schema::Schema;
use crate::program::Program;
use crate::support::{Engine, postgres};

/// A database of its own whose login is not a superuser. Roles belong to the whole cluster, so each
/// test has its own names.
struct Guest {
    admin: Schema,
    schema: Schema,
    role: String,
}

impl Guest {
    /// `owner` is true for a login that owns the database.
    async fn new(name: &str, attributes: &str, owner: bool) -> Self {
        let admin = Schema::empty(Engine::Postgres).await;
        let database = admin.url.rsplit('/').next().expect("a path").to_owned();
        admin.sql(&format!("CREATE ROLE {name} LOGIN PASSWORD 'guest' {attributes}"));
        if owner {
            admin.sql(&format!("ALTER DATABASE {database} OWNER TO {name}"));
        }
        let port = postgres::shared().port;
        let url = format!("postgresql://{name}:guest@127.0.0.1:{port}/{database}");
        let role = format!("{name}_tenant");
        let program = Program::new().env("DATABASE_URL", &url).env("DATABASE_TENANT_ROLE", &role);
        Self { admin, schema: Schema { engine: Engine::Postgres, program, url }, role }
    }

    /// The SQL that migrate asks an administrator to run.
    fn asked(&self) -> (String, String) {
        let ended = self.schema.db(&["migrate"]).expect(78);
        let mut parts = ended.stderr.split("\n\n");
        let why = parts.next().expect("why").to_owned();
        (why, parts.next().expect("the SQL").to_owned())
    }
}

#[tokio::test]
async fn without_createrole_migrate_prints_the_sql_for_an_administrator_and_exits_78() {
    let guest = Guest::new("plain", "NOCREATEROLE", true).await;
    let (why, sql) = guest.asked();
    assert!(why.contains("plain may not create roles"), "{why}");
    assert_eq!(sql, "CREATE ROLE \"plain_tenant\" NOLOGIN;\nGRANT \"plain_tenant\" TO plain;");
    let count = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    assert_eq!(guest.admin.sql(count), "0", "nothing was changed");
    guest.admin.sql(&sql);
    guest.schema.db(&["migrate"]).expect(0);
    guest.schema.has_no_drift();
    guest.schema.db(&["rollback", "--to", "0", "--yes"]).expect(0);
    assert_eq!(guest.admin.sql(count), "0");
}

#[tokio::test]
async fn an_owner_with_createrole_needs_no_administrator() {
    let guest = Guest::new("maker", "CREATEROLE", true).await;
    guest.schema.db(&["migrate"]).expect(0);
    guest.schema.has_no_drift();
    let owner = "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'own_tasks'";
    assert_eq!(guest.admin.sql(owner), guest.role);
    guest.schema.db(&["reset", "--yes"]).expect(0);
    guest.schema.has_no_drift();
}

#[tokio::test]
async fn a_login_that_does_not_inherit_the_role_still_reads_through_the_view() {
    let guest = Guest::new("aloof", "CREATEROLE NOINHERIT", false).await;
    guest.admin.sql("GRANT CREATE, USAGE ON SCHEMA public TO aloof WITH GRANT OPTION");
    guest.schema.db(&["migrate"]).expect(0);
    guest.schema.has_no_drift();
    guest.schema.db(&["rollback", "--to", "0", "--yes"]).expect(0);
}

#[tokio::test]
async fn a_role_that_the_login_may_not_act_as_is_asked_for() {
    let guest = Guest::new("late", "NOCREATEROLE", true).await;
    guest.admin.sql("CREATE ROLE late_tenant NOLOGIN");
    let (why, sql) = guest.asked();
    assert!(why.contains("late may not act as it"), "{why}");
    assert_eq!(sql, "GRANT \"late_tenant\" TO late;");
    guest.admin.sql(&sql);
    guest.schema.db(&["migrate"]).expect(0);
    guest.schema.has_no_drift();
}

#[tokio::test]
async fn a_guest_of_the_schema_asks_for_it() {
    let guest = Guest::new("visitor", "CREATEROLE", false).await;
    let (why, sql) = guest.asked();
    assert!(why.contains("visitor may not create tables in the schema public"), "{why}");
    guest.admin.sql(&sql);
    guest.schema.db(&["migrate"]).expect(0);
    guest.schema.has_no_drift();
}

#[tokio::test]
async fn the_role_cannot_sign_in_and_keeps_no_right_to_create() {
    let guest = Guest::new("checked", "CREATEROLE", true).await;
    guest.schema.db(&["migrate"]).expect(0);
    let role = &guest.role;
    let sql = format!(
        "SELECT rolcanlogin, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = '{role}'"
    );
    assert_eq!(guest.admin.sql(&sql), "f|f|f");
    let sql = format!("SELECT has_schema_privilege('{role}', 'public', 'CREATE')");
    assert_eq!(guest.admin.sql(&sql), "f");
    for table in ["users", "sessions", "roles", "user_roles", "doorward_migrations"] {
        let sql = format!("SELECT has_table_privilege('{role}', '{table}', 'SELECT')");
        assert_eq!(guest.admin.sql(&sql), "f", "{table}");
    }
}

#[tokio::test]
async fn databases_of_one_cluster_share_the_role_even_when_migrated_at_once() {
    let mut schemas = Vec::new();
    for _ in 0..4 {
        schemas.push(Schema::empty(Engine::Postgres).await);
    }
    let running: Vec<_> = schemas
        .iter()
        .map(|schema| {
            std::process::Command::new(env!("CARGO_BIN_EXE_doorward"))
                .args(["db", "migrate"])
                .current_dir(schema.program.folder())
                .env_clear()
                .env("DATABASE_URL", &schema.url)
                .env("DATABASE_TENANT_ROLE", "shared_tenant")
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped())
                .spawn()
                .expect("the binary runs")
        })
        .collect();
    for child in running {
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Another database's migrator is held half way: it has made the role and not yet committed. Whoever
/// waited for it finds the role there, although its own connection had just been told otherwise.
#[tokio::test]
async fn a_role_that_another_migrator_has_just_made_is_found() {
    let schema = Schema::empty(Engine::Postgres).await;
    let other = postgres::shared().connect("postgres").await;
    other.batch_execute("BEGIN; CREATE ROLE twin_tenant NOLOGIN").await.expect("made");
    let mut migrator = std::process::Command::new(env!("CARGO_BIN_EXE_doorward"))
        .args(["db", "migrate"])
        .current_dir(schema.program.folder())
        .env_clear()
        .env("DATABASE_URL", &schema.url)
        .env("DATABASE_TENANT_ROLE", "twin_tenant")
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let waits = format!(
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = '{}'",
        schema.url.rsplit('/').next().expect("a name")
    );
    let watch = postgres::shared().connect("postgres").await;
    while watch.query(&waits, &[]).await.expect("rows").is_empty() {
        assert!(migrator.try_wait().expect("a child").is_none(), "it did not wait");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    other.batch_execute("COMMIT").await.expect("committed");
    let output = migrator.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
