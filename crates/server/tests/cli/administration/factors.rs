//! `doorward user enrol-totp`, `factors`, `reset-factors`, `sign-ins`, `devices` and `forget-devices`.

use doorward::clock::Clock;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use super::{GOOD, create, http, ready, refused};
use crate::program::{Program, SECRET};
use crate::support::postgres;
use crate::support::smtp::SmtpServer;

const ADA: &str = "ada@example.com";

/// The code of an authenticator app with this secret, this many steps from now.
fn code(secret: &str, steps: u64) -> String {
    let secret = Secret::try_from_base32(secret).expect("base32");
    let totp = Builder::new().with_secret(secret).build().expect("an app");
    let now = u64::try_from(Clock::system().now().unix_timestamp()).expect("after 1970");
    totp.generate(now + 30 * steps).to_string()
}

/// Adds an app to Ada's account and confirms it; what the two commands said.
fn enrolled(program: &Program) -> (Value, Value) {
    let made =
        program.run(&["user", "enrol-totp", ADA, "--name", "Phone", "--json"]).expect(0).json();
    let (id, secret) =
        (made["id"].as_str().expect("an id"), made["secret"].as_str().expect("a secret"));
    let confirm = ["user", "enrol-totp", ADA, "--confirm", id, "--json"];
    let done = program.fed(&confirm, &format!("{}\n", code(secret, 0))).expect(0).json();
    (made, done)
}

both! {
    async fn an_app_is_added_at_the_command_line_and_counts_once_it_is_confirmed(engine: Engine) {
        let program = ready(engine).await.env("BETTER_AUTH_SECRET", SECRET);
        create(&program, ADA);
        let none = program.run(&["user", "factors", ADA]).expect(0).stdout;
        assert_eq!(none, "ada@example.com has no second factor.\n");
        let waits = program.run(&["user", "enrol-totp", ADA]).expect(0);
        for part in ["\u{2588}", "Secret: ", "otpauth://totp/"] {
            assert!(waits.stdout.contains(part), "{part}: {waits:?}");
        }
        assert!(!waits.stdout.contains('\u{1b}'), "no colours in a pipe: {waits:?}");
        assert!(waits.stderr.contains("doorward user enrol-totp ada@example.com --confirm "), "{waits:?}");
        assert_eq!(program.run(&["user", "factors", ADA]).expect(0).stdout, none, "it waits");
        let (made, done) = enrolled(&program);
        assert!(made["qr_svg"].as_str().is_some_and(|it| it.contains("<svg")), "{made}");
        assert_eq!(done["recovery_codes"].as_array().map(Vec::len), Some(10), "{done}");
        let shown = program.run(&["user", "factors", ADA]).expect(0).stdout;
        assert!(shown.contains("totp  Phone  added ") && shown.contains("10 recovery codes left"), "{shown}");
        let shown = program.run(&["user", "factors", ADA, "--json"]).expect(0).json();
        assert_eq!((&shown["factors"][0]["id"], &shown["recovery_codes_left"]), (&made["id"], &json!(10)));
        assert!(!shown.to_string().contains(made["secret"].as_str().expect("a secret")));
        let id = made["id"].as_str().expect("an id");
        let again = program.fed(&["user", "enrol-totp", ADA, "--confirm", id], "123456\n");
        refused(again, 1, &format!("ada@example.com has no unconfirmed app {id}."));
        let events = program.run(&["audit", "list", "--event", "factor.confirm", "--json"]).expect(0).json();
        assert_eq!((&events[0]["actor"], events.as_array().map(Vec::len)), (&json!("cli"), Some(1)));
        let exported = program.run(&["user", "export", ADA]).expect(0).json();
        assert_eq!(exported["factors"][0]["id"], made["id"], "{exported}");
        assert_eq!((&exported["recovery_codes_left"], &exported["trusted_devices"]), (&json!(10), &json!([])));
        assert!(!exported.to_string().contains(made["secret"].as_str().expect("a secret")));
    }

    async fn what_is_wrong_with_a_new_app_is_said(engine: Engine) {
        let program = ready(engine).await.env("BETTER_AUTH_SECRET", SECRET);
        create(&program, ADA);
        let made = program.run(&["user", "enrol-totp", ADA, "--json"]).expect(0).json();
        let confirm = ["user", "enrol-totp", ADA, "--confirm", made["id"].as_str().expect("an id")];
        let wrong = |right: String| if right == "000000" { "111111" } else { "000000" };
        let wrong = wrong(code(made["secret"].as_str().expect("a secret"), 0));
        refused(program.fed(&confirm, wrong), 1,
            "The code is wrong: wait for the app's next code, and check the clocks of both devices.");
        refused(program.fed(&confirm, "none"), 2, "The code from the app must be six digits.");
        refused(program.run(&["user", "enrol-totp", "eve@example.com"]), 1, "There is no account eve@example.com.");
        let off = program.env("MFA", "off");
        off.run(&["user", "enrol-totp", ADA]).expect(1);
        let service = off.run(&["service-account", "create", "backup"]).expect(0);
        let off = off.env("MFA", "optional");
        refused(off.run(&["user", "enrol-totp", service.stdout.trim_end()]), 1,
            "A service account has no password: create an API key for it.");
    }

    async fn resetting_asks_first_and_ends_everything_that_stands_for_the_account(engine: Engine) {
        let program = ready(engine).await.env("BETTER_AUTH_SECRET", SECRET);
        create(&program, ADA);
        enrolled(&program);
        refused(program.run(&["user", "reset-factors", ADA]), 2,
            "ada@example.com will be able to sign in with only the password, and all sessions end. Confirm with --yes.");
        let reset = program.run(&["user", "reset-factors", ADA, "--yes"]).expect(0);
        assert_eq!(reset.stdout, "Removed the second factors of ada@example.com and ended its sessions.\n");
        let none = json!({"factors": [], "recovery_codes_left": 0});
        assert_eq!(program.run(&["user", "factors", ADA, "--json"]).expect(0).json(), none);
        let again = program.run(&["user", "reset-factors", ADA, "--yes", "--json"]).expect(0).json();
        assert_eq!(again["factors_reset"], true);
        refused(program.run(&["user", "reset-factors", "eve@example.com", "--yes"]), 1,
            "There is no account eve@example.com.");
        let events = program.run(&["audit", "list", "--event", "factor.reset", "--json"]).expect(0).json();
        assert!(events.as_array().is_some_and(|it| it.len() == 2 && it[0]["actor"] == "cli"), "{events}");
    }

    async fn the_owner_is_notified_of_what_an_operator_does(engine: Engine) {
        let Some(smtp) = SmtpServer::start().await else { return };
        let program = ready(engine).await
            .env("BETTER_AUTH_SECRET", SECRET)
            .env("SMTP_URL", &format!("smtp://127.0.0.1:{}", smtp.port))
            .env("MAIL_FROM", "Doorward <post@example.org>")
            .env("PUBLIC_URL", "https://auth.example.org")
            .env("SECURITY_NOTICES", "on")
            .env("USER", "somebody-here");
        let create = ["user", "create", ADA, "--email-verified", "--password-stdin"];
        program.fed(&create, GOOD).expect(0);
        enrolled(&program);
        program.run(&["user", "reset-factors", ADA, "--yes"]).expect(0);
        program.fed(&["user", "set-password", ADA, "--password-stdin"], GOOD).expect(0);
        let key = ["api-key", "create", ADA, "--name", "ci", "--scope", "tasks:read"];
        program.run(&key).expect(0);
        let mails = smtp.has(4).await;
        let mut subjects: Vec<_> = mails.iter().map(|mail| mail.header("Subject")).collect();
        subjects.sort();
        assert_eq!(subjects, [
            "An API key was created for your account",
            "An authenticator app was added to your account",
            "The second factors of your account were removed",
            "Your password was changed",
        ]);
        assert!(mails.iter().all(|mail| !mail.text().contains("somebody-here")));
    }

    async fn without_the_secret_or_with_a_broken_setting_the_work_is_done_and_nobody_is_notified(engine: Engine) {
        let program = ready(engine).await;
        create(&program, ADA);
        let set = ["user", "set-password", ADA, "--password-stdin"];
        program.fed(&set, GOOD).expect(0);
        let program = program.env("BETTER_AUTH_SECRET", "too short").env("SECURITY_NOTICES", "on");
        let done = program.fed(&set, GOOD).expect(0);
        assert!(done.stderr.contains("No notice is sent by mail: see `doorward config check`."), "{done:?}");
    }
}

#[test]
fn at_a_terminal_the_code_is_asked_for_at_once() {
    let program = Program::ready();
    program.run(&["db", "migrate"]).expect(0);
    create(&program, ADA);
    let wrong =
        program.at_a_terminal(&["user", "enrol-totp", ADA], &[("Code from the app: ", "nonsense")]);
    let wrong = wrong.expect(2);
    assert!(wrong.stderr.contains("The code from the app must be six digits."), "{wrong:?}");
    assert!(wrong.stdout.contains("otpauth://totp/"), "{wrong:?}");
    let none = program.run(&["user", "factors", ADA]).expect(0).stdout;
    assert_eq!(none, "ada@example.com has no second factor.\n");
}

#[tokio::test]
async fn sign_ins_and_trusted_devices_are_listed_and_trust_is_ended() {
    let url = postgres::migrated_database().await;
    let program = Program::ready().env("DATABASE_URL", &url).env("TRUSTED_DEVICES", "30d");
    create(&program, ADA);
    let (made, done) = enrolled(&program);
    let mut server = program.start(&["serve"]);
    let address = server.url().trim_start_matches("http://").to_owned();
    let login = |password: &str, device: &Value| {
        let body = json!({"email": ADA, "password": password, "device_token": device});
        http(&address, "POST", "/auth/login", None, &body.to_string())
    };
    assert_eq!(login("wrong", &json!("")).0, 401);
    let trust = |body: Value| {
        let mut body = body;
        body["mfa_token"] = login(GOOD.trim_end(), &json!("")).1["mfa_token"].clone();
        body["remember_device"] = json!(true);
        let (status, answer) = http(&address, "POST", "/auth/mfa/verify", None, &body.to_string());
        assert_eq!(status, 200, "{answer}");
        answer["device_token"].clone()
    };
    let next = code(made["secret"].as_str().expect("a secret"), 1);
    let devices =
        [trust(json!({"code": next})), trust(json!({"recovery_code": done["recovery_codes"][0]}))];
    let inside = |device: &Value| login(GOOD.trim_end(), device).0;
    assert_eq!(devices.each_ref().map(inside), [200, 200]);
    let listed = program.run(&["user", "devices", ADA, "--json"]).expect(0).json();
    assert_eq!(listed.as_array().map(Vec::len), Some(2));
    let text = program.run(&["user", "devices", ADA]).expect(0).stdout;
    assert!(text.contains("LAST USED") && !text.contains("dwd_"), "{text}");
    let newest = listed[0]["id"].as_str().expect("an id");
    let forgotten = program.run(&["user", "forget-devices", ADA, "--device", newest]).expect(0);
    assert_eq!(forgotten.stdout, format!("Removed the trusted device {newest}.\n"));
    let again = program.run(&["user", "forget-devices", ADA, "--device", newest]);
    refused(again, 1, &format!("ada@example.com has no trusted device {newest}."));
    assert_eq!(devices.each_ref().map(inside), [200, 403]);
    let all = program.run(&["user", "forget-devices", ADA]).expect(0);
    assert_eq!(all.stdout, "Removed all trusted devices of ada@example.com.\n");
    assert_eq!(devices.each_ref().map(inside), [403, 403]);
    let shown = program.run(&["user", "sign-ins", ADA]).expect(0).stdout;
    for part in
        ["wrong_password", "second_step_asked", "pwd otp mfa", "pwd trusted_device", "127.0.0.1"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let one = program.run(&["user", "sign-ins", ADA, "--limit", "1", "--json"]).expect(0).json();
    assert_eq!(one.as_array().map(Vec::len), Some(1));
    refused(
        program.run(&["user", "sign-ins", "eve@example.com"]),
        1,
        "There is no account eve@example.com.",
    );
}
