//! Examples for every command, shown at the end of its help. A test parses them.

use clap::{Command, CommandFactory};

use super::Cli;

/// The command below `doorward`, and its examples.
const EXAMPLES: [(&str, &[&str]); 68] = [
    ("dev", &["doorward dev", "doorward dev --port 9000"]),
    ("serve", &["doorward serve", "doorward --env-file /etc/doorward.env serve --host 0.0.0.0"]),
    ("health", &["doorward health", "doorward health --ready --json"]),
    (
        "db migrate",
        &[
            "doorward db migrate",
            "doorward db migrate --dry-run",
            "doorward db migrate --wait",
            "doorward db migrate --grant-to doorward_service",
        ],
    ),
    ("db rollback", &["doorward db rollback", "doorward db rollback --to 4 --dry-run"]),
    ("db status", &["doorward db status", "doorward db status --exit-code"]),
    ("db verify", &["doorward db verify", "doorward db verify --json"]),
    ("db repair", &["doorward db repair", "doorward db repair --dry-run"]),
    ("db backup", &["doorward db backup doorward.backup"]),
    (
        "db restore",
        &["doorward db restore doorward.backup", "doorward db restore doorward.backup --force"],
    ),
    (
        "db rls-sql",
        &[
            "doorward db rls-sql",
            "doorward db rls-sql --table notes --table app.files --owner-column user_id > rls.sql",
        ],
    ),
    ("db reset", &["doorward db reset --yes"]),
    (
        "user create",
        &[
            "doorward user create ada@example.com --name Ada",
            "doorward user create ada@example.com --password-stdin < password.txt",
            "doorward user create ada@example.com --password-hash-stdin < hash.txt",
        ],
    ),
    (
        "user invite",
        &[
            "doorward user invite ada@example.com --name Ada --role support",
            "doorward user invite --file people.csv",
        ],
    ),
    ("user list", &["doorward user list --role admin", "doorward user list --email example.com"]),
    ("user show", &["doorward user show ada@example.com"]),
    ("user export", &["doorward user export ada@example.com --out ada.json"]),
    (
        "user enrol-totp",
        &[
            "doorward user enrol-totp ada@example.com --name Phone",
            "doorward user enrol-totp ada@example.com --confirm 01990000-0000-7000-8000-000000000000",
        ],
    ),
    ("user sign-ins", &["doorward user sign-ins ada@example.com --limit 20"]),
    ("user devices", &["doorward user devices ada@example.com"]),
    ("user forget-devices", &["doorward user forget-devices ada@example.com"]),
    ("user factors", &["doorward user factors ada@example.com"]),
    ("user reset-factors", &["doorward user reset-factors ada@example.com"]),
    ("user receipt verify", &["doorward user receipt verify receipt.json"]),
    ("user send-reset", &["doorward user send-reset ada@example.com"]),
    ("user update", &["doorward user update ada@example.com --name 'Ada Lovelace'"]),
    ("user set-password", &["doorward user set-password ada@example.com"]),
    ("user activate", &["doorward user activate ada@example.com"]),
    ("user deactivate", &["doorward user deactivate ada@example.com"]),
    ("user ban", &["doorward user ban ada@example.com"]),
    ("user unban", &["doorward user unban ada@example.com"]),
    ("user unlock", &["doorward user unlock ada@example.com"]),
    ("user delete", &["doorward user delete ada@example.com --yes"]),
    ("role grant", &["doorward role grant ada@example.com admin"]),
    ("role revoke", &["doorward role revoke ada@example.com admin"]),
    ("role list", &["doorward role list"]),
    ("role create", &["doorward role create support"]),
    ("role delete", &["doorward role delete support --yes"]),
    ("role permissions", &["doorward role permissions"]),
    ("session list", &["doorward session list ada@example.com"]),
    (
        "session revoke",
        &["doorward session revoke --user ada@example.com", "doorward session revoke --all --yes"],
    ),
    (
        "audit list",
        &[
            "doorward audit list --event login --outcome failure",
            "doorward audit list --follow --json",
        ],
    ),
    ("audit prune", &["doorward audit prune"]),
    (
        "api-key create",
        &[
            "doorward api-key create ada@example.com --name backup --scope tasks:read --expires-in 90d",
            "doorward api-key create ada@example.com --name ci --scope tasks:write --network 203.0.113.0/24 > key.txt",
        ],
    ),
    ("api-key list", &["doorward api-key list ada@example.com"]),
    (
        "api-key revoke",
        &[
            "doorward api-key revoke 6b1f2c3d-4e5f-8a7b-9c0d-1e2f3a4b5c6d",
            "doorward api-key revoke --user ada@example.com",
        ],
    ),
    (
        "service-account create",
        &[
            "doorward service-account create backup",
            "doorward service-account create metrics --role user",
        ],
    ),
    ("service-account list", &["doorward service-account list --json"]),
    (
        "service-account revoke",
        &["doorward service-account revoke 0197f3a0-7c1e-7d3a-9c58-3b1f6a2e4d10 --yes"],
    ),
    ("key create", &["doorward key create --algorithm ES256"]),
    ("key list", &["doorward key list"]),
    ("key rotate", &["doorward key rotate", "doorward key rotate --algorithm EdDSA"]),
    ("key retire", &["doorward key retire KID", "doorward key retire KID --now"]),
    ("mail list", &["doorward mail list", "doorward mail list --all --json"]),
    ("mail show", &["doorward mail show 0197f3a0-7c1e-7d3a-9c58-3b1f6a2e4d10"]),
    (
        "mail retry",
        &[
            "doorward mail retry --failed",
            "doorward mail retry 0197f3a0-7c1e-7d3a-9c58-3b1f6a2e4d10",
        ],
    ),
    ("mail discard", &["doorward mail discard 0197f3a0-7c1e-7d3a-9c58-3b1f6a2e4d10 --yes"]),
    ("mail preview", &["doorward mail preview", "doorward mail preview --dir mails --locale de"]),
    ("mail test", &["doorward mail test ada@example.com"]),
    (
        "shadow",
        &[
            "doorward shadow --upstream http://127.0.0.1:8001 --port 8000",
            "doorward shadow --upstream https://api.example.com --accept ids,times --fail-on-difference",
        ],
    ),
    ("shadow report", &["doorward shadow report", "doorward shadow report --json monday.json"]),
    (
        "shadow suggest",
        &["doorward shadow suggest", "doorward shadow suggest --write doorward.toml"],
    ),
    ("token inspect", &["doorward token inspect - < token.txt"]),
    ("token verify", &["doorward token verify - < token.txt"]),
    (
        "import",
        &[
            "doorward import sqlmodel --from $OLD_DATABASE_URL --dry-run",
            "doorward import better-auth --from $OLD_DATABASE_URL --issuer https://app.example",
            "doorward import csv --from users.csv --map email=mail --rejects rejects.jsonl",
        ],
    ),
    (
        "export",
        &[
            "doorward export > everything.jsonl",
            "doorward export --with-password-hashes --output backup.jsonl",
        ],
    ),
    ("doctor", &["doorward doctor", "doorward doctor --strict --json"]),
    ("config check", &["doorward config check", "doorward config check --connect --json"]),
];
/// Commands that print text about the program itself.
const TEXTS: [(&str, &[&str]); 7] = [
    ("config print", &["doorward config print", "doorward config print --json"]),
    ("dialect list", &["doorward dialect list", "doorward dialect list --json"]),
    ("dialect routes", &["doorward dialect routes"]),
    ("dialect show", &["doorward dialect show todo"]),
    ("openapi", &["doorward openapi > openapi.json"]),
    ("completions", &["doorward completions bash > /etc/bash_completion.d/doorward"]),
    ("man", &["doorward man --output man"]),
];

impl Cli {
    /// The definition of the command line, with examples in the help of every command.
    pub fn program() -> Command {
        let all = EXAMPLES.iter().chain(&TEXTS);
        all.fold(Self::command(), |command, (path, lines)| {
            let names: Vec<&str> = path.split(' ').collect();
            add(command, &names, &format!("Examples:\n  {}", lines.join("\n  ")))
        })
    }
}

fn add(command: Command, names: &[&str], text: &str) -> Command {
    match names.split_first() {
        None => command.after_help(text.to_owned()),
        // A name that no command has would create one.
        Some((name, _)) if command.find_subcommand(name).is_none() => command,
        Some((name, below)) => command.mut_subcommand(name, |command| add(command, below, text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of all commands without subcommands.
    fn leaves(command: &Command, path: &str, found: &mut Vec<String>) {
        let shown = |below: &&Command| !below.is_hide_set() && below.get_name() != "help";
        for below in command.get_subcommands().filter(shown) {
            let name = format!("{path} {}", below.get_name()).trim_start().to_owned();
            leaves(below, &name, found);
            if !below.is_subcommand_required_set() {
                found.push(name);
            }
        }
    }

    #[test]
    fn every_command_has_examples_that_parse() {
        let mut commands = Vec::new();
        leaves(&Cli::command(), "", &mut commands);
        let mut with_examples: Vec<_> =
            EXAMPLES.iter().chain(&TEXTS).map(|(path, _)| (*path).to_owned()).collect();
        commands.sort_unstable();
        with_examples.sort_unstable();
        assert_eq!(commands, with_examples);
        for (path, lines) in EXAMPLES.iter().chain(&TEXTS) {
            for line in *lines {
                let words = line.split([' ', '\'']).take_while(|word| !["<", ">"].contains(word));
                let parsed = Cli::program().try_get_matches_from(words.filter(|it| !it.is_empty()));
                // A name of two words is one shell argument.
                let quoted = line.contains('\'');
                assert!(quoted || parsed.is_ok(), "{line}: {:?}", parsed.err());
                assert!(line.contains(path), "{line}");
            }
        }
    }
}
