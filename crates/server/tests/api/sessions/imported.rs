//! Signing in to accounts whose password another program hashed: each kind of hash works, is replaced by
//! the right password alone, and is told from an unknown account by no work.

use std::collections::BTreeMap;
use std::time::Duration;

use doorward::config::HashScheme;
use doorward::passwords::{ReadyHash, Work};
use serde_json::{Value, json};

use crate::accounts::{set_hash, stored_hash};
use crate::both;
use crate::support::{Reply, TestApp};

const VECTORS: &str = include_str!("../../foreign_hashes.json");
/// Hashed by all programs, with little work.
const SPACED: &str = " pässwörd ñ 日本語 😀 ";

/// What was made of this password: the kind and the hash.
fn made_of(password: &str) -> Vec<(String, String)> {
    let vectors: Vec<Value> = serde_json::from_str(VECTORS).expect("JSON");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let of_password = vectors.iter().filter(|vector| vector["password"] == password);
    of_password.map(|vector| (text(&vector["kind"]), text(&vector["stored"]))).collect()
}

async fn login(app: &TestApp, name: &str, password: &str) -> Reply {
    let email = format!("{name}@example.com");
    app.anonymous().post("/auth/login", json!({"email": email, "password": password})).await
}

/// The work of refusing a wrong password.
async fn refusal(app: &TestApp, name: &str) -> Work {
    let before = app.app.passwords.hashing.work_done();
    login(app, name, "not it, not at all").await.expect_problem(401, "invalid_credentials");
    app.app.passwords.hashing.work_done() - before
}

both! {
    async fn every_kind_signs_in_and_is_replaced_by_the_right_password_only(engine: Engine) {
        let app = TestApp::start(engine).await;
        let made = made_of(SPACED);
        let kinds: BTreeMap<_, _> = made.iter().cloned().collect();
        assert_eq!(kinds.len(), 18, "{:?}", kinds.keys());
        for (number, (kind, stored)) in made.iter().enumerate() {
            let name = format!("imported{number}");
            let key = format!("{name}@example.com");
            app.sign_up(&name).await;
            set_hash(&app, &key, Some(stored)).await;
            login(&app, &name, SPACED.trim()).await.expect(401);
            assert_eq!(stored_hash(&app, &key).await, *stored, "{kind}");
            login(&app, &name, SPACED).await.expect(200);
            let replaced = stored_hash(&app, &key).await;
            assert!(replaced.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{kind}: {replaced}");
            login(&app, &name, SPACED).await.expect(200);
            login(&app, &name, SPACED.trim()).await.expect(401);
            assert_eq!(stored_hash(&app, &key).await, replaced, "{kind}");
        }
    }

    async fn where_bcrypt_is_configured_each_kind_becomes_bcrypt(engine: Engine) {
        let app = TestApp::with(engine, |settings| settings.password_hash = HashScheme::Bcrypt { cost: 4 }).await;
        let kinds: BTreeMap<_, _> = made_of(SPACED).into_iter().collect();
        app.sign_up("ada").await;
        for (kind, stored) in kinds {
            set_hash(&app, "ada@example.com", Some(&stored)).await;
            login(&app, "ada", SPACED).await.expect(200);
            let replaced = stored_hash(&app, "ada@example.com").await;
            assert!(replaced.starts_with("$2b$04$"), "{kind}: {replaced}");
        }
    }

    async fn a_password_that_bcrypt_has_cut_counts_whole_from_the_first_sign_in_on(engine: Engine) {
        let app = TestApp::start(engine).await;
        let whole = "z".repeat(73);
        let of_bcrypt = |(kind, _): &(String, String)| kind == "bcrypt" || kind == "Django's bcrypt";
        let made: Vec<_> = made_of(&whole).into_iter().filter(of_bcrypt).collect();
        assert_eq!(made.len(), 6);
        for (number, (_, stored)) in made.iter().enumerate() {
            let name = format!("long{number}");
            app.sign_up(&name).await;
            set_hash(&app, &format!("{name}@example.com"), Some(stored)).await;
            login(&app, &name, &whole[..71]).await.expect(401);
            login(&app, &name, &whole).await.expect(200);
            login(&app, &name, &whole[..72]).await.expect(401);
            login(&app, &name, &whole).await.expect(200);
        }
    }

    async fn unknown_addresses_cost_the_work_of_imported_accounts_whatever_their_kind(engine: Engine) {
        let app = TestApp::start(engine).await;
        for name in ["one", "two"] {
            app.sign_up(name).await;
        }
        for (kind, stored) in made_of(SPACED) {
            for name in ["one", "two"] {
                set_hash(&app, &format!("{name}@example.com"), Some(&stored)).await;
            }
            app.advance(Duration::from_hours(1));
            app.app.passwords.count_kinds().expect("a count is due").await.expect("counted");
            let known = refusal(&app, "one").await;
            assert_eq!(known.hashes, 1);
            for unknown in ["nobody", "nobody-else", "none"] {
                assert_eq!(refusal(&app, unknown).await, known, "{kind}: {stored}");
            }
        }
    }

    async fn each_kind_of_several_has_its_share_of_the_unknown_addresses(engine: Engine) {
        let app = TestApp::start(engine).await;
        let made = made_of(SPACED);
        let kinds = ["Better Auth's scrypt", "Django's PBKDF2", "Firebase's scrypt", "Django's scrypt"];
        for (number, kind) in kinds.iter().enumerate() {
            let (_, stored) = made.iter().find(|(other, _)| other == kind).expect("made");
            for copy in 0..2 {
                let name = format!("imported{number}-{copy}");
                app.sign_up(&name).await;
                set_hash(&app, &format!("{name}@example.com"), Some(stored)).await;
            }
        }
        app.advance(Duration::from_hours(1));
        app.app.passwords.count_kinds().expect("a count is due").await.expect("counted");
        let mut known = BTreeMap::<Work, usize>::new();
        for number in 0..kinds.len() {
            *known.entry(refusal(&app, &format!("imported{number}-0")).await).or_default() += 1;
        }
        assert_eq!(known.len(), kinds.len(), "each costs work of its own");
        let mut unknown = BTreeMap::<Work, usize>::new();
        for number in 0..80 {
            *unknown.entry(refusal(&app, &format!("nobody{number}")).await).or_default() += 1;
        }
        assert!(unknown.keys().eq(known.keys()), "{unknown:?} for {known:?}");
        assert!(unknown.values().all(|count| (8..=36).contains(count)), "{unknown:?}");
    }

    async fn an_operator_brings_a_hash_and_its_owner_signs_in(engine: Engine) {
        let app = TestApp::start(engine).await;
        let made = made_of(SPACED);
        let (_, stored) = made.iter().find(|(kind, _)| kind == "Better Auth's scrypt").expect("made");
        let hash = ReadyHash::parse(stored).expect("a hash");
        assert!(!format!("{hash:?}").contains(&stored[..8]), "it is not printed");
        let ada = app.sign_up("ada").await;
        let by = doorward::audit::Actor::operator();
        let id = ada.user["id"].as_str().expect("an id").parse().expect("a UUID");
        app.app.passwords.set_ready(&by, id, &hash).await.expect("set");
        ada.get("/auth/me").await.expect(401);
        login(&app, "ada", SPACED).await.expect(200);
    }
}
