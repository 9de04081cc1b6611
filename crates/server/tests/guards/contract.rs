//! The checked-in `openapi.json` is what the code says; the files of the docs page are what was
//! reviewed. `UPDATE_OPENAPI=1 cargo test --test guards` rewrites the former.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use doorward::app::{App, reserved};
use doorward::clock::Clock;
use doorward::config::{DatabaseUrl, EmailChange, PasswordChange, Registration, Secret, Settings};
use doorward::crypto::Random;
use doorward::db::Database;
use doorward::error::Code;
use doorward::gate::Permission;
use doorward::http::{Caching, Declared, RateGroup};
use doorward::tasks::Priority;
use serde_json::Value;

use crate::architecture::root;

async fn contract(change: impl FnOnce(&mut Settings)) -> String {
    let database = DatabaseUrl::Sqlite(":memory:".into());
    let mut settings = Settings::new(database, Secret::new("contract ".repeat(8)));
    change(&mut settings);
    let db = Database::open_sqlite(Path::new(":memory:")).await.expect("a database");
    let document = App::new(settings, db, Clock::system(), Random::system()).document();
    doorward::openapi::to_text(&document)
}

pub(crate) async fn parsed() -> Value {
    serde_json::from_str(&contract(|_| {}).await).expect("JSON")
}

/// Each operation as (`method path`, operation).
pub(crate) fn operations(document: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            if operation.is_object() {
                all.push((format!("{method} {path}"), operation.clone()));
            }
        }
    }
    all
}

#[tokio::test]
async fn the_checked_in_contract_is_the_code_s() {
    let path = root().join("openapi.json");
    let now = contract(|_| {}).await;
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &now).expect("openapi.json can be written");
    }
    let then = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(then == now, "openapi.json drifted: UPDATE_OPENAPI=1 cargo test --test guards");
}

#[tokio::test]
async fn every_operation_says_what_it_is() {
    let document = parsed().await;
    let tags = document["tags"].as_array().expect("tags");
    let tags: BTreeSet<_> = tags.iter().map(|tag| tag["name"].to_string()).collect();
    let mut ids = BTreeSet::new();
    for (name, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap_or_default();
        let (feature, file) = id.split_once('.').unwrap_or_default();
        assert!(!feature.is_empty() && !file.is_empty(), "{name}: operation id {id:?}");
        assert!(ids.insert(id.to_owned()), "{id} is there twice");
        assert!(operation["summary"].is_string(), "{name} has no summary");
        for tag in operation["tags"].as_array().expect("tags") {
            assert!(tags.contains(&tag.to_string()), "{name}: tag {tag} is not described");
        }
        for (status, response) in operation["responses"].as_object().expect("responses") {
            let described = response["description"].as_str().is_some_and(|it| !it.is_empty());
            assert!(described, "{name} {status} has no description");
            let probe = operation["tags"][0] == "service";
            if status.as_str() >= "400" && !probe {
                let problem = &response["content"]["application/problem+json"];
                assert!(problem.is_object(), "{name} {status} is no problem document");
            }
        }
    }
}

/// What makes generated clients fail, or harder to use than they need be.
#[tokio::test]
async fn nothing_in_the_contract_stands_in_the_way_of_generators() {
    let document = parsed().await;
    for (name, operation) in operations(&document) {
        let kinds = operation["requestBody"]["content"].as_object().into_iter().flatten();
        for (kind, _) in kinds {
            assert_eq!(kind, "application/json", "{name}: a body of two kinds has no one type");
        }
        let id = operation["operationId"].as_str().expect("an id");
        assert!(id.len() <= 26, "{id} is a long name for a function");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let of_user = ["actor", "user", "user_id"].map(Value::from);
            let of_user = of_user.contains(&parameter["name"]) || name.contains("/users/");
            assert!(!of_user || parameter["schema"].get("format").is_none(), "{name}");
        }
    }
    let mut found = Vec::new();
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        let fields = schema["properties"].as_object().into_iter().flatten();
        let with_default = fields.filter(|(_, field)| field.get("default").is_some());
        found.extend(with_default.map(|(field, _)| format!("{name}.{field}")));
        // pydantic's type for it is sent as stars.
        assert!(!schema.to_string().contains(r#""format":"password""#), "{name}");
    }
    assert_eq!(found, [""; 0], "a field with a default is taken for one that is always there");
    for at in ["User/properties/id", "Task/properties/user_id", "AuditEntry/properties/actor_id"] {
        let schema = document.pointer(&format!("/components/schemas/{at}")).expect(at);
        assert!(schema.get("format").is_none(), "{at} may come from another issuer");
    }
}

/// A generated client believes the type, a reader the words: where they differ, an answer breaks one.
#[tokio::test]
async fn a_field_that_says_what_null_means_may_be_null() {
    fn may_be_null(schema: &Value) -> bool {
        let of_these =
            |names: &Value| names.as_array().is_some_and(|all| all.contains(&"null".into()));
        let choices =
            ["oneOf", "anyOf"].iter().filter_map(|word| schema[*word].as_array()).flatten();
        schema["type"] == "null"
            || of_these(&schema["type"])
            || choices.into_iter().any(may_be_null)
    }
    let document = parsed().await;
    let mut seen = 0;
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        let parts = schema["allOf"].as_array().into_iter().flatten().chain([schema]);
        for (field, about) in parts.filter_map(|part| part["properties"].as_object()).flatten() {
            if about["description"].as_str().is_some_and(|text| text.contains("null")) {
                seen += 1;
                assert!(may_be_null(about), "{name}.{field} says what null means: {about}");
            }
        }
    }
    assert!(seen > 9, "{seen}");
}

#[tokio::test]
async fn a_protected_operation_documents_401() {
    for (name, operation) in operations(&parsed().await) {
        let security = operation["security"].as_array().expect("security");
        if !security.is_empty() {
            assert!(operation["responses"]["401"].is_object(), "{name}");
            let text = operation["security"].to_string();
            assert!(text.contains("bearer") && text.contains("password"), "{name}: {text}");
        }
    }
}

/// Nobody is asked for a hint, for a secret answer, or to change a password by the calendar.
#[tokio::test]
async fn no_field_is_a_hint_a_secret_answer_or_a_password_s_age() {
    fn names(value: &Value, found: &mut BTreeSet<String>) {
        if let Some(members) = value.as_object() {
            if let Some(properties) = members.get("properties").and_then(Value::as_object) {
                found.extend(properties.keys().cloned());
            }
            if let Some(name) = members.get("in").and(members.get("name")).and_then(Value::as_str) {
                found.insert(name.into());
            }
        }
        let below: Vec<&Value> = match value {
            Value::Object(members) => members.values().collect(),
            Value::Array(items) => items.iter().collect(),
            _ => Vec::new(),
        };
        for value in below {
            names(value, found);
        }
    }
    let mut found = BTreeSet::new();
    names(&parsed().await, &mut found);
    assert!(found.contains("password") && found.contains("limit"), "{found:?}");
    // RFC 7009 §2.1's hint is about a token.
    found.remove("token_type_hint");
    let bad = |name: &&String| {
        let hint = ["hint", "question", "answer", "reminder", "maiden"];
        let age = name.contains("password")
            && ["expir", "age", "rotat"].iter().any(|it| name.contains(it));
        age || hint.iter().any(|it| name.contains(it))
    };
    assert_eq!(found.iter().find(bad), None);
}

/// Each value as it is written on the wire.
fn on_the_wire<T: serde::Serialize>(all: &[T]) -> Value {
    serde_json::to_value(all).expect("JSON")
}

#[tokio::test]
async fn the_contract_names_values_as_the_wire_does() {
    let known = [
        ("Code", on_the_wire(Code::ALL)),
        ("Permission", on_the_wire(Permission::ALL)),
        ("Priority", on_the_wire(&Priority::ALL)),
    ];
    let document = parsed().await;
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    let named: BTreeMap<&str, &Value> = schemas
        .iter()
        .filter(|(_, schema)| schema.get("enum").is_some())
        .map(|(name, schema)| (name.as_str(), &schema["enum"]))
        .collect();
    assert_eq!(named.len(), known.len(), "{named:?}: serialise each enum here");
    for (name, values) in &known {
        assert_eq!(named.get(name), Some(&values), "{name}");
    }
}

async fn app() -> App {
    let database = DatabaseUrl::Sqlite(":memory:".into());
    let settings = Settings::new(database, Secret::new("contract ".repeat(8)));
    let db = Database::open_sqlite(Path::new(":memory:")).await.expect("a database");
    App::new(settings, db, Clock::system(), Random::system())
}

#[tokio::test]
async fn every_operation_is_a_registered_route_and_the_other_way_round() {
    let app = app().await;
    let registered: BTreeSet<String> =
        app.routes().registered().map(|route| route.path.clone()).collect();
    let document: Value = serde_json::to_value(app.document()).expect("JSON");
    let described: BTreeSet<String> =
        document["paths"].as_object().expect("paths").keys().cloned().collect();
    assert_eq!(registered, described);
}

#[tokio::test]
async fn only_what_anybody_may_read_is_uncounted_and_only_that_is_kept_by_everybody() {
    let app = app().await;
    let document: Value = serde_json::to_value(app.document()).expect("JSON");
    for route in app.routes().registered() {
        let item = document["paths"][&route.path].as_object().expect("an item");
        let is_public = item.iter().all(|(method, operation)| {
            method == "get" && operation["security"].as_array().is_none_or(Vec::is_empty)
        });
        let Declared { rate, caching, probe } = route.declared;
        assert!(!probe || rate == RateGroup::Uncounted, "{}", route.path);
        assert!(rate != RateGroup::Uncounted || is_public, "{}", route.path);
        let is_kept = matches!(caching, Caching::Shared | Caching::Public { .. });
        assert!(!is_kept || is_public, "{}", route.path);
    }
}

#[tokio::test]
async fn what_takes_a_password_without_a_token_has_a_quota_of_its_own() {
    let routes = app().await.routes();
    let group = |path: &str| {
        let of_path = routes.registered().filter(|route| route.path == path);
        of_path.map(|route| route.declared.rate).max()
    };
    assert_eq!(group("/auth/login"), Some(RateGroup::Login));
    assert_eq!(group("/auth/register"), Some(RateGroup::Register));
    assert_eq!(group("/auth/refresh"), Some(RateGroup::Refresh));
    for path in [
        "/auth/password",
        "/auth/password/forgot",
        "/auth/password/reset",
        "/auth/email",
        "/auth/email/resend",
        "/auth/email/undo",
        "/auth/email/verify",
        "/auth/me",
        "/auth/me/delete",
        "/auth/sessions",
    ] {
        assert_eq!(group(path), Some(RateGroup::Auth), "{path}");
    }
    for path in ["/auth/logout", "/api/tasks", "/admin/users"] {
        assert_eq!(group(path), Some(RateGroup::Api), "{path}");
    }
}

#[tokio::test]
async fn no_mount_may_take_the_first_segment_of_a_route() {
    let reserved = reserved();
    let first = |path: &str| path.split('/').nth(1).unwrap_or_default().to_owned();
    for route in app().await.routes().registered() {
        match route.path.strip_prefix("/auth") {
            Some(below) => assert!(reserved.below_auth.contains(&first(below)), "{}", route.path),
            None if route.path.starts_with("/api/tasks") => {}
            None => assert!(reserved.top.contains(&first(&route.path)), "{}", route.path),
        }
    }
    assert!(["openapi.json", "docs"].iter().all(|word| reserved.top.contains(*word)));
}

#[tokio::test]
async fn the_contract_follows_the_mounts() {
    let text = contract(|settings| {
        settings.auth_path = "/api/v1/auth".into();
        settings.tasks_path = "/api/{user_id}/tasks".into();
    })
    .await;
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    assert!(paths.contains_key("/api/v1/auth/login") && !paths.contains_key("/auth/login"));
    let tasks = &paths["/api/{user_id}/tasks"];
    assert_eq!(tasks["parameters"][0]["name"], "user_id");
    assert_eq!(tasks["parameters"][0]["in"], "path");
    let schemes = &document["components"]["securitySchemes"];
    assert_eq!(schemes["password"]["flows"]["password"]["tokenUrl"], "/api/v1/auth/login");
}

#[tokio::test]
async fn the_contract_says_what_registering_answers_with() {
    for (signs_in, answer) in [(false, "User"), (true, "Tokens")] {
        let text = contract(|settings| settings.registration_signs_in = signs_in).await;
        let document: Value = serde_json::from_str(&text).expect("JSON");
        let made = &document["paths"]["/auth/register"]["post"]["responses"]["201"];
        let schema = &made["content"]["application/json"]["schema"]["$ref"];
        assert_eq!(schema, &format!("#/components/schemas/{answer}"));
        assert!(document["components"]["schemas"][answer].is_object());
    }
}

#[tokio::test]
async fn the_contract_says_that_a_refresh_needs_no_body_where_that_is_so() {
    for on in [false, true] {
        let text = contract(|settings| settings.refresh_with_access_token = on).await;
        let document: Value = serde_json::from_str(&text).expect("JSON");
        let refresh = &document["paths"]["/auth/refresh"]["post"];
        assert_eq!(refresh["requestBody"]["required"], !on);
        let schema = &refresh["responses"]["200"]["content"]["application/json"]["schema"];
        assert_eq!(schema["oneOf"].is_array(), on, "{schema}");
        assert_eq!(document["components"]["schemas"]["Renewed"].is_object(), on);
    }
}

#[tokio::test]
async fn the_contract_has_of_the_own_account_what_the_settings_allow_to_change() {
    let fields = async |change: fn(&mut Settings)| -> Vec<String> {
        let document: Value = serde_json::from_str(&contract(change).await).expect("JSON");
        let update = &document["components"]["schemas"]["UpdateRequest"]["properties"];
        update.as_object().expect("properties").keys().cloned().collect()
    };
    assert_eq!(fields(|_| {}).await, ["locale", "name", "user_metadata"]);
    let email = fields(|settings| settings.email_change = EmailChange::Immediate).await;
    assert_eq!(email, ["email", "locale", "name", "user_metadata"]);
    let password = fields(|settings| settings.password_change = PasswordChange::Fresh).await;
    assert_eq!(password, ["locale", "name", "password", "user_metadata"]);
}

#[tokio::test]
async fn the_contract_has_the_one_answer_that_registering_gives() {
    for (registration, status) in [(Registration::Open, "201"), (Registration::Verified, "202")] {
        let text = contract(|settings| settings.registration = registration).await;
        let document: Value = serde_json::from_str(&text).expect("JSON");
        let responses = &document["paths"]["/auth/register"]["post"]["responses"];
        let statuses = responses.as_object().expect("responses").keys();
        let successes: Vec<_> = statuses.filter(|status| status.starts_with('2')).collect();
        assert_eq!(successes, [status]);
    }
}

#[tokio::test]
async fn the_contract_knows_user_names_where_there_are_such() {
    for on in [false, true] {
        let text = contract(|settings| settings.usernames = on).await;
        let document: Value = serde_json::from_str(&text).expect("JSON");
        for name in ["RegisterRequest", "UpdateRequest", "CreateUserRequest", "User"] {
            let schema = &document["components"]["schemas"][name];
            assert_eq!(schema["properties"]["username"].is_object(), on, "{name}");
            let required = schema["required"].as_array().into_iter().flatten();
            assert!(!required.into_iter().any(|field| field == "username"), "{name}");
        }
        let filters = document["paths"]["/admin/users"]["get"]["parameters"].as_array();
        let filters = filters.expect("parameters").iter().map(|filter| &filter["name"]);
        assert_eq!(filters.filter(|name| *name == "username").count(), usize::from(on));
    }
}

#[test]
fn the_files_of_the_docs_page_are_those_that_were_reviewed() {
    let folder = root().join("crates/server/assets/swagger-ui");
    let sums = std::fs::read_to_string(folder.join("SHA256SUMS")).expect("SHA256SUMS");
    let mut checked = 0;
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").expect("sha256sum's format");
        let bytes = std::fs::read(folder.join(name)).expect("a file");
        let hex = digest(&SHA256, &bytes).as_ref().iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        assert_eq!(hex, sum, "{name} changed");
        checked += 1;
    }
    assert_eq!(checked, 3);
    assert!(folder.join("LICENSE").exists() && folder.join("NOTICE").exists());
}
