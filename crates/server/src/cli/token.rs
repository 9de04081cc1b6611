//! `doorward token`: the contents of a token, the matching key, and the check that fails. With `-`, the token
//! is read from stdin, so that it is not in the shell's history.
#![allow(clippy::doc_markdown, reason = "the comments on arguments are help texts")]

use std::io::Read;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::operator::OperatorArgs;
use super::sources::SourceArgs;
use super::terminal::{harmless, pretty};
use super::{Exit, Failure, failed, output, output_json};
use crate::app::App;
use crate::clock::Clock;
use crate::crypto::Random;
use crate::db::Database;
use crate::keys::Examined;

const MAX_INPUT: u64 = 64 * 1024;

/// Reads tokens.
#[derive(Debug, Args)]
pub(super) struct TokenArgs {
    #[command(subcommand)]
    command: TokenCommand,
    #[command(flatten)]
    operator: OperatorArgs,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Decode a token, show the key that matched, and explain each failed check
    Inspect {
        /// The token, or - to read it from stdin
        token: String,
    },
    /// Like inspect, but exit with 1 unless the token is valid
    Verify {
        /// The token, or - to read it from stdin
        token: String,
    },
}

/// Runs `doorward token`.
pub(super) async fn run(args: TokenArgs, from: &SourceArgs) -> Exit {
    let settings = args.operator.settings(from)?;
    let (token, must_hold) = match args.command {
        TokenCommand::Inspect { token } => (token, false),
        TokenCommand::Verify { token } => (token, true),
    };
    let token = read(&token)?;
    // Opening a missing SQLite file would create it.
    let is_there = match &settings.database {
        crate::config::DatabaseUrl::Sqlite(path) => path.exists(),
        crate::config::DatabaseUrl::Postgres(_) => true,
    };
    let url = if is_there {
        settings.database.clone()
    } else {
        crate::config::DatabaseUrl::Sqlite(":memory:".into())
    };
    let db = Database::open_lazily(&url).await.map_err(failed)?;
    let app = App::new(settings, db, Clock::system(), Random::system());
    let examined = app.sessions().examine(&token).await;
    if args.operator.json {
        output_json(&document(&examined))?;
    } else {
        output(&text(&examined))?;
    }
    match examined.failing {
        Some(why) if must_hold => Err(Failure::Failed(why)),
        _ => Ok(()),
    }
}

fn read(token: &str) -> Result<String, Failure> {
    if token != "-" {
        return Ok(bare(token).to_owned());
    }
    let mut text = String::new();
    let stdin = std::io::stdin().lock();
    stdin.take(MAX_INPUT).read_to_string(&mut text).map_err(failed)?;
    Ok(bare(&text).to_owned())
}

/// Without what comes with a pasted header.
fn bare(text: &str) -> &str {
    let text = text.trim();
    let text = text.strip_prefix("Authorization:").unwrap_or(text).trim();
    text.strip_prefix("Bearer ").unwrap_or(text).trim()
}

fn document(examined: &Examined) -> Value {
    json!({
        "valid": examined.failing.is_none(),
        "failing": examined.failing,
        "kind": examined.kind,
        "issuer": examined.issuer,
        "key": examined.key,
        "user": examined.user,
        "header": examined.said.header,
        "claims": examined.said.claims,
        "notes": examined.notes,
    })
}

fn text(examined: &Examined) -> String {
    let mut lines = vec![format!("Kind     {}", examined.kind)];
    for (name, part) in [("Header", &examined.said.header), ("Claims", &examined.said.claims)] {
        if let Some(part) = part {
            lines.push(format!("{name:<8} {}", pretty(part).replace('\n', "\n         ")));
        }
    }
    let user = examined.user.map(|user| user.to_string());
    let plain = |text: &str| harmless(text, |c| c.escape_default().to_string());
    for (name, what) in [("Issuer", &examined.issuer), ("Key", &examined.key), ("User", &user)] {
        lines.extend(what.iter().map(|what| format!("{name:<8} {}", plain(what))));
    }
    lines.extend(examined.notes.iter().map(|note| format!("Note     {}", plain(note))));
    lines.push(match &examined.failing {
        None => "Verdict  valid".to_owned(),
        Some(why) => format!("Verdict  refused: {}", plain(why)),
    });
    lines.join("\n") + "\n"
}
