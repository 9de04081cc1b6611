//! Spellings of somebody else's address: none opens the account, none takes its place, whoever came
//! first (CVE-2019-19844, RUSTSEC-2024-0421 and their kin).

use serde_json::json;

use crate::both;
use crate::support::client::PASSWORD;
use crate::support::{Reply, TestApp};

const VICTIM: &str = "mike.kelvin@example.com";
const ATTACKER_PASSWORD: &str = "the attacker's own phrase";

/// The same mailbox by ASCII case: one account.
const SAME: [&str; 3] =
    ["MIKE.KELVIN@EXAMPLE.COM", "Mike.Kelvin@Example.Com", "mike.kelvin@EXAMPLE.com"];

/// Mailboxes of their own, however alike some receivers treat them: accounts of their own.
const OTHERS: [&str; 5] = [
    "mikekelvin@example.com",
    "mike.kelvin+x@example.com",
    "m.ike.kelvin@example.com",
    "mike.kelvin@ex\u{430}mple.com",
    "mike.kelvin@xn--exmple-4nf.com",
];

/// No addresses at all.
const REFUSED: [&str; 46] = [
    // Letters that fold to ASCII ones: dotless i, Kelvin sign, long s, full width, circled, bold.
    "m\u{131}ke.kelvin@example.com",
    "M\u{130}KE.KELVIN@example.com",
    "mi\u{212a}e.kelvin@example.com",
    "mike.\u{212a}elvin@example.com",
    "\u{ff4d}ike.kelvin@example.com",
    "mike.kelvin\u{ff20}example.com",
    "mike\u{ff0e}kelvin@example.com",
    "mike.kelvin@\u{ff45}xample.com",
    "mike.kelvin@example\u{ff0e}com",
    "mike.kelvin@example\u{3002}com",
    "mike.kelvin@example\u{ff61}com",
    "mike.kelvin@exam\u{24df}le.com",
    "mike.kelvin@\u{1d41e}xample.com",
    "mike.kelvin@example.c\u{ba}m",
    "mike.kelvin@example.\u{2102}om",
    "m\u{456}ke.kelvin@example.com",
    // Invisible and combining characters.
    "mike.kelvin@exam\u{ad}ple.com",
    "mike.kelvin@exam\u{200b}ple.com",
    "mike.kelvin@exam\u{200d}ple.com",
    "mike.kelvin@exam\u{2060}ple.com",
    "mike.kelvin@exam\u{fe0f}ple.com",
    "mike\u{200b}.kelvin@example.com",
    "\u{feff}mike.kelvin@example.com",
    "mike.kelvin@example.com\u{202e}",
    "mike.k\u{65}\u{301}lvin@example.com",
    // Labels that decode to the plain name, or to nothing.
    "mike.kelvin@xn--example-.com",
    "mike.kelvin@xn--example-x-.com",
    "mike.kelvin@xn--.com",
    // Dots, spaces and control characters.
    "mike.kelvin@example.com.",
    "mike..kelvin@example.com",
    ".mike.kelvin@example.com",
    "mike.kelvin.@example.com",
    "mike.kelvin @example.com",
    "mike.kelvin@example.com\0",
    "mike.kelvin@example.com\r\n",
    "mike.kelvin@example.com\t",
    // Quoted parts, comments, routes, two addresses.
    "\"mike.kelvin\"@example.com",
    "mike.\"kelvin\"@example.com",
    "mike.kelvin(me)@example.com",
    "mike.kelvin@(here)example.com",
    "<mike.kelvin@example.com>",
    "Mike <mike.kelvin@example.com>",
    "@relay.example:mike.kelvin@example.com",
    "mike.kelvin@example.com,eve@example.org",
    "mike.kelvin@example.com;eve@example.org",
    "eve@example.org mike.kelvin@example.com",
];

async fn register(app: &TestApp, email: &str, password: &str) -> Reply {
    app.anonymous().post("/auth/register", json!({"email": email, "password": password})).await
}

/// The id of the account that signing in opens, if it opens one.
async fn opened(app: &TestApp, email: &str, password: &str) -> Option<String> {
    let body = json!({"email": email, "password": password});
    let reply = app.anonymous().post("/auth/login", body).await;
    if reply.status != 200 {
        assert_eq!(reply.status, 401, "{email:?}: {}", reply.text());
        return None;
    }
    let token = reply.json()["access_token"].as_str().expect("a token").to_owned();
    let me = app.anonymous().with_token(&token).get("/auth/me").await.expect(200).json();
    me["id"].as_str().map(Into::into)
}

/// As [`TestApp::start`], with guesses enough for all spellings.
async fn start(engine: crate::support::Engine) -> TestApp {
    TestApp::with(engine, |settings| settings.login_max_failures = 100).await
}

both! {
    async fn no_spelling_opens_an_account_or_a_second_one_beside_it(engine: Engine) {
        let app = start(engine).await;
        let victim = register(&app, VICTIM, PASSWORD).await.expect(201).json()["id"].clone();
        for email in REFUSED {
            register(&app, email, ATTACKER_PASSWORD).await.expect_problem(422, "validation");
            assert_eq!(opened(&app, email, PASSWORD).await, None, "{email:?}");
        }
        for email in SAME {
            register(&app, email, ATTACKER_PASSWORD).await.expect_problem(409, "email_taken");
            assert_eq!(opened(&app, email, PASSWORD).await.as_deref(), victim.as_str(), "{email:?}");
        }
        for email in OTHERS {
            let status = register(&app, email, ATTACKER_PASSWORD).await.status;
            assert!([201, 409].contains(&status), "{email:?}: {status}");
            assert_eq!(opened(&app, email, PASSWORD).await, None, "{email:?}");
            let own = opened(&app, email, ATTACKER_PASSWORD).await.expect("an account of its own");
            assert_ne!(Some(own.as_str()), victim.as_str(), "{email:?}");
        }
        for password in [ATTACKER_PASSWORD, "", "not it"] {
            assert_eq!(opened(&app, VICTIM, password).await, None);
        }
        assert_eq!(opened(&app, VICTIM, PASSWORD).await.as_deref(), victim.as_str());
    }

    async fn no_spelling_registered_first_takes_the_place_of_an_account(engine: Engine) {
        let app = start(engine).await;
        for email in REFUSED.iter().chain(&OTHERS) {
            register(&app, email, ATTACKER_PASSWORD).await;
        }
        let victim = register(&app, VICTIM, PASSWORD).await.expect(201).json()["id"].clone();
        assert_eq!(opened(&app, VICTIM, ATTACKER_PASSWORD).await, None);
        assert_eq!(opened(&app, VICTIM, PASSWORD).await.as_deref(), victim.as_str());
    }

    async fn a_domain_in_unicode_and_in_a_labels_is_one_account(engine: Engine) {
        let app = start(engine).await;
        let id = register(&app, "ada@bücher.example", PASSWORD).await.expect(201).json()["id"].clone();
        register(&app, "ada@xn--bcher-kva.example", ATTACKER_PASSWORD).await.expect(409);
        register(&app, "ADA@XN--BCHER-KVA.EXAMPLE", ATTACKER_PASSWORD).await.expect(409);
        for email in ["ada@bücher.example", "ada@xn--bcher-kva.example", "Ada@Bücher.example"] {
            assert_eq!(opened(&app, email, PASSWORD).await.as_deref(), id.as_str(), "{email}");
        }
    }

    /// They came along when it was pasted; the account is the same one.
    async fn spaces_around_an_address_neither_keep_its_owner_out_nor_make_a_second_account(engine: Engine) {
        let app = start(engine).await;
        let id = register(&app, " bob@example.com  ", PASSWORD).await.expect(201).json()["id"].clone();
        register(&app, "bob@example.com", PASSWORD).await.expect_problem(409, "email_taken");
        for spelling in ["bob@example.com", " bob@example.com", "bob@example.com   "] {
            assert_eq!(opened(&app, spelling, PASSWORD).await.as_deref(), id.as_str(), "{spelling:?}");
        }
    }
}
