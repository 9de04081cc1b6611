//! `doorward user invite`.

use serde_json::json;

use super::{GOOD, ready};
use crate::program::{Program, SECRET};
use crate::support::smtp::SmtpServer;

/// A program that sends its mails there.
fn with_mail(program: Program, url: &str) -> Program {
    program
        .env("BETTER_AUTH_SECRET", SECRET)
        .env("SMTP_URL", url)
        .env("MAIL_FROM", "Doorward <post@example.org>")
        .env("PUBLIC_URL", "https://auth.example.org")
}

const PEOPLE: &str = "Email,Name,Roles,Team\n\
    ada@example.com,Ada,user support,1\n\
    not an address,Eve,,2\n\
    bob@example.com,,,3\n\
    ,Nobody,,4\n\
    carl@example.com,Carl,nosuchrole,5\n\
    dora@example.com,Dora,Bad Role!,6\n\
    Ada@Example.com,Ada again,,7\n";

both! {
    async fn somebody_is_invited_and_invited_again(engine: Engine) {
        let Some(server) = SmtpServer::start().await else { return };
        let program = with_mail(ready(engine).await, &server.url());
        program.run(&["role", "create", "support"]).expect(0);
        let invite = ["user", "invite", "ada@example.com", "--name", "Ada", "--role", "support", "--locale", "de"];
        let first = program.run(&invite).expect(0);
        assert!(first.stdout.starts_with("Invited ada@example.com, whose id is "), "{first:?}");
        let shown = program.run(&["user", "show", "ada@example.com", "--json"]).expect(0).json();
        assert_eq!((&shown["roles"], &shown["name"]), (&json!(["support", "user"]), &json!("Ada")));
        let again = program.run(&["user", "invite", "ada@example.com", "--json"]).expect(0).json();
        assert_eq!((&again["outcome"], &again["id"]), (&json!("invited_again"), &shown["id"]));
        let mails = server.has(2).await;
        assert!(mails[0].after("token=").starts_with("dwo_"), "{}", mails[0].0);
        program.fed(&["user", "set-password", "ada@example.com", "--password-stdin"], GOOD).expect(0);
        let done = program.run(&["user", "invite", "ada@example.com"]).expect(1);
        assert_eq!(done.errors(), ["ada@example.com has a password, or is disabled, so nobody was invited."]);
        let wrong = program.run(&["user", "invite", "ada@", "--json"]).expect(2);
        assert!(wrong.stderr.contains("ada@ is not a valid e-mail address."), "{wrong:?}");
    }

    async fn of_a_file_each_bad_row_is_named_none_is_lost_and_a_second_run_changes_nothing(engine: Engine) {
        // Nobody listens: what cannot be sent now stays in the outbox.
        let program = with_mail(ready(engine).await, "smtp://127.0.0.1:9");
        program.run(&["role", "create", "support"]).expect(0);
        let program = program.file("people.csv", PEOPLE);
        let first = program.run(&["user", "invite", "--file", "people.csv", "--json"]).expect(1);
        let message = first.json();
        assert_eq!((&message["rows"], &message["invited"], &message["unchanged"]), (&json!(7), &json!(2), &json!(1)));
        assert_eq!(message["sent"], 0);
        let rejected: Vec<_> = message["rejected"].as_array().expect("rows").iter().map(|row| {
            (row["line"].as_u64().expect("a line"), row["reason"].as_str().expect("a reason").to_owned())
        }).collect();
        let lines: Vec<_> = rejected.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 5, 6, 7], "{rejected:?}");
        for ((_, why), part) in rejected.iter().zip(["not a valid e-mail", "no address", "does not exist", "cannot be the name"]) {
            assert!(why.contains(part), "{why}");
        }
        let waiting = program.run(&["mail", "list", "--json"]).expect(0).json();
        assert_eq!(waiting.as_array().map(Vec::len), Some(2), "{waiting}");
        let before = program.run(&["user", "list", "--json"]).expect(0).stdout;
        let second = program.run(&["user", "invite", "--file", "people.csv", "--json"]).expect(1).json();
        assert_eq!((&second["invited"], &second["unchanged"]), (&json!(0), &json!(3)));
        assert_eq!(program.run(&["user", "list", "--json"]).expect(0).stdout, before);
        let waiting = program.run(&["mail", "list", "--json"]).expect(0).json();
        assert_eq!(waiting.as_array().map(Vec::len), Some(2), "{waiting}");
    }

    async fn addresses_alone_and_lines_of_json_are_read_from_standard_input(engine: Engine) {
        let program = with_mail(ready(engine).await, "smtp://127.0.0.1:9");
        let plain = program.fed(&["user", "invite", "--file", "-"], "ada@example.com\r\nbob@example.com\r\n").expect(0);
        assert!(plain.stdout.starts_with("Invited 2 of 2.\n"), "{plain:?}");
        let lines = "\u{feff}{\"email\": \"carl@example.com\", \"name\": \"Carl\"}\n\n{\"email\": 7}\nnothing\n";
        let json = program.fed(&["user", "invite", "--file", "-"], lines).expect(1);
        assert!(json.stdout.contains("Line 3: 7 is not a valid e-mail address."), "{json:?}");
        assert!(json.stdout.contains("Line 4: - is not a JSON object."), "{json:?}");
        let nothing = program.fed(&["user", "invite", "--file", "-"], "name,team\nAda,1\n").expect(1);
        assert_eq!(nothing.errors(), ["The header line has no column `email`."]);
    }

    async fn where_no_mail_is_sent_nobody_is_made(engine: Engine) {
        let program = ready(engine).await.env("BETTER_AUTH_SECRET", SECRET);
        let refused = program.run(&["user", "invite", "ada@example.com"]).expect(78);
        assert!(refused.stderr.contains("SMTP_URL is not set"), "{refused:?}");
        assert_eq!(program.run(&["user", "list", "--json"]).expect(0).json(), json!([]));
    }
}
