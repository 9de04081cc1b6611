//! `doorward dialect`: what there is, what it says, and what the settings make of it.

use serde_json::{Value, json};

use crate::program::Program;

#[test]
fn the_built_in_dialects_are_listed_for_people_and_for_programs() {
    let program = Program::ready();
    let listed = program.run(&["dialect", "list"]).expect(0).stdout;
    let names: Vec<&str> =
        listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, ["todo", "fastapi-template", "fastapi-users", "supabase"]);
    let all = program.run(&["dialect", "list", "--json"]).expect(0).json();
    let all = all.as_array().expect("a list");
    assert_eq!(
        all.iter().map(|one| one["name"].as_str().expect("a name")).collect::<Vec<_>>(),
        names
    );
    for one in all {
        assert_eq!(one.as_object().expect("an object").len(), 3, "{one}");
        assert!(one["about"].as_str().is_some_and(|about| about.ends_with('.')), "{one}");
    }
    assert_eq!(all[0]["settings"]["REGISTRATION_SIGNS_IN"], "true");
    assert_eq!(all[2]["settings"], json!({}));
}

#[test]
fn what_a_dialect_says_can_be_taken_as_ones_own() {
    let program = Program::ready();
    for name in ["todo", "fastapi-template", "fastapi-users", "supabase"] {
        let text = program.run(&["dialect", "show", name]).expect(0).stdout;
        let mut own: toml::Table = toml::from_str(&text).expect("TOML");
        own.remove("settings");
        let file = toml::to_string(&toml::Table::from_iter([("dialect".to_owned(), own.into())]));
        std::fs::write(program.folder().join("doorward.toml"), file.expect("TOML"))
            .expect("a file");
        let of_file = program.run(&["dialect", "routes", "--json"]).expect(0).json();
        std::fs::remove_file(program.folder().join("doorward.toml")).expect("the file");
        let built_in = Program::ready().env("COMPAT", name);
        let of_name = built_in.run(&["dialect", "routes", "--json"]).expect(0).json();
        assert_eq!(of_file, of_name, "{name}");
        assert!(of_file.as_array().is_some_and(|all| all.len() > 5), "{name}");
    }
    let ended = program.run(&["dialect", "show", "django"]);
    assert!(
        ended.stderr.contains("There is no dialect \"django\". The dialects are todo, "),
        "{ended:?}"
    );
    assert_ne!(ended.code, Some(0));
}

#[test]
fn the_routes_of_the_dialects_in_use_are_listed_with_what_answers() {
    let program = Program::ready().env("COMPAT", "todo").env("AUTH_PATH", "/api/auth");
    let all = program.run(&["dialect", "routes", "--json"]).expect(0).json();
    let wanted =
        json!({"path": "/api/auth/signup", "method": "POST", "operation": "accounts.register"});
    assert!(all.as_array().expect("a list").contains(&wanted), "{all}");
    let lines = program.run(&["dialect", "routes"]).expect(0).stdout;
    assert_eq!(lines.lines().count(), all.as_array().map_or(0, Vec::len));
    assert!(lines.lines().any(|line| line.starts_with("POST   /api/auth/signup ")), "{lines}");
    let none = Program::ready().run(&["dialect", "routes", "--json"]).expect(0);
    assert_eq!(none.json(), Value::Array(Vec::new()));
    assert!(none.stderr.contains("No dialect is configured"), "{none:?}");
    let wrong = Program::ready().env("COMPAT", "todoo").run(&["dialect", "routes"]);
    assert!(wrong.stderr.contains("\"todoo\""), "{wrong:?}");
    assert_ne!(wrong.code, Some(0));
}
