//! `doorward mail` and `doorward user send-reset`.

use serde_json::json;

use crate::administration::{GOOD, create, ready, refused};
use crate::program::{Program, SECRET};
use crate::support::postgres::free_port;
use crate::support::smtp::SmtpServer;

/// With a mail server at this port, which need not be there.
fn sending(program: Program, port: u16) -> Program {
    program
        .env("BETTER_AUTH_SECRET", SECRET)
        .env("SMTP_URL", &format!("smtp://127.0.0.1:{port}"))
        .env("MAIL_FROM", "Doorward <post@example.org>")
        .env("PUBLIC_URL", "https://auth.example.org")
}

both! {
    async fn a_mail_is_listed_shown_tried_again_and_discarded(engine: Engine) {
        let port = free_port();
        let program = sending(ready(engine).await, port);
        create(&program, "ada@example.com");
        let waits = program.run(&["user", "send-reset", "ada@example.com"]).expect(0);
        assert!(waits.stdout.starts_with("The mail to ada@example.com is queued"), "{waits:?}");
        let listed = program.run(&["mail", "list", "--json"]).expect(0).json();
        let all = listed.as_array().or_else(|| listed["mails"].as_array()).expect("a list").clone();
        assert_eq!(all.len(), 1, "{listed}");
        let id = all[0]["id"].as_str().expect("an id").to_owned();
        let text = program.run(&["mail", "list"]).expect(0).stdout;
        assert!(text.contains(&id) && text.contains("reset-password"), "{text}");
        let shown = program.run(&["mail", "show", &id]).expect(0).stdout;
        assert!(shown.contains("ada@example.com") && !shown.contains("token="), "{shown}");
        let revealed = program.run(&["mail", "show", &id, "--reveal"]).expect(0).stdout;
        assert!(revealed.contains("https://auth.example.org/auth/pages/reset?token="), "{revealed}");
        let audit = program.run(&["audit", "list", "--json"]).expect(0).stdout;
        assert!(audit.contains("mail.reveal"), "{audit}");
        let failed = program.run(&["mail", "retry", &id]).expect(1);
        assert!(!failed.errors().is_empty(), "{failed:?}");
        let Some(smtp) = SmtpServer::with(port, &[]).await else { return };
        let sent = program.run(&["mail", "retry", &id]).expect(0);
        assert_eq!(sent.stdout, format!("{id} is sent.\n"));
        assert!(smtp.has(1).await[0].text().contains("reset?token="));
        refused(program.run(&["mail", "retry", &id]), 1, &format!("{id} cannot be sent: it is sent."));
        assert!(program.run(&["mail", "list"]).expect(0).stdout.find(&id).is_none());
        assert!(program.run(&["mail", "list", "--all"]).expect(0).stdout.contains(&id));
        program.run(&["mail", "discard", &id]).expect(2);
        program.run(&["mail", "discard", &id, "--yes"]).expect(0);
        let nobody = format!("There is no mail {id}: see `doorward mail list`.");
        refused(program.run(&["mail", "show", &id]), 1, &nobody);
        program.run(&["mail", "show", "nonsense"]).expect(2);
    }

    async fn failed_mails_are_tried_again_together(engine: Engine) {
        let Some(smtp) = SmtpServer::start().await else { return };
        let program = sending(ready(engine).await, smtp.port);
        create(&program, "refused@example.com");
        let failed = program.run(&["user", "send-reset", "refused@example.com"]).expect(1);
        assert!(failed.errors()[0].contains("No such mailbox here"), "{failed:?}");
        let again = program.run(&["mail", "retry", "--failed", "--json"]).expect(0).json();
        assert_eq!(again, json!({"tried": 1, "sent": 0}));
        create(&program, "ada@example.com");
        let sent = program.run(&["user", "send-reset", "ada@example.com", "--json"]).expect(0).json();
        assert_eq!(sent["state"], "sent", "{sent}");
        for _ in 0..4 {
            program.run(&["user", "send-reset", "ada@example.com"]).expect(0);
        }
        let many = program.run(&["user", "send-reset", "ada@example.com"]).expect(1);
        assert!(many.errors()[0].contains("five such mails in the last hour"), "{many:?}");
        refused(program.run(&["user", "send-reset", "nobody@example.com"]), 1, "There is no account nobody@example.com.");
    }

    async fn a_test_mail_says_what_the_mail_server_answered(engine: Engine) {
        let port = free_port();
        let program = sending(ready(engine).await, port);
        program.run(&["mail", "test", "ada@example.com"]).expect(1);
        let Some(smtp) = SmtpServer::with(port, &[]).await else { return };
        let sent = program.run(&["mail", "test", "ada@example.com"]).expect(0);
        assert!(sent.stdout.starts_with("The mail server accepted the mail to ada@example.com: "), "{sent:?}");
        smtp.has(1).await;
        program.run(&["mail", "test", "refused@example.com"]).expect(1);
        refused(program.run(&["mail", "test", "nobody"]), 2, "\"nobody\" is not a valid e-mail address.");
    }

    async fn the_receipt_of_a_deleted_account_is_checked(engine: Engine) {
        let program = ready(engine).await.env("BETTER_AUTH_SECRET", SECRET);
        create(&program, "ada@example.com");
        let deleted = program.run(&["user", "delete", "ada@example.com", "--yes", "--json"]).expect(0);
        let receipt = deleted.json()["receipt"].clone();
        assert_eq!(receipt["removed"]["accounts"], 1, "{receipt}");
        let program = program.file("whole.json", &deleted.stdout).file("receipt.json", &receipt.to_string());
        for file in ["whole.json", "receipt.json"] {
            let good = program.run(&["user", "receipt", "verify", file, "--email", "ada@example.com"]).expect(0);
            assert!(good.stdout.starts_with(&format!("{file} is genuine: ")), "{good:?}");
        }
        let other = program.run(&["user", "receipt", "verify", "whole.json", "--email", "eve@example.com"]);
        refused(other, 1, "whole.json is genuine, but not for eve@example.com.");
        let forged = receipt.to_string().replace("\"accounts\":1", "\"accounts\":2");
        let program = program.file("forged.json", &forged).file("notes.txt", "not JSON");
        let refused_one = program.run(&["user", "receipt", "verify", "forged.json"]).expect(1);
        assert!(refused_one.errors()[0].starts_with("forged.json is not genuine"), "{refused_one:?}");
        refused(program.run(&["user", "receipt", "verify", "notes.txt"]), 1, "notes.txt is not a receipt of a deleted account.");
    }

    async fn without_the_secret_a_receipt_has_no_proof(engine: Engine) {
        let program = ready(engine).await;
        program.fed(&["user", "create", "ada@example.com", "--password-stdin"], GOOD).expect(0);
        let deleted = program.run(&["user", "delete", "ada@example.com", "--yes", "--json"]).expect(0).json();
        assert_eq!(deleted["receipt"]["proof"], json!(null), "{deleted}");
        assert_eq!(deleted["receipt"]["removed"]["accounts"], 1, "{deleted}");
    }
}

#[test]
fn every_mail_is_written_to_look_at_and_broken_templates_are_named() {
    let program = Program::new().env("APP_NAME", "Example");
    let done = program.run(&["mail", "preview"]).expect(0);
    assert!(
        done.stdout.starts_with("Wrote ") && done.stdout.contains("mail-preview/index.html"),
        "{done:?}"
    );
    let read = |path: &str| std::fs::read_to_string(program.folder().join(path)).expect(path);
    assert_eq!(
        read("mail-preview/reset-password.de.subject.txt"),
        "Wählen Sie ein neues Passwort\n"
    );
    assert!(read("mail-preview/new-device.en.txt").contains("Firefox, Linux"));
    assert!(read("mail-preview/verify-email.pt.html").contains("<html lang=\"pt\">"));
    assert!(read("mail-preview/index.html").contains("href=\"account-locked.fr.html\""));
    let one = program
        .run(&["mail", "preview", "--dir", "one", "--locale", "es", "--json"])
        .expect(0)
        .json();
    assert!(
        one["mails"].as_array().expect("a list").iter().all(|mail| mail["locale"] == "es"),
        "{one}"
    );
    assert!(!program.folder().join("one/test.en.txt").exists());
    program.run(&["mail", "preview", "--locale", "xx"]).expect(2);
    std::fs::create_dir(program.folder().join("own")).expect("a folder");
    let program =
        program.file("own/test.txt", "{{ nothing }}").file("own/test.subject.txt", "My {{ app }}");
    let program = program.env("MAIL_TEMPLATES", "own");
    let broken = program.run(&["mail", "preview", "--locale", "en"]).expect(1);
    assert!(broken.stderr.contains("test.txt, line 1: undefined value"), "{broken:?}");
    let read = |path: &str| std::fs::read_to_string(program.folder().join(path)).expect(path);
    assert_eq!(read("mail-preview/test.en.subject.txt"), "My Example\n");
    assert!(read("mail-preview/test.en.txt").contains("This is the test mail"), "the built-in one");
}
