//! What may become a password, asked where one is made: at registration. The database has no part in
//! it.

use std::io::Write;

use doorward::config::{BreachFile, WordList};
use serde_json::{Value, json};

use crate::support::client::PASSWORD;
use crate::support::{Engine, Reply, TestApp};

async fn register(app: &TestApp, email: &str, password: &str) -> Reply {
    app.anonymous().post("/auth/register", json!({"email": email, "password": password})).await
}

/// Asserts that the password is refused, and gives the reason.
async fn refused(app: &TestApp, password: &str) -> String {
    let reply = register(app, "ada.lovelace@analytical.example", password).await;
    let problem = reply.expect_problem(422, "validation").json();
    assert_eq!(problem["errors"][0]["loc"], json!(["body", "password"]));
    problem["errors"][0]["msg"].as_str().expect("a message").to_owned()
}

#[tokio::test]
async fn the_most_common_passwords_are_refused_with_advice() {
    let app = TestApp::start(Engine::Sqlite).await;
    for password in [
        "password",
        "12345678",
        "123456789",
        "1234567890",
        "qwertyuiop",
        "iloveyou",
        "password1",
        "sunshine",
        "princess",
        "football",
        "Password123",
        "TRUSTNO1",
        "1q2w3e4r5t",
        "qwerty123",
        "letmein1",
        "superman",
        "starwars",
        "p@ssw0rd",
        "baseball1",
        "michelle",
    ] {
        let why = refused(&app, password).await;
        assert!(
            why.contains("commonly used passwords") && why.contains("unrelated words"),
            "{why}"
        );
    }
}

#[tokio::test]
async fn common_passwords_are_taken_where_the_setting_says_so_and_nothing_else_is() {
    let app = TestApp::with(Engine::Sqlite, |settings| settings.common_passwords = true).await;
    for (number, password) in ["password1", "12345678", "QWERTYUIOP"].into_iter().enumerate() {
        let email = format!("u{number}@example.com");
        register(&app, &email, password).await.expect(201);
        app.anonymous().login(&email, password).await;
    }
    for password in ["passwor", "doorward", "Lovelace", "ada.lovelace@analytical.example"] {
        refused(&app, password).await;
    }
}

/// Every seventh of the list: 3089 of them, in the letters of the list and in others.
#[tokio::test]
async fn three_thousand_common_passwords_are_refused_wherever_one_is_made() {
    let app = TestApp::start(Engine::Sqlite).await;
    let root = app.admin("root").await;
    let list = include_str!("../../../data/common-passwords.txt");
    let mut tried = 0;
    for (number, line) in list.lines().enumerate().filter(|(number, _)| number % 7 == 0) {
        let password = if number % 2 == 0 { line.to_owned() } else { line.to_uppercase() };
        let new = json!({"email": "ada@example.org", "password": password});
        let change = json!({"current_password": PASSWORD, "new_password": password});
        for reply in [
            app.anonymous().post("/auth/register", new.clone()).await,
            root.post("/auth/password", change).await,
            root.post("/admin/users", new).await,
        ] {
            let problem = reply.expect_problem(422, "validation").json();
            let why = problem["errors"][0]["msg"].as_str().expect("a message");
            assert!(why.contains("commonly used passwords"), "{password}: {why}");
        }
        tried += 1;
    }
    assert!(tried >= 3000, "{tried}");
    root.login("root@example.com", PASSWORD).await;
}

#[tokio::test]
async fn the_own_address_its_parts_and_the_product_name_are_refused() {
    let app = TestApp::start(Engine::Sqlite).await;
    for password in [
        "ada.lovelace@analytical.example",
        "ADA.LOVELACE@analytical.example",
        "ada.lovelace",
        "lovelace",
        "Lovelace1815",
        "analytical",
        "doorward",
        "DoorWard1",
    ] {
        refused(&app, password).await;
    }
}

#[tokio::test]
async fn there_is_no_composition_rule_and_long_passwords_are_taken() {
    let app = TestApp::start(Engine::Sqlite).await;
    let passwords = [
        "zyxwvutsrqponmlkjihg".to_owned(),
        "12345678901234567890".to_owned(),
        "            ".to_owned(),
        "🐢🐇🐢🐇🐢🐇🐢🐇".to_owned(),
        "é".repeat(64),
        "x".repeat(100),
        "y".repeat(256),
    ];
    for (number, password) in passwords.iter().enumerate() {
        let email = format!("person{number}@example.com");
        register(&app, &email, password).await.expect(201);
        app.anonymous().login(&email, password).await;
    }
}

#[tokio::test]
async fn every_problem_is_named_at_once() {
    let app = TestApp::start(Engine::Sqlite).await;
    let body = json!({"email": "nonsense", "password": "password", "name": " "});
    let problem = app.anonymous().post("/auth/register", body).await.expect(422).json();
    let fields: Vec<&Value> =
        problem["errors"].as_array().expect("errors").iter().map(|one| &one["loc"][1]).collect();
    assert_eq!(fields, ["email", "name", "password"]);
}

#[tokio::test]
async fn the_minimum_is_a_setting() {
    let app = TestApp::with(Engine::Sqlite, |settings| settings.password_min_length = 15).await;
    assert!(refused(&app, "fourteen chars").await.contains("at least 15"));
    register(&app, "ada@example.com", "fifteen chars !").await.expect(201);
}

#[tokio::test]
async fn an_operators_words_are_refused() {
    let app = TestApp::with(Engine::Sqlite, |settings| {
        settings.password_word_list = Some(WordList::of(["Rocketworks", "Acme"]));
    })
    .await;
    for password in ["rocketworks", "Rocketworks1!", "acme2026", "A-c-m-e!"] {
        assert!(refused(&app, password).await.contains("easily guessed word"), "{password}");
    }
    register(&app, "ada@example.com", "rocketworks builds rockets").await.expect(201);
}

#[tokio::test]
async fn passwords_known_from_breaches_are_refused() {
    // SHA-1 of "correct horse battery staple", between two others.
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    write!(
        file,
        "000000005AD76BD555C1D6D771DE417A4B87E4B4:10\r\n\
         ABF7AAD6438836DBE526AA231ABDE2D0EEF74D42:384\r\n\
         FFFFFFFEE791CBAC0F6305CAF0CEE06BBE131160:2\r\n"
    )
    .expect("written");
    let opened = BreachFile::open(file.path()).expect("a sorted file");
    let app = TestApp::with(Engine::Sqlite, |settings| {
        settings.password_breach_file = Some(opened);
    })
    .await;
    let why = refused(&app, "correct horse battery staple").await;
    assert!(why.contains("appeared in a data breach"), "{why}");
    register(&app, "ada@example.com", "Correct horse battery staple").await.expect(201);
    // What was cut off since is a fault of the server's, and no reason to take any password.
    file.as_file().set_len(50).expect("cut");
    let reply = register(&app, "bob@example.com", "some other phrase").await;
    reply.expect_problem(503, "unavailable");
}
